"""A gateway's channels that are connected to a Discord on this machine."""

import json
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from argentos import Agent, FileStore, Model, RoutingSettings, Supervisor
from argentos.gateway.channels.running import Channels
from argentos.gateway.channels.settings import load_connections
from tests.gateway.channels.conftest import Running
from tests.gateway.channels.discord.harbour import Harbour
from tests.gateway.channels.shared import Echo

Run: TypeAlias = Callable[..., AbstractAsyncContextManager[Running]]


@pytest.fixture
async def harbour() -> AsyncGenerator[Harbour]:
    """A Discord of which nobody asks what it does not take."""
    made = Harbour()
    async with made.discord.serving():
        yield made
        assert made.discord.rest.refusals == []


@pytest.fixture
def run(tmp_path: Path, harbour: Harbour, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the channels of a state directory, again and again; `settings` are of the account."""
    monkeypatch.setattr("hikari.impl.shard._BACKOFF_WINDOW", 0.0)  # who is disconnected comes again at once
    logging.getLogger("hikari").setLevel(logging.ERROR)
    monkeypatch.setenv("DISCORD_TOKEN", harbour.token)
    state = tmp_path / "state"
    state.mkdir(mode=0o700)

    @asynccontextmanager
    async def running(
        model: Model | Agent | None = None, now: Callable[[], datetime] | None = None, **settings: Any
    ) -> AsyncGenerator[Running]:
        account = {
            "tokenEnv": "DISCORD_TOKEN",
            "api": harbour.discord.url,
            "policy": "open",
            "stream": False,
            **settings,
        }
        (state / "argent.json").write_text(json.dumps({"channels": {"discord": account}}))
        connections = load_connections(state)
        routing = RoutingSettings.load(state)
        supervisor = Supervisor(FileStore(state), model or Echo(), outbox=["discord"], routing=routing, grace=0.5)
        clock = {} if now is None else {"now": now}
        async with supervisor, Channels(supervisor, connections, state, **clock) as channels:
            yield Running(supervisor, channels)

    return running
