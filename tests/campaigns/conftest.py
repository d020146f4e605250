"""Campaigns: many runs of the same check, short by default, `--long` for the whole of it."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent
_SECONDS = 400  # on a machine that does something else besides


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run campaigns in their long form")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker("campaign")  # whatever stands in this folder is one
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(_SECONDS))


@pytest.fixture
def scale(request: pytest.FixtureRequest) -> int:
    # The option is unknown to a run that did not name this folder, and so did not ask for it.
    return 10 if request.config.getoption("--long", default=False) else 1
