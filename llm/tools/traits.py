"""A tool's description of itself, validated, with defaults for what it leaves out."""

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, cast

import msgspec

from argentos.concurrency.foreign_code import described, is_interrupt
from argentos.errors import InputError
from argentos.inputs import as_flag, as_number, as_text, in_words
from argentos.llm.tools.approval import NeedsApproval
from argentos.llm.tools.contract import Tool

__all__ = ["ToolTraits", "as_tool_name", "check_traits", "configured", "tool_traits"]

_NAME: Final = re.compile(r"[a-zA-Z0-9_-]{1,128}")
_LEAST_TIME: Final = 0.001  # seconds


class ToolTraits(NamedTuple):
    """A tool's description of itself.

    Attributes:
        name: as the model calls it.
        definition: as the Messages API takes it.
        needs_approval: tells of an input whether a person must allow the call.
        repeatable: a call that was cut off may be run again.
        alone: no other call runs beside one of it.
        timeout: seconds that a call may take; None where the tool does not say.
    """

    name: str
    definition: dict[str, Any]
    needs_approval: NeedsApproval
    repeatable: bool
    alone: bool
    timeout: float | None


def tool_traits(tool: Tool) -> ToolTraits:
    """The tool's description of itself.

    Raises:
        InputError: a part of it raises, or cannot be used.
    """
    name = as_tool_name(_attribute(tool, "name", "a tool", None))
    what = f"the tool {name!a}"
    if not callable(_attribute(tool, "call", what, None)):
        raise InputError(f"{what} has no method `call`; give it one: `async def call(self, input)`")
    repeatable, alone, timeout = check_traits(tool, name)
    approval = cast("NeedsApproval", _attribute(tool, "needs_approval", what, default=False))
    return ToolTraits(name, _definition(tool, name, what), approval, repeatable, alone, timeout)


def as_tool_name(value: object) -> str:
    """The name of a tool.

    Raises:
        InputError: it is none that the API takes.
    """
    name = as_text(value, "the name of a tool")
    if not _NAME.fullmatch(name):
        raise InputError(f"a tool cannot be called {name[:200]!a}; use up to 128 letters, digits, '_' and '-'")
    return name


def check_traits(tool: object, name: str) -> tuple[bool, bool, float | None]:
    """Tell whether the tool is repeatable, whether it must be alone, and its time.

    Raises:
        InputError: one of these, or what says whether it needs approval, cannot be used.
    """
    what = f"the tool {name!a}"
    approval = _attribute(tool, "needs_approval", what, default=False)
    if not isinstance(approval, bool) and not callable(approval):
        raise InputError(f"needs_approval of {what} is {in_words(approval)}; use true, false, or a function")
    timeout = _attribute(tool, "timeout", what, None)
    return (
        as_flag(_attribute(tool, "repeatable", what, default=True), f"repeatable of {what}"),
        as_flag(_attribute(tool, "alone", what, default=False), f"alone of {what}"),
        None if timeout is None else as_number(timeout, f"timeout of {what}", _LEAST_TIME),
    )


def _definition(tool: Tool, name: str, what: str) -> dict[str, Any]:
    try:
        given: object = tool.to_dict()
        definition: object = msgspec.json.decode(msgspec.json.encode(given))  # plain, and nobody else's
    except BaseException as error:
        if is_interrupt(error):
            raise
        raise InputError(f"the definition of {what} cannot be taken: {described(error)}; mend its `to_dict`") from error
    if not isinstance(definition, dict):
        raise InputError(f"the definition of {what} is {in_words(given)}; give an object, as the Messages API takes it")
    found = cast("dict[str, Any]", definition)
    if found.get("name") != name:
        raise InputError(f"the definition of {what} has {in_words(found.get('name'))} for its name; give it the same")
    if found.get("type") in {None, "custom"} and not isinstance(found.get("input_schema"), dict):
        raise InputError(f"the definition of {what} has no `input_schema`; give one, an object of JSON schema")
    return found


def _attribute(tool: object, name: str, what: str, default: object) -> object:
    try:
        return getattr(tool, name, default)
    except BaseException as error:
        if is_interrupt(error):
            raise
        raise InputError(f"`{name}` of {what} raised {described(error)}; mend the tool") from error


class _Configured:
    """A tool with other traits than it has itself."""

    def __init__(self, tool: Tool, traits: Mapping[str, object]) -> None:
        self._tool = tool
        self.__dict__.update(traits)

    @property
    def name(self) -> str:
        return self._tool.name

    def to_dict(self) -> Mapping[str, Any]:
        return self._tool.to_dict()

    async def call(self, input: object, /) -> object:  # noqa: A002 - the SDK's own name
        return await self._tool.call(input)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tool, name)


def configured(
    tool: Tool,
    *,
    needs_approval: NeedsApproval | None = None,
    repeatable: bool | None = None,
    alone: bool | None = None,
    timeout: float | None = None,
) -> Tool:
    """A tool of the SDK's, or of an MCP server, with traits as `tool` has them; None leaves one as it is.

    Raises:
        InputError: one cannot be used, or it is no tool.
    """
    given = {"needs_approval": needs_approval, "repeatable": repeatable, "alone": alone, "timeout": timeout}
    made = _Configured(tool, {name: value for name, value in given.items() if value is not None})
    tool_traits(made)
    return made
