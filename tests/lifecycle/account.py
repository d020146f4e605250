"""What must have happened in a session, kept by whoever watches it: the oracle.

It knows the six edges, the words of the guards and the settings, and nothing of how the product decides. Every
record is checked against it at the moment when it becomes durable, and only then believed.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from argentos.actors import Delivery
from argentos.storage import (
    STOPPED,
    Accepted,
    Cleared,
    CompactionAsked,
    CompactionDeclined,
    CompactionResumed,
    Delivered,
    Kept,
    Record,
    Replied,
    Retried,
    Summarised,
    Transitioned,
    TurnDelayed,
    TurnEnded,
    TurnStarted,
    Updated,
    events_of,
)
from tests.lifecycle.asking import Asking
from tests.lifecycle.ledger import CONFIG, LARGEST, OUTBOX, START, WINDOW, WORTH, Failing, sent_of

__all__ = ["Account"]

_EDGES: Final = {
    (START, "first_message"): ("Created", "First message"),
    ("Created", "processing_messages"): ("Active", "Processing messages"),
    ("Active", "no_recent_activity"): ("Idle", "No recent activity"),
    ("Idle", "new_message"): ("Active", "New message"),
    ("Active", "context_window_full"): ("Compacted", "Context window full"),
    ("Compacted", "continues_with_summary"): ("Active", "Continues with summary"),
}


class Account(Asking):
    """The ledger of a session that refuses what must not be."""

    # Records ------------------------------------------------------------------------------------------------

    def take(self, records: Sequence[Record]) -> None:
        """These have become durable, in one append."""
        self.append.append(self.append[-1] + len(records))
        for record in events_of(records):
            self.events.append(record)
            if not any(record is each for each in records):  # what another one implies
                self._take(record)
                continue
            self.require("numbered one by one", that=record.sequence == len(self.records) + 1, problem=record)
            last = self.records[-1] if self.records else record
            is_late = isinstance(record, Transitioned) and record.event == "no_recent_activity"  # dated when it was due
            self.require("time goes on", that=is_late or record.at >= last.at, problem=record)
            is_newer = record.epoch > self.old_epoch and record.epoch >= last.epoch
            self.require("an owner has an epoch of its own", that=is_newer, problem=record)
            self._take(record)
            if isinstance(record, Accepted | Replied | Retried | Cleared | Transitioned):
                self.quiet_since = record.at
            self.records.append(record)
        self.require("what the agent says is owed", that=self.owed == self.due, problem=(self.owed, self.due))

    def _take(self, record: Record) -> None:
        self.require("created first", that=self.exists or isinstance(record, Transitioned), problem=record)
        match record:
            case Transitioned():
                self._move(record)
            case Accepted():
                self._accept(record)
            case TurnStarted() | TurnDelayed() | Replied() | TurnEnded() | Retried():
                self._go_through(record)
            case CompactionAsked() | CompactionDeclined() | CompactionResumed() | Summarised() | Cleared() | Kept():
                self._compact(record)
            case Delivered():
                self._deliver(record)
            case _:
                self.require("no tools are called in these lives", that=isinstance(record, Updated), problem=record)

    def _go_through(self, record: TurnStarted | TurnDelayed | Replied | TurnEnded | Retried) -> None:
        """What a turn goes through."""
        match record:
            case TurnStarted():
                self._begin(record)
            case TurnDelayed():
                self._delay(record)
            case Replied():
                self._reply(record)
            case TurnEnded():
                self._end(record)
            case Retried():
                self._retry(record)

    def _compact(
        self, record: CompactionAsked | CompactionDeclined | CompactionResumed | Summarised | Cleared | Kept
    ) -> None:
        """A compaction is asked for, goes on, or ends."""
        match record:
            case CompactionAsked():
                self.require("asked for where it gains", that=bool(self.older(by_hand=True)), problem=self.context)
                self.asked = record
                return
            case CompactionDeclined():
                is_stopped = record.status == "stopped"
                older = self.older(by_hand=True)
                is_vain = self.size_of(older) + (self.summary.tokens if self.summary else 0) < WORTH or not older
                self.require("declined where it gains nothing", that=is_stopped or is_vain, problem=record)
            case CompactionResumed():
                self._resume(record)
                return
            case Summarised():
                self._summarise(record)
            case Cleared():
                self.context, self.summary, self.boundary, self.failed = [], None, record, []
            case Kept():
                self.kept_at, self.boundary, self.resumed = len(self.messages), record, None
        self.asked = None

    def _accept(self, record: Accepted) -> None:
        self.require("accepted once", that=record.id not in self.accepted, problem=record)
        self.accepted[record.id] = record
        sent = sent_of(record)
        is_as_sent = sent in self.sendings or sent.id not in [each.id for each in self.sendings]
        self.require("accepted as sent", that=is_as_sent, problem=(record, self.sendings))
        self.require("accepted in order", that=sent in self.sendings, problem=(record, self.sendings))
        del self.sendings[: self.sendings.index(sent) + 1]
        self._number(record)
        self.require("the size is bounded", that=self.size_of([record.number]) <= LARGEST, problem=record)
        (self.waiting if record.role == "user" else self.context).append(record.number)
        self.require("the queue is bounded", that=len(self.waiting) <= CONFIG.mailbox_limit, problem=self.waiting)

    def _number(self, record: Accepted | Replied) -> None:
        self.messages.append(record)
        self.require("numbered without a gap", that=record.number == len(self.messages), problem=record)
        is_by_user = isinstance(record, Accepted) and record.role == "user"
        is_cut_off = isinstance(record, Replied) and record.stop_reason == STOPPED
        if not is_by_user and not is_cut_off and record.address and record.address.channel == OUTBOX:
            self.due.append(record.number)
        if record.is_owed:
            where = record.address.channel if record.address else ""
            self.require(
                "owed where it was said", that=not is_by_user and not is_cut_off and where == OUTBOX, problem=record
            )
            self.owed.append(record.number)
            self.undelivered.append(record.number)

    def _begin(self, record: TurnStarted) -> None:
        self.require("turns run in Active", that=self.state == "Active", problem=(self.state, record))
        numbers = list(record.messages)
        if self.turn is not None:
            again = (self.turn.turn, self.turn.attempt + 1, list(self.turn.messages))
            self.require("a turn is begun again as it was", that=again == (record.turn, record.attempt, numbers))
            self.require("not tried again before its time", that=not self.is_delayed(record.at), problem=record)
        else:
            following = (record.turn, record.attempt) == (self.turns + 1, 1)
            self.require("turns are counted", that=following, problem=record)
            self.require(
                "the queue is answered in order", that=bool(numbers) and numbers == self.waiting[: len(numbers)]
            )
            addresses = {self.messages[number - 1].address for number in numbers}
            self.require("a turn answers one address", that=len(addresses) == 1, problem=(record, addresses))
            self.context += numbers
            del self.waiting[: len(numbers)]
        self.turn, self.turns, self.spoken = record, record.turn, ""
        self.begun_behind = [number for number in self.context if number not in numbers]
        self.fault, self.delayed_until = None, None

    def _delay(self, record: TurnDelayed) -> None:
        turn, fault = self.turn, self.fault
        is_open = turn is not None and (record.turn, record.attempt) == (turn.turn, turn.attempt)
        self.require("an open turn is put off", that=is_open and self.delayed_until is None, problem=record)
        self.require("put off for a fault that passes", that=fault is not None, problem=record)
        self.delays, self.delayed = self.delays + 1, self.delayed + record.seconds
        is_bounded = self.delays <= CONFIG.retry_attempts and self.delayed <= CONFIG.retry_for
        self.require("not tried for ever", that=is_bounded, problem=(self.delays, self.delayed))
        least = max(2.0 ** (self.delays - 2), (fault.retry_after if fault else None) or 0.0)
        self.require("put off for long enough", that=record.seconds >= least, problem=(record, least))
        self.delayed_until, self.fault, self.spoken = record.at + timedelta(seconds=record.seconds), None, ""

    def _retry(self, record: Retried) -> None:
        """Those of a turn that failed wait once more, behind all others."""
        failed = next((each for each in self.failed if each.turn == record.turn), None)
        self.require("what failed is tried again", that=failed is not None, problem=record)
        is_it = failed is not None and record.messages == failed.messages
        self.require("all that failed is tried again, once", that=is_it, problem=(record, failed))
        is_room = len(self.waiting) < CONFIG.mailbox_limit
        self.require("the queue is bounded", that=is_room, problem=self.waiting)
        self.failed = [each for each in self.failed if each is not failed]
        self.context = [number for number in self.context if number not in record.messages]
        self.waiting += record.messages
        self.is_retried_meanwhile = self.state == "Compacted"
        self.ended -= {self.messages[number - 1].id for number in record.messages}

    def _keep(self, record: Replied) -> None:
        """The part of the reply that had been said when the turn was ended."""
        asked = tuple(self.messages[number - 1] for number in (self.turn.messages if self.turn else ()))
        is_its = bool(asked) and record.reply_to == tuple(each.id for each in asked)
        self.require("what was said belongs to its turn", that=is_its and not record.messages, problem=record)
        is_said = bool(record.text) and self.spoken.startswith(record.text)
        self.require("what was said is kept as it was", that=is_said, problem=(record, self.spoken))
        self._number(record)
        self.context.append(record.number)

    def _reply(self, record: Replied) -> None:
        if record.stop_reason == STOPPED:
            self._keep(record)
            return
        asked = tuple(self.messages[number - 1] for number in (self.turn.messages if self.turn else ()))
        ids = tuple(each.id for each in asked)
        self.require("one reply for each message", that=not self.replies.keys() & set(record.reply_to), problem=record)
        is_its = record.reply_to == ids and record.messages == tuple(each.number for each in asked)
        self.require("a reply answers its turn", that=bool(ids) and is_its, problem=(ids, record))
        self.require("a reply is what the model said", that=record.text in self.said, problem=record)
        self.require(
            "a reply goes where its message came from", that=record.address == asked[-1].address, problem=record
        )
        self._number(record)
        self.context.append(record.number)
        self.replies |= dict.fromkeys(ids, record)

    def _give_up(self, record: TurnEnded) -> None:
        """One that waits is cancelled, and the turn goes on."""
        is_one = len(record.messages) == 1 and {*record.messages} <= {*self.waiting}
        self.require("only one that waits is given up alone", that=self.is_cancelling and is_one, problem=record)
        self.waiting = [number for number in self.waiting if number not in record.messages]
        self.context += record.messages
        self.ended |= {self.messages[number - 1].id for number in record.messages}

    def _end(self, record: TurnEnded) -> None:
        ended = self.turn.messages if self.turn else ()
        if not record.turn and record.messages != (*ended, *self.waiting):
            self._give_up(record)
            return
        is_alone = self.is_cancelling and bool(ended) and record.messages == ended
        if record.outcome in {"stopped", "cleared"} and not is_alone:
            ended = (*ended, *self.waiting)
            self.context += self.waiting
            self.waiting = []
        self.require("a turn ends with its own messages", that=bool(ended) and record.messages == ended, problem=record)
        ids = {self.messages[number - 1].id for number in ended}
        is_answered = ids <= self.replies.keys()
        self.require("a turn ends as it went", that=(record.outcome == "replied") == is_answered, problem=record)
        if record.outcome == "failed":
            self.require("a fault that passes is tried again", that=not self._may_be_delayed, problem=record)
            self.failed.append(Failing(record.turn, record.messages))
        self.ended |= ids
        self.turn, self.overflowed, self.spoken = None, False, ""
        self.fault, self.delays, self.delayed, self.delayed_until = None, 0, 0.0, None

    @property
    def _may_be_delayed(self) -> bool:
        """A fault that passes has ended the attempt, and there is time for another one, however long it is put off."""
        if self.fault is None or self.delays >= CONFIG.retry_attempts:
            return False
        longest = max(2.0**self.delays, 1.1 * (self.fault.retry_after or 0.0))
        return self.delayed + longest <= CONFIG.retry_for

    def _resume(self, record: CompactionResumed) -> None:
        """The compaction is begun again, of what is in the context by now."""
        # Where more came meanwhile than fits, it is compacted once more, and that may be cut off as well.
        is_too_much = self.tokens + self.size_of(self.waiting[:1]) > WINDOW
        is_open = self.state == "Compacted" and (self.boundary is None or is_too_much)
        self.require("only what was cut off is compacted again", that=is_open, problem=(self.state, record))
        attempt, alone = (self.resumed.attempt, self.resumed.alone) if self.resumed else (1, 0)
        is_next = record.attempt == attempt + 1 and record.alone in {alone, alone + 1}
        self.require("attempts of a compaction are counted", that=is_next, problem=(attempt, alone, record))
        self.resumed = record
        self.summarising = [*self.context] if self.is_quoted else []

    def _summarise(self, record: Summarised) -> None:
        self.require("a summary is asked for", that=self.state == "Compacted", problem=record)
        gone, stay = self.context[: record.replaced], self.context[record.replaced :]
        running = set(self.turn.messages if self.turn else ())
        self.require("a summary replaces something", that=bool(gone), problem=record)
        is_some_left = bool(stay) or self.is_retried_meanwhile
        self.require("the newest messages stay", that=is_some_left and not running & set(gone), problem=(gone, stay))
        is_told = {*gone} <= {*self.summarising}
        self.require("a summary speaks for what it replaces", that=is_told, problem=(gone, self.summarising))
        is_so_made = record.method == "extractive" or not self.is_quoted
        self.require("a summary that kills is made without the model", that=is_so_made, problem=record)
        self.require("a summary frees what it replaces", that=record.freed == self.size_of(gone), problem=record)
        self.context, self.summary, self.boundary, self.resumed = stay, record, record, None
        left = [Failing(turn, tuple(each for each in messages if each in stay)) for turn, messages in self.failed]
        self.failed = [each for each in left if each.messages]

    def _deliver(self, record: Delivered) -> None:
        """What is owed becomes less."""
        is_done = record.number in self.done
        self.require("only what is done counts as delivered", that=is_done, problem=record)
        self.require("delivered once", that=record.number in self.undelivered, problem=record)
        self.undelivered.remove(record.number)

    # Deliveries ---------------------------------------------------------------------------------------------

    def give(self, delivery: Delivery) -> None:
        """The reader of the outbox is given that."""
        message = delivery.message
        number, owed = message.number, self.undelivered
        is_new = number in owed or number not in self.owed
        self.require("not given again once delivered", that=is_new, problem=(number, owed))
        self.require("what is owed is given in order", that=owed[:1] == [number], problem=(number, owed))
        said = self.messages[number - 1]
        is_it = (message.text, delivery.address) == (said.text, said.address)
        self.require("given as it was said", that=is_it, problem=(message, said))
        self.given.setdefault(number, delivery.id)
        same = [each for each, known in self.given.items() if known == delivery.id]
        self.require("an id of its own, each time", that=same == [number], problem=(number, delivery.id, self.given))

    # Edges --------------------------------------------------------------------------------------------------

    def _move(self, record: Transitioned) -> None:
        edge = _EDGES.get((self.state, record.event))
        is_edge = record.source == self.state and edge == (record.target, record.label)
        self.require("only edges of the diagram", that=is_edge, problem=(self.state, record))
        match record.event:
            case "processing_messages":
                self.require("guard: has_message", that=bool(self.messages), problem=record)
            case "no_recent_activity":
                self._check_quiet(record)
            case "new_message":
                self.require("woken by something", that=self._is_woken(), problem=record)
            case "context_window_full":
                self._check_full(record)
                self.spoken = ""
            case "continues_with_summary":
                self._check_summarised(record)
            case _:
                pass
        self.state = record.target

    def _check_quiet(self, record: Transitioned) -> None:
        silence = record.at - self.quiet_since
        is_quiet = self.is_settled and silence >= timedelta(seconds=CONFIG.idle_after)
        self.require("guard: is_quiet", that=is_quiet, problem=(silence, self.waiting, self.turn))
        self.require("idle from its own time on", that=silence == timedelta(seconds=CONFIG.idle_after), problem=silence)

    def _is_woken(self) -> bool:
        last = self.records[-1]
        return isinstance(last, Accepted | Retried | CompactionAsked)

    def _check_full(self, record: Transitioned) -> None:
        by_hand = self.asked is not None
        is_due = self.is_full or by_hand or self.overflowed
        self.require("guard: compaction_is_due", that=is_due, problem=(self.tokens, self.waiting, record))
        older = self.before_turn if self.overflowed else self.older(by_hand=by_hand)
        self.require("guard: has_older_messages", that=bool(older), problem=self.context)
        self.boundary, self.is_retried_meanwhile = None, False
        self.resumed, self.summarising = None, []

    def _check_summarised(self, record: Transitioned) -> None:
        durable = self.boundary is not None and self.boundary.sequence <= self.append[-2]
        self.require("guard: summary_is_durable", that=durable, problem=(self.boundary, record))
        size = self.tokens + self.size_of(self.waiting[:1])
        fits = size <= WINDOW or isinstance(self.boundary, Kept)
        self.require("guard: context_fits", that=fits, problem=size)
