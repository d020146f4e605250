"""A state directory with tokens."""

from pathlib import Path

import pytest

from argentos.gateway.access.tokens import Tokens


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def tokens(state: Path) -> Tokens:
    return Tokens(state)
