"""Values that a program gives, where a text or a mapping is meant."""

from collections.abc import Mapping
from typing import cast

from argentos.errors import InputError

__all__ = ["as_mapping", "as_text"]


def as_text(value: object, what: str) -> str:
    """A text.

    Raises:
        InputError: it is none.
    """
    if isinstance(value, str):
        return value
    raise InputError(f"{what} is of the type {type(value).__name__}; give it as text")


def as_mapping(value: object, what: str, use: str) -> Mapping[object, object]:
    """A mapping.

    Raises:
        InputError: it is none.
    """
    if isinstance(value, Mapping):
        return cast("Mapping[object, object]", value)
    raise InputError(f"{what} are of the type {type(value).__name__}; give a mapping, as {use}")
