"""The main job on a real conversation: eight days between Apollo 11 and Houston, 6,722 messages."""

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from argentos.llm import count_tokens
from argentos.llm.extraction import extract
from argentos.storage import Message, Summary

pytestmark = pytest.mark.data

RECORDING = Path(os.environ.get("ARGENT_DATA", Path(__file__).parents[2] / "shared" / "data")) / "apollo-11.jsonl"
WINDOW, THRESHOLD, HALF_AN_HOUR = 20_000, 0.85, 1800
KILLS = 5


def recorded() -> list[dict[str, Any]]:
    return [json.loads(line) for line in RECORDING.read_text(encoding="utf-8").splitlines()]


def argent(state: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "argentos", "--state-dir", str(state), *arguments]


def replaying(state: Path) -> list[str]:
    options = ("--max-context-tokens", str(WINDOW), "--idle-after", "30m", "--json")
    return argent(state, "replay", str(RECORDING), *options)


def told(command: list[str]) -> Any:
    done = subprocess.run(command, capture_output=True, text=True, timeout=55, check=True)  # noqa: S603 - our own command
    assert done.stderr == ""
    return json.loads(done.stdout)


def history(state: Path) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = told(argent(state, "sessions", "history", "apollo-11", "--full", "--json"))
    return messages


def stored_files(state: Path) -> Iterator[Path]:
    yield from state.glob("agents/*/sessions/*/*.json")
    yield from state.glob("agents/*/sessions/*/archive/*.json")


def newest_segment(state: Path) -> Path | None:
    return max(state.glob("journal/*.journal"), default=None)


def assert_the_history_is_the_recording(state: Path) -> None:
    kept, lines = history(state), recorded()
    assert [message["text"] for message in kept] == [line["text"] for line in lines]
    assert [message["sender"] for message in kept] == [line["sender"] for line in lines]
    assert [message["id"] for message in kept] == [f"apollo-11:{number}" for number in range(1, len(lines) + 1)]


def test_eight_days_are_lived_through_as_they_were(tmp_path: Path) -> None:
    outcome = told(replaying(tmp_path))
    times = [datetime.fromisoformat(line["at"]) for line in recorded()]
    silences = sum((after - before).total_seconds() > HALF_AN_HOUR for before, after in pairwise(times))
    assert silences == 50
    assert outcome["lines"] == 6722
    assert outcome["transitions"] == {
        "[*] --> Created: First message": 1,
        "Created --> Active: Processing messages": 1,
        "Active --> Compacted: Context window full": len(outcome["compactions"]),
        "Compacted --> Active: Continues with summary": len(outcome["compactions"]),
        "Active --> Idle: No recent activity": silences,
        "Idle --> Active: New message": silences,
    }
    assert len(outcome["compactions"]) >= 5
    for compaction in outcome["compactions"]:
        assert compaction["after"] < WINDOW * THRESHOLD <= compaction["before"]
    assert_the_history_is_the_recording(tmp_path)


def test_killed_again_and_again_it_loses_and_doubles_nothing(tmp_path: Path) -> None:
    seed = random.randrange(1 << 32)  # noqa: S311 - chance, not secrecy
    chance = random.Random(seed)  # noqa: S311 - likewise
    kept = [0]
    for _ in range(KILLS):
        kill_after_some_messages(tmp_path, more_bytes=chance.randrange(400, 120_000))
        for path in stored_files(tmp_path):
            json.loads(path.read_bytes())
        kept.append(len(history(tmp_path)))
    assert kept == sorted(kept), f"seed {seed}"
    assert kept[1] > 0
    told(replaying(tmp_path))
    assert_the_history_is_the_recording(tmp_path)


def is_written(segment: Path, offset: int) -> bool:
    """Whether the segment, which is zeros when it is made, has been written up to there."""
    with segment.open("rb") as file:
        file.seek(offset)
        return any(file.read(64))


def kill_after_some_messages(state: Path, *, more_bytes: int) -> None:
    """Kill a replay once the segment that it began has so much, which is after at least one message was accepted."""
    before = newest_segment(state)
    process = subprocess.Popen(replaying(state), stdout=subprocess.DEVNULL)  # noqa: S603 - likewise
    with process:
        while process.poll() is None:
            segment = newest_segment(state)
            if segment is not None and segment != before and is_written(segment, more_bytes):
                break
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL


FACTS = (
    "Let Kovik have the corner office, that is settled.",
    "Never put peanuts into anything for Malpex.",
    "The parcel has the label ZX-4711-B.",
    "The tender for Lumdal runs out on 3/7.",
    "I can't stand coriander, tell Osnox in the kitchen.",
    "Has anyone checked whether Yelrono insured the van?",
    "My mistake, Hanmet asked for 467 bottles.",
    "The fine for Quimet came to 780 pounds.",
)
"""One of each kind, and nothing that the radio says."""


def test_what_people_have_said_outlasts_eight_days_of_numbers_without_a_model() -> None:
    at = datetime(1969, 7, 16, tzinfo=UTC)
    said = [*FACTS, *(line["text"] for line in recorded())]
    messages = [Message(f"m-{n}", n, "user", text, at, count_tokens(text)) for n, text in enumerate(said, start=1)]
    summary: Summary | None = None
    for begin in range(0, len(messages), 400):
        part = messages[begin : begin + 400]
        text = extract(part, summary, budget=2000, count=count_tokens)
        summary = Summary(text, 1, part[-1].number, count_tokens(text), "extractive", at, 0, 0)
    assert summary is not None
    assert len([fact for fact in FACTS if fact in summary.text]) >= 6
