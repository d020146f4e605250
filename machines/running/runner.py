"""A runner of a machine: events, timers, effects, and snapshots of one life.

Theory of operation
===================
An event is decided on, saved and applied, in this order, one at a time (`Journal`). Effects are stored with the
transition that they follow from, and are run afterwards, in order, one at a time (`Outbox`). Timers raise their events
when they are due, by the monotonic clock (`Alarms`). Where nothing is stored, all of that happens without a wait.
"""

import math
import uuid
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Final, Self, TypeAlias

import anyio
from anyio.lowlevel import checkpoint, checkpoint_if_cancelled

from argentos.concurrency.background import keep_running
from argentos.concurrency.clock import Clock, SystemClock, guarded
from argentos.concurrency.closing import close_stack
from argentos.concurrency.exclusive_use import ExclusiveUse
from argentos.concurrency.timers import Timers
from argentos.errors import EventRefusedError, RunnerStoppedError
from argentos.machines.decisions import Refused, Transition
from argentos.machines.given import as_text
from argentos.machines.machine import Machine
from argentos.machines.position import Position, durations_of, enter
from argentos.machines.running.alarms import Alarms
from argentos.machines.running.bell import Bell
from argentos.machines.running.effects import EffectFunction, EffectHandler, Handlers
from argentos.machines.running.journal import Journal
from argentos.machines.running.keeping import Keeper
from argentos.machines.running.life import Life
from argentos.machines.running.migration import migrate
from argentos.machines.running.outbox import Outbox, is_within_effect
from argentos.machines.running.snapshot import MachineSnapshot, SnapshotStore
from argentos.machines.running.subscriptions import Subscriptions, TransitionStream
from argentos.machines.running.watchers import Watchers, matches
from argentos.machines.tree import START

__all__ = ["Runner"]

_STARTS_HERE: Final = "starts_here"  # the event of a first edge without a label

_SHOWN: Final = 8  # events that an error names
_EVERY: Final = 32  # events after which other tasks have a turn, where there is nothing to wait for
_FOREVER: Final = 365 * 86_400.0  # seconds: a clock sleeps no longer at once

Effects: TypeAlias = Mapping[str, EffectFunction | EffectHandler] | object


class Runner:
    """Runs a machine: an async context manager, on asyncio and on trio.

    Args:
        machine: says what happens.
        facts: what its guards see: an object with attributes or methods of their names, or a mapping. It is yours, and
            may change at any time.
        effects: a function or an `EffectHandler` for each effect, by name; or an object with methods of these names.
        store: keeps the life, so that it goes on after the process has ended: a `SnapshotStore`, as
            `SnapshotFile` is one; None keeps nothing.
        durations: seconds by the names of the machine's timers; those that read like `15m` or `10 seconds` need none.
        migration: for states that had another name when the life was stored, their name now.
        clock: measures timers and waits; by default the machine's own.
        name: of a new life, which begins the ids of its effects; by default a random one.
        patience: seconds that effects have to end when the runner is left, and a store once its caller is cancelled.

    Raises:
        DiagramError: an effect of the machine is not among those that are given.
        InputError: a duration is missing, or something that is given is of no use.
    """

    def __init__(
        self,
        machine: Machine,
        facts: object = None,
        *,
        effects: Effects = None,
        store: SnapshotStore | None = None,
        durations: Mapping[str, float] | None = None,
        migration: Mapping[str, str] | None = None,
        clock: Clock | None = None,
        name: str | None = None,
        patience: float = 10.0,
    ) -> None:
        self.machine: Machine = machine
        self.facts: object = facts
        self._clock = guarded(clock or SystemClock())
        self._keeper = None if store is None else Keeper(store, patience)
        self._store_name = str(getattr(store, "path", "the snapshot"))
        self._migration = migration
        self._patience = patience
        self._handlers = Handlers(machine, {} if effects is None else effects)
        self._durations = durations_of(machine, durations or {})
        self._life_id = name or uuid.uuid4().hex
        self._use = ExclusiveUse(f"the runner of {machine.diagram.file}", RunnerStoppedError, of_one_loop=True)
        self._subscriptions = Subscriptions()
        self._until_turn = 0
        self._is_open = False
        self._next_due = math.inf

    async def __aenter__(self) -> Self:
        """Go on with the life that is stored, or begin one; what is due by now is done.

        Raises:
            MigrationError: the stored life is in a state that this version of the machine does not have.
            StoreError: it cannot be loaded.
            StoreBusyError: the runner is open already.
        """
        await checkpoint()
        self._use.enter()
        self._subscriptions.begin()
        self._stack = AsyncExitStack()
        try:
            await self._open()
        except BaseException as error:
            self._use.leave()
            await self._close(error)
            raise
        return self

    async def __aexit__(self, _: object, error: BaseException | None, *__: object) -> None:
        """End: effects that are due are waited for, unless an error leads out; then what is stored runs later."""
        try:
            if error is None:
                with anyio.move_on_after(self._patience):
                    await self._outbox.wait(self._journal.life.sequence)
        finally:
            self._use.leave()
            await self._close(error)

    @property
    def state(self) -> str:
        """The state of the machine, `START` before the first event; what is seen of it is durable."""
        return self._journal.life.position.state

    @property
    def active(self) -> tuple[str, ...]:
        """All states of the diagram that are active, from the top down."""
        return self.machine.active(self.state)

    def matches(self, path: str) -> bool:
        """Tell whether a state of the diagram is active: `Open`, or `Open.Locked` for the one within the other.

        Raises:
            UnknownStateError: the diagram has no such state.
            InputError: the path is no text.
        """
        return matches(self.machine, self.state, path)

    def can(self, event: str, data: object = None) -> Transition | Refused:
        """The answer that the event would get now: a refusal counts as false, and names the guard."""
        return self.machine.decide(self.state, as_text(event, "the event"), self.facts, data)

    async def send(self, event: str, data: object = None) -> Transition:
        """Raise an event, and return when its transition is durable and its effects were run.

        An effect that has to wait for another attempt is not waited for; and within an effect none is.

        Args:
            event: of the machine.
            data: what comes with it; with a store something that JSON can say, where the transition has effects.

        Returns:
            The transition that was taken.

        Raises:
            EventRefusedError: the state knows no such event, or a guard does not hold: its `guard`.
            InputError: the event is no text.
            StoreError: it could not be stored; then it was not taken.
            RunnerStoppedError: the runner has ended.
        """
        answer = await self.offer(event, data)
        if isinstance(answer, Refused):
            sentence = f"{self.machine.diagram.file}: {answer}{self._instead(answer)}"
            raise EventRefusedError(sentence, state=answer.state, event=answer.event, guard=answer.guard)
        return answer

    async def offer(self, event: str, data: object = None) -> Transition | Refused:
        """Raise an event likewise, but give a refusal as the answer, for events that may come in vain."""
        await self._pace()
        self._check()
        if type(event) is not str:
            event = as_text(event, "the event")
        if self._durations and self._clock.monotonic() >= self._next_due:
            await self._raise_due()
        if not self._journal.is_kept and self._outbox.is_free:
            answer = self._take_now(event, data)
        else:
            answer = await self._journal.take(event, data)
        if self._journal.life.waiting and answer and answer.effects:
            await self._run_effects()
        return answer

    async def wait_for(self, wanted: str | Callable[[str], bool], *, timeout: float = 60.0) -> str:  # noqa: ASYNC109 - by the runner's clock
        """Wait until a state is active.

        Args:
            wanted: a state as in `matches`, or a function of the machine's state.
            timeout: seconds, by the clock of the runner.

        Returns:
            The machine's state at that moment.

        Raises:
            StateNotReachedError: it was not within that time.
            InputError: what is wanted is neither.
            RunnerStoppedError: the runner has ended.
        """
        await checkpoint()
        self._check()
        return await self._watchers.wait(wanted, timeout)

    async def settle(self) -> None:
        """Return once nothing is left to do at this time: timers that are due are raised, and effects are run."""
        await self._pace()
        self._check()
        while True:
            await self._raise_due()
            await self._run_effects()
            now = self._clock.monotonic()
            if self._alarms.next() > now and (is_within_effect() or self._outbox.next() > now):
                return
            await checkpoint()

    async def facts_changed(self) -> None:
        """Raise timers again that a guard has refused, since it may hold now; the runner does so each second.

        It settles then, too.
        """
        await self._pace()
        self._check()
        await self._raise_due(again=True)
        await self.settle()

    @asynccontextmanager
    async def subscribe(self) -> AsyncGenerator[TransitionStream]:
        """Get all changes from now on: `async with runner.subscribe() as changes: async for change in changes: …`.

        Before the runner is entered, too: then also what it does as it begins.
        """
        await checkpoint()
        with self._subscriptions.added() as changes:
            yield changes

    async def _open(self) -> None:
        self._journal = Journal(
            self.machine,
            self.facts,
            clock=self._clock,
            keeper=self._keeper,
            life_id=self._life_id,
            tell=self._tell,
            patience=self._patience,
        )
        self._alarms = Alarms(self.machine, self._durations, self._journal, self._clock)
        self._alarm, self._post = Bell(), Bell()
        self._timers: Timers[Callable[[], None]] = Timers(self._clock, lambda wake: wake())
        self._outbox = Outbox(
            self._handlers, self._journal, self._clock, self._post.ring, partial(self._timers.arm, self._post.ring)
        )
        self._watchers = Watchers(self.machine, lambda: self.state, self._timers, self._clock)
        if self._keeper is not None:
            await self._stack.enter_async_context(self._keeper.opened())
            await self._journal.open(self._understood)
        group = await self._stack.enter_async_context(anyio.create_task_group())
        self._stack.callback(group.cancel_scope.cancel)
        for name, work in (("timers", self._timers.run), ("alarms", self._watch), ("effects", self._work)):
            group.start_soon(keep_running, f"the {name} of {self.machine.diagram.file}", work)
        self._is_open = True
        self._arm()
        self._outbox.begin()
        if self.state == START and self.machine.beginning == _STARTS_HERE:
            await self.send(_STARTS_HERE)
        await self._raise_due()

    async def _close(self, error: BaseException | None) -> None:
        self._is_open = False
        await self._journal.close()
        self._watchers.end()
        self._subscriptions.end()
        self._outbox.release(everybody=True)
        await close_stack(self._stack, error)

    def _understood(self, snapshot: MachineSnapshot) -> MachineSnapshot:
        self._handlers.check(each.effect for each in snapshot.pending)
        return migrate(snapshot, self.machine, self._migration, name=self._store_name)

    def _instead(self, refused: Refused) -> str:
        """The rest of a sentence that says which events the state knows."""
        known = self.machine.events_in(refused.state)
        if refused.guard is not None or not known:
            return ""
        shown = ", ".join(map(repr, known[:_SHOWN]))
        return f", only {shown}{', …' if len(known) > _SHOWN else ''}"

    def _check(self) -> None:
        if not self._is_open:
            raise RunnerStoppedError(f"the runner of {self.machine.diagram.file} is not open; use it within async with")
        self._use.check()

    async def _pace(self) -> None:
        """A cancellation point; and a round of the event loop now and then, though there is nothing to wait for."""
        if self._until_turn:
            self._until_turn -= 1
            await checkpoint_if_cancelled()
        else:
            self._until_turn = _EVERY
            await checkpoint()

    # What follows from a step -------------------------------------------------------------------------------------

    def _take_now(self, event: str, data: object) -> Transition | Refused:
        """Take the step of an event, and run its effects, in a life that nobody keeps."""
        journal = self._journal
        position, sequence, _ = journal.life
        transition = self.machine.decide(position.state, event, self.facts, data)
        if isinstance(transition, Refused):
            return transition
        if self._durations:
            position = enter(self.machine, position, transition, self._clock.monotonic())
        else:
            position = Position(transition.target, position.since)  # for nobody asks for times
        journal.apply(Life(position, sequence + 1), transition, data)
        if transition.effects:
            self._outbox.run_plain(transition, data)
        return transition

    def _tell(self, transition: Transition | None, data: object) -> None:
        if transition is not None:
            self._subscriptions.put(transition, data, self._journal.life.sequence)
            self._watchers.look()
            if self._durations:
                self._arm()
            if self._journal.life.waiting:
                self._post.ring()

    def _arm(self) -> None:
        """Have timers raise their events when they are due."""
        self._next_due = self._alarms.next()
        again = self._alarms.again()
        if again < math.inf:
            self._timers.arm(self._alarm.ring, again)

    async def _raise_due(self, *, again: bool = False) -> None:
        await self._alarms.raise_due(again=again)
        self._arm()

    async def _run_effects(self) -> None:
        """Have the effects of all that was taken run, and wait for them."""
        sequence = self._journal.life.sequence
        self._post.ring()
        if not is_within_effect():
            await self._outbox.wait(sequence)

    async def _watch(self) -> None:
        while True:
            await self._raise_due()
            await self._alarm.wait()

    async def _work(self) -> None:
        while True:
            await self._outbox.run()
            await self._post.wait()
