"""Whatever a text has become: it is read, or refused at a place within it, and quickly."""

import pytest

from argentos.errors import DiagramError
from argentos.machines import Diagram
from tests.machines.texts import ORDER, assert_read_or_refused_quickly, mutated

LONG = {
    "names": "A" * 100_000,
    "blanks": "A" + " " * 100_000 + "B",
    "hyphens": "A " + "-" * 100_000,
    "colons": "A " + ":" * 100_000,
    "label of brackets": "A --> B: " + "[" * 50_000 + "]" * 50_000,
    "label of slashes": "A --> B: " + "a/" * 50_000,
    "label of entities": "A --> B: " + "#a" * 50_000,
    "label of semicolons": "A --> B: " + "#a;" * 30_000,
    "braces": "state A { " * 10_000,
    "quotes": 'state "' + "x\n" * 50_000,
    "quotes closed": 'state "' + "x\n" * 50_000 + '" as A',
    "directives": "%%{init}%%" * 10_000,
    "comments": "%%" * 50_000,
    "notes": "note left of A\nx\nend note\n" * 5_000,
    "note of long lines": "note left of A\n" + " " * 50_000 + "x\n" + " " * 50_000 + "y",
    "styles": "style " + "A," * 50_000,
    "classes": "class " + "A, " * 30_000,
    "links": "click A " + '"' * 100_000,
    "edges": "A --> B: go [x] / y\n" * 2_000,
    "states": "".join(f"state A{number}\n" for number in range(4_000)),
    "descriptions": "A : x\n" * 4_000,
    "blank lines": "\n" * 100_000 + "?",
}


def test_a_mutated_text_is_read_or_refused_at_a_place_within_it_and_quickly() -> None:
    for text in mutated([ORDER], 1_000):
        assert_read_or_refused_quickly(text)


def test_a_mutated_text_that_is_read_is_written_in_words_that_stay() -> None:
    survivors = 0
    for text in mutated([ORDER], 1_000, seed=5):
        try:
            written = Diagram.parse(text).to_mermaid()
        except DiagramError:
            continue
        survivors += 1
        assert Diagram.parse(written).to_mermaid() == written
    assert survivors > 100


@pytest.mark.parametrize("body", LONG.values(), ids=LONG.keys())
def test_a_long_text_takes_no_more_than_its_length(body: str) -> None:
    assert_read_or_refused_quickly(f"stateDiagram-v2\n{body}\n", limit=1.0)
