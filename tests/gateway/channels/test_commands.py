"""`argent channels`: how the accounts stand, beside a gateway and without one, and whether a platform knows them."""

import json
import os
import stat
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest
from anyio.from_thread import start_blocking_portal

from argentos.gateway.channels.local.telegram.server import LocalTelegram
from argentos.gateway.channels.reporting import reported
from argentos.gateway.cli import main
from argentos.gateway.server.running import Running, announced
from tests.gateway.channels.conftest import TOKEN, Run
from tests.gateway.channels.shared import until
from tests.gateway.shared import Argent, Fails


@pytest.fixture
def elsewhere() -> Generator[LocalTelegram]:
    """A local Telegram in a thread of its own, which knows one bot."""
    with start_blocking_portal() as portal:
        server = LocalTelegram()
        with portal.wrap_async_context_manager(server):
            server.world.new_bot(TOKEN, "harbour_bot")
            yield server


@pytest.fixture
def settle(ours: Path, elsewhere: LocalTelegram, monkeypatch: pytest.MonkeyPatch) -> None:
    """An account that is well, and one whose token nobody knows."""
    monkeypatch.setenv("TELEGRAM_TOKEN", TOKEN)
    monkeypatch.setenv("SALES_TOKEN", "43:abcdefghijklmnopqrstuvwxyz0123456789")
    accounts = {"sales": {"tokenEnv": "SALES_TOKEN"}}
    telegram: dict[str, Any] = {"tokenEnv": "TELEGRAM_TOKEN", "api": elsewhere.url, "accounts": accounts}
    (ours / "argent.json").write_text(json.dumps({"channels": {"telegram": telegram}}), encoding="utf-8")


@pytest.mark.usefixtures("ours")
def test_without_accounts_there_is_nothing_to_show_or_to_try(argent: Argent, fails: Fails) -> None:
    assert argent("channels", "status") == (
        0,
        "argent.json has no account with a token; docs/channels.md says how one is connected.\n",
        "",
    )
    assert fails("channels", "test")[1] == (
        "argent.json has no account with a token; docs/channels.md says how one is connected"
    )


@pytest.mark.usefixtures("settle")
def test_a_test_says_who_we_are_or_what_is_wrong_and_sends_nothing(argent: Argent, elsewhere: LocalTelegram) -> None:
    asked: set[str] = set()

    def watch(method: str, _chat: int, _moment: str) -> bool:
        asked.add(method)
        return True

    elsewhere.watch = watch
    status, out, err = argent("channels", "test")
    well, failing = out.splitlines()
    assert (status, well, err) == (1, "telegram: is known as @harbour_bot", "")
    assert failing.startswith("telegram@sales: ")
    assert "token" in failing
    assert "abcdefghij" not in out
    assert argent("channels", "test", "telegram")[0] == 0
    tried = json.loads(argent("--json", "channels", "test", "telegram")[1])
    assert tried == [{"channel": "telegram", "account": None, "name": "@harbour_bot", "trouble": ""}]
    assert asked == {"deleteWebhook", "getMe"}


@pytest.mark.usefixtures("settle")
def test_a_test_of_an_account_that_is_not_there_names_those_that_are(fails: Fails) -> None:
    assert fails("channels", "test", "discord") == (
        1,
        "argent.json has no account 'discord' with a token; those it has are telegram, telegram@sales",
    )


@pytest.mark.usefixtures("settle")
def test_without_a_gateway_no_account_is_running(argent: Argent) -> None:
    status, out, _ = argent("channels", "status")
    heading, *rows = out.splitlines()
    assert (status, heading.split()[:3]) == (1, ["ACCOUNT", "NAME", "STATE"])
    assert [row.split() for row in rows] == [
        ["telegram", "not", "running", "0", "0"],
        ["telegram@sales", "not", "running", "0", "0"],
    ]


@pytest.mark.anyio
async def test_beside_a_gateway_each_account_tells_how_it_stands(
    run: Run, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def show() -> tuple[int, str]:
        return main(["--state-dir", str(state), "channels", "status"]), capsys.readouterr().out

    now = datetime.now(UTC)
    gateway = Running(process=os.getpid(), url="", public_url="", version="", agents=(), started_at=now)
    async with run() as running, reported(running.channels.statuses, state):
        await until(lambda: running.channels.statuses.now()[0].state == "connected")
        with announced(state, gateway):
            await until((state / "gateway" / "channels.json").exists)
            status, found = 1, ""
            with anyio.move_on_after(10):
                while "connected" not in found:
                    status, found = await anyio.to_thread.run_sync(show)
            assert (status, found.splitlines()[1].split()[:3]) == (0, ["telegram", "@harbour_bot", "connected"])
            assert stat.S_IMODE((state / "gateway" / "channels.json").stat().st_mode) == 0o600
    assert not (state / "gateway" / "channels.json").exists()
