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
    ways = _Ways(diagram)
    lines = [f"state {name} {{"]
    for number, start in enumerate(starts):
        behind = ways.branch(start) - {start}
        lines += ["    --"] * bool(number) + [f"    [*] --> {start}", *(f"    {each}" for each in sorted(behind))]
    return "\n".join((*lines, "}"))


class _Ways:
    """The ways of a diagram, forth and back."""

    def __init__(self, diagram: Diagram) -> None:
        self._sources: dict[str, set[str]] = {}
        self._targets: dict[str, set[str]] = {}
        for edge in diagram.edges:
            self._sources.setdefault(edge.target, set()).add(edge.source)
            self._targets.setdefault(edge.source, set()).add(edge.target)
        joins = {state.name for state in diagram.states if state.kind == "join"}
        self._joining = _reached(joins, self._sources) - joins - {OUTSIDE}

    def branch(self, start: str) -> set[str]:
        """The states of a branch, in the time that its edges take."""
        found = _reached({start}, self._targets) & self._joining | {start}
        strange = [each for each in found - {start} if not self._sources[each] <= found]
        while strange:
            name = strange.pop()
            if name in found:
                found.remove(name)
                strange += self._targets.get(name, set()) & found - {start}
        return found


def _reached(starts: set[str], ways: Mapping[str, set[str]]) -> set[str]:
    found, waiting = set(starts), list(starts)
    while waiting:
        more = ways.get(waiting.pop(), set()) - found
        found |= more
        waiting += more
    return found
