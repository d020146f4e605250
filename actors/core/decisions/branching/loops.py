"""Loops of tool calls in a context: where it may be cut, so that no call is without its result."""

from collections.abc import Sequence

from argentos.storage import Message

__all__ = ["begin_of_loop", "steps_of"]


def begin_of_loop(messages: Sequence[Message], at: int) -> int:
    """The place of the first step of the turn that is in progress at this place of a context; else the same place.

    Turns come one after the other. One that has steps is in progress from the first of them to its reply or, where it
    has none, to the last of them.
    """
    turn = next((messages[each].turn for each in range(at - 1, -1, -1) if messages[each].turn), 0)
    if not turn:
        return at
    steps = [place for place, each in enumerate(messages) if each.turn == turn]
    end = steps[-1]
    reply = next((place for place in range(end + 1, len(messages)) if messages[place].reply_to), None)
    if reply is not None and _asked(messages[: steps[0]], messages[reply]):
        end = reply
    return steps[0] if at <= end else at


def steps_of(messages: Sequence[Message], reply: int) -> tuple[list[Message], list[Message]]:
    """The messages that a reply answers, as far as they are in the context, and the steps that its turn took.

    Args:
        messages: of the context.
        reply: its place among them.
    """
    asked = _asked(messages[:reply], messages[reply])
    begin = next((place for place, each in enumerate(messages) if asked and each is asked[-1]), reply)
    return asked, [each for each in messages[begin:reply] if each.turn]


def _asked(messages: Sequence[Message], reply: Message) -> list[Message]:
    return [each for each in messages if each.is_from_outside and each.id in reply.reply_to]
