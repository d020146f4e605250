"""The task of a session that takes long: a turn of the model, or a compaction, one at a time.

It runs beside the session's steps, and its report is the next command.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final, Protocol

import anyio

from argentos.actors.core.commands import Accept, BeginCall, Cancel, Clear, Command, Decided, Rewind, Stop, Undo
from argentos.actors.core.decisions.compactions import CompactionRequests
from argentos.actors.core.decisions.draft import Said, is_compacting
from argentos.actors.core.models.model_calls import Answer, ask_model
from argentos.actors.core.models.summaries import make_summary
from argentos.actors.core.pending_turns import PendingTurns
from argentos.actors.core.reports import CallDone, Charge, SummaryMade, TurnDone
from argentos.actors.core.runtime import Runtime
from argentos.actors.core.tool_calls import run_calls
from argentos.actors.scheduling.slots import BackgroundTask, CurrentTask, TaskId
from argentos.errors import CallbackError, SessionError
from argentos.llm import Compacted, is_blank
from argentos.storage import MESSAGE_TOKENS, Metadata, OpenTurn, SessionKey, Snapshot, Usage

__all__ = ["Reporting", "SessionTasks", "is_awaited"]

_log: Final = logging.getLogger(__name__)


class Reporting(Protocol):
    """The receiver of a task's report."""

    def report(self, command: TurnDone | CallDone | SummaryMade) -> None:
        """Take the report, as the last thing that the task does."""
        ...

    def tell(self, command: Command) -> None:
        """Take a report, or a command, while the task goes on."""
        ...


class _Nobody:
    """In the place of an actor that has left memory."""

    def report(self, command: TurnDone | CallDone | SummaryMade) -> None:
        """Drop the report of a task that ended too late."""

    def tell(self, command: Command) -> None:
        """Refuse what a task asks that goes on too long."""
        command.fail(SessionError("the session has left memory"))


_NOBODY: Final = _Nobody()


class SessionTasks:
    """Runs the turns and the compactions of a session.

    Args:
        key: of the session.
        runtime: what it uses.
        actor: gets the reports.

    Attributes:
        current: the task that runs.
        replies: those that wait for replies.
        compactions: those that wait for compactions.
    """

    __slots__ = ("_actor", "_key", "_runtime", "compactions", "current", "replies")

    def __init__(self, key: SessionKey, runtime: Runtime, actor: Reporting) -> None:
        self._key = key
        self._runtime = runtime
        self._actor: Reporting = actor
        self.current: CurrentTask = CurrentTask(runtime.slots, key)
        self.replies: PendingTurns = PendingTurns(self.current)
        self.compactions: CompactionRequests = CompactionRequests()

    def close(self) -> None:
        """End what runs; its report reaches nobody."""
        self.current.cancel()
        self._actor = _NOBODY  # with a cycle, all that it held would wait for the garbage collector

    def cancel_unless_awaited(self, metadata: Metadata | None) -> None:
        """End the task that runs if the session, which stands there, waits for it no more."""
        tag = self.current.tag
        if tag is not None and not (metadata and is_awaited(tag, metadata)):
            self.current.cancel()

    def ask_model(self, snapshot: Snapshot) -> None:
        """Begin to ask the model for the reply to the turn that is open, unless that is being done."""
        turn = snapshot.metadata.turn
        if turn is not None:
            passes = self.replies.may_be_from_tasks(turn.messages)
            tag = ("turn", turn.turn, turn.attempt, turn.steps)
            self._start(tag, partial(self._run_turn, snapshot), passes=passes)

    def call_tools(self, snapshot: Snapshot) -> None:
        """Begin to run the calls of the turn that is open, unless that is being done."""
        turn = snapshot.metadata.turn
        if turn is not None and turn.has_calls:
            passes = self.replies.may_be_from_tasks(turn.messages)
            self._start(_calls_of(turn), partial(self._run_calls, snapshot), passes=passes)

    def summarise(self, snapshot: Snapshot) -> None:
        """Begin to make a summary, unless one is being made."""
        asked_at = _asked_at(snapshot.metadata)
        self._start(("summary", asked_at, 0, 0), partial(self._run_compaction, snapshot, asked_at))

    async def said(self, metadata: Metadata | None) -> Said | None:
        """The reply as far as the turn that runs has said it; it is held there."""
        turn = metadata.turn if metadata else None
        if turn is None:
            return None
        text = self.replies.hold(turn.messages)
        if is_blank(text):
            return None
        try:
            tokens = await self._runtime.count.tokens(text)
        except CallbackError as error:  # that of the user's counter keeps nobody from stopping
            _log.error("session %s: the text of a turn that is stopped is not counted: %s", self._key, error)
            tokens = len(text)
        return Said(turn.turn, text, tokens + MESSAGE_TOKENS)

    def may_stop(self, commands: Sequence[Decided]) -> bool:
        """One of the commands may end the turn that runs before its reply."""
        tag = self.current.tag
        if tag is None or tag[0] != "turn":
            return False
        interrupts = self._runtime.config.queue_mode == "interrupt"
        return any(
            isinstance(each, Cancel | Clear | Rewind | Stop | Undo)
            or (interrupts and isinstance(each, Accept) and each.awaits_reply)
            for each in commands
        )

    def _start(self, tag: TaskId, work: Callable[[BackgroundTask], Awaitable[None]], *, passes: bool = False) -> None:
        if not self._runtime.is_draining:
            self.current.start(tag, work, passes=passes or self._runtime.suspects.alone == self._key)

    async def _run_turn(self, snapshot: Snapshot, task: BackgroundTask) -> None:
        turn = snapshot.metadata.turn
        if turn is None:
            return
        self.replies.begin(turn.messages, turn.attempt)
        with self._runtime.telemetry.working("turn", self._key, turn.turn) as working:
            push = partial(self.replies.push, turn.messages)
            answer = await ask_model(self._runtime, snapshot, push, self._charge, task)
            if answer is None:
                return
            working.outcome = "replied" if isinstance(answer, Answer) else type(answer).__name__
        told = answer if isinstance(answer, Answer) else None
        self._actor.report(
            TurnDone(
                self._runtime.clock.now(),
                turn=turn.turn,
                attempt=turn.attempt,
                step=turn.steps,
                reply=told.reply if told else None,
                tokens=told.tokens if told else 0,
                calls=told.calls if told else (),
                attachments=told.attachments if told else {},
                error=None if isinstance(answer, Answer) else answer,
            )
        )

    async def _run_calls(self, snapshot: Snapshot, task: BackgroundTask) -> None:
        async def begin(call_id: str) -> bool:
            command = BeginCall(self._runtime.clock.now(), task.tag, call_id)
            self._actor.tell(command)
            return await command.answered()

        def report(done: CallDone) -> None:
            (self._actor.report if done.is_last else self._actor.tell)(done)

        await run_calls(self._runtime, snapshot, task, report, begin)

    async def _run_compaction(self, snapshot: Snapshot, asked_at: int, task: BackgroundTask) -> None:
        number, began = snapshot.metadata.compactions + 1, anyio.current_time()
        with task.scope, self._runtime.telemetry.working("compaction", self._key, number) as working:
            compacted = await make_summary(self._runtime, snapshot, task.hold, self._charge)
            working.outcome = compacted.method if isinstance(compacted, Compacted) else "kept"
            seconds = round(anyio.current_time() - began, 3)
            self._actor.report(
                SummaryMade(self._runtime.clock.now(), asked_at=asked_at, compacted=compacted, seconds=seconds)
            )

    def _charge(self, usage: Usage | None) -> None:
        """Have it noted with the session what an answer has cost that it does not keep."""
        if usage is not None and usage.cost:
            self._actor.tell(Charge(self._runtime.clock.now(), usage))


def is_awaited(tag: TaskId, metadata: Metadata) -> bool:
    """The session waits for the task: it has the turn, or the compaction."""
    if is_compacting(metadata):
        return tag == ("summary", _asked_at(metadata), 0, 0)
    turn = metadata.turn
    if turn is None:
        return False
    if turn.calls:
        return turn.has_calls and tag[:3] == ("calls", turn.turn, turn.attempt)
    return tag == ("turn", turn.turn, turn.attempt, turn.steps)


def _calls_of(turn: OpenTurn) -> TaskId:
    """The task that runs the calls of a turn that have no result, when it begins."""
    return ("calls", turn.turn, turn.attempt, turn.made - len(turn.calls))


def _asked_at(metadata: Metadata) -> int:
    """The sequence that tells one compaction from another."""
    return max(metadata.state_sequence, metadata.boundary)
