"""What a session decides, without doing it.

A `Step` starts from a snapshot, is told what came in, and gathers records: what is to be made durable, all
or none. Every record is folded into the step's own snapshot at once, so that what comes next is decided on it.
The actor appends the records, and only then takes over the snapshot and runs the effects:

    decide → append → durable → apply → effect

Nothing here waits, reads a clock or knows of other sessions: the same step from the same snapshot gives the
same records. Changes of state come from `SESSION.decide` alone.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Final, Literal, TypedDict

from argentos.actors.config import Config
from argentos.actors.core.deadlines import Marks, collected_at, is_delayed
from argentos.actors.core.retries import pause
from argentos.errors import ModelError
from argentos.inputs import MAX_ID_BYTES
from argentos.llm import Compacted, Gauge, Reply, is_blank
from argentos.machines import SESSION, START, Refused, Transition
from argentos.machines.lifecycles.session import SETTLING, TURNS_RUN_IN, timer_in
from argentos.storage import (
    Accepted,
    Address,
    Cleared,
    CompactionResumed,
    Context,
    Delivered,
    FailedTurn,
    Kept,
    Message,
    Metadata,
    OpenCompaction,
    Owed,
    Record,
    Replied,
    Retried,
    Role,
    SessionKey,
    Snapshot,
    Summarised,
    Transitioned,
    TurnDelayed,
    TurnEnded,
    TurnStarted,
    fold_context,
    fold_metadata,
)

__all__ = ["COMPACTING", "Step", "is_at_work", "is_compacting"]

COMPACTING: Final = frozenset(state for state in SESSION.states if SESSION.knows(state, "continues_with_summary"))
"""The states in which a session waits for a summary."""


_REPLY: Final = ":reply"
_SETTLING_IN: Final = {
    state: tuple(event for event in SETTLING if SESSION.knows(state, event)) for state in SESSION.states
}


def is_compacting(metadata: Metadata) -> bool:
    """The session waits for a summary."""
    return metadata.state in COMPACTING


def is_at_work(metadata: Metadata) -> bool:
    """A message waits for its answer, or the session waits for a summary."""
    return not metadata.is_settled or is_compacting(metadata)


class _Head(TypedDict):
    """What every record begins with."""

    sequence: int
    epoch: int
    at: datetime


class _Facts:
    """What the guards ask, answered from the step when they do: see `argentos.machines.SessionFacts`."""

    def __init__(self, step: "Step") -> None:
        self._step = step

    @property
    def has_message(self) -> bool:
        return self._step.metadata.messages > 0

    @property
    def is_quiet(self) -> bool:
        step = self._step
        return step.metadata.is_settled and step.moment >= step.marks.quiet_since + step.config.idle_after

    @property
    def compaction_is_due(self) -> bool:
        step = self._step
        if step.compaction_asked or step.overflowed:
            return True
        return step.gauge.is_full(step.metadata) and step.metadata.kept_at < step.metadata.messages

    @property
    def has_older_messages(self) -> bool:
        step = self._step
        if step.overflowed:
            return step.gauge.replaceable(step.snapshot) > 0
        return step.gauge.older(step.snapshot, by_hand=step.compaction_asked) > 0

    @property
    def summary_is_durable(self) -> bool:
        metadata = self._step.metadata
        return metadata.state_sequence < metadata.boundary <= self._step.durable

    @property
    def context_fits(self) -> bool:
        metadata, context = self._step.snapshot
        if metadata.kept_at == metadata.messages:  # no summary could be had: the turn will show whether it fits
            return True
        return self._step.gauge.fits(metadata, context.waiting[0] if context.waiting else None)


class Step:
    """One step of a session, being decided.

    Args:
        key: the session.
        snapshot: where it stands, durably; None where it does not exist.
        epoch: of the owner.
        now: the wall time.
        moment: the monotonic time.
        marks: when something last happened; by default as far as the wall time tells.
        gauge: measures the context.
        config: the settings.

    Attributes:
        exists: there is a session, as far as it is decided; `metadata` is missing as long as there is none.
        records: what is to be appended.
        effects: names of what is to be done once that is durable.
        is_interrupted: nobody is running the turn that is open.
        is_compaction_interrupted: nobody is making the summary that the session waits for.
        compaction_asked: somebody asked for a compaction by hand.
        may_begin_turns: turns may begin.
        runs_alone: nothing runs beside the turn, or the compaction, that is begun again.
        channels: what the agent says to these is owed until it was delivered.
        overflowed: the model said that the context is larger than its window.
    """

    __slots__ = (
        "channels",
        "compaction_asked",
        "config",
        "context",
        "durable",
        "effects",
        "epoch",
        "exists",
        "gauge",
        "is_adopted",
        "is_compaction_interrupted",
        "is_interrupted",
        "key",
        "marks",
        "may_begin_turns",
        "metadata",
        "moment",
        "now",
        "overflowed",
        "records",
        "runs_alone",
    )

    def __init__(
        self,
        key: SessionKey,
        snapshot: Snapshot | None,
        *,
        epoch: int,
        now: datetime,
        moment: float,
        gauge: Gauge,
        config: Config,
        marks: Marks | None = None,
    ) -> None:
        self.key = key
        self.exists = snapshot is not None
        self.durable = 0
        self.context = Context()
        if snapshot is not None:
            self.metadata, self.context = snapshot
            self.durable = self.metadata.sequence
        self.epoch = epoch
        self.now = now
        self.moment = moment
        self.marks = marks or (Marks.of(snapshot, now, moment) if snapshot else Marks(moment, moment, moment))
        self.gauge = gauge
        self.config = config
        self.records: list[Record] = []
        self.effects: list[str] = []
        self.may_begin_turns = True
        self.runs_alone = False
        self.channels: frozenset[str] = frozenset()
        self.is_interrupted = False
        self.is_compaction_interrupted = False
        self.compaction_asked = False
        self.overflowed = False
        self.is_adopted = False

    def adopt(self, records: Sequence[Record], snapshot: Snapshot) -> None:
        """Make the session of records, which fold to this snapshot."""
        self.records += records
        self.is_adopted = True
        self.metadata, self.context = snapshot
        self.marks = Marks.of(snapshot, self.now, self.moment)
        self.exists = True

    @property
    def snapshot(self) -> Snapshot:
        """Where the session stands, as far as it is decided."""
        return Snapshot(self.metadata, self.context)

    # What comes in ------------------------------------------------------------------------------------------

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

    def create(self) -> None:
        """Make the session, by hand or because its first message is here."""
        self.offer("first_message")

    def accept(
        self,
        message_id: str,
        role: Role,
        text: str,
        tokens: int,
        *,
        sender: str | None,
        address: Address | None,
    ) -> int:
        """Take a message, from the user or from the agent; gives its number."""
        if not self.exists:
            self.create()
        if self.config.queue_mode == "interrupt" and role == "user":
            self._interrupt(address)
        number = self.metadata.messages + 1
        self._emit(
            Accepted(
                **self._head(),
                id=message_id,
                number=number,
                role=role,
                text=text,
                tokens=tokens,
                sender=sender,
                address=address,
            )
        )
        if role == "assistant":
            self._owe(number, address)
        self.offer("new_message")
        return number

    def finish_turn(self, turn: int, attempt: int, reply: Reply | None, tokens: int, reason: str = "") -> bool:
        """End a turn with its reply, without one, or for a reason; False if it had been ended already."""
        open_turn = self.metadata.turn
        if open_turn is None or (open_turn.turn, open_turn.attempt) != (turn, attempt):
            return False
        outcome: Literal["replied", "no_reply", "failed"] = "failed" if reply is None else "no_reply"
        if reply is not None and not is_blank(reply.text):
            self._reply(turn, open_turn.messages, reply, tokens)
            outcome = "replied"
        self._emit(TurnEnded(**self._head(), turn=turn, outcome=outcome, messages=open_turn.messages, reason=reason))
        return True

    def retry(self, failed: FailedTurn) -> None:
        """Have the messages of a turn that failed answered once more."""
        messages = [each for each in self.context.messages if each.number in failed.messages]
        self._emit(
            Retried(
                **self._head(),
                turn=failed.turn,
                messages=tuple(each.number for each in messages),
                tokens=sum(each.tokens for each in messages),
            )
        )
        self.offer("new_message")

    @property
    def awaits_attempt(self) -> bool:
        """A turn is open, and not one that is to be tried again later."""
        if not self.exists or self.metadata.turn is None:
            return False
        return not is_delayed(self.snapshot, self.marks, self.moment)

    def delay_turn(self, turn: int, error: ModelError) -> bool:
        """Have the turn tried again later; False if it has been tried often enough, or would have to wait too long."""
        open_turn = self.metadata.turn
        if open_turn is None or open_turn.turn != turn or open_turn.delays >= self.config.retry_attempts:
            return False
        seconds = pause(self.key, turn, open_turn.delays, error.retry_after)
        if open_turn.delayed + seconds > self.config.retry_for:
            return False
        attempt = open_turn.attempt
        self._emit(TurnDelayed(**self._head(), turn=turn, attempt=attempt, seconds=seconds, reason=str(error)))
        return True

    def overflow(self, turn: int, attempt: int, reason: str) -> bool:
        """The model's window was too small: compact and try again, or end the turn; False as above.

        As often as there is something left to be replaced, each time more of it.
        """
        if self.gauge.replaceable(self.snapshot) == 0:
            return self.finish_turn(turn, attempt, None, 0, reason)
        self.overflowed = self.is_interrupted = True
        return False

    def _reply(self, turn: int, numbers: Sequence[int], reply: Reply, tokens: int) -> None:
        answered = _latest(self.context.messages, numbers)
        number = self.metadata.messages + 1
        self._emit(
            Replied(
                **self._head(),
                id=reply.id or _reply_id(answered[-1].id),
                number=number,
                text=reply.text,
                tokens=tokens,
                turn=turn,
                reply_to=tuple(message.id for message in answered),
                sender=reply.sender,
                address=answered[-1].address,
                usage=reply.usage,
                stop_reason=reply.stop_reason,
            )
        )
        self._owe(number, answered[-1].address)

    def _owe(self, number: int, address: Address | None) -> None:
        """What the agent said is to be delivered, where that is somebody's business."""
        if address is not None and address.channel in self.channels:
            self._emit(Owed(**self._head(), number=number, channel=address.channel))

    def deliver(self, number: int) -> None:
        """Take note that a message was delivered, unless that is known."""
        if any(number in numbers for numbers in self.metadata.undelivered.values()):
            self._emit(Delivered(**self._head(), number=number))

    def _interrupt(self, address: Address | None) -> None:
        """End the turn that runs, in favour of a message that has come from the same address."""
        turn = self.metadata.turn
        if turn is not None and _latest(self.context.messages, turn.messages)[-1].address == address:
            self._emit(TurnEnded(**self._head(), turn=turn.turn, outcome="stopped", messages=turn.messages))

    def stop(self, outcome: Literal["stopped", "cleared"] = "stopped") -> None:
        """End the turn, and give up what waits behind it; a compaction is ended, its context kept."""
        metadata = self.metadata
        if not metadata.is_settled:
            running = metadata.turn.messages if metadata.turn else ()
            turn = metadata.turn.turn if metadata.turn else metadata.turns
            self._emit(TurnEnded(**self._head(), turn=turn, outcome=outcome, messages=(*running, *metadata.waiting)))
        if is_compacting(metadata):
            self.keep()

    def keep(self, reason: str = "") -> None:
        """End a compaction without a summary."""
        self._emit(Kept(**self._head(), reason=reason))

    def clear(self) -> None:
        """Empty the context; its messages go to the archive."""
        self.stop("cleared")
        self._emit(Cleared(**self._head()))

    def ask_compaction(self) -> bool:
        """Compact at the next chance, though the window is not full; False where nothing is to be gained."""
        if self.gauge.older(self.snapshot, by_hand=True) == 0:
            return False
        self.compaction_asked = True
        self.offer("new_message")
        return True

    def summarise(self, compacted: Compacted) -> bool:
        """Put a summary in the place of the messages that it speaks for, as far as they are where they were.

        What is tried again meanwhile waits for its answer. False if nothing is left, or nobody waits for a summary any
        more; the context is kept then.
        """
        if not is_compacting(self.metadata):
            return False
        replaced = tuple(takewhile(lambda message: message.number in compacted.numbers, self.context.messages))
        if not replaced:
            self.keep()
            return False
        self._emit(
            Summarised(
                **self._head(),
                first=compacted.first,
                last=compacted.last,
                replaced=len(replaced),
                freed=sum(message.tokens for message in replaced),
                text=compacted.text,
                tokens=compacted.tokens,
                method=compacted.method,
                before=compacted.before,
                after=compacted.after,
                failed=tuple(message.number for message in replaced if message.failure),
            )
        )
        return True

    # What follows of itself ---------------------------------------------------------------------------------

    def offer(self, event: str) -> Transition | Refused:
        """Raise an event, and take the edge if the machine says so."""
        state = self.metadata.state if self.exists else START
        decision = SESSION.decide(state, event, _Facts(self))
        if isinstance(decision, Transition):
            self._emit(
                Transitioned(
                    **self._head(),
                    source=decision.source,
                    target=decision.target,
                    event=decision.event,
                    label=decision.label,
                )
            )
            self.effects += decision.effects
        return decision

    def settle(self) -> None:
        """Take the edges whose time has come, and begin a turn if there is something to answer."""
        if not self.exists:
            return
        self._give_up()
        self._give_up_compaction()
        while self.metadata.turn is None or self.is_interrupted:
            decisions = [self.offer(event) for event in _SETTLING_IN[self.metadata.state]]
            if any(isinstance(decision, Transition) for decision in decisions):
                continue
            if any(isinstance(refused, Refused) and refused.guard == "context_fits" for refused in decisions):
                self._make_room()
            if self.may_begin_turns and self.metadata.state in TURNS_RUN_IN and not self._is_collecting():
                self._begin_turn()
            return

    def resume_compaction(self) -> None:
        """Begin the compaction again that nobody runs, if the session still waits for it and it may begin."""
        if not self.is_compaction_interrupted or not self.may_begin_turns:
            return
        metadata = self.metadata
        if not is_compacting(metadata) or metadata.boundary > self.durable:  # it was ended in this step
            return
        before = metadata.compaction or OpenCompaction(1)
        alone = before.alone + self.runs_alone
        self._emit(CompactionResumed(**self._head(), attempt=before.attempt + 1, alone=alone))
        self.effects.append("summarise")

    def _give_up_compaction(self) -> None:
        """End a compaction that the process has died of too often, the last time without asking the model."""
        known = self.metadata.compaction
        if self.runs_alone and self.is_compaction_interrupted and known and known.alone > self.config.max_crashes:
            self.keep(
                f"the process died each of the {known.alone} times that this context was compacted with nothing beside"
                " it; it is kept as it is"
            )

    def _give_up(self) -> None:
        """End a turn that the process has died of too often."""
        turn = self.metadata.turn
        is_of_death = self.is_interrupted and not self.overflowed
        if self.runs_alone and is_of_death and turn is not None and turn.alone >= self.config.max_crashes:
            reason = (
                f"the process died each of the {turn.alone} times that this was answered with nothing beside it; it is"
                " not tried again"
            )
            self._emit(
                TurnEnded(**self._head(), turn=turn.turn, outcome="failed", messages=turn.messages, reason=reason)
            )
            self.is_interrupted = False

    def _make_room(self) -> None:
        """What came during the compaction was too much: once more, unless all that is left has to be kept."""
        if self.gauge.older(self.snapshot, by_hand=False) > 0:
            if not self.is_compaction_interrupted:
                self.effects.append("summarise")
        else:
            self.keep()

    def _is_collecting(self) -> bool:
        """More messages are waited for before a turn answers them together."""
        due = collected_at(self.snapshot, self.marks, self.config)
        return due is not None and self.metadata.turn is None and self.moment < due

    def _begin_turn(self) -> None:
        metadata, waiting = self.metadata, self.context.waiting
        if metadata.turn is not None:
            self._emit(
                TurnStarted(
                    **self._head(),
                    turn=metadata.turn.turn,
                    attempt=metadata.turn.attempt + 1,
                    messages=metadata.turn.messages,
                    tokens=0,
                    request_tokens=metadata.tokens + self.gauge.system_tokens,
                    alone=metadata.turn.alone + self.runs_alone,
                )
            )
        elif waiting:
            fitting = self.gauge.fitting(waiting, metadata)
            taken = _of_one_address(waiting[: min(fitting, self.config.most_together)])
            tokens = sum(message.tokens for message in taken)
            self._emit(
                TurnStarted(
                    **self._head(),
                    turn=metadata.turns + 1,
                    attempt=1,
                    messages=tuple(message.number for message in taken),
                    tokens=tokens,
                    request_tokens=metadata.tokens + tokens + self.gauge.system_tokens,
                )
            )
        self.is_interrupted = False

    # Records ------------------------------------------------------------------------------------------------

    def _duration(self, name: str) -> float:
        durations: Mapping[str, float] = {"idle_after": self.config.idle_after}
        return durations[name]

    def _head(self) -> _Head:
        sequence = self.metadata.sequence if self.exists else 0
        return {"sequence": sequence + 1, "epoch": self.epoch, "at": self.now}

    def _emit(self, record: Record) -> None:
        self.records.append(record)
        self.metadata = fold_metadata(self.key, self.metadata if self.exists else None, (record,))
        self.context, _ = fold_context(self.context, (record,))
        self.marks = self.marks.after(record, self.moment)
        self.exists = True


def _of_one_address(waiting: Sequence[Message]) -> tuple[Message, ...]:
    """The first of the messages, and those right behind it from the same address: to which one reply can go."""
    return tuple(takewhile(lambda message: message.address == waiting[0].address, waiting))


def _reply_id(asked: str) -> str:
    """An id for the reply to a message; like that one, it has no more than `MAX_ID_BYTES`."""
    made = f"{asked}{_REPLY}"
    if len(made.encode()) <= MAX_ID_BYTES:
        return made
    digest = hashlib.sha256(asked.encode()).hexdigest()
    room = MAX_ID_BYTES - len(digest) - len(_REPLY) - 1
    return f"{asked.encode()[:room].decode(errors='ignore')}~{digest}{_REPLY}"


def _latest(messages: Sequence[Message], numbers: Sequence[int]) -> list[Message]:
    """The messages with these numbers, which are among the last, in their order."""
    found: list[Message] = []
    for message in reversed(messages):
        if len(found) == len(numbers):
            break
        if message.number in numbers:
            found.append(message)
    return found[::-1]
