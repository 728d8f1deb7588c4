"""Take the steps of a plan with several workers, so that the time of answers is not waited out.

What may go at once is decided in `waves`; the pace is the road's. The first error that is not about
one row stops the others at the end of the step in hand.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, wait

from cjm_sync.apply import Applier
from cjm_sync.steps import Step
from cjm_sync.waves import Wave, waves


def apply_with(applier: Applier, steps: Iterable[Step], *, workers: int) -> None:
    """Take *steps* as `Applier.apply` does, up to *workers* of them at once."""
    if workers <= 1:
        applier.apply(steps)
        return
    steps = applier.remember(steps)
    with ThreadPoolExecutor(workers, thread_name_prefix="rows") as pool:
        for wave in waves(steps):
            if wave.is_alone:
                applier.apply(wave.steps)
            else:
                _take(applier, wave, pool, workers)


def _take(applier: Applier, wave: Wave, pool: ThreadPoolExecutor, workers: int) -> None:
    left = iter(wave.steps)
    turn = threading.Lock()
    stopped = threading.Event()
    errors: list[BaseException] = []

    def work() -> None:
        # Each worker counts for itself: a shared count would lose some.
        hand = applier.hand()
        try:
            while not stopped.is_set():
                with turn:
                    step = next(left, None)
                if step is None:
                    return
                hand.apply((step,))
        except BaseException as error:  # noqa: BLE001 - raised again below, by who waits
            errors.append(error)  # in the order of time: what others meet then follows from it
            stopped.set()
        finally:
            applier.take_over_from(hand)

    futures = [pool.submit(work) for _ in range(min(workers, len(wave.steps)))]
    try:
        wait(futures)
    finally:
        # Whoever interrupts the wait wants no more than the steps in hand.
        stopped.set()
    for future in futures:
        future.result()
    if errors:
        raise errors[0]
