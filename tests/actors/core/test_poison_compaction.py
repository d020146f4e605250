"""A compaction that kills the process is made of quotes after some attempts, or given up: with real processes."""

from pathlib import Path
from typing import NamedTuple

import anyio
import pytest

from argentos import Config, FileStore, OfflineModel, Supervisor
from argentos.storage import Kept, Message, SessionKey, Summary
from tests.prefork import run

pytestmark = pytest.mark.anyio

CHILD = """
import os, sys
import anyio
from argentos import ArgentError, Config, FileStore, Reply, Supervisor

STATE, LOG, COUNTER, *COMPACTED = sys.argv[1:]


class Deadly:
    name = "deadly"
    can_summarise = True
    running = 0

    async def reply(self, request, _emit):
        with open(LOG, "a") as log:
            print(request.session, "summary" if request.instruction else "turn", Deadly.running, file=log)
        Deadly.running += 1
        try:
            if request.session == "poisoned" and request.instruction:
                for _ in range(50):  # the others have begun
                    await anyio.sleep(0.002)
                os._exit(7)
            if request.session != "poisoned":
                await anyio.sleep(0.5)
            return Reply("A summary." if request.instruction else "Yes.")
        finally:
            Deadly.running -= 1


def count(text):
    if COUNTER == "deadly" and "quote" in text and "ready" not in text:
        os._exit(8)
    return len(text.split())


async def compact(supervisor, name):
    session = supervisor.session(name)
    for number in range(6):
        await session.say(f"{number} ready: " + "quote " * 60)
    await session.compact()


async def main():
    config = Config(max_crashes=2, max_context_tokens=500, keep_recent_tokens=20)
    async with Supervisor(FileStore(STATE), Deadly(), config=config, count=count, grace=0) as supervisor:
        async with anyio.create_task_group() as group:
            for name in COMPACTED:
                group.start_soon(compact, supervisor, name)
        with anyio.fail_after(20):
            while True:
                infos = await supervisor.list()
                if not any(info.waiting or info.state == "Compacted" for info in infos):
                    return
                await anyio.sleep(0.01)


anyio.run(main, backend="BACKEND")
"""


class Lives(NamedTuple):
    """Lives of processes on one state directory."""

    state: Path
    log: Path
    backend: str

    def live(self, *compacted: str, counter: str = "good") -> int:
        """Compact sessions, and what an earlier life has left; gives how the process ended."""
        program = CHILD.replace("BACKEND", self.backend)
        return run(program, self.state, self.log, counter, *compacted, seconds=60).returncode

    def asked(self) -> list[str]:
        """For each request to the model, of which session, for what, and how many ran beside it."""
        lines = self.log.read_text().split("\n")[:-1] if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return lines


@pytest.fixture
def lives(tmp_path: Path, anyio_backend_name: str) -> Lives:
    return Lives(tmp_path / "state", tmp_path / "log", anyio_backend_name)


class Found(NamedTuple):
    state: str
    summary: Summary | None
    history: tuple[Message, ...]


async def look(state: Path, name: str) -> Found:
    async with Supervisor(FileStore(state), OfflineModel(), resume=False) as supervisor:
        session = supervisor.session(name)
        return Found((await session.info()).state, await session.summary(), await session.history(full=True))


def method_of(found: Found) -> str:
    return found.summary.method if found.summary else "none"


def test_a_summary_that_kills_the_process_is_made_of_quotes_and_those_beside_it_by_the_model(lives: Lives) -> None:
    ends = [lives.live("poisoned", "a-1", "z-1")]
    lives.asked()
    begun: list[list[str]] = []
    while ends[-1]:
        assert len(ends) < 10, "it is never given up"
        ends.append(lives.live())
        begun.append(lives.asked())
    assert ends == [7, 7, 7, 7, 0]
    alone = [line for life in begun[1:] for line in life if line.startswith("poisoned")]
    assert alone == ["poisoned summary 0"] * 2
    assert method_of(anyio.run(look, lives.state, "poisoned")) == "extractive"
    for name in ("a-1", "z-1"):
        assert method_of(anyio.run(look, lives.state, name)) == "model"


def test_a_session_whose_summary_killed_the_process_goes_on(lives: Lives) -> None:
    lives.live("poisoned")
    while lives.live():
        pass

    async def ask() -> str:
        async with Supervisor(
            FileStore(lives.state), OfflineModel(), config=Config(max_context_tokens=500)
        ) as supervisor:
            return (await supervisor.session("poisoned").ask("And now?")).text

    assert anyio.run(ask)


def test_a_compaction_is_not_blamed_for_what_another_does_beside_it(lives: Lives) -> None:
    """However often: it runs beside a poison in every life."""
    lives.live("innocent", "poisoned")
    for _ in range(3):
        lives.live()
    while lives.live():
        pass
    assert method_of(anyio.run(look, lives.state, "innocent")) == "model"


def test_a_compaction_of_which_even_the_quotes_kill_the_process_is_given_up_with_its_reason(lives: Lives) -> None:
    ends = [lives.live("poisoned")]
    while ends[-1] != 8:
        assert len(ends) < 10, "the model is asked for ever"
        ends.append(lives.live(counter="deadly"))
    assert ends == [7, 7, 7, 7, 8]

    async def resume() -> str:
        async with (
            Supervisor(FileStore(lives.state), OfflineModel(), config=Config(max_context_tokens=500)) as supervisor,
            supervisor.events() as events,
        ):
            with anyio.fail_after(10):
                async for event in events:
                    record = getattr(event, "record", None)
                    if isinstance(record, Kept):
                        assert getattr(event, "session", None) == SessionKey("main", "poisoned")
                        return record.reason
        return ""

    assert "the process died each of the 3 times" in anyio.run(resume)
    found = anyio.run(look, lives.state, "poisoned")
    assert (found.state, method_of(found), len(found.history)) == ("Active", "none", 6)
