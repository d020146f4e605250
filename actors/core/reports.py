"""Reports of tasks: what the model said, what a call gave, and the summary."""

import itertools
from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple

from argentos.actors.scheduling.slots import TaskId
from argentos.errors import ArgentError
from argentos.llm import Compacted, Reply
from argentos.storage import CompactionStatus, Content, Measured, Metadata, Usage

__all__ = ["Arriving", "CallDone", "Charge", "NotCompacted", "PlannedCall", "Report", "SummaryMade", "TurnDone"]

_NO_ATTACHMENTS: Final[Mapping[str, bytes]] = {}
_arrivals: Final = itertools.count()


class Arriving:
    """A command, or a report of a task.

    Attributes:
        at: the wall time at which it was given, to be written down.
        arrived: the monotonic time at which it came.
        order: its place among all that came; the wall clock may be set between two of them.
    """

    __slots__ = ("arrived", "at", "order")

    def __init__(self, at: datetime) -> None:
        self.at: datetime = at
        self.arrived: float = 0.0
        self.order: int = 0

    def arrive(self, moment: float) -> None:
        """It has come, behind all that came before."""
        self.arrived = moment
        self.order = next(_arrivals)


class Report(Arriving):
    """The report of a task; nobody waits for an answer."""

    __slots__ = ()

    def answer(self, value: Metadata) -> None:
        """Done."""

    def fail(self, error: ArgentError) -> None:
        """Not done, for this reason."""


class PlannedCall(NamedTuple):
    """A call of a tool, and what becomes of it.

    Attributes:
        refusal: the sentence by which it is answered, rather than run; empty if it is run.
        tokens: those of the refusal.
        is_asked: a person has to approve it.
    """

    id: str
    refusal: str = ""
    tokens: int = 0
    is_asked: bool = False


class NotCompacted(NamedTuple):
    """The reason why there is no summary.

    Attributes:
        measured: the model counts less than was estimated.
    """

    status: CompactionStatus
    reason: str
    measured: Measured | None = None


class TurnDone(Report):
    """The model has responded, with a reply, with calls of tools, or with an error.

    Attributes:
        step: how many responses there were before.
        calls: those of the reply, in their order.
        attachments: the bytes that the reply refers to, by their hashes.
    """

    __slots__ = ("attachments", "attempt", "calls", "error", "reply", "step", "tokens", "turn")

    def __init__(
        self,
        at: datetime,
        *,
        turn: int,
        attempt: int,
        reply: Reply | None,
        tokens: int,
        error: ArgentError | None,
        step: int = 0,
        calls: tuple[PlannedCall, ...] = (),
        attachments: Mapping[str, bytes] = _NO_ATTACHMENTS,
    ) -> None:
        super().__init__(at)
        self.turn: int = turn
        self.attempt: int = attempt
        self.step: int = step
        self.reply: Reply | None = reply
        self.calls: tuple[PlannedCall, ...] = calls
        self.attachments: Mapping[str, bytes] = attachments
        self.tokens: int = tokens
        self.error: ArgentError | None = error

    @property
    def tag(self) -> TaskId:
        """Of the task that reports this."""
        return ("turn", self.turn, self.attempt, self.step)


class CallDone(Report):
    """A call of a tool has ended.

    Attributes:
        tag: of the task that runs the calls.
        call_id: which.
        content: what it gave; None where it was not run, for it is not waited for any more.
        is_last: the task has ended with it.
        attachments: the bytes that the content refers to, by their hashes.
    """

    __slots__ = ("attachments", "call_id", "content", "is_error", "is_last", "tag", "tokens")

    def __init__(
        self,
        at: datetime,
        *,
        tag: TaskId,
        call_id: str,
        content: Content | None,
        is_error: bool,
        tokens: int,
        is_last: bool,
        attachments: Mapping[str, bytes] = _NO_ATTACHMENTS,
    ) -> None:
        super().__init__(at)
        self.tag: TaskId = tag
        self.call_id: str = call_id
        self.content: Content | None = content
        self.is_error: bool = is_error
        self.tokens: int = tokens
        self.is_last: bool = is_last
        self.attachments: Mapping[str, bytes] = attachments


class Charge(Report):
    """The model has answered at a price, and no other report tells of it."""

    __slots__ = ("usage",)

    def __init__(self, at: datetime, usage: Usage) -> None:
        super().__init__(at)
        self.usage: Usage = usage


class SummaryMade(Report):
    """A summary is ready, or could not be made.

    Attributes:
        asked_at: the sequence at which it was asked for.
        compacted: the summary, or why there is none.
        seconds: that it took.
    """

    __slots__ = ("asked_at", "compacted", "seconds")

    def __init__(
        self, at: datetime, *, asked_at: int, compacted: Compacted | NotCompacted, seconds: float = 0.0
    ) -> None:
        super().__init__(at)
        self.asked_at: int = asked_at
        self.compacted: Compacted | NotCompacted = compacted
        self.seconds: float = seconds

    @property
    def tag(self) -> TaskId:
        """Of the task that reports this."""
        return ("summary", self.asked_at, 0, 0)
