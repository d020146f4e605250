"""What a store has to do in its life, short and always the same, and what it told meanwhile: for disks that fail."""

import json
import logging
import os
import signal
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from operator import attrgetter
from pathlib import Path
from typing import Any, Final, NamedTuple

from anyio import wait_all_tasks_blocked

from argentos.errors import ArgentError
from argentos.storage import (
    FileStore,
    Message,
    Record,
    SessionKey,
    Snapshot,
    Store,
    Transitioned,
    fold,
    hashes_in,
    inline,
)
from argentos.storage.testing.case import refers_to
from argentos.storage.testing.story import KEY, OTHER, Story

SEGMENT_SIZE: Final = 4096
DELETED: Final = SessionKey("main", "nobody-special")
PICTURE: Final = b"of a picture" * 100
CANARY: Final = "nothing may be left of this"


class Step(NamedTuple):
    """Records to append, behind data to attach, or a snapshot to check in; else the session is to be deleted."""

    phase: str
    key: SessionKey
    records: Sequence[Record] = ()
    snapshot: Snapshot | None = None
    data: bytes = b""


class Script:
    """Two sessions from their first message to a compaction and a change of segments, and one that is deleted.

    Attributes:
        stories: the two as they are at the end, and one message after it.
        deleted: the one, as it was before.
    """

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.stories = one, other = Story(KEY), Story(OTHER)
        self.deleted = third = Story(DELETED)
        self._append("accept", one.converse("hello"))
        self._append("accept", other.converse("good morning"))
        self._append("accept", one.converse("and then?").say("well?").show(refers_to(PICTURE)), PICTURE)
        self._append("accept", third.converse(CANARY).clear())
        self._check_in("file write", one, other, third)
        self._append("accept", third.say(CANARY))
        self._append("compaction", one.move("Active", "Compacted").summarise(3).move("Compacted", "Active"))
        self._check_in("compaction", one)
        self._append("segment change", other.say("x" * SEGMENT_SIZE))
        self._append("segment change", one.say("y"))
        self._check_in("segment change", other, one)
        self.steps.append(Step("deletion", third.key))
        self._append("accept", one.say("z"))
        for story in self.stories:
            story.say("for the next owner to write")

    def _append(self, phase: str, story: Story, data: bytes = b"") -> None:
        self.steps.append(Step(phase, story.key, records=tuple(story.take()), data=data))

    def _check_in(self, phase: str, *stories: Story) -> None:
        self.steps += [Step(phase, story.key, snapshot=story.snapshot) for story in stories]


class Teller(logging.Handler):
    """Tells what happens as lines of JSON, each as soon as it does: the teller may be killed at any moment."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._phase = ""

    def tell(self, *words: object) -> None:
        os.write(self._descriptor, json.dumps(words).encode() + b"\n")

    def enter(self, phase: str) -> None:
        if phase != self._phase:
            self._phase = phase
            self.tell("phase", phase)

    def emit(self, record: logging.LogRecord) -> None:
        self.tell("logged", self.format(record))


class Tale:
    """What was told.

    Args:
        told: the lines.
        stored: what was acknowledged before.

    Attributes:
        stored: for each session the last record that was acknowledged.
        deleted: the sessions of which the deletion was acknowledged.
        phases: those that were entered.
        refused: the errors that were raised; `logged`, what else was reported.
        ended: the life came to its end, with or without an error.
        strange: what nobody should have told, as a traceback on standard error, or a session without its end.
    """

    def __init__(self, told: str, stored: Mapping[SessionKey, int] | None = None) -> None:
        self.stored = dict(stored or {})
        self.deleted: set[SessionKey] = set()
        self.phases: set[str] = set()
        self.refused: list[str] = []
        self.logged: list[str] = []
        self.ended = False
        self.strange: list[str] = []
        for line in told.splitlines():
            self._take(line)

    def _take(self, line: str) -> None:
        try:
            word, *rest = json.loads(line)
        except ValueError:
            self.strange.append(line)
        else:
            self._note(word, rest)

    def _note(self, word: str, rest: list[Any]) -> None:
        match word, rest:
            case "stored", [agent, session, sequence]:
                self.stored[SessionKey(agent, session)] = sequence
            case "shown", [agent, session, sequence, is_whole]:
                stored = self.stored.get(SessionKey(agent, session), 0)
                if sequence < stored:
                    self.strange.append(f"{session} showed {sequence} records, {stored} were acknowledged")
                if not is_whole:
                    self.strange.append(f"{session} did not show all of its messages")
            case "phase", [phase]:
                self.phases.add(phase)
            case "deleted", [agent, session]:
                self.deleted.add(SessionKey(agent, session))
            case "refused", [sentence]:
                self.refused.append(sentence)
            case "logged", [sentence]:
                self.logged.append(sentence)
            case _:
                self.ended |= word == "ended"


async def live(state: Path, steps: Sequence[Step], teller: Teller, *, dies: bool = False) -> None:
    """Take the steps, up to the first error that is one of ours; any other ends the process.

    Args:
        state: the state directory.
        dies: at the end, without closing the store.
    """
    try:
        teller.enter("open")
        async with FileStore(state, run=inline, segment_size=SEGMENT_SIZE) as store:
            await look(store, teller)
            for step in steps:
                teller.enter(step.phase)
                await take(step, store)
                if step.records:
                    teller.tell("stored", *step.key, step.records[-1].sequence)
                elif not step.snapshot:
                    teller.tell("deleted", *step.key)
            await look(store, teller)
            if dies:
                os.kill(os.getpid(), signal.SIGKILL)
            teller.enter("close")
    except ArgentError as error:
        teller.tell("refused", f"{type(error).__name__}: {error}")
    teller.tell("ended")


async def take(step: Step, store: Store) -> None:
    """Take a step, and wait until nothing is left to be done because of it.

    Raises:
        StoreError: it was refused.
    """
    if step.snapshot is not None:
        await store.checkpoint(step.key, step.snapshot)
    elif not step.records:
        await store.delete(step.key)
    else:
        if step.data:
            await store.attach(step.key, step.data)
        first = step.records[0]
        await store.append(step.key, first.epoch, first.sequence - 1, step.records)
    await wait_all_tasks_blocked()


async def look(store: Store, teller: Teller) -> None:
    for key in (KEY, OTHER):
        snapshot = await store.load(key)
        messages = await store.read(key, 1, 1000)
        is_whole = len(messages) == (snapshot.metadata.messages if snapshot else 0)
        teller.tell("shown", *key, snapshot.metadata.sequence if snapshot else 0, is_whole)


def messages_of(key: SessionKey, records: Sequence[Record]) -> tuple[Message, ...]:
    """Every message of a session, archived ones as well."""
    (_, context), archived, *_ = fold(key, None, records)
    return tuple(sorted((*archived, *context.messages, *context.waiting), key=attrgetter("number")))


async def shows(store: Store, key: SessionKey, records: Sequence[Record]) -> bool:
    """Whether a session is these records, and each of their messages and edges is there once."""
    messages = messages_of(key, records)
    edges = tuple(record for record in records if isinstance(record, Transitioned))
    is_whole = await store.load(key) == fold(key, None, records).snapshot
    is_told = await store.transitions(key) == edges
    for sha256 in {each for message in messages for each in hashes_in(message.raw)}:
        is_whole &= await store.attachment(key, sha256) == PICTURE
    return is_whole and is_told and await store.read(key, 1, len(messages) + 1) == messages


def json_files(state: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in state.glob("agents/**/*.json")}


def is_sentence(text: str) -> bool:
    """Whether a report is one, as far as that can be told from outside."""
    return 10 < len(text) < 500 and "\n" not in text


@contextmanager
def listening() -> Generator[list[str]]:
    """What the store reports meanwhile."""
    heard: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: heard.append(handler.format(record))  # type: ignore[method-assign]
    with reporting_to(handler):
        yield heard


@contextmanager
def reporting_to(handler: logging.Handler) -> Generator[None]:
    """Have what the store reports handled so, whatever else is done with it."""
    handler.setLevel(logging.WARNING)
    logger = logging.getLogger("argentos")
    logger.setLevel(logging.WARNING)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
