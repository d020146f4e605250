"""Machines of other notations: SCXML and XState JSON, both ways, and machines of transitions.

What a notation cannot say is listed, never dropped in silence.

Reading order; each imports only those above it:

    chart         a machine without the form of any notation
    durations     lengths of time, as texts and as milliseconds
    conditions    guards in ECMAScript
    analysis      the chart of a machine
    labels        the labels of a chart's moves
    composition   the diagram of a chart
    scxml_writer  SCXML
    scxml_reader  charts in SCXML
    xstate_writer  the JSON of XState
    xstate_reader  charts in that
    from_transitions  charts of machines of transitions
    convert       all of these by name
"""

from argentos.machines.exchange.chart import Exchanged
from argentos.machines.exchange.convert import (
    NOTATIONS,
    Notation,
    convert,
    from_scxml,
    from_transitions,
    from_xstate,
    to_scxml,
    to_xstate,
)

__all__ = [
    "NOTATIONS",
    "Exchanged",
    "Notation",
    "convert",
    "from_scxml",
    "from_transitions",
    "from_xstate",
    "to_scxml",
    "to_xstate",
]
