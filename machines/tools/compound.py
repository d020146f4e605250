"""Compound transitions, as UML calls an edge with those after its choices, matched between two machines."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from argentos.machines.machine import Machine
from argentos.machines.mermaid.elements import Edge
from argentos.machines.tree import START

__all__ = ["CompoundTransition", "compound_transitions", "lost_exits", "matching"]


class CompoundTransition(NamedTuple):
    """One edge that an event takes, or several that follow each other.

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


_Key: TypeAlias = tuple[tuple[Edge, ...], str]
"""The edges of a compound transition, with the event."""


def compound_transitions(machine: Machine) -> list[CompoundTransition]:
    """List all compound transitions, in the order of the diagram."""
    found: dict[_Key, CompoundTransition] = {}
    left: dict[_Key, list[str]] = {}
    events = machine.events
    for state in machine.states:
        for event in events:
            terms: dict[_Key, list[tuple[str, ...]]] = {}
            for guards, transition in machine.ways(state, event):
                edges = transition.edges
                if any(meaning.event for edge in edges[1:] for meaning in machine.meanings[edge]):
                    continue  # edges of parallel regions taken together; each is found by itself
                terms.setdefault((edges, event), []).append(tuple(map(str, guards)))
                timers = _timers(machine, state, edges[0].source, event)
                compound = CompoundTransition(edges, event, (), timers, transition.effects, ())
                found.setdefault((edges, event), compound)
                left.setdefault((edges, event), []).extend([state] * (transition.target != state))
            for key, alternatives in terms.items():
                if not found[key].guards:
                    found[key] = found[key]._replace(guards=_either(alternatives))
    ordered = sorted(found, key=lambda key: [edge.place for edge in key[0]])
    return [found[key]._replace(leaves=tuple(dict.fromkeys(left[key]))) for key in ordered]


def _either(alternatives: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """The guards; those of alternatives as one text."""
    first, *others = dict.fromkeys(alternatives)
    return (" or ".join(" and ".join(each) for each in (first, *others)),) if others else first


def _timers(machine: Machine, state: str, source: str, event: str) -> tuple[str, ...]:
    found = {timer.duration for timer in machine.timers(state) if (timer.state, timer.event) == (source, event)}
    return tuple(sorted(found))


def matching(
    old: Sequence[CompoundTransition], new: Sequence[CompoundTransition], renamed: Mapping[str, str]
) -> list[tuple[CompoundTransition, CompoundTransition]]:
    """Pair those that are the same in both machines or, failing that, one the successor of the other.

    Args:
        old: of the one machine.
        new: of the other.
        renamed: for states of the old machine that have another name in the new one, that name.
    """
    found: list[tuple[CompoundTransition, CompoundTransition]] = []
    rest, others = list(old), list(new)
    for alike in _ALIKE:
        waiting: dict[tuple[str, ...], list[CompoundTransition]] = {}
        for compound in others:
            waiting.setdefault(alike(compound, {}), []).append(compound)
        matched = [
            (compound, candidates.pop(0))
            for compound in rest
            if (candidates := waiting.get(alike(compound, renamed), []))
        ]
        found += matched
        paired, partners = {one for one, _ in matched}, {other for _, other in matched}
        rest = [compound for compound in rest if compound not in paired]
        others = [compound for compound in others if compound not in partners]  # as the diagram has them, both ways
    return found


def lost_exits(
    compounds: Sequence[CompoundTransition],
    partners: Mapping[CompoundTransition, CompoundTransition],
    other: Machine,
    migrated: Mapping[str, str] = MappingProxyType({}),
) -> dict[CompoundTransition, tuple[str, ...]]:
    """Map each to the states that its event leaves in its own machine, and not in the other, which knows them.

    Args:
        compounds: all of the one machine.
        partners: for those that are in the other machine too, what they are there.
        other: the other machine.
        migrated: for states that have another name in the other machine, that name.
    """
    events: dict[tuple[str, str], set[str]] = {}
    for compound in compounds:
        for state in compound.leaves:
            events.setdefault((state, compound.event), {compound.event}).add(partners.get(compound, compound).event)
    known = set(other.states) - {START}
    return {
        compound: tuple(
            state
            for state in compound.leaves
            if (there := migrated.get(state, state)) in known
            and not any(_leaves(other, there, event) for event in events[state, compound.event])
        )
        for compound in compounds
    }


def _leaves(machine: Machine, state: str, event: str) -> bool:
    return any(transition.target != state for _, transition in machine.ways(state, event))


def _ends(compound: CompoundTransition, renamed: Mapping[str, str]) -> tuple[str, str]:
    source, target = (renamed.get(name, name) for name in (compound.source, compound.target))
    return source, target


def _raised_by(compound: CompoundTransition) -> tuple[str, ...]:
    """A key for the event: those of timers are alike, whatever their length names them."""
    return ("after", "") if compound.timers else (compound.event,)


_ALIKE: Sequence[Callable[[CompoundTransition, Mapping[str, str]], tuple[str, ...]]] = (
    lambda compound, renamed: (*_ends(compound, renamed), compound.event, compound.label, *compound.guards),
    lambda compound, renamed: (*_ends(compound, renamed), compound.event, compound.label),
    lambda compound, renamed: (*_ends(compound, renamed), compound.event, *compound.guards),
    lambda compound, renamed: (*_ends(compound, renamed), compound.event),
    lambda compound, renamed: (*_ends(compound, renamed), compound.label),
    lambda compound, renamed: (*_ends(compound, renamed), *_raised_by(compound), *compound.guards),
    lambda compound, renamed: (*_ends(compound, renamed), *_raised_by(compound)),
    lambda compound, renamed: (_ends(compound, renamed)[0], compound.event, compound.label),
    lambda compound, renamed: (_ends(compound, renamed)[0], *_raised_by(compound)),
)
"""Keys by which two are alike, the closest likeness first."""
