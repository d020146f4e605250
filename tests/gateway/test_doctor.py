"""`argent doctor`: what it says, and with which status it ends."""

import json
import os
import signal
import socket
import subprocess
from pathlib import Path

import anyio
import pytest

from argentos import FileStore, OfflineModel, Supervisor
from tests.gateway.shared import Argent, Fails, Start


async def talk(state: Path, *names: str) -> None:
    async with Supervisor(FileStore(state), OfflineModel()) as supervisor:
        for name in names:
            await supervisor.session(name).say("Good morning.")


@pytest.fixture
def history(state: Path) -> Path:
    """Of one of two sessions that are there."""
    anyio.run(talk, state, "ada", "jason")
    return state / "agents" / "main" / "sessions" / "ada" / "history.json"


def damage(history: Path) -> None:
    data = history.read_bytes().replace(b"Good", b"God ")
    history.write_bytes(data.replace(b'"tokens":', b'"tokens":7', 1))


def test_a_healthy_directory_is_said_to_be_one(argent: Argent, state: Path, history: Path) -> None:
    assert history.exists()
    assert argent("doctor") == (0, f"Nothing is wrong in {state}.\n", "")
    assert argent("doctor", "--repair") == (0, f"Nothing is wrong in {state}.\n", "")


def test_an_empty_directory_is_healthy(argent: Argent, state: Path) -> None:
    state.mkdir(0o700)
    assert argent("doctor")[0] == 0
    assert list(state.iterdir()) == []


def test_a_directory_that_is_not_there_is_an_error_and_is_not_made(fails: Fails, state: Path) -> None:
    for option in ([], ["--repair"]):
        status, sentence = fails("doctor", *option)
        assert status == 1
        assert sentence.startswith(f"there is no state directory {state}; name another with --state-dir")
    assert not state.exists()


def test_a_problem_is_told_with_its_remedy_and_mended(argent: Argent, history: Path) -> None:
    damage(history)
    status, out, err = argent("doctor")
    assert (status, err) == (1, "")
    first, _, hint = out.splitlines()
    assert first.startswith("problem   agents/main/sessions/ada: ")
    assert "is damaged: $.metadata.tokens is 7" in first
    assert first.endswith(" → go on with what can be read; the damaged history.json is kept beside it")
    assert hint.startswith("`argent doctor --repair` does")
    status, out, err = argent("doctor", "--repair")
    assert (status, err) == (0, "")
    assert out.startswith("mended    agents/main/sessions/ada: ")
    assert argent("doctor")[0] == 0
    assert "God  morning." in argent("sessions", "history", "ada")[1]


def test_a_note_does_not_change_the_status(argent: Argent, history: Path) -> None:
    history.with_name("metadata.json").unlink()
    status, out, err = argent("doctor")
    assert (status, err) == (0, "")
    assert out.startswith(
        "note      agents/main/sessions/ada/metadata.json: it is not what history.json says → write it anew\n"
    )


def test_what_cannot_be_mended_keeps_the_status(argent: Argent, history: Path) -> None:
    history.parent.with_name("linked").symlink_to(history.parent)
    for option in ([], ["--repair"]):
        status, out, _ = argent("doctor", *option)
        assert status == 1
        assert out == (
            "problem   agents/main/sessions/linked: it is a symbolic link, which is not followed:"
            " put what it names in its place\n"
        )


def test_damaged_metadata_is_told_once(argent: Argent, history: Path) -> None:
    history.with_name("metadata.json").write_bytes(b"{")
    status, out, err = argent("doctor")
    assert (status, err) == (0, "")
    assert len(out.splitlines()) == 3
    assert argent("doctor", "--repair")[::2] == (0, "")


def test_programs_are_told_the_same(argent: Argent, history: Path) -> None:
    damage(history)
    history.chmod(0o644)
    path = os.fsencode(history.parent) + b"/\xff\x1b"
    os.close(os.open(path, os.O_CREAT, 0o644))
    status, out, _ = argent("doctor", "--json")
    report = json.loads(out)
    assert status == 1
    assert report["mended"] == []
    assert {"path", "what", "harmless", "remedy"} == set(report["findings"][0])
    assert len(report["findings"]) == 3
    report = json.loads(argent("doctor", "--json", "--repair")[1])
    assert len(report["mended"]) == 3
    assert report["findings"] == []
    assert argent("doctor", "--repair")[0] == 0


def test_beside_an_owner_nothing_is_found_and_nothing_repaired(
    argent: Argent, fails: Fails, state: Path, history: Path
) -> None:
    assert history.exists()

    def beside() -> None:
        assert argent("doctor") == (0, f"Nothing is wrong in {state}.\n", "")
        assert "is in use by process" in fails("doctor", "--repair")[1]

    async def own() -> None:
        async with Supervisor(FileStore(state), OfflineModel()) as supervisor:
            await supervisor.session("ada").say("more")
            await anyio.to_thread.run_sync(beside)

    anyio.run(own)


def test_a_kill_leaves_nothing_wrong(argent: Argent, start: Start, state: Path) -> None:
    script = """
import os, signal, sys
import anyio
from argentos import FileStore, OfflineModel, Supervisor
async def main():
    async with Supervisor(FileStore(sys.argv[2]), OfflineModel()) as supervisor:
        for number in range(50):
            await supervisor.session(f"s-{number % 7}").say("Good morning.")
        os.kill(os.getpid(), signal.SIGKILL)
anyio.run(main)
"""
    assert start(python=("-c", script)).wait(30) == -signal.SIGKILL
    status, out, err = argent("doctor")
    assert (status, err) == (0, "")
    assert "problem" not in out
    assert argent("doctor", "--repair")[::2] == (0, "")
    assert argent("doctor") == (0, f"Nothing is wrong in {state}.\n", "")


def test_a_lock_that_cannot_be_taken_is_one_sentence(fails: Fails, state: Path, history: Path) -> None:
    assert history.exists()
    (state / "lock").unlink()
    (state / "lock").mkdir()
    assert "lock cannot be checked: Is a directory" in fails("doctor", "--repair")[1]


@pytest.mark.parametrize("means", ["stopped", "silent"])
def test_beside_an_owner_that_is_frozen_something_is_wrong(
    argent: Argent, owner: subprocess.Popen[str], state: Path, means: str
) -> None:
    assert argent("doctor")[0] == 0
    silent = socket.socket(socket.AF_UNIX)
    if means == "stopped":
        os.kill(owner.pid, signal.SIGSTOP)
    else:
        (state / "control.sock").rename(state / "sock")
        silent.bind(str(state / "control.sock"))
        silent.listen()
    try:
        status, out, _ = argent("doctor")
    finally:
        os.kill(owner.pid, signal.SIGCONT)
        silent.close()
    assert status == 1
    assert f"process {owner.pid} (" in out
    assert ("is stopped" if means == "stopped" else "does not answer") in out
    assert "Nothing is wrong" not in out


@pytest.mark.parametrize("copied", [False, True])
def test_a_directory_that_was_moved_away_under_its_owner_is_told_of(
    argent: Argent, owner: subprocess.Popen[str], state: Path, *, copied: bool
) -> None:
    elsewhere = state.with_name("elsewhere")
    state.rename(elsewhere)
    if copied:
        subprocess.run(["cp", "-a", elsewhere, state], check=True)  # noqa: S603, S607 - as people do
        status, out, _ = argent("doctor")
        assert status == 1
        assert f"process {owner.pid} (" in out
        assert f"it owns {elsewhere} now" in out
    status, out, _ = argent("--state-dir", str(elsewhere), "doctor")
    assert status == 1
    assert f"opened it as {state}" in out
