"""Findings of a check, with what can be done about each."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from argentos.errors import StoreError
from argentos.storage.messages import SessionKey

__all__ = ["Finding", "sentence_of"]


class Finding(NamedTuple):
    """Something that is not as it should be.

    Attributes:
        path: where.
        what: a sentence.
        is_harmless: nothing is wrong with any session; it is only told.
        remedy: what `repair` would do, as a sentence; empty where only a person can decide.
        mend: does it; None where opening the store does, or nothing can.
        session: which the store has to load for it to be done.
    """

    path: Path
    what: str
    is_harmless: bool = False
    remedy: str = ""
    mend: Callable[[], object] | None = None
    session: SessionKey | None = None


def sentence_of(error: StoreError) -> str:
    """The sentence of an error for a finding, which may be mended: without saying that all was left as it is."""
    return str(error).removesuffix("; it was left as it is")
