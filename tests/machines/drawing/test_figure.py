"""Figures: where states stand and edges run."""

import re

import pytest

from argentos.machines import SESSION, START, Diagram, Machine
from argentos.machines.drawing import Figure, FigureState, figure
from argentos.machines.lifecycles.compaction import COMPACTION
from argentos.machines.lifecycles.supervision import SUPERVISION
from argentos.machines.lifecycles.turn import TURN

MACHINES = {"session": SESSION, "turn": TURN, "compaction": COMPACTION, "supervision": SUPERVISION}


@pytest.mark.parametrize("name", MACHINES)
def test_every_state_and_every_edge_of_a_lifecycle_has_its_place(name: str) -> None:
    machine = MACHINES[name]
    drawn = figure(machine)
    plain = {state.name for state in drawn.states if state.kind in {"state", "composite"}}
    assert plain == {state.name for state in machine.diagram.states}
    assert [each.edge for each in drawn.edges] == [str(edge) for edge in machine.diagram.edges]
    assert all(each.path.startswith("M") for each in drawn.edges)
    assert len({(state.x, state.y) for state in drawn.states}) == len(drawn.states)


@pytest.mark.parametrize("name", MACHINES)
def test_an_edge_runs_from_its_source_to_its_target(name: str) -> None:
    drawn = figure(MACHINES[name])
    boxes = {state.name: state for state in drawn.states if state.kind in {"state", "composite"}}
    for edge in drawn.edges:
        ends = re.findall(r"-?[\d.]+,-?[\d.]+", edge.path)
        first, last = (tuple(map(float, ends[at].split(","))) for at in (0, -1))
        if edge.source in boxes:
            assert is_near(boxes[edge.source], *first), edge.edge
        if edge.target in boxes:
            assert is_near(boxes[edge.target], *last), edge.edge


def test_there_is_room_beneath_a_label_for_what_a_host_writes_there() -> None:
    bare, roomy = figure(SESSION), figure(SESSION, room="8888 times, last on Wed")
    for one, other in zip(bare.edges, roomy.edges, strict=True):
        assert other.height > one.height
        assert other.width >= max(130, one.width)


def test_states_stand_inside_the_composite_state_around_them() -> None:
    drawn = figure(TURN)
    outer = place(drawn, "Open")
    for name in ("Running", "Ready", "Calling", "Approving", "Delayed", "Due", "Overflowed", "Interrupted"):
        inner = place(drawn, name)
        assert outer.x < inner.x
        assert inner.x + inner.width < outer.x + outer.width
        assert outer.y < inner.y
        assert inner.y + inner.height < outer.y + outer.height
    assert place(drawn, "Replied").y > outer.y + outer.height


def test_beginnings_and_ends_are_points() -> None:
    drawn = figure(Machine(Diagram.parse("stateDiagram-v2\n[*] --> A: go\nA --> [*]: done")))
    assert [(state.kind, state.name, state.width) for state in drawn.states if state.kind != "state"] == [
        ("start", "", 14.0),
        ("end", "", 18.0),
    ]
    assert drawn.edges[0].source == START


def test_an_edge_without_a_label_has_no_room_for_one() -> None:
    drawn = figure(Diagram.parse("stateDiagram-v2\nA --> B\nB --> A: back"))
    assert [(edge.width > 0, edge.label) for edge in drawn.edges] == [(False, ""), (True, "back")]


def test_choices_and_loops_have_their_places_too() -> None:
    drawn = figure(
        Diagram.parse("stateDiagram-v2\nstate c <<choice>>\nA --> c\nc --> B: [yes]\nc --> A: [no]\nB --> B: on")
    )
    assert [(state.name, state.kind) for state in drawn.states] == [("c", "choice"), ("A", "state"), ("B", "state")]
    assert [edge.edge for edge in drawn.edges] == ["A --> c", "c --> B: [yes]", "c --> A: [no]", "B --> B: on"]


def is_near(box: FigureState, x: float, y: float, slack: float = 14) -> bool:
    """The point lies at the box, or at most an arrow's head away."""
    return box.x - slack <= x <= box.x + box.width + slack and box.y - slack <= y <= box.y + box.height + slack


def place(drawn: Figure, name: str) -> FigureState:
    return next(state for state in drawn.states if state.name == name and state.kind in {"state", "composite"})
