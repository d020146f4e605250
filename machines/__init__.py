"""State machines that are read from their diagrams.

Pure: no I/O after import but in `argentos.machines.running`, and no knowledge of sessions but in `lifecycles`. What
runs machines is imported when it is first used.

Reading order; each imports only those above it:

    given         values that have to be texts or mappings
    mermaid       the text of diagrams, read and written; states, edges, labels
    diagram       a state diagram
    notation      the names in the parts of a label
    conditions    the language of guards
    guards        asking facts
    bindings      the meaning of an edge, from its label or beside it
    tree          states within each other
    decisions     transitions, refusals, timers
    compiling     all that may happen, by UML's rules, as a table
    machine       all of these in one class
    durations     lengths of time, as texts
    position      a place in a life, and the timers that are due
    renaming      states under the names of another version
    lifecycles    the machines of this program
    layout        places for boxes and paths for edges, of anything
    drawing       pictures of machines
    running       running a machine of one's own: events, timers, effects, snapshots
    documents     pictures in documents that Sphinx and MkDocs build
    exchange      SCXML, XState, and machines of transitions
    tools         comparing versions, and documents with the program
    modelcheck    looking at everything that can happen
    testing       generated tests, on Hypothesis
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from argentos.machines.bindings import Binding
from argentos.machines.conditions import Guard
from argentos.machines.decisions import Refused, Timer, Transition
from argentos.machines.diagram import Diagram
from argentos.machines.lifecycles import MACHINES
from argentos.machines.lifecycles.session import SESSION, SessionFacts
from argentos.machines.machine import Machine
from argentos.machines.mermaid.elements import Edge, Place, State
from argentos.machines.mermaid.labels import Label
from argentos.machines.position import BEGINNING, Position, Step, step
from argentos.machines.tools.comparison import Change, Comparison, compare
from argentos.machines.tree import END, START

if TYPE_CHECKING:
    from argentos.machines.running import (
        EffectCall,
        EffectHandler,
        MachineSnapshot,
        MemorySnapshots,
        PendingEffect,
        Runner,
        SnapshotStore,
        TransitionStream,
        TransitionTaken,
        migrate,
    )

__all__ = [
    "BEGINNING",
    "END",
    "MACHINES",
    "SESSION",
    "START",
    "Binding",
    "Change",
    "Comparison",
    "Diagram",
    "Edge",
    "EffectCall",
    "EffectHandler",
    "Guard",
    "Label",
    "Machine",
    "MachineSnapshot",
    "MemorySnapshots",
    "PendingEffect",
    "Place",
    "Position",
    "Refused",
    "Runner",
    "SessionFacts",
    "SnapshotStore",
    "State",
    "Step",
    "Timer",
    "Transition",
    "TransitionStream",
    "TransitionTaken",
    "compare",
    "migrate",
    "step",
]

_RUNNING: Final = frozenset(
    {
        "EffectCall",
        "EffectHandler",
        "MachineSnapshot",
        "MemorySnapshots",
        "PendingEffect",
        "Runner",
        "SnapshotStore",
        "TransitionStream",
        "TransitionTaken",
        "migrate",
    }
)


def __getattr__(name: str) -> Any:
    if name in _RUNNING:
        return getattr(import_module("argentos.machines.running"), name)
    raise AttributeError(f"module 'argentos.machines' has no attribute {name!r}")
