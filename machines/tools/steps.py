"""The steps of two machines, and which step of the one is which of the other."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from argentos.machines.machine import Machine
from argentos.machines.mermaid.elements import Edge
from argentos.machines.tree import START

__all__ = ["Step", "held", "pairs", "steps"]


class Step(NamedTuple):
    """One edge that an event takes, or several with choices between them.

    Attributes:
        guards: as bindings write them.
        timers: the names of the durations after which the source raises the event.
        leaves: the states of the machine that it leads out of.
    """

    edges: tuple[Edge, ...]
    event: str
    guards: tuple[str, ...]
    timers: tuple[str, ...]
    effects: tuple[str, ...]
    leaves: tuple[str, ...]

    @property
    def source(self) -> str:
        """The state at the beginning, as the diagram has it."""
        return self.edges[0].source

    @property
    def target(self) -> str:
        """The state at the end, as the diagram has it."""
        return self.edges[-1].target

    @property
    def label(self) -> str:
        """Of the edges, joined by `→`."""
        return " → ".join(edge.label or "else" for edge in self.edges)

    def __str__(self) -> str:
        """As mermaid writes an edge."""
        return f"{self.source} --> {self.target}: {self.label}"


def steps(machine: Machine) -> list[Step]:
    """All steps, in the order of the diagram."""
    choices = {state.name for state in machine.diagram.states if state.kind == "choice"}
    found: dict[tuple[Edge, ...], Step] = {}
    left: dict[tuple[Edge, ...], list[str]] = {}
    events = machine.events
    for state in machine.states:
        for event in events:
            for guards, transition in machine.ways(state, event):
                edges = transition.edges
                if any(edge.source not in choices for edge in edges[1:]):
                    continue  # steps of parallel regions taken together; each is found by itself
                asked = tuple(map(str, guards))
                timers = _timers(machine, state, edges[0].source, event)
                found.setdefault(edges, Step(edges, event, asked, timers, transition.effects, ()))
                left.setdefault(edges, []).extend([state] * (transition.target != state))
    ordered = sorted(found, key=lambda edges: [edge.place for edge in edges])
    return [found[edges]._replace(leaves=tuple(left[edges])) for edges in ordered]


def _timers(machine: Machine, state: str, source: str, event: str) -> tuple[str, ...]:
    found = {timer.duration for timer in machine.timers(state) if (timer.state, timer.event) == (source, event)}
    return tuple(sorted(found))


def pairs(old: Sequence[Step], new: Sequence[Step], renamed: Mapping[str, str]) -> list[tuple[Step, Step]]:
    """The steps that are the same in both machines or, failing that, one the successor of the other.

    Args:
        old: of the one machine.
        new: of the other.
        renamed: for states of the old machine that have another name in the new one, that name.
    """
    found: list[tuple[Step, Step]] = []
    rest, others = list(old), list(new)
    for alike in _ALIKE:
        waiting: dict[tuple[str, ...], list[Step]] = {}
        for step in others:
            waiting.setdefault(alike(step, {}), []).append(step)
        matched = [(step, candidates.pop(0)) for step in rest if (candidates := waiting.get(alike(step, renamed), []))]
        found += matched
        known = {step for step, _ in matched}
        rest = [step for step in rest if step not in known]
        others = [step for candidates in waiting.values() for step in candidates]
    return found


def held(steps: Sequence[Step], partners: Mapping[Step, Step], other: Machine) -> dict[Step, tuple[str, ...]]:
    """For each step of one machine the states that its event leaves there, and not in the other, which knows them.

    Args:
        steps: all of the one machine.
        partners: for those that are in the other machine too, what they are there.
        other: the other machine.
    """
    events: dict[tuple[str, str], set[str]] = {}
    for step in steps:
        for state in step.leaves:
            events.setdefault((state, step.event), {step.event}).add(partners.get(step, step).event)
    known = set(other.states) - {START}
    return {
        step: tuple(
            state
            for state in step.leaves
            if state in known and not any(_leaves(other, state, event) for event in events[state, step.event])
        )
        for step in steps
    }


def _leaves(machine: Machine, state: str, event: str) -> bool:
    return any(transition.target != state for _, transition in machine.ways(state, event))


def _ends(step: Step, renamed: Mapping[str, str]) -> tuple[str, str]:
    source, target = (renamed.get(name, name) for name in (step.source, step.target))
    return source, target


_ALIKE: Sequence[Callable[[Step, Mapping[str, str]], tuple[str, ...]]] = (
    lambda step, renamed: (*_ends(step, renamed), step.event, step.label, *step.guards),
    lambda step, renamed: (*_ends(step, renamed), step.event, step.label),
    lambda step, renamed: (*_ends(step, renamed), step.event, *step.guards),
    lambda step, renamed: (*_ends(step, renamed), step.event),
    lambda step, renamed: (*_ends(step, renamed), step.label),
    lambda step, renamed: (_ends(step, renamed)[0], step.event, step.label),
    lambda step, renamed: (_ends(step, renamed)[0], step.event),
)
"""What makes two steps alike, the closest likeness first."""
