"""A summary made without a model: quotes.

From a long conversation the sentences that say most are kept word for word, spread over its whole length,
each with the number of its message and who said it. What was quoted by an earlier summary competes for its
share again, so that the oldest facts fade last, not first.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import Final, NamedTuple

from argentos.llm.counting.tokens import TokenCounter
from argentos.storage import Message, Summary

__all__ = ["extract"]

_SENTENCE: Final = re.compile(r"\S[^\n]*?(?:[.!?](?=\s|\Z)|(?=\n|\Z))")
_WORD: Final = re.compile(r"\w{3,}")
_EXACT: Final = re.compile(r"[\d@#/_]")  # in numbers, addresses, paths, names of things
_TELLING: Final = re.compile(
    r"\b(agreed?|always|because|cannot|decide[ds]?|decision|deadline|don't|has to|must|need(?:s|ed)?|never|plan|"
    r"please|promise[ds]?|remember|should|todo|until|will|won't)\b|\?",
    re.IGNORECASE,
)
_QUOTED: Final = re.compile(r"\[(\d+)\] ")
_LONGEST_QUOTE: Final = 280
_USUAL_COST: Final = 60  # tokens of a quote
_LEAST_COST: Final = 8
_OLD_SHARE: Final = 0.4


class _Line(NamedTuple):
    """A line of the summary, the number of its message, and what it is worth."""

    place: int
    text: str
    worth: float


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
    room = budget - count(heading) - 1
    weights = _weights([message.text for message in messages])
    new = [_best(message, weights) for message in messages]
    old = _quotes(earlier, weights)
    kept_old = _choose(old, int(room * _OLD_SHARE), count)
    room -= sum(count(line.text) + 1 for line in kept_old)
    kept_new = _choose([line for line in new if line is not None], room, count)
    return "\n".join([heading, *(line.text for line in kept_old), *(line.text for line in kept_new)])


class _Weights(NamedTuple):
    """The weight of words: the rarer in some texts, the greater; `unheard` is for words that are in none of them."""

    of: dict[str, float]
    unheard: float


def _weights(texts: Iterable[str]) -> _Weights:
    seen = Counter(word for text in texts for word in set(_words(text)))
    total = sum(seen.values()) or 1
    weights = {word: math.log(total / times) for word, times in seen.items()}
    return _Weights(weights, max(weights.values(), default=1.0))


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]


def _worth(text: str, weights: _Weights) -> float:
    words = set(_words(text))
    telling = sum(weights.of.get(word, weights.unheard) for word in words) / math.sqrt(len(words) + 4)
    exact = sum(1 for word in text.split() if _EXACT.search(word))
    return telling + 1.5 * min(4, exact) + (2.0 if _TELLING.search(text) else 0.0)


def _best(message: Message, weights: _Weights) -> _Line | None:
    """The sentence of a message that is worth most, as a quote."""
    sentences = [sentence.strip() for sentence in _SENTENCE.findall(message.text) if sentence.strip()]
    if not sentences:
        return None
    best = max(sentences, key=lambda sentence: _worth(sentence, weights))
    who = " ".join((message.sender or message.role).split())  # a line of its own would be a quote of its own
    return _Line(message.number, f"[{message.number}] {who}: “{_shorten(best)}”", _worth(best, weights))


def _shorten(sentence: str) -> str:
    """Cut between words, so that no number or name is cut in two."""
    text = " ".join(sentence.split())
    if len(text) <= _LONGEST_QUOTE:
        return text
    cut = text.rfind(" ", 0, _LONGEST_QUOTE)
    return f"{text[:cut]} …" if cut > 0 else "…"


def _quotes(earlier: Summary | None, weights: _Weights) -> list[_Line]:
    if earlier is None:
        return []
    lines = earlier.text.split("\n")
    if earlier.method == "extractive":
        body = lines[1:]
    else:  # a model writes paragraphs, of which only parts may fit
        body = [part for line in lines for part in (_SENTENCE.findall(line) if len(line) > _LONGEST_QUOTE else [line])]
    quotes: list[_Line] = []
    place = earlier.first
    for line in body:
        numbered = _QUOTED.match(line)
        place = int(numbered[1]) if numbered else place
        if line.strip():
            quotes.append(_Line(place, line, _worth(line, weights)))
    return quotes


def _choose(lines: Sequence[_Line], room: int, count: TokenCounter) -> list[_Line]:
    """The lines worth most, taken in turn from equally long parts of the conversation, in their order."""
    if not lines:
        return []
    places = [line.place for line in lines]
    first, span = min(places), max(places) - min(places) + 1
    parts: dict[int, list[int]] = {}
    for index in sorted(range(len(lines)), key=lambda index: -lines[index].worth):
        parts.setdefault((places[index] - first) * max(1, room // _USUAL_COST) // span, []).append(index)
    rounds = zip_longest(*(parts[part] for part in sorted(parts)))
    chosen: list[int] = []
    for index in (index for each in rounds for index in each if index is not None):
        cost = count(lines[index].text) + 1
        if cost <= room:
            chosen.append(index)
            room -= cost
        if room < _LEAST_COST:
            break
    return [lines[index] for index in sorted(chosen)]
