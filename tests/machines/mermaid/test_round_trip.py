"""What is written is read as what was meant, and what is read is written so that nothing is lost."""

from hypothesis import given
from hypothesis import strategies as st

from argentos.machines import Diagram, Place
from argentos.machines.mermaid import Document, write
from argentos.machines.mermaid.statements import walk
from argentos.machines.testing.strategies import diagram_texts, documents
from tests.machines.texts import unplaced


@given(documents(), st.sampled_from(["\n", "\r\n", " \t\n"]))
def test_what_is_written_is_read_as_what_was_meant(document: Document, line_end: str) -> None:
    assert unplaced(Diagram.parse(write(document).replace("\n", line_end)).document) == document


@given(diagram_texts())
def test_what_was_read_and_written_is_written_in_the_same_words_ever_after(text: str) -> None:
    assert Diagram.parse(text).to_mermaid() == text


def text_at(text: str, place: Place) -> str:
    """The text from the place on."""
    lines = text.split("\n")
    return "\n".join([lines[place.line - 1][place.column - 1 :], *lines[place.line :]])


@given(diagram_texts())
def test_states_edges_and_labels_stand_where_they_say(text: str) -> None:
    diagram = Diagram.parse(text)
    for state in diagram.states:
        assert state.name in text_at(text, state.place)
    for edge in diagram.edges:
        assert text_at(text, edge.place).startswith(edge.source)
        assert text_at(text, edge.label_place).startswith(f"{edge.label}\n")


@given(diagram_texts())
def test_statements_stand_behind_each_other(text: str) -> None:
    places = [statement.place for statement in walk(Diagram.parse(text).document.body)]
    assert places == sorted(set(places))


@given(diagram_texts())
def test_a_state_belongs_to_a_composite_state_that_has_its_region(text: str) -> None:
    states = {state.name: state for state in Diagram.parse(text).states}
    for state in states.values():
        outer, seen = state, {state.name}
        while outer.within:
            assert outer.region < states[outer.within].regions
            outer = states[outer.within]
            assert outer.name not in seen
            seen.add(outer.name)
