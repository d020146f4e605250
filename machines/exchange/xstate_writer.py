"""The JSON of XState 5: a configuration for `createMachine`, whose guards, actions and delays are names."""

from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeAlias

from argentos.machines.durations import milliseconds
from argentos.machines.exchange.chart import Chart, ChartState, Move, Region, When

__all__ = ["REGION", "START", "write_xstate"]

Config: TypeAlias = dict[str, Any]

START: Final = "(before the beginning)"
REGION: Final = "region"
_HISTORY: Final = {"shallow history": "shallow", "deep history": "deep"}


def write_xstate(chart: Chart) -> Config:
    """The configuration; what it leaves to the program is added to the chart's warnings."""
    return _Writer(chart).config()


class _Writer:
    def __init__(self, chart: Chart) -> None:
        self._chart = chart

    def config(self) -> Config:
        states = {state.name: self._state(state) for state in self._chart.top.states}
        found: Config = {"id": self._chart.title or "machine"}
        start = self._chart.start
        if start is not None and start.whens and (start.label or start.guard or start.effects):
            first = self._moves([start], START)
            found |= {"initial": START, "states": {START: {"id": START, **first}, **states}}
        elif start is not None:
            found |= {"initial": start.targets[0], "states": states}
        self._tell()
        return found

    def _tell(self) -> None:
        moves = [move for state in self._chart.states() for move in state.moves]
        guards = dict.fromkeys(move.guard for move in moves if move.guard)
        delays = dict.fromkeys(when.delay for move in moves for when in move.whens if when.delay)
        for kind, names in (
            ("guard", guards),
            ("delay", [name for name in delays if milliseconds(name) is None]),
        ):
            if names:
                self._chart.warnings.append(f"{kind}s are names that the program has to know: {', '.join(names)}")
        self._chart.warnings += self._otherwise()

    def _otherwise(self) -> Iterator[str]:
        """Warnings of where XState differs from UML."""
        for state in self._chart.states():
            effects = [effect for region in state.regions if region.begins for effect in region.begins.effects]
            if len(state.regions) > 1 and effects:
                problem = f"the effects {', '.join(effects)} with which regions of {state.name} begin"
                yield f"{problem} are left out by XState where an edge leads into a region beside"
            for region in state.regions:
                yield from _of_histories(region)

    # States -------------------------------------------------------------------------------------------------------

    def _state(self, state: ChartState) -> Config:
        found: Config = {"id": state.name}
        if state.title:
            found["description"] = state.title
        if state.kind == "end":
            return found | {"type": "final"}
        if state.kind in _HISTORY:
            target = {"target": f"#{state.moves[0].targets[0]}"} if state.moves else {}
            return found | {"type": "history", "history": _HISTORY[state.kind], **target}
        found |= {key: list(actions) for key, actions in (("entry", state.entry), ("exit", state.exit)) if actions}
        found |= self._moves(self._in_order(state), state.name, completes=bool(state.regions))
        if state.kind == "choice":
            found["meta"] = {"kind": "choice"}
        if len(state.regions) == 1:
            found |= self._inside(state.regions[0])
        elif state.regions:
            names = [f"{state.name} {number + 1}" for number in range(len(state.regions))]
            inner = [{**self._inside(region), "meta": {"kind": REGION}} for region in state.regions]
            found |= {"type": "parallel", "states": dict(zip(names, inner, strict=True))}
        return found

    def _in_order(self, state: ChartState) -> list[Move]:
        return sorted(state.moves, key=lambda move: state.kind == "choice" and not move.guard)

    def _inside(self, region: Region) -> Config:
        found: Config = {"states": {state.name: self._state(state) for state in region.states}}
        if region.begins is None:
            return found
        target, effects = region.begins.targets[0], list(region.begins.effects)
        found["initial"] = {"target": target, "actions": effects} if effects else target
        return found

    # Transitions --------------------------------------------------------------------------------------------------

    def _moves(self, moves: Iterable[Move], source: str, *, completes: bool = False) -> Config:
        found: Config = {}
        for move in moves:
            written = self._transition(move, source)
            if not move.whens:
                key = "onDone" if completes and not move.joins else "always"
                found.setdefault(key, []).append(written)
            for when in move.whens:
                found.setdefault(_group(when), {}).setdefault(_key(when), []).append(written)
        return found

    def _transition(self, move: Move, source: str) -> Config:
        found: Config = {}
        if move.targets:
            targets = [f"#{each}" for each in move.targets]
            found["target"] = targets[0] if len(targets) == 1 else targets
            if source in move.targets:
                found["reenter"] = True
        if move.joins:
            name = " and ".join(f"in {each}" for each in move.joins)
            found["guard"] = {"type": name, "params": {"in": list(move.joins)}}
            self._chart.warnings.append(f"the join {move.via or name!r} is a guard for the program to know: {name}")
            if move.guard:
                self._chart.warnings.append(f"beside it the guard {move.guard!r} is left out")
        elif move.guard:
            found["guard"] = move.guard
        if move.effects:
            found["actions"] = list(move.effects)
        if move.label:
            found["description"] = move.label
        if move.via:
            found["meta"] = {"via": move.via}
        return found


def _of_histories(region: Region) -> Iterator[str]:
    """Warnings of where XState differs about the histories of a region."""
    histories = [state.name for state in region.states if state.kind in _HISTORY]
    ends = [state.name for state in region.states if state.kind == "end"]
    for history in histories:
        if ends:
            yield f"the history {history} leads back to {ends[0]} once that was reached, in XState"
        for state in _states_in(region):
            if any(history in move.targets for move in state.moves):
                yield f"{state.name} --> {history} leads to what was remembered before {state.name} is left, in XState"


def _states_in(region: Region) -> Iterator[ChartState]:
    for state in region.states:
        yield state
        for inner in state.regions:
            yield from _states_in(inner)


def _group(when: When) -> str:
    return "on" if when.delay is None else "after"


def _key(when: When) -> str:
    """The name of an event, or the length of a delay in milliseconds, or its name."""
    if when.delay is None:
        return when.event
    length = milliseconds(when.delay)
    return when.delay if length is None else f"{length:.0f}"
