"""What UML's machines have, read from mermaid's own text. In the examples `^` marks where the error has to point."""

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from argentos.errors import DiagramError, InputError
from argentos.machines import START, Binding, Diagram, Machine, Timer, Transition
from argentos.machines.testing import MachineSystem, explore

HEAD = "stateDiagram-v2\n[*] --> A: made\n"


def machine(*lines: str, head: str = HEAD, bindings: Mapping[str, Binding | str] | None = None) -> Machine:
    return Machine(Diagram.parse(head + "\n".join(lines)), bindings)


def refused(marked: str, head: str = HEAD, bindings: Mapping[str, Binding | str] | None = None) -> str:
    before, after = (head + marked).split("^")
    with pytest.raises(DiagramError) as caught:
        Machine(Diagram.parse(before + after), bindings)
    assert (caught.value.line, caught.value.column) == (before.count("\n") + 1, len(before) - before.rfind("\n"))
    return caught.value.problem


def taken(bound: Machine, state: str, *events: str, **facts: Any) -> Transition:
    """The last of the transitions that the events take."""
    found: Transition | None = None
    for event in events:
        decision = bound.decide(state, event, SimpleNamespace(**facts))
        assert isinstance(decision, Transition), decision
        found, state = decision, decision.target
    assert found is not None
    return found


# Beginnings, triggers ---------------------------------------------------------------------------------------


def test_a_beginning_without_a_label_starts_here() -> None:
    bound = machine("A --> B: go", head="stateDiagram-v2\n[*] --> A\n")
    assert bound.beginning == "starts_here"
    assert str(taken(bound, START, "starts_here")) == "[*] --> A: Starts here"


def test_a_beginning_without_a_label_may_be_bound() -> None:
    bindings: dict[str, Binding | str] = {"Starts here": Binding("boot", effects=("log",)), "go": "go"}
    bound = machine("A --> B: go", head="stateDiagram-v2\n[*] --> A\n", bindings=bindings)
    assert (bound.beginning, taken(bound, START, "boot").effects) == ("boot", ("log",))
    assert machine("A --> B: go", head="stateDiagram-v2\n[*] --> A\n", bindings={"go": "go"}).beginning == "starts_here"


def test_several_events_may_take_one_edge() -> None:
    bound = machine("A --> B: push, Kick hard, after 5s [is_free] / ring")
    assert bound.events == ("made", "push", "kick_hard", "after_5s")
    assert {taken(bound, "A", event, is_free=True).effects for event in bound.events[1:]} == {("ring",)}
    assert bound.timers("A") == (Timer("after_5s", "5s", "A"),)


def test_each_of_several_events_may_be_bound() -> None:
    bindings: dict[str, Binding | str] = {
        "made": "made",
        "push": "shove",
        "kick": Binding("kick", guards=("is_strong",)),
    }
    bound = machine("A --> B: push, kick", bindings=bindings)
    assert bound.events == ("made", "shove", "kick")
    assert bound.guards == ("is_strong",)
    both = machine("A --> B: moved", bindings={"made": "made", "moved": "push, kick"})
    assert both.events == ("made", "push", "kick")


# Actions of states ------------------------------------------------------------------------------------------


def test_what_is_done_on_the_way_out_and_in_stands_around_the_effects_of_the_edge() -> None:
    bound = machine(
        "A : entry / light",
        "A : exit / dim, lock",
        "A --> D: go / move",
        "state B {",
        "[*] --> C: / set up",
        "C --> D: on",
        "}",
        "B : entry / open<br>exit / close",
        "C : on entry / greet",
        "C : exit / wave",
        "A --> B: in / move",
        "B --> A: out / back",
    )
    assert taken(bound, START, "made").effects == ("light",)
    assert taken(bound, "A", "in").effects == ("dim", "lock", "move", "open", "set_up", "greet")
    assert taken(bound, "C", "out").effects == ("wave", "close", "back", "light")
    assert (bound.entry["B"], bound.exit["A"]) == (("open",), ("dim", "lock"))


def test_an_edge_from_a_state_to_itself_leaves_and_enters_it() -> None:
    bound = machine("A : entry / light", "A : exit / dim", "A --> A: again")
    again = taken(bound, "A", "again")
    assert (again.effects, again.left, again.entered) == (("dim", "light"), ("A",), ("A",))


def test_an_internal_edge_leaves_and_enters_nothing() -> None:
    bound = machine("A : entry / light", "A : on push [is_free] / ring", "A --> B: after 5s")
    push = taken(bound, "A", "push", is_free=True)
    assert (push.target, push.effects, push.left, push.entered) == ("A", ("ring",), (), ())
    system = MachineSystem(bound)
    system.send("made")
    system.advance(3)
    system.send("push")
    assert [each.target for each in system.advance(2)] == ["B"]


def test_an_edge_is_internal_by_its_binding() -> None:
    bindings: dict[str, Binding | str] = {
        "made": "made",
        "push": Binding("push", effects=("ring",), internal=True),
        "go": "go",
    }
    bound = machine("A --> A: push", "A --> B: go", bindings=bindings)
    assert taken(bound, "A", "push").left == ()
    assert "is bound as internal, but leads elsewhere" in refused("^A --> B: push\nA --> A: go", bindings=bindings)


@pytest.mark.parametrize(
    "lines", ["^A : on after 5s / ring", "state A {\n[*] --> B\nB --> C: go\n}\n^A --> C: after 5s"]
)
def test_a_timer_whose_state_is_not_left_is_refused(lines: str) -> None:
    assert "would be due for ever, for its state is not left" in refused(lines)


# Completion -------------------------------------------------------------------------------------------------

PAPER = (
    "state A {",
    "[*] --> Draft",
    "Draft --> [*]: sign / stamp",
    "}",
    "A : exit / file",
)


def test_an_edge_without_a_label_is_taken_once_all_within_its_source_has_ended() -> None:
    bound = machine(*PAPER, "A --> Sent / mail".replace(" / mail", ""), "Sent : entry / mail")
    sent = taken(bound, "Draft", "sign")
    assert (sent.target, sent.effects) == ("Sent", ("stamp", "file", "mail"))
    assert [str(edge) for edge in sent.edges] == ["Draft --> [*]: sign / stamp", "A --> Sent"]
    assert sent.label == "sign / stamp → done"


def test_completion_may_be_guarded_and_have_effects() -> None:
    bound = machine(*PAPER, "A --> Sent: [is_urgent] / hurry", "A --> Kept: [is_draft]")
    assert taken(bound, "Draft", "sign", is_urgent=True).effects == ("stamp", "file", "hurry")
    assert taken(bound, "Draft", "sign", is_urgent=False, is_draft=True).target == "Kept"
    assert taken(bound, "Draft", "sign", is_urgent=False, is_draft=False).target == "A/[end]"


def test_a_state_with_regions_is_complete_once_all_of_them_are() -> None:
    bound = machine("state A {", "[*] --> B", "B --> [*]: one", "--", "[*] --> C", "C --> [*]: two", "}", "A --> Done")
    assert taken(bound, "B & C", "one").target == "A/1/[end] & C"
    assert taken(bound, "B & C", "one", "two").target == "Done"


def test_completion_goes_on_as_far_as_it_can() -> None:
    bound = machine(
        "state A {", "state B {", "[*] --> C", "C --> [*]: go", "}", "[*] --> B", "B --> [*]", "}", "A --> Done"
    )
    assert taken(bound, "C", "go").target == "Done"


def test_an_edge_without_a_label_out_of_a_plain_state_is_refused() -> None:
    assert "has no label, so no event can take it" in refused("^A --> B")


def test_edges_without_events_that_never_come_to_rest_are_refused() -> None:
    text = "state A {\n[*] --> B\n--\n[*] --> C\n}\nstate j <<join>>\nB --> j\nC --> j\n^j --> A"
    assert "follow each other without end" in refused(text)


# History ----------------------------------------------------------------------------------------------------

RADIO_HEAD = "stateDiagram-v2\n"
RADIO = (
    "state A {",
    "[*] --> Am",
    "Am --> Fm: tune",
    "state Fm {",
    "[*] --> Low",
    "Low --> High: up",
    "}",
    'state "[H]" as Again',
    'state "[H*]" as Exactly',
    "}",
    "A --> Off: off",
    "Off --> Again: on",
    "Off --> Exactly: resume",
    "Off --> A: reset",
    "[*] --> Off: bought",
)


def test_a_history_leads_to_what_was_active_last() -> None:
    radio = machine(*RADIO, head=RADIO_HEAD)
    off = taken(radio, "Am", "tune", "up", "off").target
    assert off == "Off ~ Again: Fm, Exactly: High"
    assert radio.active(off) == ("Off",)
    assert radio.innermost(off) == ("Off",)
    assert taken(radio, off, "on").target == "Low"
    assert taken(radio, off, "resume").target == "High"
    assert taken(radio, off, "reset").target == "Am"


def test_a_history_that_remembers_nothing_leads_where_its_own_edge_does_or_its_state_begins() -> None:
    lines = ("A --> Off: off", "Off --> On: on", "Off --> Again: resume")
    inside = ("state On {", "[*] --> B", "B --> C: go", "Again : [H]")
    plain = machine(*lines, *inside, "}", "On --> Off: off")
    led = machine(*lines, *inside, "Again --> C: / warm", "}", "On --> Off: off")
    assert taken(plain, "Off", "resume").target == "B"
    assert taken(led, "Off", "resume") == Transition("Off", "C", "resume", "resume", ("warm",))


def test_a_history_forgets_what_has_ended() -> None:
    bound = machine(
        *("A --> On: on", "On --> A: off", "A --> H1: resume"),
        *("state On {", "[*] --> B", "B --> C: go", "C --> [*]: end", "H1 : [H]", "}"),
    )
    assert taken(bound, "B", "go", "off").target == "A ~ H1: C"
    assert taken(bound, "B", "go", "end", "off").target == "A"


def test_a_history_outside_of_composite_states_is_refused() -> None:
    assert "stands in no composite state whose states it could remember" in refused("A --> ^H: go\nH : [H]")


# Forks and joins --------------------------------------------------------------------------------------------

TRIP = (
    "state split <<fork>>",
    "state meet <<join>>",
    "A --> split: book / pay",
    "split --> Asked: / ask hotel",
    "split --> Taken",
    "state Booking {",
    "[*] --> Idle",
    "Idle --> Asked: ask",
    "Asked --> Room: answered",
    "--",
    "[*] --> Searching",
    "Searching --> Taken: found",
    "Taken --> Seat: confirmed",
    "}",
    "Ready --> Booking: change",
    "Booking : exit / tell",
    "Room --> meet",
    "Seat --> meet: / print",
    "meet --> Ready: / celebrate",
)


def test_a_fork_leads_into_several_regions_at_once_and_a_join_waits_for_all() -> None:
    trip = machine(*TRIP)
    booked = taken(trip, "A", "book")
    assert (booked.target, booked.effects) == ("Asked & Taken", ("pay", "ask_hotel"))
    assert taken(trip, booked.target, "answered").target == "Room & Taken"
    ready = taken(trip, booked.target, "answered", "confirmed")
    assert (ready.target, ready.effects) == ("Ready", ("tell", "print", "celebrate"))
    assert taken(trip, booked.target, "confirmed", "answered").target == "Ready"


def test_a_fork_and_a_join_of_one_region_are_refused() -> None:
    text = "state f <<fork>>\nA --> f: go\nf --> B\n^f --> C\nB --> C: x"
    assert "the fork f has edges of B and C, which are in no two regions of one state" in refused(text)


MERMAIDS_FORK = """\
stateDiagram-v2
    state fork_state <<fork>>
    [*] --> fork_state
    fork_state --> State2
    fork_state --> State3
    State2 --> Tried: try
    Tried --> State2: again
    State3 --> Dropped: drop
    state join_state <<join>>
    Tried --> join_state
    State3 --> join_state
    join_state --> State4
    Dropped --> State4: forget
"""
"""As in mermaid's documentation, with a branch of two states, and a way out."""


def test_a_fork_without_regions_is_refused_with_the_lines_that_make_it_run() -> None:
    with pytest.raises(DiagramError) as caught:
        Machine(Diagram.parse(MERMAIDS_FORK))
    advice = caught.value.problem.partition("add below all else\n")[2]
    assert advice.splitlines() == [
        *("state Parallel {", "    [*] --> State2", "    Tried", "    --", "    [*] --> State3", "}"),
    ]
    bound = Machine(Diagram.parse(MERMAIDS_FORK + advice))
    assert taken(bound, START, "starts_here").target == "State2 & State3"
    assert taken(bound, START, "starts_here", "try").target == "State4"
    assert taken(bound, START, "starts_here", "drop", "forget").target == "State4"


# Into composite states --------------------------------------------------------------------------------------


def test_an_edge_from_a_state_into_a_state_two_levels_inside_leaves_and_enters_what_is_between() -> None:
    bound = machine(
        "state A {", "[*] --> B", "state B {", "[*] --> C", "C --> D: on", "D --> C: after 5s", "}", "}", "A --> D: go"
    )
    go = taken(bound, "C", "go")
    assert (go.left, go.entered) == (("C", "B"), ("B", "D"))
    assert taken(bound, "C", "on").left == ("C",)


# All of it together -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "lines"), [(RADIO_HEAD, RADIO), (HEAD, TRIP), (HEAD, (*PAPER, "A --> Sent: [is_urgent]"))]
)
def test_what_transitions_cannot_define_is_explored_all_the_same(head: str, lines: tuple[str, ...]) -> None:
    bound = machine(*lines, head=head)
    seen = explore(bound, 12)
    assert seen.holds
    assert seen.edges == set(bound.transitions)
    with pytest.raises(InputError, match="transitions cannot define this machine"):
        _ = bound.definition


@pytest.mark.parametrize("fence", list(range(2)))
def test_every_diagram_of_the_page_about_machines_runs(fence: int) -> None:
    page = (Path(__file__).parents[2] / "docs" / "machines.md").read_text(encoding="utf-8")
    text = page.split("```mermaid\n")[fence + 1].split("```")[0]
    bound = Machine(Diagram.parse(text))
    assert explore(bound, 10).edges == set(bound.transitions)
