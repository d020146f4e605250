"""Messages of a context that records move, mark, or have requests show less of."""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from operator import attrgetter
from typing import Final

from msgspec import structs

from argentos.storage.messages import REFUSAL, Cut, Message
from argentos.storage.records import Retried, Shortened, TurnEnded

__all__ = ["after_turn", "again", "place_behind", "place_of", "shortened_by", "without"]

_number: Final = attrgetter("number")


def place_of(messages: Sequence[Message], number: int, count: int | None = None) -> int | None:
    """The place in a context of the message of this number; None where there is none.

    Args:
        messages: of the context.
        number: of the message.
        count: how many of the messages there are; by default all.
    """
    count = len(messages) if count is None else count
    near = bisect_left(messages, number, 0, count, key=_number)  # most stand in the order of their numbers
    if near < count and messages[near].number == number:
        return near
    return next((at for at in range(count - 1, -1, -1) if messages[at].number == number), None)


def place_behind(messages: Sequence[Message], number: int, count: int | None = None) -> int:
    """The place in a context behind the message of this number, 0 for none; its end where that has moved.

    Args:
        messages: of the context.
        number: of the message.
        count: how many of the messages there are; by default all.
    """
    if not number:
        return 0
    at = place_of(messages, number, count)
    return at + 1 if at is not None else len(messages) if count is None else count


def without(archived: Iterable[Message], back: Iterable[Message]) -> list[Message]:
    """The messages that left a context, without those that are back in it."""
    numbers = {each.number for each in back}
    return [each for each in archived if each.number not in numbers]


def again(message: Message) -> Message:
    """The message, whose reply went to the archive."""
    return structs.replace(message, again=message.again + 1)


def after_turn(
    messages: list[Message], waiting: list[Message], record: TurnEnded | Retried
) -> tuple[list[Message], list[Message]]:
    """The messages of the context, and those that wait, once a turn has ended or is to run once more."""
    numbers = record.messages
    if isinstance(record, Retried):
        again = _marked([each for each in messages if each.number in numbers], numbers, "")
        return [each for each in messages if each.number not in numbers], waiting + again
    if record.outcome == "refused":
        return [_refused(each) if each.number in numbers or each.turn == record.turn else each for each in messages], (
            waiting
        )
    if record.outcome == "failed":
        return _marked(messages, numbers, record.reason or "the model failed"), waiting
    given_up = [each for each in waiting if each.number in numbers]
    return messages + given_up, [each for each in waiting if each.number not in numbers]


def shortened_by(record: Shortened, messages: Sequence[Message]) -> list[Message]:
    """The messages of the context, once requests show less of some of them."""
    cuts = {each.number: each for each in record.cuts}
    return [_cut(message, cuts[message.number]) if message.number in cuts else message for message in messages]


def _cut(message: Message, cut: Cut) -> Message:
    if cut.characters == 0:
        return structs.replace(message, is_omitted=True, tokens=cut.tokens)
    return structs.replace(message, cut=cut.characters, tokens=cut.tokens)


def _refused(message: Message) -> Message:
    return structs.replace(message, stop_reason=REFUSAL, tokens=0)


def _marked(messages: Sequence[Message], numbers: Collection[int], failure: str) -> list[Message]:
    return [structs.replace(each, failure=failure) if each.number in numbers else each for each in messages]
