"""Shortening a life that failed, until no step can be left out of it.

Hypothesis shortens what it drew; but where a life goes depends on all that came before, so that is slow, and steps stay
that nothing needs. Here whole lives are led again: with steps left out, with shorter ways to where they come, with
fewer facts that are false, and with the simplest payloads that were seen.
"""

import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias, cast

__all__ = ["Failure", "shortened"]

_Actions: TypeAlias = tuple[tuple[Any, ...], ...]

_SECONDS: Final = 10.0  # that shortening may take
_PAYLOADS: Final = 5  # the simplest, of those that came with an event


class Failure(NamedTuple):
    """A life that failed.

    Attributes:
        steps: that were taken; the last one failed.
        states: in which each of them was taken.
        error: what it failed with.
        trace: what happened.
    """

    steps: _Actions
    states: tuple[str, ...]
    error: Exception
    trace: Any


def shortened(
    failure: Failure,
    lead: Callable[[_Actions], Failure | None],
    way: Callable[[str], _Actions | None],
    payloads: Mapping[str, Sequence[object]],
) -> Failure:
    """The same failure by a life out of which no step can be left, as far as time allows to tell.

    Args:
        failure: the life that failed.
        lead: leads a life of these steps; gives how it failed, None if it did not.
        way: the steps of a shortest way to a state; None where none is known.
        payloads: for events what came with them in some life.
    """
    end = time.monotonic() + _SECONDS
    origin = _origin(failure.error)
    again = True
    while again:
        again = False
        for steps in _shorter(failure, way, payloads):
            if time.monotonic() > end:
                return failure
            found = lead(steps)
            if found is not None and _origin(found.error) == origin and _size(found.steps) < _size(failure.steps):
                failure, again = found, True
                break
    return failure


def _shorter(
    failure: Failure, way: Callable[[str], _Actions | None], payloads: Mapping[str, Sequence[object]]
) -> Iterator[_Actions]:
    """Lives that are shorter, the shortest first."""
    steps = failure.steps
    for number in range(len(steps) - 1, 0, -1):
        known = way(failure.states[number])
        if known is not None and len(known) < number:
            yield (*known, *steps[number:])
    length = len(steps) // 2
    while length:
        for start in range(len(steps) - length + 1):
            yield steps[:start] + steps[start + length :]
        length //= 2
    for number, step in enumerate(steps):
        yield from ((*steps[:number], simple, *steps[number + 1 :]) for simple in _simpler(step, payloads))


def _simpler(step: tuple[Any, ...], payloads: Mapping[str, Sequence[object]]) -> Iterator[tuple[Any, ...]]:
    """The step with a simpler payload, and with more facts that are true, as most are."""
    if step[0] == "send":
        for payload in sorted(payloads.get(step[1], ()), key=_weight)[:_PAYLOADS]:
            if _weight(payload) < _weight(step[2]):
                yield ("send", step[1], payload)
    facts = _facts(step)
    yield from (("send", step[1], {**facts, name: True}) for name, value in facts.items() if value is False)


def _size(steps: Sequence[tuple[Any, ...]]) -> tuple[int, int, list[tuple[int, str]]]:
    falses = sum(value is False for step in steps for value in _facts(step).values())
    return len(steps), falses, [_weight(step[2]) for step in steps if step[0] == "send"]


def _weight(payload: object) -> tuple[int, str]:
    """The weight of a payload: one that is written in fewer letters is simpler."""
    return len(repr(payload)), repr(payload)


def _facts(step: tuple[Any, ...]) -> Mapping[str, object]:
    """The payload of an event, where that is a mapping."""
    is_mapping = step[0] == "send" and isinstance(step[2], Mapping)
    return cast("Mapping[str, object]", step[2]) if is_mapping else {}


def _origin(error: Exception) -> tuple[type[Exception], str, int | None]:
    """The origin that tells failures apart, as for Hypothesis: the kind of the error, and where it was raised."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return type(error), last.filename, last.lineno
