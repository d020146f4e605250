"""A disk that does not answer: a supervisor ends all the same, and so does its process."""

import asyncio
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TypeAlias

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest

from argentos import FileStore, ReplayModel, Supervisor
from argentos.errors import StoreBusyError, SupervisorStoppedError
from argentos.storage.files import session_files

pytestmark = pytest.mark.anyio

Running: TypeAlias = Callable[..., AbstractAsyncContextManager[Supervisor]]
PATIENCE = 0.05


class Hanging:
    """A function of `os` that hangs, from some moment on, until it is let go."""

    def __init__(self, function: Callable[..., object]) -> None:
        self._function = function
        self._opened = threading.Event()
        self._opened.set()
        self.hangs = threading.Event()

    def hang(self) -> None:
        self._opened.clear()

    def let_go(self) -> None:
        self._opened.set()

    def __call__(self, *arguments: object) -> object:
        if not self._opened.is_set():
            self.hangs.set()
        self._opened.wait()
        return self._function(*arguments)


def hanging(monkeypatch: pytest.MonkeyPatch, name: str) -> Generator[Hanging]:
    function = Hanging(getattr(os, name))
    monkeypatch.setattr(os, name, function)
    yield function
    function.let_go()


@pytest.fixture
def fdatasync(monkeypatch: pytest.MonkeyPatch) -> Generator[Hanging]:
    yield from hanging(monkeypatch, "fdatasync")


@pytest.fixture
def fsync(monkeypatch: pytest.MonkeyPatch) -> Generator[Hanging]:
    yield from hanging(monkeypatch, "fsync")


async def unlocked(path: Path) -> FileStore:
    """The store, once nobody has it any more."""
    with anyio.fail_after(5):
        while True:
            try:
                async with (store := FileStore(path)):
                    return store
            except StoreBusyError:
                await anyio.lowlevel.checkpoint()


async def test_a_supervisor_ends_though_the_journal_hangs_and_whoever_waits_is_told(
    running: Running, tmp_path: Path, fdatasync: Hanging, caplog: pytest.LogCaptureFixture
) -> None:
    refused: list[Exception] = []

    async def send() -> None:
        try:
            await supervisor.session("maren").send("And now?")
        except SupervisorStoppedError as error:
            refused.append(error)

    async with anyio.create_task_group() as group:
        store = FileStore(tmp_path, patience=PATIENCE)
        async with running(ReplayModel(["Yes."]), on=store, patience=PATIENCE) as supervisor:
            await supervisor.session("maren").ask("Hello?", message_id="m-1")
            fdatasync.hang()
            group.start_soon(send)
            await anyio.to_thread.run_sync(fdatasync.hangs.wait)
    (error,) = refused
    assert "send it again with the same id" in str(error)
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.CRITICAL]
    assert any("the store has not taken everything" in each for each in told)
    assert any("the disk does not answer: Journal.write" in each for each in told)
    with pytest.raises(StoreBusyError):  # what hangs may still be written
        await FileStore(tmp_path).__aenter__()
    fdatasync.let_go()
    await unlocked(tmp_path)
    async with running(on=FileStore(tmp_path)) as supervisor:
        kept = await supervisor.session("maren").history()
        assert [message.text for message in kept[:2]] == ["Hello?", "Yes."]


async def test_a_supervisor_ends_though_files_cannot_be_written(
    running: Running, tmp_path: Path, fsync: Hanging, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(ReplayModel(["Yes."]), on=FileStore(tmp_path, patience=PATIENCE)) as supervisor:
        await supervisor.session("maren").ask("Hello?")
        fsync.hang()
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.CRITICAL]
    assert any("what was acknowledged is in the journal" in each for each in told)
    fsync.let_go()
    await unlocked(tmp_path)
    async with running(on=FileStore(tmp_path)) as supervisor:
        assert (await supervisor.session("maren").info()).messages == 2


async def test_a_supervisor_ends_though_a_deletion_hangs(running: Running, tmp_path: Path, fdatasync: Hanging) -> None:
    refused: list[Exception] = []

    async def delete() -> None:
        try:
            await supervisor.session("maren").delete()
        except SupervisorStoppedError as error:
            refused.append(error)

    async with anyio.create_task_group() as group:
        store = FileStore(tmp_path, patience=PATIENCE)
        async with running(ReplayModel(["Yes."]), on=store, patience=PATIENCE) as supervisor:
            await supervisor.session("maren").ask("Hello?")
            fdatasync.hang()
            group.start_soon(delete)
            await anyio.to_thread.run_sync(fdatasync.hangs.wait)
    assert len(refused) == 1
    fdatasync.let_go()
    await unlocked(tmp_path)


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_host_that_is_cancelled_ends_though_a_read_hangs(
    running: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(ReplayModel(["Yes."]), on=FileStore(tmp_path)) as supervisor:
        await supervisor.session("maren").ask("Hello?")
    reading = Hanging(session_files.read_stored)
    monkeypatch.setattr(session_files, "read_stored", reading)
    reading.hang()

    async def host() -> None:
        store = FileStore(tmp_path, patience=PATIENCE)
        async with running(ReplayModel(["Yes."]), on=store, patience=PATIENCE) as supervisor:
            await supervisor.session("maren").ask("And now?")

    task = asyncio.ensure_future(host())
    await anyio.to_thread.run_sync(reading.hangs.wait)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    reading.let_go()
    await unlocked(tmp_path)


PROGRAM = """
import logging, os, sys, threading
import anyio
from argentos import FileStore, OfflineModel, Supervisor

async def main():
    async with Supervisor(FileStore(sys.argv[1], patience=0.1), OfflineModel(), grace=0, patience=0.1) as supervisor:
        await supervisor.session("maren").ask("Hello?", message_id="m-1")
        os.{name} = lambda *_: threading.Event().wait()
        await supervisor.session("maren").send("And now?") if "{name}" == "fsync" else None
    print("ended")

anyio.run(main, backend=sys.argv[2])
print("over", flush=True)
"""


@pytest.mark.parametrize("name", ["fdatasync", "fsync"])
def test_a_process_ends_though_a_thread_of_it_hangs_in_the_disk(
    tmp_path: Path, name: str, anyio_backend_name: str
) -> None:
    program = PROGRAM.format(name=name)
    command = [sys.executable, "-c", program, str(tmp_path), anyio_backend_name]
    ran = subprocess.run(  # noqa: S603 - ourselves
        command, capture_output=True, text=True, timeout=30, check=False
    )
    assert (ran.returncode, ran.stdout.split()) == (0, ["ended", "over"]), ran.stderr
    assert "the disk does not answer" in ran.stderr


async def test_the_health_tells_of_a_disk_that_does_not_answer_until_it_does(
    running: Running, tmp_path: Path, fdatasync: Hanging
) -> None:
    async with running(ReplayModel(["Yes."]), on=FileStore(tmp_path, patience=PATIENCE)) as supervisor:
        await supervisor.session("maren").ask("Hello?")
        assert supervisor.health().is_well
        fdatasync.hang()
        async with anyio.create_task_group() as group:
            group.start_soon(supervisor.session("maren").send, "And now?")
            with anyio.fail_after(5):
                while supervisor.health().is_well:
                    await anyio.lowlevel.checkpoint()
            assert "has not answered for 0 s" in supervisor.health().store
            fdatasync.let_go()
        assert supervisor.health().is_well
