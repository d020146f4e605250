"""What systemd is told, and the sockets that it gives."""

import os
import socket
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TypeAlias

import anyio
import pytest

from argentos.errors import InputError
from argentos.gateway.server.systemd import inherited_sockets, keep_watchdog_fed, notify

Told: TypeAlias = Callable[[], str]


@pytest.fixture(params=["a path", "an abstract name"])
def told(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Told]:
    """What systemd heard last."""
    abstract = request.param == "an abstract name"
    if abstract and not hasattr(os, "pidfd_open"):
        address = name = str(tmp_path / "notify")  # macOS has no such names
    else:
        name = f"@argentos-{os.getpid()}-{id(request)}" if abstract else str(tmp_path / "notify")
        address = "\0" + name[1:] if abstract else name
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as hearing:
        hearing.bind(address)
        hearing.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        yield lambda: hearing.recv(1000).decode()


def test_systemd_is_told_in_lines(told: Told) -> None:
    notify("READY=1", "STATUS=serving")
    assert told() == "READY=1\nSTATUS=serving"


def test_nobody_is_told_where_nobody_wants_to_know(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify("READY=1")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    notify("READY=1")  # is logged


@pytest.mark.anyio
async def test_the_watchdog_is_fed_twice_in_its_time(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "20000")
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    with anyio.move_on_after(0.1):
        await keep_watchdog_fed()
    assert [told() for _ in range(3)] == ["WATCHDOG=1"] * 3


@pytest.mark.anyio
@pytest.mark.parametrize(("name", "value"), [("WATCHDOG_USEC", "0"), ("WATCHDOG_USEC", "x"), ("WATCHDOG_PID", "1")])
async def test_a_watchdog_that_is_not_ours_is_not_fed(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "20000")
    monkeypatch.setenv(name, value)
    with anyio.fail_after(5):
        await keep_watchdog_fed()


def test_sockets_of_another_process_are_none_of_ours() -> None:
    assert inherited_sockets({}) == []
    assert inherited_sockets({"LISTEN_PID": "1", "LISTEN_FDS": "1"}) == []


@pytest.mark.parametrize("count", ["", "0", "x", "-1", "1000000"])
def test_a_number_of_sockets_that_is_none_is_refused(count: str) -> None:
    with pytest.raises(InputError, match="LISTEN_FDS"):
        inherited_sockets({"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": count})
