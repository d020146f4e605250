"""Text for the terminal: a box for each state, its edges beneath it, states within states."""

import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

from rich.cells import cell_len

from argentos.machines.diagram import Diagram
from argentos.machines.drawing.annotations import Annotations
from argentos.machines.drawing.plain import plain
from argentos.machines.mermaid.elements import OUTSIDE, Edge, State
from argentos.machines.tree import START

__all__ = ["to_text"]

_WIDTH: Final = 80
_NARROWEST: Final = 24  # of what stands many states deep; there, and only there, lines grow longer than the width
_BEGINS, _ENDS = "●", "◎"
_SIGNS: Final = {"choice": "◇ ", "fork": "━ ", "join": "━ "}
_CURRENT: Final = " ◀ current"
_LINES: Final = tuple("╭─╮│╰╯├┤")
_DOUBLE: Final = tuple("╔═╗║╚╝╟╢")
_ACROSS, _DASHES = "─", "╌"


def to_text(diagram: Diagram, annotations: Annotations) -> str:
    """Lines of at most 80 columns, unless states stand many levels deep."""
    lines = _Text(diagram, annotations).region("", 0, _WIDTH)
    return "".join(f"{line.rstrip()}\n" for line in lines)


class _Text:
    def __init__(self, diagram: Diagram, annotations: Annotations) -> None:
        self._diagram = diagram
        self._annotations = annotations

    def region(self, within: str, region: int, width: int) -> list[str]:
        """The states of a region, with its beginning above them."""
        blocks = [self._beginning(within, region, width)]
        for state in self._diagram.states:
            if (state.within, state.region) == (within, region):
                edges = [edge for edge in self._diagram.edges if edge.source == state.name]
                blocks.append([*self._state(state, width), *self._edges(edges, width)])
        lines = [line for block in blocks if block for line in (*block, "")]
        return lines[:-1]

    def _beginning(self, within: str, region: int, width: int) -> list[str]:
        here = (OUTSIDE, within, region)
        edges = [edge for edge in self._diagram.edges if (edge.source, edge.within, edge.region) == here]
        is_current = not within and START in self._annotations.current
        head = _BEGINS + (_CURRENT if is_current else "")
        if len(edges) == 1 and not edges[0].label and edges[0] not in self._annotations.lines:
            return [f"{head} ──▶ {edges[0].target}"]
        return [head, *self._edges(edges, width)] if edges else []

    def _state(self, state: State, width: int) -> list[str]:
        if state.kind != "state":
            return [_SIGNS[state.kind] + state.name]
        is_current = state.name in self._annotations.current
        rim = _DOUBLE if is_current or state.name in self._annotations.around else _LINES
        room = max(width - 4, _NARROWEST)
        title = [part for line in _title(state) for part in _wrapped(line, room - (len(_CURRENT) if is_current else 0))]
        boxed = _boxed(title, [self.region(state.name, number, room) for number in range(state.regions)], rim)
        return [boxed[0], boxed[1] + (_CURRENT if is_current else ""), *boxed[2:]]

    def _edges(self, edges: Sequence[Edge], width: int) -> Iterator[str]:
        labels = [" / ".join(plain(edge.label)) for edge in edges]
        longest = max((cell_len(label) for label in labels), default=0)
        for number, (edge, label) in enumerate(zip(edges, labels, strict=True), start=1):
            branch, beside = (" ├─", " │ ") if number < len(edges) else (" └─", "   ")
            lines = self._edge(edge, label, longest, max(width - 3, _NARROWEST))
            yield from (f"{beside if line else branch}{text}" for line, text in enumerate(lines))

    def _edge(self, edge: Edge, label: str, longest: int, width: int) -> Iterator[str]:
        arrow = f"▶ {self._target(edge)}"
        dashes = "─" * (longest - cell_len(label) + 2)
        aligned = f" {label} {dashes}{arrow}" if label else f"{'─' * (longest + 2)}{arrow}"
        if cell_len(aligned) <= width:
            yield aligned
        else:
            yield from (f" {line}" for line in _wrapped(label, width - 1))
            yield from (
                f" {'──' if not number else '  '}{line}" for number, line in enumerate(_wrapped(arrow, width - 3))
            )
        for note in self._annotations.lines.get(edge, ()):
            yield from (f"   {line}" for line in _wrapped(note, width - 3))

    def _target(self, edge: Edge) -> str:
        if edge.target != OUTSIDE:
            return edge.target
        return _ENDS + (_CURRENT if self._annotations.at_end(edge.within, edge.region) else "")


def _title(state: State) -> Iterator[str]:
    """The name, with the description that other pictures show instead of it."""
    described = [line for line in plain(state.description) if line != state.name]
    yield f"{state.name}: {described[0]}" if described else state.name
    yield from described[1:]


def _boxed(title: Sequence[str], regions: Sequence[Sequence[str]], rim: Sequence[str]) -> list[str]:
    """The title with the regions beneath it, in one box, dashed lines between them."""
    top_left, across, top_right, side, bottom_left, bottom_right, left, right = rim
    inner = max(cell_len(line) for part in (title, *regions) for line in part)
    lines = [f"{top_left}{across * (inner + 2)}{top_right}"]
    for number, part in enumerate((title, *regions)):
        if number:
            lines.append(f"{left}{(_ACROSS if number == 1 else _DASHES) * (inner + 2)}{right}")
        lines += [f"{side} {line}{' ' * (inner - cell_len(line))} {side}" for line in part]
    return [*lines, f"{bottom_left}{across * (inner + 2)}{bottom_right}"]


def _wrapped(text: str, width: int) -> list[str]:
    """The text in lines; letters that take two columns each get half as many to the line."""
    return textwrap.wrap(text, width if cell_len(text) <= len(text) else max(width // 2, 1), break_on_hyphens=False)
