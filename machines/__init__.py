"""State machines that are read from their diagrams.

Pure: no I/O after import, and no knowledge of sessions but in `argentos.machines.session`.
"""

from argentos.machines.diagram import Diagram
from argentos.machines.elements import Edge, Place, State
from argentos.machines.labels import Label
from argentos.machines.machine import END, START, Binding, Machine, Refused, Timer, Transition
from argentos.machines.session import SESSION, SessionFacts

__all__ = [
    "END",
    "SESSION",
    "START",
    "Binding",
    "Diagram",
    "Edge",
    "Label",
    "Machine",
    "Place",
    "Refused",
    "SessionFacts",
    "State",
    "Timer",
    "Transition",
]
