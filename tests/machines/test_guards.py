"""Guards are attributes of the facts, or methods that take no argument."""

import functools
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from types import MappingProxyType, SimpleNamespace
from typing import Any, Protocol

import pytest

from argentos.errors import DiagramError, InputError
from argentos.machines import Diagram, Machine, Refused, Transition
from argentos.machines.modelcheck.oracle import Oracle
from argentos.machines.testing import Coverage, MachineSystem

TEXT = "stateDiagram-v2\n[*] --> A: made\nA --> B: push [is_unlocked]"
DOOR = Machine(Diagram.parse(TEXT))


class Door:
    """A door whose guards are of every kind that is taken."""

    def __init__(self, *, unlocked: bool) -> None:
        self.unlocked = unlocked
        self.by_instance: Callable[[], bool] = lambda: self.unlocked

    def by_method(self) -> bool:
        return self.unlocked

    def by_default(self, hard: int = 1) -> bool:
        return self.unlocked and bool(hard)

    @property
    def by_property(self) -> bool:
        return self.unlocked

    @functools.cached_property
    def by_cache(self) -> bool:
        return self.unlocked

    @classmethod
    def by_class(cls) -> bool:
        return True

    @staticmethod
    def by_nobody() -> bool:
        return True

    by_partial = functools.partialmethod(by_default, hard=1)


@pytest.mark.parametrize(
    "name", ["unlocked", "by_instance", "by_method", "by_default", "by_property", "by_cache", "by_partial"]
)
def test_what_takes_no_argument_is_called(name: str) -> None:
    made = Machine(Diagram.parse(TEXT.replace("is_unlocked", name)))
    assert made.decide("A", "push", Door(unlocked=False)) == Refused("A", "push", name)
    assert isinstance(made.decide("A", "push", Door(unlocked=True)), Transition)


@pytest.mark.parametrize("name", ["by_class", "by_nobody"])
def test_methods_of_the_class_are_called_too(name: str) -> None:
    made = Machine(Diagram.parse(TEXT.replace("[is_unlocked]", f"[not {name}]")), facts=Door)
    assert isinstance(made.decide("A", "push", Door(unlocked=True)), Refused)


@pytest.mark.parametrize(("value", "holds"), [(1, True), ("no", True), (0, False), ("", False), (None, False)])
def test_a_guard_holds_if_its_value_is_true_in_the_sense_of_bool(value: object, *, holds: bool) -> None:
    for facts in (SimpleNamespace(is_unlocked=value), SimpleNamespace(is_unlocked=lambda: value)):
        assert isinstance(DOOR.decide("A", "push", facts), Transition) is holds


async def later() -> bool:
    return False


def needy(key: str) -> bool:
    return bool(key)


@pytest.mark.parametrize(
    ("guard", "problem"),
    [
        (needy, "needs arguments"),
        (later, "is asynchronous"),
        (functools.partial(later), "is asynchronous"),
        (lambda: lambda: False, "returns something else to call"),
    ],
    ids=["needs arguments", "async", "a coroutine", "a function"],
)
def test_what_cannot_be_called_so_is_an_error_when_it_is_asked(guard: object, problem: str) -> None:
    with pytest.raises(InputError, match=f"the guard 'is_unlocked' of SimpleNamespace {problem}; a guard is an attr"):
        DOOR.decide("A", "push", SimpleNamespace(is_unlocked=guard))


def test_an_error_of_the_guard_itself_is_the_callers() -> None:
    def broken() -> bool:
        raise TypeError("mine")

    with pytest.raises(TypeError, match="mine"):
        DOOR.decide("A", "push", SimpleNamespace(is_unlocked=broken))


class Needy:
    def is_unlocked(self, key: str) -> bool:
        return bool(key)


class Asynchronous:
    async def is_unlocked(self) -> bool:
        return False


class AsynchronousProperty:
    @property
    async def is_unlocked(self) -> bool:
        return False


class Generating:
    def is_unlocked(self) -> Iterator[bool]:
        yield False


class AsynchronouslyGenerating:
    async def is_unlocked(self) -> AsyncIterator[bool]:
        yield False


@pytest.mark.parametrize(
    ("facts", "problem"),
    [
        (Needy, "needs arguments"),
        (Asynchronous, "is asynchronous"),
        (AsynchronousProperty, "is asynchronous"),
        (Generating, "is a generator"),
        (AsynchronouslyGenerating, "is asynchronous"),
    ],
)
def test_what_cannot_be_called_so_is_refused_at_definition_where_the_type_is_known(
    facts: type[object], problem: str
) -> None:
    with pytest.raises(DiagramError, match=rf"3:10: .*is guarded by 'is_unlocked', which {problem}"):
        Machine(Diagram.parse(TEXT), facts=facts)


class Promised(Protocol):
    def is_unlocked(self) -> bool: ...


@dataclass
class Held:
    is_unlocked: Callable[[], bool]


@pytest.mark.parametrize("facts", [Promised, Held])
def test_a_method_may_be_declared_as_attributes_are(facts: type[object]) -> None:
    assert Machine(Diagram.parse(TEXT), facts=facts).guards == ("is_unlocked",)


def test_the_tests_that_a_machine_makes_ask_guards_as_it_does() -> None:
    door = Door(unlocked=False)
    made = Machine(Diagram.parse(TEXT.replace("is_unlocked", "by_method")))
    assert Oracle(made).expect("A", "push", door).target is None
    coverage = Coverage(made)
    coverage.saw_raised("A", "push", door)
    assert [asked.value for asked, count in coverage.guards.items() if count] == [False]
    system = MachineSystem(made, facts=lambda _event, _payload: door)
    system.send("made")
    assert isinstance(system.send("push"), Refused)


def test_a_model_that_the_definition_drives_may_have_methods_too() -> None:
    model: Any = Promise()
    DOOR.definition.add_model(model)
    model.made()
    assert not model.push()


class Promise:
    def is_unlocked(self) -> bool:
        return False


def test_facts_may_be_a_mapping() -> None:
    assert DOOR.decide("A", "push", {"is_unlocked": False}) == Refused("A", "push", "is_unlocked")
    assert DOOR.decide("A", "push", MappingProxyType({"is_unlocked": True}))
    items = Machine(Diagram.parse(TEXT.replace("is_unlocked", "items")))
    assert items.decide("A", "push", {"items": 0}) == Refused("A", "push", "items")


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({}, r"the facts \(dict\) have none of that name; give a dict with the key 'is_unlocked'$"),
        (object(), r"the facts \(object\) have none of that name; give an object with the attribute 'is_unlocked'$"),
        (None, r"there are no facts; give some, as \{'is_unlocked': True\}$"),
    ],
)
def test_a_missing_fact_is_an_error_that_says_what_to_give(facts: object, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        DOOR.decide("A", "push", facts)


def test_an_error_of_a_guard_is_raised_as_it_is() -> None:
    class Broken:
        @property
        def is_unlocked(self) -> bool:
            return bool(None.nothing)  # type: ignore[attr-defined]  # what a guard does wrong

    with pytest.raises(AttributeError, match="nothing"):
        DOOR.decide("A", "push", Broken())


def test_a_refusal_counts_as_false_and_a_transition_as_true() -> None:
    assert not DOOR.decide("A", "push", {"is_unlocked": False})
    assert DOOR.decide("A", "push", {"is_unlocked": True})
