"""The lives that find every planted bug find nothing in what is shipped."""

import os
from typing import Final

import pytest

from tests.lifecycle.session_machine import lead_lives

SEEDS: Final = int(os.environ.get("ARGENT_SEEDS", "2"))  # a hundred lives each


@pytest.mark.timeout(240)  # where one fails, the shortest one is looked for
@pytest.mark.parametrize("seed", range(SEEDS))
def test_whatever_happens_to_a_session_its_account_agrees(seed: int) -> None:
    lead_lives(seed, shrink=True)
