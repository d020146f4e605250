"""The contract of a tool."""

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

__all__ = ["Tool"]


@runtime_checkable
class Tool(Protocol):
    """A tool: any object that has these, as what the SDK's `@beta_async_tool` and `async_mcp_tool` make.

    More may be told by attributes, each of which has a default: `needs_approval`, `repeatable`, `alone` and `timeout`,
    as `argentos.tool` has them.
    """

    @property
    def name(self) -> str:
        """The name by which the model calls it: up to 128 of letters, digits, `_` and `-`."""
        ...

    def to_dict(self) -> Mapping[str, Any]:
        """The definition as the Messages API takes it: the same, byte for byte, each time."""
        ...

    async def call(self, input: object, /) -> object:  # noqa: A002 - the SDK's own name
        """Do it.

        Args:
            input: the arguments, an object of JSON.

        Returns:
            A text, or content blocks.

        Raises:
            Exception: it failed; the model sees the sentence as the result.
        """
        ...
