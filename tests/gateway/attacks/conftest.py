"""A gateway in a process of its own for the attacks of a module."""

from collections.abc import Generator

import pytest

from tests.gateway.server.serving import Served, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Generator[Served]:
    with serving(tmp_path_factory.mktemp("gateway") / "state") as served:
        yield served


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every attack is on a process."""
    for each in items:
        if "/tests/gateway/attacks/" in str(each.path) and each.path.name != "test_defences.py":
            each.add_marker("gateway")
