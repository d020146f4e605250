"""The rules by which a message is taken, and what else is noted of a session."""

from argentos.actors.core.commands import Changes
from argentos.actors.core.decisions.draft import Draft
from argentos.actors.core.decisions.ids import is_owed
from argentos.actors.core.decisions.turn_ends import expect_turn, stop
from argentos.machines.lifecycles.session import FIRST_MESSAGE, NEW_MESSAGE
from argentos.machines.lifecycles.turn import CLEAR
from argentos.storage import (
    Accepted,
    Address,
    Charged,
    Cleared,
    Content,
    Delivered,
    Replied,
    Responded,
    Role,
    Updated,
    Usage,
)

__all__ = ["accept", "charge", "clear", "create", "deliver", "update"]


def create(draft: Draft) -> None:
    """Make the session, by hand or because its first message is here."""
    draft.offer(FIRST_MESSAGE)


def accept(
    draft: Draft,
    message_id: str,
    role: Role,
    content: Content,
    tokens: int,
    *,
    sender: str | None,
    address: Address | None,
    awaits_reply: bool,
) -> int:
    """Take a message, from the user or from the agent; gives its number."""
    if not draft.exists:
        create(draft)
    if awaits_reply:
        expect_turn(draft, address)
    number = draft.metadata.messages + 1
    draft.emit(
        Accepted(
            **draft.head(),
            id=message_id,
            number=number,
            role=role,
            content=content,
            tokens=tokens,
            sender=sender,
            address=address,
            is_appended=role == "user" and not awaits_reply,
            is_owed=role == "assistant" and is_owed(draft, address),
        )
    )
    draft.offer(NEW_MESSAGE)
    return number


def update(draft: Draft, changes: Changes, system_tokens: int) -> None:
    """Change the title, the tags, the owner or the system prompt, unless they are so already."""
    before = draft.metadata
    record = Updated(
        **draft.head(),
        title=before.title if changes.title is None else changes.title,
        tags=before.tags if changes.tags is None else changes.tags,
        owner=before.owner if changes.owner is None else changes.owner,
        system=before.system if changes.system is None else changes.system,
        system_tokens=before.system_tokens if changes.system is None else system_tokens,
    )
    if (record.title, record.tags, record.owner, record.system) != (
        before.title,
        before.tags,
        before.owner,
        before.system,
    ):
        draft.emit(record)


def deliver(draft: Draft, number: int, failure: str = "") -> None:
    """Take note that a message was delivered, or why it never can be, unless that is known."""
    if any(number in numbers for numbers in draft.metadata.undelivered.values()):
        draft.emit(Delivered(**draft.head(), number=number, failure=failure))


def clear(draft: Draft) -> None:
    """Empty the context; its messages go to the archive."""
    stop(draft, CLEAR)
    draft.emit(Cleared(**draft.head()))


def charge(draft: Draft, usage: Usage) -> None:
    """Note what an answer of the model has cost, unless a record of the step does."""
    if not draft.exists or not usage.cost:
        return
    if not any(isinstance(each, Replied | Responded) and each.usage is usage for each in draft.records):
        draft.emit(Charged(**draft.head(), usage=usage))
