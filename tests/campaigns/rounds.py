"""Lives that follow one another on one state directory, and what has to be true between them."""

import os
import signal
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random
from typing import Final

import anyio

from argentos import FileStore, Message, Session
from argentos.errors import StoreError
from argentos.storage import SessionKey
from tests.campaigns.aims import chance_from
from tests.campaigns.children import Child
from tests.campaigns.ledger import Ledger, Word
from tests.campaigns.life import SESSIONS, Plan, live, message_id, session_id, supervisor_on, text_of
from tests.campaigns.phases import Aim, Board, Watch
from tests.campaigns.state_files import StateFiles

SECONDS_TO_ACKNOWLEDGE: Final = 20.0
SECONDS_TO_CHECK: Final = 60.0


def kill_itself() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Round:
    """One state directory with its lives.

    Args:
        state: the directory.
        scratch: a folder outside of it, for what children leave behind.
        seed: of everything that is left to chance.
    """

    def __init__(self, state: Path, scratch: Path, seed: str, board: Board, watch: Watch) -> None:
        self.ledger = Ledger()
        self.files = StateFiles(state)
        self._state = state
        self._trouble = scratch / "trouble"
        self._seed = seed
        self._board = board
        self._watch = watch
        self._lives = 0
        self._stored: set[str] = set()  # though without an acknowledgement
        for index in range(SESSIONS):
            board.started[index] = 0

    def begin(self, aim: Aim | None, strike: Callable[[], None], closes_after: float | None = None) -> Child:
        """A child that lives, and is struck where it is aimed at once it has acknowledged a message."""
        self._lives += 1
        chance = chance_from(f"{self._seed}/{self._lives}")
        self._board.clear()
        plan = Plan(
            seed=f"{self._seed}/{self._lives}",
            backend=chance.choice(("asyncio", "asyncio", "asyncio", "trio")),
            resend=tuple(tuple(self._to_resend(index, chance)) for index in range(SESSIONS)),
            first=tuple(last + 1 for last in self.ledger.started),
            closes_after=closes_after,
        )
        return self._fork(partial(self._live, plan, aim, strike))

    def _to_resend(self, index: int, chance: Random) -> Iterator[int]:
        """Every message without an acknowledgement, some of them twice, and now and then one with."""
        yield from (unacknowledged := self.ledger.unacknowledged(index))
        yield from (each for each in unacknowledged if chance.random() < 0.1)
        acknowledged = list(self.ledger.acknowledged[index])[-50:]
        if acknowledged and chance.random() < 0.2:
            yield chance.choice(acknowledged)

    def _live(self, plan: Plan, aim: Aim | None, strike: Callable[[], None], mouth: int) -> None:
        self._watch.aim(aim, strike)
        live(plan, self._state, self._start, partial(self._acknowledge, mouth))

    def _start(self, index: int, message: int) -> None:
        self._board.started[index] = max(message, self._board.started[index])

    def _acknowledge(self, mouth: int, index: int, message: int, number: int) -> None:
        os.write(mouth, Word(index, message, number).pack())
        self._watch.is_armed = True

    def wait_for_acknowledgement(self, child: Child) -> bool:
        """Whether the child acknowledged a message before it ended, or failed to within a long time."""
        child.listen(SECONDS_TO_ACKNOWLEDGE, until=lambda: bool(child.heard))
        return bool(child.heard)

    def take(self, heard: bytes) -> list[str]:
        """Note what a child said that has ended."""
        return list(self.ledger.take(heard, self._board.started))

    @property
    def unacknowledged(self) -> int:
        """How many messages were sent, and not acknowledged."""
        return sum(len(self.ledger.unacknowledged(index)) for index in range(SESSIONS))

    def newly_stored(self) -> int:
        """How many of these the last life has got as far as the disk."""
        ids = {message_id(index, each) for index in range(SESSIONS) for each in self.ledger.unacknowledged(index)}
        found = self.files.mentioned(ids - self._stored)
        self._stored |= found
        return len(found)

    def trouble(self) -> str:
        """The errors that the last child logged, and the traceback that it left."""
        return self._trouble.read_text(encoding="utf-8")

    def read_back(self) -> list[str]:
        """What is wrong in the store as it lies there, in sentences."""
        return self._checked(partial(_read_back, self._state, self.ledger))

    def revive(self) -> list[str]:
        """What is wrong once a supervisor has run again, everything was sent again, and everything is answered."""
        return self._checked(partial(_revive, self._state, self.ledger))

    def _checked(self, check: Callable[[], list[str]]) -> list[str]:
        child = self._fork(partial(_tell, check))
        if not child.listen(SECONDS_TO_CHECK):
            child.kill()
        status = child.end()
        problems = [*bytes(child.heard).decode().splitlines(), *self.files.broken(), *self.files.damaged()]
        if status != 0 or self.trouble():
            problems.append(f"the check of {self._state} ended with status {status}: {self.trouble()}")
        return problems

    def _fork(self, work: Callable[[int], None]) -> Child:
        self._trouble.write_bytes(b"")
        return Child(work, self._trouble)


def _tell(check: Callable[[], list[str]], mouth: int) -> None:
    with os.fdopen(mouth, "w", encoding="utf-8") as pipe:
        pipe.writelines(f"{each}\n" for each in check())


def _read_back(state: Path, ledger: Ledger) -> list[str]:
    return anyio.run(_problems_on_disk, state, ledger)


async def _problems_on_disk(state: Path, ledger: Ledger, *, all_answered: bool = False) -> list[str]:
    async with FileStore(state, read_only=True) as store:
        problems = list((await store.list("main")).problems)
        for index in range(SESSIONS):
            history: tuple[Message, ...] = ()
            try:
                history = await _stored(store, SessionKey("main", session_id(index)))
            except StoreError as error:
                problems.append(str(error))
            problems += ledger.problems(index, history, all_answered=all_answered)
    return problems


async def _stored(store: FileStore, key: SessionKey) -> tuple[Message, ...]:
    snapshot = await store.load(key)
    return await store.read(key, 1, snapshot.metadata.messages + 1) if snapshot else ()


def _revive(state: Path, ledger: Ledger) -> list[str]:
    return anyio.run(_problems_when_revived, state, ledger)


async def _problems_when_revived(state: Path, ledger: Ledger) -> list[str]:
    problems: list[str] = []
    async with supervisor_on(state) as supervisor:
        for index in range(SESSIONS):
            session = supervisor.session(session_id(index))
            for message in ledger.unacknowledged(index):
                problems += await _send(session, ledger, index, message)
            ledger.started[index] += 1
            problems += await _send(session, ledger, index, ledger.started[index])
            problems += ledger.problems(index, await session.history(full=True), all_answered=True)
    return problems + await _problems_on_disk(state, ledger, all_answered=True)


async def _send(session: Session, ledger: Ledger, index: int, message: int) -> list[str]:
    """Send a message, and wait until it and all before it are answered."""
    turn = await session.send(text_of(index, message), message_id=message_id(index, message))
    await turn.reply()
    return list(ledger.take(Word(index, message, turn.number).pack(), ledger.started))
