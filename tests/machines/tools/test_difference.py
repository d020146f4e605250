"""Where a diagram shows something else than the one it stands for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argentos.machines import Diagram, Machine
from argentos.machines.drawing import draw
from argentos.machines.testing.strategies import diagram_texts
from argentos.machines.tools.difference import differences
from tests.machines.generated import machines

HOUSE = """\
stateDiagram-v2
    [*] --> House: built
    state House {
        [*] --> Dark
        Dark --> Lit: switch
        Lit --> [*]: off
        --
        [*] --> Cold
        Cold --> Warm: heat
    }
    House --> Ruin: burn
    state Fork <<choice>>
    House --> Fork: choose
    Fork --> Ruin: [is_old]
    Fork --> House
"""


def shown(*replaced: tuple[str, str]) -> list[str]:
    """The differences that a text with other parts has; in front of each its line, where it has one."""
    text = HOUSE
    for part, other in replaced:
        assert part in text
        text = text.replace(part, other)
    found = differences(Diagram.parse(text), Diagram.parse(HOUSE))
    return [f"{place.line}: {sentence}" if place else sentence for sentence, place in found]


@pytest.mark.parametrize(
    ("part", "other", "expected"),
    [
        ("    House --> Ruin: burn\n", "", "House --> Ruin: burn is missing"),
        ("        Lit --> [*]: off\n", "", "Lit --> [*]: off is missing in House"),
        ("[*] --> House: built", "[*] --> House: made", "2: [*] --> House: made is labelled 'built' in the program"),
        ("House --> Ruin: burn", "House --> House: burn", "11: House --> House: burn leads to Ruin in the program"),
        ("House --> Ruin: burn", "Lit --> Ruin: burn", "11: Lit --> Ruin: burn comes from House in the program"),
        (
            "    Fork --> House\n",
            "    Fork --> House\n    Ruin --> House: mend\n",
            "16: Ruin --> House: mend is not in the program",
        ),
        (
            "    House --> Ruin: burn\n",
            "    House --> Ruin: burn\n    House --> Ruin: burn\n",
            "12: House --> Ruin: burn is not in the program",
        ),
        (
            "    state Fork <<choice>>\n",
            "",
            "12: the state Fork is a plain state; in the program, a choice",
        ),
        (
            "    House --> Ruin: burn\n",
            '    House --> Ruin: burn\n    state "Rubble" as Ruin\n',
            "11: the state Ruin is called 'Rubble'; in the program, called 'Ruin'",
        ),
        (
            "    House --> Ruin: burn\n",
            "    House --> Ruin: burn\n    Cellar\n",
            "12: the state Cellar is not in the program",
        ),
    ],
)
def test_a_difference_says_what_and_where(part: str, other: str, expected: str) -> None:
    assert shown((part, other)) == [expected]


def test_a_state_that_is_missing_is_told_with_its_edges() -> None:
    assert shown(("        Cold --> Warm: heat\n", "")) == [
        "the state Warm is missing, a plain state in House",
        "Cold --> Warm: heat is missing",
    ]


def test_a_state_that_stands_elsewhere_is_told() -> None:
    moved = shown(("        Lit --> [*]: off\n", ""), ("    House --> Ruin: burn\n", "    Lit --> [*]: off\n"))
    assert "Lit --> [*]: off stands in House in the program" in " ".join(moved)


def test_a_state_in_another_region_is_told_with_those_it_stands_beside() -> None:
    moved = shown(("        Cold --> Warm", "        Lit\n        Cold --> Warm"))
    assert moved[1] == "5: the state Lit is in a region with Cold, Warm; in the program, in a region with Dark"
    assert "Dark --> Lit" not in " ".join(moved)


def test_the_order_of_regions_and_of_lines_says_nothing() -> None:
    first, second = HOUSE.split("        --\n")
    head, inner = first.split("    state House {\n")
    other, tail = second.split("    }\n")
    swapped = f"{head}    state House {{\n{other}        --\n{inner}    }}\n{tail}"
    assert differences(Diagram.parse(swapped), Diagram.parse(HOUSE)) == ()


@pytest.mark.parametrize(
    "line", ["%% a comment", "direction LR", "note left of Ruin : old", "classDef x fill:red", "class Ruin x"]
)
def test_comments_directions_notes_and_styles_say_nothing(line: str) -> None:
    assert shown(("    House --> Ruin: burn\n", f"    {line}\n    House --> Ruin: burn\n")) == []


@given(diagram_texts())
def test_a_diagram_does_not_differ_from_itself(text: str) -> None:
    assert differences(Diagram.parse(text), Diagram.parse(f"%% above\n{text}")) == ()


@given(machines(), machines())
def test_without_differences_diagrams_have_the_same_states_and_edges(one: Machine, other: Machine) -> None:
    found = differences(one.diagram, other.diagram)
    same = sorted(map(str, one.diagram.edges)) == sorted(map(str, other.diagram.edges)) and {
        state.name for state in one.diagram.states
    } == {state.name for state in other.diagram.states}
    assert same or found


@given(machines(), st.data())
def test_a_label_that_is_changed_is_told_at_its_line(machine: Machine, data: st.DataObject) -> None:
    lines = draw(machine).splitlines()
    labelled = [number for number, line in enumerate(lines) if " --> " in line]
    number = data.draw(st.sampled_from(labelled))
    lines[number] = f"{lines[number].split(': ')[0]}: another label"
    changed = Diagram.parse("\n".join(lines))
    assert [place.line for _, place in differences(changed, machine.diagram) if place] == [number + 1]
