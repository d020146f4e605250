"""Moves: events, each with all outcomes of the guards that it makes a state ask.

Guards are taken as free: each of the facts that are asked may be true or false at any moment, whatever the others
are. A program in which some combinations never occur does less than is listed here, never more.
"""

import itertools
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import NamedTuple

from argentos.machines.decisions import Refused, Transition
from argentos.machines.machine import Machine

__all__ = ["Move", "facts_asked", "following", "moves", "valuations"]


class Move(NamedTuple):
    """An event, with the values of the facts that its guards ask for.

    Attributes:
        facts: the names of the facts that are asked, in the order of the alphabet, each with its value.
    """

    event: str
    facts: tuple[tuple[str, bool], ...] = ()

    def __str__(self) -> str:
        """As labels write it: `pay [is_paid, not is_late]`."""
        shown = ", ".join(name if value else f"not {name}" for name, value in self.facts)
        return f"{self.event} [{shown}]" if shown else self.event

    def decide(self, machine: Machine, state: str) -> Transition | Refused:
        """The machine's answer to it."""
        return machine.decide(state, self.event, SimpleNamespace(**dict(self.facts)))


def facts_asked(machine: Machine, state: str, event: str) -> tuple[str, ...]:
    """The names of the facts that the event makes the state ask, in the order of the alphabet."""
    return tuple(sorted({guard.name for guards, _ in machine.ways(state, event) for guard in guards}))


def valuations(names: Sequence[str]) -> Iterator[tuple[tuple[str, bool], ...]]:
    """The facts with all their values, all of them true first."""
    for values in itertools.product((True, False), repeat=len(names)):
        yield tuple(zip(names, values, strict=True))


def moves(machine: Machine, state: str) -> Iterator[Move]:
    """Every move that may come in a state, also of events that it does not know."""
    for event in machine.events:
        for facts in valuations(facts_asked(machine, state, event)):
            yield Move(event, facts)


def following(machine: Machine, state: str) -> dict[str, Move]:
    """The states to which one event may lead, each with a move that does."""
    found: dict[str, Move] = {}
    for move in moves(machine, state):
        decision = move.decide(machine, state)
        if isinstance(decision, Transition):
            found.setdefault(decision.target, move)
    return found
