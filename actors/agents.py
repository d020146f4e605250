"""Agents: who answers in the sessions of a supervisor."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeAlias, cast

import anyio
import msgspec
from anyio.abc import TaskGroup
from msgspec import structs

from argentos.actors.core.runtime import Runtime
from argentos.actors.settings.config import Config
from argentos.actors.telemetry import Telemetry
from argentos.actors.validation import as_part, as_people
from argentos.concurrency.background import keep_running
from argentos.concurrency.clock import Clock
from argentos.errors import ConfigError, InputError, ModelError
from argentos.inputs import as_id, as_text
from argentos.llm import (
    SAFE_RATIO,
    Counting,
    Gauge,
    Loadable,
    Model,
    Tool,
    Toolbox,
    ToolSource,
    Traits,
    as_tools,
    traits_of,
)
from argentos.storage import Page
from argentos.storage.calibration import RATIO_LIMIT

__all__ = [
    "Agent",
    "Agents",
    "as_agents",
    "close_tools",
    "default_agent",
    "learn_windows",
    "measure_system",
    "open_tools",
    "recall_spending",
    "runtimes_of",
    "warm_up",
]

_OPENING: Final = 30.0  # seconds
_USUAL_WINDOW: Final = 180_000  # tokens
_OUR_MOST: Final = 2.0  # tokens of a model for each of `count_tokens`; what is above is something else
_LARGEST: Final = 10**9  # tokens

MAIN: Final = "main"
"""The name of an agent that is given none."""


@dataclass(frozen=True, slots=True)
class Agent:
    """A model with the system prompt and the tools that it is given, and the settings of its sessions.

    Attributes:
        model: answers.
        system: the system prompt.
        tools: the model may call them: functions made so by `tool`, any other `Tool`, and an
            `McpServer` of more.
        config: the settings; those of the supervisor where it is None.
        approvers: the names of those whose word counts on calls that need approval; None takes anybody's.
        commanders: the names of those whose text commands count, see `Session.command`; None takes anybody's.
        summariser: a model that writes the summaries, as a cheaper one; None leaves them to `model`.

    Raises:
        InputError: a part cannot be used.
    """

    model: Model
    system: str = ""
    tools: Sequence[Tool | ToolSource] = ()
    config: Config | None = None
    approvers: Collection[str] | None = None
    commanders: Collection[str] | None = None
    summariser: Model | None = None

    def __post_init__(self) -> None:
        """Check the parts."""
        as_part(self.model, "the model", "give one that has the method `reply`, as AnthropicModel", "reply")
        if self.summariser is not None:
            as_part(self.summariser, "the summariser", "give a model, which has the method `reply`", "reply")
        object.__setattr__(self, "system", as_text(self.system, "the system prompt"))
        object.__setattr__(self, "tools", as_tools(self.tools))
        Toolbox(self.tools)
        if self.config is not None:
            as_part(self.config, "the config", "give a Config", "load")
        if self.approvers is not None:
            object.__setattr__(self, "approvers", as_people(self.approvers, "approver"))
        if self.commanders is not None:
            object.__setattr__(self, "commanders", as_people(self.commanders, "commander"))


Agents: TypeAlias = Agent | Model | Mapping[str, Agent | Model]
"""An agent, a model without more, or several of them by their names."""


def as_agents(value: Agents, name: str) -> dict[str, Agent]:
    """The agents by their names; a single one has this name.

    Raises:
        InputError: there is none, or a name or a part of one cannot be used.
    """
    if isinstance(value, Agent) or not isinstance(value, Mapping):
        return {name: _as_agent(value)}
    named = cast("Mapping[object, Agent | Model]", value)
    if not named:
        raise InputError("there are no agents; give at least one, as {'main': Agent(model)}")
    return {as_id(each, "the agent's name"): _as_agent(agent) for each, agent in named.items()}


def _as_agent(value: Agent | Model) -> Agent:
    return value if isinstance(value, Agent) else Agent(value)


def _gauge(config: Config, traits: Traits, count: Counting) -> Gauge:
    """The measure of an agent's contexts, before its system prompt is counted."""
    safe = SAFE_RATIO if count.is_ours else 1.0
    first = traits.token_ratio or safe
    return Gauge(
        window=_window(config, traits),
        threshold=config.compaction_threshold,
        keep_recent=config.keep_recent_tokens,
        system_tokens=0,
        model=traits.name,
        first_ratio=first,
        least_ratio=min(safe, first),
        most_ratio=_OUR_MOST if count.is_ours else RATIO_LIMIT,
    )


def _window(config: Config, traits: Traits) -> int:
    """The window: what is set, or what the model says, or the smaller one of both."""
    return min(config.max_context_tokens or _LARGEST, traits.window or config.max_context_tokens or _USUAL_WINDOW)


def default_agent(agents: Mapping[str, Agent], name: str | None) -> str:
    """The name of the agent that is meant where none is named.

    Raises:
        InputError: the name that was given is none of theirs.
    """
    if name is None:
        return MAIN if MAIN in agents else next(iter(agents))
    if name not in agents:
        raise InputError(f"there is no agent {name!r} among the agents; they are {', '.join(agents)}")
    return name


def runtimes_of(
    agents: Mapping[str, Agent],
    config: Config,
    clock: Clock,
    counting: Callable[[Traits], Counting],
    make: Callable[..., Runtime],
) -> dict[str, Runtime]:
    """The services of each agent.

    Raises:
        ConfigError: two agents differ in what holds for all.

    Args:
        agents: by their names.
        config: of those that have none.
        clock: of all.
        counting: counts the tokens for a model.
        make: makes a `Runtime` of what an agent has for itself, with what it shares with the others.
    """
    found: dict[str, Runtime] = {}
    for name, agent in agents.items():
        traits, settings = traits_of(agent.model), agent.config or config
        for other, runtime in found.items():
            _check_shared(name, settings, other, runtime.config)
        found[name] = make(
            agent=name,
            model=agent.model,
            summariser=agent.summariser,
            gauge=_gauge(settings, traits, count := counting(traits)),
            config=settings,
            count=count,
            system=agent.system,
            tools=(toolbox := Toolbox(agent.tools)).tools(),
            toolbox=toolbox,
            approvers=None if agent.approvers is None else frozenset(agent.approvers),
            commanders=None if agent.commanders is None else frozenset(agent.commanders),
            clock=clock,
            telemetry=Telemetry(name, clock),
        )
    return found


def _check_shared(name: str, config: Config, other: str, others: Config) -> None:
    if config.max_live != others.max_live:
        raise ConfigError(
            f"max_live of agent {name!r} is {config.max_live}, and that of agent {other!r} {others.max_live}; it holds"
            " for all agents of a supervisor together, so give them the same"
        )


async def measure_system(runtime: Runtime) -> None:
    """Count what every request of an agent begins with: its system prompt, and the definitions of its tools.

    Raises:
        CallbackError: the counter cannot count it.
    """
    runtime.count.open()
    tokens = await runtime.count.tokens(runtime.system) if runtime.system else 0
    runtime.gauge = structs.replace(runtime.gauge, system_tokens=tokens, tool_tokens=await _tool_tokens(runtime))


async def _tool_tokens(runtime: Runtime) -> int:
    return await runtime.count.tokens(msgspec.json.encode(runtime.tools.definitions).decode()) if runtime.tools else 0


async def warm_up(runtimes: Collection[Runtime]) -> None:
    """Load what is heavy now: also in a thread it keeps the interpreter to itself now and then."""
    for runtime in runtimes:
        await runtime.count.warm()
    for runtime, model in {id(model): (each, model) for each in runtimes for model in each.models}.values():
        with suppress(ModelError):  # a turn meets the same
            await runtime.bulkhead.run(partial(_load, model), f"the model of agent {runtime.agent}")


async def open_tools(runtimes: Collection[Runtime], group: TaskGroup) -> None:
    """Open the sources of tools, each in a task of its own, and wait for them for a while."""
    waited: list[anyio.Event] = []
    for runtime in runtimes:
        for source in runtime.toolbox.sources:
            waited.append(anyio.Event())
            keep = partial(runtime.toolbox.keep_open, source, partial(_take_tools, runtime), waited[-1])
            group.start_soon(keep_running, f"the source of tools {source.name}", keep, name=f"argentos {source.name}")
    with anyio.move_on_after(_OPENING):
        for each in waited:
            await each.wait()


async def _take_tools(runtime: Runtime) -> None:
    runtime.tools = runtime.toolbox.tools()
    await measure_system(runtime)


async def close_tools(runtimes: Collection[Runtime], patience: float) -> None:
    """Close the sources of tools, all within this time."""
    with anyio.move_on_after(patience):
        for runtime in runtimes:
            await runtime.toolbox.close()


async def recall_spending(runtime: Runtime, pages: AsyncIterator[Page]) -> None:
    """Find what an agent has spent today, in an earlier life, where that is limited.

    Raises:
        StoreError: the sessions cannot be listed.
    """
    runtime.spending.begin(runtime.clock.now())
    if runtime.spending.needs_the_day:
        async for page in pages:
            for session in page.sessions:
                runtime.spending.recall(session)


async def learn_windows(runtimes: Collection[Runtime]) -> None:
    """Have the models ask for their windows where the settings have none; one that cannot keeps what it has."""
    for runtime in runtimes:
        if runtime.summariser is not None:
            with suppress(ModelError):
                await runtime.bulkhead.run(partial(_learn, runtime.summariser), f"the summariser of {runtime.agent}")
        if runtime.config.max_context_tokens is None:
            with suppress(ModelError, InputError):
                await runtime.bulkhead.run(partial(_learn, runtime.model), f"the model of agent {runtime.agent}")
                window = _window(runtime.config, traits_of(runtime.model))
                runtime.gauge = structs.replace(runtime.gauge, window=window)


async def _learn(model: Any) -> None:
    learn: Any = getattr(model, "learn", None)
    if learn is not None:
        await learn()


async def _load(model: Model) -> None:
    if isinstance(model, Loadable):
        await model.load()
