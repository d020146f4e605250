"""A session in memory: it has commands decided, appends what was decided, and does what follows.

The `Decider` decides. What takes long, a turn of the model or a compaction, is a task that a step starts and that
reports back, so that the session goes on deciding meanwhile. When a step is taken, and what becomes of one that fails,
is up to the actor.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Final

from argentos.actors.core.bookkeeping import Bookkeeping
from argentos.actors.core.commands import Command, Compact, Decided
from argentos.actors.core.deadlines import Marks, deadline, may_passivate
from argentos.actors.core.decisions.compactions import look_after_compaction, resume_compaction
from argentos.actors.core.decisions.decider import Decider
from argentos.actors.core.decisions.draft import Draft, Said, is_at_work, is_compacting
from argentos.actors.core.decisions.message_ids import MessageIds
from argentos.actors.core.decisions.settling import MOST_ROUNDS, EndlessSettlingError, settle
from argentos.actors.core.decisions.turns import look_after_turn
from argentos.actors.core.reports import CallDone, Charge, SummaryMade, TurnDone
from argentos.actors.core.runtime import Runtime
from argentos.actors.core.tasks import Reporting, SessionTasks, is_awaited
from argentos.actors.core.turn_progress import TurnProgress
from argentos.actors.scheduling.slots import TaskId
from argentos.errors import ArgentError
from argentos.machines import SESSION
from argentos.machines.lifecycles import compaction
from argentos.machines.lifecycles.turn import DUE, INTERRUPTED, OVERFLOWED, TURN
from argentos.storage import (
    Context,
    Metadata,
    SessionKey,
    Snapshot,
)
from argentos.storage.open_context import OpenContext

__all__ = ["LiveSession"]


_log: Final = logging.getLogger(__name__)
_MANY_OWED: Final = 1000
_RESUMED_FROM: Final = frozenset({DUE, INTERRUPTED, OVERFLOWED})


class LiveSession:
    """A session in memory: it appends what was decided, and does what follows.

    Args:
        key: of the session.
        runtime: what it uses.
        actor: gets the reports of its tasks.

    Attributes:
        metadata: of where the session stands, durably; None where it does not exist, or was not revived yet.
        is_revived: the store has been asked for the snapshot.
    """

    __slots__ = (
        "_bookkeeping",
        "_compactions",
        "_context",
        "_current",
        "_decider",
        "_epoch",
        "_key",
        "_marks",
        "_message_ids",
        "_replies",
        "_runtime",
        "_tasks",
        "is_revived",
        "metadata",
    )

    def __init__(self, key: SessionKey, runtime: Runtime, actor: Reporting) -> None:
        self._key = key
        self._runtime = runtime
        self.is_revived: bool = False
        self.metadata: Metadata | None = None
        self._context = OpenContext(Context())
        self._marks: Marks | None = None
        self._epoch = 0
        self._message_ids = MessageIds()
        self._tasks = SessionTasks(key, runtime, actor)
        self._current, self._replies = self._tasks.current, self._tasks.replies
        self._compactions = self._tasks.compactions
        self._decider = Decider(
            key,
            runtime,
            message_ids=self._message_ids,
            replies=self._replies,
            compactions=self._compactions,
            current=self._current,
        )

        self._bookkeeping = Bookkeeping(key, self._replies, self._message_ids, self._decider)

    @property
    def task(self) -> TaskId | None:
        """Of the turn or the compaction that runs, or waits for its place."""
        return self._current.tag

    @property
    def snapshot(self) -> Snapshot | None:
        """The durable snapshot; None where the session does not exist, or was not revived yet."""
        return None if self.metadata is None else Snapshot(self.metadata, self._context.context)

    @property
    def waiting(self) -> int:
        """The number of accepted messages that wait."""
        return len(self.metadata.waiting) if self.metadata else 0

    def knows(self, message_id: str) -> bool:
        """A message of this id was accepted, as far as is known without reviving the session."""
        return self.metadata is not None and self._message_ids.number_of(message_id, self._context) is not None

    def attach(self, message_id: str | None) -> TurnProgress | None:
        """Find the turn of a message that has no outcome yet, or the one that is open; None where there is none."""
        snapshot = self.snapshot
        if snapshot is None:
            return None
        metadata, context = snapshot
        running = metadata.turn.messages if metadata.turn else ()
        sought = running[-1:] if message_id is None else (*running, *metadata.waiting)
        for message in reversed((*context.messages, *context.waiting)):
            if message.number in sought and message_id in {None, message.id}:
                return self._replies.expect(message.number, message.id)
        return None

    @property
    def is_at_work(self) -> bool:
        """Something waits for its answer."""
        return self.metadata is not None and is_at_work(self.metadata)

    @property
    def is_quiet(self) -> bool:
        """It is in memory, and nothing is going on."""
        is_idle = not self._current.is_running and not self.is_at_work and not self._replies.is_awaited
        return self.is_revived and is_idle

    @property
    def approval_due(self) -> float | None:
        """The time from which a person's word is waited for no more; None where none is."""
        turn = self.metadata.turn if self.metadata else None
        return self._marks.asked_until if turn is not None and turn.is_asking and self._marks else None

    @property
    def quiet_for(self) -> float | None:
        """Seconds since something last happened; None where it does not exist, or was not revived yet."""
        return self._runtime.clock.monotonic() - self._marks.quiet_since if self._marks else None

    async def is_in_use(self, since: datetime) -> bool:
        """It is at work, or was active after this time; the session is not revived for it."""
        snapshot = self.snapshot if self.is_revived else await self._runtime.store.load(self._key)
        if snapshot is None:
            return False
        metadata = snapshot.metadata
        is_open = not metadata.is_settled or is_at_work(metadata)
        return is_open or metadata.last_activity > since

    # Ends ---------------------------------------------------------------------------------------------------

    def cancel(self) -> None:
        """End the task that runs."""
        self._current.cancel()

    def begin_again(self, error: ArgentError) -> None:
        """Revive from what is durable in the next step. Whoever waits for a reply goes on waiting."""
        self.is_revived = False
        self._current.cancel()
        self._compactions.refuse(error)

    def put_off(self, commands: Sequence[Command], durable: Metadata, error: ArgentError) -> list[Command]:
        """Revive in the next step, which comes later; what runs goes on.

        Returns:
            What tasks have reported, and is to be decided again. The other commands are answered.
        """
        kept: list[Command] = []
        for command in commands:
            if isinstance(command, TurnDone | CallDone | SummaryMade) and is_awaited(command.tag, durable):
                if not isinstance(command, CallDone) or command.is_last:
                    self._current.unfinish(command.tag)
                kept.append(command)
            elif isinstance(command, Charge):
                kept.append(command)
            else:
                command.fail(error)
        self.is_revived = False
        self._decider.error = None
        if any(isinstance(command, Compact) for command in commands):
            self._compactions.refuse(error)
        return kept

    def end_waiting(self, error: ArgentError) -> None:
        """Tell whoever waits for a reply, or a compaction, that there is none for now."""
        self._compactions.refuse(error)
        self._replies.close(error)

    def close(self, error: ArgentError) -> None:
        """Leave memory; whoever still waits gets the error."""
        self.end_waiting(error)
        self._tasks.close()

    # A step --------------------------------------------------------------------------------------------------

    async def take_step(self, commands: Sequence[Decided]) -> bool:
        """Decide about commands, and do what follows; tells whether anything became durable."""
        if not self._tasks.may_stop(commands):
            return await self._take_step(commands, None)
        try:
            return await self._take_step(commands, await self._tasks.said(self.metadata))
        finally:
            self._replies.release()

    async def _take_step(self, commands: Sequence[Decided], said: Said | None) -> bool:
        effects: tuple[str, ...] = ()
        if not self.is_revived:
            await self._revive()
            # Whether the last transition's effects were done before is not known; they bear being done again.
            effects = SESSION.after(self.metadata.label) if self.metadata else ()
        await self._message_ids.prepare(self._context)
        draft = self._draft()
        draft.said = said
        look_after_compaction(draft)
        if effects:
            is_lost = draft.compaction == compaction.INTERRUPTED
            draft.effects += [each for each in effects if each != "summarise" or not is_lost]
        answers = [answer for command in commands if (answer := self._decider.decide(draft, command)) is not None]
        draft.may_begin_turns = self._may_begin(draft)
        settle(draft)
        resume_compaction(draft)
        await self._commit(draft)
        has_appended = bool(draft.records)
        for answer in answers:
            answer(self.metadata, self._context)
        if has_appended and is_compacting(draft.metadata):
            draft = await self._settle_behind(draft)
        self._arm(draft.moment)
        return has_appended

    async def _settle_behind(self, draft: Draft) -> Draft:
        """Settle as long as something became durable, as a summary, that the machine may have waited for."""
        for _ in range(MOST_ROUNDS):
            if not draft.records or not is_compacting(draft.metadata):
                return draft
            draft = self._draft()
            draft.may_begin_turns = self._may_begin(draft)
            settle(draft)
            await self._commit(draft)
        raise EndlessSettlingError(f"session {self._key} does not come to rest behind a compaction")

    async def _revive(self) -> None:
        before, clock = self.metadata, self._runtime.clock
        snapshot = await self._runtime.store.load(self._key)
        self.metadata = snapshot.metadata if snapshot else None
        self._context = OpenContext(snapshot.context if snapshot else Context())
        if snapshot is None:
            self._marks = None
        elif self._marks is None or before is None or before.sequence != snapshot.metadata.sequence:
            self._marks = Marks.of(snapshot, clock.now(), clock.monotonic())
        self.is_revived = True
        self._epoch = snapshot.metadata.epoch + 1 if snapshot else 1
        self._message_ids.forget()
        if snapshot is not None:
            self._replies.catch_up(snapshot)

    def _draft(self) -> Draft:
        runtime = self._runtime
        draft = Draft(
            self._key,
            self.metadata,
            self._context,
            epoch=self._epoch,
            now=runtime.clock.now(),
            moment=runtime.clock.monotonic(),
            marks=self._marks,
            gauge=runtime.gauge,
            config=runtime.config,
            has_task=self._current.is_running,
        )
        draft.runs_alone = runtime.suspects.alone == self._key
        draft.channels = runtime.channels
        look_after_turn(draft)
        return draft

    def _may_begin(self, draft: Draft) -> bool:
        """Work may begin: what the process may have died of only in its time, or where such a turn asks for it."""
        if self._runtime.is_draining or self._is_for_others(draft):
            return False
        is_resumed = draft.turn in _RESUMED_FROM or draft.compaction == compaction.INTERRUPTED
        is_held_back = is_resumed and self._runtime.suspects.holds_back(self._key)
        return not is_held_back or self._replies.are_from_tasks

    def _is_for_others(self, draft: Draft) -> bool:
        """The turn that is open calls tools, which are somewhere else: in the supervisor that will take it up."""
        turn = draft.metadata.turn if draft.exists else None
        return turn is not None and turn.steps > 0 and not self._runtime.takes_up and not self._runtime.tools

    async def _commit(self, draft: Draft) -> None:
        """Append what was decided; once it is durable, take it over and do what follows."""
        if draft.records:
            if draft.attachments:
                await self._runtime.attachments.keep(self._key, draft.attachments)
            if draft.links:
                await self._runtime.attachments.link(self._key, draft.links)
            wants_files = await self._runtime.store.append(self._key, self._epoch, draft.durable, draft.records)
            self.metadata, self._context = draft.metadata, draft.open_context
            self._marks = draft.marks
            if draft.is_adopted:  # of what is new nothing is kept beside it, and its records may be a million
                self._message_ids.forget()
            else:
                self._bookkeeping.take_over(draft.records, self.metadata, self._context)
            self._compactions.follow(self.metadata)
            self._runtime.events.publish(self._key, draft.records, draft.metadata.owner)
            if wants_files:
                draft.effects.append("write_files")
        for effect in dict.fromkeys(draft.effects):
            await _EFFECTS[effect](self)

    # Effects ------------------------------------------------------------------------------------------------

    async def write_files(self) -> None:
        """Have the files follow."""
        snapshot = self.snapshot
        if snapshot is not None:
            await self._runtime.store.checkpoint(self._key, snapshot)

    async def ask_model(self) -> None:
        """Begin to ask the model for the reply to the turn that is open, unless that is being done."""
        snapshot = self.snapshot
        if snapshot is not None:
            self._tasks.ask_model(snapshot)

    async def call_tools(self) -> None:
        """Begin to run the calls of the turn that is open, unless that is being done."""
        if self.snapshot is not None:
            self._tasks.call_tools(self.snapshot)

    async def cancel_task(self) -> None:
        """End the turn, or the compaction, that runs and is waited for no more."""
        self._tasks.cancel_unless_awaited(self.metadata)

    async def summarise(self) -> None:
        """Begin to make a summary, unless one is being made or waited for no more."""
        snapshot = self.snapshot
        if snapshot is not None and is_compacting(snapshot.metadata):
            self._tasks.summarise(snapshot)

    # Time ---------------------------------------------------------------------------------------------------

    def _arm(self, decided: float) -> None:
        """Be woken when something is to be done though nothing comes in.

        Args:
            decided: the moment on which the draft decided; a deadline that has passed since then is due at once.
        """
        runtime = self._runtime
        if self.metadata is None or self._marks is None:
            return
        due = deadline(self.metadata, self._marks, runtime.config)
        if due is not None and due <= decided:  # it was offered just now and refused: not again at once
            due = runtime.clock.monotonic() + runtime.config.idle_after
        if due is not None:
            runtime.timers.arm(self._key, due)

    def may_passivate(self) -> bool:
        """Nothing is left to do, and the time has come."""
        runtime = self._runtime
        if self.metadata is None or self._marks is None:
            return True
        if self._current.is_running or self._compactions.is_waiting or self._replies.is_awaited:
            return False
        return may_passivate(self.metadata, self._marks, runtime.config, runtime.clock.monotonic())


_EFFECTS: Final[dict[str, Callable[[LiveSession], Awaitable[None]]]] = {
    "ask_model": LiveSession.ask_model,
    "call_tools": LiveSession.call_tools,
    "cancel_task": LiveSession.cancel_task,
    "summarise": LiveSession.summarise,
    "write_files": LiveSession.write_files,
}

for _machine in (SESSION, TURN, compaction.COMPACTION):
    _machine.check_effects(_EFFECTS)
