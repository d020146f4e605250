"""A plugin of pytest that takes a defence out of the program, here and in each gateway that the tests start."""

import os
import sys
from typing import Final

import pytest

from tests.gateway.attacks.defences import DEFENCES
from tests.lifecycle.planter import plant

__all__ = ["without_defence"]

_OPTION: Final = "--without-defence"
_VARIABLE: Final = "ARGENT_WITHOUT_DEFENCE"


def without_defence() -> None:
    """Take out the defence that a variable of the environment names, if any."""
    number = os.environ.get(_VARIABLE)
    if number is not None:
        plant(DEFENCES[int(number)][0])


for _given in sys.argv:
    if _given.startswith(f"{_OPTION}="):
        os.environ[_VARIABLE] = _given.removeprefix(f"{_OPTION}=")
        without_defence()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let pytest know the option."""
    parser.addoption(_OPTION)
