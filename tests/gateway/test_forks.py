"""Processes that the owner of a state directory forks: they hold nothing of it, and write nothing to it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.gateway.shared import Argent, Ask, Fails
from tests.prefork import python

Fork: TypeAlias = Callable[[str], tuple[subprocess.Popen[str], int]]

OWNER = """
import ctypes, multiprocessing, os, subprocess, sys, time
import anyio
from argentos import FileStore, OfflineModel, Supervisor

def sleep():
    time.sleep(60)

def multiprocessed():
    child = multiprocessing.get_context("fork").Process(target=sleep, daemon=True)
    child.start()
    return child.pid

def forked():
    child = os.fork()
    if not child:
        sleep()
    return child

def started():
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], close_fds=False).pid

def forked_unheard():
    child = ctypes.CDLL(None).fork()
    if not child:
        ctypes.CDLL(None).sleep(60)
    return child

async def main():
    async with Supervisor(FileStore(sys.argv[1]), OfflineModel()) as supervisor:
        await supervisor.session("theirs").say("Good morning.")
        print(globals()[sys.argv[2]](), flush=True)
        await anyio.to_thread.run_sync(sys.stdin.readline)

anyio.run(main, backend=sys.argv[3])
"""

USER = """
import multiprocessing, os, sys
import anyio
from argentos import FileStore, OfflineModel, Supervisor
from argentos.errors import ArgentError
from argentos.storage import SessionKey

KEY = SessionKey("main", "theirs")

async def use(store, supervisor):
    async def listen():
        async with supervisor.events() as events:
            pass

    async def enter(it):
        async with it:
            pass

    session = supervisor.session("theirs")
    calls = {
        "ask": lambda: session.ask("hello"), "say": lambda: session.say("hello"), "create": session.create,
        "clear": session.clear, "stop": session.stop, "delete": session.delete, "info": session.info,
        "history": session.history, "list": supervisor.list, "events": listen,
        "load": lambda: store.load(KEY), "store.list": lambda: store.list("main"),
        "store.delete": lambda: store.delete(KEY), "store.size": lambda: store.size(KEY),
        "enter": lambda: enter(supervisor), "store.enter": lambda: enter(store),
    }
    for name, call in calls.items():
        try:
            with anyio.fail_after(5):
                await call()
        except ArgentError as error:
            print(name, "refused" if f"process {os.getppid()}" in str(error) else error, flush=True)
        except BaseException as error:
            print(name, repr(error), flush=True)
        else:
            print(name, "done", flush=True)

def in_child(store, supervisor, backend):
    anyio.run(use, store, supervisor, backend=backend)

def fork(*arguments):
    child = multiprocessing.get_context("fork").Process(target=in_child, args=arguments)
    child.start()
    child.join()

async def main():
    store = FileStore(sys.argv[1])
    supervisor = Supervisor(store, OfflineModel())
    async with supervisor:
        await supervisor.session("theirs").say("Good morning.")
        await anyio.to_thread.run_sync(fork, store, supervisor, sys.argv[2])
        await supervisor.session("theirs").say("Good evening.")

anyio.run(main, backend=sys.argv[2])
"""

LEAVER = """
import os, sys, time
import anyio
from argentos import FileStore, OfflineModel, Supervisor

def tell(state):
    return sorted((str(each), each.lstat().st_ino, each.lstat().st_mtime_ns) for each in state.rglob("*"))

async def main():
    state = anyio.Path(sys.argv[1])._path
    async with Supervisor(FileStore(state), OfflineModel(), patience=1, grace=0) as supervisor:
        await supervisor.session("theirs").say("Good morning.")
        await anyio.sleep(0.2)
        before = tell(state)
        child = os.fork()
        if not child:
            sys.stdout = sys.stderr = open(os.devnull, "w")
            raise SystemExit
        os.waitpid(child, 0)
        assert tell(state) == before, ("the child has changed something", set(tell(state)) ^ set(before))
        print("unharmed", flush=True)
        os._exit(0)

anyio.run(main)
"""


@pytest.fixture(params=["asyncio", "trio"])
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def fork(state: Path, backend: str) -> Generator[Fork]:
    """Start an owner that forks a child; gives the owner, and the child's process."""
    children: list[int] = []
    owners: list[subprocess.Popen[str]] = []

    def run(how: str) -> tuple[subprocess.Popen[str], int]:
        owner = python(OWNER, state, how, backend, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        owners.append(owner)
        assert owner.stdout is not None
        children.append(int(owner.stdout.readline()))
        return owner, children[-1]

    yield run
    for child in children:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    for owner in owners:
        with owner:
            owner.kill()


def run(script: str, *arguments: str | Path) -> str:
    command = [sys.executable, "-W", "ignore", "-c", script, *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=60, check=True)  # noqa: S603 - our own
    return done.stdout


@pytest.mark.parametrize("how", ["multiprocessed", "forked", "started"])
def test_a_directory_can_be_opened_when_its_owner_was_killed_though_a_child_of_it_lives(
    fork: Fork, how: str, argent: Argent, ask: Ask
) -> None:
    owner, child = fork(how)
    owner.kill()
    owner.wait()
    os.kill(child, 0)
    begun = time.monotonic()
    assert argent("sessions", "new", "mine")[0] == 0
    assert time.monotonic() - begun < 5
    assert {each["id"] for each in ask("sessions", "list")} == {"mine", "theirs"}
    os.kill(child, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="it is found in /proc")
def test_the_process_that_really_holds_the_lock_of_an_owner_that_was_killed_is_named(
    fork: Fork, fails: Fails, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("argentos.gateway.owner._WAITS", ())
    monkeypatch.setattr("argentos.gateway.owner._PATIENCE", 0.5)
    owner, child = fork("forked_unheard")
    owner.kill()
    owner.wait()
    _, sentence = fails("sessions", "new", "mine")
    assert f"in use by process {child} (" in sentence


def test_a_command_hears_at_once_that_the_owner_was_killed_though_a_child_lives(
    fork: Fork, argent: Argent, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("argentos.gateway.owner._PATIENCE", 60.0)
    owner, _ = fork("forked")
    owner.kill()
    owner.wait()
    assert (state / "control.sock").is_socket()
    begun = time.monotonic()
    assert argent("sessions", "info", "theirs")[0] == 0
    assert time.monotonic() - begun < 30


def test_a_forked_child_is_refused_whatever_it_does_with_what_it_inherited(state: Path, backend: str, ask: Ask) -> None:
    told = run(USER, state, backend).splitlines()
    assert [line for line in told if not line.endswith(" refused")] == []
    assert len(told) == 16
    assert [each["text"] for each in ask("sessions", "history", "theirs")] == ["Good morning.", "Good evening."]


def test_a_forked_child_that_leaves_what_it_inherited_changes_nothing(state: Path, ask: Ask) -> None:
    assert run(LEAVER, state) == "unharmed\n"
    assert [each["text"] for each in ask("sessions", "history", "theirs")] == ["Good morning."]
