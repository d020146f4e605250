"""The reader and mermaid agree on mermaid's own texts, but for `corpus_differences`."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from argentos.errors import DiagramError
from argentos.machines import Diagram, Edge
from argentos.machines.mermaid.statements import Declaration, Note, Statement, Styling
from tests.machines.corpus_differences import ACCEPTED, LABELS, REFUSED
from tests.machines.texts import assert_read_or_refused_quickly, mutated, unplaced

pytestmark = pytest.mark.data

CORPUS = Path(os.environ.get("ARGENT_DATA", Path(__file__).parents[3] / "shared" / "data")) / "mermaid-state.json"


@pytest.fixture(scope="module")
def corpus() -> dict[int, dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads(CORPUS.read_text(encoding="utf-8"))
    return dict(enumerate(entries))


def read_or_refused(text: str) -> Diagram | None:
    try:
        return Diagram.parse(text)
    except DiagramError:
        return None


def named(statement: Statement) -> set[str]:
    """The states that a statement speaks of."""
    match statement:
        case Edge():
            return {statement.source, statement.target} - {"[*]"}
        case Declaration():
            return {statement.name}
        case Note(position, name) if position != "floating":
            return {name}
        case Styling():
            return set(statement.names)
        case _:
            return set()


def states_at_the_top(diagram: Diagram) -> list[str]:
    """What mermaid lists: the states that statements outside composite states speak of."""
    return sorted(set[str]().union(*map(named, diagram.document.body)))


def edges_at_the_top(diagram: Diagram) -> list[list[str]]:
    return [
        [edge.source.replace("[*]", "root_start"), edge.target.replace("[*]", "root_end"), edge.label]
        for edge in diagram.edges
        if not edge.within
    ]


def expected_edges(number: int, entry: dict[str, Any]) -> list[list[str]]:
    differing = LABELS.get(number, {})
    return [[source, target, differing.get(label, (label,))[0]] for source, target, label in entry["edges"]]


def test_the_reader_refuses_and_accepts_as_mermaid_does_but_for_the_table(corpus: dict[int, dict[str, Any]]) -> None:
    readable = {number for number, entry in corpus.items() if read_or_refused(entry["text"])}
    accepted = {number for number, entry in corpus.items() if entry["accepts"]}
    assert accepted - readable == set(REFUSED)
    assert readable - accepted == set(ACCEPTED)


def test_what_both_accept_has_the_same_states_and_edges_but_for_the_table(corpus: dict[int, dict[str, Any]]) -> None:
    for number, entry in corpus.items():
        diagram = read_or_refused(entry["text"])
        if diagram is not None:
            assert states_at_the_top(diagram) == entry["states"], number
            assert edges_at_the_top(diagram) == expected_edges(number, entry), number


def test_every_line_of_the_table_is_a_difference(corpus: dict[int, dict[str, Any]]) -> None:
    for number, differing in LABELS.items():
        listed = {label for _, _, label in corpus[number]["edges"]}
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
