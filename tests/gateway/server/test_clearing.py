"""`argent sessions clear` in a second terminal while a turn streams: all agree, also where the gateway is killed."""

import json
import threading
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Final

import pytest

from tests.gateway.server.serving import Served, comes_true, serving
from tests.gateway.shared import Ask, Start

pytestmark = pytest.mark.gateway

HELD: Final = """
from pathlib import Path

import anyio
from argentos import Reply

class Held:
    async def reply(self, request, emit):
        await emit("The tide ")
        while not Path(__file__).with_name("go").exists():
            await anyio.sleep(0.01)
        return Reply("The tide is high.")
"""
MAREN: Final = "/api/v1/sessions/maren"
MOMENTS: Final = ("before it was asked", 0.0, 0.003, 0.02, "after it was done")
"""Seconds since the journal has something of the clear."""


@pytest.fixture(autouse=True)
def held(ours: Path) -> None:
    """Have a model begin to speak, and go on once there is a file."""
    (ours / "held.py").write_text(HELD)
    (ours / "argent.json").write_text(json.dumps({"agents": {"main": {"model": "held.py:Held"}}}))


class Streaming:
    """A client that sends a message and reads the reply as it streams, to its end."""

    def __init__(self, served: Served) -> None:
        self.told = ""
        self._reading = threading.Thread(target=self._read, args=(served,))
        self._reading.start()
        assert comes_true(lambda: "The tide" in self.told)

    def _read(self, served: Served) -> None:
        connection = HTTPConnection("127.0.0.1", served.port, timeout=30)
        headers = {
            "Authorization": f"Bearer {served.token}",
            "Content-Type": "application/json",
            "Accept": "text/event-stream",
        }
        connection.request("POST", f"{MAREN}/messages", json.dumps({"content": "Is it high?"}), headers)
        response = connection.getresponse()
        try:
            while some := response.read1():
                self.told += some.decode()
        except (HTTPException, OSError):
            pass  # the gateway was killed
        finally:
            connection.close()

    def end(self) -> str:
        """All that it was told, once the stream has ended."""
        self._reading.join(30)
        assert not self._reading.is_alive()
        return self.told


def by_api(served: Served) -> tuple[Any, ...]:
    """The state, and the numbers and texts of all messages and of those that have left the context, over HTTP."""
    info = served.ask("GET", MAREN).json
    messages = served.ask("GET", f"{MAREN}/messages").json["messages"]
    gone = [each["number"] for each in messages if each.get("archived")]
    return info["state"], info["status"], info["tokens"], [(each["number"], each["text"]) for each in messages], gone


def by_terminal(ask: Ask) -> tuple[Any, ...]:
    """The same, at a terminal."""
    info = ask("sessions", "info", "maren")
    messages = ask("sessions", "history", "maren", "--full")
    seen = {each["number"] for each in ask("sessions", "history", "maren")}
    gone = [each["number"] for each in messages if each["number"] not in seen]
    return info["state"], info["status"], info["tokens"], [(each["number"], each["text"]) for each in messages], gone


def test_a_clear_while_a_turn_streams_is_the_same_everywhere_at_once(ours: Path, ask: Ask) -> None:
    with serving(ours) as served:
        streaming = Streaming(served)
        ask("sessions", "clear", "maren")
        state, status, tokens, messages, gone = by_api(served)
        assert by_terminal(ask) == (state, status, tokens, messages, gone)
        assert (state, status) == ("Active", "idle")
        assert messages == [(1, "Is it high?"), (2, "The tide ")]
        assert gone == [1, 2]
        assert "the session was cleared before the reply" in streaming.end()
        assert served.ask("GET", f"{MAREN}/turn").status == 204


def journal(state: Path) -> list[int]:
    """When each file of the journal was written last."""
    return [each.stat().st_mtime_ns for each in sorted((state / "journal").iterdir())]


def killed(served: Served, clear: Callable[[], Any], moment: float | str) -> bool:
    """Kill a gateway while a session is cleared; tells whether that was acknowledged."""
    if isinstance(moment, str) and moment.startswith("before"):
        served.process.kill()
    written = journal(served.state)
    clearing = clear()
    if isinstance(moment, float):
        while journal(served.state) == written:
            pass
        time.sleep(moment)
        served.process.kill()
    status = clearing.wait(30)
    served.process.kill()
    served.process.wait()
    return bool(status == 0)


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_gateway_that_is_killed_meanwhile_has_cleared_all_of_it_or_nothing(
    ours: Path, ask: Ask, start: Start, moment: float | str
) -> None:
    with serving(ours) as served:
        streaming = Streaming(served)
        is_acknowledged = killed(served, lambda: start("sessions", "clear", "maren", "--json"), moment)
        streaming.end()
    with serving(ours) as served:
        is_cleared = 1 in by_api(served)[-1]
        assert is_cleared or not is_acknowledged
        (ours / "go").touch()
        assert comes_true(lambda: served.ask("GET", MAREN).json["status"] == "idle")
        seen = by_api(served)
        assert by_terminal(ask) == seen
        _, _, _, messages, gone = seen
        if is_cleared:
            assert gone == [number for number, _ in messages]
        else:
            assert messages == [(1, "Is it high?"), (2, "The tide is high.")]
        again = served.ask("POST", f"{MAREN}/messages", {"content": "And now?"}).json
        assert again["text"] == "The tide is high."
        served.end()
    assert ask("doctor")["findings"] == []
