"""The numbers of a session's messages by their ids."""

from typing import Final

from anyio.lowlevel import checkpoint

from argentos.concurrency.chunks import in_chunks
from argentos.storage import Context
from argentos.storage.open_context import OpenContext

__all__ = ["MessageIds"]

_LONG: Final = 5000  # messages, looked through in a millisecond


class MessageIds:
    """The numbers of a session's messages by their ids.

    They are looked up when a message comes, and not sooner: there may be a thousand, and most sessions are quiet.
    """

    __slots__ = ("_numbers",)

    def __init__(self) -> None:
        self._numbers: dict[str, int] | None = None

    async def prepare(self, open_context: OpenContext) -> None:
        """Look the numbers up before they are asked for, in pieces, where a context is long."""
        if self._numbers is not None or open_context.count <= _LONG:
            return
        context = open_context.context
        numbers = dict.fromkeys(context.archived_ids, 0)
        for messages in in_chunks(context.messages, _LONG):
            # Not by `Message.is_from_outside`, of which the calls for thousands of messages take three times as long.
            numbers |= {each.id: each.number for each in messages if not each.reply_to and not each.turn}
            await checkpoint()
        numbers.update((each.id, each.number) for each in context.waiting if each.is_from_outside)
        self._numbers = numbers

    def number_of(self, message_id: str, context: OpenContext) -> int | None:
        """The number of the message that has this id: 0 if it is in the archive, None if there is none."""
        if self._numbers is None:
            self._numbers = _numbers_in(context.context)
        return self._numbers.get(message_id)

    def add(self, message_id: str, number: int) -> None:
        """A message of a new id is taken; sent once more, it is known, though nothing is durable so far."""
        if self._numbers is not None:
            self._numbers[message_id] = number

    def forget(self) -> None:
        """Look into the context again, for more has changed than that a message was taken."""
        self._numbers = None


def _numbers_in(context: Context) -> dict[str, int]:
    numbers = dict.fromkeys(context.archived_ids, 0)
    known = (*context.messages, *context.waiting)
    return numbers | {each.id: each.number for each in known if each.is_from_outside}
