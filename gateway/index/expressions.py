"""Words as full-text search takes them: the trigrams that a message has to contain that contains the words.

A message that contains all trigrams of a word need not contain the word; so whatever is found is looked at.
"""

import sqlite3
from collections.abc import Iterable
from typing import Final

from argentos.gateway.search_text import SearchText

__all__ = ["expression"]

_LENGTH: Final = 3  # characters
_MOST: Final = 16  # trigrams of a word: those of a long one need not all be asked for
_MOST_ENDINGS: Final = 2000  # trigrams that begin with one or two characters: with more, nearly all texts have them
_LAST: Final = "\U0010ffff"


def expression(connection: sqlite3.Connection, wanted: SearchText) -> str | None:
    """The expression for `MATCH`; empty where all messages have to be looked at, None where none has the words."""
    parts: list[str] = []
    for word in (each.replace("\0", "") for each in wanted.words):  # which SQLite passes over in texts, too
        if not word:
            continue
        if len(word) >= _LENGTH:
            parts.append(" AND ".join(map(_quoted, _trigrams(word))))
            continue
        endings = _trigrams_from(connection, word)
        if not endings:
            return None
        if len(endings) <= _MOST_ENDINGS:
            parts.append(" OR ".join(map(_quoted, endings)))
    return " AND ".join(f"({each})" for each in parts)


def _trigrams(word: str) -> Iterable[str]:
    """The trigrams of a word, or of a long one some, from its beginning to its end."""
    last = len(word) - _LENGTH
    places = range(last + 1) if last < _MOST else {round(last * each / (_MOST - 1)) for each in range(_MOST)}
    return dict.fromkeys(word[place : place + _LENGTH] for place in places)


def _trigrams_from(connection: sqlite3.Connection, beginning: str) -> list[str]:
    """The trigrams in the index that begin so, as many as matter: each text ends with characters that complete some."""
    first = "".join(each.lower() for each in beginning)
    found = connection.execute(
        "SELECT term FROM temp.terms WHERE term >= ? AND term < ? LIMIT ?", (first, first + _LAST, _MOST_ENDINGS + 1)
    )
    return [term for (term,) in found]


def _quoted(trigram: str) -> str:
    return '"{}"'.format(trigram.replace('"', '""'))
