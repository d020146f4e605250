"""Charts in SCXML. What a machine cannot say is listed, with the state in which it stands."""

import re
from collections.abc import Iterable, Sequence
from typing import Final, NoReturn
from xml.etree import ElementTree as ET

from argentos.errors import DiagramError
from argentos.machines.durations import milliseconds, text_of
from argentos.machines.exchange.chart import Chart, ChartState, Move, Region, When
from argentos.machines.exchange.conditions import from_script
from argentos.machines.exchange.labels import effect_named, event_named, fact_named
from argentos.machines.exchange.scxml_writer import OWN, SCXML
from argentos.machines.given import as_text

__all__ = ["read_scxml"]

_STATES: Final = {"state", "parallel", "final", "history"}
_KNOWN: Final = {*_STATES, "initial", "onentry", "onexit", "transition", "datamodel"}
_CALLS: Final = re.compile(r"\s*(?:[\w.]+\(\s*\)\s*;?\s*)+")
_IN: Final = re.compile(r"In\(\s*['\"]([^'\"]+)['\"]\s*\)")
_DONE: Final = "done.state."


def read_scxml(text: str, *, file: str) -> Chart:
    """The chart of a document.

    Raises:
        DiagramError: it is no SCXML, or refers to states that it does not have.
        InputError: it is no text at all.
    """
    text = as_text(text, "the SCXML")
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        _refuse("a document type is never read; remove it", file)
    try:
        root = ET.fromstring(text)  # noqa: S314 - without a document type nothing is expanded or fetched
    except ET.ParseError as error:
        line, column = error.position
        raise DiagramError(f"this is no XML: {error}", file=file, line=line, column=column + 1) from error
    except UnicodeEncodeError as error:
        _refuse(f"half a surrogate pair stands at character {error.start}; write whole ones", file)
    if _name(root) != "scxml":
        _refuse(f"SCXML begins with <scxml>, not <{_name(root)}>", file)
    return _Reader(root, file).chart()


class _Reader:
    def __init__(self, root: ET.Element, file: str) -> None:
        self._root = root
        self._file = file
        self._chart = Chart(title=root.get(_own("title"), ""))
        self._names: dict[str, str] = {}
        self._conditions: dict[str, str] = {}
        for number, element in enumerate(each for each in root.iter() if _name(each) in _STATES):
            identity = element.get("id") or f"unnamed_{number}"
            element.set("id", identity)
            self._names[identity] = element.get(_own("name")) or identity

    def chart(self) -> Chart:
        inside = [each for each in self._root if _name(each) in _STATES]
        begun = next((each for each in inside if each.get(_own("kind")) == "start"), None)
        self._tell_unknown(self._root, "the document")
        self._chart.top.states = [self._state(each) for each in inside if each is not begun]
        if begun is not None:
            self._chart.start = self._move(next(each for each in begun if _name(each) == "transition"), {})
        else:
            first = (inside[0].get("id") or "") if inside else ""
            target = (self._root.get("initial") or first).split()
            self._chart.start = Move(targets=self._targets(target[:1])) if target else None
        for element in (each for each in self._root.iter() if _name(each) == "data"):
            if element.get("expr") not in {None, "false", "'0s'"}:
                self._warn(
                    f"the datum {element.get('id')!r} has a value; facts are the program's, and begin as it says"
                )
        return self._chart

    # States -------------------------------------------------------------------------------------------------------

    def _state(self, element: ET.Element) -> ChartState:
        name = self._names[element.get("id", "")]
        state = ChartState(name, title=element.get(_own("title"), ""))
        kind = _name(element)
        if kind == "history":
            state.kind = "deep history" if element.get("type") == "deep" else "shallow history"
        elif kind == "final":
            state.kind = "end"
        timers: dict[str, When] = {}
        state.entry = self._effects(_inside(element, "onentry"), name, timers)
        state.exit = self._effects(_inside(element, "onexit"), name, timers)
        self._tell_unknown(element, name)
        for transition in (each for each in element if _name(each) == "transition"):
            move = self._move(transition, timers, element.get("id", ""))
            if move.targets or move.whens:
                state.moves.append(move)
            else:
                self._warn(
                    f"a transition of {name} that leads nowhere, without an event that a machine has, is left out"
                )
        state.regions = self._regions(element)
        if self._is_choice(element, state):
            state.kind = "choice"
        return state

    def _regions(self, element: ET.Element) -> list[Region]:
        inner = [each for each in element if _name(each) in _STATES]
        if _name(element) == "parallel":
            found: list[Region] = []
            for each in inner:
                if each.get(_own("kind")) == "region":
                    found += self._regions(each)
                elif _name(each) == "history":
                    self._warn(f"{each.get('id')} remembers several regions, which no diagram says; it is left out")
                else:
                    state = self._state(each)
                    found.append(Region([state], Move(targets=(state.name,))))
            return found
        return [Region([self._state(each) for each in inner], self._begins(element, inner))] if inner else []

    def _begins(self, element: ET.Element, inner: Sequence[ET.Element]) -> Move:
        initial = next((each for each in element if _name(each) == "initial"), None)
        if initial is not None:
            return self._move(next(each for each in initial if _name(each) == "transition"), {})
        first = next(each.get("id", "") for each in inner if _name(each) != "history")
        return Move(targets=self._targets((element.get("initial") or first).split()[:1]))

    def _is_choice(self, element: ET.Element, state: ChartState) -> bool:
        bare = not (state.entry or state.exit or state.regions) and state.kind == "state"
        branches = bool(state.moves) and all(move.targets and not move.whens and not move.joins for move in state.moves)
        return bare and branches and (element.get(_own("kind")) == "choice" or not state.title)

    # What is done -------------------------------------------------------------------------------------------------

    def _effects(self, elements: Iterable[ET.Element], where: str, timers: dict[str, When]) -> tuple[str, ...]:
        found: list[str] = []
        for element in elements:
            kind = _name(element)
            if kind == "log" and element.get("label") == "effect":
                found.append(effect_named(element.get("expr", "").strip("'\"")))
            elif kind == "script" and _CALLS.fullmatch(element.text or ""):
                found += [effect_named(each) for each in re.findall(r"([\w.]+)\(", element.text or "")]
            elif kind == "send" and (element.get("delay") or element.get("delayexpr")):
                self._timer(element, timers)
            elif kind == "cancel":
                continue  # timers end with their states
            else:
                self._warn(f"in {where} <{kind}> is left out: effects are names")
        return tuple(found)

    def _timer(self, element: ET.Element, timers: dict[str, When]) -> None:
        event, delay = element.get("event", ""), element.get("delay", "")
        length = milliseconds(delay)
        named = element.get(_own("delay")) or fact_named(element.get("delayexpr", "") or delay)
        timers[event] = When(event_named(event), named if length is None else text_of(length))

    def _move(self, element: ET.Element, timers: dict[str, When], source: str = "") -> Move:
        joins, guard = self._condition(element.get("cond", ""))
        move = Move(guard=guard, joins=joins, label=element.get(_own("label"), ""), via=element.get(_own("via"), ""))
        move.targets = self._targets(element.get("target", "").split())
        move.effects = self._effects(element, f"the transition to {element.get('target') or 'itself'}", timers)
        events = element.get("event", "").split()
        if events == [_DONE + source]:
            return move
        move.whens = tuple(dict.fromkeys(self._whens(events, timers)))
        if events and not move.whens:
            move.targets = ()
        return move

    def _whens(self, events: Sequence[str], timers: dict[str, When]) -> Iterable[When]:
        for event in events:
            bare = event.removesuffix(".*").removesuffix(".")
            if bare in {"", "*"}:
                self._warn("the event '*' is left out: every event has a name")
            elif bare in timers:
                yield timers[bare]
            elif bare.startswith(_DONE):
                self._warn(f"the event {bare!r} is left out: a state completes for its own transitions alone")
            else:
                yield When(event_named(bare))

    def _condition(self, script: str) -> tuple[tuple[str, ...], str]:
        """The states that a condition wants to be active, and what it asks besides."""
        parts = [part.strip() for part in script.split("&&")] if _IN.search(script) else []
        if parts and all(_IN.fullmatch(part) or not _IN.search(part) for part in parts):
            inside = [found[1] for part in parts if (found := _IN.fullmatch(part))]
            rest = " && ".join(part for part in parts if not _IN.fullmatch(part))
            return self._targets(inside), self._guard(rest)
        return (), self._guard(script)

    def _guard(self, script: str) -> str:
        if not script.strip():
            return ""
        found = from_script(script)
        if found is not None:
            return found
        if script not in self._conditions:
            self._conditions[script] = f"condition_{len(self._conditions) + 1}"
            self._warn(f"the condition {script!r} is the fact {self._conditions[script]!r} now, for no guard says it")
        return self._conditions[script]

    def _targets(self, ids: Iterable[str]) -> tuple[str, ...]:
        found: list[str] = []
        for each in ids:
            if each not in self._names:
                _refuse(f"there is no state {each!r}, to which a transition leads", self._file)
            found.append(self._names[each])
        return tuple(found)

    def _tell_unknown(self, element: ET.Element, where: str) -> None:
        for each in element:
            if _name(each) not in _KNOWN:
                self._warn(f"in {where} <{_name(each)}> is left out: a machine has no place for it")

    def _warn(self, sentence: str) -> None:
        if sentence not in self._chart.warnings:
            self._chart.warnings.append(sentence)


def _name(element: ET.Element) -> str:
    return element.tag.removeprefix(f"{{{SCXML}}}")


def _own(name: str) -> str:
    return f"{{{OWN}}}{name}"


def _inside(element: ET.Element, tag: str) -> Iterable[ET.Element]:
    return (inner for each in element if _name(each) == tag for inner in each)


def _refuse(problem: str, file: str) -> NoReturn:
    raise DiagramError(problem, file=file, line=1, column=1)
