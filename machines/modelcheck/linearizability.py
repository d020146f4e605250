"""Linearizability: whether concurrent calls had results that they could have had one after the other.

The check is Wing and Gong's: an order of all calls is looked for in which each caller's own calls keep their order, no
call that had ended stands after one that began later, and a sequential model gives every call the result that was
observed. Situations that were looked at once, by another order of the same calls, are not looked at again (Lowe).
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Generic, TypeAlias, TypeVar, cast

from argentos.machines.decisions import Refused, Transition
from argentos.machines.machine import Machine
from argentos.machines.modelcheck.moves import Move

__all__ = ["Answer", "Call", "Linearization", "linearizable", "linearize"]

O = TypeVar("O")  # noqa: E741 - an operation
R = TypeVar("R")
S = TypeVar("S", bound=Hashable)

_Situation: TypeAlias = tuple[tuple["Call[O, R]", ...], tuple[int, ...], S]
"""The calls in order, how many of each caller's they are, and the state after them."""

Answer: TypeAlias = tuple[Transition, ...] | Refused
"""The answer to an event."""


@dataclass(frozen=True, slots=True)
class Call(Generic[O, R]):
    """A call and its result.

    Attributes:
        began: when, on any scale that only rises; calls overlap unless one ended before the other began.
        ended: likewise.
    """

    operation: O
    result: R
    began: float
    ended: float

    def __str__(self) -> str:
        """As `pay [is_paid] → Open --> Paid: pay`."""
        return f"{self.operation} → {_shown(self.result)}"


@dataclass(frozen=True, slots=True)
class Linearization(Generic[O, R]):
    """The result of a search for an order.

    Attributes:
        order: an order that explains all results or, where there is none, as many of them as any order does.
        unexplained: of each caller that is not at its end, the call that cannot follow.
    """

    order: tuple[Call[O, R], ...]
    unexplained: tuple[Call[O, R], ...]

    @property
    def holds(self) -> bool:
        """Tell whether the results could have come about one after the other."""
        return not self.unexplained

    def __str__(self) -> str:
        """The finding as a sentence."""
        order = "; ".join(map(str, self.order)) or "at the beginning"
        if self.holds:
            return f"one after the other: {order}"
        return f"no order explains the results: after {order}, none of these can follow: " + "; ".join(
            map(str, self.unexplained)
        )


def linearizable(
    machine: Machine, start: str, histories: Sequence[Sequence[Call[Move, Answer]]]
) -> Linearization[Move, Answer]:
    """Tell whether the answers that callers got are those of the machine, which began in the state `start`.

    Raises:
        UnknownStateError: the machine has no such state.
    """

    def alone(state: str, move: Move) -> Iterator[tuple[Answer, str]]:
        decision = machine.decide(state, move.event, SimpleNamespace(**dict(move.facts)))
        yield ((decision,), decision.target) if isinstance(decision, Transition) else (decision, state)

    return linearize(alone, start, histories)


def linearize(
    model: Callable[[S, O], Iterable[tuple[R, S]]], start: S, histories: Sequence[Sequence[Call[O, R]]]
) -> Linearization[O, R]:
    """Search an order of the calls in which a sequential model gives these results.

    Args:
        model: for a state and an operation all that may come of it, each with the state after it; more than one
            where something happens that no caller sees.
        start: the state in the beginning.
        histories: the calls of each caller, in order.
    """
    begun: _Situation[O, R, S] = ((), (0,) * len(histories), start)
    best = begun
    waiting: list[_Situation[O, R, S]] = [begun]
    seen = {begun[1:]}
    while waiting:
        order, places, state = waiting.pop()
        if len(order) > len(best[0]):
            best = order, places, state
        for caller, call in _next(histories, places):
            behind = tuple(place + (number == caller) for number, place in enumerate(places))
            for result, after in model(state, call.operation):
                if result == call.result and (behind, after) not in seen:
                    seen.add((behind, after))
                    waiting.append(((*order, call), behind, after))
    left = (history[place] for history, place in zip(histories, best[1], strict=True) if place < len(history))
    return Linearization(best[0], tuple(left))


def _shown(result: object) -> str:
    if isinstance(result, tuple):
        return ", ".join(map(str, cast("tuple[object, ...]", result))) or "nothing"
    return str(result)


def _next(histories: Sequence[Sequence[Call[O, R]]], places: Sequence[int]) -> Iterator[tuple[int, Call[O, R]]]:
    """The calls that may come next: those that began before any that is left had ended."""
    left = [
        (caller, history[place])
        for caller, (history, place) in enumerate(zip(histories, places, strict=True))
        if place < len(history)
    ]
    first_end = min((call.ended for _, call in left), default=0)
    return (each for each in left if each[1].began <= first_end)
