"""Floods: of messages into one session, of new sessions, and of pings that nobody wants answered."""

import io
import json
import os
import statistics
import threading
import time
from collections.abc import Iterator
from typing import Final

import pytest

from tests.gateway.server.serving import Served, comes_true, serving

SLOW: Final = """
import anyio
from argentos import OfflineModel, Reply

class Slow(OfflineModel):
    async def reply(self, request, emit):
        if request.session == "flooded":
            await anyio.sleep(3600)
        return Reply("Quick.")
"""
MANY: Final = 100_000 if os.environ.get("LONG") else 4000
TOGETHER: Final = 50


@pytest.fixture(scope="module")
def flooded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A gateway with a mailbox that is full soon, of a session whose turn does not end."""
    state = tmp_path_factory.mktemp("flooded") / "state"
    state.mkdir()
    (state / "slow.py").write_text(SLOW)
    agent = {"model": "slow.py:Slow", "session": {"mailboxLimit": 100}}
    limits = {"requestsPerSecond": 1e6, "requestsBurst": 1e6}
    settings = {"agents": {"main": agent}, "gateway": {"limits": limits}}
    (state / "argent.json").write_text(json.dumps(settings))
    with serving(state, "--grace", "1s") as served:
        yield served


def send(served: Served, session: str) -> int:
    headers = {"Prefer": "respond-async"} if session == "flooded" else {}
    return served.ask("POST", f"/api/v1/sessions/{session}/messages", {"content": "Hello?"}, headers=headers).status


def p99(served: Served, count: int) -> float:
    """The seconds within which nearly every message of another session is answered."""
    took: list[float] = []
    for _ in range(count):
        begun = time.monotonic()
        assert send(served, "calm") == 200
        took.append(time.monotonic() - begun)
    return statistics.quantiles(took, n=100)[-1]


def test_26_a_flood_into_one_session_is_refused_there_and_slows_no_other(flooded: Served) -> None:
    calm = p99(flooded, 200)
    statuses: list[int] = []
    is_over = threading.Event()

    def flood() -> None:
        while not is_over.is_set():
            statuses.append(send(flooded, "flooded"))

    flooding = [threading.Thread(target=flood) for _ in range(4)]
    for each in flooding:
        each.start()
    try:
        during = p99(flooded, 200)
    finally:
        is_over.set()
        for each in flooding:
            each.join()
    assert statuses.count(202) <= 100 + 20  # those that wait, and those that the turn began with
    assert set(statuses) == {202, 429}
    assert statuses.count(429) > 200
    assert during < max(10 * calm, 0.25), (calm, during)  # beside five clients of the same two cores
    answer = flooded.ask("POST", "/api/v1/sessions/flooded/messages", {"content": "Hello?"})
    assert (answer.status, answer.code) == (429, "mailbox_full")
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.timeout(900)
def test_27_thousands_of_new_sessions_are_capped_and_leave_nothing_behind(served: Served) -> None:
    folder = served.state / "agents" / "main" / "sessions"
    before = (served.descriptors, served.threads, served.memory)
    statuses: dict[bytes, int] = {}
    body = b'{"content":"Hello?"}'
    head = (
        "POST /api/v1/sessions/new-%d/messages HTTP/1.1\r\nHost: localhost\r\nPrefer: respond-async\r\n"
        f"Authorization: Bearer {served.token}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with served.connect() as connection, connection.makefile("rb") as answers:
        for begin in range(0, MANY, TOGETHER):
            connection.sendall(b"".join((head % (begin + each)).encode() + body for each in range(TOGETHER)))
            for _ in range(TOGETHER):
                status = _status(answers)
                statuses[status] = statuses.get(status, 0) + 1
    assert sum(statuses.values()) == MANY
    assert {*statuses} == {b"202", b"429"}
    assert statuses[b"202"] < 2000
    assert len([*folder.iterdir()]) == statuses[b"202"]
    assert comes_true(lambda: served.descriptors <= before[0] + 10)
    assert comes_true(lambda: served.threads <= before[1] + 5)
    assert served.memory - before[2] < 150 * 1024**2


def _status(answers: io.BufferedReader) -> bytes:
    """Read a response; gives its status."""
    status = b""
    length = 0
    while line := answers.readline().strip():
        if line.startswith(b"HTTP/1.1 "):
            status = line.split()[1]
        elif line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    answers.read(length)
    return status
