"""Files that somebody names: regular ones, or standard input; nobody waits for a pipe or a device."""

import os
import socket
import threading
from pathlib import Path

import anyio
import pytest

from argentos import FileStore, OfflineModel, Supervisor
from argentos.actors.control import operations
from argentos.actors.control.client import Client
from argentos.errors import InputError, StoreError
from argentos.storage import SessionKey
from tests.gateway.shared import Argent, Fails, Start

KINDS = ["pipe", "/dev/zero", "/dev/tty", "socket", "folder"]


@pytest.fixture(params=KINDS)
def odd(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Something with a name that is no regular file."""
    path = tmp_path / "odd"
    match request.param:
        case "pipe":
            os.mkfifo(path)
        case "socket":
            with socket.socket(socket.AF_UNIX) as made:
                made.bind(str(path))
        case "folder":
            path.mkdir()
        case device:
            path.symlink_to(device)
    return path


COMMANDS = [
    ("sessions", "import"),
    ("restore",),
    ("replay",),
    ("diagram", "draw"),
    ("diagram", "check"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_what_is_no_regular_file_is_refused_at_once(start: Start, odd: Path, command: tuple[str, ...]) -> None:
    process = start(*command, odd)
    out, err = process.communicate(timeout=20)
    assert process.returncode in {1, 2}
    assert (out, err.count("\n")) == ("", 1)
    assert str(odd) in err


@pytest.mark.parametrize("odd", ["pipe", "/dev/zero"], indirect=True)
def test_a_config_that_is_no_regular_file_is_refused_at_once(start: Start, odd: Path, state: Path) -> None:
    state.mkdir(0o700)
    odd.rename(state / "argent.json")
    process = start("sessions", "new", "ada")
    _, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert f"{state / 'argent.json'} cannot be read: it is no regular file" in err


def test_a_transcript_behind_a_link_is_imported(argent: Argent, tmp_path: Path) -> None:
    (tmp_path / "real.json").write_text('[{"role": "user", "content": "hello"}]', encoding="utf-8")
    (tmp_path / "link.json").symlink_to(tmp_path / "real.json")
    assert argent("sessions", "import", tmp_path / "link.json")[0] == 0


def test_the_refusal_of_a_transcript_in_a_pipe_says_how_to_give_it(fails: Fails, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "on standard input, named -" in fails("sessions", "import", tmp_path / "pipe")[1]


def test_an_export_replaces_nothing_but_files(ada: str, fails: Fails, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "it is no regular file" in fails("sessions", "export", ada, "--output", tmp_path / "pipe", "--force")[1]
    assert (tmp_path / "pipe").is_fifo()


@pytest.mark.anyio
async def test_fifty_transcripts_in_pipes_keep_no_thread_of_the_owner_and_not_its_end(
    state: Path, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")
    with anyio.fail_after(20):
        async with Supervisor(FileStore(state), OfflineModel(), count=len) as supervisor, Client(state, 10.0) as client:
            before = threading.active_count()

            async def hand_over(path: str) -> None:
                with pytest.raises(InputError):
                    await client.one(operations.ADOPT, SessionKey("main", "ada"), path=path)

            async with anyio.create_task_group() as group:
                for path in [str(tmp_path / "pipe")] * 45 + ["/dev/zero", "relative", "/a\0b", "", str(tmp_path)]:
                    group.start_soon(hand_over, path)
            assert threading.active_count() < before + 45
            await supervisor.session("ada").ask("hello")
            with pytest.raises((StoreError, InputError)):
                await client.one(operations.BACKUP, SessionKey("main", ""), target=str(tmp_path / "pipe"))
