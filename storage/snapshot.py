"""The snapshot of a session: what its records add up to.

A snapshot has two halves, kept in a file each: `Metadata`, small, for lists and for the machine, and
`Context`, what the model can see. Each carries the sequence of the last record it covers, so that one may
be newer than the other: folding, `argentos.storage.fold`, passes over the records that a half already has.
"""

from collections.abc import Collection
from datetime import date, datetime
from typing import Final, Literal, NamedTuple

from msgspec import Struct

from argentos.storage.blocks import Content
from argentos.storage.calibration import Calibration
from argentos.storage.messages import FailedTurn, Message, SessionKey, Summary
from argentos.storage.records import ApprovalOutcome, CompactionStatus, Transitioned

__all__ = [
    "REMEMBERED_IDS",
    "SCHEMA_VERSION",
    "CallResult",
    "CompactionAttempt",
    "CompactionRequest",
    "Context",
    "DecidedCall",
    "Delay",
    "Metadata",
    "OpenCall",
    "OpenCompaction",
    "OpenTurn",
    "Origin",
    "Snapshot",
    "Spending",
    "Summary",
    "Taken",
    "Undeliverable",
]

SCHEMA_VERSION: Final = 3
"""Of `metadata.json`, `history.json` and the archive; files of another version are refused, and left as they are."""

REMEMBERED_IDS: Final = 1000
"""A message id is recognised when it is sent again among at least this many of the latest messages."""


class Taken(Struct, frozen=True, gc=False):
    """The number of times that an edge was taken, and the last one."""

    count: int
    last: datetime


class Delay(Struct, frozen=True, gc=False, rename="camel"):
    """A wait before the next attempt of a turn: since when, how long, and why."""

    at: datetime
    seconds: float
    reason: str


class OpenCall(Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """A call of a tool that has no result so far.

    Attributes:
        state: `ready` to run, or running; `started`, and not to be repeated; `asked`, where it waits for a person.
        asked_at: when the person was asked.
        expires_at: when the person's word is waited for no more.
    """

    id: str
    name: str
    state: Literal["ready", "started", "asked"] = "ready"
    asked_at: datetime | None = None
    expires_at: datetime | None = None


class DecidedCall(Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """A call on which a person's word was waited for, and how that ended."""

    id: str
    outcome: ApprovalOutcome
    at: datetime
    by: str | None = None


class OpenTurn(Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """A turn that has not ended.

    Attributes:
        request_tokens: those of the latest request, counted locally.
        context_tokens: those of the context when that was made.
        alone: how many attempts were made with nothing beside them.
        delay: before the next attempt; None while one runs.
        delays: how many there were, this one included.
        delayed: seconds that they take together.
        steps: responses of the model so far.
        pauses: how many of these, the latest ones, were pauses.
        made: calls of tools so far.
        calls: those that have no result, in their order.
    """

    turn: int
    attempt: int
    messages: tuple[int, ...]
    request_tokens: int
    context_tokens: int
    alone: int = 0
    delay: Delay | None = None
    delays: int = 0
    delayed: float = 0.0
    steps: int = 0
    pauses: int = 0
    made: int = 0
    calls: tuple[OpenCall, ...] = ()

    @property
    def asked(self) -> tuple[OpenCall, ...]:
        """The calls that wait for a person."""
        return tuple(each for each in self.calls if each.state == "asked")

    @property
    def has_calls(self) -> bool:
        """A call is ready, or runs."""
        return any(each.state != "asked" for each in self.calls)

    @property
    def is_asking(self) -> bool:
        """It waits for a person, and for nothing else."""
        return bool(self.calls) and not self.has_calls


class OpenCompaction(Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """A compaction that was begun again.

    Attributes:
        attempt: 2, or more.
        alone: how many attempts were made with nothing beside them.
    """

    attempt: int
    alone: int = 0


class CompactionRequest(Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """A compaction that was asked for by hand, and has not ended.

    Attributes:
        focus: what the summary should keep above all.
        keep: how many of the latest messages stay, where that was said.
    """

    focus: str = ""
    keep: int | None = None


class CompactionAttempt(Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """A compaction that was tried, and what came of it.

    Attributes:
        at: when it ended.
        before: estimated tokens of the context before; `after`, after.
        method: `model`, `extractive` or `provider`; empty where there is no summary.
        seconds: that it took.
        reason: why there is no summary, or why it is not the model's; empty where nothing was amiss.
        focus: what the summary was to keep above all.
        by_hand: somebody asked for it.
    """

    at: datetime
    status: CompactionStatus
    before: int
    after: int
    method: str = ""
    seconds: float = 0.0
    reason: str = ""
    focus: str = ""
    by_hand: bool = False


class Undeliverable(Struct, frozen=True, gc=False, rename="camel"):
    """A message that could not be delivered to its channel, since when that is known, and why."""

    number: int
    channel: str
    at: datetime
    reason: str


class Spending(Struct, frozen=True, gc=False, rename="camel"):
    """Costs of a session, its summaries too, in the currency of the model's prices.

    Attributes:
        total: ever.
        today: on the day `day`, of UTC.
    """

    total: float
    today: float
    day: date


class Origin(Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """The place in another session from which a session was forked.

    Attributes:
        session: the id of the other one.
        last: the number of its last message at that place; what is new here has the next one.
        messages: how many were taken along.
        checkpoint: the name of the place; empty where it was none.
    """

    session: str
    last: int
    messages: int = 0
    checkpoint: str = ""


class Metadata(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True, rename="camel"):
    """Figures and state of a session, known without reading its messages.

    Attributes:
        state: of the machine, since the record `state_sequence` at the time `since`.
        label: of the edge that led into the state.
        messages: how many were ever accepted; the number of the last one.
        tokens: of the context (summary and messages), counted locally.
        waiting: numbers of accepted messages that no turn has taken up yet, with `waiting_tokens`.
        compaction: the one that the session waits for, if it was begun again.
        asked: the compaction that somebody asked for, until it has ended.
        attempts: the latest compactions that were tried, 50 at most.
        boundary: sequence of the last record that ended a compaction or replaced the context, 0 if none did.
        kept_at: the number of messages when a compaction was last ended without a summary.
        edges: for each edge, as mermaid writes it, how often it was taken, and when last.
        title: to show.
        tags: to find the session by.
        owner: whose it is.
        system: its own system prompt, which has `system_tokens`; empty where it has that of its agent.
        undelivered: numbers of the messages that are owed to a channel, in order, by channel.
        undeliverable: the latest messages that could not be delivered, and are not tried again.
        failed: the latest turns that failed, as long as their messages are in the context and not tried again.
        decided: the latest calls on which a person's word was waited for, and is no more.
        spending: what the model has cost it; None where that is not known, or nothing.
        checkpoints: how many were ever made.
        checkpoint: the name of the latest that was not taken back; empty where there is none.
        origin: where it was forked from; None where it was not.
        pinned: lists show it in front of the others.
        archived: lists leave it out, unless they are asked for it.
        read: the number of the last message that a person has read.
        channels: through which messages came, in the order in which they were first used, 32 at most.
        work_changed: when it last came to have something to answer, or to have nothing; None where it never had.
    """

    version: int
    agent: str
    session: str
    sequence: int
    epoch: int
    state: str
    since: datetime
    state_sequence: int
    label: str
    created_at: datetime
    last_activity: datetime
    messages: int = 0
    tokens: int = 0
    waiting: tuple[int, ...] = ()
    waiting_tokens: int = 0
    turn: OpenTurn | None = None
    turns: int = 0
    compactions: int = 0
    compaction: OpenCompaction | None = None
    asked: CompactionRequest | None = None
    attempts: tuple[CompactionAttempt, ...] = ()
    boundary: int = 0
    kept_at: int = 0
    summary_tokens: int = 0
    calibration: Calibration | None = None
    title: str = ""
    tags: tuple[str, ...] = ()
    owner: str = ""
    system: str = ""
    system_tokens: int = 0
    edges: dict[str, Taken] = {}
    undelivered: dict[str, tuple[int, ...]] = {}
    undeliverable: tuple[Undeliverable, ...] = ()
    failed: tuple[FailedTurn, ...] = ()
    decided: tuple[DecidedCall, ...] = ()
    spending: Spending | None = None
    checkpoints: int = 0
    checkpoint: str = ""
    origin: Origin | None = None
    pinned: bool = False
    archived: bool = False
    read: int = 0
    channels: tuple[str, ...] = ()
    work_changed: datetime | None = None

    @property
    def key(self) -> SessionKey:
        """The key of the session."""
        return SessionKey(self.agent, self.session)

    @property
    def quiet_since(self) -> datetime:
        """The time at which something last happened: a message, or a change of state."""
        return max(self.last_activity, self.since)

    @property
    def is_owing(self) -> bool:
        """A message is owed to a channel, or could not be delivered."""
        return bool(self.undelivered or self.undeliverable)

    @property
    def is_settled(self) -> bool:
        """No message waits for an answer."""
        return not self.waiting and self.turn is None

    @property
    def is_resting(self) -> bool:
        """No message waits for an answer, unless the turn waits for a person first."""
        return not self.waiting and (self.turn is None or self.turn.is_asking)


class CallResult(Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """The result of a call, while another one of the same response has none."""

    call_id: str
    content: Content
    tokens: int
    is_error: bool = False


class Context(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True, rename="camel"):
    """The messages that the model can see, in the order of the conversation.

    Attributes:
        waiting: accepted messages that no turn has taken up yet; they join `messages` when one does.
        archived_ids: of the latest messages that left the context, replies excepted, to recognise them when sent
            again.
        transitions: the latest edges that the session took, 255 at most; those before are in the archive.
        results: of the calls of the open turn, which become a message once all are there.
    """

    summary: Summary | None = None
    messages: tuple[Message, ...] = ()
    waiting: tuple[Message, ...] = ()
    archived_ids: Collection[str] = ()
    transitions: tuple[Transitioned, ...] = ()
    results: tuple[CallResult, ...] = ()


class Snapshot(NamedTuple):
    """All that resumes a session."""

    metadata: Metadata
    context: Context
