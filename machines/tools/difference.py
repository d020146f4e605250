"""Differences between a diagram in a document and the one that it stands for.

States, how they stand within each other, what they are called, edges and labels count. Order, comments, styles,
directions and notes do not.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from argentos.machines.diagram import Diagram
from argentos.machines.mermaid.elements import OUTSIDE, Edge, Place, State

__all__ = ["Difference", "differences"]


class Difference(NamedTuple):
    """A sentence, and the place in the diagram that is shown; None for what is missing there."""

    sentence: str
    place: Place | None


def differences(shown: Diagram, meant: Diagram) -> tuple[Difference, ...]:
    """All differences: first of states, then of edges, each in the order of the text."""
    return (*_states(shown, meant), *_edges(shown, meant))


def _states(shown: Diagram, meant: Diagram) -> Iterator[Difference]:
    there = {state.name: state for state in meant.states}
    here = {state.name: state for state in shown.states}
    both = {name for name in here if name in there and here[name].within == there[name].within}
    beside, beside_there = _company(shown, both), _company(meant, both)
    for state in shown.states:
        if state.name not in there:
            yield Difference(f"the state {state.name} is not in the program", state.place)
            continue
        for tell in (_kind, _where, _title):
            yield from _told(state, tell(state), tell(there[state.name]))
        yield from _told(state, beside.get(state.name, ""), beside_there.get(state.name, ""))
    for state in meant.states:
        if state.name not in here:
            yield Difference(f"the state {state.name} is missing, {_kind(state)} {_where(state)}", None)


def _told(state: State, shown: str, meant: str) -> Iterator[Difference]:
    if shown != meant:
        yield Difference(f"the state {state.name} is {shown}; in the program, {meant}", state.place)


def _company(diagram: Diagram, names: Collection[str]) -> dict[str, str]:
    """For each of these states those of them that share its region; the order of regions says nothing."""
    regions: dict[tuple[str, int], list[str]] = {}
    for state in diagram.states:
        if state.name in names:
            regions.setdefault((state.within, state.region), []).append(state.name)
    return {
        name: f"in a region with {', '.join(sorted({*region} - {name})) or 'no other'}"
        for region in regions.values()
        for name in region
    }


def _kind(state: State) -> str:
    if state.kind != "state":
        return f"a {state.kind}"
    if state.regions > 1:
        return f"a state of {state.regions} parallel regions"
    return "a composite state" if state.regions else "a plain state"


def _where(state: State) -> str:
    return f"in {state.within}" if state.within else "at the top"


def _title(state: State) -> str:
    return f"called {(state.description or state.name)!r}"


_Key: TypeAlias = tuple[str, ...]


def _edges(shown: Diagram, meant: Diagram) -> Iterator[Difference]:
    surplus, missing = _rest(shown.edges, meant.edges), _rest(meant.edges, shown.edges)
    for alike, tell in _ALIKE:
        for edge in list(surplus):
            other = next((each for each in missing if alike(each) == alike(edge)), None)
            if other is not None:
                surplus.remove(edge)
                missing.remove(other)
                yield Difference(f"{edge} {tell(edge, other)}", edge.place)
    yield from (Difference(f"{edge} is not in the program", edge.place) for edge in surplus)
    yield from (Difference(f"{edge} is missing{_inside(edge)}", None) for edge in missing)


def _rest(edges: Sequence[Edge], others: Sequence[Edge]) -> list[Edge]:
    """The edges that are not among the others, as often as they are not."""
    known = Counter(map(_key, others))
    rest: list[Edge] = []
    for edge in edges:
        key = _key(edge)
        if not known[key]:
            rest.append(edge)
        known[key] -= min(1, known[key])
    return rest


def _key(edge: Edge) -> _Key:
    return (edge.source, edge.target, edge.label, _scope(edge))


def _scope(edge: Edge) -> str:
    """The state whose beginning or end the edge is; empty for others, which mean the same wherever they stand."""
    return edge.within if OUTSIDE in (edge.source, edge.target) else ""


def _inside(edge: Edge) -> str:
    return f" in {_scope(edge)}" if _scope(edge) else ""


_ALIKE: tuple[tuple[Callable[[Edge], _Key], Callable[[Edge, Edge], str]], ...] = (
    (
        lambda edge: (edge.source, edge.target, _scope(edge)),
        lambda _, other: f"is labelled {other.label!r} in the program",
    ),
    (lambda edge: (edge.source, edge.label, _scope(edge)), lambda _, other: f"leads to {other.target} in the program"),
    (
        lambda edge: (edge.target, edge.label, _scope(edge)),
        lambda _, other: f"comes from {other.source} in the program",
    ),
    (
        lambda edge: (edge.source, edge.target, edge.label),
        lambda _, other: f"stands {f'in {other.within}' if other.within else 'at the top'} in the program",
    ),
)
