"""Labels in UML's notation, alone and with bindings. In the examples `^` marks where the error has to point."""

from collections.abc import Mapping
from types import SimpleNamespace

import pytest

from argentos.errors import DiagramError
from argentos.machines import Binding, Diagram, Machine, Refused, Timer, Transition

HEAD = "stateDiagram-v2\n[*] --> A: made\n"


def machine(*lines: str, bindings: Mapping[str, Binding | str] | None = None) -> Machine:
    return Machine(Diagram.parse(HEAD + "\n".join(lines)), bindings)


def refused(marked: str, bindings: Mapping[str, Binding | str] | None = None, facts: type[object] | None = None) -> str:
    before, after = (HEAD + marked).split("^")
    with pytest.raises(DiagramError) as caught:
        Machine(Diagram.parse(before + after), bindings, facts=facts)
    assert (caught.value.line, caught.value.column) == (before.count("\n") + 1, len(before) - before.rfind("\n"))
    return caught.value.problem


def test_a_diagram_runs_without_any_bindings() -> None:
    order = machine("A --> B: Submit order [is_paid] / print bill, notify")
    assert order.events == ("made", "submit_order")
    taken = order.decide("A", "submit_order", SimpleNamespace(is_paid=True))
    assert taken == Transition(
        "A", "B", "submit_order", "Submit order [is_paid] / print bill, notify", ("print_bill", "notify")
    )
    assert order.decide("A", "submit_order", SimpleNamespace(is_paid=False)) == Refused("A", "submit_order", "is_paid")


@pytest.mark.parametrize(
    ("label", "event"),
    [
        ("go", "go"),
        ("Go", "go"),
        ("EvNumLockPressed", "EvNumLockPressed"),
        ("New message", "new_message"),
        ("Go!", "go"),
        ("é", "é"),
    ],
)
def test_a_label_names_its_event(label: str, event: str) -> None:
    assert machine(f"A --> A: {label}").events[1] == event


def test_two_labels_that_name_the_same_event_by_accident_are_refused() -> None:
    problem = refused("A --> B: New message\nB --> A: ^new-message")
    assert problem.startswith("'new-message' and 'New message' are both the event 'new_message'")


def test_a_label_of_signs_alone_names_no_event() -> None:
    assert refused("A --> B: ^!!!") == "the label '!!!' names no event; write 'to B !!!'"
    assert refused("A --> B: ^[is_ready] / log").endswith("write 'to B [is_ready] / log'")


@pytest.mark.parametrize(
    ("guard", "guards"),
    [
        ("is_paid", ["is_paid"]),
        ("is paid", ["is_paid"]),
        ("not is_paid", ["not is_paid"]),
        ("!is_paid", ["not is_paid"]),
        ("is_paid and not is_late", ["is_paid", "not is_late"]),
        ("is_paid && in_stock", ["is_paid", "in_stock"]),
        ("is_paid, in_stock", ["is_paid", "in_stock"]),
        ("is_paid AND in_stock", ["is_paid", "in_stock"]),
        ("NOT is_paid And not in_stock", ["not is_paid", "not in_stock"]),
        ("is_paid<br>and in_stock", ["is_paid", "in_stock"]),
    ],
)
def test_a_guard_is_names_of_facts(guard: str, guards: list[str]) -> None:
    ((asked, _),) = machine(f"A --> B: go [{guard}]").ways("A", "go")
    assert [str(each) for each in asked] == guards


def test_a_guard_behind_not_asks_for_a_false_fact() -> None:
    shop = machine("A --> B: pay [not is_closed]")
    assert isinstance(shop.decide("A", "pay", SimpleNamespace(is_closed=False)), Transition)
    refusal = shop.decide("A", "pay", SimpleNamespace(is_closed=True))
    assert refusal == Refused("A", "pay", "not is_closed")
    assert str(refusal) == "A refuses 'pay': is_closed is true"


def test_edges_told_apart_by_a_fact_and_its_opposite_are_both_taken() -> None:
    fork = machine("A --> B: go [is_up]", "A --> C: go [not is_up]")
    targets = [fork.decide("A", "go", SimpleNamespace(is_up=up)) for up in (True, False)]
    assert [each.target for each in targets if isinstance(each, Transition)] == ["B", "C"]


def test_a_delay_is_a_timer_of_that_name() -> None:
    waiting = machine("A --> B: after 15m", "B --> A: after idle_time [is_quiet] / log")
    assert waiting.timers("A") == (Timer("after_15m", "15m", "A"),)
    assert waiting.timers("B") == (Timer("after_idle_time", "idle_time", "B"),)
    assert waiting.decide("B", "after_idle_time", SimpleNamespace(is_quiet=False)) == Refused(
        "B", "after_idle_time", "is_quiet"
    )


def test_a_delay_may_be_bound_to_an_event() -> None:
    waiting = machine("A --> B: after 15m", bindings={"made": "made", "after 15m": Binding("expire", timer="15m")})
    assert waiting.timers("A") == (Timer("expire", "15m", "A"),)


@pytest.mark.parametrize(
    ("label", "event"),
    [
        ("after payment", "paid"),
        ("Close settings (click outside / Save)", "close"),
        ("GET /users", "users"),
        ("Submit order [is_paid, in_stock] / ship, mail", "submit"),
        ("x | y", "both"),
        ("after(5s)", "tick"),
        ("[n > 3]", "many"),
        ("press<b>!</b>", "press"),
    ],
)
def test_a_binding_overrules_its_label_entirely(label: str, event: str) -> None:
    bound = machine(f"A --> B: {label}", bindings={"made": "made", label: event})
    assert bound.ways("A", event) == (((), Transition("A", "B", event, label)),)
    assert bound.timers("A") == ()
    assert bound.guards == ()
    other = Binding(event, guards=("y",), timer="a_while", effects=("log",))
    bound = machine(f"A --> B: {label}", bindings={"made": "made", label: other})
    assert bound.timers("A") == (Timer(event, "a_while", "A"),)
    assert bound.guards == ("y",)
    assert bound.effects == {"log"}


def test_a_binding_overrules_a_branch_entirely() -> None:
    text = "state c <<choice>>\nA --> c: go\nc --> B: [is_old] / greet\nc --> C: else"
    bound = machine(text, bindings={"made": "made", "go": "go", "[is_old] / greet": "is_new"})
    assert bound.guards == ("is_new",)
    assert bound.effects == frozenset()


def test_a_binding_without_an_event_has_that_of_the_label() -> None:
    bound = machine("A --> B: Go on [x]", bindings={"made": "made", "Go on [x]": Binding(effects=("log",))})
    assert bound.ways("A", "go_on") == (((), Transition("A", "B", "go_on", "Go on [x]", ("log",))),)


@pytest.mark.parametrize(
    ("key", "guards"),
    [
        ("Submit order [is_paid]", ["in_stock"]),
        ("Submit order", ["is_paid", "in_stock"]),
        ("submit_order", ["is_paid", "in_stock"]),
    ],
)
def test_a_binding_of_the_event_in_a_label_leaves_what_the_label_shows_beside_it(key: str, guards: list[str]) -> None:
    order = machine(
        "A --> B: Submit order [is_paid]",
        bindings={"made": "made", key: Binding("submit", guards=("in_stock",), effects=("ship",))},
    )
    ((asked, transition),) = order.ways("A", "submit")
    assert [str(each) for each in asked] == guards
    assert transition.effects == ("ship",)


def test_a_shown_guard_that_the_facts_do_not_have_is_refused() -> None:
    class Facts:
        is_paid = True

    assert Machine(Diagram.parse(HEAD + "A --> B: go [is_paid]"), facts=Facts)
    assert "guarded by 'is_late', which Facts does not have" in refused("A --> B: ^go [not is_late]", facts=Facts)


def test_a_machine_comes_from_any_markdown() -> None:
    text = "# Door\n\n- A list:\n  ```mermaid theme={null}\n  stateDiagram-v2\n    [*] --> Open: Made\n  ```\n"
    door = Machine(Diagram.from_markdown(text), {"Made": "make"})
    assert door.events == ("make",)


@pytest.mark.parametrize("label", ["After 5s", "AFTER 5s", "after   5s", "<br>after 5s"])
def test_the_capitals_and_blanks_of_a_delay_say_nothing(label: str) -> None:
    assert machine(f"A --> B: {label}").timers("A") == (Timer("after_5s", "5s", "A"),)


@pytest.mark.parametrize(
    ("label", "event"),
    [
        ("Key<br>pressed", "key_pressed"),
        ("Key<br />pressed / log<br>it", "key_pressed"),
        ("Key\\npressed", "key_pressed"),
        ("Can#39;t pay", "can_t_pay"),
    ],
)
def test_line_breaks_and_entities_are_no_words_of_an_event(label: str, event: str) -> None:
    assert machine(f"A --> B: {label}").events[1] == event


@pytest.mark.parametrize(
    ("marked", "problem"),
    [
        ("^after(5s)", "a delay is written 'after 5s'"),
        ("^After: 5s", "a delay is written 'after 5s'"),
        ("^after5s", "a delay is written 'after 5s'"),
        ("^after", "a delay is written 'after 5s'"),
        ("^after (5s)", "the delay '(5s)' is neither a name nor a time"),
        ("^x,", "an event was expected before or after ','"),
        ("x ^| y", "'|' stands between two events"),
        ("press ^<b>twice</b>", "'<b>' is markup"),
        ("go ^[]", "'[' belongs to a guard"),
        ("go ^[x] log", "write 'event [guard] / effect'"),
        ("go / ^log [twice]", "the effect 'log [twice]' is no name"),
        ("go / log, ^send(mail)", "the effect 'send(mail)' is no name"),
        ("go / log,^", "the effect '' is no name"),
        ("Close settings (click outside / ^Save)", "the effect 'Save)' is no name"),
        ("go [x and ^else]", "the guard 'else' is no name"),
    ],
)
def test_what_would_be_misread_is_refused_where_it_stands_with_what_to_write(marked: str, problem: str) -> None:
    assert problem in refused(f"A --> B: {marked}")


@pytest.mark.parametrize("marked", ["^pay [x]", "^else [x]", "^after 5s"])
def test_a_branch_with_more_than_a_guard_is_refused(marked: str) -> None:
    assert "leaves a choice" in refused(f"state c <<choice>>\nA --> c: go\nc --> A\nc --> B: {marked}")


def test_else_may_have_capitals() -> None:
    shop = machine("state c <<choice>>\nA --> c: go\nc --> A: Else\nc --> B: [x]")
    assert shop.guards == ("x",)


@pytest.mark.parametrize("label", ["boot", "[ready]", "boot [ready] / setup", "after 5s"])
def test_an_event_or_a_guard_where_a_composite_state_begins_is_refused(label: str) -> None:
    text = f"A --> C: go\nstate C {{\n[*] --> B: ^{label}\n}}"
    assert refused(text).startswith("the edge with which C begins is always taken, so it has no event and no guard")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("A: do / breathe", "a state does nothing on and on; begin it by 'entry / …'"),
        ("A: on entry: beep", "reads like an action; write 'entry / …' or 'exit / …'"),
        ("A: exit /", "names no effect"),
        ("A: entry / a(b)", "the effect 'a(b)' is no name"),
    ],
)
def test_what_reads_like_an_action_of_a_state_and_is_none_is_refused(line: str, problem: str) -> None:
    assert problem in refused(f"^{line}")


def test_a_description_that_is_no_action_is_shown() -> None:
    assert machine("A: entry of goods / returns").diagram.states[0].description == "entry of goods / returns"
