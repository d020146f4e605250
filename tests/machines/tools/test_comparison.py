"""What a change of a machine means for what was stored with the one before."""

import pytest
from hypothesis import given

from argentos.errors import DiagramError, UnknownStateError
from argentos.machines import SESSION, Binding, Diagram, Machine
from argentos.machines.notation import name_of
from argentos.machines.tools.comparison import Comparison, compare
from argentos.machines.tree import START
from tests.machines.generated import machines

DOOR = """\
stateDiagram-v2
    [*] --> Open: made
    Open --> Shut: push
    Shut --> Open: pull
    Shut --> Locked: lock
    Locked --> Shut: unlock
"""

HOUSE = """\
stateDiagram-v2
    [*] --> House: built
    state House {
        [*] --> Dark
        Dark --> Lit: switch
        Lit --> Dark: switch
        --
        [*] --> Cold
        Cold --> Warm: heat
    }
    House --> Ruin: burn
"""


def read(text: str, file: str = "old.mmd") -> Diagram:
    return Diagram.parse(text, file=file)


def told(old: str, *replaced: tuple[str, str]) -> list[str]:
    """Each change as one line, where the new text has these parts of the old one replaced."""
    new = old
    for part, other in replaced:
        assert part in new
        new = new.replace(part, other)
    changes = compare(read(old), read(new, "new.mmd")).changes
    return [f"{'breaking' if change.is_breaking else 'told'} {change}" for change in changes]


def mirrored(comparison: Comparison) -> list[tuple[str, str]]:
    return sorted((change.after, change.before) for change in comparison.changes)


def ends(comparison: Comparison) -> list[tuple[str, str]]:
    return sorted((change.before, change.after) for change in comparison.changes)


def understands(machine: Machine, state: str) -> bool:
    try:
        machine.decide(state, "nothing", object())
    except UnknownStateError:
        return False
    return True


def leaves(machine: Machine, state: str, event: str) -> bool:
    return any(transition.target != state for _, transition in machine.ways(state, event))


# What breaks ------------------------------------------------------------------------------------------------


def test_a_removed_state_breaks_and_so_does_the_edge_into_it_that_alone_left_another_by_its_event() -> None:
    assert told(DOOR, ("    Shut --> Locked: lock\n    Locked --> Shut: unlock\n", "")) == [
        "breaking old.mmd:5:14: Locked is gone; what is stored in Locked would not be understood",
        (
            "breaking old.mmd:5:5: Shut --> Locked: lock: it is gone;"
            " what is stored in Shut may be stuck, for 'lock' does not leave it now"
        ),
        "told old.mmd:6:5: Locked --> Shut: unlock: it is gone",
    ]


def test_a_renamed_state_breaks_and_is_recognised_by_its_edges() -> None:
    assert told(DOOR, ("Locked", "Bolted")) == [
        "breaking old.mmd:5:14: Locked is called Bolted now; what is stored in Locked would not be understood"
    ]


def test_a_removed_edge_breaks_where_its_event_leaves_the_state_no_more() -> None:
    assert told(DOOR, ("    Locked --> Shut: unlock\n", "")) == [
        (
            "breaking old.mmd:6:5: Locked --> Shut: unlock: it is gone;"
            " what is stored in Locked may be stuck, for 'unlock' does not leave it now"
        ),
    ]


def test_an_edge_that_leads_back_to_its_own_state_now_breaks() -> None:
    assert told(DOOR, ("Locked --> Shut: unlock", "Locked --> Locked: unlock")) == [
        (
            "breaking old.mmd:6:5: Locked --> Shut: unlock: its target changed from Shut to Locked;"
            " what is stored in Locked may be stuck, for 'unlock' does not leave it now"
        ),
    ]


def test_another_event_on_an_edge_breaks() -> None:
    changes = told(DOOR, (": unlock", ": open up"))
    assert [line.split(" ")[0] for line in changes] == ["breaking", "told"]


def test_a_state_that_becomes_composite_breaks() -> None:
    inside = "    state Locked {\n        [*] --> Once\n        Once --> Twice: lock\n    }\n"
    assert told(DOOR, ("    [*] --> Open: made\n", f"    [*] --> Open: made\n{inside}"))[0] == (
        "breaking old.mmd:5:14: Locked is a composite state at the top now, not a plain state at the top;"
        " what is stored in Locked would not be understood"
    )


def test_a_state_that_becomes_a_choice_breaks() -> None:
    changes = told(
        DOOR,
        ("    [*] --> Open: made\n", "    [*] --> Open: made\n    state Locked <<choice>>\n"),
        ("Locked --> Shut: unlock", "Locked --> Shut: [is_free]\n    Locked --> Open: else"),
    )
    assert changes[0] == (
        "breaking old.mmd:5:14: Locked is a choice at the top now, not a plain state at the top;"
        " what is stored in Locked would not be understood"
    )


def test_a_state_that_leaves_a_parallel_one_ends_its_combinations() -> None:
    changes = told(HOUSE, ("        --\n        [*] --> Cold\n        Cold --> Warm: heat\n", ""))
    assert changes[:2] == [
        "breaking old.mmd:8:17: Cold is gone; what is stored in Dark & Cold, Lit & Cold would not be understood",
        "breaking old.mmd:9:18: Warm is gone; what is stored in Dark & Warm, Lit & Warm would not be understood",
    ]
    assert (
        "told old.mmd:2:13: House is a composite state at the top now, not a state of 2 regions at the top" in changes
    )


def test_regions_in_another_order_name_their_states_otherwise() -> None:
    swapped = HOUSE.replace("Dark", "X").replace("Cold", "Dark").replace("X", "Cold")
    assert compare(read(HOUSE), read(swapped)).is_breaking


def test_an_end_that_is_no_more_breaks() -> None:
    changes = told(DOOR + "    Open --> [*]: tear down\n", ("    Open --> [*]: tear down\n", ""))
    assert changes[0].startswith("breaking old.mmd:7:28: [end] cannot be reached any more;")


def test_what_breaks_is_told_first() -> None:
    changes = told(DOOR, ("push", "push [is_free]"), ("    Locked --> Shut: unlock\n", ""))
    assert [line.split(" ")[0] for line in changes] == ["breaking", "told"]


# What is only told ------------------------------------------------------------------------------------------


def test_added_states_and_edges_are_told_where_they_stand_in_the_new_diagram() -> None:
    assert told(
        DOOR, ("    Locked --> Shut: unlock\n", "    Locked --> Shut: unlock\n    Open --> Gone: remove\n")
    ) == [
        "told new.mmd:7:14: Gone is new, a plain state at the top",
        "told new.mmd:7:5: Open --> Gone: remove: it is new",
    ]


@pytest.mark.parametrize(
    ("after", "sentence"),
    [
        ("push [is_free]", "its guard changed from none to is_free"),
        ("push / ring, greet", "its effect changed from none to ring and greet"),
        ("push [is_free] / ring", "its guard changed from none to is_free; its effect changed from none to ring"),
        ("Push", "it is labelled 'Push' now"),
    ],
)
def test_guards_effects_and_labels_are_told(after: str, sentence: str) -> None:
    assert told(DOOR, ("push", after)) == [f"told old.mmd:3:5: Open --> Shut: push: {sentence}"]


def test_a_timer_is_told() -> None:
    diagram = read(DOOR)
    bare: dict[str, str | Binding] = {event: event for event in ("made", "pull", "lock", "unlock")}
    timed = Machine(diagram, {**bare, "push": Binding("push", timer="draught")})
    assert [change.sentence for change in compare(diagram, timed).changes] == [
        "Open --> Shut: push: its timer changed from none to draught"
    ]


TIMED = DOOR + "    Open --> Shut: after 5s\n    Locked --> Shut: after 1h / ring\n"


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ("after 5s", "after 10s", "old.mmd:7:5: Open --> Shut: after 5s: its timer changed from 5s to 10s"),
        ("after 5s", "after a_while", "old.mmd:7:5: Open --> Shut: after 5s: its timer changed from 5s to a_while"),
        (
            "Shut: after 1h / ring",
            "Open: after 2h",
            (
                "old.mmd:8:5: Locked --> Shut: after 1h / ring: its target changed from Shut to Open;"
                " its timer changed from 1h to 2h; its effect changed from ring to none"
            ),
        ),
    ],
)
def test_a_timer_of_another_length_is_told(before: str, after: str, sentence: str) -> None:
    assert told(TIMED, (before, after)) == [f"told {sentence}"]


def test_a_timer_that_is_no_more_breaks_where_nothing_else_leaves_the_state() -> None:
    assert [line.split(" ")[0] for line in told(TIMED, ("    Open --> Shut: after 5s\n", ""))] == ["breaking"]


def test_a_removed_edge_is_told_where_another_still_leaves_by_its_event() -> None:
    both = DOOR.replace("Open --> Shut: push", "Open --> Locked: push [is_bolted]\n    Open --> Shut: push")
    assert told(both, ("    Open --> Locked: push [is_bolted]\n", "")) == [
        "told old.mmd:3:5: Open --> Locked: push [is_bolted]: it is gone"
    ]


def test_a_removed_edge_that_led_back_to_its_state_is_told() -> None:
    bell = "    Shut --> Shut: ring\n"
    assert told(DOOR + bell, (bell, "")) == ["told old.mmd:7:5: Shut --> Shut: ring: it is gone"]


def test_an_edge_to_another_state_is_told() -> None:
    assert told(DOOR, ("Locked --> Shut", "Locked --> Open")) == [
        "told old.mmd:6:5: Locked --> Shut: unlock: its target changed from Shut to Open"
    ]


def test_another_beginning_is_told() -> None:
    assert told(DOOR, ("[*] --> Open", "[*] --> Shut"))[0].startswith("told")


@pytest.mark.parametrize(
    "new",
    [
        "\n".join([DOOR.splitlines()[0], *reversed(DOOR.splitlines()[1:])]),
        DOOR.replace("[*]", "%% how it begins\n    [*]"),
        f"{DOOR}    direction LR\n    note right of Open : wide\n    classDef x fill:red\n    class Open x\n",
    ],
)
def test_order_comments_and_looks_make_no_difference(new: str) -> None:
    assert compare(read(DOOR), read(new)).changes == ()


# Whole machines ---------------------------------------------------------------------------------------------


def test_bindings_are_compared_where_machines_are_given() -> None:
    bare = Machine(SESSION.diagram, {edge.label: name_of(edge.label) for edge in SESSION.diagram.edges}, stored=True)
    comparison = compare(SESSION, bare)
    assert not comparison.is_breaking
    assert "is_quiet" in str(comparison)
    assert "idle_after" in str(comparison)


def test_a_diagram_that_cannot_run_is_refused() -> None:
    with pytest.raises(DiagramError, match=r"^new\.mmd:3:5: A --> B has no label"):
        compare(read(DOOR), read("stateDiagram-v2\n    [*] --> A: made\n    A --> B", "new.mmd"))


@given(machines())
def test_a_machine_does_not_differ_from_itself(machine: Machine) -> None:
    assert compare(machine, machine).changes == ()
    assert compare(machine.diagram, machine).changes == ()


def test_edges_alike_only_in_source_and_event_are_paired_in_the_order_of_their_diagrams() -> None:
    both = "\n".join(f"    S --> {state}: {state.lower()}" for state in "TUVW")
    old = read(f"stateDiagram-v2\n    [*] --> S: made\n{both}\n    S --> V: go [p]\n    S --> W: go [q]")
    new = read(
        f"stateDiagram-v2\n    [*] --> S: made\n{both}\n    S --> T: go [x]\n    S --> U: go [y]\n    S --> T: go [z]"
    )
    assert mirrored(compare(old, new)) == ends(compare(new, old))
    assert ("S --> W: go [q]", "S --> U: go [y]") in ends(compare(old, new))


@given(machines(), machines())
def test_the_way_back_is_the_mirror(old: Machine, new: Machine) -> None:
    assert mirrored(compare(old, new)) == ends(compare(new, old))


@given(machines(), machines())
def test_every_state_that_the_new_machine_does_not_understand_breaks(old: Machine, new: Machine) -> None:
    comparison = compare(old, new)
    suffering = {state for change in comparison.changes for state in change.states}
    unknown = {state for state in old.states if not understands(new, state)}
    assert unknown <= suffering
    assert comparison.is_breaking or not unknown


@given(machines(), machines())
def test_only_what_is_not_understood_or_stuck_breaks(old: Machine, new: Machine) -> None:
    for state in {state for change in compare(old, new).changes for state in change.states}:
        stuck = understands(new, state) and any(
            leaves(old, state, event) and not leaves(new, state, event) for event in old.events
        )
        assert state != START
        assert stuck or not understands(new, state)
