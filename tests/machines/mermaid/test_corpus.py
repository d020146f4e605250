"""The reader and mermaid agree on mermaid's own texts, but for `corpus_differences`."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from argentos.errors import DiagramError
from argentos.machines import Diagram
from tests.machines.mermaid.corpus_differences import ACCEPTED, LABELS, REFUSED
from tests.machines.mermaid.mermaid_model import Drawn, Node, drawn
from tests.machines.mermaid.test_drawn import read
from tests.machines.texts import assert_read_or_refused_quickly, mutated, unplaced

pytestmark = pytest.mark.data

CORPUS = Path(os.environ.get("ARGENT_DATA", Path(__file__).parents[4] / "shared" / "data")) / "mermaid-state.json"


@pytest.fixture(scope="module")
def corpus() -> dict[int, dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads(CORPUS.read_text(encoding="utf-8"))
    return dict(enumerate(entries))


def read_or_refused(text: str) -> Diagram | None:
    try:
        return Diagram.parse(text)
    except DiagramError:
        return None


def expected(number: int, entry: dict[str, Any]) -> Drawn:
    """What mermaid draws, with the labels as the table has them."""
    labels = LABELS.get(number, {})
    return Drawn(
        {name: Node(*place) for name, place in entry["drawn"].items()},
        sorted(
            (source, target, labels.get(label, (label,))[0], tuple(place) if place else None)
            for source, target, label, place in entry["drawn_edges"]
        ),
    )


def test_the_reader_refuses_and_accepts_as_mermaid_does_but_for_the_table(corpus: dict[int, dict[str, Any]]) -> None:
    readable = {number for number, entry in corpus.items() if read_or_refused(entry["text"])}
    accepted = {number for number, entry in corpus.items() if entry["accepts"]}
    assert accepted - readable == set(REFUSED)
    assert readable - accepted == set(ACCEPTED)


def test_every_state_and_edge_is_read_where_mermaid_draws_it_but_for_the_table(
    corpus: dict[int, dict[str, Any]],
) -> None:
    for number, entry in corpus.items():
        found = read(entry["text"])
        if found is not None:
            assert found._replace(edges=sorted(found.edges)) == expected(number, entry), number


def test_the_model_of_mermaid_draws_as_mermaid_does(corpus: dict[int, dict[str, Any]]) -> None:
    for number, entry in corpus.items():
        diagram = read_or_refused(entry["text"])
        if diagram is not None:
            found = drawn(diagram.document)
            assert found is not None
            assert found._replace(edges=sorted(found.edges)) == expected(number, entry), number


def test_every_line_of_the_table_is_a_difference(corpus: dict[int, dict[str, Any]]) -> None:
    for number, differing in LABELS.items():
        listed = {label for _, _, label, _ in corpus[number]["drawn_edges"]}
        read = {edge.label for edge in Diagram.parse(corpus[number]["text"]).edges}
        for theirs, (ours, _) in differing.items():
            assert theirs in listed - read
            assert ours in read - listed


def test_at_least_92_of_100_accepted_texts_are_read_the_same_to_the_letter(corpus: dict[int, dict[str, Any]]) -> None:
    accepted = [number for number, entry in corpus.items() if entry["accepts"]]
    same = [number for number in accepted if number not in REFUSED and number not in LABELS]
    assert len(same) / len(accepted) >= 0.92


def test_what_is_read_written_and_read_again_is_the_same(corpus: dict[int, dict[str, Any]]) -> None:
    for entry in corpus.values():
        diagram = read_or_refused(entry["text"])
        if diagram is not None:
            again = Diagram.parse(diagram.to_mermaid())
            assert unplaced(again.document) == unplaced(diagram.document)
            assert unplaced(again.states) == unplaced(diagram.states)
            assert unplaced(again.edges) == unplaced(diagram.edges)


def test_ten_thousand_mutated_texts_are_read_or_refused_at_a_place_and_quickly(
    corpus: dict[int, dict[str, Any]],
) -> None:
    for text in mutated([entry["text"] for entry in corpus.values()], 10_000):
        assert_read_or_refused_quickly(text)
