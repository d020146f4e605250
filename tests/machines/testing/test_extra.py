"""Without the extra `testing`, what stands on it says how to install it."""

import sys

import pytest

from argentos import MissingExtraError
from argentos.machines import testing


@pytest.mark.parametrize("name", ["Lifecycle", "lifecycle_test"])
def test_without_hypothesis_the_sentence_says_how_to_install_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    monkeypatch.delitem(sys.modules, "argentos.machines.testing.lifecycle", raising=False)
    with pytest.raises(MissingExtraError, match=r"needs the package hypothesis; install it with .*argentos\[testing\]"):
        getattr(testing, name)
