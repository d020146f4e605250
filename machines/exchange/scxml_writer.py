"""SCXML, the notation of the W3C; what only a diagram says stands in attributes of a namespace of its own."""

import re
from collections.abc import Iterable
from typing import Final
from xml.etree import ElementTree as ET

from argentos.machines.conditions import EVENT, Guard, Listed, Path, comparison, read_guard
from argentos.machines.durations import milliseconds
from argentos.machines.exchange.chart import Chart, ChartState, Move, Region, When, states_in
from argentos.machines.exchange.conditions import to_script

__all__ = ["OWN", "SCXML", "write_scxml"]

SCXML: Final = "http://www.w3.org/2005/07/scxml"
OWN: Final = "urn:argentos:diagram"
_NAME: Final = re.compile(r"[^\W\d][\w.-]*")
_ODD: Final = re.compile(r"[^\w.-]")
_START: Final = "before_the_beginning"


def write_scxml(chart: Chart) -> str:
    """The chart as a document; what it cannot say is added to the chart's warnings."""
    ET.register_namespace("", SCXML)
    ET.register_namespace("diagram", OWN)
    root = _Writer(chart).document()
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


class _Writer:
    def __init__(self, chart: Chart) -> None:
        self._chart = chart
        self._ids: dict[str, str] = {}
        for state in chart.states():
            self._ids[state.name] = self._id(state.name)

    def document(self) -> ET.Element:
        root = ET.Element(_tag("scxml"), {"version": "1.0", "datamodel": "ecmascript"})
        if self._chart.title:
            root.set(_own("title"), self._chart.title)
        start = self._chart.start
        self._data(root)
        if start is not None and start.whens and (start.label or start.guard or start.effects):
            identity = self._id(_START)
            root.set("initial", identity)
            self._transition(ET.SubElement(root, _tag("state"), {"id": identity, _own("kind"): "start"}), start)
        elif start is not None:
            root.set("initial", self._ids[start.targets[0]])
        self._states(root, self._chart.top)
        return root

    def _id(self, name: str) -> str:
        found = name if _NAME.fullmatch(name) else "_" + _ODD.sub("_", name)
        while found in self._ids.values() or (found != name and found in self._ids):
            found += "_"
        return found

    def _data(self, root: ET.Element) -> None:
        """Declare what guards and timers ask for; their values are for those who run the document."""
        facts = dict.fromkeys(fact for move in self._moves() for fact in _facts(move.guard))
        names = dict.fromkeys(
            when.delay
            for move in self._moves()
            for when in move.whens
            if when.delay and milliseconds(when.delay) is None
        )
        if not facts and not names:
            return
        model = ET.SubElement(root, _tag("datamodel"))
        for fact in facts:
            ET.SubElement(model, _tag("data"), {"id": fact, "expr": "false"})
        for name in names:
            ET.SubElement(model, _tag("data"), {"id": name.replace(" ", "_"), "expr": "'0s'"})
            self._chart.warnings.append(f"how long {name!r} is, the diagram does not say: it is the datum of that name")

    def _moves(self) -> Iterable[Move]:
        if self._chart.start is not None:
            yield self._chart.start
        for state in self._chart.states():
            yield from state.moves

    # States -------------------------------------------------------------------------------------------------------

    def _states(self, parent: ET.Element, region: Region) -> None:
        if region.begins is not None:
            self._transition(ET.SubElement(parent, _tag("initial")), region.begins)
        for state in region.states:
            self._state(parent, state)

    def _state(self, parent: ET.Element, state: ChartState) -> None:
        tag = {"end": "final", "shallow history": "history", "deep history": "history"}.get(state.kind, "state")
        element = ET.SubElement(
            parent, _tag("parallel" if len(state.regions) > 1 else tag), {"id": self._ids[state.name]}
        )
        if self._ids[state.name] != state.name:
            element.set(_own("name"), state.name)
        if state.title:
            element.set(_own("title"), state.title)
        if state.kind == "choice":
            element.set(_own("kind"), "choice")
        if tag == "history":
            element.set("type", state.kind.partition(" ")[0])
        timers = [when for move in state.moves for when in move.whens if when.delay is not None]
        self._block(element, "onentry", state.entry, [self._send(when) for when in dict.fromkeys(timers)])
        cancels = [ET.Element(_tag("cancel"), {"sendid": when.event}) for when in dict.fromkeys(timers)]
        self._block(element, "onexit", state.exit, cancels)
        for move in sorted(state.moves, key=lambda move: state.kind == "choice" and not move.guard):
            self._transition(element, move)
        if len(state.regions) == 1:
            self._states(element, state.regions[0])
        for number, region in enumerate(state.regions if len(state.regions) > 1 else ()):
            identity = self._id(f"{state.name}.{number + 1}")
            inner = ET.SubElement(element, _tag("state"), {"id": identity, _own("kind"): "region"})
            self._states(inner, region)

    def _block(self, parent: ET.Element, tag: str, effects: Iterable[str], more: Iterable[ET.Element]) -> None:
        inside = [*map(_effect, effects), *more]
        if inside:
            ET.SubElement(parent, _tag(tag)).extend(inside)

    def _send(self, when: When) -> ET.Element:
        length = milliseconds(when.delay or "")
        if length is None:
            delay = {"delayexpr": (when.delay or "").replace(" ", "_"), _own("delay"): when.delay or ""}
        else:
            delay = {"delay": f"{length:g}ms" if length % 1000 else f"{length / 1000:.0f}s"}
        return ET.Element(_tag("send"), {"event": when.event, "id": when.event, **delay})

    # Transitions --------------------------------------------------------------------------------------------------

    def _transition(self, parent: ET.Element, move: Move) -> None:
        found: dict[str, str] = {}
        events = [when.event for when in move.whens]
        if not events and not move.joins and self._completes(parent):
            events = [f"done.state.{parent.get('id')}"]
        if events and parent.tag != _tag("initial"):
            found["event"] = " ".join(dict.fromkeys(events))
        conditions = [f"In('{self._ids[each]}')" for each in move.joins]
        script = to_script(read_guard(move.guard)) if move.guard else ""
        if script:
            conditions.append(f"({script})" if conditions and "||" in script else script)
        if conditions:
            found["cond"] = " && ".join(conditions)
        if move.targets:
            found["target"] = " ".join(self._ids[each] for each in move.targets)
        if move.targets and self._stays(parent, move.targets):
            found["type"] = "internal"
            if parent.tag == _tag("parallel"):
                problem = f"{parent.get('id')} has parallel regions and an edge into them"
                self._chart.warnings.append(
                    f"{problem}: here it stays active meanwhile, in SCXML it is left and entered"
                )
        if move.label:
            found[_own("label")] = move.label
        if move.via:
            found[_own("via")] = move.via
        ET.SubElement(parent, _tag("transition"), found).extend(map(_effect, move.effects))

    def _stays(self, element: ET.Element, targets: Iterable[str]) -> bool:
        """Tell whether a move leads into its source, which stays active."""
        source = next((each for each in self._chart.states() if self._ids[each.name] == element.get("id")), None)
        inside = {each.name for region in (source.regions if source else ()) for each in states_in(region)}
        return inside.issuperset(targets)

    def _completes(self, element: ET.Element) -> bool:
        """Tell whether the state of an element holds others, so that it has to have come to its end."""
        state = next((each for each in self._chart.states() if self._ids[each.name] == element.get("id")), None)
        return state is not None and bool(state.regions)


def _tag(name: str) -> str:
    return f"{{{SCXML}}}{name}"


def _own(name: str) -> str:
    return f"{{{OWN}}}{name}"


def _effect(name: str) -> ET.Element:
    return ET.Element(_tag("log"), {"label": "effect", "expr": f"'{name}'"})


def _facts(text: str) -> Iterable[str]:
    """The facts that a guard asks for; those that lead on to others are objects."""
    for guard in (guard for term in (read_guard(text) if text else ()) for guard in term):
        yield from _named(guard)


def _named(guard: Guard) -> Iterable[str]:
    if guard.name.isidentifier():
        yield guard.name
        return
    found = comparison(guard.name)
    operands = [found.left, *(found.right if isinstance(found.right, Listed) else (found.right,))]
    yield from (each[0] for each in operands if isinstance(each, Path) and each[0] != EVENT)
