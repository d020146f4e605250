"""Codes: what an unknown sender gets, and shows to the owner by another way."""

import secrets
from typing import Final

__all__ = ["CODE_LIFE", "as_code", "new_code"]

_LETTERS: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # without 0 and O, 1 and I, which are taken for each other
_LENGTH: Final = 8

CODE_LIFE: Final = 3600.0
"""Seconds in which a code is valid."""


def new_code() -> str:
    """A code that nobody can guess: one of 2 ** 40."""
    return "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))


def as_code(text: str) -> str | None:
    """The code that somebody has written, perhaps in small letters or with blanks and dashes; None if it is none."""
    code = "".join(each for each in text.upper() if each not in " -")
    return code if len(code) == _LENGTH and set(code) <= set(_LETTERS) else None
