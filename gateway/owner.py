"""Access to the sessions: in this process, where nobody owns the state directory, else in the process that does.

A command does its work through `SupervisorInterface`, and does not know which of the two it is. Where a command only
looks, the files are opened for reading only, beside whoever owns them; where it changes something, the directory is
owned.
"""

import logging
import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from typing import Final, TypeAlias, TypeVar

import anyio
import click
from msgspec import structs

from argentos.actors import Agent, Config, RoutingSettings, Supervisor
from argentos.actors.control.remote import RemoteSupervisor
from argentos.actors.interfaces import SupervisorInterface
from argentos.errors import OwnerGoneError, StoreBusyError, SupervisorStoppedError
from argentos.gateway.agents import known_agents
from argentos.gateway.settings import Settings
from argentos.llm import ANY_MODEL, AnthropicModel, LocalModel, Model, OfflineModel
from argentos.storage import FileStore

__all__ = ["await_owner", "chosen_model", "open_sessions", "tell_if_offline", "with_sessions"]

T = TypeVar("T")

_Agents: TypeAlias = Model | dict[str, Agent]

_log: Final = logging.getLogger(__name__)
_WAITS: Final = (0.05, 0.1, 0.2, *[0.4] * 10, *[1.0] * 4)  # seconds, for owners that are just beginning or ending
_PATIENCE: Final = 5.0  # seconds without a sign of life from the owner
_GRACE: Final = 1.0  # seconds for turns that run when a chat ends


class _UnaskedModel(OfflineModel):
    """A stand-in for the model where sessions are only read: they are measured as their own model reported."""

    name = ANY_MODEL


def chosen_model(name: str | None = None) -> Model:
    """Claude with `ANTHROPIC_API_KEY`, else the offline stand-in; for `local`, or `local:` and a path, a `LocalModel`.

    Raises:
        InputError: there is no such file.
        MissingExtraError: `argentos[local]` is not installed.
    """
    kind, _, path = (name or "").partition(":")
    if kind == "local":
        return LocalModel(path or None)
    return AnthropicModel(name) if os.environ.get("ANTHROPIC_API_KEY") else OfflineModel()


def tell_if_offline(sessions: SupervisorInterface, model: Model) -> None:
    """Say on standard error that no model will answer, where this process is the one that asks it."""
    if isinstance(sessions, Supervisor) and isinstance(model, OfflineModel):
        click.echo("ANTHROPIC_API_KEY is not set, so the offline model answers.", err=True)


@asynccontextmanager
async def open_sessions(
    settings: Settings,
    *,
    read_only: bool = False,
    talks: bool = False,
    model: Model | None = None,
    config: Config | None = None,
    all_agents: bool = False,
) -> AsyncGenerator[SupervisorInterface]:
    """The sessions of the settings' agent: in the process that owns them, or here if none does.

    Args:
        settings: where, and whose.
        read_only: nothing will be changed.
        talks: messages will be sent.
        model: answers and summarises if the sessions are here; the offline one by default.
        config: the settings; by default those of `argent.json`.
        all_agents: the sessions of every agent can be read.

    Raises:
        StoreBusyError: the directory has an owner that does not answer; if `read_only`, its files are read instead.
        StoreError: it cannot be opened.
    """
    async with AsyncExitStack() as stack:
        routing = settings.routing(is_lenient=config is not None)
        config = config or settings.config()
        answering = _UnaskedModel() if read_only else model or OfflineModel()
        agents: _Agents = answering
        if all_agents:
            agents = {name: Agent(answering, config=_config_of(settings, name, config)) for name in _names(settings)}
        yield await _enter(stack, settings, config, agents, routing, read_only=read_only, talks=talks)


async def _enter(
    stack: AsyncExitStack,
    settings: Settings,
    config: Config,
    agents: _Agents,
    routing: RoutingSettings,
    *,
    read_only: bool,
    talks: bool,
) -> SupervisorInterface:
    waits = iter(_WAITS)
    while True:
        async with AsyncExitStack() as connection:
            remote = Supervisor.connect(settings.state_dir, settings.agent, patience=_PATIENCE)
            owner = await connection.enter_async_context(remote)
            if await _can_be_asked(owner, settings, read_only=read_only, talks=talks):
                stack.push_async_exit(connection.pop_all())
                return owner
        store = FileStore(settings.state_dir, read_only=read_only)
        supervisor = Supervisor(
            store,
            agents,
            config=config,
            agent=settings.agent,
            grace=_GRACE,
            resume=talks,
            routing=routing,
        )
        try:
            return await stack.enter_async_context(supervisor)
        except StoreBusyError:  # it has an owner that cannot be asked yet, or not any more
            wait = next(waits, None)
            if wait is None:
                raise
            await anyio.sleep(wait)


def _names(settings: Settings) -> list[str]:
    return [*dict.fromkeys([settings.agent, *known_agents(settings.state_dir)])]


def _config_of(settings: Settings, agent: str, config: Config) -> Config:
    """The settings of one of several agents, which have one limit of live sessions."""
    return structs.replace(Config.load(settings.state_dir, agent), max_live=config.max_live)


async def await_owner(settings: Settings, patience: float) -> None:
    """Wait so many seconds, at most, for a process to own the state directory, as one that is begun anew."""
    with anyio.move_on_after(patience):
        async with Supervisor.connect(settings.state_dir, settings.agent, patience=patience) as owner:
            while True:
                with suppress(OwnerGoneError, StoreBusyError):
                    await owner.ping()
                    return
                await anyio.sleep(_WAITS[0])


async def _can_be_asked(owner: RemoteSupervisor, settings: Settings, *, read_only: bool, talks: bool) -> bool:
    """Tell whether a process can be asked; where it cannot, this one should open the directory, or try to."""
    try:
        info = await owner.ping()
    except OwnerGoneError:
        return False
    except StoreBusyError as error:
        if not read_only:
            raise
        _log.warning("%s; this is what its files say", error)
        return False
    if talks and settings.agent not in info.agents:
        running = ", ".join(repr(each) for each in info.agents)
        raise StoreBusyError(
            f"the process that owns the state directory {settings.state_dir} runs {running}, and not"
            f" {settings.agent!r}; have it run that agent, or stop it first"
        )
    return info.takes_messages or not talks


def with_sessions(
    settings: Settings,
    work: Callable[[SupervisorInterface], Awaitable[T]],
    *,
    read_only: bool = False,
    model: Model | None = None,
    makes: bool = False,
    config: Config | None = None,
    all_agents: bool = False,
) -> T:
    """Do a command's work, whoever has the sessions: see `open_sessions`.

    Args:
        settings: where, and whose.
        work: is given the sessions.
        read_only: nothing will be changed.
        model: see `open_sessions`.
        makes: a state directory is made where there is none.
        config: see `open_sessions`.
        all_agents: see `open_sessions`.

    Work that finds the owner gone before it had taken the request is done again, from its beginning.
    """
    if not makes:
        settings.check_state_dir()

    opened = partial(open_sessions, settings, read_only=read_only, model=model, config=config, all_agents=all_agents)

    async def run() -> T:
        for wait in _WAITS:
            with suppress(OwnerGoneError, SupervisorStoppedError):
                async with opened() as sessions:
                    return await work(sessions)
            await anyio.sleep(wait)
        async with opened() as sessions:
            return await work(sessions)

    return anyio.run(run)
