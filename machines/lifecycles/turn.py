"""The lifecycle of a turn: from the messages that wait for an answer to the reply, or to the reason for none.

`diagrams/turn.mmd` is the lifecycle; `BINDINGS` gives its labels a meaning. A session has one turn at a time. The rest
of the program asks `TURN.decide` and obeys: what is refused does not happen.

Where a turn is
===============
The state is derived from what is durable, and refined by what a step has seen. No turn is open: `Waiting` where
messages wait, and the start where none does. One is open: `Approving` where all calls of tools that have no result wait
for a person; `Overflowed` while the session waits for a summary; `Calling` where a call has no result; `Delayed` while
it is put off; and else `Running`.

How events come about
=====================
`task_lost` and `delay_over` are raised by nobody: they are offered at the beginning of every step, and their guards
say whether it is so. `turn_begins`, `next_attempt` and `process_died_of_it` are offered at the end of every step. The
end of what the model says is one of `reply`, `nothing_to_say`, `tools_called`, `model_paused`, `refusal`,
`model_not_available`, `context_too_large`, `results_shortened` and `model_failed`; each of these is offered where those
before it were refused.
From `Ready` a turn takes its next step by itself: `calls_begin`, `approval_needed` or `next_step`. A person's word is
`decision`, a message of one who was asked `written_instead`; they lead on only from `Approving`, for elsewhere other
calls run, and the word counts once these have ended. `context_window_full` and `continues_with_summary` are the
session's own edges, see `argentos.machines.lifecycles.session`.
"""

from collections.abc import Mapping
from typing import Final, Literal, Protocol

from argentos.machines.bindings import Binding
from argentos.machines.lifecycles.reading import diagram
from argentos.machines.lifecycles.session import CONTEXT_WINDOW_FULL, CONTINUES_WITH_SUMMARY
from argentos.machines.machine import Machine

__all__ = [
    "APPROVAL_EXPIRED",
    "APPROVAL_NEEDED",
    "APPROVING",
    "BINDINGS",
    "CALLING",
    "CALLS_BEGIN",
    "CALLS_ENDED",
    "CALLS_RESUMED",
    "CLEAR",
    "CONTEXT_TOO_LARGE",
    "DECISION",
    "DELAYED",
    "DELAY_OVER",
    "DUE",
    "ENDS",
    "FAILED",
    "INTERRUPTED",
    "MESSAGE_ACCEPTED",
    "MODEL_FAILED",
    "MODEL_NOT_AVAILABLE",
    "MODEL_PAUSED",
    "NEWER_MESSAGE",
    "NEXT_ATTEMPT",
    "NEXT_STEP",
    "NOTHING_TO_SAY",
    "OVERFLOWED",
    "PROCESS_DIED_OF_IT",
    "READY",
    "REFUSAL",
    "REPLY",
    "RESULTS_SHORTENED",
    "RETRY",
    "RUNNING",
    "STOP",
    "TASK_LOST",
    "TOOLS_CALLED",
    "TURN",
    "TURN_BEGINS",
    "WAITING",
    "WRITTEN_INSTEAD",
    "TurnFacts",
]


class TurnFacts(Protocol):
    """Facts that the guards of a turn ask for."""

    @property
    def may_begin(self) -> bool:
        """The session is where turns run, and work may begin."""
        ...

    @property
    def is_collected(self) -> bool:
        """No further message is waited for before the turn answers them together."""
        ...

    @property
    def has_task(self) -> bool:
        """A task asks the model, or runs calls, or waits for its place."""
        ...

    @property
    def has_calls(self) -> bool:
        """A call has no result, and waits for nobody."""
        ...

    @property
    def is_answered(self) -> bool:
        """Every call has its result."""
        ...

    @property
    def approval_is_over(self) -> bool:
        """The time is over in which a person's word is waited for."""
        ...

    @property
    def delay_is_over(self) -> bool:
        """The time has come to try again."""
        ...

    @property
    def may_be_delayed(self) -> bool:
        """The turn was not put off too often, nor would be for too long."""
        ...

    @property
    def has_replaceable(self) -> bool:
        """There are messages before those of the turn, which a summary can replace."""
        ...

    @property
    def has_shortenable(self) -> bool:
        """Requests can show less of the results of calls, or of rounds of the turn."""
        ...

    @property
    def gives_way(self) -> bool:
        """The newer message comes from the address of this turn, and messages interrupt."""
        ...

    @property
    def was_fatal(self) -> bool:
        """The process died each time that it was tried with nothing beside it, as often as it may."""
        ...


BINDINGS: Final = {
    "Message accepted": Binding("message_accepted"),
    "Turn begins": Binding("turn_begins", guards=("may_begin", "is_collected"), effects=("ask_model",)),
    "Tools called": Binding("tools_called"),
    "Model paused": Binding("model_paused"),
    "Calls begin": Binding("calls_begin", guards=("may_begin", "has_calls"), effects=("call_tools",)),
    "Calls ended": Binding("calls_ended"),
    "Calls resumed": Binding("calls_resumed", guards=("may_begin", "has_calls"), effects=("call_tools",)),
    "Approval needed": Binding("approval_needed", guards=("not has_calls", "not is_answered")),
    "Decision": Binding("decision"),
    "Approval expired": Binding("approval_expired", guards=("approval_is_over",), timer="approval"),
    "Written instead": Binding("written_instead"),
    "Next step": Binding("next_step", guards=("may_begin", "is_answered"), effects=("ask_model",)),
    "Model not available": Binding("model_not_available", guards=("may_be_delayed",)),
    "Context too large": Binding("context_too_large", guards=("has_replaceable",)),
    "Results shortened": Binding("results_shortened", guards=("has_shortenable",)),
    "Task lost": Binding("task_lost", guards=("not has_task",)),
    "Delay over": Binding("delay_over", guards=("delay_is_over",), timer="delay"),
    "Context window full": Binding("context_window_full"),
    "Continues with summary": Binding("continues_with_summary"),
    "Next attempt": Binding("next_attempt", guards=("may_begin", "is_answered"), effects=("ask_model",)),
    "Reply": Binding("reply"),
    "Nothing to say": Binding("nothing_to_say"),
    "Refusal": Binding("refusal"),
    "Model failed": Binding("model_failed"),
    "Process died of it": Binding("process_died_of_it", guards=("was_fatal",)),
    "Retry": Binding("retry"),
    "Newer message": Binding("newer_message", guards=("gives_way",), effects=("cancel_task",)),
    "Stop": Binding("stop", effects=("cancel_task",)),
    "Clear": Binding("clear", effects=("cancel_task",)),
}

TURN: Final = Machine(diagram("turn"), BINDINGS, facts=TurnFacts)
"""The lifecycle of a turn, as `diagrams/turn.mmd` draws it."""

WAITING: Final = TURN.state("Waiting")
RUNNING: Final = TURN.state("Running")
READY: Final = TURN.state("Ready")
CALLING: Final = TURN.state("Calling")
APPROVING: Final = TURN.state("Approving")
DELAYED: Final = TURN.state("Delayed")
OVERFLOWED: Final = TURN.state("Overflowed")
DUE: Final = TURN.state("Due")
INTERRUPTED: Final = TURN.state("Interrupted")
FAILED: Final = TURN.state("Failed")

ENDS: Final[Mapping[str, Literal["replied", "no_reply", "refused", "failed", "stopped", "cleared"]]] = {
    TURN.state("Replied"): "replied",
    TURN.state("Silent"): "no_reply",
    TURN.state("Refused"): "refused",
    FAILED: "failed",
    TURN.state("Stopped"): "stopped",
    TURN.state("Cleared"): "cleared",
}
"""The states in which a turn has ended, with the outcome that its record tells."""

MESSAGE_ACCEPTED: Final = TURN.event("message_accepted")
TURN_BEGINS: Final = TURN.event("turn_begins")
NEXT_ATTEMPT: Final = TURN.event("next_attempt")
TASK_LOST: Final = TURN.event("task_lost")
DELAY_OVER: Final = TURN.event("delay_over")
TOOLS_CALLED: Final = TURN.event("tools_called")
MODEL_PAUSED: Final = TURN.event("model_paused")
CALLS_BEGIN: Final = TURN.event("calls_begin")
CALLS_ENDED: Final = TURN.event("calls_ended")
CALLS_RESUMED: Final = TURN.event("calls_resumed")
APPROVAL_NEEDED: Final = TURN.event("approval_needed")
DECISION: Final = TURN.event("decision")
APPROVAL_EXPIRED: Final = TURN.event("approval_expired")
WRITTEN_INSTEAD: Final = TURN.event("written_instead")
NEXT_STEP: Final = TURN.event("next_step")
REPLY: Final = TURN.event("reply")
NOTHING_TO_SAY: Final = TURN.event("nothing_to_say")
REFUSAL: Final = TURN.event("refusal")
MODEL_NOT_AVAILABLE: Final = TURN.event("model_not_available")
CONTEXT_TOO_LARGE: Final = TURN.event("context_too_large")
RESULTS_SHORTENED: Final = TURN.event("results_shortened")
MODEL_FAILED: Final = TURN.event("model_failed")
PROCESS_DIED_OF_IT: Final = TURN.event("process_died_of_it")
RETRY: Final = TURN.event("retry")
NEWER_MESSAGE: Final = TURN.event("newer_message")
STOP: Final = TURN.event("stop")
CLEAR: Final = TURN.event("clear")

for _event in (CONTEXT_WINDOW_FULL, CONTINUES_WITH_SUMMARY):  # which the session's edges raise
    TURN.event(_event)
