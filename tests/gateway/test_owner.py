"""Commands while another process owns the state directory, and when it comes, goes, hangs or is killed."""

import json
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Generator
from io import StringIO
from pathlib import Path
from typing import TypeAlias

import anyio
import anyio.to_thread
import pytest

from argentos import FileStore, OfflineModel, Supervisor
from argentos.actors.control import socket_file
from argentos.actors.interfaces import SupervisorInterface
from argentos.errors import OwnerGoneError, StoreBusyError, SupervisorStoppedError
from argentos.gateway.owner import open_sessions, with_sessions
from argentos.gateway.settings import Settings
from tests.gateway.shared import Argent, Ask, Fails, Start
from tests.prefork import python

Gateway: TypeAlias = Callable[..., subprocess.Popen[str]]

SUPERVISOR = """
import sys
import anyio
from argentos import FileStore, OfflineModel, ReplayModel, Supervisor

async def main():
    store = FileStore(sys.argv[1])
    model = ReplayModel(live=True) if "silent" in sys.argv else OfflineModel()
    async with Supervisor(store, model, agent=sys.argv[2], grace=0) as supervisor:
        await supervisor.session("theirs").say("Good morning.")
        print("ready", flush=True)
        await anyio.to_thread.run_sync(sys.stdin.readline)

anyio.run(main)
"""


@pytest.fixture
def gateway(state: Path) -> Generator[Gateway]:
    """Start a process that owns the state directory, runs an agent's sessions, and ends when told a line."""
    started: list[subprocess.Popen[str]] = []

    def run(*words: str, agent: str = "main") -> subprocess.Popen[str]:
        process = python(SUPERVISOR, state, agent, *words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    yield run
    for process in started:
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.kill()
        with process:
            pass


@pytest.fixture
def settings(state: Path) -> Settings:
    return Settings(state_dir=state)


async def states(sessions: SupervisorInterface) -> dict[str, str]:
    return {info.id: info.state for info in await sessions.list()}


# An owner that runs ------------------------------------------------------------------------------------------


def test_every_command_asks_the_owner(gateway: Gateway, argent: Argent, ask: Ask) -> None:
    owner = gateway()
    assert argent("sessions", "new", "mine") == (0, "Session mine was made; its state is Created.\n", "")
    assert {each["id"] for each in ask("sessions", "list")} == {"mine", "theirs"}
    assert [each["text"] for each in ask("sessions", "history", "theirs")] == ["Good morning."]
    assert argent("sessions", "clear", "theirs") == (
        0,
        "Session theirs has an empty context; its state is Active.\n",
        "",
    )
    assert argent("sessions", "stop", "theirs") == (
        0,
        "Session theirs was doing nothing, so nothing was stopped.\n",
        "",
    )
    assert ask("sessions", "history", "theirs") == []
    assert argent("sessions", "delete", "mine", "--yes") == (0, "Deleted: mine\n", "")
    assert [each["id"] for each in ask("sessions", "list")] == ["theirs"]
    assert owner.poll() is None


def test_what_the_owner_refuses_is_the_same_sentence(gateway: Gateway, fails: Fails) -> None:
    gateway()
    assert "theirs already" in fails("sessions", "new", "theirs")[1]
    assert "no session nobody" in fails("sessions", "clear", "nobody")[1]
    assert "was not compacted" in fails("sessions", "compact", "theirs")[1]
    assert "session id" in fails("sessions", "new", "a\nb")[1]


def test_a_chat_talks_to_a_session_of_the_owner(
    gateway: Gateway, argent: Argent, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway()
    monkeypatch.setattr("sys.stdin", StringIO("Hello there\n/status\n/compact\n"))
    status, out, err = argent("chat", "theirs")
    assert status == 1
    assert "“Hello there”" in out
    assert out.splitlines()[-1].startswith("Active, 3 messages")
    assert err == (
        "argent: Session theirs was not compacted: there are no messages that a summary would make shorter.\n"
    )
    assert [each["role"] for each in ask("sessions", "history", "theirs")] == ["assistant", "user", "assistant"]


def test_a_turn_is_stopped_from_another_process(gateway: Gateway, settings: Settings, argent: Argent) -> None:
    gateway("silent")

    async def talk() -> list[str]:
        async with open_sessions(settings, talks=True) as sessions:
            turn = await sessions.session("theirs").send("Hello?")
            assert (await anyio.to_thread.run_sync(argent, "sessions", "stop", "theirs"))[0] == 0
            return [text async for text in turn.text()]

    assert anyio.run(talk) == []


def test_another_agents_sessions_can_be_looked_at_but_not_changed(
    gateway: Gateway, ask: Ask, fails: Fails, argent: Argent
) -> None:
    gateway(agent="other")
    assert ask("sessions", "list") == []
    assert ask("sessions", "info", "theirs", "--agent", "other")["messages"] == 1
    _, sentence = fails("sessions", "new", "ada")
    assert "runs 'other', and not 'main'" in sentence
    assert "runs 'other', and not 'main'" in fails("chat")[1]
    assert argent("sessions", "delete", "theirs", "--agent", "other", "--yes")[0] == 0


def test_retention_by_hand_keeps_what_is_at_work(gateway: Gateway, settings: Settings, ask: Ask) -> None:
    gateway("silent")

    async def prepare() -> None:
        async with open_sessions(settings, talks=True) as sessions:
            await sessions.session("quiet").create()
            turn = await sessions.session("at-work").send("Hello?")
            assert turn.attempt == 0

    anyio.run(prepare)
    pruned = ask("sessions", "prune", "--larger-than", "1", "--yes")
    assert {each["id"]: each["deleted"] for each in pruned} == {"theirs": True, "quiet": True}
    assert [each["id"] for each in ask("sessions", "list")] == ["at-work"]


# An owner that comes, goes, hangs or is killed ------------------------------------------------------------------------


def test_when_the_owner_ends_in_order_the_commands_go_on_alone(gateway: Gateway, argent: Argent, ask: Ask) -> None:
    owner = gateway()
    owner.communicate("\n", timeout=20)
    assert owner.returncode == 0
    assert argent("sessions", "clear", "theirs")[0] == 0
    assert len(ask("sessions", "history", "theirs", "--full")) == 1


def test_a_killed_owner_leaves_a_lock_and_a_socket_that_the_next_takes_over(
    gateway: Gateway, argent: Argent, ask: Ask, state: Path
) -> None:
    owner = gateway()
    owner.kill()
    owner.wait(timeout=10)
    assert (state / "control.sock").is_socket()
    assert f"process {owner.pid}" in (state / "lock").read_text()
    assert [each["id"] for each in ask("sessions", "list")] == ["theirs"]
    assert argent("sessions", "new", "mine")[0] == 0
    next_owner = gateway()
    assert f"process {next_owner.pid}" in (state / "lock").read_text()
    assert {each["id"] for each in ask("sessions", "list")} == {"mine", "theirs"}
    assert argent("sessions", "clear", "mine")[0] == 0
    assert next_owner.poll() is None


def test_an_owner_whose_directory_was_replaced_refuses_and_the_next_owner_of_what_stands_there_is_unharmed(
    gateway: Gateway, argent: Argent, ask: Ask, state: Path
) -> None:
    old = gateway()
    moved = state.rename(state.with_name("moved"))
    shutil.copytree(moved, state, ignore=shutil.ignore_patterns("control.sock"))
    new = gateway()
    status, _, err = argent("--state-dir", moved, "sessions", "clear", "theirs")
    assert status == 1
    assert f"{state} was moved, removed or replaced" in err
    assert f"process {old.pid} " in err
    assert argent("sessions", "clear", "theirs")[0] == 0
    old.communicate("\n", timeout=20)
    assert argent("sessions", "new", "mine")[0] == 0
    assert len(ask("sessions", "history", "theirs", "--full")) == 2
    new.communicate("\n", timeout=20)
    assert {each["id"] for each in ask("sessions", "list")} == {"mine", "theirs"}
    assert argent("doctor") == (0, f"Nothing is wrong in {state}.\n", "")


def test_an_owner_that_hangs_is_named_and_reading_goes_on_without_it(
    gateway: Gateway, argent: Argent, fails: Fails, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("argentos.gateway.owner._PATIENCE", 0.2)
    owner = gateway()
    owner.send_signal(signal.SIGSTOP)
    status, sentence = fails("sessions", "clear", "theirs")
    assert status == 1
    assert f"in use by process {owner.pid} " in sentence
    assert "does not answer" in sentence
    status, out, err = argent("sessions", "history", "theirs")
    assert (status, out.count("Good morning.")) == (0, 1)
    assert f"process {owner.pid} " in err
    assert err.count("\n") == 1


def test_an_owner_without_a_socket_is_named_after_a_while(
    gateway: Gateway, fails: Fails, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("argentos.gateway.owner._WAITS", (0.01,))
    owner = gateway()
    (state / "control.sock").unlink()
    _, sentence = fails("sessions", "clear", "theirs")
    assert f"in use by process {owner.pid} " in sentence


def test_an_owner_that_cannot_be_asked_yet_is_waited_for(
    settings: Settings, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: dict[str, str] = {}

    async def run() -> None:
        owned, released = anyio.Event(), anyio.Event()

        async def own() -> None:
            async with FileStore(state):
                owned.set()
                await released.wait()

        def waits() -> Generator[float]:
            released.set()  # the first try has failed
            yield from [0.01] * 500

        monkeypatch.setattr("argentos.gateway.owner._WAITS", waits())
        async with anyio.create_task_group() as group:
            group.start_soon(own)
            await owned.wait()
            async with open_sessions(settings) as sessions:
                await sessions.session("ada").create()
                found.update(await states(sessions))

    anyio.run(run)
    assert found == {"ada": "Created"}


@pytest.mark.usefixtures("ours")
def test_work_that_finds_the_owner_gone_is_done_again(settings: Settings) -> None:
    tries: list[SupervisorInterface] = []

    async def work(sessions: SupervisorInterface) -> str:
        tries.append(sessions)
        if len(tries) < 3:
            raise OwnerGoneError("it has gone")
        return "done"

    assert with_sessions(settings, work) == "done"


@pytest.mark.usefixtures("ours")
def test_work_that_finds_the_owner_gone_again_and_again_fails(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("argentos.gateway.owner._WAITS", (0.01, 0.01))

    async def work(sessions: SupervisorInterface) -> None:
        raise OwnerGoneError(f"it has gone, says {type(sessions).__name__}")

    with pytest.raises(OwnerGoneError, match="it has gone"):
        with_sessions(settings, work)


def test_many_commands_at_once_all_have_their_effect(start: Start, ask: Ask) -> None:
    processes = [start("sessions", "new", f"s{number}") for number in range(8)]
    for process in processes:
        _, err = process.communicate(timeout=40)
        assert (process.returncode, err) == (0, "")
    assert {each["id"] for each in ask("sessions", "list")} == {f"s{number}" for number in range(8)}


def test_a_command_that_meets_one_owner_after_the_other_as_it_ends_tries_for_a_while(settings: Settings) -> None:
    tries: list[int] = []

    async def look(_: SupervisorInterface) -> str:
        tries.append(len(tries))
        if len(tries) < 5:
            raise SupervisorStoppedError("the supervisor is not running; use it inside `async with`")
        return "done"

    assert with_sessions(settings, look, makes=True) == "done"


def test_a_message_is_not_sent_to_a_process_that_only_does_maintenance(
    settings: Settings, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("argentos.gateway.owner._WAITS", (0.01,))

    async def run() -> None:
        async with Supervisor(FileStore(state), OfflineModel(), resume=False):
            async with open_sessions(settings) as sessions:
                assert not isinstance(sessions, Supervisor)
            with pytest.raises(StoreBusyError, match=f"process {os.getpid()}"):
                async with open_sessions(settings, talks=True):
                    pass

    anyio.run(run)


def test_a_socket_without_a_process_is_nobody(state: Path, argent: Argent) -> None:
    state.mkdir()
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(state / socket_file.NAME))
    assert argent("sessions", "new", "ada")[0] == 0
    assert json.loads(argent("sessions", "list", "--json")[1])[0]["id"] == "ada"
