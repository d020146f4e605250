"""States stand where mermaid draws them. In the examples `^` marks where the error has to point."""

import pytest
from hypothesis import given, settings

from argentos.errors import DiagramError
from argentos.machines import Diagram, Machine
from argentos.machines.drawing import draw
from argentos.machines.mermaid import Document, write
from argentos.machines.testing.strategies import drafts
from tests.machines.mermaid.mermaid_model import Drawn, Node, drawn

JUMP = """\
stateDiagram-v2
    [*] --> A: go
    A --> C: jump
    state B {
        [*] --> E
        E --> C: x
    }
    A --> B: y
    B --> A: back
"""


def read(text: str) -> Drawn | None:
    """What the reader makes of it; None where it refuses."""
    try:
        diagram = Diagram.parse(text)
    except DiagramError:
        return None
    return Drawn(
        {state.name: Node(state.kind, state.within, state.region) for state in diagram.states},
        [
            (
                edge.source,
                edge.target,
                edge.label,
                (edge.within, edge.region) if "[*]" in (edge.source, edge.target) else None,
            )
            for edge in diagram.edges
        ],
    )


def homes(*lines: str) -> dict[str, tuple[str, int]]:
    states = Diagram.parse("\n".join(("stateDiagram-v2", *lines))).states
    return {state.name: (state.within, state.region) for state in states}


def test_a_state_that_an_edge_names_outside_first_stands_in_the_composite_state_that_mentions_it() -> None:
    machine = Machine(Diagram.parse(JUMP))
    jumped = machine.decide("A", "jump", object())
    assert machine.active("C") == ("B", "C")
    assert str(jumped) == "A --> C: jump"
    assert str(machine.decide("C", "back", object())) == "C --> A: back"


def test_the_drawings_show_a_state_where_the_machine_has_it() -> None:
    diagram = Diagram.parse(JUMP)
    dot, text = draw(diagram, "dot"), draw(diagram, "text")
    cluster = dot[dot.index('subgraph "cluster B"') :]
    assert '"C" [' in cluster[: cluster.index("\n  }")]
    box = text[text.index("│ B ") :]
    assert "│ C │" in box[: box.index("\n╰")]
    assert Diagram.parse(draw(diagram)).states == diagram.states


def test_the_last_composite_state_that_mentions_a_state_has_it() -> None:
    assert homes("state A {", "B", "}", "state C {", "B", "}")["B"] == ("C", 0)
    assert homes("state A {", "B --> C", "}", "state D {", "note left of C : here", "}")["C"] == ("D", 0)
    assert homes("state A {", "B --> C: x", "--", "B --> D: y", "}")["B"] == ("A", 1)
    assert homes("state A {", "state B {", "C", "}", "}", "state D {", "E --> B: x", "}")["B"] == ("D", 0)


def test_what_stands_outside_all_composite_states_moves_none() -> None:
    assert homes("state A {", "B --> C", "}", "C : waits", "B --> C: go", "state C", "note left of B : x") == {
        "A": ("", 0),
        "B": ("A", 0),
        "C": ("A", 0),
    }


def test_styles_move_no_state_and_make_none() -> None:
    assert homes("state A {", "B", "}", "state C {", "class B loud", "style B,D fill:#f00", "}") == {
        "A": ("", 0),
        "B": ("A", 0),
        "C": ("", 0),
    }


@pytest.mark.parametrize(
    ("marked", "problem"),
    [
        ("state A {\nB --> ^A: done\n}", "A is mentioned within itself, and mermaid would draw it there"),
        ("state A {\nstate B {\n^A --> C: x\n}\n}", "A is mentioned within B, which stands in it"),
        ("state A {\nB\n}\nstate B {\n^A\n}", "A is mentioned within B, which stands in it"),
        ("A --> c\n^state c <<choice>>", "mermaid draws c as a plain state, for line 2 names it first"),
        ("state c <<choice>>\n^state c <<fork>>", "mermaid draws c as a choice, for line 2 names it first"),
        ("state c <<choice>>\n^c : waits", "mermaid draws a choice that has a text as a plain state"),
        ("state c <<fork>>\n^state c {\nA\n}", "c is a fork, and so holds no states"),
        ("state A {\nB\n^--\n}", "nothing stands after the last '--', and then mermaid draws no regions"),
        ("state A {\nB\n^--\n%% nothing\n}", "nothing stands after the last '--'"),
        ("state A {\nB\n--\nC\n}\n^state A {\nD\n}", "A has parallel regions, and so is written in one part"),
        ("state A {\nD\n}\n^state A {\nB\n--\nC\n}", "A has parallel regions, and so is written in one part"),
    ],
)
def test_what_mermaid_draws_otherwise_than_meant_is_refused_where_it_stands(marked: str, problem: str) -> None:
    before, after = f"stateDiagram-v2\n{marked}\n".split("^")
    with pytest.raises(DiagramError) as caught:
        Diagram.parse(before + after)
    assert problem in caught.value.problem
    assert (caught.value.line, caught.value.column) == (before.count("\n") + 1, len(before) - before.rfind("\n"))


@settings(max_examples=300)
@given(drafts())
def test_every_text_is_read_as_mermaid_draws_it_or_refused_where_that_is_not_what_was_meant(draft: Document) -> None:
    assert read(write(draft)) == drawn(draft)
