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
    assert "names no event" in refused("A --> B: ^!!!")
    assert "names no event" in refused("A --> B: ^[is_ready] / log")


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
    ],
)
def test_a_guard_is_names_of_facts(guard: str, guards: list[str]) -> None:
    ((asked, _),) = machine(f"A --> B: go [{guard}]").ways("A", "go")
    assert [str(each) for each in asked] == guards


@pytest.mark.parametrize("guard", ["n > 3", "f()", "__import__('os')", "a or b", "1", "a.b", "not", "a and"])
def test_a_guard_that_is_no_name_is_refused_and_never_evaluated(guard: str) -> None:
    problem = refused(f"A --> B: go [^{guard}]")
    assert "is no name; a guard names a fact" in problem


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
    waiting = machine("A --> B: after 15m", bindings={"made": "made", "after 15m": "expire"})
    assert waiting.timers("A") == (Timer("expire", "15m", "A"),)


def test_a_second_time_for_a_delay_is_refused() -> None:
    bindings: dict[str, Binding | str] = {"made": "made", "after 15m": Binding("expire", timer="idle_after")}
    assert "bound to the time 'idle_after'" in refused("A --> B: ^after 15m", bindings)


@pytest.mark.parametrize("key", ["Submit order [is_paid]", "Submit order", "submit_order"])
def test_a_binding_is_found_by_the_label_or_by_its_event(key: str) -> None:
    order = machine(
        "A --> B: Submit order [is_paid]",
        bindings={"made": "made", key: Binding("submit", guards=("in_stock",), effects=("ship",))},
    )
    ((asked, transition),) = order.ways("A", "submit")
    assert [str(each) for each in asked] == ["is_paid", "in_stock"]
    assert transition.effects == ("ship",)


def test_what_a_label_shows_counts_even_where_it_is_bound_as_a_whole() -> None:
    bound = machine("A --> B: go [is_ready] / log", bindings={"made": "made", "go [is_ready] / log": "leave"})
    assert bound.decide("A", "leave", SimpleNamespace(is_ready=False)) == Refused("A", "leave", "is_ready")
    assert bound.effects == {"log"}


def test_a_shown_guard_that_the_facts_do_not_have_is_refused() -> None:
    class Facts:
        is_paid = True

    assert Machine(Diagram.parse(HEAD + "A --> B: go [is_paid]"), facts=Facts)
    assert "guarded by 'is_late', which Facts does not have" in refused("A --> B: ^go [not is_late]", facts=Facts)


def test_a_machine_comes_from_any_markdown() -> None:
    text = "# Door\n\n- A list:\n  ```mermaid theme={null}\n  stateDiagram-v2\n    [*] --> Open: Made\n  ```\n"
    door = Machine(Diagram.from_markdown(text), {"Made": "make"})
    assert door.events == ("make",)
