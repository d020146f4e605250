import secrets
import sys
from pathlib import Path

import pytest

from tests.campaigns.loop_mount import why_not
from tests.campaigns.outcome import Outcome, sum_of
from tests.campaigns.workers import python, run_workers

KINDS = ("ext4", "xfs")

pytestmark = pytest.mark.skipif(why_not() is not None, reason=str(why_not()))


def campaign(folder: Path, cuts: int, seed: int, *plants: str, seconds: float) -> Outcome:
    commands: list[list[object]] = []
    for kind in KINDS:
        (own := folder / kind).mkdir()
        command = python("power_cut", own, kind, cuts // len(KINDS), seed, *plants)
        commands.append(["unshare", "--mount", *command])  # the mounts are gone with the process
    return sum_of(run_workers(commands, seconds))


def sees_loss(problems: list[str]) -> bool:
    """Tell whether acknowledged messages are gone, or torn: a campaign ends with the first cut that shows either."""
    return any(sign in each for each in problems for sign in ("is lost", "records are missing", "taken for damage"))


@pytest.mark.timeout(4000)
def test_a_power_cut_at_any_moment_loses_and_doubles_nothing_and_leaves_every_file_whole(
    tmp_path: Path, scale: int
) -> None:
    cuts, least = 100 * scale, scale
    seed = secrets.randbits(32)
    outcome = campaign(tmp_path, cuts, seed, seconds=500 + 340 * scale)
    sys.stdout.write(outcome.table(f"power cut under {' and '.join(KINDS)}, seed {seed}", least))
    assert not outcome.problems, outcome.first_problems
    assert outcome.ends >= cuts
    assert outcome.fewest >= least
    assert sum(outcome.broken_off.values()) >= 10 * scale
    assert min(outcome.broken_off.values()) >= scale


def test_without_the_flush_the_campaign_sees_losses(tmp_path: Path) -> None:
    problems = campaign(tmp_path, 40, 1, "skip the flush", seconds=300).problems
    assert sees_loss(problems)


def test_without_the_flush_at_opening_the_campaign_sees_losses(tmp_path: Path) -> None:
    problems = campaign(tmp_path, 50, 1, "skip the flush at opening", seconds=300).problems
    assert sees_loss(problems)
