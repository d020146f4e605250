"""Who is compared, and how each is run."""

import json
from importlib import metadata
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

import msgspec

from benchmarks.machines.node import Node
from benchmarks.process import run_module

__all__ = ["ACTOR", "FLYWEIGHT", "HIERARCHICAL", "OURS", "PURE", "SISMIC", "STATEMACHINE", "STORED", "TRIGGER", "Row"]

_Result = TypeVar("_Result")


class Row(NamedTuple):
    """A row of the tables.

    Attributes:
        name: of the contestant: a module and a class, or XState's kind of measurement.
        package: whose version is printed.
    """

    title: str
    name: str
    package: str = "transitions"

    @property
    def version(self) -> str:
        """Of the package."""
        if self.package == "xstate":
            package = json.loads(Path(__file__).with_name("package.json").read_text())
            return str(package["dependencies"]["xstate"])
        return metadata.version(self.package)

    def run(self, what: str, amount: float, kind: type[_Result], node: Node | str) -> _Result | None:
        """Run it once in a process of its own; None where it needs node, and there is none."""
        if self.package != "xstate":
            done = run_module("benchmarks.machines.contestants", self.name, what, amount)
            return msgspec.json.decode(done.output, type=kind)
        if isinstance(node, str):
            return None
        return msgspec.json.decode(node.run(self.name if what == "walked" else what, amount), type=kind)


OURS: Final = Row("ours: decide and apply", "ours.Ours", "argentos")
STORED: Final = Row("ours, the state loaded from a file", "ours.Stored", "argentos")
TRIGGER: Final = Row("transitions: Machine, model.trigger", "transitions_peer.Own")
FLYWEIGHT: Final = Row("transitions: events[…].trigger", "transitions_peer.Flyweight")
HIERARCHICAL: Final = Row("transitions: HierarchicalMachine", "transitions_peer.Hierarchical")
STATEMACHINE: Final = Row("python-statemachine", "statemachine_peer.Statemachine", "python-statemachine")
SISMIC: Final = Row("sismic", "sismic_peer.Sismic", "sismic")
ACTOR: Final = Row("XState: actor.send", "actor", "xstate")
PURE: Final = Row("XState: transition()", "pure", "xstate")
