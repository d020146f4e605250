"""The machine and the events that everybody gets: the session's states, a guard and an effect on each edge."""

from types import SimpleNamespace
from typing import Final, NamedTuple

from argentos.machines import START, Diagram, Machine

__all__ = ["EDGES", "FIRST", "LIFECYCLE", "NO", "STATES", "TAKEN", "TALLY", "TEXT", "WALK", "YES", "Edge", "Step"]

TEXT: Final = """
stateDiagram-v2
    [*] --> Created: first_message [has_message] / greet
    Created --> Active: processing_messages [has_message] / begin
    Active --> Idle: no_recent_activity [is_quiet] / write_files
    Idle --> Active: new_message [has_message] / wake
    Active --> Compacted: context_window_full [is_full] / summarise
    Compacted --> Active: continues_with_summary [is_durable] / resume
"""


class Edge(NamedTuple):
    """An edge as the peers' tables have it."""

    source: str
    event: str
    target: str
    guard: str
    effect: str


class Step(NamedTuple):
    """An event, and the facts that come with it."""

    event: str
    facts: SimpleNamespace


class Tally:
    """What every effect does, in all contestants: count."""

    def __init__(self) -> None:
        self.done = 0

    def count(self) -> None:
        """One effect more."""
        self.done += 1


TALLY: Final = Tally()
LIFECYCLE: Final = Machine(Diagram.parse(TEXT))
STATES: Final = tuple(state for state in LIFECYCLE.states if state != START)
EDGES: Final = tuple(
    Edge(each.source, each.event, each.target, guard.name, effect)
    for each in LIFECYCLE.transitions
    if each.source != START
    for (guard,), _ in LIFECYCLE.ways(each.source, each.event)
    for effect in each.effects
)
YES: Final = SimpleNamespace(**dict.fromkeys(LIFECYCLE.guards, True))
NO: Final = SimpleNamespace(**dict.fromkeys(LIFECYCLE.guards, False))

FIRST: Final = Step("processing_messages", YES)
"""From Created to Active, where the walk begins."""

WALK: Final = (
    Step("new_message", YES),  # Active knows no such event
    Step("context_window_full", NO),  # the guard refuses
    Step("no_recent_activity", YES),
    Step("continues_with_summary", YES),  # Idle knows no such event
    Step("new_message", YES),
    Step("context_window_full", YES),
    Step("continues_with_summary", NO),  # the guard refuses
    Step("continues_with_summary", YES),
)
"""From Active to Active again, so that it can be walked without end."""

TAKEN: Final = 4  # steps of the walk that are not refused
