"""The rules by which a message is taken, and what else is noted of a session."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from msgspec import structs

from argentos.actors.core.commands import Changes
from argentos.actors.core.decisions.draft import Draft, is_at_work
from argentos.actors.core.decisions.ids import is_owed
from argentos.actors.core.decisions.turn_ends import expect_turn, stop
from argentos.actors.settings.reset_policy import ResetReason, policy_of
from argentos.llm import ContextReset
from argentos.machines.lifecycles.session import FIRST_MESSAGE, NEW_MESSAGE
from argentos.machines.lifecycles.turn import CLEAR
from argentos.storage import (
    Accepted,
    Address,
    Charged,
    Cleared,
    Content,
    Delivered,
    OwedAgain,
    Record,
    Replied,
    Responded,
    Role,
    Updated,
    Usage,
)

__all__ = ["accept", "charge", "clear", "create", "deliver", "owe_again", "reset_in", "update"]

_RESETS: Final[Mapping[ResetReason, str]] = {"daily": "daily reset", "idle": "idle reset"}
"""The names under which the settings empty a context, in `Cleared.by`."""
_REASONS: Final[Mapping[str | None, ResetReason]] = {by: reason for reason, by in _RESETS.items()}


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
        _reset_if_due(draft, sender)
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
    """Change the properties or the system prompt, unless they are so already."""
    before = draft.metadata
    given = {name: value for name, value in changes._asdict().items() if value is not None}
    if "system" in given:
        given["system_tokens"] = system_tokens
    if "read" in given:
        given["read"] = min(given["read"], before.messages)
    if any(value != getattr(before, name) for name, value in given.items()):
        record = Updated(
            **draft.head(),
            title=before.title,
            tags=before.tags,
            owner=before.owner,
            system=before.system,
            system_tokens=before.system_tokens,
            pinned=before.pinned,
            archived=before.archived,
            read=before.read,
        )
        draft.emit(structs.replace(record, **given))


def deliver(draft: Draft, number: int, failure: str = "") -> None:
    """Take note that a message was delivered, or why it never can be, unless that is known."""
    if any(number in numbers for numbers in draft.metadata.undelivered.values()):
        draft.emit(Delivered(**draft.head(), number=number, failure=failure))


def owe_again(draft: Draft, number: int) -> None:
    """Have a message owed again that could not be delivered, if it is one."""
    if any(each.number == number for each in draft.metadata.undeliverable):
        draft.emit(OwedAgain(**draft.head(), number=number))


def _reset_if_due(draft: Draft, sender: str | None) -> None:
    """Begin the conversation anew with this message, where the settings say so and nothing is going on in it."""
    config, metadata = draft.config, draft.metadata
    policy = policy_of(config.reset_at, config.reset_zone, config.reset_after)
    if policy is None or sender in config.background_senders or is_at_work(metadata) or metadata.turn is not None:
        return
    heard = _heard_at(draft)
    if heard is None:
        return
    known = draft.marks.heard
    idle = (draft.now - heard).total_seconds() if known is None else draft.moment - known
    if reason := policy.due(heard, draft.now, idle):
        clear(draft, by=_RESETS[reason])


def reset_in(records: Iterable[Record]) -> ContextReset | None:
    """The reset that the settings have made by one of these records."""
    reasons = (_REASONS.get(each.by) for each in records if isinstance(each, Cleared))
    reason = next(filter(None, reasons), None)
    return None if reason is None else ContextReset(reason)


def _heard_at(draft: Draft) -> datetime | None:
    """The time at which the conversation last went on, by a person's message or the reply to it; None if it is empty.

    What the agent says of its own accord does not count, nor do messages that no person writes.
    """
    context = draft.context
    replied: dict[str, datetime] = {}
    for message in reversed(context.messages):
        for each in message.reply_to:
            replied.setdefault(each, message.at)
        is_heard = message.role == "user" and message.is_from_outside
        if is_heard and message.sender not in draft.config.background_senders:
            return replied.get(message.id, message.at)
    if context.summary is not None:
        return context.summary.at
    return context.messages[0].at if context.messages else None


def clear(draft: Draft, by: str | None = None) -> None:
    """Empty the context; its messages go to the archive, and can be taken back from there."""
    stop(draft, CLEAR)
    messages, summary = draft.open_context.seen
    if not messages and summary is None:
        draft.emit(Cleared(**draft.head(), by=by))
    else:
        draft.emit(Cleared(**draft.head(), **draft.place(), by=by, failed=draft.metadata.failed))


def charge(draft: Draft, usage: Usage) -> None:
    """Note what an answer of the model has cost, unless a record of the step does."""
    if not draft.exists or not usage.cost:
        return
    if not any(isinstance(each, Replied | Responded) and each.usage is usage for each in draft.records):
        draft.emit(Charged(**draft.head(), usage=usage))
