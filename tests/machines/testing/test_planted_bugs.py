"""Bugs planted into five lifecycles that are written by hand: a default run of a generated test finds them."""

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from argentos.machines.testing import Lifecycle
from tests.machines.testing.programs.door import Door
from tests.machines.testing.programs.driven import Program, generated_test
from tests.machines.testing.programs.job import Job
from tests.machines.testing.programs.oven import Oven
from tests.machines.testing.programs.parcel import Parcel
from tests.machines.testing.programs.payment import Payment
from tests.machines.testing.programs.planted import PLANTED, Planted

FEW = PLANTED[::6]
RIGHT: dict[str, type[Program]] = {"job": Job, "payment": Payment, "door": Door, "parcel": Parcel, "oven": Oven}


def run(test: type[Lifecycle]) -> None:
    """As by default, but that a failure is not shortened."""
    phases = [Phase.generate]
    run_state_machine_as_test(test, settings=settings(test.TestCase.settings, phases=phases, database=None))


def is_found(planted: Planted, seed: int) -> bool:
    try:
        run(generated_test(planted.file, planted.program(), seed))
    except AssertionError:
        return True
    return False


@pytest.mark.parametrize("name", RIGHT)
def test_a_program_that_is_right_passes_and_all_of_it_is_seen(name: str) -> None:
    test = generated_test(name, RIGHT[name], seed=1)
    run(test)
    assert all(test.coverage.states.values())
    assert all(test.coverage.edges.values())
    for counts in (test.coverage.guards, test.coverage.pairs):
        assert sum(map(bool, counts.values())) > 0.9 * len(counts)


@pytest.mark.parametrize("planted", FEW, ids=[planted.why for planted in FEW])
def test_a_planted_bug_is_found_by_a_default_run_or_another(planted: Planted) -> None:
    # A run misses one bug now and then, and Hypothesis draws constants of whatever modules are loaded, too.
    assert any(is_found(planted, seed) for seed in (2, 3, 4))


def test_each_planted_bug_is_a_change_of_its_program() -> None:
    assert len({planted.program() for planted in PLANTED}) == len(PLANTED) == 60


@pytest.mark.campaign
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(10))
def test_at_least_58_of_60_planted_bugs_are_found_under_every_seed(seed: int) -> None:
    missed = [planted.why for planted in PLANTED if not is_found(planted, seed)]
    assert len(missed) <= 2, missed
