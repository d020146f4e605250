"""Killed with -9 while tools run: no call without its result, none that must not be repeated run twice."""

import random
import secrets
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import anyio
import pytest

from argentos import FileStore, Message, NoReplyError, Supervisor
from tests.campaigns.calling import ANSWERED, RAN, SESSIONS, STATE, WRONG, agent, unmatched_in

_ROOT = Path(__file__).parents[2]
_SHORT, _LONG = 0.01, 0.5  # seconds


def kill_a_life(folder: Path, seed: int) -> None:
    """Begin a life, and kill it some time after it has begun."""
    command = [sys.executable, "-m", "tests.campaigns.calling", str(folder), str(seed)]
    with subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        time.sleep(random.Random(seed).uniform(_SHORT, _LONG))  # noqa: S311 - in which it lives
        assert process.poll() is None
        process.kill()


async def end_turns(folder: Path, seed: int) -> dict[str, tuple[Message, ...]]:
    """Let all turns that are open end; gives the messages of the sessions."""
    async with Supervisor(FileStore(folder / STATE), agent(folder, seed)) as supervisor:
        found: dict[str, tuple[Message, ...]] = {}
        for name in SESSIONS:
            session = supervisor.session(name)
            while (turn := await session.current_turn()) is not None:
                with suppress(NoReplyError):  # it ended all the same
                    await turn.reply()
            found[name] = await session.history(full=True)
        return found


def lines_of(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


@pytest.mark.campaign
@pytest.mark.timeout(4000)
def test_killed_while_tools_run_every_call_has_its_result_and_none_ran_twice_that_must_not(
    tmp_path: Path, scale: int
) -> None:
    seed, kills = secrets.randbits(32), 15 * scale
    for number in range(kills):
        kill_a_life(tmp_path, seed + number)
    found = anyio.run(end_turns, tmp_path, seed + kills)
    answered = Counter(lines_of(tmp_path / ANSWERED))
    calls = sum(block["type"] == "tool_use" for each in found.values() for message in each for block in message.blocks)
    sys.stdout.write(f"killed {kills} times, seed {seed}: {len(answered)} messages answered, {calls} calls\n")
    assert lines_of(tmp_path / WRONG) == []
    assert [each for each, times in Counter(lines_of(tmp_path / RAN)).items() if times > 1] == []
    for name, messages in found.items():
        steps = [message for message in messages if message.turn or message.role == "assistant"]
        assert unmatched_in([message.blocks for message in steps]) == [], name
        replies = Counter(each for message in messages if not message.turn for each in message.reply_to)
        assert {each for each, times in replies.items() if times > 1} == set()
        assert {line.split()[1] for line in answered if line.startswith(name)} <= set(replies)
    assert len(answered) >= kills
    assert calls >= kills
