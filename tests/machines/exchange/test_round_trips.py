"""There and back again: a machine that was written in another notation is the same once it is read."""

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings

from argentos.machines import MACHINES, SESSION, Diagram, Machine
from argentos.machines.exchange import convert, from_scxml, from_xstate, to_scxml, to_xstate
from tests.machines.exchange.charts import CHARTS
from tests.machines.exchange.equality import assert_same, behaviour
from tests.machines.generated import machines


def without_labels(config: dict[str, Any]) -> str:
    """A configuration of XState as others write it, whose transitions have no texts."""
    return re.sub(r'"description": "(?:[^"\\]|\\.)*",? ?', "", json.dumps(config)).replace(", }", "}")


def assert_all_come_back(machine: Machine) -> None:
    scxml, config = to_scxml(machine).result, to_xstate(machine).result
    bare = re.sub(r' diagram:label="[^"]*"', "", scxml)
    for found in (from_scxml(scxml), from_scxml(bare), from_xstate(config), from_xstate(without_labels(config))):
        assert found.warnings == ()
        assert_same(machine, Machine(found.result, stored=True))


@settings(max_examples=40)
@given(machines())
def test_every_machine_comes_back_from_scxml_and_from_xstate_with_labels_or_without(machine: Machine) -> None:
    assert_all_come_back(machine)


@pytest.mark.parametrize("name", CHARTS)
def test_all_that_a_diagram_has_comes_back(name: str) -> None:
    assert_all_come_back(Machine(Diagram.parse(CHARTS[name])))


@pytest.mark.parametrize("name", MACHINES)
def test_a_machine_with_bindings_is_written_with_their_meaning(name: str) -> None:
    """Its events come back by their names; its timers, which only bindings say, as delays."""
    machine = MACHINES[name]
    for found in (from_scxml(to_scxml(machine).result), from_xstate(json.dumps(to_xstate(machine).result))):
        again = Machine(found.result, stored=True)
        assert [state.name for state in again.diagram.states] != []
        assert set(again.states) == set(machine.states)
        assert again.guards == machine.guards
        assert again.effects == machine.effects


def test_the_labels_of_a_diagram_come_back_word_for_word() -> None:
    text = SESSION.diagram.to_mermaid()
    for notation in ("scxml", "xstate"):
        there = convert(text, "mermaid", notation)
        back = convert(there.result, notation, "mermaid")
        assert (there.warnings, back.warnings) == ((), ())
        assert sorted(back.result.splitlines()) == sorted(
            [*text.splitlines(), *["    Created", "    Active", "    Idle", "    Compacted"]]
        )


def test_a_name_that_no_diagram_has_is_kept_as_a_title() -> None:
    config = {"initial": "in progress", "states": {"in progress": {"on": {"a.b": "on-hold"}}, "on-hold": {}}}
    found = from_xstate(config)
    assert [(state.name, state.description) for state in found.result.states] == [
        ("in_progress", "in progress"),
        ("on_hold", "on-hold"),
    ]
    assert Machine(found.result).events == ("starts_here", "a_b")


def test_writing_twice_gives_the_same_text() -> None:
    for name, text in CHARTS.items():
        machine = Machine(Diagram.parse(text))
        assert to_scxml(machine).result == to_scxml(machine).result, name
        assert behaviour(machine) == behaviour(Machine(Diagram.parse(text)))


def test_xstate_is_told_where_a_state_begins_by_the_key_and_no_way_that_contradicts_itself() -> None:
    text = "stateDiagram-v2\nstate c <<choice>>\n[*] --> A: made\nstate A {\n[*] --> B: / setup\n}\n"
    machine = Machine(Diagram.parse(f"{text}A --> c: go [x]\nc --> A: [not x]\nc --> D: else"))
    config = to_xstate(machine).result
    assert '"initial": {"target": "B", "actions": ["setup"]}' in json.dumps(config)
    assert machine.ways("B", "go")[0][1].target == "D"


def test_edges_that_lead_on_and_those_that_stay_inside_keep_the_order_in_which_they_are_tried() -> None:
    edges = "A --> B: go [x]\nA : on go [y] / ring\nA --> C: go\nC : on stop [x] / beep\nC --> A: stop"
    assert_all_come_back(Machine(Diagram.parse(f"stateDiagram-v2\n[*] --> A: made\n{edges}\n")))
