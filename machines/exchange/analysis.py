"""The chart of a machine: what its edges mean, by its bindings or its labels."""

from collections.abc import Iterator
from typing import Final

from argentos.machines.bindings import Meaning
from argentos.machines.conditions import ALWAYS, Terms, conjoined
from argentos.machines.diagram import Diagram
from argentos.machines.exchange.chart import Chart, ChartState, Move, Region, When
from argentos.machines.exchange.conditions import canonical
from argentos.machines.machine import Machine
from argentos.machines.mermaid.elements import OUTSIDE, Edge, State
from argentos.machines.mermaid.labels import BREAK
from argentos.machines.mermaid.statements import Comment, Note, Setting, Styling, walk
from argentos.machines.notation import Misread, decoded

__all__ = ["analyse"]

_LEFT_OUT: Final = ((Note, "notes"), (Styling, "styles"), (Setting, "styles"), (Comment, "comments"))


def analyse(machine: Machine | Diagram) -> Chart:
    """Make the chart of a machine.

    Raises:
        DiagramError: a diagram does not run.
    """
    return _Analysis(machine if isinstance(machine, Machine) else Machine(machine, stored=True)).chart()


class _Analysis:
    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._diagram = machine.diagram
        self._kinds = {state.name: state for state in machine.diagram.states}
        self._chart = Chart()
        self._states: dict[str, ChartState] = {}
        self._regions: dict[tuple[str, int], Region] = {("", 0): self._chart.top}
        self._ends: dict[tuple[str, int], str] = {}

    def chart(self) -> Chart:
        for state in self._diagram.states:
            self._add(state)
        for state in self._diagram.states:
            if state.name in self._states:
                self._regions[state.within, state.region].states.append(self._states[state.name])
        edges = dict.fromkeys((*self._diagram.edges, *self._machine.meanings))
        for edge in sorted(edges, key=lambda each: each.place):  # in which they are tried
            self._edge(edge)
        self._chart.warnings += self._left_out()
        return self._chart

    def _add(self, state: State) -> None:
        if state.kind == "choice":
            self._chart.warnings.append(f"the choice {state.name} is written as edges with the guards of both parts")
        if state.kind != "state":
            return
        drawn = ChartState(state.name)
        if state.history:
            drawn.kind = "deep history" if state.history == "deep" else "shallow history"
        else:
            drawn.title = "\n".join(self._shown(state))
        drawn.entry, drawn.exit = (each.get(state.name, ()) for each in (self._machine.entry, self._machine.exit))
        drawn.regions = [Region() for _ in range(state.regions)]
        self._states[state.name] = drawn
        self._regions |= {(state.name, number): region for number, region in enumerate(drawn.regions)}

    def _shown(self, state: State) -> Iterator[str]:
        """The lines of a description, without those that say what is done."""
        done = {edge.label for edge in self._machine.meanings if edge.source == edge.target == state.name}
        for line in (decoded(line).strip() for line in BREAK.split(state.description)):
            is_action = line.lower().startswith(("entry /", "exit /", "enter /", "entry/", "exit/")) or (
                line.lower().startswith("on ") and line[3:].strip() in done
            )
            if line and not is_action:
                yield line

    def _edge(self, edge: Edge) -> None:
        meanings = self._machine.meanings.get(edge, (Meaning(),))
        source, target = self._kinds.get(edge.source), self._kinds.get(edge.target)
        if source is not None and source.kind != "state":
            return
        move = self._move(edge, meanings)
        if edge.source == OUTSIDE:
            move.targets = self._targets(edge)
            if edge.within:
                self._regions[edge.within, edge.region].begins = move
            else:
                self._chart.start = move
        elif target is not None and target.kind == "choice":
            self._states[edge.source].moves += self._through(move, meanings[0].terms, target.name)
        elif target is not None and target.kind == "join":
            self._join(edge, move, target)
        elif target is not None and target.kind == "fork":
            move.via = target.name
            for other in (each for each in self._diagram.edges if each.source == target.name):
                move.targets = (*move.targets, *self._targets(other))
                move.effects = (*move.effects, *self._machine.meanings[other][0].effects)
            self._states[edge.source].moves.append(move)
        else:
            move.targets = () if meanings[0].internal else self._targets(edge)
            self._states[edge.source].moves.append(move)

    def _move(self, edge: Edge, meanings: tuple[Meaning, ...]) -> Move:
        whens = tuple(When(each.event, each.timer) for each in meanings if each.event)
        return Move(whens, guard=canonical(meanings[0].terms), effects=meanings[0].effects, label=edge.label)

    def _through(self, move: Move, terms: Terms, choice: str) -> Iterator[Move]:
        """The moves through a choice, which is passed at once: what it leaves over comes last."""
        branches = [each for each in self._diagram.edges if each.source == choice]
        for branch in sorted(branches, key=lambda each: self._machine.meanings[each][0].terms == ALWAYS):
            meaning = self._machine.meanings[branch][0]
            try:
                both = conjoined(terms, meaning.terms)
            except Misread:  # what never holds together is no way
                continue
            found = Move(move.whens, self._targets(branch), canonical(both), (*move.effects, *meaning.effects))
            further = self._kinds.get(branch.target)
            if further is not None and further.kind == "choice":
                yield from self._through(found, both, further.name)
            else:
                yield found

    def _join(self, edge: Edge, move: Move, join: State) -> None:
        """Add the move that a join is, once: its source is the state around all that are joined."""
        entering = [each for each in self._diagram.edges if each.target == join.name]
        if edge != entering[0]:
            return
        leaving = [each for each in self._diagram.edges if each.source == join.name]
        move.joins, move.via, move.label = tuple(each.source for each in entering), join.name, ""
        for other in leaving:
            move.targets = (*move.targets, *self._targets(other))
            move.effects = (*move.effects, *self._machine.meanings[other][0].effects)
        around = [self._around(name) for name in move.joins]
        source = next(name for name in around[0] if all(name in each for each in around[1:]))
        self._states[source].moves.append(move)

    def _around(self, name: str) -> list[str]:
        found: list[str] = []
        while name := self._kinds[name].within:
            found.append(name)
        return found

    def _targets(self, edge: Edge) -> tuple[str, ...]:
        if edge.target != OUTSIDE:
            return (edge.target,)
        return (self._end(edge.within, edge.region),)

    def _end(self, within: str, region: int) -> str:
        """The end of a region, which a diagram does not name."""
        if (within, region) not in self._ends:
            name = f"{within}_end" if within else "end"
            while name in self._kinds or name in self._ends.values():
                name += "_"
            self._ends[within, region] = name
            self._states[name] = ChartState(name, "end")
            self._regions[within, region].states.append(self._states[name])
        return self._ends[within, region]

    def _left_out(self) -> Iterator[str]:
        found = [
            word for each in walk(self._diagram.document.body) for kind, word in _LEFT_OUT if isinstance(each, kind)
        ]
        for word in dict.fromkeys(found):
            yield f"{found.count(word)} {word} are left out: there is no place for them"
