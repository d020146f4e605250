"""The actor: the one owner of a live session.

Its life is a series of steps, one at a time, run by a worker of the pool whenever something has come in. Between
steps an actor waits in no task. What a step does is the `LiveSession`'s; the actor has the mailbox, and answers for
what becomes of a step that fails.
"""

import logging
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Final, NamedTuple, Protocol

import anyio

from argentos.actors.core.commands import Accept, Command, Decided, Delete, Wake
from argentos.actors.core.decisions.decider import not_found
from argentos.actors.core.decisions.draft import is_at_work
from argentos.actors.core.live_session import LiveSession
from argentos.actors.core.reports import CallDone, SummaryMade, TurnDone
from argentos.actors.core.runtime import Runtime
from argentos.actors.core.supervision import may_rest
from argentos.actors.core.turn_progress import TurnProgress
from argentos.actors.events import SessionDeleted
from argentos.actors.info import SessionInfo
from argentos.actors.scheduling import slots
from argentos.actors.scheduling.slots import TaskId
from argentos.concurrency.foreign_code import described, passes, reading_a_store
from argentos.errors import (
    ArgentError,
    SessionError,
    SessionFailedError,
    SessionNotFoundError,
    SessionParkedError,
    StoreError,
    StoreFullError,
    SupervisorStoppedError,
)
from argentos.storage import Metadata, SessionKey, Snapshot

__all__ = ["KnownInfo", "SessionActor"]

_log: Final = logging.getLogger(__name__)
_FIRST_DELAY: Final = 1.0  # seconds
_LONGEST_DELAY: Final = 30.0  # seconds
_BATCH: Final = 16  # commands taken into one step, and so into one write


class Supervising(Protocol):
    """The owner of the actors."""

    def fail(self, key: SessionKey, cause: BaseException) -> SessionParkedError | None:
        """The actor failed: None if it is to restart, the error for everybody if it is parked."""
        ...

    def waited(self, key: SessionKey, seconds: float) -> None:
        """The actor, which failed, begins again only now."""
        ...

    def rest(self, key: SessionKey) -> None:
        """Nothing is going on in the actor, until it is told something."""
        ...

    def forget(self, key: SessionKey) -> None:
        """The actor leaves memory."""
        ...


class KnownInfo(NamedTuple):
    """Information about a session that was asked for, and from what it was made."""

    metadata: Metadata
    is_quiet: bool
    info: SessionInfo


class SessionActor:
    """A session in memory.

    Attributes:
        known: the information that was asked for last.
    """

    __slots__ = (
        "_closed",
        "_control",
        "_live",
        "_mailbox",
        "_put_off_for",
        "_runtime",
        "_scheduled",
        "_stepped",
        "_supervisor",
        "key",
        "known",
    )

    def __init__(self, key: SessionKey, runtime: Runtime, supervisor: Supervising) -> None:
        self.key: SessionKey = key
        self.known: KnownInfo | None = None
        self._supervisor = supervisor
        self._runtime = runtime
        self._live = LiveSession(key, runtime, self)
        self._mailbox: list[Accept] = []  # empty most of the time, when a deque would take ten times as much memory
        self._control: list[Command] = []
        self._scheduled = False
        self._closed = False
        self._stepped: anyio.Event | None = None  # made by whoever waits for the next step
        self._put_off_for = 0.0  # seconds, since the store had no room

    @property
    def task(self) -> TaskId | None:
        """Of the turn or the compaction that runs, or waits for its place."""
        return self._live.task

    @property
    def snapshot(self) -> Snapshot | None:
        """The durable snapshot; None where the session does not exist, or was not revived yet."""
        return self._live.snapshot

    @property
    def metadata(self) -> Metadata | None:
        """Likewise, without the messages."""
        return self._live.metadata

    @property
    def quiet_for(self) -> float | None:
        """Seconds since something last happened; None where it does not exist, or was not revived yet."""
        return self._live.quiet_for

    @property
    def approval_due(self) -> float | None:
        """The time from which no person's word on a call is waited for, on the monotonic clock; None where none is."""
        return self._live.approval_due

    # Coming in ----------------------------------------------------------------------------------------------

    def tell(self, command: Command) -> None:
        """Queue a command: messages in the mailbox, which is looked at before, and others in the control lane."""
        if self._closed:
            command.fail(SessionError(f"session {self.key} was restarted; try again"))
            return
        command.arrive(self._runtime.clock.monotonic())
        if isinstance(command, Accept):
            self._mailbox.append(command)
        else:
            self._control.append(command)
        self._schedule()

    def report(self, command: TurnDone | CallDone | SummaryMade) -> None:
        """A task tells what it came to, as the last thing that it does."""
        if not self._closed:
            command.arrive(self._runtime.clock.monotonic())
            self._control.append(command)
            if not self._scheduled:
                self._scheduled = True
                self._runtime.workers.follow(self._run)

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            self._runtime.workers.submit(self._run)

    @property
    def waiting(self) -> int:
        """The number of messages that wait, accepted or about to be."""
        return len(self._mailbox) + self._live.waiting

    def knows(self, message_id: str) -> bool:
        """A message of this id was accepted, or is about to be."""
        return self._live.knows(message_id) or any(each.message_id == message_id for each in self._mailbox)

    def attach(self, message_id: str | None) -> TurnProgress | None:
        """Find the turn of a message that has no outcome yet, or the one that is open; None where there is none."""
        return self._live.attach(message_id)

    async def stepped(self) -> None:
        """Wait until the actor has taken its next step, or left memory."""
        if not self._closed:
            self._stepped = self._stepped or anyio.Event()
            await slots.wait(self._stepped)

    def _tell_stepped(self) -> None:
        if self._stepped is not None:
            self._stepped.set()
            self._stepped = None

    # A step -------------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        """Take one step; the dispatcher calls this."""
        commands = self._take()
        try:
            others = await self._delete(commands)
            if others and await self._live.take_step(others):
                self._put_off_for = 0.0
        except BaseException as error:  # whatever it is, it ends this actor and no other
            if passes(error):
                self._cut_off(commands)
                raise
            self._give_up(commands, error)
            return
        if self._closed:
            return
        self._tell_stepped()
        if self._mailbox or self._control:
            self._runtime.workers.again(self._run)  # behind everybody else, whoever floods this session
            return
        self._scheduled = False
        if self._live.may_passivate() and may_rest(is_quiet=True):
            # No await since the mailbox was looked at: no message can be left behind.
            self._leave()
        elif self._live.is_quiet:
            self._supervisor.rest(self.key)

    def _take(self) -> list[Command]:
        """The commands of one step: those that came first, up to a limit."""
        if not self._control and len(self._mailbox) == 1:  # as it is most of the time
            return [self._mailbox.pop()]
        commands: list[Command] = []
        while len(commands) < _BATCH and (self._control or self._mailbox):
            is_message_first = self._mailbox and (not self._control or self._mailbox[0].order < self._control[0].order)
            commands.append(self._mailbox.pop(0) if is_message_first else self._control.pop(0))
        return commands

    async def _delete(self, commands: Sequence[Command]) -> Sequence[Decided]:
        """Do what deletions ask for, before anything else; gives the other commands, none if the session is gone.

        The session is not revived for it, so that a damaged one can be deleted. It leaves memory only when the store
        has forgotten it: until then nobody else can revive it, and what it had running afterwards reports to nobody.
        """
        others = [command for command in commands if not isinstance(command, Delete)]
        if len(others) == len(commands):
            return others
        deletions = [command for command in commands if isinstance(command, Delete)]
        while deletions:
            command = deletions.pop(0)
            since = command.unless_active_since
            if since is not None and (await self._live.is_in_use(since) or others or self._mailbox):
                command.answer(value=False)
                continue
            self._live.cancel()
            owner = await self._owner()
            if await self._runtime.store.delete(self.key, set_aside=command.set_aside):
                now = self._runtime.clock.now()
                self._runtime.events.tell(SessionDeleted(session=self.key, owner=owner, by=command.by, at=now))
                command.answer(value=True)
                gone = SessionNotFoundError(f"session {self.key} was deleted; a new message begins it again")
                for each in (*others, *deletions):
                    each.fail(gone)
                self.close(gone)
                return []
            command.fail(not_found(self.key))
        return others

    async def _owner(self) -> str:
        """The owner of the session that is to be deleted; empty where nobody hears of it, or it cannot be read."""
        if self._live.metadata is not None:
            return self._live.metadata.owner
        if not self._runtime.events.are_heard:
            return ""
        with suppress(StoreError), reading_a_store():
            page = await self._runtime.store.find(self.key.agent, [self.key.id])
            return page.sessions[0].owner if page.sessions else ""
        return ""

    # A step that fails --------------------------------------------------------------------------------------

    def _give_up(self, commands: Sequence[Command], error: BaseException) -> None:
        """Answer whoever is concerned with the error, and restart from the snapshot, be parked, or leave memory."""
        if isinstance(error, ArgentError):
            self._refuse(commands, error)
        else:
            self._fail(commands, error)

    def _refuse(self, commands: Sequence[Command], error: ArgentError) -> None:
        """It is told what is wrong; the next message revives from the store, or time does."""
        durable = self._live.metadata
        if durable is not None and is_at_work(durable) and self._passes(error):
            self._put_off(commands, durable, error)
            return
        for command in commands:
            command.fail(error)
        self.close(error)

    def _fail(self, commands: Sequence[Command], cause: BaseException) -> None:
        error = SessionFailedError(
            f"session {self.key} failed ({described(cause)}) and begins anew from what is durable; send again, with the"
            " same id, what was not acknowledged"
        )
        error.__cause__ = cause
        for command in commands:
            command.fail(error)
        parked = self._supervisor.fail(self.key, cause)
        if parked is None:
            self._restart(error)
        else:
            _log.critical("%s", parked)
            self.close(parked)

    def _passes(self, error: ArgentError) -> bool:
        """Trying later may help: the store is full or, where it just was, the session cannot be read at the moment."""
        cannot_be_read = type(error) is StoreError and not self._live.is_revived
        return isinstance(error, StoreFullError) or (cannot_be_read and self._put_off_for > 0)

    def _put_off(self, commands: Sequence[Command], durable: Metadata, error: ArgentError) -> None:
        """Begin anew later, though nothing comes in."""
        has_more = bool(self._mailbox or self._control)
        self._control[:0] = self._live.put_off(commands, durable, error)
        self._scheduled = False
        if not self._put_off_for:
            _log.warning("session %s is taken up again later: %s", self.key, error)
        self._put_off_for = min(max(_FIRST_DELAY, 2 * self._put_off_for), _LONGEST_DELAY)
        self._runtime.timers.arm(self.key, self._runtime.clock.monotonic() + self._put_off_for)
        self._tell_stepped()
        if has_more:
            self._schedule()

    def _restart(self, error: ArgentError) -> None:
        """Begin anew from what is durable. Whoever waits for a reply goes on waiting: it will be answered."""
        self._live.begin_again(error)
        self._scheduled = False
        self._runtime.restarts.submit(partial(self._begin_again, self._runtime.clock.monotonic()))

    async def _begin_again(self, failed_at: float) -> None:
        """Take a step, when everybody else has had the chance to."""
        await self._runtime.restart_throttle.pass_through()
        self._supervisor.waited(self.key, self._runtime.clock.monotonic() - failed_at)
        self.tell(Wake(self._runtime.clock.now()))
        await self.stepped()

    def _cut_off(self, commands: Sequence[Command]) -> None:
        """The step is cancelled: nobody knows any more what became of it, but everybody concerned gets an answer."""
        error = SupervisorStoppedError(
            f"the supervisor was closed while session {self.key} was at work; what was sent is kept or not: send it"
            " again with the same id"
        )
        for command in commands:
            command.fail(error)
        self.close(error)

    # The end ------------------------------------------------------------------------------------------------

    def passivate(self) -> None:
        """Leave memory, if nothing is going on: what the session is can be read again."""
        if may_rest(is_quiet=not self._scheduled and self._live.is_quiet):
            self._leave()

    def _leave(self) -> None:
        self.close(SessionError(f"session {self.key} left memory; try again"))

    def end_waiting(self, error: ArgentError) -> None:
        """Tell whoever waits for a reply, or a compaction, that there is none for now."""
        self._live.end_waiting(error)

    def close(self, error: ArgentError) -> None:
        """Leave memory; whoever still waits gets the error."""
        self._closed = True
        self._tell_stepped()
        self._supervisor.forget(self.key)
        for command in (*self._control, *self._mailbox):
            command.fail(error)
        self._live.close(error)
