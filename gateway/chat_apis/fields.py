"""Fields of requests: obeyed, without effect here, or refused unless they say what happens anyway."""

from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct

from argentos.errors import InputError
from argentos.inputs import nearest

__all__ = ["OBEYED", "WITHOUT", "Field", "Fields", "Only", "check_fields"]


class Only(Struct, frozen=True):
    """A field that can be obeyed only where it asks for what happens anyway.

    Attributes:
        values: those that do; a field that is left out, or null, always may.
        why: a clause for the others.
    """

    values: tuple[Any, ...]
    why: str


OBEYED: Final = "obeyed"
"""A field that is read."""

WITHOUT: Final = "without effect"
"""A field that is taken, and changes nothing of the reply."""

Field: TypeAlias = Literal["obeyed", "without effect"] | Only
Fields: TypeAlias = Mapping[str, Field]
"""What becomes of the fields of an API."""


def check_fields(body: Mapping[str, Any], fields: Fields) -> None:
    """Refuse a request that asks for what is not obeyed.

    Raises:
        InputError: a field is not known, or asks for something else than what happens.
    """
    for name, value in body.items():
        field = fields.get(name)
        if field is None:
            near = nearest(name, fields)
            meant = f"; did you mean {near!a}?" if near else "; docs/chat-clients.md has those that are"
            raise InputError(f"the field {name!a:.60} is not known{meant}")
        if isinstance(field, Only) and value is not None and value not in field.values:
            raise InputError(f"the field {name!a} is not obeyed here: {field.why}; leave it out")
