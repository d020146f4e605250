"""Replaying a recorded conversation, at the recorded times.

Users' lines are sent; assistants' lines answer the open turn or, where none is open, are messages that the agent
sends by itself. A virtual clock is moved from line to line, so that a session idles and leaves memory between the
lines as it would have. Before a silence longer than the
session takes to become idle, turns that are still open end without a reply.

Every line has the id `<session>:<number of the line>`: lines that an earlier, interrupted run accepted are
recognised and passed over.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

import anyio
import msgspec
from msgspec import Struct

from argentos.actors import Event, ManualClock, RecordAppended, Session, Subscription, Supervisor
from argentos.errors import InputError, SessionNotFoundError
from argentos.inputs import as_id
from argentos.llm import ReplayModel, Reply
from argentos.machines import SESSION
from argentos.storage import Address, Record, Replied, Role, SessionKey, Transitioned, TurnEnded
from argentos.storage.disk import reading

__all__ = ["Line", "Numbered", "Replay", "read_recording"]


class Line(Struct, frozen=True, forbid_unknown_fields=False):
    """A line of a recording."""

    session: str
    role: Role
    sender: str
    channel: str
    at: datetime
    text: str


class Numbered(NamedTuple):
    """A line, its number from 1, and how much of the file has been read with it."""

    number: int
    line: Line
    bytes_read: int


_decoder: Final = msgspec.json.Decoder(Line)


def read_recording(path: Path) -> Iterator[Numbered]:
    """The lines of a recording, one by one; empty ones are passed over.

    Raises:
        InputError: a line is malformed, or earlier than the one before it; the sentence has its number.
    """
    before = datetime.min.replace(tzinfo=UTC)
    bytes_read = 0
    try:
        with reading.regular(path) as file:
            for number, data in enumerate(file, start=1):
                bytes_read += len(data)
                if not data.strip():
                    continue
                line = _read_line(data, number, path)
                if line.at < before:
                    raise InputError(
                        f"{path}, line {number}: {line.at} is earlier than the line before; sort the lines"
                    )
                before = line.at
                yield Numbered(number, line, bytes_read)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error


def _read_line(data: bytes, number: int, path: Path) -> Line:
    try:
        line = _decoder.decode(data)
        as_id(line.session, "the session id")
        if not line.text.strip():
            raise InputError("the text is empty")  # noqa: TRY301 - one sentence for all that is wrong with a line
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, InputError) as error:
        raise InputError(
            f"{path}, line {number}: {error}; a line is a JSON object with session, role, sender, channel, at and text"
        ) from error
    if line.at.tzinfo is None:
        raise InputError(f"{path}, line {number}: the time {line.at} has no zone; write it as 2026-05-08T07:14:08Z")
    return line


class Replay:
    """Feeds lines to a supervisor.

    Args:
        supervisor: running, on `model` and `clock`.
        model: live.
        clock: is moved to the time of each line.
        events: of the supervisor, from before the first line.
        idle_after: seconds.
        observe: called with every event.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        model: ReplayModel,
        clock: ManualClock,
        events: Subscription,
        *,
        idle_after: float,
        observe: Callable[[RecordAppended], None],
    ) -> None:
        self._supervisor = supervisor
        self._model = model
        self._clock = clock
        self._events = events
        self._idle_after = idle_after
        self._observe = observe
        self._known: dict[str, frozenset[str]] = {}
        self._last: dict[str, datetime] = {}
        self._compacting: set[SessionKey] = set()
        self.passed_over: int = 0

    @property
    def sessions(self) -> tuple[str, ...]:
        """The ids of the sessions seen so far."""
        return tuple(self._last)

    async def live(self, numbered: Numbered, *, speed: float = 0.0) -> None:
        """Live through one line; `speed` seconds of the recording take one second, and 0 means no time at all.

        Raises:
            InputError: the line cannot be accepted; the sentence has its number.
        """
        number, line, _ = numbered
        session = self._supervisor.session(line.session)
        if line.session not in self._known:
            self._known[line.session] = await _ids(session)
        last = self._last.get(line.session)
        self._last[line.session] = line.at
        message_id = f"{line.session}:{number}"
        if message_id in self._known[line.session]:
            self._clock.advance_to(line.at)
            self.passed_over += 1
            return
        if last is not None and (line.at - last).total_seconds() > self._idle_after:
            await self._end_turns(session)
        if speed:
            await anyio.sleep((line.at - self._clock.now()).total_seconds() / speed)
        self._clock.advance_to(line.at)
        try:
            await self._take(session, message_id, line)
        except InputError as error:
            raise InputError(f"line {number}: {error}") from error
        self._tell_pending()
        while session.key in self._compacting:  # no time passes meanwhile
            self._tell(await self._events.get())

    async def finish(self) -> None:
        """End the turns that wait for an answer after the last line."""
        for session_id in self._last:
            await self._end_turns(self._supervisor.session(session_id))
        self._tell_pending()

    async def _take(self, session: Session, message_id: str, line: Line) -> None:
        address = Address(line.channel, line.sender)
        if line.role == "user":
            await session.send(line.text, message_id=message_id, address=address, sender=line.sender)
        elif await _waiting(session):
            self._model.feed(Reply(line.text, id=message_id, sender=line.sender), session.id)
            await self._until(session, lambda record: isinstance(record, Replied) and record.id == message_id)
        else:
            await session.say(line.text, message_id=message_id, address=address, sender=line.sender)

    async def _end_turns(self, session: Session) -> None:
        while await _waiting(session):
            self._model.feed("", session.id)
            await self._until(session, lambda record: isinstance(record, TurnEnded))
        self._tell_pending()

    async def _until(self, session: Session, is_it: Callable[[Record], bool]) -> None:
        """Pass events on until one fits the condition."""
        while True:
            event = await self._events.get()
            self._tell(event)
            if isinstance(event, RecordAppended) and event.session == session.key and is_it(event.record):
                return

    def _tell_pending(self) -> None:
        for event in self._events.pending():
            self._tell(event)

    def _tell(self, event: Event) -> None:
        if not isinstance(event, RecordAppended):
            return
        if isinstance(event.record, Transitioned):
            if SESSION.knows(event.record.target, "continues_with_summary"):
                self._compacting.add(event.session)
            else:
                self._compacting.discard(event.session)
        self._observe(event)


async def _waiting(session: Session) -> bool:
    """Tell whether a message waits for an answer."""
    try:
        return (await session.info()).waiting > 0
    except SessionNotFoundError:
        return False


async def _ids(session: Session) -> frozenset[str]:
    try:
        return frozenset(message.id for message in await session.history(full=True))
    except SessionNotFoundError:
        return frozenset()
