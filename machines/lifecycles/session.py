"""The lifecycle of a session.

`diagrams/session.mmd` is the lifecycle; `BINDINGS` gives its labels a meaning; `TURNS_RUN_IN` says
where a session works. Everything that decides about states stands in these three and in the facts:
the rest of the program asks `SESSION.decide` and obeys. Of events and states it knows those that have
a name here, which is an error at import where the diagram has them no more.

How events come about
=====================
`first_message` is raised when a session is made, by a message or by hand. `new_message` is raised by
every accepted message, and by a compaction asked for by hand, which has to wake an idle session first.
`no_recent_activity` is raised by the timer of its state. The events of `SETTLING` are raised by nobody:
they are offered, in this order, at the end of every step in which no turn runs, and their guards say
whether it is time.
"""

from typing import Final, Protocol

from argentos.machines.bindings import Binding
from argentos.machines.decisions import Timer
from argentos.machines.lifecycles.reading import diagram
from argentos.machines.machine import Machine

__all__ = [
    "BINDINGS",
    "CONTEXT_WINDOW_FULL",
    "CONTINUES_WITH_SUMMARY",
    "FIRST_MESSAGE",
    "NEW_MESSAGE",
    "SESSION",
    "SETTLING",
    "TURNS_RUN_IN",
    "SessionFacts",
    "timer_in",
]


class SessionFacts(Protocol):
    """Facts that the guards of a session ask for."""

    @property
    def has_message(self) -> bool:
        """A message has been accepted, from the user or from the agent."""
        ...

    @property
    def is_quiet(self) -> bool:
        """No turn runs, no message waits, and the last activity is long enough ago."""
        ...

    @property
    def compaction_is_due(self) -> bool:
        """The window is full, or somebody asked for a compaction by hand."""
        ...

    @property
    def has_older_messages(self) -> bool:
        """There are messages old enough to be replaced by a summary, and enough to gain by it."""
        ...

    @property
    def summary_is_durable(self) -> bool:
        """A summary made since the window was full, or a clear, has reached the store."""
        ...

    @property
    def context_fits(self) -> bool:
        """Summary and kept messages fit into the window."""
        ...


BINDINGS: Final = {
    "First message": Binding("first_message", effects=("write_files",)),
    "Processing messages": Binding("processing_messages", guards=("has_message",)),
    "No recent activity": Binding(
        "no_recent_activity", guards=("is_quiet",), timer="idle_after", effects=("write_files",)
    ),
    "New message": Binding("new_message"),
    "Context window full": Binding(
        "context_window_full", guards=("compaction_is_due", "has_older_messages"), effects=("summarise",)
    ),
    "Continues with summary": Binding(
        "continues_with_summary", guards=("summary_is_durable", "context_fits"), effects=("write_files",)
    ),
}

SESSION: Final = Machine(diagram("session"), BINDINGS, facts=SessionFacts, stored=True)
"""The lifecycle of a session, as `diagrams/session.mmd` draws it."""


FIRST_MESSAGE: Final = SESSION.event("first_message")
NEW_MESSAGE: Final = SESSION.event("new_message")
CONTINUES_WITH_SUMMARY: Final = SESSION.event("continues_with_summary")

CONTEXT_WINDOW_FULL: Final = SESSION.event("context_window_full")

SETTLING: Final = (CONTINUES_WITH_SUMMARY, SESSION.event("processing_messages"), CONTEXT_WINDOW_FULL)
"""The events that are raised by nobody, in the order in which they are offered."""

TURNS_RUN_IN: Final = frozenset({SESSION.state("Active")})
"""The states in which turns run."""


def timer_in(state: str) -> Timer | None:
    """The timer that runs in a state of the session; there is one at most."""
    return _TIMERS[state]


_TIMERS: Final = {state: next(iter(SESSION.timers(state)), None) for state in SESSION.states}
