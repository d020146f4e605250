"""Branches of a fork that stand in no regions yet, and the lines that put them there.

In UML a fork and a join are about parallel regions: without them two states of one region would be active at once, an
event that leaves one would say nothing of the other, and nothing would say what ends both. mermaid draws forks without
regions all the same, and such a text needs one composite state more: a state stands in the last one that mentions it.
"""

from collections.abc import Mapping
from typing import Final

from argentos.machines.diagram import Diagram
from argentos.machines.mermaid.elements import OUTSIDE

__all__ = ["regions_for"]

_NAME: Final = "Parallel"


def regions_for(diagram: Diagram, fork: str) -> str:
    """Lines that, below all others of the diagram, have each branch of the fork stand in a region.

    A branch is what only it leads to, and whence a way leads on to a join.

    Args:
        diagram: holds the fork.
        fork: the name of it; all that it leads to stands in no composite state.
    """
    names = {state.name for state in diagram.states}
    name = next(
        each for each in (_NAME, *(f"{_NAME}_{number}" for number in range(2, len(names) + 3))) if each not in names
    )
    starts = list(dict.fromkeys(edge.target for edge in diagram.edges if edge.source == fork))
    lines = [f"state {name} {{"]
    for number, start in enumerate(starts):
        behind = _branch(diagram, start) - {start}
        lines += ["    --"] * bool(number) + [f"    [*] --> {start}", *(f"    {each}" for each in sorted(behind))]
    return "\n".join((*lines, "}"))


def _branch(diagram: Diagram, start: str) -> set[str]:
    joins = {state.name for state in diagram.states if state.kind == "join"}
    sources: dict[str, set[str]] = {}
    targets: dict[str, set[str]] = {}
    for edge in diagram.edges:
        sources.setdefault(edge.target, set()).add(edge.source)
        targets.setdefault(edge.source, set()).add(edge.target)
    found = (_reached({start}, targets) & _reached(joins, sources)) - joins - {OUTSIDE} | {start}
    while strange := {each for each in found - {start} if not sources[each] <= found}:
        found -= strange
    return found


def _reached(starts: set[str], ways: Mapping[str, set[str]]) -> set[str]:
    found = starts
    while more := {each for name in found for each in ways.get(name, ())} - found:
        found = found | more
    return found
