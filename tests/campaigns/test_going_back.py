"""Processes that are killed while a session goes back, or is forked: it is as before then, or as it was to be."""

import signal
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from subprocess import PIPE
from typing import Final, NamedTuple

import anyio
import pytest

from argentos import FileStore, Message, OfflineModel, Session, Supervisor
from argentos.actors import Transcript, TranscriptMessage
from argentos.errors import SessionNotFoundError
from argentos.storage.repair.doctor import check
from tests.actors.conftest import count_words
from tests.prefork import python

MANY: Final = 2500
KILLS: Final = 4  # of each, at equal distances over the time that it takes undisturbed; ten times as many with LONG=1

GOING_BACK: Final = """
import sys
import anyio
from argentos import Config, FileStore, OfflineModel, Supervisor

async def main():
    directory, what = sys.argv[1:3]
    config = Config(max_context_tokens=1_000_000)
    async with Supervisor(FileStore(directory), OfflineModel(), config=config) as supervisor:
        session = supervisor.session("maren")
        works = {
            "undo": session.undo,
            "fork": lambda: session.fork("other", at="c1"),
            "rewind": lambda: session.rewind(before=20),
            "regenerate": session.regenerate,
        }
        await session.info()
        print("begins", flush=True)
        await works[what]()
        print("done", flush=True)
        await anyio.sleep_forever()

anyio.run(main)
"""


class Seen(NamedTuple):
    """What there is of the two sessions: of each the numbers in its context, and all of its texts."""

    context: Sequence[int]
    everything: Sequence[tuple[int, str]]
    fork: Sequence[int] | None


async def prepare(state: Path, *, is_cleared: bool) -> None:
    """Make a long session, which is cleared where something is to come back."""
    said = tuple(TranscriptMessage(role="user", text=f"{number}: all is well") for number in range(MANY))
    async with Supervisor(FileStore(state), OfflineModel(), count=count_words) as supervisor:
        session = supervisor.session("maren")
        await session.adopt(Transcript(session="maren", messages=said))
        await session.ask("And now?")
        if is_cleared:
            await session.clear()


async def see(state: Path) -> Seen:
    """Look at the sessions as the next process finds them."""
    async with Supervisor(FileStore(state), OfflineModel(), count=count_words, resume=False) as supervisor:
        session = supervisor.session("maren")
        everything = [(each.number, each.text) for each in await session.history(full=True)]
        return Seen(_numbers(await session.history()), everything, await _fork_of(supervisor.session("other")))


async def _fork_of(session: Session) -> Sequence[int] | None:
    try:
        return _numbers(await session.history())
    except SessionNotFoundError:
        return None


def _numbers(messages: Sequence[Message]) -> Sequence[int]:
    return [each.number for each in messages]


def go_back(state: Path, what: str, kill_after: float | None) -> float:
    """Have a process do it, and kill it after so many seconds, or when it is done; gives the seconds it took."""
    with python(GOING_BACK, state, what, stdout=PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begins\n"
        begun = time.perf_counter()
        if kill_after is None:
            assert process.stdout.readline() == "done\n"
        else:
            time.sleep(kill_after)
        seconds = time.perf_counter() - begun
        process.send_signal(signal.SIGKILL)
    return seconds


@pytest.mark.timeout(400)
@pytest.mark.parametrize("what", ["undo", "fork", "rewind", "regenerate"])
def test_a_kill_leaves_a_session_as_before_or_as_it_was_to_be(tmp_path: Path, what: str, scale: int) -> None:
    is_cleared = what in {"undo", "fork"}
    ends, seconds, kills = list[Seen](), 0.0, KILLS * scale
    for at, share in enumerate((None, *(each / kills for each in range(kills)))):
        state = tmp_path / f"{at}"
        anyio.run(partial(prepare, state, is_cleared=is_cleared))
        if share is None:
            ends.append(anyio.run(see, state))
        took = go_back(state, what, None if share is None else seconds * share)
        seen = anyio.run(see, state)
        if share is None:
            seconds = took
            ends.append(seen)
        assert [*check(state)] == []
        assert {*ends[0].everything} <= {*seen.everything}, "nothing is lost"
        assert len({number for number, _ in seen.everything}) == len(seen.everything), "nor there twice"
        if what != "regenerate":  # of which a reply comes that may be durable or not
            assert seen in ends
    assert ends[0] != ends[1]
