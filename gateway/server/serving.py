"""Serving: everything that a gateway is made of, from its beginning to its orderly end."""

import asyncio
import logging
import os
import resource
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import anyio
import anyio.to_thread

from argentos import __version__
from argentos.actors import RoutingSettings, Supervisor
from argentos.concurrency.foreign_code import in_log
from argentos.errors import InputError, StoreBusyError
from argentos.gateway.access.guard import Access
from argentos.gateway.api.application import Gateway
from argentos.gateway.channels.reporting import reported
from argentos.gateway.channels.running import Channels
from argentos.gateway.channels.settings import load_connections
from argentos.gateway.chat_apis import REFUSALS, chat_apis
from argentos.gateway.dashboard.routes import dashboard
from argentos.gateway.server.agents import agents_of
from argentos.gateway.server.listening import bound_sockets, url_of
from argentos.gateway.server.running import Running, announced, running_gateway
from argentos.gateway.server.server import Server
from argentos.gateway.server.settings import GatewaySettings
from argentos.gateway.server.systemd import inherited_sockets, keep_watchdog_fed, notify
from argentos.storage import FileStore

__all__ = ["serve"]

_log: Final = logging.getLogger(__name__)
_SPARE: Final = 256  # descriptors for files, for sockets of our own, and for what libraries open
_MOST_DESCRIPTORS: Final = 65_536
_FIRST_TOKEN: Final = "admin"  # noqa: S105 - its name


async def serve(
    state_dir: Path, agent: str, settings: GatewaySettings, tell: Callable[[Running, Access], None]
) -> None:
    """Serve the sessions of a state directory until SIGTERM or Ctrl-C.

    Args:
        state_dir: is made where there is none, and with it a token.
        agent: the one that is meant where none is named.
        settings: of the gateway.
        tell: is told of the gateway once it serves.

    Raises:
        ArgentError: it cannot begin; the sentence says why, and how to mend it.
    """
    asyncio.get_running_loop().set_exception_handler(_log_stray_error)
    most = min(settings.limits.connections, _raised_descriptors() - _SPARE)
    access = Access(state_dir, origins=settings.origins, limits=settings.limits)
    async with AsyncExitStack() as stack:
        sockets = _listening(state_dir, settings, stack)
        agents = await anyio.to_thread.run_sync(agents_of, state_dir, agent)
        routing = await anyio.to_thread.run_sync(RoutingSettings.load, state_dir, agent)
        connections = await anyio.to_thread.run_sync(load_connections, state_dir)
        supervisor = Supervisor(
            FileStore(state_dir),
            agents,
            agent=agent,
            grace=settings.grace,
            routing=routing,
            outbox={each.channel for each in connections},
        )
        await stack.enter_async_context(supervisor)
        channels = await stack.enter_async_context(Channels(supervisor, connections, state_dir))
        made = Gateway(supervisor, access, parts=[chat_apis, dashboard], refusals=REFUSALS, statuses=channels.statuses)
        gateway = await stack.enter_async_context(made)
        await anyio.to_thread.run_sync(_make_first_token, access)
        server = Server(
            gateway.application(),
            partial(_drain, gateway, channels),
            connections=most,
            tls=settings.tls,
            forwarded_from=settings.proxies if settings.public_url else (),
        )
        running = _running(sockets[0], settings, supervisor.agents)
        stack.enter_context(announced(state_dir, running))
        await stack.enter_async_context(reported(channels.statuses, state_dir))
        async with _told_to_systemd(running):
            tell(running, access)
            await server.serve(sockets)


def _make_first_token(access: Access) -> None:
    """Make a token where there is none, for people to sign in as; its secret is told to nobody."""
    if not access.tokens.path.exists():
        access.tokens.new(_FIRST_TOKEN)


def _listening(state_dir: Path, settings: GatewaySettings, stack: AsyncExitStack) -> list[socket.socket]:
    try:
        sockets = inherited_sockets() or bound_sockets(settings.host, settings.port)
    except InputError as error:
        if (other := running_gateway(state_dir)) is None:
            raise
        raise StoreBusyError(
            f"a gateway runs in {state_dir} already, as process {other.process}, at {other.public_url}; stop it, or use"
            " another --state-dir and --port"
        ) from error
    for each in sockets:
        stack.callback(each.close)
    return sockets


def _running(listening: socket.socket, settings: GatewaySettings, agents: tuple[str, ...]) -> Running:
    url = url_of(listening, is_secure=settings.tls is not None)
    return Running(
        process=os.getpid(),
        url=url,
        public_url=settings.origins.public or url,
        version=__version__,
        agents=agents,
        started_at=datetime.now(UTC),
    )


@asynccontextmanager
async def _told_to_systemd(running: Running) -> AsyncGenerator[None]:
    async with anyio.create_task_group() as group:
        notify("READY=1", f"STATUS=serving at {running.url}")
        group.start_soon(keep_watchdog_fed, name="argentos watchdog")
        yield
        group.cancel_scope.cancel()


async def _drain(gateway: Gateway, channels: Channels) -> None:
    notify("STOPPING=1", "STATUS=waiting for the turns that run")
    _log.info("the gateway ends: turns that run have their grace, and what is left is answered when it runs again")
    channels.stop_receiving()
    await gateway.drain()


def _raised_descriptors() -> int:
    """The number of descriptors that this process may have, after asking for as many as it could."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _MOST_DESCRIPTORS)
    if soft == resource.RLIM_INFINITY or soft >= most:
        return _MOST_DESCRIPTORS if soft == resource.RLIM_INFINITY else soft
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return most


def _log_stray_error(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log an error that no task has waited for."""
    error = context.get("exception")
    if isinstance(error, BaseException):
        _log.error("an error was left in the event loop: %s", in_log(error), exc_info=error)
