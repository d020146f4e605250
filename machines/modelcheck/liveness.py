"""Liveness on the graph: whether every state can reach a named one again.

The states of a machine and the transitions that some outcome of the guards takes are a graph. It falls into
*strongly connected components*: sets of states that can all reach each other. Between the components the ways lead
in one direction only, so each of them is looked at once. What can be reached is said, not what will be: events may
stay away, and guards may go on refusing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from argentos.errors import UnknownStateError
from argentos.machines.machine import Machine
from argentos.machines.modelcheck.moves import Move, following
from argentos.machines.tree import START

__all__ = ["Liveness", "always_reaches", "components"]

Graph: TypeAlias = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Liveness:
    """An answer to whether every state can reach one of the goals.

    Attributes:
        goals: the names of states, composite ones included.
        stuck: the states out of which no way leads to a goal, in the order of the machine.
        trap: the first of them that a life comes to; None where no life does.
        word: the shortest way of a life into the trap.
        sinks: the components without a way out, which lives end in, those with a goal too.
    """

    goals: tuple[str, ...]
    stuck: tuple[str, ...]
    trap: str | None
    word: tuple[Move, ...]
    sinks: tuple[tuple[str, ...], ...]

    @property
    def holds(self) -> bool:
        """Tell whether every state can."""
        return not self.stuck

    def __str__(self) -> str:
        """The answer as a sentence."""
        goals = " or ".join(self.goals)
        if self.holds:
            return f"every state can reach {goals}"
        way = f"; {', '.join(map(str, self.word))} leads to {self.trap}" if self.trap else "; no life comes there"
        return f"{', '.join(self.stuck)} cannot reach {goals}{way}"


def always_reaches(machine: Machine, *goals: str) -> Liveness:
    """Tell whether every state of the machine, those that only something stored may lie in too, can reach a goal.

    Args:
        machine: any machine.
        goals: names of states; one that holds others is reached with any of them. `END` where an end is as good.

    Raises:
        UnknownStateError: the machine never is in a state of such a name.
    """
    steps = {state: following(machine, state) for state in machine.states}
    graph = {state: tuple(step) for state, step in steps.items()}
    parts = components(graph)
    live: set[str] = set(_states_in(machine, goals))
    for part in parts:
        if any(state in live or live.intersection(graph[state]) for state in part):
            live.update(part)
    stuck = tuple(state for state in machine.states if state not in live)
    trap, word = _way_into(steps, stuck)
    return Liveness(goals, stuck, trap, word, tuple(part for part in parts if _is_sink(graph, part)))


def components(graph: Graph) -> list[tuple[str, ...]]:
    """The strongly connected components, each after those that its edges lead to (Tarjan's algorithm)."""
    search = _Search(graph)
    for state in graph:
        if state not in search.low:
            search.begin(state)
    return search.found


class _Search:
    """Depth first, without recursion.

    Attributes:
        low: for each state that was entered the lowest number known to be reachable from it.
        found: the components that are complete.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._number: dict[str, int] = {}  # of the states whose component is not complete, in the order of entry
        self.low: dict[str, int] = {}
        self.found: list[tuple[str, ...]] = []

    def begin(self, root: str) -> None:
        path = [self._enter(root)]
        while path:
            state, waiting = path[-1]
            behind = next(waiting, None)
            if behind is None:
                path.pop()
                self._leave(state)
                if path:
                    self._lower(path[-1][0], self.low[state])
            elif behind not in self.low:
                path.append(self._enter(behind))
            elif behind in self._number:
                self._lower(state, self._number[behind])

    def _enter(self, state: str) -> tuple[str, Iterator[str]]:
        self._number[state] = self.low[state] = len(self.low)
        return state, iter(self._graph[state])

    def _lower(self, state: str, number: int) -> None:
        self.low[state] = min(self.low[state], number)

    def _leave(self, state: str) -> None:
        """The state is the first of its component, if it reaches no lower one: all after it are the rest."""
        if self._number[state] == self.low[state]:
            part = [self._number.popitem()[0]]
            while part[-1] != state:
                part.append(self._number.popitem()[0])
            self.found.append(tuple(reversed(part)))


def _states_in(machine: Machine, goals: Sequence[str]) -> Iterator[str]:
    for goal in goals:
        inside = [state for state in machine.states if goal == state or goal in machine.active(state)]
        if not inside:
            raise UnknownStateError(f"{machine.diagram.file} has no state {goal!r} that could be a goal")
        yield from inside


def _way_into(steps: Mapping[str, Mapping[str, Move]], traps: Sequence[str]) -> tuple[str | None, tuple[Move, ...]]:
    """The nearest trap of a life, and the shortest word that leads there."""
    words: dict[str, tuple[Move, ...]] = {START: ()}
    for state in (waiting := [START]):
        if state in traps:
            return state, words[state]
        for target, move in steps[state].items():
            if target not in words:
                words[target] = (*words[state], move)
                waiting.append(target)
    return None, ()


def _is_sink(graph: Graph, part: Sequence[str]) -> bool:
    return all(target in part for state in part for target in graph[state])
