"""Records as JSON objects: in files they are arrays, which nobody could read over HTTP."""

from types import GenericAlias
from typing import Any, Final, Optional, get_args, get_type_hints

import msgspec
from msgspec import Struct
from msgspec.structs import FieldInfo, fields

from argentos.storage import Cut, Measured, Record
from argentos.storage.messages import RecordBase

__all__ = ["RECORD_OBJECTS", "record_object"]

_PARTS: Final[dict[Any, Any]] = {}
"""Types of fields that are arrays, too, and what stands for them."""


def _object_type(kind: type[Struct], **layout: Any) -> Any:
    """A struct with the same fields that is encoded as an object."""
    hints = get_type_hints(kind)
    return msgspec.defstruct(
        kind.__name__,
        [_field(each, _PARTS.get(hints[each.name], hints[each.name])) for each in fields(kind)],
        namespace={"__doc__": kind.__doc__},
        frozen=True,
        kw_only=True,
        omit_defaults=True,
        rename="camel",
        **layout,
    )


def _field(field: FieldInfo, kind: Any) -> tuple[Any, ...]:
    has_default = field.default is not msgspec.NODEFAULT
    return (field.name, kind, field.default) if has_default else (field.name, kind)


_PARTS[tuple[Cut, ...]] = GenericAlias(tuple, (_object_type(Cut), ...))
_PARTS[Optional[Measured]] = Optional[_object_type(Measured)]  # noqa: UP045 - made, and no type for a checker

RECORD_OBJECTS: Final[dict[type[Struct], type[Struct]]] = {
    kind: _object_type(kind, tag_field="kind", tag=kind.__struct_config__.tag) for kind in get_args(Record)
}
"""The types of the objects, by those of the records; each says in `kind` which record it is."""


def record_object(record: RecordBase) -> Struct:
    """A record as an object."""
    return msgspec.convert(record, RECORD_OBJECTS[type(record)], from_attributes=True)
