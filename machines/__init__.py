"""State machines that are read from their diagrams.

Pure: no I/O after import, and no knowledge of sessions but in `argentos.machines.lifecycles`.

Reading order; each imports only those above it:

    mermaid       the text of diagrams, read and written; states, edges, labels
    diagram       a state diagram
    notation      the names in the parts of a label
    guards        asking facts
    bindings      the meaning of an edge, from its label or beside it
    tree          states within each other
    routes        edges, once choices are seen through
    definition    the `transitions.Machine`
    decisions     transitions, refusals, timers
    table         the definition, compiled
    machine       all of these in one class
    lifecycles    the machines of this program
    layout        places for boxes and paths for edges, of anything
    drawing       pictures of machines
    tools         comparing versions, and documents with the program
    modelcheck    looking at everything that can happen
    testing       generated tests, on Hypothesis
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
