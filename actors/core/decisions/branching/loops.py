"""Loops of tool calls in a context: where it may be cut, so that no call is without its result."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Final

from argentos.storage import Message
from argentos.storage.folding.moves import place_of

__all__ = ["begin_of_loop", "steps_of"]

_turn: Final = attrgetter("turn")  # of a hundred thousand messages, now and then


def begin_of_loop(messages: Sequence[Message], at: int) -> int:
    """The place of the first step of the turn that is in progress at this place of a context; else the same place.

    Turns come one after the other. One that has steps is in progress from the first of them to its reply or, where it
    has none, to the last of them.
    """
    turns: list[int] = [*map(_turn, messages)]
    turn = next((each for each in reversed(turns[:at]) if each), 0)
    if not turn:
        return at
    begin, end = turns.index(turn), len(turns) - 1 - turns[::-1].index(turn)
    reply = next((place for place in range(end + 1, len(messages)) if messages[place].reply_to), None)
    if reply is not None and _asked(messages[:begin], messages[reply]):
        end = reply
    return begin if at <= end else at


def steps_of(messages: Sequence[Message], reply: int) -> tuple[list[Message], list[Message]]:
    """The messages that a reply answers, as far as they are in the context, and the steps that its turn took.

    Args:
        messages: of the context.
        reply: its place among them.
    """
    asked = _asked(messages[:reply], messages[reply])
    begin = place_of(messages, asked[-1].number) if asked else reply
    return asked, [each for each in messages[begin:reply] if each.turn]


def _asked(before: Sequence[Message], reply: Message) -> list[Message]:
    """The messages that a reply answers, of those in front of it: most are among the last."""
    wanted, found = {*reply.reply_to}, list[Message]()
    for message in reversed(before):
        if len(found) == len(wanted):
            break
        if message.id in wanted and message.is_from_outside:
            found.append(message)
    return found[::-1]
