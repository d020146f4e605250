"""A gateway in a process of its own for the attacks of a module."""

from collections.abc import Generator
from typing import Final

import pytest

from tests.gateway.server.serving import Served, serving

_WITHOUT: Final = {"test_defences.py", "test_page.py"}  # tests that need no gateway


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Generator[Served]:
    with serving(tmp_path_factory.mktemp("gateway") / "state") as served:
        yield served


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the attacks: each is on a process."""
    for each in items:
        if "/tests/gateway/attacks/" in str(each.path) and each.path.name not in _WITHOUT:
            each.add_marker("gateway")
