import secrets
import sys
from pathlib import Path

import pytest

from tests.campaigns.outcome import Outcome, sum_of
from tests.campaigns.workers import python, run_workers

WORKERS = 2


def campaign(folder: Path, lives: int, seed: int, *plants: str, seconds: float) -> Outcome:
    commands: list[list[object]] = []
    for number in range(WORKERS):
        (own := folder / str(number)).mkdir()
        commands.append(python("crash", own, lives // WORKERS, seed + number, *plants))
    return sum_of(run_workers(commands, seconds))


@pytest.mark.timeout(4000)
def test_killed_at_any_moment_it_loses_and_doubles_nothing_and_every_file_is_whole(tmp_path: Path, scale: int) -> None:
    lives, least = (300, 3) if scale == 1 else (10_000, 50)
    seed = secrets.randbits(32)
    outcome = campaign(tmp_path, lives, seed, seconds=500 + 340 * scale)
    sys.stdout.write(outcome.table(f"killed with -9, seed {seed}", least))
    assert not outcome.problems, outcome.first_problems
    assert outcome.ends >= lives
    assert outcome.fewest >= least
    assert outcome.stored > 0
    assert outcome.repeated > 0


@pytest.mark.parametrize(
    "plant", ["forget message ids", "sweep all attachments", "write in place", "cut the journal at opening"]
)
def test_a_planted_fault_is_seen(tmp_path: Path, plant: str) -> None:
    assert campaign(tmp_path, 200, 1, plant, seconds=300).problems != []


@pytest.mark.parametrize("plant", ["finish before delivery", "forget what is owed"])
def test_a_planted_fault_of_the_outbox_is_seen(tmp_path: Path, plant: str) -> None:
    problems = campaign(tmp_path, 100, 1, plant, seconds=300).problems
    assert any("was never delivered" in each for each in problems), problems
