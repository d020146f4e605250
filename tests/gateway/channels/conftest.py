"""Fixtures of the tests of channels: a local Telegram, and gateways that are connected to it."""

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import anyio
import pytest

from argentos import Agent, FileStore, Model, RoutingSettings, Supervisor
from argentos.gateway.channels.local.telegram.server import LocalTelegram
from argentos.gateway.channels.local.telegram.world import Bot
from argentos.gateway.channels.running import Channels
from argentos.gateway.channels.settings import load_connections
from tests.gateway.channels.shared import Echo

TOKEN = "42:abcdefghijklmnopqrstuvwxyz0123456789"  # noqa: S105 - of a bot that nobody has


@pytest.fixture
def anyio_backend() -> str:
    """The client libraries stand on asyncio alone."""
    return "asyncio"


@pytest.fixture
async def telegram() -> AsyncGenerator[LocalTelegram]:
    """A local Telegram, of which nobody asks what it does not take."""
    async with LocalTelegram() as server:
        yield server
        assert server.violations == []


@pytest.fixture
def bot(telegram: LocalTelegram) -> Bot:
    return telegram.world.new_bot(TOKEN, "harbour_bot")


@dataclass
class Running:
    """A gateway's channels while they run."""

    supervisor: Supervisor
    channels: Channels


Run: TypeAlias = Callable[..., AbstractAsyncContextManager[Running]]


@pytest.fixture
def run(tmp_path: Path, telegram: LocalTelegram, bot: Bot, monkeypatch: pytest.MonkeyPatch) -> Run:  # noqa: ARG001 - the bot is made
    """Run the channels of a state directory, again and again; `settings` are of the account."""
    monkeypatch.setenv("TELEGRAM_TOKEN", TOKEN)
    state = tmp_path / "state"
    state.mkdir(mode=0o700)

    @asynccontextmanager
    async def running(model: Model | Agent | None = None, **settings: Any) -> AsyncGenerator[Running]:
        account = {"tokenEnv": "TELEGRAM_TOKEN", "api": telegram.url, "policy": "open", "stream": False, **settings}
        (state / "argent.json").write_text(json.dumps({"channels": {"telegram": account}}))
        connections = load_connections(state)
        routing = RoutingSettings.load(state)
        supervisor = Supervisor(FileStore(state), model or Echo(), outbox=["telegram"], routing=routing, grace=0.5)
        async with supervisor, Channels(supervisor, connections, state) as channels:
            yield Running(supervisor, channels)

    return running


@pytest.fixture
async def within() -> AsyncGenerator[None]:
    """No test waits for ever."""
    with anyio.fail_after(60):
        yield
