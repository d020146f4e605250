"""Goals of generated lives: actions to be seen, each in the state where it begins.

A life of random steps seldom comes far, and hardly ever to every guard of every state. So most of its steps lead, by a
shortest way, to something that no life has been led to yet: an event in a state, known there or not, with an outcome
of its guards; a timer at its exact time, just before it, after a kill; a kill; an edge, and what may follow it.
"""

import random
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import islice
from typing import Any, Final, NamedTuple, TypeAlias

from argentos.machines.decisions import Transition
from argentos.machines.machine import Machine
from argentos.machines.modelcheck.moves import Move, facts_asked, valuations
from argentos.machines.tree import START

__all__ = ["DRAWN", "Agenda", "Goal", "PlannedAction", "Tour", "goals"]

PlannedAction: TypeAlias = tuple[Any, ...]
"""A step to come: `send` with its event and facts, which are `DRAWN` where nothing asks for any; `find` where facts
cannot be chosen, but a payload may give them; `part` with the share of the time until the next timer is due; `wait`
with seconds; `restart`; `begin`."""

DRAWN: Final = "drawn"
"""Instead of facts: whatever comes."""

_STATES: Final = 500  # the nearest ones, of larger machines
_OUTCOMES: Final = 16  # of the guards of one event
_PATIENCE: Final = 40  # steps on the way to one goal
_KILLS: Final = 1 / 12  # of the steps of some tours
_WAITS: Final[tuple[tuple[PlannedAction, ...], ...]] = (
    (("part", 1.0),),
    (("part", 63 / 64), ("part", 1.0)),
    (("part", 0.5), ("restart",), ("part", 1.0)),
    (("part", 1 / 3), ("restart",), ("part", 1.0)),
)


class Goal(NamedTuple):
    """Actions to take in a state."""

    state: str
    steps: tuple[PlannedAction, ...]


class _Exit(NamedTuple):
    """An action that may lead to another state."""

    step: PlannedAction
    target: str


class _StateGraph:
    """The states with the actions that lead from one to another."""

    def __init__(
        self,
        machine: Machine,
        sent: Collection[str],
        timed: Collection[str],
        durations: Mapping[str, float],
        *,
        chosen: bool,
    ) -> None:
        self.machine = machine
        self.sent = sent
        self.timed = timed
        self.durations = durations
        self.chosen = chosen
        self.out: dict[str, list[_Exit]] = {state: list(self._out(state)) for state in machine.states}
        self.anything: list[PlannedAction] = [("part", 1.0), *(("send", event, DRAWN) for event in sent)]
        self._into: dict[str, list[str]] = {}
        for state, ways in self.out.items():
            for way in ways:
                self._into.setdefault(way.target, []).append(state)
        self._distances: dict[str, dict[str, int]] = {}

    def distances(self, goal: str) -> Mapping[str, int]:
        """For each state from which a way leads to the goal, how many steps that takes."""
        if goal not in self._distances:
            found = {goal: 0}
            waiting = deque([goal])
            while waiting:
                state = waiting.popleft()
                for before in self._into.get(state, ()):
                    if before not in found:
                        found[before] = found[state] + 1
                        waiting.append(before)
            self._distances[goal] = found
        return self._distances[goal]

    def step(self, state: str, goal: str) -> PlannedAction:
        """The first step of a shortest way."""
        distances = self.distances(goal)
        return min(self.out[state], key=lambda way: distances.get(way.target, len(self.out))).step

    def reached(self) -> Iterator[str]:
        """The states that a life can come to, the nearest first."""
        waiting = deque([START])
        seen = {START}
        while waiting:
            state = waiting.popleft()
            yield state
            for way in self.out[state]:
                if way.target not in seen:
                    seen.add(way.target)
                    waiting.append(way.target)

    def waits(self, state: str) -> list[float]:
        """The seconds that timers of the state take, where they are known."""
        timers = self.machine.timers(state)
        return [self.durations[timer.duration] for timer in timers if timer.duration in self.durations]

    def longest(self) -> list[float]:
        """The seconds of the longest timer of all, in a list; an empty one where none is known."""
        return sorted(self.durations.values())[-1:]

    def moves(self, state: str, event: str) -> Iterator[PlannedAction]:
        """The event with every outcome of its guards."""
        for facts in islice(valuations(facts_asked(self.machine, state, event)), _OUTCOMES):
            yield self._sent(event, facts)

    def _out(self, state: str) -> Iterator[_Exit]:
        for event in self.machine.events:
            if not self.machine.knows(state, event):
                continue
            for facts in islice(valuations(facts_asked(self.machine, state, event)), _OUTCOMES):
                decision = Move(event, facts).decide(self.machine, state)
                if isinstance(decision, Transition):
                    yield _Exit(self._raised(event, facts), decision.target)

    def _raised(self, event: str, facts: tuple[tuple[str, bool], ...]) -> PlannedAction:
        return self._sent(event, facts) if event in self.sent else ("part", 1.0)

    def _sent(self, event: str, facts: tuple[tuple[str, bool], ...]) -> PlannedAction:
        if self.chosen:
            return ("send", event, dict(facts))
        return ("find", event, dict(facts)) if facts else ("send", event, DRAWN)


def goals(ways: _StateGraph) -> Iterator[Goal]:
    """All goals, those of the nearest states first."""
    states = list(islice(ways.reached(), _STATES))
    for state in states:
        yield from _sends(ways, state)
        yield from _waits(ways, state)
        yield Goal(state, (("restart",),))
    for state in states:
        for way in ways.out[state]:
            for event in ways.sent:
                if ways.machine.knows(way.target, event):
                    yield from (Goal(state, (way.step, move)) for move in ways.moves(way.target, event))
            yield from _timely(ways, state, way)


def _timely(ways: _StateGraph, state: str, way: _Exit) -> Iterator[Goal]:
    """Time before and after an edge: the timers of its target begin with it, and those of its source end."""
    before, behind = ways.waits(state), ways.waits(way.target)
    if behind:
        early: PlannedAction = ("part", 0.5) if before else ("wait", min(behind) / 2)
        yield Goal(state, (early, way.step, ("part", 1.0)))
        yield Goal(state, (early, way.step, ("part", 0.5), ("restart",), ("part", 1.0)))
    if before:
        yield Goal(state, (("part", 0.5), way.step, ("wait", max(before))))


def _sends(ways: _StateGraph, state: str) -> Iterator[Goal]:
    for event in ways.sent:
        yield from (Goal(state, (move,)) for move in ways.moves(state, event))


def _waits(ways: _StateGraph, state: str) -> Iterator[Goal]:
    """Time in the state; where guards of timers can be chosen, what they find is sent with an event that is refused."""
    waiting = [event for event in ways.timed if ways.machine.knows(state, event)]
    if not waiting:
        yield from (Goal(state, (("wait", 2 * seconds),)) for seconds in ways.longest())
        return
    yield from (Goal(state, steps) for steps in _WAITS)
    facts = sorted({fact for event in waiting for fact in facts_asked(ways.machine, state, event)})
    unknown = next((event for event in ways.sent if not ways.machine.knows(state, event)), None)
    if ways.chosen and facts and unknown is not None:
        for values in islice(valuations(facts), _OUTCOMES):
            yield Goal(state, (("send", unknown, dict(values)), ("part", 1.0)))


class Agenda:
    """The goals of all lives of a test, and how often lives were led to each.

    Args:
        machine: the machine.
        sent: the events that are sent.
        timed: the events that time raises.
        durations: seconds by the names of the machine's timers, as far as they are known.
        chosen: what guards find can be chosen.
        is_seen: whether all that a step would show in a state was seen already.
    """

    def __init__(
        self,
        machine: Machine,
        sent: Collection[str],
        timed: Collection[str],
        durations: Mapping[str, float],
        *,
        chosen: bool,
        is_seen: Callable[[str, str, Mapping[str, bool]], bool],
    ) -> None:
        self._ways = _StateGraph(machine, sent, timed, durations, chosen=chosen)
        self._goals = list(goals(self._ways))
        self._pursued = [0] * len(self._goals)
        self._is_seen = is_seen
        self._tours: dict[tuple[int, ...], tuple[int, ...]] = {}

    def tour(self, numbers: tuple[int, ...], count: int) -> "Tour":
        """A tour to so many goals, first of all to what was not seen yet.

        Args:
            numbers: drawn for all tours of the life, this one's last; the same numbers always give the same tour.
            count: of the goals.
        """
        if numbers not in self._tours:
            order = sorted(range(len(self._goals)), key=lambda place: (self._pursued[place], self._was_seen(place)))
            self._tours[numbers] = tuple(order[:count])
        given = {place: self._goals[place] for place in self._tours[numbers]}
        return Tour(self._ways, given, self._pursued, random.Random(numbers[-1]))  # noqa: S311 - no secret

    def _was_seen(self, place: int) -> bool:
        state, (step, *more) = self._goals[place]
        if more or step[0] not in {"send", "find"}:
            return False
        _, event, facts = step
        return self._is_seen(state, event, {} if facts == DRAWN else facts)


class Tour:
    """The way of one life to some goals, the nearest first; a goal that is not reached in time is given up.

    Args:
        ways: of the machine.
        given: the goals by their places on the agenda.
        pursued: for each place how often a life was led there; counted here.
        chance: says when there are kills on the way, for half of all tours.
    """

    def __init__(self, ways: _StateGraph, given: Mapping[int, Goal], pursued: list[int], chance: random.Random) -> None:
        self._ways = ways
        self._goals = dict(given)
        self._pursued = pursued
        self._steps: list[PlannedAction] = []
        self._patience = _PATIENCE
        self._tried: tuple[str, PlannedAction] | None = None
        self._chance = chance
        self._kills = chance.choice((0.0, _KILLS))

    @property
    def is_over(self) -> bool:
        """Tell whether nothing is left to do."""
        return not self._steps and not self._goals

    def next(self, state: str) -> PlannedAction:
        """The next step, in the state to which the life has come."""
        if self._steps:
            return self._steps.pop(0)
        place = self._nearest(state)
        if place is None:
            return ("begin",)
        goal = self._goals[place]
        if self._chance.random() < self._kills:
            return ("restart",)
        if goal.state != state:
            self._patience -= 1
            if not self._patience:
                self._leave(place)
            return self._towards(goal.state, state)
        self._leave(place)
        self._steps = list(goal.steps)
        return self._steps.pop(0)

    def _towards(self, goal: str, state: str) -> PlannedAction:
        """The next step of the way; where it did not lead on before, anything else in between."""
        step = self._ways.step(state, goal)
        if self._tried == (state, step):
            step = self._chance.choice(self._ways.anything)
        self._tried = state, step
        return step

    def _leave(self, place: int) -> None:
        del self._goals[place]
        self._pursued[place] += 1
        self._patience = _PATIENCE

    def _nearest(self, state: str) -> int | None:
        found = {
            place: self._ways.distances(goal.state)[state]
            for place, goal in self._goals.items()
            if state in self._ways.distances(goal.state)
        }
        return min(found, key=lambda place: found[place], default=None)
