"""Texts with the counts of three tokenizers: `texts.json`, which `make_texts` has made."""

from pathlib import Path
from random import Random
from typing import Final, NamedTuple

import msgspec

from argentos.llm import count_tokens
from benchmarks.counting.sentences import SENTENCES

__all__ = ["COUNTERS", "KINDS", "TEXTS_FILE", "Text", "read_texts", "write_texts"]

TEXTS_FILE: Final = Path(__file__).with_name("texts.json")
KINDS: Final = tuple(SENTENCES)
COUNTERS: Final = ("claude-2", "o200k", "gemma-3")
_EACH: Final = 30  # texts of a kind
_LONGEST: Final = 24  # sentences


class Text(NamedTuple):
    """A text of a message.

    Attributes:
        kind: language, or what machine wrote it.
        local: its tokens, counted locally.
        counts: its tokens by each of `COUNTERS`.
    """

    kind: str
    text: str
    local: int
    counts: dict[str, int]


def read_texts() -> list[Text]:
    """The committed texts, counted locally as the program does."""
    stored = msgspec.json.decode(TEXTS_FILE.read_bytes(), type=list[tuple[str, str, dict[str, int]]])
    return [Text(kind, text, count_tokens(text), counts) for kind, text, counts in stored]


def write_texts(seed: int = 7) -> list[tuple[str, str]]:
    """Make texts of each kind, short and long: kind and text of each."""
    random = Random(seed)  # noqa: S311 - the same each time
    found: list[tuple[str, str]] = []
    for kind, sentences in SENTENCES.items():
        joint = "" if sentences[0].endswith("\n") else " "
        for _ in range(_EACH):
            count = random.choice((1, 2, 3, 5, 8, _LONGEST))
            drawn = [
                each.format(*(random.randrange(10**4) for _ in range(3))) for each in random.choices(sentences, k=count)
            ]
            found.append((kind, joint.join(drawn)))
    return found
