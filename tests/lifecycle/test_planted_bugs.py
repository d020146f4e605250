"""Bugs are planted into the shipped modules, one at a time, and found by what generated lives see."""

import os
from subprocess import PIPE
from typing import Final

import pytest

from tests.lifecycle.planted import BUGS, ROOT, Bug
from tests.prefork import LIBRARIES, run

PLANTER: Final = "from tests.lifecycle.planter import main; main()"
TURN: Final = os.environ.get("ARGENT_TURN")
"""A number that chooses a third of the bugs; all of them are looked for where there is none."""
LOOKED_FOR: Final = BUGS[int(TURN) % 3 :: 3] if TURN else BUGS
SEEDS: Final = (1, 2, 3, 4)  # which of them finds a bug changes with the generator, so one after the other is tried


def failed_checks(bug: Bug) -> list[str]:
    """What processes of their own say of lives with the bug, so that the bug stays there; the last one finds it."""
    said: list[str] = []
    for seed in SEEDS:
        pipes = {"stdout": PIPE, "stderr": PIPE}
        done = run(PLANTER, BUGS.index(bug), seed, imported=LIBRARIES, cwd=ROOT, seconds=200, **pipes)
        said.append(done.stdout.strip() or done.stderr)
        if said[-1] in bug.checks:
            break
    return said


@pytest.mark.campaign
@pytest.mark.timeout(240)
@pytest.mark.parametrize("bug", LOOKED_FOR, ids=str)
def test_a_planted_bug_is_found_by_the_check_that_knows_of_it(bug: Bug) -> None:
    said = failed_checks(bug)
    assert said[-1] in bug.checks, said


@pytest.mark.parametrize("bug", BUGS, ids=str)
def test_a_planted_bug_is_a_change_to_the_source_as_it_is(bug: Bug) -> None:
    compile(bug.planted(), bug.module, "exec")


def test_a_bug_that_fits_the_source_no_more_says_so() -> None:
    outdated = BUGS[0]._replace(old="what is not there")
    with pytest.raises(LookupError, match="0 times, not once: renew the planted bug"):
        outdated.planted()
