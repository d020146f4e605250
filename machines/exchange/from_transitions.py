"""Charts of machines of transitions: flat and nested ones, with conditions, callbacks and parallel states."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from argentos.machines.durations import text_of
from argentos.machines.exchange.chart import Chart, ChartState, Move, Region, When
from argentos.machines.exchange.labels import effect_named, event_named, fact_named

__all__ = ["read_transitions"]


def read_transitions(machine: Any) -> Chart:
    """The chart of a `transitions.Machine`; the triggers that it makes by itself, `to_…`, are no part of it."""
    return _Reader(machine).chart()


class _Reader:
    def __init__(self, machine: Any) -> None:
        self._machine = machine
        self._chart = Chart()
        self._separator = str(getattr(getattr(machine, "state_cls", None), "separator", "_"))
        self._states: dict[str, ChartState] = {}

    def chart(self) -> Chart:
        top = self._region(self._machine.states.values(), "")
        self._chart.top = top
        for event in self._machine.events.values():
            self._event(event, "")
        initial = self._machine.initial
        if isinstance(initial, str):
            self._chart.start = Move(targets=(self._named(initial),))
        elif initial is not None:
            self._warn("the machine begins in several states, which no diagram says: begin in one around them")
        callbacks = ("prepare_event", "before_state_change", "after_state_change", "finalize_event", "on_exception")
        for each in callbacks:
            if getattr(self._machine, each, None):
                self._warn(f"{each!r} of the machine is left out: write its effects at the edges")
        return self._chart

    # States -------------------------------------------------------------------------------------------------------

    def _region(self, states: Iterable[Any], prefix: str) -> Region:
        return Region([self._state(each, prefix) for each in states])

    def _state(self, given: Any, prefix: str) -> ChartState:
        path = f"{prefix}{self._separator}{given.name}" if prefix else str(given.name)
        state = ChartState(path if prefix else str(given.name))
        self._states[path] = state
        state.entry = self._effects(given.on_enter, f"entering {path}")
        state.exit = self._effects(given.on_exit, f"leaving {path}")
        inner = list(getattr(given, "states", {}).values())
        initial = getattr(given, "initial", None)
        if inner and isinstance(initial, Sequence) and not isinstance(initial, str):
            state.regions = [self._region([each], path) for each in inner]
            for region in state.regions:
                region.begins = Move(targets=(region.states[0].name,))
        elif inner:
            state.regions = [self._region(inner, path)]
            first = initial if isinstance(initial, str) else inner[0].name
            state.regions[0].begins = Move(targets=(self._named(f"{path}{self._separator}{first}"),))
            if not initial:
                self._warn(
                    f"{path} does not say where it begins, and may be entered as a whole; here it begins in {first}"
                )
        for event in getattr(given, "events", {}).values():
            self._event(event, path)
        if timeout := getattr(given, "timeout", None):
            self._warn(
                f"the timeout of {path}, {text_of(float(timeout) * 1000)}, leads nowhere; write 'after' at an edge"
            )
        return state

    # Transitions --------------------------------------------------------------------------------------------------

    def _event(self, event: Any, prefix: str) -> None:
        for given in (each for found in event.transitions.values() for each in found):
            source = self._path(str(given.source), prefix)
            if self._is_automatic(event, given):
                continue
            move = Move((When(event_named(str(event.name))),))
            if given.dest is not None:
                move.targets = (self._named(self._path(str(given.dest), prefix)),)
            move.guard = " and ".join(self._guards(given.conditions, f"{source} {event.name}"))
            where = f"{event.name} of {source}"
            move.effects = self._effects([*given.prepare, *given.before, *given.after], where)
            if given.prepare:
                self._warn(f"what is prepared for {where} is done only where it is taken")
            self._states[source].moves.append(move)

    def _is_automatic(self, event: Any, given: Any) -> bool:
        """Tell whether the machine has made the trigger by itself."""
        name, dest = str(event.name), given.dest
        plain = not (given.conditions or given.before or given.after or given.prepare)
        spelled = str(dest).replace(self._separator, "_")
        return (
            bool(getattr(self._machine, "auto_transitions", True))
            and plain
            and name in {f"to_{dest}", f"to_{spelled}", f"to{self._separator}{dest}"}
        )

    def _path(self, name: str, prefix: str) -> str:
        """The path of a state that is named from within another."""
        inner = f"{prefix}{self._separator}{name}" if prefix else name
        return inner if inner in self._states or name not in self._states else name

    def _named(self, path: str) -> str:
        return self._states[path].name if path in self._states else path

    def _guards(self, conditions: Iterable[Any], where: str) -> Iterator[str]:
        for each in conditions:
            name = fact_named(self._callback(each.func, where))
            yield name if each.target else f"not {name}"

    def _effects(self, callbacks: Iterable[Any], where: str) -> tuple[str, ...]:
        return tuple(effect_named(self._callback(each, where)) for each in callbacks)

    def _callback(self, callback: Any, where: str) -> str:
        """The name of a callback, which may be a function."""
        if isinstance(callback, str):
            return callback
        name = getattr(callback, "__name__", "")
        if not name or name == "<lambda>":
            self._warn(f"a function without a name, at {where}, is called 'unnamed'")
            return "unnamed"
        return str(name)

    def _warn(self, sentence: str) -> None:
        if sentence not in self._chart.warnings:
            self._chart.warnings.append(sentence)
