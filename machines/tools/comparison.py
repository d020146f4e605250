"""Comparing two versions of a machine, for what was stored with the older one.

A snapshot names a state of its machine. So it suffers where the new machine has no such state, and it may be stuck
where an event that took it out of its state does so no more. Both break; all other differences are only told. States
that were renamed are recognised by their edges: the name is lost, but the edges are not told once more.
"""

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from argentos.machines.diagram import Diagram
from argentos.machines.machine import Machine
from argentos.machines.mermaid.elements import Place, State
from argentos.machines.renaming import migrated_states
from argentos.machines.tools.compound import CompoundTransition, compound_transitions, lost_exits, matching
from argentos.machines.tools.renames import renames
from argentos.machines.tree import END

__all__ = ["Change", "Comparison", "compare"]

_SHOWN: Final = 5  # states in a sentence


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two machines.

    Attributes:
        before: the state or edge in the old machine; empty if it is new.
        after: the same in the new machine; empty if it is gone.
        sentence: what changed, and what that means.
        states: those of the old machine in which something stored suffers; empty unless it breaks.
        file: of the old diagram or, for what was added, of the new one.
        place: within it.
    """

    before: str
    after: str
    sentence: str
    states: tuple[str, ...]
    file: str
    place: Place

    @property
    def is_breaking(self) -> bool:
        """Tell whether something stored may suffer."""
        return bool(self.states)

    def __str__(self) -> str:
        """The sentence, with its place in front."""
        return f"{self.file}:{self.place.line}:{self.place.column}: {self.sentence}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """All differences: those that break first, each in the order of the diagrams."""

    changes: tuple[Change, ...]

    @property
    def is_breaking(self) -> bool:
        """Tell whether something stored may suffer."""
        return any(change.is_breaking for change in self.changes)

    def __str__(self) -> str:
        """A line for each change."""
        return "\n".join(map(str, self.changes))


def compare(old: Machine | Diagram, new: Machine | Diagram, *, states: Mapping[str, str] | None = None) -> Comparison:
    """Compare two versions of a machine: what would happen to what was stored with the old one.

    Args:
        old: the machine before; the labels of a diagram are their own meaning.
        new: the machine that takes its place.
        states: for states that have another name in the new one, that name: what is stored is migrated by it.

    Raises:
        DiagramError: one of the diagrams cannot run.
        UnknownStateError: a state that is renamed is in none of them, or what is stored cannot be in it.
    """
    found = _Comparer(_Version(old), _Version(new), states or {}).changes()
    return Comparison(tuple(sorted(found, key=lambda change: not change.is_breaking)))


class _Version:
    """One of the two versions, with the figures that are compared."""

    def __init__(self, given: Machine | Diagram) -> None:
        self.machine = given if isinstance(given, Machine) else Machine(given, stored=True)
        self.diagram = self.machine.diagram
        self.states = {state.name: state for state in self.diagram.states}
        self.known = dict.fromkeys(self.machine.states)
        self.compounds = compound_transitions(self.machine)

    def shape(self, name: str) -> str:
        """The kind of a state, and its place."""
        state = self.states[name]
        around = self.states.get(state.within)
        region = f"region {state.region + 1} of " if around and around.regions > 1 else ""
        return f"{_kind(state)} {f'in {region}{state.within}' if state.within else 'at the top'}"


class _Comparer:
    def __init__(self, old: _Version, new: _Version, states: Mapping[str, str]) -> None:
        self.old, self.new = old, new
        self.migrated = migrated_states(old.machine, new.machine, states)
        self.renamed = {**renames(old.diagram, new.diagram), **states}
        self.moved = {name for name in old.states if self._is_moved(name)}

    def changes(self) -> Iterator[Change]:
        """All changes: those of states, and those of edges."""
        lost = self._by_cause(self.old, self.new, self.moved, self.migrated)
        for state in self.old.states.values():
            yield from self._state(state, tuple(lost.pop(state.name, ())))
        for states in lost.values():
            yield self._lost(tuple(states))
        yield from self._new_states()
        yield from self._edges()

    # States ---------------------------------------------------------------------------------------------------

    def _state(self, state: State, lost: tuple[str, ...]) -> Iterator[Change]:
        """The change of a state of the old diagram; `lost` are the machine's states that ended with it."""
        after = self.renamed.get(state.name, state.name)
        if after not in self.new.states:
            told, now = [f"{state.name} is gone"], ""
        else:
            told, now = list(self._became(state.name, after)), f"state {after}"
        if told:
            sentence = " and ".join(told) + (f"; {_unknown(lost)}" if lost else "")
            yield Change(f"state {state.name}", now, sentence, lost, self.old.diagram.file, state.place)

    def _became(self, name: str, after: str) -> Iterator[str]:
        if after != name:
            yield f"{name} is called {after} now"
        if name in self.moved:
            yield f"{name} is {self.new.shape(after)} now, not {self.old.shape(name)}"

    def _is_moved(self, name: str) -> bool:
        """Tell whether a state stands elsewhere in the new diagram, or is another kind of state there."""
        was, now = self.old.states[name], self.new.states.get(self.renamed.get(name, name))
        if now is None:
            return False
        within = self.renamed.get(was.within, was.within)
        return (within, was.region, was.kind, was.regions) != (now.within, now.region, now.kind, now.regions)

    def _lost(self, states: tuple[str, ...]) -> Change:
        """States that no state of the diagram accounts for: ends, and combinations that are not met any more."""
        sentence = f"{_listed(states)} cannot be reached any more; {_unknown(states)}"
        return Change(_listed(states), "", sentence, states, self.old.diagram.file, self.old.diagram.end)

    def _new_states(self) -> Iterator[Change]:
        file = self.new.diagram.file
        known = {self.renamed.get(name, name): name for name in self.old.states}
        for state in self.new.states.values():
            if state.name not in known:
                sentence = f"{state.name} is new, {self.new.shape(state.name)}"
                yield Change("", f"state {state.name}", sentence, (), file, state.place)
        moved = {name for name in known if known[name] in self.moved}
        for cause, states in self._by_cause(self.new, self.old, moved).items():
            if cause not in self.new.states:
                yield Change("", _listed(states), f"{_listed(states)} is new", (), file, self.new.diagram.end)

    def _by_cause(
        self, version: _Version, other: _Version, moved: Collection[str], migrated: Collection[str] = ()
    ) -> dict[str, list[str]]:
        """The states that only this machine has, by what is the reason: a state of its diagram, or an end."""
        found: dict[str, list[str]] = {}
        for state in version.known:
            if state not in other.known and state not in migrated:
                found.setdefault(_cause(version, other, moved, state), []).append(state)
        return found

    # Edges ----------------------------------------------------------------------------------------------------

    def _edges(self) -> Iterator[Change]:
        matched = matching(self.old.compounds, self.new.compounds, self.renamed)
        after = dict(matched)
        before = {new: old for old, new in matched}
        stuck = lost_exits(self.old.compounds, after, self.new.machine, self.migrated)
        freed = lost_exits(self.new.compounds, before, self.old.machine)
        for compound in self.old.compounds:
            now = after.get(compound)
            told = self._differences(compound, now) if now else ["it is gone"]
            if told or stuck[compound] or (now and freed[now]):
                yield self._edge(compound, now, told, stuck[compound])
        for compound in self.new.compounds:
            if compound not in before:
                place = compound.edges[0].place
                yield Change("", str(compound), f"{compound}: it is new", (), self.new.diagram.file, place)

    def _edge(
        self, compound: CompoundTransition, now: CompoundTransition | None, told: Sequence[str], stuck: tuple[str, ...]
    ) -> Change:
        parts = list(told)
        if stuck:
            parts.append(
                f"what is stored in {_listed(stuck)} may be stuck, for {compound.event!r} does not leave it now"
            )
        sentence = f"{compound}: {'; '.join(parts or ['it leaves more states'])}"
        place = compound.edges[0].place
        return Change(str(compound), str(now or ""), sentence, stuck, self.old.diagram.file, place)

    def _differences(self, compound: CompoundTransition, now: CompoundTransition) -> list[str]:
        target = self.renamed.get(compound.target, compound.target)
        told = [
            f"its {part} changed from {_told(before)} to {_told(after)}"
            for part, before, after in (
                ("target", target, now.target),
                ("event", compound.event, now.event),
                ("guard", tuple(sorted(compound.guards)), tuple(sorted(now.guards))),
                ("timer", compound.timers, now.timers),
                ("effect", compound.effects, now.effects),
            )
            if before != after and not (part == "event" and _names_delays(compound, now))
        ]
        return told or ([f"it is labelled {now.label!r} now"] if compound.label != now.label else [])


def _cause(version: _Version, other: _Version, moved: Collection[str], state: str) -> str:
    """The cause for which only one machine has the state; empty where nothing in its diagram accounts for that."""
    innermost, around = version.machine.innermost(state), version.machine.active(state)
    gone = (name for name in (*innermost, *around) if name in version.states and name not in other.states)
    ends = (name for name in innermost if name.endswith(END))
    return next(itertools.chain(gone, (name for name in reversed(around) if name in moved), ends), "")


def _names_delays(compound: CompoundTransition, now: CompoundTransition) -> bool:
    """Tell whether both events are named by their delays, so that the timer tells all."""
    return all(each.timers and each.edges[0].parts.delay for each in (compound, now))


def _kind(state: State) -> str:
    if state.kind != "state":
        return f"a {state.kind}"
    if state.regions > 1:
        return f"a state of {state.regions} regions"
    return "a composite state" if state.regions else "a plain state"


def _unknown(states: Sequence[str]) -> str:
    return f"what is stored in {_listed(states)} would not be understood"


def _listed(states: Sequence[str]) -> str:
    shown = ", ".join(states[:_SHOWN])
    return f"{shown} and {len(states) - _SHOWN} more" if len(states) > _SHOWN else shown


def _told(part: str | tuple[str, ...]) -> str:
    return part if isinstance(part, str) else " and ".join(part) or "none"
