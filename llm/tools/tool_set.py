"""The tools of an agent."""

from collections.abc import Iterable
from typing import Any, Final, cast

from argentos.errors import InputError
from argentos.inputs import in_words
from argentos.llm.tools.contract import Tool
from argentos.llm.tools.source import ToolSource
from argentos.llm.tools.traits import ToolTraits, tool_traits

__all__ = ["ToolSet", "as_tools"]

_MOST: Final = 1000


class ToolSet:
    """Tools by their names, in a stable order.

    Args:
        tools: any that `Tool` describes.

    Raises:
        InputError: one is no tool, or two have the same name.
    """

    def __init__(self, tools: Iterable[Tool] = ()) -> None:
        self._tools: dict[str, tuple[Tool, ToolTraits]] = {}
        for each in tools:
            traits = tool_traits(each)
            if traits.name in self._tools:
                raise InputError(f"two tools are called {traits.name!a}; give each a name of its own")
            self._tools[traits.name] = (each, traits)

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in the order in which the tools were given."""
        return tuple(self._tools)

    @property
    def definitions(self) -> tuple[dict[str, Any], ...]:
        """The definitions, in the order in which the tools were given."""
        return tuple(traits.definition for _, traits in self._tools.values())

    def get(self, name: str) -> tuple[Tool, ToolTraits] | None:
        """The tool of this name with its traits; None where there is none."""
        return self._tools.get(name)

    def __len__(self) -> int:
        """The number of tools."""
        return len(self._tools)


def as_tools(value: object) -> tuple[Tool | ToolSource, ...]:
    """Tools, and sources of more, as they were given.

    Raises:
        InputError: it is no list of these.
    """
    if not isinstance(value, list | tuple):
        raise InputError(f"the tools are {in_words(value)}; give a list of them, as [search]")
    given = cast("list[object]", value)
    if len(given) > _MOST:
        raise InputError(f"there are {len(given)} tools; {_MOST} is the most")
    return tuple(_as_tool(each) for each in given)


def _as_tool(value: object) -> Tool | ToolSource:
    if isinstance(value, Tool | ToolSource):
        return value
    raise InputError(
        f"among the tools is {in_words(value)}; put `@tool` before an async function, or give an object that has"
        " `name`, `to_dict` and `call`"
    )
