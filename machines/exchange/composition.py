"""The diagram of a chart: its text in mermaid, which is read again."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from argentos.machines.diagram import Diagram
from argentos.machines.exchange.chart import Chart, ChartState, Move, Region
from argentos.machines.exchange.labels import label_of, texts_of

__all__ = ["compose"]

_WORD: Final = re.compile(r"\W+")
_RESERVED: Final = {
    "state",
    "note",
    "class",
    "click",
    "default",
    "as",
    "direction",
    "end",
    "scale",
    "style",
    "classdef",
}
_ENDING: Final = re.compile(r"[#;%{}<>\\]|:(?=:|$)|(?<=:):")
_INDENT: Final = "    "


def compose(chart: Chart, *, file: str) -> Diagram:
    """Write the chart as mermaid, and read that.

    Raises:
        DiagramError: the chart has what no diagram has.
    """
    chart.warnings += _unfit(chart)
    return Diagram.parse("\n".join(_Composition(chart).lines()) + "\n", file=file)


def _unfit(chart: Chart) -> Iterator[str]:
    """The reasons why the diagram will be drawn, but not run."""
    states = {state.name: state for state in chart.states()}
    for state in states.values():
        for begins in (region.begins for region in state.regions if region.begins is not None):
            if states[begins.targets[0]].kind == "choice":
                problem = f"{state.name} begins in {begins.targets[0]}, which leaves at once; diagrams begin in states"
                yield f"{problem}: lead to one, or it does not run"
        bare = state.kind == "state" and not state.regions
        if bare and any(move.targets and not move.whens for move in state.moves):
            yield f"{state.name} has a way out that needs no event: name one, or the machine does not run"


class _Composition:
    def __init__(self, chart: Chart) -> None:
        self._chart = chart
        self._states = {state.name: state for state in chart.states()}
        self._names: dict[str, str] = {}
        for name in self._states:
            self._names[name] = self._name(name)
        self._parents = dict(_parents(chart.top, ""))
        self._forks: dict[str, tuple[str, ...]] = {}
        self._joins: set[str] = set()
        moves = [move for state in chart.states() if state.kind != "choice" for move in state.moves]
        self._texts = texts_of([*([chart.start] if chart.start else []), *moves])
        self._ends = {state.name for state in chart.states() if state.kind == "end"}
        self._bare = {name for name in self._ends if self._is_bare(name)}

    def lines(self) -> Iterator[str]:
        if self._chart.title:
            yield from ("---", f"title: {self._chart.title}", "---")
        yield "stateDiagram-v2"
        yield from (f"{_INDENT}{line}" for line in self._region(self._chart.top, ""))
        edges = [line for state in self._chart.states() for line in self._moves(state)]
        yield from (f"{_INDENT}{line}" for line in edges)

    def _name(self, name: str) -> str:
        word = _WORD.sub("_", name).strip("_") or "state_"
        while word.lower() in _RESERVED or word in self._names.values() or (word != name and word in self._states):
            word += "_"
        return word

    def _is_bare(self, name: str) -> bool:
        """Tell whether an end needs no choice in front of it: it is that of all, or what leads to it is beside it."""
        region = self._parents[name]
        if region == ("", 0):
            return True
        for state in self._chart.states():
            for move in state.moves:
                beside = self._parents[state.name] == region and len(move.targets) == 1 and not move.joins
                if name in move.targets and not (beside and _is_apart(move, state.moves)):
                    return False
        return True

    # States -------------------------------------------------------------------------------------------------------

    def _region(self, region: Region, within: str) -> Iterator[str]:
        for state in region.states:
            if state.name not in self._bare:
                yield from self._declared(state)
        begins = self._chart.start if not within else region.begins
        if begins is not None:
            yield self._edge("[*]", self._names[begins.targets[0]], label_of(begins, self._texts))
        for state in region.states:
            for move in state.moves:
                if within and move.targets and move.targets[0] in self._bare and not self._is_over(move):
                    yield self._edge(self._names[state.name], "[*]", self._label(state, move))
            if state.kind == "end" and state.name not in self._bare:
                yield f"{self._names[state.name]} --> [*]: else"

    def _declared(self, state: ChartState) -> Iterator[str]:
        name = self._names[state.name]
        if state.kind in {"choice", "end"}:
            yield f"state {name} <<choice>>"
            return
        if "history" in state.kind:
            yield f'state "{"[H*]" if state.kind == "deep history" else "[H]"}" as {name}'
            return
        shown = state.title or (state.name if name != state.name else "")
        lines = [*shown.split("\n")] if shown else []
        lines += [f"entry / {', '.join(state.entry)}"] * bool(state.entry)
        lines += [f"exit / {', '.join(state.exit)}"] * bool(state.exit)
        if state.regions:  # whose description stands in one place; others say this among their edges, in order
            lines += [f"on {label_of(move, self._texts)}" for move in state.moves if not move.targets]
            title = f'"{"<br/>".join(_quoted(line) for line in lines)}" as ' if lines else ""
            yield f"state {title}{name} {{"
            for number, region in enumerate(state.regions):
                if number:
                    yield f"{_INDENT}--"
                yield from (f"{_INDENT}{line}" for line in self._region(region, state.name))
            yield "}"
        else:
            yield name
            yield from (f"{name}: {_text(line)}" for line in lines)

    # Edges --------------------------------------------------------------------------------------------------------

    def _moves(self, state: ChartState) -> Iterator[str]:
        source = self._names[state.name]
        for move in state.moves:
            if not move.targets and not state.regions:
                yield f"{source}: {_text(f'on {label_of(move, self._texts)}')}"
            elif move.joins:
                yield from self._join(move)
            elif len(move.targets) > 1:
                yield from self._fork(source, move)
            elif self._is_over(move):
                yield self._edge(source, "[*]", self._label(state, move))
            elif move.targets and move.targets[0] not in self._bare:
                yield self._edge(source, self._names[move.targets[0]], self._label(state, move))

    def _label(self, state: ChartState, move: Move) -> str:
        return label_of(move, self._texts, is_branch=state.kind == "choice")

    def _is_over(self, move: Move) -> bool:
        """Tell whether the move ends all."""
        return bool(move.targets) and move.targets[0] in self._bare and self._parents[move.targets[0]] == ("", 0)

    def _fork(self, source: str, move: Move) -> Iterator[str]:
        name = move.via if self._forks.get(move.via, move.targets) == move.targets and move.via else ""
        known = name in self._forks
        name = name or self._name(f"{source}_fork")
        self._names.setdefault(f"fork {name}", name)
        self._forks[name] = move.targets
        if not known:
            yield f"state {name} <<fork>>"
        yield self._edge(source, name, label_of(move, self._texts))
        if not known:
            yield from (self._edge(name, self._names[target], "") for target in move.targets)

    def _join(self, move: Move) -> Iterator[str]:
        name = move.via if move.via and move.via not in self._joins else self._name("join")
        self._joins.add(name)
        self._names.setdefault(f"join {name}", name)
        yield f"state {name} <<join>>"
        yield from (self._edge(self._names[each], name, "") for each in move.joins)
        effects = f"/ {', '.join(move.effects)}" if move.effects else ""
        yield from (self._edge(name, self._names[target], effects) for target in move.targets)

    def _edge(self, source: str, target: str, label: str) -> str:
        return f"{source} --> {target}: {label}" if label else f"{source} --> {target}"


def _is_apart(move: Move, moves: Sequence[Move]) -> bool:
    """Tell whether no other move of the state answers the same event, so that their order says nothing."""
    events = {when.event for when in move.whens}
    return bool(events) and all(
        events.isdisjoint(each.event for each in other.whens) for other in moves if other is not move
    )


def _parents(region: Region, within: str, number: int = 0) -> Iterator[tuple[str, tuple[str, int]]]:
    for state in region.states:
        yield state.name, (within, number)
        for count, inner in enumerate(state.regions):
            yield from _parents(inner, state.name, count)


def _text(line: str) -> str:
    """A line of a description, with entities for what would end it."""
    return _ENDING.sub(lambda found: f"#{ord(found[0])};", line)


def _quoted(line: str) -> str:
    return _text(line).replace('"', "#34;")
