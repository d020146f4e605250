"""A plugin of pytest that takes a guard out of the program before anything of it is imported."""

import sys
from typing import Final

import pytest

from tests.lifecycle.planter import plant
from tests.promises.going_back import GOING_BACK
from tests.promises.guards import GUARDS

_OPTION: Final = "--without-guard"

for _given in sys.argv:
    if _given.startswith(f"{_OPTION}="):
        _number = int(_given.removeprefix(f"{_OPTION}="))
        plant(next(bug for number, bug, _ in (*GUARDS, *GOING_BACK) if number == _number))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let pytest know the option."""
    parser.addoption(_OPTION)
