"""The live actors of a supervisor, by session."""

import logging
from collections import ChainMap, OrderedDict
from collections.abc import AsyncGenerator, Mapping
from datetime import datetime
from typing import Final, Literal

from anyio.lowlevel import checkpoint, checkpoint_if_cancelled

from argentos.actors.core.actor import KnownInfo, SessionActor
from argentos.actors.core.commands import (
    Accept,
    Adopt,
    Asked,
    Cancel,
    Compact,
    Create,
    Decide,
    Delete,
    Deliver,
    Receipt,
    Regenerate,
    Retry,
    RetryDelivery,
    Update,
    Wake,
)
from argentos.actors.core.deadlines import quiet_for
from argentos.actors.core.decisions.decider import mailbox_full, not_found
from argentos.actors.core.reports import Charge
from argentos.actors.core.runtime import Runtime
from argentos.actors.core.supervision import Supervision, closed, parked
from argentos.actors.core.turn_progress import TurnProgress
from argentos.actors.events import SessionParked, SessionRestarted, SessionUnparked
from argentos.actors.info import SessionInfo
from argentos.concurrency.exclusive_use import ExclusiveUse
from argentos.concurrency.foreign_code import in_log, reading_a_store
from argentos.errors import ArgentError, SessionParkedError, SupervisorStoppedError
from argentos.storage import Metadata, Page, SessionKey, Snapshot, Usage

__all__ = ["Registry"]

_log: Final = logging.getLogger(__name__)
_PAGE: Final = 1000


class Registry:
    """Finds the actor of a session, or makes it. Making one costs no I/O: it revives in its first step.

    Args:
        runtime: of the default agent.
        runtimes: of each agent, by its name.
    """

    def __init__(self, runtime: Runtime, runtimes: Mapping[str, Runtime]) -> None:
        self.runtime = runtime
        self.runtimes = runtimes
        self.entrance: ExclusiveUse = ExclusiveUse("this supervisor", SupervisorStoppedError, of_one_loop=True)
        self.is_open: bool = False
        self._actors: dict[SessionKey, SessionActor] = {}
        self._quiet: OrderedDict[SessionKey, SessionActor] = OrderedDict()  # of those; in use longest ago first
        self._asking: set[SessionKey] = set()  # those not in memory that wait for a person's word
        self._supervisions: dict[str, Supervision] = {
            agent: Supervision(each.config.restart_intensity, each.config.restart_period)
            for agent, each in runtimes.items()
        }

    def __len__(self) -> int:
        """The number of sessions in memory."""
        return len(self._actors)

    def runtime_of(self, key: SessionKey) -> Runtime:
        """The services for a session; of an agent that does not run here, those of the default one."""
        return self.runtimes.get(key.agent, self.runtime)

    def _supervision_of(self, key: SessionKey) -> Supervision:
        return self._supervisions.get(key.agent) or self._supervisions[self.runtime.agent]

    @property
    def parked(self) -> Mapping[SessionKey, BaseException]:
        """The sessions that failed too often, each with the cause."""
        return ChainMap(*(each.parked for each in self._supervisions.values()))

    async def accept(self, key: SessionKey, command: Accept) -> Receipt:
        """Queue a message in the session's mailbox and wait until it is durable, or until its reply is.

        Raises:
            SupervisorStoppedError: the supervisor is closed.
        """
        (await self._reach(key, takes_messages=True)).tell(command)
        return await command.answered()

    async def retry(self, key: SessionKey, command: Retry | Regenerate) -> Receipt:
        """Have something answered once more, by the session's control lane, and wait until that is durable.

        Raises:
            SessionError: there is nothing to answer, or no room.
            SupervisorStoppedError: the supervisor is closed.
        """
        (await self._reach(key, takes_messages=True)).tell(command)
        return await command.answered()

    async def attach(self, key: SessionKey, message_id: str | None) -> TurnProgress | None:
        """Find the turn of a message that has no outcome yet, or the one that is open; None where there is none.

        Raises:
            SessionError: there is no such session, or it is parked.
            SupervisorStoppedError: the supervisor is closed.
        """
        if (await self.look(key)).metadata.is_settled:
            return None
        actor = self._find(key)
        if actor.snapshot is None:  # it has to be revived first
            command = Wake(self.runtime.clock.now())
            actor.tell(command)
            await command.answered()
        return actor.attach(message_id)

    async def check_room(self, key: SessionKey, message_id: str | None) -> None:
        """Refuse a new message for which there is no room, before anything else is done for it.

        Raises:
            MailboxFullError: too many messages wait in the session.
        """
        actor = self._actors.get(key)
        if actor is not None and self._is_full(actor) and not (message_id and actor.knows(message_id)):
            waiting = actor.waiting
            await self.runtime.refusal_throttle.pass_through()  # a flood must not keep the others from being served
            raise mailbox_full(key, waiting)

    async def room(self, key: SessionKey) -> None:
        """Wait until the session's mailbox may have room."""
        actor = self._actors.get(key)
        if actor is not None and self._is_full(actor):
            await actor.stepped()

    async def tell(
        self, key: SessionKey, command: Adopt | Asked | Create | Update | Deliver | RetryDelivery | Decide
    ) -> Metadata:
        """Queue a command in the session's control lane and wait for its answer.

        Raises:
            SessionError: it cannot be done; the kind says why.
            SupervisorStoppedError: the supervisor is closed.
        """
        (await self._reach(key, takes_messages=isinstance(command, Compact | Decide))).tell(command)
        return await command.answered()

    async def charge(self, key: SessionKey, usage: Usage) -> None:
        """Have it noted with the session what an answer has cost that was for no turn and no compaction."""
        (await self._reach(key, takes_messages=False)).tell(Charge(self.runtime.clock.now(), usage))

    async def cancel(self, key: SessionKey, number: int) -> bool:
        """End the turn of the message of this number, and no other; False where it has ended.

        Raises:
            SessionError: there is no such session, or it is parked.
            SupervisorStoppedError: the supervisor is closed.
        """
        command = Cancel(self.runtime.clock.now(), number)
        (await self._reach(key, takes_messages=False)).tell(command)
        return await command.answered()

    async def delete(
        self,
        key: SessionKey,
        unless_active_since: datetime | None = None,
        *,
        set_aside: bool = False,
        by: Literal["command", "retention"] = "command",
    ) -> bool:
        """Have the session forgotten; False if it is kept, for it is at work or was active after that time.

        Raises:
            SessionNotFoundError: there is no such session.
            SupervisorStoppedError: the supervisor is closed.
        """
        await checkpoint()
        self.check_open()
        command = Delete(self.runtime.clock.now(), unless_active_since, set_aside=set_aside, by=by)
        # A parked session can be deleted, for that does not revive it.
        self._quiet.pop(key, None)
        (self._actors.get(key) or self._spawn(key)).tell(command)
        is_deleted = await command.answered()
        if is_deleted:
            self._supervision_of(key).forget(key)
        return is_deleted

    async def pages(self, agent: str) -> AsyncGenerator[Page]:
        """All sessions of an agent, page by page, as they stand durably."""
        self.entrance.check()
        cursor: str | None = None
        while True:
            with reading_a_store():
                page = await self.runtime.store.list(agent, cursor, _PAGE)
            yield page
            cursor = page.cursor
            if cursor is None:
                return

    async def look(self, key: SessionKey) -> Snapshot:
        """The durable snapshot, now; no step is taken for it, and a session not in memory stays out of it.

        Raises:
            SessionNotFoundError: there is no such session.
            SupervisorStoppedError: the supervisor is closed.
        """
        await checkpoint()
        self.check_open()
        actor = self._actors.get(key)
        snapshot = actor.snapshot if actor is not None else None
        return snapshot or await self._load(key)

    def live(self, key: SessionKey) -> Metadata | None:
        """The metadata of a session in memory; None where it is not there."""
        actor = self._actors.get(key)
        return actor.metadata if actor is not None else None

    async def metadata(self, key: SessionKey) -> Metadata:
        """The durable metadata, now; likewise."""
        await checkpoint()
        self.check_open()
        return self.live(key) or (await self._load(key)).metadata

    async def _load(self, key: SessionKey) -> Snapshot:
        with reading_a_store():
            snapshot = await self.runtime.store.load(key)
        if snapshot is None:
            raise not_found(key)
        return snapshot

    def quiet_for(self, metadata: Metadata) -> float:
        """Seconds since something last happened in the session; the wall clock is asked where it is not in memory."""
        actor = self._actors.get(metadata.key)
        seconds = actor.quiet_for if actor is not None else None
        return quiet_for(metadata, self.runtime.clock.now()) if seconds is None else seconds

    def info(self, metadata: Metadata) -> SessionInfo:
        """The information about the session; of one in memory it is made once for each change."""
        key = metadata.key
        actor = self._actors.get(key)
        seconds = actor.quiet_for if actor is not None else None
        if actor is None or seconds is None or self.is_parked(key):
            return self._info(metadata, self.quiet_for(metadata))
        is_quiet = seconds >= self.runtime_of(key).config.idle_after
        known = actor.known
        if known is None or known.metadata is not metadata or known.is_quiet != is_quiet:
            known = actor.known = KnownInfo(metadata, is_quiet, self._info(metadata, seconds))
        return known.info

    def _info(self, metadata: Metadata, quiet_for: float) -> SessionInfo:
        runtime, parked_since = self.runtime_of(metadata.key), self._supervision_of(metadata.key).parked_since
        return SessionInfo.of(metadata, runtime.config, runtime.gauge, quiet_for, parked_since(metadata.key))

    def is_parked(self, key: SessionKey) -> bool:
        """The session failed too often, and takes nothing."""
        return self._supervision_of(key).is_parked(key)

    def wake(self, key: SessionKey) -> None:
        """Have the session look at the time, and at what is left to do; nothing any more once closed."""
        if self.is_open and not self.is_parked(key):
            self._find(key).tell(Wake(self.runtime.clock.now()))

    async def resume(self, key: SessionKey) -> None:
        """Have a session do what it was left with; returns when a turn of it has ended.

        Raises:
            ArgentError: it cannot be revived.
        """
        if self.is_open and not self.is_parked(key):
            command = Wake(self.runtime.clock.now())
            self._find(key).tell(command)
            await command.answered()
            actor = self._actors.get(key)
            task = actor.task if actor else None
            while actor is not None and task is not None and actor.task == task:
                await actor.stepped()

    def unpark(self, key: SessionKey) -> None:
        """Let a parked session go on, with what it was left with; one that is not parked is left alone."""
        self.check_open()
        supervision = self._supervision_of(key)
        owner = supervision.owner(key)
        if supervision.unpark(key):
            self.runtime.events.tell(SessionUnparked(session=key, owner=owner, at=self.runtime.clock.now()))
            self.wake(key)

    def fire(self, key: SessionKey) -> None:
        """The deadline of a session in memory has come."""
        if key in self._actors or key in self._asking:
            self._asking.discard(key)
            self.wake(key)

    def fail(self, key: SessionKey, cause: BaseException) -> SessionParkedError | None:
        """An actor failed: None if it is to restart from its snapshot, the error for everybody if it is parked."""
        now, at = self.runtime.clock.monotonic(), self.runtime.clock.now()
        supervision = self._supervision_of(key)
        trace = cause if supervision.is_news(cause, now) else None  # a loop would fill the log with the same
        _log.error("session %s failed: %s", key, in_log(cause), exc_info=trace)
        owner = known.owner if (known := self.live(key)) else ""
        is_parked = supervision.fail(key, cause, now, at, owner) == "park"
        failed = SessionParked if is_parked else SessionRestarted
        self.runtime.events.tell(failed(session=key, owner=owner, error=cause, at=at))
        self.runtime_of(key).telemetry.failed(is_parked=is_parked)
        return parked(key, cause) if is_parked else None

    def waited(self, key: SessionKey, seconds: float) -> None:
        """An actor that failed begins again only now."""
        self._supervision_of(key).waited(key, seconds)

    def rest(self, key: SessionKey) -> None:
        """Nothing is going on in the session, which may leave memory."""
        self._quiet[key] = self._actors[key]
        self._make_room()

    def forget(self, key: SessionKey) -> None:
        """The session leaves memory; where it waits for a person's word, it is woken when the time for that is over."""
        actor = self._actors.pop(key, None)
        self._quiet.pop(key, None)
        self.runtime.timers.disarm(key)
        self._asking.discard(key)
        due = actor.approval_due if actor is not None else None
        if due is not None and self.is_open:
            self._asking.add(key)
            self.runtime.timers.arm(key, due)

    def end_waiting(self, error: ArgentError) -> None:
        """Tell whoever waits for a reply that it will come later."""
        for actor in list(self._actors.values()):
            actor.end_waiting(error)

    def close(self) -> None:
        """All sessions leave memory; whoever waits for a reply hears that it will come later."""
        self.is_open = False
        for actor in list(self._actors.values()):
            actor.close(closed(actor.key))

    def check_open(self) -> None:
        """Refuse what only a running supervisor can do.

        Raises:
            SupervisorStoppedError: the supervisor is closed, or this is a forked child of its process.
            WrongEventLoopError: this is another thread than that of the supervisor.
        """
        self.entrance.check()
        if not self.is_open:
            raise SupervisorStoppedError("the supervisor is not running; use it inside `async with`")

    def check_not_draining(self) -> None:
        """Refuse what a supervisor that is ending begins no more.

        Raises:
            SupervisorStoppedError: it drains.
        """
        if self.is_open and self.runtime.is_draining:
            raise SupervisorStoppedError(
                "the supervisor is ending and takes no more messages; send it again, with the same id, when it runs"
                " again"
            )

    def _is_full(self, actor: SessionActor) -> bool:
        return actor.waiting >= self.runtime_of(actor.key).config.mailbox_limit

    async def _reach(self, key: SessionKey, *, takes_messages: bool) -> SessionActor:
        """The actor of a session that may be told something; who is refused lets others run first.

        Args:
            key: of the session.
            takes_messages: what it is told may ask a model for something.
        """
        await checkpoint_if_cancelled()
        try:
            if takes_messages:
                self.check_not_draining()
            return self._find(key)
        except ArgentError:
            await checkpoint()
            raise

    def _find(self, key: SessionKey) -> SessionActor:
        self.check_open()
        actor = self._actors.get(key)
        if actor is None:
            self._supervision_of(key).check(key)
            return self._spawn(key)
        self._quiet.pop(key, None)  # it is told something, and rests again after that
        return actor

    def _spawn(self, key: SessionKey) -> SessionActor:
        actor = self._actors[key] = SessionActor(key, self.runtime_of(key), self)
        self._make_room()
        return actor

    def _make_room(self) -> None:
        """Have those in use longest ago leave memory, while there are too many; one at work stays."""
        while len(self._actors) > self.runtime.config.max_live and self._quiet:
            _, actor = self._quiet.popitem(last=False)
            actor.passivate()
