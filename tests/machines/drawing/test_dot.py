"""DOT, as Graphviz understands it."""

import json
import subprocess
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings

from argentos.machines import Diagram, Edge, Machine
from argentos.machines.drawing import draw
from argentos.machines.mermaid.elements import OUTSIDE
from tests.machines.generated import machines
from tests.machines.texts import KEYBOARD

pytestmark = pytest.mark.graphviz


def graph_of(dot: str) -> dict[str, Any]:
    """What Graphviz understands of a text in DOT; it is to have nothing to complain of."""
    command = ["dot", "-Tdot_json"]
    done = subprocess.run(command, input=dot, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    assert (done.returncode, done.stderr) == (0, "")
    graph: dict[str, Any] = json.loads(done.stdout)
    return graph


def node_of(machine: Machine, edge: Edge, name: str, end: str) -> str:
    """Where an edge ends; a composite state has a node in it, at whose border the edge is cut."""
    if name == OUTSIDE:
        return f"[{end}] {edge.within}/{edge.region}"
    return next(f"[{name}]" if state.regions else name for state in machine.diagram.states if state.name == name)


@settings(max_examples=20)
@given(machines())
def test_graphviz_finds_every_state_and_every_edge(machine: Machine) -> None:
    graph = graph_of(draw(machine, "dot"))
    names = [found["name"] for found in graph["objects"]]
    for state in machine.diagram.states:
        assert (f"cluster {state.name}" if state.regions else state.name) in names
    regions = [state.regions for state in machine.diagram.states if state.regions > 1]
    assert sum(name.startswith("cluster ") and "/" in name for name in names) == sum(regions)
    found = Counter((names[edge["tail"]], names[edge["head"]], edge["label"]) for edge in graph["edges"])
    assert found == Counter(
        (node_of(machine, edge, edge.source, "start"), node_of(machine, edge, edge.target, "end"), edge.label)
        for edge in machine.diagram.edges
    )


def test_labels_are_escaped_for_dot() -> None:
    label = r'say "hi" \ there & <b> #59; end'
    graph = graph_of(draw(Diagram.parse(f"stateDiagram-v2\nA --> B: {label}<br/>two"), "dot"))
    assert graph["edges"][0]["label"] == r'say "hi" \\ there &amp; <b> ; end\ntwo'


def test_dot_draws_each_kind_of_state_by_its_shape() -> None:
    kinds = "state f <<fork>>\nstate c <<choice>>\nstate j <<join>>"
    text = f"stateDiagram-v2\n{kinds}\n[*] --> f\nf --> c\nc --> j\nj --> [*]"
    found = graph_of(draw(Diagram.parse(text), "dot"))["objects"]
    shapes = {each["name"]: (each["shape"], each.get("width")) for each in found}
    assert shapes["f"] == shapes["j"] == ("box", "0.8")
    assert shapes["c"] == ("diamond", "0.35")
    assert shapes["[start] /0"] == ("circle", "0.18")
    assert shapes["[end] /0"] == ("doublecircle", "0.13")


def test_dot_gives_parallel_regions_dashed_borders_and_edges_of_composites_end_at_theirs() -> None:
    graph = graph_of(draw(Diagram.parse(KEYBOARD), "dot"))
    regions = {found["name"]: found["style"] for found in graph["objects"] if found["name"].startswith("cluster On/")}
    assert regions == {f"cluster On/{number}": "dashed" for number in range(3)}
    ends = {edge["label"]: (edge.get("ltail"), edge.get("lhead")) for edge in graph["edges"]}
    assert ends["Power pressed [has_power]"] == (None, "cluster On")
    assert ends["after an_hour"] == ("cluster On", None)
    assert ends["Reset"] == (None, None)
