"""The draft of a step: a session's state as far as it is decided.

A `Draft` starts from a snapshot, is told what came in, and gathers records: what is to be made durable, all
or none. Every record is folded into the draft's own snapshot at once, so that what comes next is decided on it.
The actor appends the records, and only then takes over the snapshot and runs the effects:

    decide → append → durable → apply → effect

Nothing here waits, reads a clock or knows of other sessions: the same step from the same snapshot gives the
same records. Changes of state come from the machines alone, `SESSION` and `TURN`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple, TypedDict

from msgspec import structs

from argentos.actors.core.deadlines import Marks
from argentos.actors.settings.config import Config
from argentos.llm import Gauge
from argentos.machines import SESSION, START, Refused, Transition
from argentos.machines.lifecycles.compaction import (
    ASKED,
    COMPACTION,
    KEPT,
    SUMMARISED,
    SUMMARISING,
    UNNEEDED,
    CompactionFacts,
)
from argentos.machines.lifecycles.session import CONTINUES_WITH_SUMMARY, SessionFacts, timer_in
from argentos.machines.lifecycles.turn import APPROVING, CALLING, DELAYED, OVERFLOWED, RUNNING, TURN, WAITING, TurnFacts
from argentos.storage import (
    Accepted,
    Context,
    Message,
    Metadata,
    Record,
    Replied,
    SessionKey,
    Snapshot,
    Transitioned,
)
from argentos.storage.fold import apply
from argentos.storage.folding.implied import begin_of
from argentos.storage.open_context import OpenContext

__all__ = ["COMPACTING", "Draft", "Said", "is_at_work", "is_compacting"]

COMPACTING: Final = frozenset(state for state in SESSION.states if SESSION.knows(state, CONTINUES_WITH_SUMMARY))
"""The states in which a session waits for a summary."""

_NO_ATTACHMENTS: Final[Mapping[str, bytes]] = {}
_NO_LINKS: Final[Mapping[str, SessionKey]] = {}


def is_compacting(metadata: Metadata) -> bool:
    """The session waits for a summary."""
    return metadata.state in COMPACTING


def is_at_work(metadata: Metadata) -> bool:
    """A message waits for its answer, and not for a person first, or the session for a summary."""
    return not metadata.is_resting or is_compacting(metadata) or metadata.asked is not None


def _open_turn(metadata: Metadata) -> str:
    """The state of the turn that is open, as far as what is durable tells."""
    turn = metadata.turn
    if turn is not None and turn.is_asking:
        return APPROVING
    if is_compacting(metadata):
        return OVERFLOWED
    if turn is not None and turn.calls:
        return CALLING
    return DELAYED if turn is not None and turn.delay is not None else RUNNING


def _compaction_of(metadata: Metadata, *, has_task: bool) -> str:
    """The state of the compaction, as far as what is durable tells."""
    if not is_compacting(metadata):
        return UNNEEDED if metadata.asked is None else ASKED
    if has_task or metadata.boundary < metadata.state_sequence:
        return SUMMARISING
    return KEPT if metadata.kept_at == metadata.messages else SUMMARISED


class _Head(TypedDict):
    """The fields that every record begins with."""

    sequence: int
    epoch: int
    at: datetime


class _Place(TypedDict):
    """The fields of a record that make it a checkpoint."""

    checkpoint: str
    parent: str | None


class _Facts:
    """Facts for the guards, read off the draft when they ask: see `argentos.machines.SessionFacts`."""

    def __init__(self, step: "Draft") -> None:
        self._step = step

    @property
    def has_message(self) -> bool:
        return self._step.metadata.messages > 0

    @property
    def is_quiet(self) -> bool:
        step = self._step
        return step.metadata.is_resting and step.moment >= step.marks.quiet_since + step.config.idle_after

    @property
    def compaction_is_due(self) -> bool:
        step = self._step
        if step.compaction == ASKED or step.turn == OVERFLOWED:
            return True
        return step.gauge.is_full(step.metadata) and step.metadata.kept_at < step.metadata.messages

    @property
    def has_older_messages(self) -> bool:
        step = self._step
        if step.turn == OVERFLOWED:
            return step.gauge.replaceable(step.snapshot) > 0
        if step.compaction == ASKED and step.metadata.asked is not None:
            return step.gauge.asked_for(step.snapshot, step.metadata.asked) > 0
        return step.gauge.older(step.snapshot, by_hand=False) > 0

    @property
    def summary_is_durable(self) -> bool:
        metadata = self._step.metadata
        return metadata.state_sequence < metadata.boundary <= self._step.durable

    @property
    def context_fits(self) -> bool:
        metadata, waiting = self._step.metadata, self._step.waiting
        if metadata.kept_at == metadata.messages:  # no summary could be had: the turn will show whether it fits
            return True
        return self._step.gauge.fits(metadata, waiting[0] if waiting else None)


class Said(NamedTuple):
    """The part of a reply that has been said, and its tokens."""

    turn: int
    text: str
    tokens: int


class Draft:
    """The next state of a session while it is being decided, and the records that lead there.

    Args:
        key: the session.
        metadata: of where it stands, durably; None where it does not exist.
        context: likewise; it goes on in a copy.
        epoch: of the owner.
        now: the wall time.
        moment: the monotonic time.
        marks: when something last happened; by default just now.
        has_task: see there.
        gauge: measures the context.
        config: the settings.

    Attributes:
        exists: there is a session, as far as it is decided; `metadata` is missing as long as there is none.
        records: what is to be appended.
        attachments: bytes that these refer to, by their hashes: what is to be kept before.
        links: the sessions that have others of them, likewise.
        effects: names of what is to be done once that is durable.
        has_task: a task is at the turn that is open, or at the summary that the session waits for.
        compaction: the state of its compaction, see `argentos.machines.lifecycles.compaction`.
        may_begin_turns: turns may begin.
        runs_alone: nothing runs beside the turn, or the compaction, that is begun again.
        channels: what the agent says to these is owed until it was delivered.
        said: what the turn that runs has said, where it may be ended.
    """

    __slots__ = (
        "_turn",
        "attachments",
        "channels",
        "compaction",
        "config",
        "durable",
        "effects",
        "epoch",
        "exists",
        "gauge",
        "has_task",
        "is_adopted",
        "key",
        "links",
        "marks",
        "may_begin_turns",
        "metadata",
        "moment",
        "now",
        "open_context",
        "records",
        "runs_alone",
        "said",
    )

    def __init__(
        self,
        key: SessionKey,
        metadata: Metadata | None,
        context: OpenContext,
        *,
        epoch: int,
        now: datetime,
        moment: float,
        gauge: Gauge,
        config: Config,
        marks: Marks | None = None,
        has_task: bool = False,
    ) -> None:
        self.key: SessionKey = key
        self.exists: bool = metadata is not None
        self.durable: int = 0
        self.open_context: OpenContext = context.copy()
        if metadata is not None:
            self.metadata: Metadata = metadata
            self.durable = metadata.sequence
        self._turn: str = START if metadata is None else _open_turn(metadata)
        self.compaction: str = START
        if metadata is not None:
            self.compaction = _compaction_of(metadata, has_task=has_task)
        self.has_task: bool = has_task
        self.epoch: int = epoch
        self.now: datetime = now
        self.moment: float = moment
        self.marks: Marks = marks or Marks(moment, moment, moment)
        self.gauge: Gauge = gauge
        self.config: Config = config
        self.records: list[Record] = []
        self.attachments: Mapping[str, bytes] = _NO_ATTACHMENTS
        self.links: Mapping[str, SessionKey] = _NO_LINKS
        self.effects: list[str] = []
        self.may_begin_turns: bool = True
        self.runs_alone: bool = False
        self.channels: frozenset[str] = frozenset()
        self.said: Said | None = None
        self.is_adopted: bool = False

    def attach(self, attachments: Mapping[str, bytes]) -> None:
        """Have bytes kept that records refer to."""
        if attachments:
            self.attachments = {**self.attachments, **attachments}

    def adopt(self, records: Sequence[Record], snapshot: Snapshot) -> None:
        """Make the session of records, which fold to this snapshot."""
        self.records += records
        self.is_adopted = True
        self.metadata, self.open_context = snapshot.metadata, OpenContext(snapshot.context)
        self.marks = Marks.of(snapshot, self.now, self.moment)
        self.compaction = UNNEEDED
        self.exists = True

    @property
    def snapshot(self) -> Snapshot:
        """The snapshot, as far as it is decided."""
        return Snapshot(self.metadata, self.open_context.context)

    @property
    def context(self) -> Context:
        """The context, as far as it is decided."""
        return self.open_context.context

    @property
    def waiting(self) -> tuple[Message, ...]:
        """The messages that wait for a turn."""
        return self.open_context.waiting

    @property
    def turn(self) -> str:
        """The state of its turn, see `argentos.machines.lifecycles.turn`."""
        if not self.exists:
            return START
        if self.metadata.turn is not None:
            return self._turn
        return WAITING if self.metadata.waiting else START

    @property
    def facts(self) -> SessionFacts:
        """The facts of which the session's machine asks."""
        return _Facts(self)

    def advance(self, now: datetime, moment: float) -> None:
        """Let time pass until then: a timer that came due on the way is raised at its own time.

        Args:
            now: the wall time, which may lie before the one so far.
            moment: the monotonic time.
        """
        timer = timer_in(self.metadata.state) if self.exists else None
        if timer is not None:
            due = self.marks.quiet_since + self._duration(timer.duration)
            if due <= moment:
                self.now, self.moment = now - timedelta(seconds=moment - due), due
                self.offer(timer.event)
        self.now, self.moment = now, moment

    def offer(self, event: str) -> Transition | Refused:
        """Raise an event, and take the edge if the machine says so."""
        state = self.metadata.state if self.exists else START
        decision = SESSION.decide(state, event, self.facts)
        if isinstance(decision, Transition):
            self.emit(
                Transitioned(
                    **self.head(),
                    source=decision.source,
                    target=decision.target,
                    event=decision.event,
                    label=decision.label,
                )
            )
            self.effects += decision.effects
            self.offer_turn(event)
            self.offer_compaction(event)
        return decision

    def offer_turn(self, event: str, facts: TurnFacts | None = None) -> Transition | Refused:
        """Raise an event of the turn, and go on to the state that its machine names; records are for the caller."""
        decision = TURN.decide(self.turn, event, facts)
        if isinstance(decision, Transition):
            self._turn = decision.target
            self.effects += decision.effects
        return decision

    def offer_compaction(self, event: str, facts: CompactionFacts | None = None) -> Transition | Refused:
        """Raise an event of the compaction; likewise."""
        decision = COMPACTION.decide(self.compaction, event, facts)
        if isinstance(decision, Transition):
            self.compaction = decision.target
            self.effects += decision.effects
        return decision

    def _duration(self, name: str) -> float:
        durations: Mapping[str, float] = {"idle_after": self.config.idle_after}
        return durations[name]

    def head(self) -> _Head:
        """Of the next record."""
        sequence = self.metadata.sequence if self.exists else 0
        return {"sequence": sequence + 1, "epoch": self.epoch, "at": self.now}

    def place(self) -> _Place:
        """Of the next record, where it makes a checkpoint: messages leave the context by it."""
        return {"checkpoint": f"c{self.metadata.checkpoints + 1}", "parent": self.metadata.checkpoint or None}

    def emit(self, record: Record) -> None:
        """Decide a record, and fold it."""
        self.records.append(record)
        self.metadata = apply(self.key, self.metadata if self.exists else None, record)
        self.open_context.apply(record)
        self.marks = self.marks.after(record, self.moment)
        if self.config.reset_after is not None and self._is_heard(record):
            self.marks = self.marks._replace(heard=self.moment)
        self.exists = True

    def _is_heard(self, record: Record) -> bool:
        """A person goes on with the conversation by it, or is answered."""
        ignored = self.config.background_senders
        if isinstance(record, Accepted):
            return record.role == "user" and record.sender not in ignored
        if isinstance(record, Replied):
            return any(each.sender not in ignored for each in self.open_context.latest(record.messages))
        return False

    def begin_with(self, message: Message, request_tokens: int) -> bool:
        """Begin a turn with the message that was just accepted, in its record; False if it was not.

        Nothing but changes of state may stand behind that record.
        """
        at = len(self.records) - 1
        while at >= 0 and isinstance(self.records[at], Transitioned):
            at -= 1
        accepted = self.records[at] if at >= 0 else None
        if not isinstance(accepted, Accepted) or accepted.number != message.number:
            return False
        accepted = structs.replace(accepted, turn=self.metadata.turns + 1, request_tokens=request_tokens)
        self.records[at] = accepted
        sequence = self.metadata.sequence
        begun = begin_of(accepted)
        self.metadata = apply(self.key, self.metadata, begun)
        if self.metadata.sequence < sequence:  # of what stands behind it
            self.metadata = structs.replace(self.metadata, sequence=sequence)
        self.open_context.apply(begun)
        return True
