"""The road: what is sent again, what never is, who waits and for how long."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from cjm_sync.errors import TransientError
from cjm_sync.http import (
    Allowance,
    Budget,
    DailyLimitError,
    Policy,
    Resend,
    Road,
    Rule,
    SystemClock,
    open_client,
    open_road,
)
from cjm_sync_notion.policy import notion_policy

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
type_of_answer = httpx.Response | Exception


class FakeClock:
    """Time that only moves when somebody waits."""

    def __init__(self) -> None:
        self.elapsed = 0.0
        self._lock = threading.Lock()

    def now(self) -> datetime:
        return START + timedelta(seconds=self.elapsed)

    def monotonic(self) -> float:
        return self.elapsed

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.elapsed += seconds


class Wire:
    """Gives the answers it was told, and remembers when each request came."""

    def __init__(self, clock: FakeClock, *answers: type_of_answer) -> None:
        self.clock = clock
        self.answers = list(answers)
        self.moments: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.moments.append(self.clock.elapsed)
        answer = self.answers.pop(0) if self.answers else httpx.Response(200, json={})
        if isinstance(answer, Exception):
            raise answer
        return answer


def client(
    wire: Callable[[httpx.Request], httpx.Response], clock: FakeClock, policy: Policy
) -> tuple[httpx.Client, Road]:
    road = Road(httpx.MockTransport(wire), clock=clock, policy=policy)
    return open_client("https://api.notion.com", road=road), road


NOTION = notion_policy(180)
CREATE = ("POST", "/v1/pages")
APPEND = ("PATCH", "/v1/blocks/b/children")
UPDATE = ("PATCH", "/v1/pages/p")
QUERY = ("POST", "/v1/data_sources/d/query")
READ = ("GET", "/v1/pages/p")


@pytest.mark.parametrize("silence", [httpx.ReadTimeout("x"), httpx.RemoteProtocolError("x")])
@pytest.mark.parametrize("call", [CREATE, APPEND, ("PATCH", "/v1/pages/p/markdown")])
def test_a_create_is_never_sent_again_on_silence(
    call: tuple[str, str], silence: httpx.TransportError
) -> None:
    clock = FakeClock()
    wire = Wire(clock, silence)
    http, _ = client(wire, clock, NOTION)

    with pytest.raises(type(silence)):
        http.request(*call)

    assert len(wire.moments) == 1


@pytest.mark.parametrize("status", [409, 500, 502, 503, 504])
def test_a_create_that_failed_in_the_middle_comes_back_to_be_looked_up(status: int) -> None:
    clock = FakeClock()
    wire = Wire(clock, httpx.Response(status, json={"code": "x"}))
    http, _ = client(wire, clock, NOTION)

    answer = http.request(*CREATE)

    assert answer.status_code == status
    assert len(wire.moments) == 1


@pytest.mark.parametrize("refusal", [429, 529])
def test_a_create_that_was_refused_unread_is_sent_again(refusal: int) -> None:
    clock = FakeClock()
    wire = Wire(clock, httpx.Response(refusal, headers={"Retry-After": "7"}))
    http, road = client(wire, clock, NOTION)

    answer = http.request(*CREATE)

    assert answer.status_code == 200
    assert wire.moments == [0.0, 7.0]
    assert (road.tally().requests, road.tally().retries, road.tally().waited_seconds) == (2, 1, 7.0)


def test_a_create_that_never_left_is_sent_again() -> None:
    clock = FakeClock()
    wire = Wire(clock, httpx.ConnectError("x"))
    http, _ = client(wire, clock, NOTION)

    answer = http.request(*CREATE)

    assert answer.status_code == 200


@pytest.mark.parametrize("call", [READ, QUERY, UPDATE, ("DELETE", "/v1/blocks/b")])
@pytest.mark.parametrize(
    "answer",
    [
        httpx.ReadTimeout("x"),
        httpx.Response(409, json={"code": "conflict_error"}),
        httpx.Response(502, text="<html>"),
        httpx.Response(503, json={"code": "service_unavailable"}),
        httpx.Response(200, content=b'{"results": [{"id": '),
        httpx.Response(200, text="<html>soon</html>"),
        httpx.Response(200, content=b""),
    ],
    ids=["silence", "409", "502", "503", "truncated", "html", "empty"],
)
def test_what_may_be_repeated_is_repeated(
    call: tuple[str, str], answer: httpx.Response | Exception
) -> None:
    clock = FakeClock()
    wire = Wire(clock, answer)
    http, _ = client(wire, clock, NOTION)

    assert http.request(*call).json() == {}

    assert wire.moments == [0.0, 0.5]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (429, {"additional_data": {"rate_limit_reason": "public_api_request_blocked"}}),
        (409, {"code": "row_limit_exceeded"}),
        (400, {"code": "validation_error"}),
        (404, {"code": "object_not_found"}),
        (401, {}),
    ],
)
def test_what_cannot_get_better_is_asked_once(status: int, body: dict[str, object]) -> None:
    clock = FakeClock()
    wire = Wire(clock, httpx.Response(status, json=body))
    http, _ = client(wire, clock, NOTION)

    assert http.request(*READ).status_code == status

    assert len(wire.moments) == 1


def test_the_last_answer_comes_back_when_nothing_helps() -> None:
    clock = FakeClock()
    wire = Wire(clock, *[httpx.Response(503) for _ in range(9)])
    http, _ = client(wire, clock, NOTION)

    assert http.request(*READ).status_code == 503

    assert wire.moments == [0.0, 0.5, 1.5, 3.5, 7.5, 15.5]


def test_a_host_that_never_answered_is_given_up_soon() -> None:
    clock = FakeClock()
    wire = Wire(clock, *[httpx.ConnectError("x") for _ in range(9)])
    http, _ = client(wire, clock, NOTION)

    with pytest.raises(httpx.ConnectError):
        http.request(*READ)

    assert wire.moments == [0.0, 0.5, 1.5]


def test_backoff_is_stretched_by_the_jitter_that_was_passed_in() -> None:
    clock = FakeClock()
    wire = Wire(clock, httpx.Response(502), httpx.Response(502))
    road = Road(httpx.MockTransport(wire), clock=clock, policy=NOTION, jitter=lambda: 0.0)

    with httpx.Client(transport=road) as http:
        http.get("https://api.notion.com/v1/users/me")

    assert wire.moments == [0.0, 0.25, 0.75]


def test_a_budget_may_be_spent_in_one_burst_and_never_more_in_any_window() -> None:
    clock = FakeClock()
    wire = Wire(clock)
    http, road = client(wire, clock, notion_policy(10))

    for number in range(25):
        clock.elapsed += 1.0 if number in {4, 5} else 0.0
        http.request(*READ)

    assert wire.moments[:10] == [0.0] * 4 + [1.0] + [2.0] * 5
    windows = [sum(at <= other < at + 60.0 for other in wire.moments) for at in wire.moments]
    assert max(windows) == 10
    assert wire.moments[24] == 122.0
    assert road.tally().waited_seconds == pytest.approx(120.0)


def test_a_request_that_took_longer_to_arrive_leaves_no_window_with_one_too_many() -> None:
    clock = FakeClock()
    arrived: list[float] = []

    def answer(_request: httpx.Request) -> httpx.Response:
        # The first opens the connection: a name, a handshake, a certificate.
        clock.elapsed += 0.01 if arrived else 0.4
        arrived.append(clock.elapsed)
        return httpx.Response(200, json={})

    http, _ = client(answer, clock, notion_policy(10))
    for _number in range(35):
        http.request(*READ)

    windows = [sum(at <= other < at + 60.0 for other in arrived) for at in arrived]
    assert max(windows) == 10
    # The spare time is no more than one part in a hundred.
    assert arrived[-1] <= 3 * 60.0 * 1.01 + 0.5


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"Retry-After": "30"}, {}),
        ({"Retry-After": format_datetime(START + timedelta(seconds=30), usegmt=True)}, {}),
        ({}, {"additional_data": {"retry_after": "30"}}),
    ],
    ids=["seconds", "date", "body"],
)
def test_one_worker_told_to_wait_holds_all_workers(
    headers: dict[str, str], body: dict[str, object]
) -> None:
    clock = FakeClock()
    refused = threading.Event()
    wire = Wire(clock, httpx.Response(429, headers=headers, json=body))

    def answer(request: httpx.Request) -> httpx.Response:
        response = wire(request)
        refused.set()
        return response

    http, road = client(answer, clock, NOTION)
    first = threading.Thread(target=lambda: http.request(*READ))

    first.start()
    refused.wait(5)
    others = [threading.Thread(target=lambda: http.request(*READ)) for _ in range(3)]
    first.join(5)
    for other in others:
        other.start()
        other.join(5)

    assert wire.moments[0] == 0.0
    assert min(wire.moments[1:]) >= 30.0
    assert road.tally().requests == 5


def test_a_wait_longer_than_a_run_has_patience_for_is_reported_with_its_length() -> None:
    clock = FakeClock()
    wire = Wire(clock, httpx.Response(429, headers={"Retry-After": "3600"}))
    http, _ = client(wire, clock, NOTION)

    with pytest.raises(TransientError, match="Notion asks to be left alone for 3600 s") as caught:
        http.request(*READ)

    assert caught.value.retry_after == 3600.0
    assert clock.elapsed == 0.0


def test_a_log_names_the_kind_of_request_and_neither_ids_nor_words(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, "cjm_sync")
    clock = FakeClock()
    wire = Wire(clock, httpx.Response(429, headers={"Retry-After": "7"}, json={"message": "ana"}))
    http, _ = client(wire, clock, NOTION)
    page = "/v1/pages/0123456789abcdef0123456789abcdef"

    http.patch(f"{page}?of=ana", headers={"Authorization": "secret"}, json={"name": "ana"})

    logged = [record.__dict__ for record in caplog.records]
    assert [one["path"] for one in logged] == ["/v1/pages/{id}"] * 3
    assert [one["levelname"] for one in logged] == ["DEBUG", "INFO", "DEBUG"]
    assert not [one for one in logged for word in ("ana", "secret", "0123") if word in str(one)]


def two_budgets(**changes: object) -> Policy:
    settings: dict[str, object] = {
        "remote": "Remote",
        "budgets": {"plain": Budget(2, 10.0), "search": Budget(1, 1.0)},
        "budget_of": lambda request: {"/search": "search", "/free": None}.get(
            request.url.path, "plain"
        ),
        "repeatable": ((r"GET|POST", r""),),
        "rules": (
            Rule(frozenset({429}), Resend.STOP, words=frozenset({"DAILY"})),
            Rule(frozenset({429}), Resend.ALWAYS, frozenset({"SECONDLY"}), 1.0, holds="budget"),
        ),
        "words_at": ("policyName",),
        **changes,
    }
    return Policy(**settings)  # type: ignore[arg-type]


def test_each_budget_is_spent_by_its_own_requests() -> None:
    clock = FakeClock()
    wire = Wire(clock)
    http, road = client(wire, clock, two_budgets())

    for path in ("/a", "/a", "/search", "/free", "/free", "/free", "/search", "/a"):
        http.get(path)

    assert wire.moments == [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 10.0]
    assert road.tally().by_class == {"GET /a": 3, "GET /search": 2, "GET /free": 3}


def test_a_refusal_of_one_budget_leaves_the_others_alone() -> None:
    clock = FakeClock()
    wire = Wire(clock, httpx.Response(429, json={"policyName": "SECONDLY"}))
    http, road = client(wire, clock, two_budgets(attempts=1))

    assert http.get("/search").status_code == 429
    http, road = client(wire, clock, two_budgets())
    wire.answers.append(httpx.Response(429, json={"policyName": "SECONDLY"}))
    http.get("/search")
    http.get("/a")

    assert wire.moments == [0.0, 0.0, 1.0, 1.0]
    assert road.tally().retries == 1


def test_the_end_of_the_days_budget_stops_at_once() -> None:
    clock = FakeClock()
    wire = Wire(clock, httpx.Response(429, json={"policyName": "DAILY"}))
    http, _ = client(wire, clock, two_budgets())

    with pytest.raises(DailyLimitError, match="today's requests are used up"):
        http.get("/a")

    assert (len(wire.moments), clock.elapsed) == (1, 0.0)


def test_a_budget_learns_its_size_and_what_others_spent_from_answers() -> None:
    clock = FakeClock()

    def learn(response: httpx.Response) -> Allowance | None:
        left = response.headers.get("left")
        return Allowance("plain", Budget(4, 10.0), int(left)) if left else None

    wire = Wire(clock, httpx.Response(200, json={}, headers={"left": "1"}))
    http, _ = client(wire, clock, two_budgets(learn=learn))

    for _ in range(3):
        http.get("/a")

    assert wire.moments == [0.0, 0.0, 10.0]


def test_the_clock_people_live_by_is_utc_and_never_runs_backwards() -> None:
    clock = SystemClock()
    before = clock.monotonic()

    clock.sleep(-1.0)
    clock.sleep(0.001)

    assert clock.monotonic() - before >= 0.001
    assert clock.now().tzinfo is UTC


@pytest.fixture
def loopback() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.mark.loopback
@pytest.mark.enable_socket
def test_a_stand_in_on_this_machine_is_not_looked_for_behind_a_proxy(
    loopback: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "")
    road = open_road(loopback, clock=SystemClock(), policy=NOTION, transport=None)

    with open_client(loopback, road=road) as http:
        assert http.get("/v1/users/me").json() == {}


@pytest.mark.loopback
@pytest.mark.enable_socket
def test_a_proxy_from_the_environment_is_used(
    loopback: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", loopback)
    monkeypatch.setenv("no_proxy", "")
    road = open_road("http://remote.invalid", clock=SystemClock(), policy=NOTION, transport=None)

    with open_client("http://remote.invalid", road=road) as http:
        assert http.get("/v1/users/me").json() == {}
