"""State machines that are read from their diagrams.

Pure: no I/O after import, and no knowledge of sessions but in `argentos.machines.lifecycles.session`.
"""

from argentos.machines.bindings import Binding
from argentos.machines.decisions import Refused, Timer, Transition
from argentos.machines.diagram import Diagram
from argentos.machines.lifecycles import MACHINES
from argentos.machines.lifecycles.session import SESSION, SessionFacts
from argentos.machines.machine import Machine
from argentos.machines.mermaid.elements import Edge, Place, State
from argentos.machines.mermaid.labels import Label
from argentos.machines.table import Guard
from argentos.machines.tools.comparison import Change, Comparison, compare
from argentos.machines.tree import END, START

__all__ = [
    "END",
    "MACHINES",
    "SESSION",
    "START",
    "Binding",
    "Change",
    "Comparison",
    "Diagram",
    "Edge",
    "Guard",
    "Label",
    "Machine",
    "Place",
    "Refused",
    "SessionFacts",
    "State",
    "Timer",
    "Transition",
    "compare",
]
