"""The lifecycle of a compaction: what goes on while a session is Compacted, or somebody has asked that it be.

`diagrams/compaction.mmd` is the lifecycle; `BINDINGS` gives its labels a meaning. The rest of the program asks
`COMPACTION.decide` and obeys.

Where a compaction is
=====================
The state is derived. In a session that is not Compacted it is `Unneeded`, or `Asked` for by hand where it waits for its
chance. In Compacted it is `Summarising` until a record has ended that, `Summarised` or `Kept` from then on, until the
session goes on. More messages than fit may have come meanwhile: then it is `Summarising` once more.

How events come about
=====================
`first_message`, `context_window_full` and `continues_with_summary` are the session's own edges. `task_lost` is offered
at the beginning of every step, `next_attempt` and `process_died_of_it` at its end. `too_much_left` and
`nothing_to_replace` are offered, in this order, where a session cannot go on since its context does not fit.
"""

from typing import Final, Protocol

from argentos.machines.bindings import Binding
from argentos.machines.lifecycles.reading import diagram
from argentos.machines.lifecycles.session import CONTEXT_WINDOW_FULL, CONTINUES_WITH_SUMMARY, FIRST_MESSAGE
from argentos.machines.machine import Machine

__all__ = [
    "ASKED",
    "BINDINGS",
    "COMPACT",
    "COMPACTION",
    "INTERRUPTED",
    "KEPT",
    "NEXT_ATTEMPT",
    "NOTHING_TO_REPLACE",
    "NO_SUMMARY",
    "PROCESS_DIED_OF_IT",
    "STOP",
    "SUMMARISED",
    "SUMMARISING",
    "SUMMARY_MADE",
    "TASK_LOST",
    "TOO_MUCH_LEFT",
    "UNNEEDED",
    "CompactionFacts",
]


class CompactionFacts(Protocol):
    """Facts that the guards of a compaction ask for."""

    @property
    def has_older_messages(self) -> bool:
        """There are messages old enough to be replaced by a summary, and enough to gain by it."""
        ...

    @property
    def has_summarised_messages(self) -> bool:
        """Messages that the summary speaks for are where they were."""
        ...

    @property
    def has_task(self) -> bool:
        """A task makes the summary, or waits for its place."""
        ...

    @property
    def may_begin(self) -> bool:
        """Work may begin."""
        ...

    @property
    def was_fatal(self) -> bool:
        """The process died each time that it was tried with nothing beside it, without the model in the end."""
        ...


BINDINGS: Final = {
    "First message": Binding("first_message"),
    "Compact": Binding("compact", guards=("has_older_messages",)),
    "Context window full": Binding("context_window_full"),
    "Continues with summary": Binding("continues_with_summary"),
    "Summary made": Binding("summary_made", guards=("has_summarised_messages",)),
    "No summary": Binding("no_summary"),
    "Too much left": Binding("too_much_left", guards=("has_older_messages",), effects=("summarise",)),
    "Nothing to replace": Binding("nothing_to_replace", guards=("not has_older_messages",)),
    "Task lost": Binding("task_lost", guards=("not has_task",)),
    "Next attempt": Binding("next_attempt", guards=("may_begin",), effects=("summarise",)),
    "Process died of it": Binding("process_died_of_it", guards=("was_fatal",)),
    "Stop": Binding("stop", effects=("cancel_task",)),
}

COMPACTION: Final = Machine(diagram("compaction"), BINDINGS, facts=CompactionFacts)
"""The lifecycle of a compaction, as `diagrams/compaction.mmd` draws it."""

UNNEEDED: Final = COMPACTION.state("Unneeded")
ASKED: Final = COMPACTION.state("Asked")
SUMMARISING: Final = COMPACTION.state("Summarising")
INTERRUPTED: Final = COMPACTION.state("Interrupted")
SUMMARISED: Final = COMPACTION.state("Summarised")
KEPT: Final = COMPACTION.state("Kept")

COMPACT: Final = COMPACTION.event("compact")
SUMMARY_MADE: Final = COMPACTION.event("summary_made")
NO_SUMMARY: Final = COMPACTION.event("no_summary")
TOO_MUCH_LEFT: Final = COMPACTION.event("too_much_left")
NOTHING_TO_REPLACE: Final = COMPACTION.event("nothing_to_replace")
TASK_LOST: Final = COMPACTION.event("task_lost")
NEXT_ATTEMPT: Final = COMPACTION.event("next_attempt")
PROCESS_DIED_OF_IT: Final = COMPACTION.event("process_died_of_it")
STOP: Final = COMPACTION.event("stop")

for _event in (FIRST_MESSAGE, CONTEXT_WINDOW_FULL, CONTINUES_WITH_SUMMARY):  # which the session's edges raise
    COMPACTION.event(_event)
