"""Asking guards: attributes of the facts, or methods that take no argument; or the values of a mapping.

A guard may also be a comparison of what facts give, or of what comes with the event.
"""

import functools
import inspect
import operator
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, cast

from argentos.errors import InputError
from argentos.machines.conditions import EVENT, Comparison, Listed, Path, comparison

__all__ = ["Findings", "ask", "facts_of", "holds", "unfit"]

_RULE: Final = "a guard is an attribute, or a method without arguments, that returns True or False at once"


def holds(facts: object, name: str) -> bool:
    """Ask whether the guard of this name holds, as `bool` has it; a method is called.

    Raises:
        InputError: there is none, it needs arguments, or it gives what has to be awaited or called again.
    """
    return bool(_asked(facts, name))


def _asked(facts: object, name: str) -> object:
    """The value that a fact gives; a method is called."""
    try:
        value = cast("dict[str, object]", facts)[name] if issubclass(type(facts), dict) else getattr(facts, name)
    except (AttributeError, KeyError) as error:
        value = _otherwise(facts, name, error)
    if value is True or value is False:
        return value
    if callable(value):
        value = _called(facts, name, value)
    if inspect.isawaitable(value) or inspect.isasyncgen(value):
        if inspect.iscoroutine(value):
            value.close()
        _refuse(facts, name, "is asynchronous")
    if callable(value):
        _refuse(facts, name, "returns something else to call")
    return value


def unfit(facts: type[object], name: str) -> str:
    """The reason why facts of this type cannot answer the guard; empty where they can, as far as the type tells."""
    found: Any = inspect.getattr_static(facts, name, None)
    if found is None:
        return "" if hasattr(facts, name) or _is_annotated(facts, name) else f"{facts.__name__} does not have"
    function = _function(found)
    if function is None:
        return ""
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        return "is asynchronous"
    if inspect.isgeneratorfunction(function):
        return "is a generator"
    bound = 0 if isinstance(found, staticmethod) else 1
    return "" if isinstance(found, property) or _takes(function, bound) else "needs arguments"


def _otherwise(facts: object, name: str, error: AttributeError | KeyError) -> object:
    """The guard of facts that have no such attribute; an error of a guard's own is raised as it is."""
    values = _mapping(facts)
    if values is not None and name in values:
        return values[name]
    if isinstance(error, AttributeError) and (error.obj is not facts or error.name != name):
        raise error
    if facts is None:
        problem = f"the guard {name!r} is asked for, and there are no facts"
        raise InputError(f"{problem}; give some, as {{{name!r}: True}}") from None
    kind = "an object with the attribute" if values is None else "a dict with the key"
    problem = f"the guard {name!r} is asked for, and the facts ({type(facts).__name__}) have none of that name"
    raise InputError(f"{problem}; give {kind} {name!r}") from None


def _mapping(facts: object) -> Mapping[str, object] | None:
    return cast("Mapping[str, object]", facts) if isinstance(facts, Mapping) else None


def _called(facts: object, name: str, method: Callable[[], object]) -> object:
    try:
        return method()
    except TypeError:
        if _takes(method, 0):
            raise  # an error of the method's own
        return _refuse(facts, name, "needs arguments")


def _takes(function: Callable[..., object], count: int) -> bool:
    """Tell whether it can be called with so many arguments."""
    try:
        inspect.signature(function).bind(*[None] * count)
    except TypeError:
        return False
    except ValueError:  # it does not tell
        return True
    return True


def _function(found: Any) -> Callable[..., object] | None:
    """The function that runs when the guard is asked; None for plain values."""
    if isinstance(found, property):
        return found.fget
    if isinstance(found, functools.cached_property):
        return None
    if isinstance(found, staticmethod | classmethod):
        function: Callable[..., object] = cast("Any", found).__func__
        return function
    return found if inspect.isfunction(found) else None


def _is_annotated(facts: type[object], name: str) -> bool:
    return any(name in vars(base).get("__annotations__", ()) for base in facts.__mro__)


def _refuse(facts: object, name: str, problem: str) -> object:
    raise InputError(f"the guard {name!r} of {type(facts).__name__} {problem}; {_RULE}")


# Comparisons ---------------------------------------------------------------------------------------------------

_COMPARED: Final[Mapping[str, Callable[[Any, Any], object]]] = MappingProxyType(
    {
        "==": operator.eq,
        "<": operator.lt,
        "<=": operator.le,
        ">": operator.gt,
        ">=": operator.ge,
        "in": lambda left, right: left in right,
    }
)


def ask(name: str, facts: object, data: object = None) -> bool:
    """Ask the guard of this name, a fact or a comparison, also of what comes with an event.

    Raises:
        InputError: as in `holds`.
    """
    if name.isidentifier():
        return holds(facts, name)
    values = _mapping(facts)  # a model checker supposes what comparisons give, and says so by their names
    supposed = getattr(facts, name, None) if values is None else values.get(name)
    return supposed if isinstance(supposed, bool) else _compared(comparison(name), facts, data)


def facts_of(name: str) -> tuple[str, ...]:
    """The names of the facts that the guard of this name asks for."""
    return (name,) if name.isidentifier() else tuple(dict.fromkeys(comparison(name).facts))


class Findings:
    """Facts that answer as guards find them: comparisons by their names, also those of what comes with an event."""

    def __init__(self, facts: object, data: object) -> None:
        self._facts = facts
        self._data = data

    def __getattr__(self, name: str) -> bool:
        """The answer of the guard of this name."""
        return ask(name, self._facts, self._data)


def _compared(asked: Comparison, facts: object, data: object) -> bool:
    left, sign, right = asked
    found = _value(left, facts, data)
    if not sign:
        return bool(found)
    try:
        return bool(_COMPARED[sign](found, _value(right, facts, data)))
    except (TypeError, ValueError):  # what cannot be compared
        return False


def _value(operand: Any, facts: object, data: object) -> Any:
    if isinstance(operand, Path):
        first, *rest = operand
        found = data if first == EVENT and rest else _asked(facts, first)
        for name in rest:
            found = cast("Any", found).get(name) if isinstance(found, Mapping) else getattr(found, name, None)
        return found
    if isinstance(operand, Listed):
        return tuple(_value(each, facts, data) for each in operand)
    return operand
