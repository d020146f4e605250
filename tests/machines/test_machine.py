"""In the examples `^` stands in front of the character at which the error has to point; it is no part of the text."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import NamedTuple, Protocol, cast

import pytest
from transitions import MachineError

from argentos.errors import DiagramError, InputError, UnknownStateError
from argentos.machines import END, START, Binding, Diagram, Machine, Refused, Timer, Transition
from argentos.machines.drawing import draw

DOOR_TEXT = """\
stateDiagram-v2
    [*] --> Open: Made
    Open --> Shut: Pushed
    Shut --> Open: Pulled
    Shut --> Locked: Key turned
    Locked --> Shut: Key turned back
    Locked --> [*]: Walled up
"""

DOOR_BINDINGS: dict[str, Binding | str] = {
    "Made": "make",
    "Pushed": Binding("push", timer="spring", effects=("click",)),
    "Pulled": "pull",
    "Key turned": Binding("turn", guards=("has_key", "key_fits"), effects=("clack", "log")),
    "Key turned back": Binding("turn", guards=("key_fits",), effects=("log",)),
    "Walled up": "wall",
}


class DoorFacts(Protocol):
    @property
    def has_key(self) -> bool: ...

    @property
    def key_fits(self) -> bool: ...


class Key(NamedTuple):
    has_key: bool = True
    key_fits: bool = True


DOOR = Machine(Diagram.parse(DOOR_TEXT, file="door.mmd"), DOOR_BINDINGS, facts=DoorFacts)


def machine(*lines: str, **bindings: Binding | str) -> Machine:
    """Bindings are given by label; edges begin behind `[*] --> A: made`."""
    text = "\n".join(("stateDiagram-v2", "[*] --> A: made", *lines))
    return Machine(Diagram.parse(text), {"made": "make", **bindings})


def refused(marked: str, bindings: Mapping[str, Binding | str], facts: type[object] | None = None) -> str:
    """The sentence of the refusal, whose place is that of the mark."""
    before, after = marked.split("^")
    diagram = Diagram.parse(before + after, file="door.mmd")
    with pytest.raises(DiagramError) as caught:
        Machine(diagram, bindings, facts=facts)
    place = (before.count("\n") + 1, len(before) - before.rfind("\n"))
    assert (caught.value.file, caught.value.line, caught.value.column) == ("door.mmd", *place)
    assert str(caught.value) == f"door.mmd:{place[0]}:{place[1]}: {caught.value.problem}"
    return caught.value.problem


def test_an_event_takes_its_edge() -> None:
    assert DOOR.decide("Open", "push", Key()) == Transition("Open", "Shut", "push", "Pushed", ("click",))


def test_the_beginning_and_the_end_are_decided_like_everything_else() -> None:
    assert DOOR.decide(START, "make", Key()) == Transition(START, "Open", "make", "Made")
    assert DOOR.decide("Locked", "wall", Key()) == Transition("Locked", END, "wall", "Walled up")


@pytest.mark.parametrize("event", DOOR.events)
def test_nothing_happens_behind_the_end(event: str) -> None:
    assert DOOR.decide(END, event, Key()) == Refused(END, event)


def test_the_same_event_takes_another_edge_in_another_state() -> None:
    taken = [DOOR.decide(state, "turn", Key()) for state in ("Shut", "Locked")]
    assert [edge.label for edge in taken if isinstance(edge, Transition)] == ["Key turned", "Key turned back"]


@pytest.mark.parametrize(
    ("facts", "guard"),
    [
        (Key(has_key=False), "has_key"),
        (Key(key_fits=False), "key_fits"),
        (Key(has_key=False, key_fits=False), "has_key"),
    ],
)
def test_a_refusal_names_the_first_guard_that_is_false(facts: Key, guard: str) -> None:
    decision = DOOR.decide("Shut", "turn", facts)
    assert decision == Refused("Shut", "turn", guard)
    assert str(decision) == f"Shut refuses 'turn': {guard} is false"


@pytest.mark.parametrize("event", ["turn", "make", "explode", ""])
def test_a_refusal_without_guard_means_that_the_state_knows_no_such_event(event: str) -> None:
    decision = DOOR.decide("Open", event, Key())
    assert decision == Refused("Open", event, guard=None)
    assert str(decision) == f"Open knows no event {event!r}"


def test_facts_are_not_asked_when_no_guard_needs_them() -> None:
    assert isinstance(DOOR.decide("Open", "push", object()), Transition)


def test_among_guarded_edges_of_one_event_the_first_that_may_be_taken_is() -> None:
    fork = machine(
        "A --> B: one",
        "A --> C: two",
        "A --> D: rest",
        one=Binding("go", guards=("x",)),
        two=Binding("go", guards=("y",)),
        rest="go",
    )
    targets = {
        (x, y): decision.target
        for x, y in itertools.product((True, False), repeat=2)
        if isinstance(decision := fork.decide("A", "go", SimpleNamespace(x=x, y=y)), Transition)
    }
    assert targets == {(True, True): "B", (True, False): "B", (False, True): "C", (False, False): "D"}


def test_two_edges_between_the_same_states_keep_their_own_effects() -> None:
    twice = machine(
        "A --> B: one",
        "A --> B: two",
        one=Binding("go", guards=("x",), effects=("first",)),
        two=Binding("go", effects=("second",)),
    )
    assert twice.decide("A", "go", SimpleNamespace(x=True)) == Transition("A", "B", "go", "one", ("first",))
    assert twice.decide("A", "go", SimpleNamespace(x=False)) == Transition("A", "B", "go", "two", ("second",))


@pytest.mark.parametrize("state", ["Ajar", "", "open", "[end"])
def test_an_unknown_state_is_an_error_that_names_the_known_ones(state: str) -> None:
    with pytest.raises(UnknownStateError, match=r"door\.mmd has no state .*\[\*\], Open, Shut, Locked, \[end\]"):
        DOOR.decide(state, "push", Key())


def test_a_machine_without_an_edge_to_the_end_has_no_end() -> None:
    endless = machine("A --> B: go", go="go")
    assert endless.states == (START, "A", "B")
    with pytest.raises(UnknownStateError):
        endless.decide(END, "go", object())


def test_a_machine_lists_what_it_is_made_of_in_the_order_of_the_diagram() -> None:
    assert DOOR.states == (START, "Open", "Shut", "Locked", END)
    assert DOOR.events == ("make", "push", "pull", "turn", "wall")
    assert [edge.label for edge in DOOR.transitions] == list(DOOR_BINDINGS)
    assert DOOR.effects == {"click", "clack", "log"}
    assert draw(DOOR) == DOOR_TEXT


def test_a_transition_is_written_as_its_edge() -> None:
    assert str(DOOR.transitions[1]) == "Open --> Shut: Pushed"


def test_a_binding_may_be_just_the_name_of_the_event() -> None:
    assert machine("A --> B: go", go="leave").events == ("make", "leave")


def test_one_label_means_the_same_on_all_its_edges() -> None:
    both = machine("A --> B: go", "B --> A: go", go=Binding("go", timer="soon", effects=("log",)))
    assert [both.timers(state) for state in "AB"] == [(Timer("go", "soon", "A"),), (Timer("go", "soon", "B"),)]
    assert [edge.effects for edge in both.transitions] == [(), ("log",), ("log",)]


def test_a_timer_belongs_to_the_state_that_its_edge_leaves() -> None:
    timers = {state: DOOR.timers(state) for state in DOOR.states if DOOR.timers(state)}
    assert timers == {"Open": (Timer("push", "spring", "Open"),)}


def test_a_state_may_have_several_timers() -> None:
    both = machine(
        "A --> A: remind", "A --> B: expire", remind=Binding("ring", timer="soon"), expire=Binding("end", timer="late")
    )
    assert both.timers("A") == (Timer("ring", "soon", "A"), Timer("end", "late", "A"))


def test_the_effects_behind_a_label_can_be_asked_for() -> None:
    assert DOOR.after("Key turned") == ("clack", "log")
    assert DOOR.after("Made") == DOOR.after("Exploded") == ()


def test_a_state_knows_an_event_whatever_the_guards_say() -> None:
    known = {(state, event) for state in DOOR.states for event in DOOR.events if DOOR.knows(state, event)}
    assert known == {
        (START, "make"),
        ("Open", "push"),
        ("Shut", "pull"),
        ("Shut", "turn"),
        ("Locked", "turn"),
        ("Locked", "wall"),
    }
    assert not DOOR.knows("Ajar", "push")


def test_a_diagram_in_which_nothing_begins_is_refused_at_its_end() -> None:
    assert "the diagram has no beginning" in refused("stateDiagram-v2\nA --> B: go^\n\n%% more\n", {"go": "go"})


def test_a_second_beginning_is_refused_and_names_the_first() -> None:
    problem = refused("stateDiagram-v2\n[*] --> A: made\n  ^[*] --> B: found", {"made": "make", "found": "find"})
    assert "[*] --> A: made stands above" in problem


def test_notes_styles_comments_and_the_like_change_nothing_about_a_machine() -> None:
    dressed = Diagram.parse(
        "---\ntitle: A door\n---\n%%{init: {}}%%\n"
        + DOOR_TEXT
        + "note left of Open : wide\nclassDef loud fill:#f00\nclass Open loud\ndirection LR\naccTitle: A door\n"
        + "hide empty description\nscale 350 width\n%% the end\n"
    )
    bound = Machine(dressed, DOOR_BINDINGS, facts=DoorFacts)
    assert bound.states == DOOR.states
    assert bound.transitions == DOOR.transitions


@pytest.mark.parametrize(("edge", "line"), [("^A --> B", "A --> B: to B"), ("^A --> [*]", "A --> [*]: end")])
def test_an_edge_without_label_is_refused_with_the_line_to_write(edge: str, line: str) -> None:
    assert refused(f"stateDiagram-v2\n[*] --> A: made\n  {edge}", {"made": "make"}).endswith(f"; write '{line}'")


def test_all_edges_without_label_are_named_at_once() -> None:
    text = "[*] --> A: made\n  ^A --> B\nB --> C: go\nB --> [*]\nstate C {\n[*] --> D\n}\nC --> A"
    problem = refused(f"stateDiagram-v2\n{text}", {"made": "make", "go": "go"})
    assert problem.endswith("; write 'A --> B: to B', and likewise in line 5")


def test_a_text_is_no_machine_yet() -> None:
    with pytest.raises(InputError, match=r"write Machine\(Diagram\.parse\(text\)\)$"):
        Machine(cast("Diagram", "stateDiagram-v2\n[*] --> A: made"))


def test_a_state_tells_which_events_it_knows() -> None:
    known = Machine(Diagram.parse("stateDiagram-v2\n[*] --> A: made\nA --> B: push\nA --> B: after 5m\nA --> A: pull"))
    assert known.events_in("A") == ("push", "after_5m", "pull")


def test_a_misspelt_label_is_refused_with_the_one_that_was_meant() -> None:
    marked = DOOR_TEXT.replace("Pushed", "^Pusshed")
    assert "'Pusshed' has no binding; did you mean 'Pushed'?" in refused(marked, DOOR_BINDINGS)


def test_a_label_like_no_other_is_refused_without_a_guess() -> None:
    problem = refused(DOOR_TEXT.replace("Pushed", "^Zzz"), DOOR_BINDINGS)
    assert "'Zzz' has no binding; bind it, or remove the edge" in problem


def test_a_binding_without_edge_is_refused_at_the_end_of_the_diagram() -> None:
    problem = refused(f"{DOOR_TEXT.rstrip()}^\n%% nothing more\n", {**DOOR_BINDINGS, "Kicked": "kick"})
    assert "no edge has the label 'Kicked', which is bound" in problem


def test_a_guard_that_the_facts_do_not_have_is_refused_at_the_label() -> None:
    bindings = {**DOOR_BINDINGS, "Pulled": Binding("pull", guards=("has_hand",))}
    problem = refused(DOOR_TEXT.replace("Pulled", "^Pulled"), bindings, DoorFacts)
    assert problem == "'Pulled' is guarded by 'has_hand', which DoorFacts does not have"


def test_guards_are_taken_on_trust_where_no_facts_are_given() -> None:
    trusting = machine("A --> B: go", go=Binding("go", guards=("anything",)))
    assert trusting.decide("A", "go", SimpleNamespace(anything=False)) == Refused("A", "go", "anything")


@dataclass(frozen=True)
class PlainFacts:
    has_key: bool
    key_fits: bool = True


@dataclass(frozen=True, slots=True)
class SlottedFacts(PlainFacts):
    is_quiet: bool = True


class AnnotatedFacts(Protocol):
    has_key: bool
    key_fits: bool


@pytest.mark.parametrize("facts", [DoorFacts, Key, PlainFacts, SlottedFacts, AnnotatedFacts])
def test_facts_may_be_any_type_that_declares_the_attributes(facts: type[object]) -> None:
    made = Machine(Diagram.parse(DOOR_TEXT), DOOR_BINDINGS, facts=facts)
    assert isinstance(made.decide("Shut", "turn", Key()), Transition)


@pytest.mark.parametrize(
    ("first", "second"),
    [((), ()), ((), ("x",)), (("x",), ("x",)), (("x",), ("y", "x"))],
    ids=["both without guard", "first without guard", "the same guard", "a guard more"],
)
def test_an_edge_that_is_never_taken_because_an_earlier_one_always_wins_is_refused(
    first: tuple[str, ...], second: tuple[str, ...]
) -> None:
    marked = "stateDiagram-v2\n[*] --> A: made\nA --> B: one\n  ^A --> C: two"
    bindings: dict[str, Binding | str] = {
        "made": "make",
        "one": Binding("go", guards=first),
        "two": Binding("go", guards=second),
    }
    assert refused(marked, bindings).startswith("A --> C: two is never taken: A --> B: one has the event 'go'")


def test_a_label_on_two_edges_of_one_state_is_refused() -> None:
    marked = "stateDiagram-v2\n[*] --> A: made\nA --> B: go\n^A --> C: go"
    assert "is never taken" in refused(marked, {"made": "make", "go": Binding("go", guards=("x",))})


def test_an_edge_with_fewer_guards_may_follow_one_with_more() -> None:
    fall_back = machine(
        "A --> B: one", "A --> C: two", one=Binding("go", guards=("x", "y")), two=Binding("go", guards=("x",))
    )
    decision = fall_back.decide("A", "go", SimpleNamespace(x=True, y=False))
    assert decision == Transition("A", "C", "go", "two")


def test_the_definition_drives_any_model_that_has_the_guards_as_attributes() -> None:
    door = SimpleNamespace(has_key=True, key_fits=False)
    definition = Machine(Diagram.parse(DOOR_TEXT), DOOR_BINDINGS).definition
    definition.add_model(door)
    assert door.state == START
    assert door.make()
    assert door.push()
    assert not door.turn()
    assert door.state == "Shut"
    door.key_fits = True
    assert door.turn()
    assert door.wall()
    assert definition.get_state(door.state).final
    with pytest.raises(MachineError, match=r"Can't trigger event push from state \[end\]"):
        door.push()


def test_the_definition_has_no_back_doors() -> None:
    door = SimpleNamespace()
    definition = Machine(Diagram.parse(DOOR_TEXT), DOOR_BINDINGS).definition
    definition.add_model(door)
    assert set(definition.events) == set(DOOR.events)
    assert not [name for name in vars(door) if name.startswith("to_")]


def test_a_state_that_no_way_leads_to_is_refused() -> None:
    marked = "stateDiagram-v2\n[*] --> A: made\nA --> A: stay\n^B --> C: go\nC --> B: back"
    assert refused(marked, {"made": "make", "stay": "stay", "go": "go", "back": "back"}).startswith(
        "B cannot be reached;"
    )


def test_a_machine_whose_states_are_stored_keeps_those_that_no_way_leads_to() -> None:
    diagram = Diagram.parse("stateDiagram-v2\n[*] --> A: made\nB --> A: back")
    kept = Machine(diagram, {"made": "make", "back": "come_back"}, stored=True)
    assert kept.decide("B", "come_back", object()) == Transition("B", "A", "come_back", "back")


def test_a_machine_names_the_guards_it_asks() -> None:
    assert DOOR.guards == ("has_key", "key_fits")


def test_an_event_or_a_state_that_a_program_names_is_there_or_refused_with_its_name() -> None:
    assert (DOOR.event("push"), DOOR.state("Locked")) == ("push", "Locked")
    with pytest.raises(DiagramError, match=r"door.mmd:7:\d+: no edge has the event 'kick', which the program raises"):
        DOOR.event("kick")
    with pytest.raises(DiagramError, match=r"door.mmd:7:\d+: there is no state 'Ajar', which the program asks for"):
        DOOR.state("Ajar")


def test_an_effect_that_a_program_does_not_run_is_refused_at_its_label() -> None:
    DOOR.check_effects({"click", "clack", "log"})
    with pytest.raises(DiagramError, match=r"door.mmd:5:22: 'Key turned' has the effect 'clack', which the program"):
        DOOR.check_effects({"click", "log"})
