"""Charts in the JSON of XState, versions 4 and 5; what a machine cannot say is listed with its place."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NoReturn, TypeAlias, cast

from argentos.errors import DiagramError
from argentos.machines.conditions import read_guard
from argentos.machines.durations import text_of
from argentos.machines.exchange.chart import Chart, ChartState, Move, Region, When
from argentos.machines.exchange.labels import effect_named, event_named, fact_named
from argentos.machines.exchange.xstate_writer import REGION, START
from argentos.machines.notation import Misread

__all__ = ["read_xstate"]

Config: TypeAlias = Mapping[str, Any]

_KNOWN: Final = {
    *(
        "id",
        "key",
        "type",
        "initial",
        "states",
        "on",
        "after",
        "always",
        "onDone",
        "entry",
        "exit",
        "history",
        "target",
    ),
    *("description", "meta", "$schema", "version", "order", "predictableActionArguments", "tsTypes", "schema"),
}


def read_xstate(config: str | Config, *, file: str) -> Chart:
    """The chart of a configuration, or of its JSON.

    Raises:
        DiagramError: it is no JSON, has no states, or leads to states that it does not have.
    """
    if isinstance(config, str):
        try:
            loaded: Any = json.loads(config)
        except json.JSONDecodeError as error:
            raise DiagramError(
                f"this is no JSON: {error.msg}", file=file, line=error.lineno, column=error.colno
            ) from error
    else:
        loaded = config
    found = _object(loaded)
    if not _object(found.get("states")):
        _refuse("XState's JSON is an object with 'states'", file)
    return _Reader(found, file).chart()


class _Reader:
    def __init__(self, config: Config, file: str) -> None:
        self._config = config
        self._file = file
        title = str(config.get("id", ""))
        self._chart = Chart(title="" if title == "machine" else title)
        self._names: dict[tuple[str, ...], str] = {}
        self._ids: dict[str, tuple[str, ...]] = {}
        self._configs: dict[tuple[str, ...], Config] = {}
        for path, each in _walk(config, ()):
            self._configs[path] = each
            if path:
                self._names[path] = path[-1] if path[-1] not in self._names.values() else "_".join(path)
            self._ids[str(each.get("id", ".".join((title, *path))))] = path

    def chart(self) -> Chart:
        inner = self._config["states"]
        self._tell_unknown(self._config, "the machine")
        if self._config.get("type") == "parallel":
            state = ChartState(fact_named(self._chart.title or "machine"), regions=self._regions((), self._config))
            self._chart.top.states = [state]
            self._chart.start = Move(targets=(state.name,))
            return self._chart
        self._chart.top.states = [self._state((key,)) for key in inner if key != START]
        initial = self._config.get("initial") or next(iter(inner))
        if initial == START:
            self._chart.start = self._moves((START,), inner[START])[0]
        else:
            self._chart.start = Move(targets=self._targets(_initial(initial)[0], ()))
        self._tell_moves_of_root()
        return self._chart

    def _tell_moves_of_root(self) -> None:
        for key in ("on", "after", "always", "entry", "exit"):
            if self._config.get(key):
                self._warn(f"{key!r} of the whole machine is left out: put its states into one, and write it there")

    # States -------------------------------------------------------------------------------------------------------

    def _state(self, path: tuple[str, ...]) -> ChartState:
        config, name = self._configs[path], self._names[path]
        self._tell_unknown(config, name)
        kind = config.get("type")
        state = ChartState(name, title=str(config.get("description", "")))
        if kind == "final":
            state.kind = "end"
        elif kind == "history":
            state.kind = "deep history" if config.get("history") == "deep" else "shallow history"
            if config.get("target"):
                state.moves = [Move(targets=self._targets(config["target"], path[:-1]))]
            return state
        elif _meta(config, "kind") == "choice":
            state.kind = "choice"
        state.entry, state.exit = (self._actions(config.get(key), name) for key in ("entry", "exit"))
        state.regions = self._regions(path, config)
        state.moves = self._moves(path, config)
        return state

    def _regions(self, path: tuple[str, ...], config: Config) -> list[Region]:
        inner = _object(config.get("states"))
        if not inner:
            return []
        if config.get("type") != "parallel":
            target, actions = _initial(config.get("initial") or next(iter(inner)))
            begins = Move(targets=self._targets(target, path), effects=self._actions(actions, ".".join(path)))
            return [Region([self._state((*path, key)) for key in inner], begins)]
        found: list[Region] = []
        for key, each in inner.items():
            if _meta(each, "kind") == REGION:
                found += self._regions((*path, key), each)
            else:
                state = self._state((*path, key))
                found.append(Region([state], Move(targets=(state.name,))))
        return found

    # Transitions --------------------------------------------------------------------------------------------------

    def _moves(self, path: tuple[str, ...], config: Config) -> list[Move]:
        found: list[Move] = []
        for event, given in _object(config.get("on")).items():
            if event in {"*", ""} or event.startswith("xstate."):
                self._warn(f"in {self._where(path)} the event {event!r} is left out: every event has a name")
            else:
                self._add(found, path, given, When(event_named(event)))
        for delay, given in _delays(config):
            length = float(delay) if delay.replace(".", "", 1).isdigit() else None
            text = fact_named(delay) if length is None else text_of(length)
            self._add(found, path, given, When(f"after_{text}_in_{self._names[path]}", text))
        for key in ("always", "onDone"):
            if config.get(key):
                self._add(found, path, config[key], None)
        return found

    def _add(self, moves: list[Move], path: tuple[str, ...], given: Any, when: When | None) -> None:
        """Add the moves that are given for an event; one that other events take as well has them all."""
        for each in _list(given):
            move = self._move(path, each)
            same = next((known for known in moves if when and known.whens and _is_same(known, move)), None)
            if same is not None and when is not None and same.label:
                same.whens = (*same.whens, when)
                continue
            move.whens = (when,) if when is not None else ()
            if move.targets or move.effects:
                moves.append(move)

    def _move(self, path: tuple[str, ...], given: Any) -> Move:
        config = _object(given) or {"target": given}
        where = self._where(path)
        for key in config:
            if key not in {"target", "guard", "cond", "actions", "reenter", "internal", "description", "meta", "in"}:
                self._warn(f"in {where} {key!r} of a transition is left out")
        move = Move(label=str(config.get("description", "")), via=str(_meta(config, "via") or ""))
        if config.get("target") is not None:
            move.targets = self._targets(config["target"], path[:-1], path)
        move.effects = self._actions(config.get("actions"), where)
        guard = config.get("guard", config.get("cond"))
        joined = _list(_object(_object(guard).get("params")).get("in"))
        if joined:
            move.joins = tuple(map(str, joined))
        elif guard is not None:
            move.guard = self._guard(guard, where)
        return move

    def _guard(self, guard: Any, where: str) -> str:
        config = _object(guard)
        if config.get("params"):
            self._warn(f"in {where} the parameters of the guard {config.get('type')!r} are left out")
        text = str(config.get("type", "") if config else guard)
        try:
            read_guard(text)
        except Misread:
            named = fact_named(text)
            self._warn(f"in {where} the guard {text!r} is the fact {named!r} now")
            return named
        return text

    def _actions(self, given: Any, where: str) -> tuple[str, ...]:
        found: list[str] = []
        for each in _list(given):
            config = _object(each)
            if config.get("params"):
                self._warn(f"in {where} the parameters of the action {config.get('type')!r} are left out")
            found.append(effect_named(str(config.get("type", "") if config else each)))
        return tuple(found)

    # Targets ------------------------------------------------------------------------------------------------------

    def _targets(self, given: Any, around: tuple[str, ...], source: tuple[str, ...] = ()) -> tuple[str, ...]:
        return tuple(self._names[self._path(str(each), around, source)] for each in _list(given))

    def _path(self, target: str, around: tuple[str, ...], source: tuple[str, ...]) -> tuple[str, ...]:
        if target.startswith("#"):
            for name, path in sorted(self._ids.items(), key=lambda each: -len(each[0])):
                if target[1:] == name:
                    return path
                if target[1:].startswith(f"{name}."):
                    around, target = path, target[len(name) + 2 :]
                    break
        elif target.startswith("."):
            around, target = source, target[1:]
        for path in ((*around, target), (*around, *target.split(".")), (*around[:-1], target)):
            if path in self._names:
                return path
        where = self._where(source)
        return _refuse(f"there is no state {target!r}, to which a transition of {where} leads", self._file)

    # What is left out ---------------------------------------------------------------------------------------------

    def _where(self, path: Iterable[str]) -> str:
        return ".".join(path) or "the machine"

    def _tell_unknown(self, config: Config, where: str) -> None:
        for key, value in config.items():
            if key not in _KNOWN and value not in ({}, [], None):
                self._warn(f"in {where} {key!r} is left out: a machine has no place for it")

    def _warn(self, sentence: str) -> None:
        if sentence not in self._chart.warnings:
            self._chart.warnings.append(sentence)


def _walk(config: Config, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Config]]:
    yield path, config
    for key, each in _object(config.get("states")).items():
        yield from _walk(_object(each), (*path, key))


def _initial(given: Any) -> tuple[Any, Any]:
    """The place at which a region begins, and what is done on the way."""
    config = _object(given)
    return (config.get("target"), config.get("actions")) if config else (given, None)


def _meta(config: Config, key: str) -> Any:
    return _object(config.get("meta")).get(key)


def _object(value: Any) -> Config:
    """The value, if it is an object; else an empty one."""
    return cast("Config", value) if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    """The values of an array, or the one that stands for it; none for null."""
    if isinstance(value, list):
        return list(cast("Any", value))
    return [] if value is None else [value]


def _is_same(one: Move, other: Move) -> bool:
    return (one.targets, one.guard, one.effects, one.label) == (other.targets, other.guard, other.effects, other.label)


def _refuse(problem: str, file: str) -> NoReturn:
    raise DiagramError(problem, file=file, line=1, column=1)


def _delays(config: Config) -> Iterator[tuple[str, Any]]:
    """Each delay with its transitions; older versions have them in an array."""
    given = config.get("after")
    for delay, each in _object(given).items():
        yield str(delay), each
    for each in map(_object, _list(given) if isinstance(given, list) else ()):
        yield str(each.get("delay", 0)), {key: value for key, value in each.items() if key != "delay"}
