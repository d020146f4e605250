"""The numbers of a session's messages by their ids."""

from argentos.storage import Context
from argentos.storage.open_context import OpenContext

__all__ = ["MessageIds"]


class MessageIds:
    """The numbers of a session's messages by their ids.

    They are looked up when a message comes, and not sooner: there may be a thousand, and most sessions are quiet.
    """

    __slots__ = ("_numbers",)

    def __init__(self) -> None:
        self._numbers: dict[str, int] | None = None

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
    return numbers | {each.id: each.number for each in known if not each.reply_to}
