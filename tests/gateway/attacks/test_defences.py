"""Each defence, taken out of the program, is missed by the attack that it is against."""

import os
import subprocess
import sys
from typing import Final

import pytest

from tests.gateway.attacks.defences import DEFENCES
from tests.lifecycle.planted import ROOT, Bug

TURN: Final = os.environ.get("ARGENT_TURN")
"""A number that chooses a third of the defences; all of them are taken out where there is none."""
TAKEN_OUT: Final = [*range(len(DEFENCES))][int(TURN) % 3 :: 3] if TURN else [*range(len(DEFENCES))]


@pytest.mark.parametrize("bug", [bug for bug, _ in DEFENCES], ids=str)
def test_a_defence_is_in_the_source_as_it_is(bug: Bug) -> None:
    compile(bug.planted(), bug.module, "exec")


@pytest.mark.campaign
@pytest.mark.timeout(300)
@pytest.mark.parametrize("number", TAKEN_OUT, ids=[str(DEFENCES[each][0]) for each in TAKEN_OUT])
def test_the_attack_succeeds_without_its_defence(number: int) -> None:
    bug, test = DEFENCES[number]
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "tests.gateway.attacks.taking_out", test]
    done = subprocess.run(  # noqa: S603 - tests of ours
        [*command, f"--without-defence={number}"], cwd=ROOT, capture_output=True, text=True, timeout=280, check=False
    )
    assert done.returncode == 1, f"{bug}\n{done.stdout}\n{done.stderr}"
    assert "FAILED " in done.stdout, f"{bug}\n{done.stdout}"
    assert "ERROR " not in done.stdout, f"{bug}\n{done.stdout}"
