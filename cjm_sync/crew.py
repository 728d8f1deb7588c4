"""Take the steps of a plan with several workers, so that the time of answers is not waited out.

What may go at once is decided in `waves`; the pace is the road's. The first error that is not about
one row stops the others at the end of the step in hand.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

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
        except BaseException:
            stopped.set()
            raise
        finally:
            applier.take_over_from(hand)

    futures = [pool.submit(work) for _ in range(min(workers, len(wave.steps)))]
    errors = [error for future in futures if (error := future.exception()) is not None]
    if errors:
        raise errors[0]
