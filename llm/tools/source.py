"""Sources of tools: what has to be opened before its tools are known, as a server of the Model Context Protocol."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol, runtime_checkable

from argentos.llm.tools.contract import Tool

__all__ = ["ToolSource"]


@runtime_checkable
class ToolSource(Protocol):
    """A source of tools, which a supervisor opens when it begins, and closes at its end."""

    @property
    def name(self) -> str:
        """A name for the log."""
        ...

    def opened(self) -> AbstractAsyncContextManager[Sequence[Tool]]:
        """Its tools, as long as it is open; entered and left in one task, again where it failed.

        Raises:
            Exception: it cannot be opened; or, inside of `async with`, it has come to its end before it was left.
        """
        ...
