"""The campaigns watch functions by their names, which have to be those of the program."""

from functools import reduce
from importlib import import_module

import pytest

from tests.campaigns.phases import TELLS_WHAT_IS_DURABLE, WRAPPED


@pytest.mark.parametrize("name", [*WRAPPED, TELLS_WHAT_IS_DURABLE])
def test_what_a_campaign_watches_is_there(name: str) -> None:
    module, _, path = name.partition(":")
    assert callable(reduce(getattr, path.split("."), import_module(module)))
