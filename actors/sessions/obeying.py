"""The work of the text commands, on the methods that every session has."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from msgspec import Struct

from argentos.actors.sessions.session import Session
from argentos.actors.sessions.text_commands import FRESH, TextCommand
from argentos.errors import (
    CompactionFailedError,
    InputError,
    NothingToCompactError,
    SessionNotFoundError,
    UndoRefusedError,
)
from argentos.storage import Checkpoint, CheckpointKind

__all__ = ["DONE_BEFORE", "Given", "Obeyed", "obey"]

_TAKEN_BACK: Final[Mapping[CheckpointKind, str]] = {
    "clear": "The new beginning",
    "compaction": "The summary",
    "regeneration": "The other reply",
    "rewind": "The rewind",
}


class Obeyed(Struct, frozen=True):
    """The answer to a command.

    Attributes:
        is_done: it was obeyed.
        text: to whoever gave it.
    """

    is_done: bool
    text: str


DONE_BEFORE: Final = Obeyed(is_done=True, text="This was done before.")


@dataclass(slots=True)
class Given:
    """The message in which a command was given.

    Attributes:
        by: who gave it, where that is known.
        is_repeated: it was done before, for the same message, and not once more.
    """

    message_id: str
    by: str | None
    is_repeated: bool = False


async def obey(session: Session, command: TextCommand, since: datetime) -> Obeyed:
    """Do what a command asks for; what cannot be done is answered, too.

    Args:
        session: of the command.
        command: to obey.
        since: what was cleared before is not resumed.
    """
    try:
        if command.name == "resume":
            return await _resume(session, since)
        return Obeyed(is_done=True, text=await _ACTIONS[command.name](session, command.rest))
    except SessionNotFoundError:
        return Obeyed(command.name in FRESH, "This conversation has not begun yet.")
    except (CompactionFailedError, InputError, NothingToCompactError, UndoRefusedError) as error:
        return Obeyed(is_done=False, text=_sentence(str(error)))


async def _begin_anew(session: Session, _: str) -> str:
    await session.clear()
    return "A new conversation begins; /resume goes on with the old one."


async def _undo(session: Session, _: str) -> str:
    place = await _latest(session)
    await session.undo(place.name if place else None)  # by its name: asked twice at once it is taken back once
    return f"{_TAKEN_BACK[place.kind]} is taken back." if place else ""


async def _resume(session: Session, since: datetime) -> Obeyed:
    place = await _latest(session)
    if place is None or place.kind != "clear":
        return Obeyed(is_done=False, text="There is no conversation to resume.")
    if place.at < since:
        return Obeyed(is_done=False, text="The old conversation ended too long ago to be resumed; /undo takes it back.")
    await session.undo(place.name)
    return Obeyed(is_done=True, text="The old conversation goes on.")


async def _latest(session: Session) -> Checkpoint | None:
    """The checkpoint that was made last, of those that were not taken back."""
    name = (await session.info()).undo
    return next((each for each in await session.checkpoints() if each.name == name), None)


async def _compact(session: Session, focus: str) -> str:
    before = await session.info()
    after = await session.compact(focus)
    return f"Older messages became a summary: {before.tokens} → {after.tokens} tokens."


async def _stop(session: Session, _: str) -> str:
    before = await session.info()
    await session.stop()
    return "Stopped." if before.waiting or before.retry_at or before.approvals else "Nothing was running."


async def _status(session: Session, _: str) -> str:
    info = await session.info()
    parts = [
        info.state,
        f"{info.messages} message{'' if info.messages == 1 else 's'}",
        f"{info.tokens} of {info.window} tokens ({info.percent:g} %)",
    ]
    for count, what in ((info.waiting, "without an answer yet"), (info.approvals, "to be approved")):
        parts += [f"{count} {what}"] if count else []
    if info.failed:
        parts.append(f"{info.failed} failed: {info.failure}")
    return f"{', '.join(parts)}."


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


_ACTIONS: Final[dict[str, Callable[[Session, str], Awaitable[str]]]] = {
    "compact": _compact,
    "new": _begin_anew,
    "reset": _begin_anew,
    "status": _status,
    "stop": _stop,
    "undo": _undo,
}
