"""A store of one's own is whole, or is not made."""

from typing import Any

import pytest

from argentos import MemoryStore, Store
from argentos.errors import InputError


def test_a_store_that_lacks_methods_is_refused_when_it_is_made_and_they_are_named() -> None:
    class Forgetful(Store):
        pass

    with pytest.raises(
        InputError,
        match=r"'Forgetful' has no __aenter__, __aexit__, append, attach, attachment, checkpoint, checkpoints, delete,",
    ):
        Forgetful()  # type: ignore[abstract]  # pyright: ignore[reportAbstractUsage]


def test_a_store_that_lacks_one_is_told_which() -> None:
    methods: dict[str, Any] = {name: MemoryStore.__dict__[name] for name in Store.__abstractmethods__ - {"owing"}}
    with pytest.raises(InputError, match=r"the store 'Nearly' has no owing; argentos\.Store says what each does"):
        type("Nearly", (Store,), methods)()
