"""Fields of requests: obeyed, without effect here, or refused unless they say what happens anyway."""

from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias, cast

from msgspec import Struct

from argentos.errors import InputError
from argentos.inputs import nearest

__all__ = [
    "MODEL_DECIDES",
    "NO_TOOLS",
    "OBEYED",
    "ONE_TEXT",
    "OPENAI_FIELDS",
    "WITHOUT",
    "Field",
    "Fields",
    "Only",
    "check_fields",
]


class Only(Struct, frozen=True):
    """A field that can be obeyed only where it asks for what happens anyway.

    Attributes:
        values: those that do; a field that is left out, or null, always may.
        why: a clause for the others.
        besides: names in an object that are without effect.
    """

    values: tuple[Any, ...]
    why: str
    besides: frozenset[str] = frozenset()

    def allows(self, value: object) -> bool:
        """Tell whether a value asks for what happens anyway."""
        if self.besides and isinstance(value, dict):
            given = cast("dict[str, object]", value)
            value = {name: each for name, each in given.items() if name not in self.besides}
        return value is None or value in self.values


OBEYED: Final = "obeyed"
"""A field that is read."""

WITHOUT: Final = "without effect"
"""A field that is taken, and changes nothing of the reply."""

MODEL_DECIDES: Final = "the agent's model is set up by whoever runs the gateway"
ONE_TEXT: Final = "the answer is one text"
NO_TOOLS: Final = "the agent has the tools that it is given by whoever runs the gateway"

Field: TypeAlias = Literal["obeyed", "without effect"] | Only
Fields: TypeAlias = Mapping[str, Field]
"""The fields of an API, by their names."""

OPENAI_FIELDS: Final[Fields] = {
    "model": OBEYED,
    "stream": OBEYED,
    "user": OBEYED,
    "metadata": WITHOUT,
    "parallel_tool_calls": WITHOUT,
    "prompt_cache_key": WITHOUT,
    "prompt_cache_options": WITHOUT,
    "prompt_cache_retention": WITHOUT,
    "safety_identifier": WITHOUT,
    "service_tier": WITHOUT,
    "store": WITHOUT,
    "temperature": WITHOUT,
    "top_p": WITHOUT,
    "moderation": Only((), MODEL_DECIDES),
    "tools": Only(([],), NO_TOOLS),
    "tool_choice": Only(("auto", "none"), NO_TOOLS),
}
"""The fields that OpenAI's two forms share."""


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
        if isinstance(field, Only) and not field.allows(value):
            raise InputError(f"the field {name!a} is not obeyed here: {field.why}; leave it out")
