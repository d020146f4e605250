"""The language of guards. In the examples `^` marks where the error has to point."""

import itertools
import time
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argentos.errors import DiagramError
from argentos.machines import Binding, Diagram, Machine, Refused, Transition
from argentos.machines.conditions import MAX_TERMS
from argentos.machines.drawing import draw
from argentos.machines.guards import ask
from argentos.machines.testing import explore, to_promela

HEAD = "stateDiagram-v2\n[*] --> A: made\n"


def guarded(guard: str) -> Machine:
    return Machine(Diagram.parse(f"{HEAD}A --> B: go [{guard}]"))


def holds(guard: str, facts: object = None, data: object = None) -> bool:
    return isinstance(guarded(guard).decide("A", "go", facts, data), Transition)


def refused(marked: str) -> str:
    before, after = f"{HEAD}A --> B: go [{marked}]".split("^")
    with pytest.raises(DiagramError) as caught:
        Machine(Diagram.parse(before + after))
    assert (caught.value.line, caught.value.column) == (before.count("\n") + 1, len(before) - before.rfind("\n"))
    return caught.value.problem


@pytest.mark.parametrize("guard", ["x or y and not z", "x || y && !z", "x OR y, NOT z", "x or (y and (not z))"])
def test_and_binds_closer_than_or(guard: str) -> None:
    for x, y, z in itertools.product((True, False), repeat=3):
        assert holds(guard, {"x": x, "y": y, "z": z}) is (x or (y and not z))


def test_signs_that_keyboards_lack_compare_as_well() -> None:
    assert [holds(f"x {sign} 3", {"x": 4}) for sign in "≠≥≤"] == [True, True, False]


_texts = st.recursive(
    st.sampled_from(["x", "y", "z"]),
    lambda inner: st.one_of(
        inner.map("not ({})".format),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda parts: "({} {} {})".format(*parts)),
    ),
    max_leaves=8,
)


@given(_texts)
def test_whatever_is_joined_means_what_python_means_by_it(text: str) -> None:
    values = list(itertools.product((True, False), repeat=3))
    meant = [bool(eval(text, {}, dict(zip("xyz", each, strict=True)))) for each in values]  # noqa: S307 - our own text
    if not any(meant):
        with pytest.raises(DiagramError, match="never holds"):
            guarded(text)
        return
    machine = guarded(text)
    found = [machine.decide("A", "go", SimpleNamespace(x=x, y=y, z=z)) for x, y, z in values]
    assert [isinstance(each, Transition) for each in found] == meant


@dataclass
class Order:
    total: float = 10.0
    colour: str = "red"
    tags: tuple[str, ...] = ("new",)
    owner: Any = None
    customer: Any = None

    def items(self) -> int:
        return 3


@pytest.mark.parametrize(
    ("guard", "expected"),
    [
        ("total == 10", True),
        ("total != 10", False),
        ("total > 9.5 and total >= 10 and total < 11 and total <= 10", True),
        ("10 < total", False),
        ("items >= 3", True),
        ("colour == 'red'", True),
        ('colour in ("green", "red")', True),
        ("colour not in ('green', 'blue')", True),
        ("not (colour in ('green', 'blue'))", True),
        ("'new' in tags", True),
        ("colour in tags", False),
        ("owner == none", True),
        ("owner != null", False),
        ("customer.name == 'Ann'", True),
        ("customer.city.code == 1", False),
        ("customer.is_known", True),
        ("not customer.is_known", False),
        ("total == true", False),
    ],
)
def test_facts_are_compared(guard: str, *, expected: bool) -> None:
    assert holds(guard, Order(customer={"name": "Ann", "is_known": 1})) is expected


@pytest.mark.parametrize(
    ("guard", "data", "expected"),
    [
        ("event.amount > 5", {"amount": 6}, True),
        ("event.amount > 5", SimpleNamespace(amount=5), False),
        ("event.amount > 5", None, False),
        ("event.user.role in ('admin', 'owner')", {"user": {"role": "owner"}}, True),
        ("event.amount <= total", {"amount": 10}, True),
        ("event.urgent or total > 100", {"urgent": True}, True),
        ("not event.urgent", {}, True),
    ],
)
def test_the_data_of_the_event_is_asked_for(guard: str, data: object, *, expected: bool) -> None:
    assert holds(guard, Order(), data) is expected


@pytest.mark.parametrize("guard", ["colour > 5", "owner < 5", "5 in total", "event.x >= 1", "total in 5"])
def test_what_cannot_be_compared_compares_as_false(guard: str) -> None:
    assert not holds(guard, Order())
    assert holds(f"not ({guard})", Order())


def test_an_in_within_words_is_a_word_unless_one_word_stands_on_either_side() -> None:
    assert guarded("in stock").guards == ("in_stock",)
    assert guarded("item is in stock").guards == ("item_is_in_stock",)
    assert guarded("item in stock").guards == ("item in stock",)


def test_a_refusal_says_what_did_not_hold() -> None:
    decision = guarded("total > 20").decide("A", "go", Order())
    assert decision == Refused("A", "go", "total > 20")
    assert str(decision) == "A refuses 'go': total > 20 is false"
    assert str(guarded("colour != 'red'").decide("A", "go", Order())) == "A refuses 'go': colour != 'red' is false"
    assert str(guarded("not (total > 9)").decide("A", "go", Order())) == "A refuses 'go': total > 9 is true"


@pytest.mark.parametrize(
    ("marked", "problem"),
    [
        (
            "within ^14 days",
            "'14' stands where 'and', 'or' or nothing can; if all of it is one fact, write 'within_14_days'",
        ),
        ("f^()", "'(' stands where 'and', 'or' or nothing can"),
        ("__import__^('os')", "'(' stands where"),
        ("^1", "'1' is no fact; compare it with one, as in 'total > 1'"),
        ("not^", "is no name"),
        ("a and^", "is no name"),
        ("a,^, b", "is no name"),
        ("a ^= 1", "'=' compares nothing; write '=='"),
        ("a ^~ b", "is no part of a guard"),
        ("a and ^else", "the guard 'else' is no name"),
        ("(a or b^", "')' was expected"),
        ("a in (1, 2^", "',' or ')' was expected"),
        ("^a and not a", "the guard 'a and not a' never holds"),
        ("a ^(b)", "'(' stands where 'and', 'or' or nothing can"),
    ],
)
def test_what_the_language_does_not_have_is_refused_where_it_stands(marked: str, problem: str) -> None:
    assert problem in refused(marked)


def test_alternatives_beyond_measure_are_refused() -> None:
    text = " and ".join(f"(a{number} or b{number})" for number in range(20))
    assert f"more than {MAX_TERMS} alternatives" in refused(f"^{text}")


@pytest.mark.parametrize(
    "guard", ["a" + " " * 50_000 + "b", "(" * 50_000 + "a", "not " * 50_000 + "a", " or ".join(["a and b"] * 20_000)]
)
def test_a_hostile_guard_takes_no_time(guard: str) -> None:
    start = time.process_time()
    with pytest.raises(DiagramError, match="characters; 10,000 are the most"):
        guarded(guard)
    assert time.process_time() - start < 1


def test_edges_told_apart_by_comparisons_are_all_taken() -> None:
    bound = Machine(Diagram.parse(f"{HEAD}A --> B: go [n == 1]\nA --> C: go [n != 1 and n < 5]\nA --> D: go"))
    targets = [bound.decide("A", "go", {"n": n}) for n in (1, 2, 9)]
    assert [each.target for each in targets if isinstance(each, Transition)] == ["B", "C", "D"]


def test_an_edge_is_refused_where_each_of_its_alternatives_is_forestalled() -> None:
    with pytest.raises(DiagramError, match="is never taken"):
        Machine(Diagram.parse(f"{HEAD}A --> B: go [x or y]\nA --> C: go [x and z or y]"))
    assert Machine(Diagram.parse(f"{HEAD}A --> B: go [x or y]\nA --> C: go [x or z]")).guards == ("x", "y", "z")


def test_facts_that_a_comparison_asks_for_are_checked_against_their_type() -> None:
    diagram = Diagram.parse(f"{HEAD}A --> B: go [total > 5 and event.x == 1 or weight < 3]")
    with pytest.raises(DiagramError, match="guarded by 'weight', which Order does not have"):
        Machine(diagram, facts=Order)


def test_comparisons_are_facts_to_what_explores_a_machine() -> None:
    bound = guarded("total > 5 or event.urgent")
    seen = explore(bound, 3)
    assert seen.holds
    assert ("total > 5", False) in seen.guards
    assert ask("total > 5", {"total > 5": True})
    promela = to_promela(bound, "B")
    assert "hidden byte fact_total_5;" in promela
    assert "fact_event_urgent" in promela


def test_a_bound_guard_with_alternatives_is_drawn() -> None:
    bound = Machine(
        Diagram.parse(f"{HEAD}A --> B: go"), {"made": "made", "go": Binding("go", guards=("x or total > 5", "z"))}
    )
    assert "[(x or total > 5) and z]" in draw(bound, "text", guards=True)
