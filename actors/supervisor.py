"""The supervisor: spawns actors, idles and passivates them, revives them, and shuts them down in order."""

from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final, Self

import anyio
from anyio.lowlevel import checkpoint

from argentos.actors.agents import (
    MAIN,
    Agents,
    as_agents,
    close_tools,
    default_agent,
    learn_windows,
    measure_system,
    open_tools,
    recall_spending,
    runtimes_of,
    warm_up,
)
from argentos.actors.approvals import Approval, all_approvals
from argentos.actors.control.remote import RemoteSupervisor
from argentos.actors.control.server import ControlServer
from argentos.actors.core.registry import Registry
from argentos.actors.core.runtime import Runtime
from argentos.actors.core.supervision import Suspects
from argentos.actors.events import CursorExpired, EventFilter, Events, Subscription
from argentos.actors.health import Health
from argentos.actors.info import Latest, SessionFilter, SessionInfo
from argentos.actors.interfaces import SupervisorInterface
from argentos.actors.outbox.deliveries import Deliveries
from argentos.actors.outbox.outbox import Outbox, OwedMessage
from argentos.actors.pairing.desk import PairingDesk
from argentos.actors.pairing.local import LocalPairings
from argentos.actors.resume import resume_unfinished
from argentos.actors.retention import Retention, Stored, stored_sessions
from argentos.actors.routing.route import Route, route
from argentos.actors.routing.settings import RoutingSettings, as_routing
from argentos.actors.scheduling.bulkhead import Bulkhead
from argentos.actors.scheduling.slots import Slots
from argentos.actors.scheduling.throttle import Throttle
from argentos.actors.scheduling.worker_pool import WorkerPool
from argentos.actors.sessions.catalogue import Catalogue, created_at, sessions_of
from argentos.actors.sessions.local_session import LocalSession
from argentos.actors.settings.config import Config
from argentos.actors.shutdown import close_models, drain, end_turns, settle
from argentos.actors.telemetry import Telemetry
from argentos.actors.validation import as_channels, as_part
from argentos.concurrency.background import keep_running
from argentos.concurrency.chunks import in_chunks
from argentos.concurrency.clock import Clock, SystemClock, guarded
from argentos.concurrency.closing import close_stack
from argentos.concurrency.foreign_code import reading_a_store
from argentos.concurrency.timers import Timers
from argentos.errors import InputError
from argentos.inputs import as_flag, as_id, as_number, as_whole_number
from argentos.llm import Counting, TokenCounter, count_tokens
from argentos.storage import Address, SessionKey, Store
from argentos.storage.names import expand_home

__all__ = ["Supervisor"]

_STEPS_AT_ONCE: Final = 256  # they wait for the disk most of their time, and share its writes
_RESTARTS_AT_ONCE: Final = 2  # likewise
_BETWEEN_RESTARTS: Final = 0.005  # seconds, while others have something to do
_MOST_EVENTS: Final = 10_000_000  # that a subscription holds
_MOST_LISTED: Final = 2**53
_MOST_TURNS: Final = 100_000
_REFUSALS: Final = 8  # in a row, between two pauses: some 3,000 a second


class Supervisor(SupervisorInterface):
    """Runs the sessions of one agent or of several: an async context manager for anyone's event loop.

    Args:
        store: where sessions live; the supervisor enters and leaves it.
        agents: who answers: an `Agent`, a model, or several of either by their names.
        config: the settings of agents without their own; `Config.load` reads them from `argent.json`. `max_live`
            holds for all agents together, so that they have the same.
        agent: the name of a single agent, or which of several is meant where none is named; by default `main`, or
            else the first.
        clock: time.
        count: counts the tokens of a text, once for each message, in a thread: it may take its time. By default a
            model's `count_tokens`, else `argentos.llm.count_tokens`.
        count_inline: the most characters of a text that is counted in the event loop instead; by default 20,000 for
            `count_tokens`, and none for a counter of your own.
        count_timeout: seconds that the counter has for a text; then what was to be counted is refused.
        max_turns: how many sessions may have a turn or a compaction running. A turn that waits for another session
            does not count meanwhile. The default is for models that are waited for over a network; one that computes
            here needs no more than there are cores.
        grace: seconds that running turns are given at the end. A message whose turn is cut off is answered
            when the supervisor runs again.
        patience: seconds that the store is waited for at the end, and then the model; whoever waits for an
            acknowledgement longer than that gets `SupervisorStoppedError`.
        resume: whether to answer, at once, what was left unanswered by an earlier run, to apply the retention, and
            to take messages from other processes. Without it the supervisor does what it is told, and no more.
        events_kept: how many of the latest events are kept for `Supervisor.events(after=…)`, once somebody has
            subscribed; of longer texts, those of 16 million characters.
        outbox: the channels to which every reply, and whatever else the agent says, is owed until it was delivered;
            see `Supervisor.outbox`.
        routing: which session a message belongs to by its address; `RoutingSettings.load` reads it from `argent.json`.

    Attributes:
        catalogue: the sessions as lists show them, page by page and by their keys.
    """

    def __init__(
        self,
        store: Store,
        agents: Agents,
        *,
        config: Config | None = None,
        agent: str | None = None,
        clock: Clock | None = None,
        count: TokenCounter | None = None,
        count_inline: int | None = None,
        count_timeout: float = 60.0,
        max_turns: int = 100,
        grace: float = 10.0,
        patience: float = 10.0,
        resume: bool = True,
        events_kept: int = 10_000,
        outbox: Collection[str] = (),
        routing: RoutingSettings | None = None,
    ) -> None:
        as_part(store, "the store", "give a FileStore, a MemoryStore, or a store of your own", "append", "load", "read")
        config = as_part(Config() if config is None else config, "the config", "give a Config", "load")
        name = None if agent is None else as_id(agent, "the agent's name")
        named = as_agents(agents, name or MAIN)
        self.agent: str = default_agent(named, name)
        self._grace = as_number(grace, "the grace")
        self._patience = as_number(patience, "the patience")
        self._resume = as_flag(resume, "resume")
        self._max_turns = as_whole_number(max_turns, "max_turns", 1, _MOST_TURNS)
        if count is not None:
            as_part(count, "the counter", "give a function that counts tokens", "__call__")
        if count_inline is not None:
            count_inline = as_whole_number(count_inline, "count_inline", 0, _MOST_LISTED)
        self._events = Events(as_whole_number(events_kept, "events_kept", 0, _MOST_EVENTS))
        if clock is not None:
            as_part(clock, "the clock", "give one with the methods of Clock", "now", "monotonic", "sleep_until")
        clock = guarded(clock or SystemClock())
        workers = WorkerPool(_STEPS_AT_ONCE + self._max_turns, "worker")
        counting = partial(Counting, inline=count_inline, timeout=as_number(count_timeout, "count_timeout"))
        make = partial(
            Runtime,
            store=store,
            workers=workers,
            restarts=WorkerPool(_RESTARTS_AT_ONCE, "restart"),
            restart_throttle=Throttle(partial(workers.give_way, _BETWEEN_RESTARTS), 1),
            refusal_throttle=Throttle(workers.give_way, _REFUSALS),
            bulkhead=Bulkhead(self._patience),
            slots=Slots(self._max_turns, workers),
            timers=Timers(clock, self._fire),
            events=self._events,
            suspects=Suspects(),
            channels=as_channels(outbox),
            takes_up=self._resume,
        )
        self._runtimes = runtimes_of(
            named, config, clock, lambda traits: counting(count or traits.counter or count_tokens), make
        )
        self._runtime = self._runtimes[self.agent]
        self._routing = as_routing(
            routing, {name: each.config.channel_scope for name, each in self._runtimes.items()}, self.agent
        )
        self._registry = Registry(self._runtime, self._runtimes)
        self.catalogue: Catalogue = Catalogue(self._registry)
        self._book = LocalPairings(self._routing, clock, partial(created_at, self, self._runtimes), self._events.tell)
        self._outbox = Outbox(self._registry)
        self._telemetry = Telemetry(", ".join(named), clock)
        self._telemetry.observe(self.health)
        self._control = ControlServer(self, self._registry, self._book, self.agent, takes_messages=resume)

    @staticmethod
    def connect(directory: str | Path, agent: str = "main", *, patience: float = 10.0) -> RemoteSupervisor:
        """The sessions of a state directory that another process owns, for use inside `async with`.

        Nothing is asked until a method is called: the owner may begin later, and one that begins again is found again.

        Args:
            directory: the state directory.
            agent: whose sessions.
            patience: seconds without a sign of life from the owner after which it counts as one that hangs.

        Raises:
            InputError: the directory, the agent's name or the patience cannot be used.
        """
        return RemoteSupervisor(expand_home(directory), agent, patience)

    @property
    def agents(self) -> tuple[str, ...]:
        """The names of the agents."""
        return tuple(self._runtimes)

    @property
    def directory(self) -> Path | None:
        """The state directory that it owns while it is open; None where its store has none."""
        return self._runtime.store.owned_directory

    @property
    def config(self) -> Config:
        """The settings of the default agent."""
        return self._runtime.config

    @property
    def pairing(self) -> PairingDesk:
        """See `SupervisorInterface.pairing`."""
        return PairingDesk(self._book)

    def _handle(self, key: SessionKey) -> LocalSession:
        return LocalSession(self._registry, key)

    def _named(self, agent: str | None) -> str:
        name = self.agent if agent is None else as_id(agent, "the agent's name")
        if name not in self._runtimes:
            raise InputError(f"there is no agent {name!r} here; this supervisor runs {', '.join(self._runtimes)}")
        return name

    async def _route(self, address: Address) -> Route:
        self._registry.check_open()
        return route(address, await self._book.read(), self._routing)

    async def _list(
        self, agent: str, chosen: SessionFilter, latest: Latest, tell: Callable[[str], None]
    ) -> list[SessionInfo]:
        give_way = self._runtime.workers.give_way
        async with aclosing(self._registry.pages(agent)) as pages:
            async for page in pages:
                for sessions in in_chunks(page.sessions):
                    latest.add(self._registry.info(metadata) for metadata in sessions if chosen.takes(metadata))
                    await give_way()
                for problem in page.problems:
                    tell(problem)
        return await latest.sorted(give_way)

    async def _stored(self, agent: str, *, sizes: bool) -> tuple[Stored, ...]:
        return await stored_sessions(self._registry, agent, sizes=sizes)

    async def _backup(self, target: Path) -> int:
        with reading_a_store():
            return await self._runtime.store.backup(target)

    @asynccontextmanager
    async def _subscribed(self, only: EventFilter, limit: int, after: str | None) -> AsyncGenerator[Subscription]:
        self._registry.check_open()
        self._registry.check_not_draining()
        events = self._events.subscribe(limit, only=only, after=after)
        try:
            if after is not None and events.cursor != after:
                sessions = tuple(await sessions_of(self, self.agents, only))
                events.begin_with(CursorExpired(cursor=events.cursor, sessions=sessions))
            yield Subscription(events)
        finally:
            self._events.unsubscribe(events)

    @asynccontextmanager
    async def outbox(self, channel: str) -> AsyncGenerator[Deliveries]:
        """Deliveries owed to a channel, in this and in earlier runs, for the one who makes them.

        Each delivery is given until `Delivery.done` or `Delivery.fail` returned: at least once, again to the next
        reader and after a crash, in the order of its session. Other sessions go on meanwhile. Iterating ends with the
        supervisor or, once it has drained, behind what can be given now.

        Raises:
            InputError: the supervisor was made without this channel, or it has a reader already.
            StoreError: the store cannot be read.
            SupervisorStoppedError: the supervisor is closed.
        """
        await checkpoint()
        async with self._outbox.read(as_id(channel, "the channel")) as reader:
            yield reader

    async def _approvals(self) -> tuple[Approval, ...]:
        self._registry.check_open()
        return await all_approvals(self._registry)

    async def _owed(self, channel: str | None) -> tuple[OwedMessage, ...]:
        self._registry.check_open()
        return tuple(await self._outbox.owed(channel))

    async def _settle(self, key: SessionKey, number: int, failure: str | None) -> None:
        self._registry.check_open()
        await (self._outbox.retry(key, number) if failure is None else self._outbox.drop(key, number, failure))

    async def drain(self, grace: float | None = None) -> None:
        """Take no more messages, let the turns that run end within the grace, and then end all events.

        What is sent meanwhile is refused with `SupervisorStoppedError`. Whoever waits for a turn that was cut off, or
        that could not begin, gets that error too: the message is answered when the supervisor runs again. Reading,
        stopping and delivering go on until the supervisor is left, which waits for no turns any more. So a server
        whose requests stream replies and events drains before it waits for its connections to end.

        Args:
            grace: seconds; by default that of the supervisor.

        Raises:
            InputError: the grace cannot be used.
            SupervisorStoppedError: the supervisor is closed.

        Cancellation: the supervisor goes on draining, and calling again, or leaving it, waits for that.
        """
        await checkpoint()
        grace = self._grace if grace is None else as_number(grace, "the grace")
        self._registry.check_open()
        await drain(self._registry, grace, self._patience)

    def health(self) -> Health:
        """Tell whether messages are accepted, and how much there is to do."""
        return Health.of(self._registry)

    @property
    def live(self) -> int:
        """The number of sessions in memory."""
        return len(self._registry)

    async def __aenter__(self) -> Self:
        """Open the store and begin.

        Raises:
            CallbackError: the counter cannot count the system prompt.
            StoreError: the store cannot be opened; `StoreBusyError` where it, or this supervisor, is open already.
        """
        await checkpoint()
        self._registry.entrance.enter()
        async with AsyncExitStack() as stack:
            stack.callback(self._registry.entrance.leave)
            for runtime in self._runtimes.values():
                await measure_system(runtime)
            await stack.enter_async_context(self._runtime.store)
            await stack.enter_async_context(self._runtime.bulkhead)
            if self._resume:
                with anyio.move_on_after(self._patience):
                    await warm_up(self._runtimes.values())
            group = await stack.enter_async_context(anyio.create_task_group())
            self._runtime.workers.start(group)
            self._runtime.restarts.start(group)
            self._runtime.slots.start()
            for runtime in self._runtimes.values():
                runtime.is_draining = False
            self._events.open()
            self._book.open(self._runtime.store.directory, is_writable=not self._runtime.store.is_read_only)
            self._registry.is_open = True
            for runtime in self._runtimes.values():
                await recall_spending(runtime, self._registry.pages(runtime.agent))
            if self._resume:
                await open_tools(self._runtimes.values(), group)
            group.start_soon(keep_running, "the timers", self._runtime.timers.run, name="argentos timers")
            if self._resume:
                self._runtime.suspects.expect()
                self._runtime.slots.hold()
                learn = partial(learn_windows, self._runtimes.values())
                group.start_soon(keep_running, "learning the windows", learn, name="argentos windows")
                resume = partial(resume_unfinished, self._registry, 2 * self._max_turns)
                group.start_soon(keep_running, "taking up what was left", resume, name="argentos resume")
            for runtime in self._runtimes.values() if self._resume else ():
                if runtime.config.retain_for is not None or runtime.config.retain_bytes is not None:
                    retention = Retention(self._registry, runtime)
                    group.start_soon(
                        keep_running, "the retention", retention.keep, name=f"argentos retention {runtime.agent}"
                    )
            if (directory := self._runtime.store.owned_directory) is not None:
                await self._control.open(directory, group)
            self._group = group
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, _: object, error: BaseException | None, *__: object) -> None:
        """Let running turns end within the grace, write all files, and close the store."""
        runtime = self._runtime
        try:
            with anyio.CancelScope(shield=True):
                await end_turns(self._registry, self._grace)
                self._registry.is_open = False  # nothing new; what came in is still decided
                await settle(self._registry, self._patience)
                await runtime.bulkhead.end()
                await close_models(self._registry, self._patience)
                await close_tools(self._runtimes.values(), self._patience)
        finally:
            for each in self._runtimes.values():
                each.count.close()
            self._registry.close()
            self._events.end()
            try:
                await self._control.close()
            finally:
                runtime.slots.cancel()
                runtime.restarts.cancel()
                runtime.workers.cancel()
                self._group.cancel_scope.cancel()
                await close_stack(self._stack, error)

    def _fire(self, key: SessionKey) -> None:
        self._registry.fire(key)
