"""A summary made without a model: quotes.

The sentences that say most for their length are kept word for word, each with the number of its message and who said
it. Most of the room is for what an earlier summary has quoted, so that a fact stays however much is said behind it; in
the rest, and in what that leaves, all compete.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from itertools import zip_longest
from typing import Final

from msgspec import Struct

from argentos.concurrency.threads import free
from argentos.llm.counting import TokenCounter, show_life
from argentos.llm.extraction.cues import KINDS, kinds_of
from argentos.llm.extraction.quotes import QUOTED, SAID, quote, speaker_of
from argentos.llm.extraction.sentences import sentences
from argentos.llm.extraction.worth import Worth, shape_of
from argentos.storage import Message, Summary

__all__ = ["extract"]

_PARTS: Final = 10  # of the conversation
_LONGEST_QUOTE: Final = 280  # characters
_LEAST_COST: Final = 8  # tokens of a quote
_USERS: Final = 1.25
"""By how much what people say is worth more than what a model does."""
_PRINTED: Final = 0.3
"""By how much what a machine has printed is worth less."""
_KEPT_BEFORE: Final = 1.15
"""By how much what was quoted before is worth more than its like: a fact does not make room for chatter."""
_HELD: Final = 0.8
"""The part of the room that is for what was quoted before."""
_MOST_FROM_ONE: Final = 4  # quotes
_PIECE: Final = 5000  # lines
_SHORT: Final = 80  # characters, which every line costs
_BY_LENGTH: Final[float] = 0.7
"""The exponent by which length makes worth less: with 0 long sentences win, with 1 it is worth per character."""
_MARKED: Final = (0.0, 0.3, 0.4)  # worth for none, one, and more kinds of facts that a sentence may state


class _Line(Struct, frozen=True, gc=False):  # hundreds of thousands, which the garbage collector need not look at
    """A line of the summary.

    Attributes:
        place: the number of its message.
        said: what is quoted in it, which is worth `worth`.
        kinds: of facts, which that may state.
    """

    place: int
    text: str
    said: str
    worth: float
    kinds: tuple[str, ...]


def extract(messages: Sequence[Message], earlier: Summary | None, *, budget: int, count: TokenCounter) -> str:
    """Quotes from the messages, with the best of an earlier summary, in `budget` local tokens.

    Args:
        messages: not empty, in the order of the conversation.
        earlier: the summary that these messages followed.
        budget: the most tokens; a heading is given even where it is too small for a single quote.
        count: counts tokens.
    """
    numbers = [message.number for message in messages]
    first = earlier.first if earlier else min(numbers)
    heading = f"Messages {first}–{max([*numbers, earlier.last if earlier else 0])}, in quotes chosen without a model:"
    worth = Worth(message.text for message in messages)
    old = [] if earlier is None else list(_quotes(earlier, worth))
    new = [line for message in messages for line in _lines(message, worth)]
    chosen = _choose(old, new, budget - count(heading) - 1, count)
    free(new)
    return "\n".join([heading, *(line.text for line in chosen)])


def _lines(message: Message, worth: Worth) -> Iterator[_Line]:
    """The sentences of a message that are worth most, as quotes."""
    show_life()  # of a hundred thousand messages nothing is counted until all have been looked at
    who = speaker_of(message)
    factor = (_USERS if message.role == "user" else 1.0) * (_PRINTED if _is_printed(message) else 1.0)
    found = [_line(message.number, who, sentence, worth, factor) for sentence in sentences(message.text)]
    ranked = sorted(range(len(found)), key=lambda at: -found[at].worth)[:_MOST_FROM_ONE]
    kept = {at for at in ranked if found[at].kinds or at == ranked[0]}
    yield from (line for at, line in enumerate(found) if at in kept)


def _line(number: int, who: str, sentence: str, worth: Worth, factor: float) -> _Line:
    kinds = kinds_of(sentence)
    value = (worth.of(sentence) + _marked(kinds)) * factor
    return _Line(number, quote(number, who, sentence), sentence, value, kinds)


def _marked(kinds: tuple[str, ...]) -> float:
    return _MARKED[min(len(kinds), len(_MARKED) - 1)]


def _is_printed(message: Message) -> bool:
    """A machine has printed it: most of it is neither letters nor blanks, or it is the result of a tool."""
    if any(block.get("type") == "tool_result" for block in message.blocks):
        return True
    text = message.text
    plain = sum(each.isalpha() or each.isspace() for each in text[:2000])
    return plain < 0.7 * len(text[:2000])


def _quotes(earlier: Summary, worth: Worth) -> Iterator[_Line]:
    """The lines of an earlier summary; a model writes paragraphs, of which only parts may fit."""
    lines = earlier.text.split("\n")
    is_ours = earlier.method == "extractive"
    place = earlier.first
    for line in lines[1:] if is_ours else lines:
        for part in [line] if is_ours or len(line) <= _LONGEST_QUOTE else sentences(line):
            numbered = QUOTED.match(part)
            place = int(numbered[1]) if numbered else place
            if part.strip():
                quoted = SAID.match(part)
                said = quoted[1] if quoted else part
                kinds = kinds_of(said)
                value = (worth.of(said) + _marked(kinds)) * _KEPT_BEFORE
                yield _Line(place, part, said, value, kinds)


def _choose(old: Sequence[_Line], new: Sequence[_Line], room: int, count: TokenCounter) -> list[_Line]:
    """The lines worth most that fit, in their order; of those of one shape the latest counts.

    What was quoted before is taken first, in its part of the room: much chatter is worth something, and would take the
    place of a fact in the long run.
    """
    lines = [*old, *new]
    latest = sorted({shape_of(line.said): at for at, line in enumerate(lines)}.values())
    held = latest[: bisect_left(latest, len(old))]
    taking = _Taking(lines, count)
    left = room - taking.take(held, int(room * _HELD))
    taking.take(latest, left)
    return [lines[at] for at in sorted(taking.taken)]


class _Taking:
    """The lines that are taken, from each kind of facts in turn."""

    def __init__(self, lines: Sequence[_Line], count: TokenCounter) -> None:
        self.taken: set[int] = set()
        self._lines = lines
        self._count = count

    def take(self, places: Sequence[int], room: int) -> int:
        """Take the best of these places as far as the room goes; gives the tokens that they cost."""
        left = room
        for at in self._in_order(places):
            if left < _LEAST_COST:
                break
            if at not in self.taken and (cost := self._count(self._lines[at].text) + 1) <= left:
                self.taken.add(at)
                left -= cost
        return room - left

    def _in_order(self, places: Sequence[int]) -> Iterator[int]:
        ranked = _ranked(places, self._lines)
        by_kind = [[at for at in ranked if kind in self._lines[at].kinds] for kind in KINDS]
        by_kind.append(_spread([at for at in ranked if not self._lines[at].kinds], self._lines))
        return _in_turn(by_kind)


def _ranked(places: Sequence[int], lines: Sequence[_Line]) -> list[int]:
    """The places, those of the lines worth most first; sorted in pieces, for sorting lets no other thread run."""

    def worthless(at: int) -> float:
        line = lines[at]
        return -line.worth / math.pow(_SHORT + len(line.said), _BY_LENGTH)

    pieces = [sorted(places[at : at + _PIECE], key=worthless) for at in range(0, len(places), _PIECE)]
    return list(merge(*pieces, key=worthless))


def _spread(ranked: Sequence[int], lines: Sequence[_Line]) -> list[int]:
    """Ranked lines in turn from equally long parts of the conversation, so that each is represented."""
    if not ranked:
        return []
    places = [lines[at].place for at in ranked]
    first, span = min(places), max(places) - min(places) + 1
    parts: dict[int, list[int]] = {}
    for at in ranked:
        parts.setdefault((lines[at].place - first) * _PARTS // span, []).append(at)
    return list(_in_turn([parts[part] for part in sorted(parts)]))


def _in_turn(ranks: Iterable[Sequence[int]]) -> Iterator[int]:
    """The first of each, then the second of each, and so on."""
    return (at for each in zip_longest(*ranks) for at in each if at is not None)
