"""The services of a supervisor, as the actors of one agent use them."""

import itertools
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

from argentos.actors.attachments import Attachments
from argentos.actors.core.supervision import Suspects
from argentos.actors.events import Events
from argentos.actors.scheduling.bulkhead import Bulkhead
from argentos.actors.scheduling.slots import Slots
from argentos.actors.scheduling.throttle import Throttle
from argentos.actors.scheduling.worker_pool import WorkerPool
from argentos.actors.settings.config import Config
from argentos.actors.telemetry import Telemetry
from argentos.concurrency.clock import Clock
from argentos.concurrency.timers import Timers
from argentos.llm import Counting, Gauge, Model, SpendingLedger, Toolbox, ToolSet
from argentos.storage import SessionKey, Store

__all__ = ["Runtime"]


@dataclass(slots=True, kw_only=True)
class Runtime:
    """The services that an actor uses.

    Attributes:
        agent: its name. With it go models, gauge, config, count, system, tools, telemetry; the rest all agents share.
        workers: runs the actors, a step at a time.
        restarts: begins those again that failed, a few at a time.
        restart_throttle: where restarts wait, so that everybody else hardly notices.
        refusal_throttle: where they wait likewise.
        bulkhead: where the model runs.
        slots: runs what takes long: turns and compactions.
        telemetry: tells the host's traces and metrics.
        events: tells the outside what became durable, and what failed.
        suspects: turns that wait until they may run alone.
        retention: what is kept though it is due, and why; empty where nothing is.
        takes_up: what earlier runs left is gone on with.
        is_draining: no more work is begun.
        toolbox: what `tools` are taken from.
        approvers: the names of those whose word counts on calls that need approval; None takes anybody's.
        commanders: likewise of those whose text commands do.
        attachments: takes bytes out of messages, and puts them back.
        spending: what the agent has spent today, and may.
        channels: those to which what the agent says is owed, until it was delivered.
        summariser: writes the summaries in the place of `model`.
    """

    agent: str
    store: Store
    model: Model
    gauge: Gauge
    config: Config
    clock: Clock
    count: Counting
    system: str
    tools: ToolSet
    toolbox: Toolbox
    workers: WorkerPool
    restarts: WorkerPool
    restart_throttle: Throttle
    refusal_throttle: Throttle
    bulkhead: Bulkhead
    slots: Slots
    timers: Timers[SessionKey]
    events: Events
    telemetry: Telemetry
    approvers: frozenset[str] | None = None
    commanders: frozenset[str] | None = None
    suspects: Suspects = field(default_factory=Suspects)
    retention: str = ""
    takes_up: bool = True
    is_draining: bool = False
    channels: frozenset[str] = frozenset()
    summariser: Model | None = None
    attachments: Attachments = field(init=False)
    spending: SpendingLedger = field(init=False)
    _ids: Iterator[int] = field(default_factory=itertools.count)
    _life: str = field(default_factory=lambda: uuid.uuid4().hex)

    def __post_init__(self) -> None:
        """Make what belongs to the agent alone."""
        self.attachments = Attachments(self.store, self.config)
        self.spending = SpendingLedger(self.config.max_spend_per_session, self.config.max_spend_per_day)

    @property
    def models(self) -> tuple[Model, ...]:
        """The agent's models: the one that talks and, if there is one, the one that summarises."""
        beside = self.summariser
        return (self.model,) if beside is None or beside is self.model else (self.model, beside)

    def new_id(self) -> str:
        """An id for a message that came without one: of this supervisor, and of no other anywhere."""
        return f"{self._life}-{next(self._ids)}"
