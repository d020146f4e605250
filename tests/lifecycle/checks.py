"""What must be whenever a session has come to rest."""

from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from argentos import ManualClock, RecordAppended, Session, SessionParked, SessionRestarted, Supervisor
from argentos.actors import Subscription
from argentos.errors import (
    InputError,
    MailboxFullError,
    MessageTooLargeError,
    ModelError,
    NoReplyError,
    NothingToCompactError,
    NothingToRetryError,
    SessionExistsError,
    SessionNotFoundError,
)
from argentos.storage import SessionKey, Transitioned
from tests.lifecycle.account import Account
from tests.lifecycle.calls import Call, Make, Message, Retry
from tests.lifecycle.courier import Courier
from tests.lifecycle.ledger import CONFIG, LARGEST, OUTBOX
from tests.lifecycle.parts import ModelInHand, WatchedStore
from tests.lifecycle.virtual_loop import VirtualLoop

__all__ = ["KEY", "Checks"]

T = TypeVar("T")

KEY: Final = SessionKey("main", "maren")
_BEGINNING: Final = datetime(2026, 5, 8, 7, 0, tzinfo=UTC)
_WRITES_FILES: Final = {"First message", "No recent activity", "Continues with summary"}


class Checks:
    """A session in a supervisor, and its account, which are compared.

    Attributes:
        account: what must be.
        model: to be told.
        store: outlives the supervisor.
    """

    supervisor: Supervisor
    session: Session
    courier: Courier
    events: Subscription

    def __init__(self) -> None:
        self.account = Account()
        self.clock = ManualClock(_BEGINNING)
        self.loop = VirtualLoop(self.clock)
        self.store = WatchedStore(self.account)
        self.model = ModelInHand(self.account)
        self.calls: list[Call] = []
        self.asking: list[Call] = []
        self.begun_at = 0  # records before this supervisor
        self._heard = 0  # events that were published
        self._is_touched = False

    def begin_anew(self) -> None:
        """There is another supervisor from now on."""
        self.calls, self.asking = [], []
        self.begun_at, self._heard = len(self.account.records), len(self.account.events)
        self._is_touched = False
        self.courier = Courier(self.account, self.loop)
        self.account.begin_anew()

    def check_rest(self) -> None:
        """Whatever is due has happened."""
        self.check_calls()
        self._check_state()
        self._check_work()
        self._check_effects()
        self._check_memory()
        self.courier.check_rest()

    def answered(self, call: Call) -> None:
        """A command was answered, or refused for a reason that holds."""
        account, command, error = self.account, call.command, call.task.exception()
        if error is None:
            self._is_touched = True
            self._check_done(call)
            return
        match error:
            case MessageTooLargeError():
                holds = call.sent is not None and account.tokens_of(call.sent.text) > LARGEST and not call.was_known
            case MailboxFullError():
                holds = isinstance(command, Message | Retry) and call.room <= 0 and not call.was_known
            case InputError():
                holds = call.sent is not None and call.sent.id in account.accepted and not account.is_same(call.sent)
            case NothingToRetryError():
                is_sure = call.may_retry and not call.is_behind and account.may_retry(call.message_id)
                holds = isinstance(command, Retry) and not is_sure
            case SessionNotFoundError():
                holds = not call.existed
            case SessionExistsError():
                holds = command == Make("create") and account.exists
            case NothingToCompactError():
                holds = command == Make("compact")
            case _:
                holds = False
        account.require("refused for a reason", that=holds, problem=(command, error))

    def _check_done(self, call: Call) -> None:
        """What was asked for could be done; whoever sent something to be answered waits for that from now on."""
        account, command = self.account, call.command
        if call.sent is not None:
            account.require("acknowledged as it was sent", that=account.is_same(call.sent), problem=command)
        if isinstance(command, Retry):
            may_retry = call.may_retry or account.may_retry(call.message_id)
            account.require("only what failed is tried again", that=may_retry, problem=command)
            call.message_id = call.task.result().message_id
        if isinstance(command, Retry) or (call.sent is not None and call.sent.role == "user"):
            call.asker = self.loop.begin(call.task.result().reply())
            self.asking.append(call)

    def check_events(self) -> None:
        """Whoever listens hears what is durable, all of it and in order."""
        for event in self.events.pending():
            has_failed = isinstance(event, SessionRestarted | SessionParked)
            self.account.require("no actor fails", that=not has_failed, problem=event)
            record = event.record if isinstance(event, RecordAppended) else None
            durable = self.account.events[self._heard : self._heard + 1]
            self.account.require("published is durable", that=[record] == durable, problem=event)
            self._heard += 1
        heard_all = self.store.holds is not None or self._heard == len(self.account.events)
        self.account.require("durable is published", that=heard_all, problem=self.account.records[-1:])

    def check_calls(self) -> None:
        """Whoever waits has a reason to."""
        account = self.account
        for call in self.calls:
            waits = call.command == Make("compact") and (account.turn is not None or account.state == "Compacted")
            account.require("every command is answered", that=waits, problem=call.command)
        for call in self.asking:
            self._check_asker(call)
        self.asking = [call for call in self.asking if call.asker and not call.asker.done()]

    def _check_asker(self, call: Call) -> None:
        """Whoever asked hears the reply, or that there is none, as soon as that is durable."""
        require, asker = self.account.require, call.asker
        is_over = call.message_id in self.account.ended
        if asker is None:
            return
        is_heard = asker.done() == is_over or (asker.done() and call.had_ended)  # which was before it is tried again
        require("whoever asked hears", that=is_heard, problem=(call.message_id, asker))
        if not asker.done():
            return
        reply, error = self.account.replies.get(call.message_id), asker.exception()
        if reply:
            is_it = error is None and asker.result().text == reply.text
            require("whoever asked hears the reply", that=is_it, problem=error)
        else:
            require("whoever asked hears why not", that=isinstance(error, NoReplyError | ModelError), problem=error)

    def _check_state(self) -> None:
        """What is due has happened."""
        account = self.account
        require = account.require
        match account.state:
            case "Created":
                require("Created has no messages", that=not account.messages)
            case "Idle":
                require("Idle has nothing to answer", that=account.is_settled, problem=account.waiting)
            case "Active":
                require("a waiting message gets a turn", that=not account.waiting or account.turn is not None)
                full = account.turn is None and account.is_full and account.older(by_hand=False)
                require("a full window is compacted", that=not full, problem=account.tokens)
                self._check_idle()
            case _:
                pass

    def _check_idle(self) -> None:
        account = self.account
        if self._is_in_memory and account.is_settled:
            silence = self.clock.now() - max(account.records[-1].at, account.quiet_since)
            is_due = silence.total_seconds() >= CONFIG.idle_after
            account.require("a quiet session idles", that=not is_due, problem=silence)

    @property
    def _is_in_memory(self) -> bool:
        """By what was asked of this process."""
        return self._is_touched or len(self.account.records) > self.begun_at

    def _check_work(self) -> None:
        """The model is asked for what is open, and for nothing else."""
        account, asked = self.account, self.model.asked
        wanted: list[tuple[bool, float]] = []
        if account.state == "Compacted":
            is_resting = not asked and self.clock.monotonic() <= self.model.rests_until
            wanted = [] if is_resting else [(True, CONFIG.compaction_timeout)]
        elif account.turn is not None and not account.is_delayed(self.clock.now()):
            wanted = [(False, CONFIG.turn_timeout)]
        is_asked = [each.is_for_a_summary for each in asked] == [each for each, _ in wanted]
        account.require("the model is asked for what is open", that=is_asked, problem=(account.state, asked))
        for each, (_, seconds) in zip(asked, wanted, strict=True):
            is_patient = self.clock.monotonic() - each.at < seconds
            account.require("a model that hangs is given up", that=is_patient, problem=each.request)

    def _check_effects(self) -> None:
        """The files were told of every change of state that they should follow, since it was made or afterwards."""
        moves = [record for record in self.account.records if isinstance(record, Transitioned)]
        if not self._is_in_memory:
            return
        before = [move for move in moves if move.sequence <= self.begun_at]  # of the last one it is not known
        due = [*before[-1:], *moves[len(before) :]]
        for move in due:
            told = move.label not in _WRITES_FILES or self.store.covered >= move.sequence
            self.account.require("an effect follows", that=told, problem=move)

    def _check_memory(self) -> None:
        """A session leaves memory when it has been quiet for its time, and comes back for a reason."""
        account, live = self.account, self.supervisor.live
        if not account.exists:
            return
        silence = (self.clock.now() - account.quiet_since).total_seconds()
        rests = account.is_settled and account.state in {"Created", "Idle"} and silence >= CONFIG.passivate_after
        stays = self._is_in_memory and not rests
        account.require("only what is quiet leaves memory", that=live == 1 or not stays, problem=account.state)
        account.require("what is quiet leaves memory", that=live == 0 or not rests, problem=silence)

    def check_stored(self) -> None:
        """What the store holds is what was acknowledged."""
        account = self.account
        snapshot = _result(self.store.load(KEY))
        if snapshot is None:
            account.require("stored as acknowledged", that=not account.exists)
            return
        metadata, context = snapshot
        stored = (
            metadata.state,
            [message.number for message in context.messages],
            [message.number for message in context.waiting],
            [*metadata.waiting],
            metadata.turn and metadata.turn.messages,
            metadata.tokens,
            metadata.undelivered,
            [(each.turn, each.messages) for each in metadata.failed],
        )
        kept = (
            account.state,
            account.context,
            account.waiting,
            account.waiting,
            account.turn and account.turn.messages,
            account.tokens,
            {OUTBOX: (*account.undelivered,)} if account.undelivered else {},
            account.failed,
        )
        account.require("stored as acknowledged", that=stored == kept, problem=(stored, kept))
        texts = [message.text for message in _result(self.store.read(KEY, 1, 10_000))]
        account.require("nothing is lost", that=texts == [each.text for each in account.messages], problem=texts)

    def shown_state(self) -> str:
        """The state to tell of: an overdue timer counts as fired."""
        account = self.account
        silence = (self.clock.now() - account.quiet_since).total_seconds()
        is_overdue = account.state == "Active" and account.is_settled and silence >= CONFIG.idle_after
        return "Idle" if is_overdue else account.state


def _result(work: Coroutine[Any, Any, T]) -> T:
    """Of what waits for nothing."""
    try:
        work.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    raise RuntimeError("it waits")
