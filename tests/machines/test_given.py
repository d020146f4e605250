"""Values given to machines in the place of a text or a mapping are refused in a sentence."""

from collections.abc import Callable
from typing import Any

import pytest

from argentos.errors import DiagramError, InputError
from argentos.machines import Diagram, Machine, MachineSnapshot, Runner, migrate
from argentos.machines.exchange import from_scxml
from argentos.storage import SnapshotFile

DOOR = Machine(Diagram.parse("stateDiagram-v2\n    [*] --> Shut\n    Shut --> Open: push\n    Open --> Shut: pull\n"))
NONE: Any = None
SEVEN: Any = 7


@pytest.mark.parametrize(
    ("give", "sentence"),
    [
        (lambda: Diagram.parse(SEVEN), "the diagram is of the type int; give it as text"),
        (lambda: Diagram.from_markdown(NONE), "the Markdown text is of the type NoneType; give it as text"),
        (lambda: from_scxml(SEVEN), "the SCXML is of the type int; give it as text"),
        (lambda: Machine(DOOR.diagram, SEVEN), "the bindings are of the type int; give a mapping"),
        (lambda: Machine(DOOR.diagram, {"push": SEVEN}), "the binding of 'push' is of the type int; give the event"),
    ],
)
def test_a_number_is_no_text_and_no_bindings(give: Callable[[], object], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        give()


def test_half_a_surrogate_pair_is_no_scxml() -> None:
    with pytest.raises(DiagramError, match="half a surrogate pair stands at character 6; write whole ones"):
        from_scxml("<scxml\ud83d/>")


@pytest.mark.anyio
async def test_a_runner_takes_texts_for_events_and_states() -> None:
    async with Runner(DOOR) as door:
        given: tuple[Any, ...] = (7, [], {})
        for event in given:
            with pytest.raises(InputError, match="the event is of the type"):
                await door.offer(event)
            with pytest.raises(InputError, match="the event is of the type"):
                door.can(event)
            with pytest.raises(InputError, match="the state is of the type"):
                door.matches(event)
            with pytest.raises(InputError, match="the state is of the type"):
                await door.wait_for(event)
        assert (await door.send("push")).target == "Open"


@pytest.mark.anyio
async def test_renamed_states_are_a_mapping(tmp_path: Any) -> None:
    async with Runner(DOOR, store=SnapshotFile(tmp_path / "door.json")):
        pass
    snapshot = SnapshotFile(tmp_path / "door.json").load()
    assert isinstance(snapshot, MachineSnapshot)
    other = Machine(Diagram.parse("stateDiagram-v2\n    [*] --> Closed\n    Closed --> Open: push\n"))
    with pytest.raises(InputError, match="the renamed states are of the type int; give a mapping"):
        migrate(snapshot, other, SEVEN)
