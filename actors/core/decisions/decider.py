"""The decider: a session's state and a command give records and effects, and nothing is done yet.

What follows of itself, an edge whose time has come or a turn that may begin, is settled at the end of a step.
"""

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from argentos.actors.core.commands import (
    Accept,
    Adopt,
    Asked,
    BeginCall,
    Cancel,
    Clear,
    Compact,
    Create,
    Decide,
    Decided,
    Deliver,
    Receipt,
    Regenerate,
    Retry,
    RetryDelivery,
    Rewind,
    Stop,
    Undo,
    Update,
    Wake,
)
from argentos.actors.core.decisions.approvals import decide_call
from argentos.actors.core.decisions.branching.going_back import regenerate, rewind, undo
from argentos.actors.core.decisions.calls import finish_call, start_call
from argentos.actors.core.decisions.compactions import (
    CompactionRequests,
    ask_compaction,
    give_up_summary,
    summarise,
)
from argentos.actors.core.decisions.draft import Draft, is_compacting
from argentos.actors.core.decisions.message_ids import MessageIds
from argentos.actors.core.decisions.messages import accept, charge, clear, create, deliver, owe_again, reset_in, update
from argentos.actors.core.decisions.turn_ends import cancel, end_attempt, stop
from argentos.actors.core.decisions.turns import failed_turn, retry
from argentos.actors.core.pending_turns import PendingTurns
from argentos.actors.core.reports import CallDone, Charge, NotCompacted, SummaryMade, TurnDone
from argentos.actors.core.runtime import Runtime
from argentos.actors.core.turn_progress import TurnProgress
from argentos.actors.scheduling.slots import CurrentTask
from argentos.errors import (
    ArgentError,
    MailboxFullError,
    MessageTooLargeError,
    ModelRefusedError,
    SessionError,
    SessionExistsError,
    SessionNotFoundError,
)
from argentos.storage import (
    REFUSAL,
    Commanded,
    CompactionRequest,
    Metadata,
    SessionKey,
)
from argentos.storage.open_context import OpenContext

__all__ = ["Decider", "mailbox_full", "not_found"]

Answering: TypeAlias = Callable[[Metadata | None, OpenContext], None]
"""Answer a command, now that the session stands there."""


def not_found(key: SessionKey) -> SessionNotFoundError:
    """The error for a session that does not exist."""
    return SessionNotFoundError(f"there is no session {key}; `argent sessions list` shows those there are")


def mailbox_full(key: SessionKey, waiting: int) -> MailboxFullError:
    """The error for a message too many."""
    return MailboxFullError(f"{waiting} messages wait in session {key} already; send again later")


class Decider:
    """Decides about the commands of one session.

    Args:
        key: of the session.
        runtime: has the settings, and the gauge.
        message_ids: the messages it has.
        replies: those that wait for replies.
        compactions: those that wait for compactions.
        current: the task that runs.

    Attributes:
        error: why the turn failed that is being ended.
    """

    __slots__ = ("_compactions", "_current", "_key", "_message_ids", "_replies", "_runtime", "error")

    def __init__(
        self,
        key: SessionKey,
        runtime: Runtime,
        *,
        message_ids: MessageIds,
        replies: PendingTurns,
        compactions: CompactionRequests,
        current: CurrentTask,
    ) -> None:
        self._key = key
        self._runtime = runtime
        self._message_ids = message_ids
        self._replies = replies
        self._compactions = compactions
        self._current = current
        self.error: ArgentError | None = None

    def decide(self, draft: Draft, command: Decided) -> Answering | None:
        """Decide about a command.

        Returns:
            How to answer it once that is durable; None where it was answered, or will be later.
        """
        draft.advance(command.at, command.arrived)
        try:
            match command:
                case Accept() | Retry() | Regenerate() | Cancel():
                    return self._take(draft, command)
                case TurnDone() | SummaryMade() | Charge():
                    self._finish(draft, command)
                    return None
                case CallDone() | BeginCall() | Decide():
                    return self._call(draft, command)
                case Compact():
                    return self._ask_compaction(draft, command)
                case Create():
                    self._create(draft, command)
                case Adopt():
                    self._adopt(draft, command)
                case Stop() | Clear() | Rewind() | Undo():
                    self._end(draft, command)
                case Deliver() | RetryDelivery() | Update():
                    self._note(draft, command)
                case _:  # Wake asks for nothing
                    pass
        except ArgentError as error:  # told once that is durable by which it is refused
            return partial(_refuse, command, error)
        return partial(_answer, self._key, command)

    def _take(self, draft: Draft, command: Accept | Retry | Regenerate | Cancel) -> Answering:
        """Have a message answered, a new one or one once more, or not answered any more."""
        match command:
            case Cancel():
                return self._cancel(draft, command)
            case Accept():
                return self._accept(draft, command)
            case Regenerate():
                return self._regenerate(draft, command)
            case _:
                return self._retry(draft, command)

    def _finish(self, draft: Draft, command: TurnDone | SummaryMade | Charge) -> None:
        """Go on with what a task has reported; nobody waits for an answer."""
        if isinstance(command, TurnDone):
            self._finish_turn(draft, command)
            if command.reply is not None and command.reply.usage is not None:
                charge(draft, command.reply.usage)
        elif isinstance(command, Charge):
            charge(draft, command.usage)
        else:
            self._summarise(draft, command)

    def _call(self, draft: Draft, command: CallDone | BeginCall | Decide) -> Answering | None:
        """Go on with a call of a tool."""
        if isinstance(command, Decide):
            if not draft.exists:
                raise not_found(self._key)
            decide_call(draft, command)
            return partial(_answer, self._key, command)
        if command.tag != self._current.tag:
            command.fail(SessionError("the call is not waited for any more"))
            return None
        if isinstance(command, BeginCall):
            has_begun = start_call(draft, command.call_id)
            return lambda _metadata, _context: command.answer(has_begun)
        if command.is_last:
            self._current.finish(command.tag)
        finish_call(draft, command)
        return None

    def _create(self, draft: Draft, command: Create) -> None:
        self._check_new(draft)
        create(draft)
        update(draft, command.changes, command.system_tokens)

    def _adopt(self, draft: Draft, command: Adopt) -> None:
        self._check_new(draft)
        draft.attach(command.attachments)
        draft.links = command.links
        draft.adopt(command.records, command.snapshot)  # one append: a crash leaves all of the session or nothing
        draft.effects.append("write_files")
        draft.advance(command.at, command.arrived)

    def _check_new(self, draft: Draft) -> None:
        if draft.exists:
            raise SessionExistsError(f"there is a session {self._key} already; use it, or another id")

    def _end(self, draft: Draft, command: Stop | Clear | Rewind | Undo) -> None:
        """End whatever runs, and what was asked for, and go back; but taking something back ends nothing else."""
        if not draft.exists:
            raise not_found(self._key)
        if self._was_done(draft, command):
            return
        match command:
            case Undo():
                undo(draft, command.place, command.messages)
            case Rewind():
                rewind(draft, command.before)
            case Clear():
                clear(draft)
            case _:
                stop(draft)
        self._know(draft, command)

    def _was_done(self, draft: Draft, command: Asked) -> bool:
        """Tell whether a command was done before, for the same message."""
        if command.message_id is not None:
            command.is_repeated = self._message_ids.number_of(command.message_id, draft.open_context) is not None
        return command.is_repeated

    def _know(self, draft: Draft, command: Asked) -> None:
        """Take note that a command is done, if it came in a message."""
        if command.message_id is not None:
            draft.emit(Commanded(**draft.head(), id=command.message_id, by=command.by))
            self._message_ids.add(command.message_id, 0)

    def _cancel(self, draft: Draft, command: Cancel) -> Answering:
        """End one turn."""
        if not draft.exists:
            raise not_found(self._key)
        is_ended = cancel(draft, command.number)
        return lambda _metadata, _context: command.answer(is_ended)

    def _note(self, draft: Draft, command: Deliver | RetryDelivery | Update) -> None:
        """Take note of what changes neither the conversation nor its state."""
        if isinstance(command, Deliver):
            self._deliver(draft, command)
        elif not draft.exists:
            raise not_found(self._key)
        elif isinstance(command, RetryDelivery):
            owe_again(draft, command.number)
        else:
            update(draft, command.changes, command.system_tokens)

    def _deliver(self, draft: Draft, command: Deliver) -> None:
        """Unless it was another session of this name, which was deleted since."""
        if draft.exists and draft.metadata.created_at == command.created_at:
            deliver(draft, command.number, command.failure)

    def _accept(self, draft: Draft, command: Accept) -> Answering:
        if command.owner is not None and not (draft.exists and draft.metadata.owner == command.owner):
            raise not_found(self._key)
        number = self._message_ids.number_of(command.message_id, draft.open_context)
        reset = None
        if number is None:
            self._check_room(draft, command)
            decided = len(draft.records)
            number = accept(
                draft,
                command.message_id,
                command.role,
                command.content,
                command.tokens,
                sender=command.sender,
                address=command.address,
                awaits_reply=command.awaits_reply,
            )
            draft.attach(command.attachments)
            self._message_ids.add(command.message_id, number)
            reset = reset_in(draft.records[decided:])
        waits = command.awaits_reply and _is_unsettled(draft, number)
        turn = self._replies.expect(number, command.message_id) if waits else None
        if turn is not None:
            turn.is_from_task |= command.is_from_task
            if reset is not None:
                turn.open_with(reset)
        return partial(self._receive, command, number, turn)

    def _retry(self, draft: Draft, command: Retry) -> Answering:
        """Answer a message that failed once more; one that waits for its answer already goes on waiting."""
        if not draft.exists:
            raise not_found(self._key)
        message_id = command.message_id
        number = None if message_id is None else self._message_ids.number_of(message_id, draft.open_context)
        if number is None or not _is_unsettled(draft, number):
            failed = failed_turn(draft.metadata, message_id, number)
            self._check_waiting(draft)
            retry(draft, failed)
            number = number or failed.messages[-1]
        return self._expect(draft, command, number)

    def _regenerate(self, draft: Draft, command: Regenerate) -> Answering:
        """Answer once more what the latest reply answers."""
        if not draft.exists:
            raise not_found(self._key)
        return self._expect(draft, command, regenerate(draft))

    def _expect(self, draft: Draft, command: Retry | Regenerate, number: int) -> Answering:
        """Follow the turn of a message that is answered once more."""
        waiting = next((each for each in draft.waiting if each.number == number), None)
        message = waiting or draft.open_context.latest((number,))[0]
        turn = self._replies.expect(number, message.id)
        return partial(self._receive, command, message.number, turn)

    def _check_waiting(self, draft: Draft) -> None:
        waiting = len(draft.metadata.waiting) if draft.exists else 0
        if waiting >= self._runtime.config.mailbox_limit:
            raise mailbox_full(self._key, waiting)

    def _check_room(self, draft: Draft, command: Accept) -> None:
        self._check_waiting(draft)
        gauge = self._runtime.gauge
        if command.tokens > gauge.largest_message:
            raise MessageTooLargeError(
                f"the message has about {command.tokens} tokens; with a window of {gauge.window} the most is"
                f" {gauge.largest_message}: send it in parts, or raise maxContextTokens"
            )

    def _finish_turn(self, draft: Draft, command: TurnDone) -> None:
        if not self._current.finish(command.tag):
            return
        has_ended = end_attempt(draft, command)
        if has_ended and command.reply is not None and command.reply.stop_reason == REFUSAL:
            self.error = ModelRefusedError("the model refused to answer; ask in other words")
        else:
            self.error = command.error if has_ended else None

    def _summarise(self, draft: Draft, command: SummaryMade) -> None:
        if not self._current.finish(command.tag):
            return
        if isinstance(command.compacted, NotCompacted):
            give_up_summary(draft, command.compacted, command.seconds)
        else:
            summarise(draft, command.compacted, command.seconds)

    def _ask_compaction(self, draft: Draft, command: Compact) -> Answering | None:
        """Compact at the next chance; whoever asks is answered when the conversation goes on."""
        if not draft.exists:
            raise not_found(self._key)
        if self._was_done(draft, command):
            return partial(_answer, self._key, command)
        self._compactions.expect(command, draft.metadata)
        if is_compacting(draft.metadata) or ask_compaction(draft, CompactionRequest(command.focus, command.keep)):
            self._know(draft, command)
        return None

    def _receive(
        self,
        command: Accept | Retry | Regenerate,
        number: int,
        turn: TurnProgress | None,
        metadata: Metadata | None,
        context: OpenContext,
    ) -> None:
        if metadata is None:
            command.fail(not_found(self._key))
            return
        if isinstance(command, Accept):
            self._runtime.telemetry.accepted(command.arrived)
        command.answer(Receipt(number, turn, metadata, context))


def _answer(
    key: SessionKey,
    command: Adopt | Create | Update | Deliver | RetryDelivery | Decide | Asked | Wake | TurnDone | SummaryMade,
    metadata: Metadata | None,
    _: OpenContext,
) -> None:
    if metadata is not None:
        command.answer(metadata)
    else:
        command.fail(not_found(key))


def _refuse(command: Decided, error: ArgentError, _metadata: Metadata | None, _context: OpenContext) -> None:
    command.fail(error)


def _is_unsettled(draft: Draft, number: int) -> bool:
    metadata = draft.metadata
    return number in metadata.waiting or (metadata.turn is not None and number in metadata.turn.messages)
