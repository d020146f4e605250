"""Messages that are sent again, as after a lost connection: the same one, or another under an id that is taken."""

from collections.abc import Collection, Sequence
from functools import partial
from operator import attrgetter
from typing import Final, NamedTuple

from argentos.actors.core.pending_turns import has_failed, was_stopped
from argentos.actors.core.turn_progress import TurnProgress
from argentos.actors.validation import NewMessage
from argentos.concurrency.foreign_code import reading_a_store
from argentos.concurrency.threads import in_thread_if
from argentos.errors import InputError, NoReplyError
from argentos.storage import STOPPED, Context, Message, Role, SessionKey, Snapshot, Store

__all__ = ["check_same", "ended", "message_in", "related"]

_WINDOW: Final = 500  # messages
_MANY: Final = 1000  # messages that are looked through in a millisecond
_number: Final = attrgetter("number")


def message_in(context: Context, number: int) -> Message | None:
    """The message of this number, if the context has it: the latest are looked at first."""
    for messages in (context.waiting, context.messages):
        for message in reversed(messages):
            if message.number == number:
                return message
    return None


def check_same(message: Message, sent: NewMessage, role: Role) -> None:
    """Refuse a message under the id of another one; the sender, a name to show, may have changed.

    Raises:
        InputError: the other one is of the other side, has another text, or came from another address.
    """
    what = f"the id {message.id!a:.100} belongs to"
    if message.role != role:
        raise InputError(f"{what} a message of the other side; use another")
    if message.raw != sent.content:
        raise InputError(f"{what} message {message.number}, which has another text; use another id for this one")
    if message.address != sent.address:
        raise InputError(
            f"{what} message {message.number}, which came from another address; use another id for this one"
        )


def ended(key: SessionKey, asked: Message | None, found: Sequence[Message]) -> TurnProgress:
    """The turn of a message, with how it ended: its reply is among those found, or there is none."""
    turn = TurnProgress(asked.number if asked else 0, asked.id if asked else "")
    reply = next((each for each in reversed(found) if turn.message_id in each.reply_to), None)
    if asked is not None and asked.failure:
        turn.fail(has_failed(key, asked))
    elif reply is not None and reply.stop_reason == STOPPED:
        turn.fail(was_stopped())
    elif reply is not None:
        turn.finish(reply)
    else:
        turn.fail(NoReplyError("the message was sent before, and its turn ended without a reply", "no_reply"))
    return turn


async def related(store: Store, key: SessionKey, snapshot: Snapshot, message_id: str) -> tuple[Message, ...]:
    """The message of this id, and what answers it: of the archive only as much is read as that takes."""
    look = partial(_seen, snapshot, message_id)
    found, numbers, stop = await in_thread_if(len(snapshot.context.messages) > _MANY, look)
    while stop > 1 and not any(_is_asked(each, message_id) for each in found):
        start = max(1, stop - _WINDOW)
        with reading_a_store():
            older = await store.read(key, start, stop)
        others = (each for each in older if each.number not in numbers)  # what was tried again stands behind later ones
        found[:0] = [each for each in others if message_id in (each.id, *each.reply_to)]
        stop = start
    return tuple(found)


class _Seen(NamedTuple):
    """Messages of a context.

    Attributes:
        found: those that were sought.
        numbers: of all of them.
        stop: the number behind the last message that the archive may have.
    """

    found: list[Message]
    numbers: Collection[int]
    stop: int


def _seen(snapshot: Snapshot, message_id: str) -> _Seen:
    context = snapshot.context
    seen = sorted((*context.messages, *context.waiting), key=_number)
    numbers = set(map(_number, seen))
    stop = snapshot.metadata.messages + 1
    while stop - 1 in numbers:
        stop -= 1
    return _Seen([each for each in seen if message_id in (each.id, *each.reply_to)], numbers, stop)


def _is_asked(message: Message, message_id: str) -> bool:
    return message.id == message_id and message.is_from_outside
