"""A state directory and the users of the machine: what root does in that of a service, and what others may do."""

import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Callable, Generator
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from tests.gateway.shared import Argent, Record
from tests.prefork import python

Service: TypeAlias = Callable[..., "subprocess.Popen[str]"]

USER = 54321
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may be another user")

SERVICE = f"""
import os, sys
import anyio, sniffio
from argentos import FileStore, OfflineModel, Supervisor
from argentos.gateway import cli
import argentos.gateway.commands.sessions, argentos.gateway.commands.doctor, argentos.actors.control.remote

async def main():
    async with Supervisor(FileStore(sys.argv[1]), OfflineModel(), count=len, outbox=["telegram"]) as supervisor:
        await supervisor.session("theirs").ask("Good morning.")
        print("ready", flush=True)
        await anyio.to_thread.run_sync(sys.stdin.readline)

with anyio.from_thread.start_blocking_portal():  # whose modules root can read
    pass
OfflineModel()
os.setgroups([])
os.setresgid({USER}, {USER}, {USER})
os.setresuid({USER}, {USER}, {USER})
if len(sys.argv) > 2:
    sys.exit(cli.main(["--state-dir", *sys.argv[1:]]))
anyio.run(main)
"""


@pytest.fixture
def state() -> Generator[Path]:
    """The state directory of a service, where its user can reach it."""
    folder = Path(tempfile.mkdtemp(prefix="argentos-test-"))
    folder.chmod(0o755)
    state = folder / "state"
    state.mkdir(0o700)
    os.chown(state, USER, USER)
    yield state
    shutil.rmtree(folder)


@pytest.fixture
def service(state: Path) -> Generator[Service]:
    """Start the service, which owns the directory; or a command as its user."""
    started: list[subprocess.Popen[str]] = []

    def run(*command: str) -> "subprocess.Popen[str]":
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        process = python(SERVICE, state, *command, **pipes)
        started.append(process)
        if not command:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        return process

    yield run
    for process in started:
        with process:
            process.kill()


def ended(process: "subprocess.Popen[str]") -> str:
    out, _ = process.communicate("\n", timeout=30)
    assert process.returncode == 0, out
    return out


def entries(state: Path) -> dict[str, os.stat_result]:
    """Everything in a directory that others may be writing in: what has gone meanwhile is left out."""
    found = dict[str, os.stat_result]()
    for each in (state, *state.rglob("*")):
        with suppress(FileNotFoundError):
            found[str(each)] = each.lstat()
    return found


def strangers(state: Path) -> list[str]:
    """What is not the service's."""
    return sorted(path for path, status in entries(state).items() if status.st_uid != USER)


def open_to_others(state: Path) -> list[str]:
    return sorted(path for path, status in entries(state).items() if stat.S_IMODE(status.st_mode) & 0o077)


@as_root
@pytest.mark.parametrize("end", ["in order", "killed"])
def test_what_root_does_in_the_directory_of_a_service_leaves_it_the_services(
    service: Service, argent: Argent, record: Record, state: Path, end: str
) -> None:
    first = service()
    if end == "killed":
        first.kill()
        first.wait()
    else:
        ended(first)
    source = record({"text": "Hello", "at": "2020-02-03T10:00:00Z"})
    for command in (
        ("sessions", "clear", "theirs"),
        ("sessions", "new", "another", "--agent", "other"),
        ("sessions", "import", source),
        ("sessions", "compact", "theirs"),
        ("doctor", "--repair"),
    ):
        argent(*command)
        assert strangers(state) == []
    assert ended(service()) == ""
    assert "theirs" in ended(service("sessions", "list"))
    assert strangers(state) == []
    assert open_to_others(state) == []


@as_root
def test_a_supervisor_of_roots_in_the_directory_of_a_service_can_be_asked_by_the_service(
    service: Service, state: Path, start: Callable[..., "subprocess.Popen[str]"]
) -> None:
    ended(service())
    owner = start("chat", "mine")
    assert owner.stdin is not None
    assert owner.stdout is not None
    owner.stdin.write("Hello there\n")
    owner.stdin.flush()
    owner.stdout.readline()
    # What is being written becomes the service's before it has its name.
    assert [each for each in strangers(state) if not each.endswith(".new")] == []
    assert "mine" in ended(service("sessions", "list"))
    owner.communicate(timeout=30)
    assert strangers(state) == []
    assert ended(service()) == ""


@as_root
def test_root_restores_into_the_empty_directory_of_a_service_as_the_services(
    service: Service, argent: Argent, state: Path, tmp_path: Path
) -> None:
    ended(service())
    assert argent("backup", tmp_path / "saved")[0] == 0
    assert (tmp_path / "saved").stat().st_uid == 0
    shutil.rmtree(state)
    state.mkdir(0o700)
    os.chown(state, USER, USER)
    assert argent("restore", tmp_path / "saved")[0] == 0
    assert strangers(state) == []
    assert "theirs" in ended(service("sessions", "list"))


@as_root
def test_doctor_gives_back_to_a_service_what_root_made_in_its_directory(
    service: Service, argent: Argent, state: Path
) -> None:
    ended(service())
    taken = [each for each in state.rglob("*") if each.name in {"lock", "history.json", "main"}]
    for each in taken:
        os.chown(each, 0, 0)
    status, out, _ = argent("doctor")
    assert status == 1
    assert out.count(f"it belongs to user 0, the state directory to user {USER}") == len(taken) == 3
    assert argent("doctor", "--repair")[0] == 0
    assert strangers(state) == []


# Others ------------------------------------------------------------------------------------------------------


@pytest.fixture
def own(state: Path, argent: Argent) -> Path:
    """A state directory of this user's."""
    os.chown(state, os.geteuid(), os.getegid())
    assert argent("sessions", "new", "mine")[0] == 0
    return state


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o707, 0o777])
def test_a_directory_that_is_open_to_others_is_told_of_once_and_closed_to_them(
    own: Path, argent: Argent, mode: int
) -> None:
    assert argent("pairing", "approve", "telegram:123")[0] == 0
    assert argent("gateway", "token", "new", "phone")[0] == 0
    own.chmod(mode)
    status, _, err = argent("sessions", "clear", "mine")
    assert status == 0
    assert f"{own} is open to others (mode {mode:03o}); from now on" in err
    assert err.count("\n") == 1
    assert stat.S_IMODE(own.stat().st_mode) == 0o700
    assert argent("sessions", "clear", "mine")[2] == ""
    assert open_to_others(own) == []


def test_a_directory_with_other_things_in_it_is_told_of_and_left_open(own: Path, argent: Argent) -> None:
    (own / "photos").mkdir(mode=0o755)
    own.chmod(0o755)
    for _ in range(2):
        status, _, err = argent("sessions", "clear", "mine")
        assert status == 0
        assert f"{own} is open to others (mode 755) and holds other things, as 'photos'" in err
    assert stat.S_IMODE(own.stat().st_mode) == 0o755


@as_root
def test_a_directory_of_another_user_that_is_open_to_all_is_told_of(service: Service, state: Path) -> None:
    os.chown(state, 0, 0)
    state.chmod(0o777)
    told = ended(service("sessions", "new", "mine"))
    assert f"{state} is open to others (mode 777) and belongs to user 0" in told
    assert stat.S_IMODE(state.stat().st_mode) == 0o777


@as_root
@pytest.mark.parametrize(
    "command", ["sessions list", "sessions export", "sessions clear mine", "sessions new x", "doctor"]
)
def test_who_may_not_look_into_a_directory_is_told_whose_it_is(service: Service, own: Path, command: str) -> None:
    process = service(*command.split(), "--json")
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert f"argent: {own} cannot be read: Permission denied; it belongs to root, so use argent as that user\n" in out
    assert "output" not in out
