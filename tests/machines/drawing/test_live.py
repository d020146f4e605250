"""What is shown beside the definition: the current state, what was taken, guards and timers."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from argentos.errors import UnknownStateError
from argentos.machines import SESSION, Binding, Diagram, Machine
from argentos.machines.drawing import FORMATS, Format, Live, Traversals, draw
from argentos.machines.drawing.annotations import annotate
from tests.machines.texts import KEYBOARD

LAST = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
KEYS = Machine(Diagram.parse(KEYBOARD))
TYPING = "NumLockOn & CapsLockOff & Lit"


def noted(
    machine: Machine | Diagram, live: Live | None = None, *, guards: bool = False, timers: bool = False
) -> list[str]:
    """Every edge that has annotations, as `source --> target: notes`."""
    lines = annotate(machine, live, guards=guards, timers=timers).lines
    return [f"{edge.source} --> {edge.target}: {', '.join(found)}" for edge, found in lines.items()]


def test_the_current_state_is_marked_and_so_are_those_around_it() -> None:
    live = Live(TYPING)
    mermaid, dot, text = (draw(KEYS, form, live=live) for form in ("mermaid", "dot", "text"))
    assert "class NumLockOn,CapsLockOff,Lit currentState\n" in mermaid
    assert "class On,Quiet aroundCurrent\n" in mermaid
    assert [line.split('"')[1] for line in dot.splitlines() if "#ffd866" in line] == ["NumLockOn", "CapsLockOff", "Lit"]
    assert dot.count('color="#b58900"; penwidth=3;') == 2
    assert [line.strip("║ ").split()[0] for line in text.splitlines() if "◀ current" in line] == [
        "NumLockOn",
        "CapsLockOff",
        "Lit",
    ]


def test_the_svg_marks_the_current_state_by_colour() -> None:
    assert "#ffd866" in draw(SESSION, "svg", live=Live("Idle"))
    assert "#ffd866" not in draw(SESSION, "svg")


@pytest.mark.parametrize("form", FORMATS)
def test_a_picture_of_another_state_is_another_picture(form: Format) -> None:
    assert len({draw(SESSION, form, live=live) for live in (None, Live("Created"), Live("Idle"))}) == 3


def test_both_ends_of_a_life_are_marked() -> None:
    assert "● ◀ current" in draw(KEYS, "text", live=Live("[*]"))
    assert "▶ ◎ ◀ current" in draw(KEYS, "text", live=Live("[end]"))
    marked = [draw(KEYS, "dot", live=Live(state)).splitlines() for state in ("[*]", "[end]")]
    assert [line.split('"')[1] for lines in marked for line in lines if "#ffd866" in line] == ["[start] /0", "[end] /0"]


def test_the_end_of_a_part_is_marked_there_and_nowhere_else() -> None:
    text = "stateDiagram-v2\n[*] --> P: made\nstate P {{\n[*] --> A\nA --> [*]: a\n{}\n}}\nP --> [*]: over"
    for diagram in (text.format(""), text.format("--\n[*] --> B\nB --> [*]: b")):
        machine = Machine(Diagram.parse(diagram))
        state = next(state for state in machine.states if state.startswith("P/"))
        found = [line for line in draw(machine, "text", live=Live(state)).splitlines() if "◎ ◀ current" in line]
        assert [line.strip("║ ").split()[1] for line in found] == ["a"]


def test_an_edge_says_how_often_it_was_taken_and_when_last() -> None:
    live = Live(
        "Active", {"New message": Traversals(3, LAST), "First message": Traversals(1), "Gone since": Traversals(9)}
    )
    assert noted(SESSION, live) == ["[*] --> Created: 1×", "Idle --> Active: 3× · 2026-01-02 03:04:05Z"]
    assert "Idle --> Active: New message<br/>3× · 2026-01-02 03:04:05Z\n" in draw(SESSION, live=live)
    assert r'label="New message\n3× · 2026-01-02 03:04:05Z"' in draw(SESSION, "dot", live=live)
    assert "3× · 2026-01-02 03:04:05Z" in draw(SESSION, "svg", live=live)


def test_times_keep_their_zone() -> None:
    taken = Traversals(1, LAST.astimezone(timezone(timedelta(hours=2))))
    assert noted(SESSION, Live("Idle", {"New message": taken})) == ["Idle --> Active: 1× · 2026-01-02 05:04:05+02:00"]


def test_a_way_through_a_choice_counts_at_all_its_edges() -> None:
    later = LAST + timedelta(days=1)
    live = Live(TYPING, {"Key pressed → [is_enough]": Traversals(2, later), "Key pressed → else": Traversals(3, LAST)})
    assert sorted(noted(KEYS, live)) == [
        "Counting --> enough: 5× · 2026-01-03 03:04:05Z",
        "enough --> Counting: 3× · 2026-01-02 03:04:05Z",
        "enough --> Quiet: 2× · 2026-01-03 03:04:05Z",
    ]
    assert sorted(noted(KEYS.diagram, live)) != []


def test_what_was_taken_together_counts_at_each_and_once() -> None:
    live = Live(TYPING, {"All released & All released": Traversals(2)})
    assert sorted(noted(KEYS, live)) == ["CapsLockOn --> CapsLockOff: 2×", "Counting --> Quiet: 2×"]


def test_edges_with_one_label_are_told_apart_by_the_whole_transition() -> None:
    both = {"Power pressed": Traversals(4)}
    assert noted(KEYS, Live(TYPING, both)) == ["On --> Off: 4×"]
    for transition in KEYS.transitions:
        if transition.label == "Num pressed" and transition.source.startswith("NumLockOff"):
            assert noted(KEYS, Live(TYPING, {str(transition): Traversals(1)})) == ["NumLockOff --> NumLockOn: 1×"]


def test_a_diagram_alone_is_marked_and_counted_by_its_labels() -> None:
    live = Live(TYPING, {"Built": Traversals(1), "Power pressed": Traversals(4)})
    annotations = annotate(KEYS.diagram, live, guards=True, timers=True)
    assert (annotations.current, annotations.around) == (("NumLockOn", "CapsLockOff", "Lit"), ("On", "Quiet"))
    assert noted(KEYS.diagram, live) == ["[*] --> Off: 1×", "On --> Off: 4×"]


@pytest.mark.parametrize("machine", [SESSION, SESSION.diagram])
@pytest.mark.parametrize("form", FORMATS)
def test_a_state_that_the_machine_does_not_have_is_refused(machine: Machine | Diagram, form: Format) -> None:
    with pytest.raises(UnknownStateError, match="'Asleep'"):
        draw(machine, form, live=Live("Asleep"))


def test_guards_and_timers_are_shown_on_request() -> None:
    assert noted(SESSION) == []
    assert noted(SESSION, guards=True) == [
        "Created --> Active: [has_message]",
        "Active --> Idle: [is_quiet]",
        "Active --> Compacted: [compaction_is_due and has_older_messages]",
        "Compacted --> Active: [summary_is_durable and context_fits]",
    ]
    assert noted(SESSION, timers=True) == ["Active --> Idle: after idle_after"]
    assert "after idle_after [is_quiet]" in draw(SESSION, "text", guards=True, timers=True)


def test_guards_and_timers_that_labels_show_are_not_shown_twice() -> None:
    assert noted(KEYS, guards=True, timers=True) == []


def test_a_branch_shows_its_own_guards_and_not_those_of_the_edge_before_it() -> None:
    text = "stateDiagram-v2\n[*] --> A: made\nstate c <<choice>>\nA --> c: go\nc --> B: well\nc --> A: else"
    bindings: dict[str, Binding | str] = {
        "made": "made",
        "go": Binding("go", guards=("is_open",)),
        "well": Binding(guards=("is_well", "not is_late")),
    }
    assert noted(Machine(Diagram.parse(text), bindings), guards=True) == [
        "A --> c: [is_open]",
        "c --> B: [is_well and not is_late]",
    ]


def test_parallel_edges_show_each_their_own_guards() -> None:
    text = """stateDiagram-v2
    [*] --> P: made
    state P {
        [*] --> A
        A --> B: go
        --
        [*] --> C
        C --> D: go on
    }"""
    bindings: dict[str, Binding | str] = {
        "made": "made",
        "go": Binding("go", guards=("x",)),
        "go on": Binding("go", guards=("y",)),
    }
    assert noted(Machine(Diagram.parse(text), bindings), guards=True) == ["A --> B: [x]", "C --> D: [y]"]


def test_the_name_of_a_timer_never_breaks_the_text() -> None:
    diagram = Diagram.parse("stateDiagram-v2\n[*] --> A: made\nA --> [*]: over")
    machine = Machine(diagram, {"made": "made", "over": Binding("over", timer='a::b;c%%"<d>')})
    again = Diagram.parse(draw(machine, timers=True))
    assert again.edges[1].label.startswith("over<br/>after a")
    assert 'after a::b;c%%"<d>' in draw(machine, "text", timers=True)
    assert "after a::b;c" in draw(machine, "svg", timers=True)
