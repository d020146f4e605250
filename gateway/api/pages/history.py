"""Pages of a conversation: its messages, and the places at which the context has changed between them."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct

from argentos.actors import Session
from argentos.llm import characters_of
from argentos.storage import Checkpoint, Message, Summary
from argentos.storage.branching.checkpoints import CheckpointKind, Span

__all__ = ["Boundary", "MessagePage", "ShownMessage", "page_of_messages"]

_LONGEST: Final = 4_000_000  # characters of the messages on a page


class ShownMessage(Message, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A message, and what became of it.

    Attributes:
        archived: it has left the context.
        left_at: the name of the checkpoint at which it did; empty where that is not known, or it is in the context.
    """

    archived: bool = False
    left_at: str = ""


class Boundary(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A place at which messages left the context.

    Attributes:
        checkpoint: its name.
        kind: what had them leave.
        by: who asked for it, where that is known.
        behind: the number of the message behind which it happened.
        taken: the numbers of the first and the last of those that left, for each row of them.
        summary: of the context from then on, where there was one; it says how many tokens there were before and after.
        is_undone: they are back.
        can_undo: it is the one that is taken back next.
    """

    checkpoint: str
    kind: CheckpointKind
    at: datetime
    by: str | None = None
    behind: int
    taken: tuple[Span, ...]
    summary: Summary | None = None
    is_undone: bool = False
    can_undo: bool = False


class MessagePage(Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of messages, the oldest of them first.

    Attributes:
        messages: those that have left the context, too.
        boundaries: the places among them at which messages left the context.
        previous: the `before` of the page in front; None where there is none.
        total: the number of the latest message.
        summary: of the messages that the model sees no more.
    """

    messages: tuple[ShownMessage, ...]
    boundaries: tuple[Boundary, ...]
    previous: int | None
    total: int
    summary: Summary | None


async def page_of_messages(session: Session, before: int | None, limit: int) -> MessagePage:
    """A page of the messages of a session.

    Raises:
        SessionNotFoundError: there is no such session.
    """
    info = await session.info()
    stop = info.messages + 1 if before is None else min(before, info.messages + 1)
    start = max(1, stop - limit)
    messages = _within_bounds(await session.messages(start, stop)) if start < stop else ()
    start = messages[0].number if messages else start
    summary = await session.summary()
    boundaries = _boundaries(await session.checkpoints(), info.undo, summary)
    archived = await session.left_context(start, stop) if messages else ()
    return MessagePage(
        messages=tuple(_shown(each, archived, boundaries) for each in messages),
        boundaries=tuple(each for each in boundaries if start - 1 <= each.behind < stop),
        previous=messages[0].number if messages and messages[0].number > 1 else None,
        total=info.messages,
        summary=summary,
    )


def _within_bounds(messages: Sequence[Message]) -> Sequence[Message]:
    """The latest of some messages, as many as can be sent without keeping anybody waiting; at least one."""
    size = 0
    for place in range(len(messages) - 1, -1, -1):
        size += characters_of(messages[place].raw)
        if size > _LONGEST:
            return messages[min(place + 1, len(messages) - 1) :]
    return messages


def _boundaries(checkpoints: Sequence[Checkpoint], latest: str, summary: Summary | None) -> list[Boundary]:
    """The places of all checkpoints, the oldest first.

    Args:
        checkpoints: of the session, the oldest first.
        latest: the name of the one that is taken back next; empty where there is none.
        summary: of the context as it is now.
    """
    named = {each.name: each for each in checkpoints}
    holding: dict[str, Summary | None] = {}  # those that were not taken back, with the summary from then on
    name, after = latest, summary
    while name in named:
        holding[name] = after
        name, after = named[name].before, named[name].summary
    return [
        Boundary(
            checkpoint=each.name,
            kind=each.kind,
            at=each.at,
            by=each.by,
            behind=each.last,
            taken=each.taken,
            summary=holding.get(each.name),
            is_undone=each.name not in holding,
            can_undo=each.name == latest,
        )
        for each in checkpoints
    ]


def _shown(message: Message, archived: Collection[int], boundaries: Iterable[Boundary]) -> ShownMessage:
    fields = {name: getattr(message, name) for name in Message.__struct_fields__}
    if message.number not in archived:
        return ShownMessage(**fields)
    left_at = next((each.checkpoint for each in boundaries if _has_taken(each, message.number)), "")
    return ShownMessage(**fields, archived=True, left_at=left_at)


def _has_taken(boundary: Boundary, number: int) -> bool:
    return not boundary.is_undone and any(first <= number <= last for first, last in boundary.taken)
