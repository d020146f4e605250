"""`argent backup` and `argent restore`, also while another process owns the state directory."""

import gzip
import json
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest

from argentos import FileStore, OfflineModel, Supervisor
from argentos.gateway.cli import main
from tests.gateway.shared import Argent, Ask, Fails

BUSY = """
import sys
import anyio
from argentos import FileStore, OfflineModel, Supervisor

# Every message has a number; `sent` and `acknowledged` are told as they happen, one line each.
async def main():
    numbers = iter(range(10**9))
    async with Supervisor(FileStore(sys.argv[1], segment_size=1 << 18), OfflineModel(), grace=0) as supervisor:
        async def talk(number):
            session = supervisor.session(f"s-{number}")
            while True:
                k = next(numbers)
                print("sent", k, flush=True)
                await session.say(f"<{k}>" + "x" * 500)
                print("acknowledged", k, flush=True)
                if k % 50 == 0:
                    await session.clear()
        async def listen(group):
            await anyio.to_thread.run_sync(sys.stdin.readline)
            group.cancel_scope.cancel()
        async with anyio.create_task_group() as group:
            for number in range(8):
                group.start_soon(talk, number)
            group.start_soon(listen, group)

anyio.run(main)
"""


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    return tmp_path / "saved"


def restore(backup: Path, target: Path) -> int:
    return main(["--state-dir", str(target), "restore", str(backup)])


def told(line: str) -> tuple[str, int]:
    word, number = line.split()
    return word, int(number)


async def numbers(state: Path) -> set[int]:
    """Those of all messages."""
    found: set[int] = set()
    async with Supervisor(FileStore(state), OfflineModel(), resume=False) as supervisor:
        for info in await supervisor.list():
            texts = [each.text for each in await supervisor.session(info.id).history(full=True)]
            found |= {int(match[1]) for text in texts if (match := re.match(r"<(\d+)>", text))}
    return found


def test_a_backup_asked_of_an_owner_under_load_is_a_state_that_existed(
    state: Path, argent: Argent, tmp_path: Path
) -> None:
    with subprocess.Popen(  # noqa: S603 - our own
        [sys.executable, "-c", BUSY, str(state)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdin is not None
        assert owner.stdout is not None
        log = [told(owner.stdout.readline()) for _ in range(400)]
        for number in range(3):
            log += [told(owner.stdout.readline()) for _ in range(200)]
            assert argent("backup", tmp_path / f"{number}")[::2] == (0, "")
        owner.stdin.close()
        log += map(told, owner.stdout)  # `communicate` would lose the lines that `readline` has in its buffer
    begins = 600
    sent = {k for word, k in log if word == "sent"}
    for number in range(3):
        restored = tmp_path / f"restored-{number}"
        assert restore(tmp_path / f"{number}", restored) == 0
        found = anyio.run(numbers, restored)
        assert found <= sent  # acknowledged or not: the owner was stopped with messages on their way
        acknowledged = set[int]()
        for at, (word, k) in enumerate(log):
            if word == "acknowledged":
                acknowledged.add(k)
                assert k in found or at >= begins  # else it was read before the backup was asked for
            elif k in found:
                assert acknowledged <= found
        begins += 200
        assert main(["--state-dir", str(restored), "doctor"]) == 0


def test_a_backup_says_how_large_it_is_and_is_restored_elsewhere(
    state: Path, argent: Argent, ask: Ask, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved = tmp_path / "saved"
    argent("sessions", "new", "mine")
    argent("--agent", "other", "sessions", "new", "theirs")
    status, out, err = argent("backup", saved)
    assert (status, err) == (0, "")
    assert re.fullmatch(rf"Saved {re.escape(str(state))} to {re.escape(str(saved))} \([\d.]+K?\)\.\n", out)
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert ask("backup", tmp_path / "second") == {
        "file": str(tmp_path / "second"),
        "bytes": (tmp_path / "second").stat().st_size,
    }
    restored = tmp_path / "restored"
    assert restore(saved, restored) == 0
    assert re.match(
        r"Restored into .*restored as it was on 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC\.", capsys.readouterr().out
    )
    for agent, name in (("main", "mine"), ("other", "theirs")):
        assert main(["--state-dir", str(restored), "--json", "--agent", agent, "sessions", "list"]) == 0
        assert [each["id"] for each in json.loads(capsys.readouterr().out)] == [name]


def test_a_restore_tells_programs_of_when_the_state_is(
    argent: Argent, saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    argent("sessions", "new", "mine")
    argent("backup", saved)
    assert main(["--state-dir", str(tmp_path / "restored"), "--json", "restore", str(saved)]) == 0
    assert json.loads(capsys.readouterr().out)["createdAt"].endswith("Z")


def test_a_backup_of_a_directory_that_is_not_there_is_refused_and_makes_none(
    fails: Fails, state: Path, saved: Path
) -> None:
    status, sentence = fails("backup", saved)
    assert (status, sentence) == (1, f"there is no state directory {state}; name another with --state-dir")
    assert not state.exists()
    assert not saved.exists()


@pytest.mark.parametrize("where", ["here", "in the owner"])
def test_a_backup_that_cannot_be_written_is_one_sentence(
    argent: Argent, fails: Fails, state: Path, tmp_path: Path, where: str
) -> None:
    saved = tmp_path / "saved"
    argent("sessions", "new", "mine")
    saved.write_text("mine")

    def refused() -> None:
        assert "File exists" in fails("backup", saved)[1]
        assert "No such file" in fails("backup", tmp_path / "nowhere" / "saved")[1]

    async def beside_owner() -> None:
        async with Supervisor(FileStore(state), OfflineModel()):
            await anyio.to_thread.run_sync(refused)

    anyio.run(beside_owner) if where == "in the owner" else refused()
    assert saved.read_text() == "mine"
    assert {path.name for path in tmp_path.iterdir()} <= {"saved", "state", "home"}


def test_a_relative_name_is_that_of_the_one_who_asks(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        async with Supervisor(FileStore(state), OfflineModel()) as supervisor:
            await supervisor.session("a").say("hello")
            monkeypatch.chdir(tmp_path)
            async with Supervisor.connect(state, patience=5.0) as owner:
                size = await owner.backup(Path("saved"))
            assert (tmp_path / "saved").stat().st_size == size

    anyio.run(run)


HOSTILE = [b"", b"hello", gzip.compress(b"hello" * 500, mtime=0), gzip.compress(bytes(20_000), mtime=0)]


@pytest.mark.parametrize("data", HOSTILE)
def test_what_is_no_backup_is_one_sentence(fails: Fails, state: Path, saved: Path, data: bytes) -> None:
    saved.write_bytes(data)
    status, sentence = fails("restore", saved)
    assert status == 1
    assert str(saved) in sentence
    assert "backup" in sentence
    assert not state.exists()


def test_what_cannot_be_read_is_one_sentence(fails: Fails, state: Path, saved: Path) -> None:
    assert fails("restore", saved) == (1, f"{saved}: No such file or directory; nothing was restored")
    saved.mkdir()
    assert fails("restore", saved) == (1, f"{saved}: Is a directory; nothing was restored")
    assert not state.exists()


def test_nothing_is_restored_over_a_state_directory(argent: Argent, fails: Fails, saved: Path) -> None:
    argent("sessions", "new", "mine")
    argent("backup", saved)
    assert "is not empty; restore into a new directory" in fails("restore", saved)[1]


def test_an_interrupted_restore_is_repeated(
    argent: Argent, start: Any, state: Path, saved: Path, tmp_path: Path
) -> None:
    argent("sessions", "new", "mine")
    argent("backup", saved)
    state.rename(tmp_path / "before")
    script = (
        "import os, signal; from argentos.storage import backup; from argentos.gateway.cli import run;"
        "backup._flush = lambda _: os.kill(os.getpid(), signal.SIGKILL); run()"
    )
    process = start("restore", saved, python=("-c", script))
    assert process.wait(30) == -signal.SIGKILL
    assert not state.exists()
    assert argent("restore", saved)[0] == 0
    assert argent("doctor")[:2] == (0, f"Nothing is wrong in {state}.\n")
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
