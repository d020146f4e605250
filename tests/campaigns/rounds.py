"""Lives that follow one another on one state directory, and what has to be true between them."""

import errno
import os
import shutil
import signal
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from random import Random
from typing import Final

import anyio

from argentos import Delivery, FileStore, Message, Session, Supervisor
from argentos.errors import StoreError
from argentos.storage import SessionKey, hashes_in
from tests.campaigns.aims import chance_from
from tests.campaigns.children import Child
from tests.campaigns.deliveries import Deliveries
from tests.campaigns.doomed import STAGES, Fate, Stage
from tests.campaigns.ledger import DOOMED, Ledger, Word
from tests.campaigns.life import (
    CHANNEL,
    SESSIONS,
    Outside,
    Plan,
    deliver_next,
    live,
    message_id,
    picture_of,
    send,
    session_id,
    store_on,
    supervisor_on,
)
from tests.campaigns.phases import Aim, Board, Watch
from tests.campaigns.state_files import StateFiles

SECONDS_TO_ACKNOWLEDGE: Final = 20.0
SECONDS_TO_CHECK: Final = 60.0
SECONDS_TO_DELIVER: Final = 30.0


def kill_itself() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fail() -> None:
    """Let the call that is about to be made fail, as on a disk that has an error."""
    raise OSError(errno.EIO, os.strerror(errno.EIO))


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
        self.deliveries = Deliveries(scratch / f"{state.name}.deliveries")
        self._state = state
        self._trouble = scratch / "trouble"
        self._seed = seed
        self._board = board
        self._watch = watch
        self._lives = 0
        self._stored: set[str] = set()  # though without an acknowledgement
        board.begun[0] = 0
        for index in range(SESSIONS):
            board.started[index] = 0

    def begin(
        self,
        aim: Aim | None,
        strike: Callable[[], None],
        closes_after: float | None = None,
        *,
        may_deliver: bool = True,
    ) -> Child:
        """A child that lives, and is struck where it is aimed at once it has acknowledged a message.

        Args:
            may_deliver: it reads the outbox, three times in four, and where it is aimed at a delivery.
        """
        self._lives += 1
        chance = chance_from(f"{self._seed}/{self._lives}")
        self._board.clear()
        plan = Plan(
            seed=f"{self._seed}/{self._lives}",
            backend=chance.choice(("asyncio", "asyncio", "asyncio", "trio")),
            resend=tuple(tuple(self._to_resend(index, chance)) for index in range(SESSIONS)),
            first=tuple(last + 1 for last in self.ledger.started),
            doomed=self.ledger.doomed.next,
            closes_after=closes_after,
            delivers=may_deliver and ((aim is not None and aim.phase == "delivery") or chance.random() < 0.75),
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
        acknowledge = partial(self._acknowledge, mouth)

        def acknowledge_fate(number: int, stage: Stage) -> None:
            acknowledge(DOOMED, number, STAGES.index(stage))

        fate = Fate(self._begin_fate, acknowledge_fate)
        live(plan, self._state, Outside(self._start, acknowledge, self._delivering, fate))

    def _begin_fate(self, number: int, stage: Stage) -> None:
        if stage == "deleted":
            self._board.begun[0] = number

    def _start(self, index: int, message: int) -> None:
        self._board.started[index] = max(message, self._board.started[index])

    def _acknowledge(self, mouth: int, index: int, message: int, number: int) -> None:
        os.write(mouth, Word(index, message, number).pack())
        self._watch.is_armed = True

    @contextmanager
    def _delivering(self, delivery: Delivery) -> Generator[None]:
        with self._watch.during("delivery"), self.deliveries.delivering(delivery):
            yield

    def wait_for_acknowledgement(self, child: Child) -> bool:
        """Whether the child acknowledged a message before it ended, or failed to within a long time."""
        child.listen(SECONDS_TO_ACKNOWLEDGE, until=lambda: bool(child.heard))
        return bool(child.heard)

    def take(self, heard: bytes) -> list[str]:
        """Note what a child said that has ended."""
        self.ledger.doomed.begun = self._board.begun[0]
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
        """What is wrong once a supervisor has run again, everything was sent again, answered, and delivered."""
        return self._checked(partial(_revive, self._state, self.ledger, self.deliveries))

    def remove(self) -> None:
        """Leave nothing of it on the disk."""
        shutil.rmtree(self._state)
        self.deliveries.remove()

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
        page = await store.list("main")
        problems = [*page.problems, *ledger.doomed.problems({each.session for each in page.sessions})]
        for index in range(SESSIONS):
            history: tuple[Message, ...] = ()
            try:
                history = await _stored(store, SessionKey("main", session_id(index)))
            except StoreError as error:
                problems.append(str(error))
            problems += ledger.problems(index, history, all_answered=all_answered)
            problems += await _lost_bytes(store, index, history)
    return problems


async def _lost_bytes(store: FileStore, index: int, history: Sequence[Message]) -> list[str]:
    """A sentence for each message that has not the picture that it was sent with."""
    problems: list[str] = []
    for message in (each for each in history if each.role == "user"):
        expected = picture_of(index, int(message.id.partition("-")[2]))
        sha256 = next(iter(hashes_in(message.raw)), None)
        try:
            found = await store.attachment(SessionKey("main", session_id(index)), sha256) if sha256 else None
        except StoreError as error:
            problems.append(f"{message.id} has lost its picture: {error}")
        else:
            if found != expected:
                problems.append(f"{message.id} has another picture")
    return problems


async def _stored(store: FileStore, key: SessionKey) -> tuple[Message, ...]:
    snapshot = await store.load(key)
    return await store.read(key, 1, snapshot.metadata.messages + 1) if snapshot else ()


def _revive(state: Path, ledger: Ledger, deliveries: Deliveries) -> list[str]:
    return anyio.run(_problems_when_revived, state, ledger, deliveries)


async def _problems_when_revived(state: Path, ledger: Ledger, deliveries: Deliveries) -> list[str]:
    problems: list[str] = []
    store = store_on(state)
    async with supervisor_on(store) as supervisor:
        for index in range(SESSIONS):
            session = supervisor.session(session_id(index))
            for message in ledger.unacknowledged(index):
                problems += await _send(session, ledger, index, message)
            ledger.started[index] += 1
            problems += await _send(session, ledger, index, ledger.started[index])
            problems += ledger.problems(index, await session.history(full=True), all_answered=True)
        problems += await _drain(supervisor, store, deliveries)
        for index in range(SESSIONS):
            history = await supervisor.session(session_id(index)).history(full=True)
            problems += deliveries.problems(session_id(index), ledger.owed(index, history))
    return problems + await _problems_on_disk(state, ledger, all_answered=True)


async def _send(session: Session, ledger: Ledger, index: int, message: int) -> list[str]:
    """Send a message, and wait until it and all before it are answered."""
    turn = await send(session, index, message)
    await turn.reply()
    return list(ledger.take(Word(index, message, turn.number).pack(), ledger.started))


async def _drain(supervisor: Supervisor, store: FileStore, deliveries: Deliveries) -> list[str]:
    """Deliver whatever is owed since before."""
    try:
        with anyio.fail_after(SECONDS_TO_DELIVER):
            async with supervisor.outbox(CHANNEL) as reader:
                while await store.owing("main"):
                    await deliver_next(reader, deliveries.delivering)
    except TimeoutError:
        return [f"something is still owed after {SECONDS_TO_DELIVER:g} s of deliveries"]
    return []
