"""Accounts on platforms over HTTP: how each stands, and what is owed to it."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx2 as httpx
import pytest

from argentos.gateway.access.guard import Access
from argentos.gateway.api.application import Gateway
from argentos.gateway.channels.local.telegram.faults import Fault
from argentos.gateway.channels.local.telegram.server import LocalTelegram
from argentos.gateway.channels.local.telegram.world import Bot
from tests.gateway.channels.conftest import Run, Running
from tests.gateway.channels.shared import shown, until

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def asking(
    running: Running, folder: Path, owner: str | None = None
) -> AsyncGenerator[Callable[..., Awaitable[httpx.Response]]]:
    """Ask the API of a gateway that is connected to platforms."""
    access = Access(folder)
    async with Gateway(running.supervisor, access, statuses=running.channels.statuses) as gateway:
        token = access.tokens.new("tests", owner=owner)
        transport = httpx.ASGITransport(gateway.application())
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers) as client:

            async def ask(path: str, body: Any = None) -> httpx.Response:
                return await client.request("GET" if body is None else "POST", f"/api/v1/{path}", json=body)

            yield ask


async def test_each_account_tells_how_it_stands(telegram: LocalTelegram, bot: Bot, run: Run, tmp_path: Path) -> None:
    async with run() as running, asking(running, tmp_path) as ask:
        telegram.write(bot, 7, "Hello!")
        await until(lambda: shown(telegram, 7))
        await until(lambda: running.channels.statuses.now()[0].delivered)
        (account,) = (await ask("channels")).json()["accounts"]
        told = {name: account[name] for name in ("channel", "account", "state", "name", "received", "delivered")}
        assert told == {
            "channel": "telegram",
            "account": None,
            "state": "connected",
            "name": "@harbour_bot",
            "received": 1,
            "delivered": 1,
        }
        assert (await ask("outbox")).json() == {"messages": []}


async def test_a_reply_that_can_never_be_delivered_stands_in_the_outbox(
    telegram: LocalTelegram, bot: Bot, run: Run, tmp_path: Path
) -> None:
    async with run() as running, asking(running, tmp_path) as ask:
        telegram.write(bot, 7, "Hello!")
        telegram.chat(7).is_closed = True
        await until(lambda: running.channels.statuses.now()[0].dropped)
        (lost,) = (await ask("outbox")).json()["messages"]
        assert (lost["session"], lost["channel"], lost["isFinal"]) == ("telegram:7", "telegram", True)
        assert "blocked by the user" in lost["failure"]
        (account,) = (await ask("channels")).json()["accounts"]
        assert account["dropped"] == 1


async def test_what_waits_is_given_up_and_not_delivered_any_more(
    telegram: LocalTelegram, bot: Bot, run: Run, tmp_path: Path
) -> None:
    async with run() as running, asking(running, tmp_path) as ask:
        await until(lambda: running.channels.statuses.now()[0].state == "connected")
        telegram.faults.plan(Fault("sendMessage", 429, "Too Many Requests: retry after 300", retry_after=300))
        telegram.write(bot, 7, "Hello!")
        waiting: list[dict[str, Any]] = []
        with anyio.fail_after(20):
            while not any(each["failure"] for each in waiting):
                waiting = (await ask("outbox")).json()["messages"]
        (owed,) = waiting
        body = {"session": owed["session"], "number": owed["number"]}
        assert (await ask("outbox/drop", body)).status_code == 204
        (given_up,) = (await ask("outbox")).json()["messages"]
        assert (given_up["isFinal"], given_up["failure"]) == (True, "tests has given it up")
        assert (await ask("outbox/drop", body)).json()["code"] == "message_not_found"
        telegram.write(bot, 7, "And now?")
        await until(lambda: shown(telegram, 7) == ["You said: And now?"])


async def test_a_token_that_is_bound_to_an_owner_sees_neither(run: Run, tmp_path: Path) -> None:
    async with run() as running, asking(running, tmp_path, "ada") as ask:
        for path in ("channels", "outbox"):
            refused: Any = (await ask(path)).json()
            assert (refused["status"], refused["code"]) == (403, "scope_missing")
