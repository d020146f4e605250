"""Diagrams of machines that were written for transitions."""

from transitions import Machine as Flat
from transitions.extensions import HierarchicalMachine

from argentos.machines import Machine
from argentos.machines.exchange import from_transitions


def test_a_flat_machine_with_conditions_and_callbacks_becomes_a_diagram_that_runs() -> None:
    given = Flat(
        None,
        states=["solid", {"name": "liquid", "on_enter": "drip", "on_exit": ["dry", "wipe"]}, "gas"],
        transitions=[
            {
                "trigger": "melt",
                "source": "solid",
                "dest": "liquid",
                "conditions": "is_hot",
                "unless": "is_sealed",
                "before": "heat",
            },
            {"trigger": "boil", "source": ["solid", "liquid"], "dest": "gas", "after": "whistle"},
            {"trigger": "stir", "source": "liquid", "dest": None, "after": "swirl"},
            {"trigger": "shake", "source": "*", "dest": "="},
        ],
        initial="solid",
    )
    found = from_transitions(given)
    machine = Machine(found.result)
    assert found.warnings == ()
    assert machine.states == ("[*]", "solid", "liquid", "gas")
    assert set(machine.events) == {"starts_here", "melt", "boil", "shake", "stir"}
    (guards, way), *_ = machine.ways("solid", "melt")
    assert ([str(guard) for guard in guards], way.target, way.effects) == (
        ["is_hot", "not is_sealed"],
        "liquid",
        ("heat", "drip"),
    )
    assert machine.ways("liquid", "boil")[0][1].effects == ("dry", "wipe", "whistle")
    assert machine.ways("liquid", "stir")[0][1].left == ()


def test_a_nested_machine_with_parallel_states_becomes_composites_and_regions() -> None:
    given = HierarchicalMachine(
        None,
        states=[
            "off",
            {
                "name": "on",
                "initial": "idle",
                "children": ["idle", "busy"],
                "transitions": [["work", "idle", "busy"]],
            },
            {
                "name": "both",
                "parallel": [
                    {"name": "left", "children": ["a", "b"], "initial": "a", "transitions": [["go", "a", "b"]]},
                    {"name": "right", "children": ["c", "d"], "initial": "c"},
                ],
            },
        ],
        transitions=[["start", "off", "on"], ["split", "on_busy", "both"], ["stop", "both", "off"]],
        initial="off",
    )
    found = from_transitions(given)
    machine = Machine(found.result, stored=True)
    assert found.warnings == ()
    assert machine.active("on_idle") == ("on", "on_idle")
    assert machine.ways("on_idle", "work")[0][1].target == "on_busy"
    assert machine.ways("on_busy", "split")[0][1].target == "both_left_a & both_right_c"
    assert machine.ways("both_left_a & both_right_c", "go")[0][1].target == "both_left_b & both_right_c"


def test_what_a_diagram_cannot_say_is_listed() -> None:
    given = Flat(None, states=["a", "b"], initial="a", before_state_change="log")
    given.add_transition("go", "a", "b", conditions=lambda: True)
    assert from_transitions(given).warnings == (
        "a function without a name, at a go, is called 'unnamed'",
        "'before_state_change' of the machine is left out: write its effects at the edges",
    )
