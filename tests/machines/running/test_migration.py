"""Lives that were stored with another version of their diagram."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argentos.errors import MigrationError, UnknownStateError
from argentos.machines import START, Diagram, Machine, compare
from argentos.machines.running import MachineSnapshot, MemorySnapshots, Runner, migrate
from tests.machines.generated import machines
from tests.machines.running.doors import DOOR, House, machine, new_clock, stored

BOLTED = Machine(Diagram.parse(DOOR.diagram.to_mermaid().replace("Locked", "Bolted"), file="new.mmd"))
HOUSE = machine(
    "[*] --> Home: built",
    "state Home {",
    "[*] --> Dark",
    "Dark --> Lit: switch",
    "--",
    "[*] --> Cold",
    "Cold --> Warm: heat",
    "}",
    "Home --> Ruin: burn",
)


def snapshot(state: str, **active: float) -> MachineSnapshot:
    store = stored(state=state, active=active)
    assert store.snapshot is not None
    return store.snapshot


@pytest.mark.anyio
async def test_a_life_whose_state_is_still_there_goes_on_under_the_new_diagram() -> None:
    store = MemorySnapshots(snapshot("Closed", Closed=9.0))
    async with Runner(BOLTED, House(), effects=House(), store=store, clock=new_clock()) as runner:
        assert runner.state == "Closed"
        assert store.snapshot is not None
        assert store.snapshot.diagram == BOLTED.diagram.digest


@pytest.mark.anyio
async def test_a_life_whose_state_is_gone_is_refused_with_the_command_that_migrates_it() -> None:
    store = MemorySnapshots(before := snapshot("Locked", Locked=9.0))
    with pytest.raises(MigrationError) as error:
        async with Runner(BOLTED, House(), effects=House(), store=store, clock=new_clock()):
            pass
    assert str(error.value) == (
        "the snapshot was made with another version of new.mmd, in the state 'Locked': new.mmd has no state 'Locked',"
        " only [*], Closed, Open, Bolted; was it removed from the diagram?; say what it is now: argent diagram migrate"
        " OLD new.mmd 'the snapshot' --state Locked=NEW, or Runner(…, migration={'Locked': 'NEW'})"
    )
    assert store.snapshot is before


@pytest.mark.anyio
async def test_a_life_goes_on_in_the_state_that_it_is_told_to_be_in_for_as_long_as_it_has_been() -> None:
    store = MemorySnapshots(snapshot("Locked", Locked=9.0))
    settings: dict[str, Any] = {
        "effects": House(),
        "store": store,
        "clock": new_clock(),
        "migration": {"Locked": "Bolted"},
    }
    async with Runner(BOLTED, House(), **settings) as runner:
        assert runner.state == "Bolted"
        assert store.snapshot is not None
        assert (store.snapshot.diagram, store.snapshot.active) == (BOLTED.diagram.digest, {"Bolted": 9.0})
        await runner.send("unlock")
    async with Runner(BOLTED, House(), **settings) as runner:  # the mapping may stay
        assert runner.state == "Closed"


def test_states_of_regions_are_migrated_each_by_its_name() -> None:
    other = Machine(Diagram.parse(HOUSE.diagram.to_mermaid().replace("Lit", "Bright").replace("Home", "House")))
    names = {"Lit": "Bright", "Home": "House"}
    found = migrate(snapshot("Lit & Warm", Home=5.0, Lit=4.0, Warm=3.0), other, names)
    assert (found.state, found.active) == ("Bright & Warm", {"House": 5.0, "Bright": 4.0, "Warm": 3.0})
    whole = migrate(snapshot("Lit & Warm", Home=5.0), other, {"Lit & Warm": "Ruin"})
    assert (whole.state, whole.active) == ("Ruin", {"Ruin": 0.0})


@given(machines(), st.data())
def test_every_stored_state_of_a_machine_whose_states_get_other_names_is_migrated(
    old: Machine, data: st.DataObject
) -> None:
    names = [state.name for state in old.diagram.states if state.kind == "state"]
    renamed = {name: f"New{name}" for name in data.draw(st.lists(st.sampled_from(names), unique=True))}
    text = re.sub(r"\w+", lambda word: renamed.get(word[0], word[0]), old.diagram.to_mermaid())
    new = Machine(Diagram.parse(text), stored=True)
    assert not compare(old, new, states=renamed).is_breaking
    for state in old.states:
        now = migrate(snapshot(state, **dict.fromkeys(old.active(state), 1.0)), new, renamed)
        assert now.state in new.states
        assert [re.sub(r"\w+", lambda name: renamed.get(name[0], name[0]), each) for each in old.active(state)] == [
            *now.active
        ]
        assert set(now.active.values()) == {1.0}


@given(machines(), machines())
def test_a_state_that_is_not_called_breaking_for_its_name_is_migrated(old: Machine, new: Machine) -> None:
    unknown = {state for change in compare(old, new).changes for state in change.states}
    for state in {*old.states} - unknown:
        assert migrate(snapshot(state), new).state == state


# Comparing with new names -----------------------------------------------------------------------------------------


def test_a_state_with_a_new_name_breaks_nothing_if_it_is_told() -> None:
    assert compare(DOOR, BOLTED).is_breaking
    comparison = compare(DOOR, BOLTED, states={"Locked": "Bolted"})
    assert [str(change) for change in comparison.changes] == ["door.mmd:6:16: Locked is called Bolted now"]


def test_what_would_be_stuck_under_its_new_name_breaks() -> None:
    text = BOLTED.diagram.to_mermaid().replace("    Bolted --> Closed: unlock\n", "")
    comparison = compare(DOOR, Diagram.parse(text), states={"Locked": "Bolted"})
    assert [change.states for change in comparison.changes if change.is_breaking] == [("Locked",)]


@pytest.mark.parametrize("states", [{"Lokced": "Bolted"}, {"Locked": "Blted"}])
def test_a_name_that_neither_version_has_is_an_error(states: dict[str, str]) -> None:
    with pytest.raises(UnknownStateError, match=r"(door|new)\.mmd has no state"):
        compare(DOOR, BOLTED, states=states)
    assert START not in states
