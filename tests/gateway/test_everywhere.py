"""Every command says and does the same beside a process that owns the state directory, and without one."""

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any, Final, TypeAlias

import anyio
import pytest

from argentos import Address, FileStore, OfflineModel, ReplayModel, Supervisor
from argentos.errors import ModelRefusedError
from argentos.gateway.cli import main, root
from argentos.gateway.manual.entries import entries
from tests.prefork import python

Answers: TypeAlias = list[tuple[str, int, str, str]]

OWNER: Final = """
import sys
import anyio
from argentos import FileStore, OfflineModel, Supervisor

async def main():
    agents = {"main": OfflineModel(), "sales": OfflineModel()}
    async with Supervisor(FileStore(sys.argv[1]), agents, agent="main", grace=0):
        print("ready", flush=True)
        await anyio.to_thread.run_sync(sys.stdin.readline)

anyio.run(main)
"""

LINES: Final = (
    "sessions list",
    "sessions list --all-agents --state active --channel telegram",
    "sessions list --owner nobody",
    "sessions new made",
    "sessions new made",
    "sessions info ropes",
    "sessions info nobody",
    "sessions transitions ropes",
    "sessions history ropes",
    "sessions history ropes --full --limit 2",
    'sessions search "rope" --all-agents',
    "sessions search nothing-of-the-kind",
    "sessions rename ropes 'The \x1b[31mlong\x1b[0m\nrope'",
    "sessions update ropes --tag harbour --owner ada --pin",
    "sessions update ropes",
    "sessions approvals",
    "sessions approve ropes c1",
    "sessions deny ropes c1 --reason no",
    "sessions owed",
    "sessions compact ropes --preview",
    "sessions compact ropes --keep 2",
    "sessions compactions ropes",
    "sessions undo ropes",
    "sessions checkpoints ropes",
    "sessions undo ropes",
    "sessions rewind ropes 9",
    "sessions rewind ropes 900",
    "sessions fork ropes ropes-2",
    "sessions fork nobody ropes-3",
    "sessions regenerate ropes",
    "sessions retry ropes",
    "sessions retry failed",
    "sessions stop ropes",
    "sessions unpark ropes",
    "sessions clear ropes",
    "sessions clear nobody",
    "sessions import CONVERSATION",
    "sessions import CONVERSATION",
    "sessions import CONVERSATION --session ropes",
    "sessions export imported",
    "sessions export nobody",
    "sessions delete made --dry-run",
    "sessions delete made --yes",
    "sessions delete nobody --yes",
    "sessions prune --older-than 3650d --yes",
    "sessions prune",
    'send ropes "Are you there?" --message-id m-1',
    'send ropes "Are you there?" --message-id m-1',
    'send ropes ""',
    "chat ropes",
    "route telegram:ada",
    "pairing list",
    "pairing approve telegram:ada",
    "pairing approve nonsense",
    "pairing link telegram:ada discord:ada",
    "pairing list",
    "pairing unlink discord:ada",
    "pairing deny telegram:ada",
    "channels status",
    "channels drop ropes 2",
    "channels drop nobody 2",
    "channels retry ropes 2",
    "channels retry nobody 2",
    "backup BACKUP",
    "diagram --session ropes --format text",
    "diagram --session nobody",
    "--agent sales sessions list",
    "--agent sales send offer Hello",
)

OFFLINE: Final = "ANTHROPIC_API_KEY is not set, so the offline model answers.\n"

ELSEWHERE: Final = {
    "argent completion": "knows no sessions",
    "argent diagram check": "likewise",
    "argent diagram compare": "likewise",
    "argent diagram convert": "likewise",
    "argent diagram migrate": "likewise",
    "argent man": "likewise",
    "argent channels test": "asks platforms: tests/gateway/channels/test_commands.py",
    "argent doctor": "tells of the owner",
    "argent replay": "lives in a directory of its own time, which nobody else may run",
    "argent restore": "makes a directory that nobody owns yet",
    "argent sessions tail": "goes on until Ctrl-C: test_tail.py",
}


@pytest.fixture
def prepared(tmp_path: Path) -> Path:
    """A state directory with sessions of two agents, one of which has a turn that failed."""
    path = tmp_path / "prepared"

    async def prepare() -> None:
        async with Supervisor(FileStore(path), OfflineModel()) as supervisor:
            session = supervisor.session("ropes")
            for number in range(12):
                text = f"Rope number {number} is {number * 7} metres long and hangs in shed {number % 3}. " * 4
                await session.ask(text, address=Address("telegram", "ada"))
        async with Supervisor(FileStore(path), ReplayModel()) as supervisor:
            with pytest.raises(ModelRefusedError):
                await supervisor.session("failed").ask("Hello")
        async with Supervisor(FileStore(path), OfflineModel(), agent="sales") as supervisor:
            await supervisor.session("offer").ask("How much is the rope?")

    anyio.run(prepare)
    (tmp_path / "conversation.json").write_text(json.dumps([{"role": "user", "content": "Hello"}]))
    return path


@pytest.fixture
def answers(
    prepared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Answers]:
    """Run all command lines in a copy of the directory; gives their answers, without what each run has of its own."""

    def run(name: str, *options: str, owned: bool) -> Answers:
        state = tmp_path / name
        shutil.copytree(prepared, state)
        files = {"CONVERSATION": str(tmp_path / "conversation.json"), "BACKUP": str(tmp_path / f"{name}.backup")}
        with _owner(state, owned=owned):
            return [(line, *answer(state, line, files, options)) for line in LINES]

    def answer(state: Path, line: str, files: dict[str, str], options: Sequence[str]) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", StringIO("Hello\n"))
        words = [files.get(each, each) for each in shlex.split(line)]
        status = main(["--state-dir", str(state), *options, *words])
        out, err = capsys.readouterr()
        return status, _steady(out, state.name), _steady(err, state.name)

    return run


@contextmanager
def _owner(state: Path, *, owned: bool) -> Generator[None]:
    if not owned:
        yield
        return
    with python(OWNER, state, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            yield
        finally:
            process.kill()


_OWN: Final = (
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?Z?)?", "TIME"),
    (r"\b[0-9a-f]{32}(-\d+)?\b", "ID"),
    (r"\b(just )?now\b|\b\d+m( ago)?\b", "AGE"),
    (r'("(seconds|bytes)": ?)[0-9.e-]+', r"\g<1>0"),
    (r"\bin \d+\.\d s\b|\b\d+\.\d(?=  |\n)", "SECONDS"),
    (r"\(\d+(\.\d)?K\)", "SIZE"),
)
"""What is another one in each run: times, ids made up, and how large a backup is."""


def _steady(text: str, name: str) -> str:
    for pattern, word in _OWN:
        text = re.sub(pattern, word, text)
    return text.replace(name, "STATE").replace(OFFLINE, "")  # which the process says that asks the model


@pytest.mark.parametrize("options", [(), ("--json",)], ids=["for people", "for programs"])
def test_a_command_answers_the_same_whoever_owns_the_directory(
    answers: Callable[..., Answers], options: tuple[str, ...]
) -> None:
    alone, beside = answers("alone", *options, owned=False), answers("beside", *options, owned=True)
    assert [pair for pair in zip(alone, beside, strict=True) if pair[0] != pair[1]] == []
    if options:
        for line, status, out, _ in alone:
            told: Any = json.loads(out)
            is_failure = any(each in told and told[each] for each in ("error", "refused"))
            assert is_failure == (status != 0), line


def test_every_command_is_tried_so_or_says_why_not() -> None:
    tried = {" ".join(["argent", *line.removeprefix("--agent sales ").split()]) for line in LINES}
    paths = {each.path for each in entries(root, "argent") if not each.path.startswith("argent gateway")}
    paths -= {"argent", "argent channels", "argent pairing", "argent sessions"}
    assert {path for path in paths if not any(f"{line} ".startswith(f"{path} ") for line in tried)} == set(ELSEWHERE)
