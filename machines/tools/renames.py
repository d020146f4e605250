"""States that have another name in another version of their diagram, recognised by their edges."""

from typing import TypeAlias

from argentos.machines.diagram import Diagram
from argentos.machines.mermaid.elements import State

__all__ = ["renames"]

_ENOUGH = 0.5  # of the edges of both


def renames(old: Diagram, new: Diagram) -> dict[str, str]:
    """Find the states that were probably renamed, each with its name in the new diagram.

    Two states may be the same if they are of one kind and share at least half of their edges.
    """
    before, after = _only_in(old, new), _only_in(new, old)
    likely = sorted(
        (-_likeness(edges, others), tuple(sorted((one.name, other.name))), one.name, other.name)
        for one, edges in before
        for other, others in after
        if (one.kind, one.regions) == (other.kind, other.regions)
    )
    found: dict[str, str] = {}
    for likeness, _, one, other in likely:
        if -likeness >= _ENOUGH and one not in found and other not in found.values():
            found[one] = other
    return found


_Edges: TypeAlias = frozenset[tuple[str, str, str]]


def _only_in(diagram: Diagram, other: Diagram) -> list[tuple[State, _Edges]]:
    """The states that the other diagram does not have, each with its edges, without its own name in them."""
    known = {state.name for state in other.states}
    edges: dict[str, set[tuple[str, str, str]]] = {state.name: set() for state in diagram.states}
    for edge in diagram.edges:
        for name in {edge.source, edge.target} & edges.keys():
            source, target = ("" if end == name else end for end in (edge.source, edge.target))
            edges[name].add((source, target, edge.parts.event or edge.label))
    return [(state, frozenset(edges[state.name])) for state in diagram.states if state.name not in known]


def _likeness(edges: _Edges, others: _Edges) -> float:
    """The share of the edges that both states have, of all that either has."""
    return len(edges & others) / len(edges | others) if edges or others else 0.0
