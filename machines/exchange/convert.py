"""Between diagrams and other notations, by name."""

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias, TypeVar, get_args

from argentos.errors import InputError
from argentos.machines.diagram import Diagram
from argentos.machines.exchange.analysis import analyse
from argentos.machines.exchange.chart import Chart, Exchanged
from argentos.machines.exchange.composition import compose
from argentos.machines.exchange.from_transitions import read_transitions
from argentos.machines.exchange.scxml_reader import read_scxml
from argentos.machines.exchange.scxml_writer import write_scxml
from argentos.machines.exchange.xstate_reader import read_xstate
from argentos.machines.exchange.xstate_writer import write_xstate
from argentos.machines.machine import Machine

__all__ = ["NOTATIONS", "Notation", "convert", "from_scxml", "from_transitions", "from_xstate", "to_scxml", "to_xstate"]

T = TypeVar("T")

Notation: TypeAlias = Literal["mermaid", "scxml", "xstate"]
NOTATIONS: Final[tuple[Notation, ...]] = get_args(Notation)


def to_scxml(machine: Machine | Diagram) -> Exchanged[str]:
    """Write a machine as SCXML; its effects are `<log label="effect">`, its guards ask for data of their names.

    Raises:
        DiagramError: a diagram does not run.
    """
    chart = analyse(machine)
    return _exchanged(chart, write_scxml(chart))


def to_xstate(machine: Machine | Diagram) -> Exchanged[dict[str, Any]]:
    """Write a machine as a configuration of XState 5, of which `json.dumps` makes JSON.

    Raises:
        DiagramError: a diagram does not run.
    """
    chart = analyse(machine)
    return _exchanged(chart, write_xstate(chart))


def from_scxml(text: str, *, file: str = "<scxml>") -> Exchanged[Diagram]:
    """Read SCXML as a diagram.

    Raises:
        DiagramError: it is no SCXML, or has what no diagram has.
        InputError: it is no text at all.
    """
    chart = read_scxml(text, file=file)
    return _exchanged(chart, compose(chart, file=file))


def from_xstate(config: str | Mapping[str, Any], *, file: str = "<xstate>") -> Exchanged[Diagram]:
    """Read a configuration of XState, or its JSON, as a diagram.

    Raises:
        DiagramError: it is none, or has what no diagram has.
    """
    chart = read_xstate(config, file=file)
    return _exchanged(chart, compose(chart, file=file))


def from_transitions(machine: Any) -> Exchanged[Diagram]:
    """Read a `transitions.Machine` as a diagram: triggers are events, conditions guards, callbacks effects.

    Raises:
        DiagramError: it has what no diagram has.
    """
    chart = read_transitions(machine)
    return _exchanged(chart, compose(chart, file="<transitions>"))


def convert(text: str, source: Notation, target: Notation, *, file: str = "<text>") -> Exchanged[str]:
    """Write a text in one notation in another one.

    Raises:
        DiagramError: it cannot be read, or does not run.
        InputError: there is no such notation.
    """
    if source not in NOTATIONS or target not in NOTATIONS:
        unknown = source if source not in NOTATIONS else target
        raise InputError(f"there is no notation {unknown!r}; choose one of {', '.join(NOTATIONS)}")
    read: Exchanged[Diagram] = _READERS[source](text, file)
    written: Exchanged[str] = _WRITERS[target](read.result)
    return Exchanged(written.result, (*read.warnings, *written.warnings))


def _exchanged(chart: Chart, result: T) -> Exchanged[T]:
    return Exchanged(result, tuple(dict.fromkeys(chart.warnings)))


def _read_mermaid(text: str, file: str) -> Exchanged[Diagram]:
    return Exchanged(Diagram.parse(text, file=file))


def _json(diagram: Diagram) -> Exchanged[str]:
    found = to_xstate(diagram)
    return Exchanged(json.dumps(found.result, indent=2, ensure_ascii=False) + "\n", found.warnings)


_READERS: Final[Mapping[str, Callable[[str, str], Exchanged[Diagram]]]] = MappingProxyType(
    {
        "mermaid": _read_mermaid,
        "scxml": lambda text, file: from_scxml(text, file=file),
        "xstate": lambda text, file: from_xstate(text, file=file),
    }
)
_WRITERS: Final[Mapping[str, Callable[[Diagram], Exchanged[str]]]] = MappingProxyType(
    {"mermaid": lambda diagram: Exchanged(diagram.to_mermaid()), "scxml": to_scxml, "xstate": _json}
)
