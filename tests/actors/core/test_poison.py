"""A message that kills the process is given up after some attempts, and takes nobody with it: with real processes."""

from pathlib import Path
from typing import NamedTuple

import anyio
import pytest

from argentos import FileStore, OfflineModel, Supervisor
from argentos.storage import SessionKey, TurnEnded
from tests.prefork import run

pytestmark = pytest.mark.anyio

CHILD = """
import os, sys
import anyio
from argentos import Config, FileStore, Reply, Supervisor
from argentos.errors import ContextOverflowError


class Deadly:
    name = "deadly"
    running = 0

    async def reply(self, request, _emit):
        text = request.messages[-1].text
        with open(sys.argv[2], "a") as log:
            print(request.session, self.running, file=log)
        Deadly.running += 1
        try:
            if text == "poison":
                for _ in range(50):  # the others have begun
                    await anyio.sleep(0.002)
                os._exit(7)
            if text == "long":
                with open(sys.argv[2]) as log:
                    asked = len(log.readlines())
                if asked < 5:
                    os._exit(7)
                if asked == 5:
                    raise ContextOverflowError("too long")
            if text == "slow":
                await anyio.sleep(0.5)
            if text == "kill me after a while":
                await anyio.sleep(30)
            return Reply("Yes.")
        finally:
            Deadly.running -= 1


async def main():
    store = FileStore(sys.argv[1])
    async with Supervisor(store, Deadly(), config=Config(max_crashes=2), count=lambda text: 1, grace=0) as supervisor:
        for session, text in zip(sys.argv[3::2], sys.argv[4::2]):
            await supervisor.session(session).send(text, message_id=text)
        with anyio.fail_after(20):
            while True:
                infos = await supervisor.list()
                if infos and not any(info.waiting for info in infos):
                    return
                await anyio.sleep(0.01)


anyio.run(main, backend="BACKEND")
"""


class Lives(NamedTuple):
    """Lives of processes on one state directory."""

    state: Path
    log: Path
    backend: str

    def live(self, *messages: str) -> int:
        """Send messages, session and text by turns, and answer what there is; gives how the process ended."""
        program = CHILD.replace("BACKEND", self.backend)
        return run(program, self.state, self.log, *messages, seconds=60).returncode

    def asked(self) -> list[tuple[str, int]]:
        """Which session's turn began, and how many ran beside it."""
        lines = self.log.read_text().split("\n")[:-1]
        self.log.unlink()
        return [(line.split()[0], int(line.split()[1])) for line in lines]


@pytest.fixture
def lives(tmp_path: Path, anyio_backend_name: str) -> Lives:
    return Lives(tmp_path / "state", tmp_path / "log", anyio_backend_name)


def test_a_message_that_kills_the_process_is_given_up_and_those_beside_it_are_answered(lives: Lives) -> None:
    ends = [lives.live("a-1", "slow", "poisoned", "poison", "z-1", "slow")]
    lives.log.unlink()
    begun: list[list[tuple[str, int]]] = []
    while ends[-1]:
        assert len(ends) < 10, "it is never given up"
        ends.append(lives.live())
        begun.append(lives.asked() if lives.log.exists() else [])
    assert ends == [7, 7, 7, 7, 0]
    alone = [entry for life in begun[1:] for entry in life if entry[0] == "poisoned"]
    assert alone == [("poisoned", 0)] * 2

    async def look() -> dict[str, list[tuple[str, str]]]:
        found: dict[str, list[tuple[str, str]]] = {}
        async with Supervisor(FileStore(lives.state), OfflineModel(), resume=False) as supervisor:
            for info in await supervisor.list():
                found[info.id] = [(m.role, m.text) for m in await supervisor.session(info.id).history()]
                assert info.waiting == 0
        return found

    assert anyio.run(look) == {
        "a-1": [("user", "slow"), ("assistant", "Yes.")],
        "poisoned": [("user", "poison")],
        "z-1": [("user", "slow"), ("assistant", "Yes.")],
    }


def test_the_session_of_a_message_that_was_given_up_goes_on(lives: Lives) -> None:
    lives.live("poisoned", "poison")
    while lives.live():
        pass
    assert lives.live("poisoned", "And now?") == 0


def test_a_turn_that_is_slow_is_not_blamed_for_what_another_does_beside_it(lives: Lives) -> None:
    """However often: it runs beside a poison in every life."""
    for _ in range(4):
        lives.live("innocent", "slow", "poisoned", "poison")

    async def look() -> list[str]:
        async with Supervisor(FileStore(lives.state), OfflineModel(), resume=False) as supervisor:
            return [message.text for message in await supervisor.session("innocent").history()]

    while lives.live():
        pass
    assert anyio.run(look)[:2] == ["slow", "Yes."]


def test_a_message_whose_last_attempt_ends_alive_is_not_given_up(lives: Lives) -> None:
    """It was too long for the model: the context is compacted, and it is answered."""
    ends = [lives.live("tried", "Hello.", "tried", "long"), *(lives.live() for _ in range(3))]
    assert ends == [7, 7, 7, 0]

    async def look() -> list[str]:
        async with Supervisor(FileStore(lives.state), OfflineModel(), resume=False) as supervisor:
            return [message.text for message in await supervisor.session("tried").history()]

    assert anyio.run(look) == ["long", "Yes."]


def test_the_end_of_a_message_that_was_given_up_is_told_with_its_reason(lives: Lives) -> None:
    lives.live("poisoned", "poison")
    for _ in range(3):
        assert lives.live() == 7

    async def resume() -> list[str]:
        reasons: list[str] = []
        async with (
            Supervisor(FileStore(lives.state), OfflineModel()) as supervisor,
            supervisor.events() as events,
        ):
            with anyio.fail_after(10):
                async for event in events:
                    record = getattr(event, "record", None)
                    if isinstance(record, TurnEnded):
                        assert getattr(event, "session", None) == SessionKey("main", "poisoned")
                        assert record.outcome == "failed"
                        reasons.append(record.reason)
                        return reasons
        return reasons

    assert anyio.run(resume) == [
        "the process died each of the 2 times that this was answered with nothing beside it; it is not tried again"
    ]
