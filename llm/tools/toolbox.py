"""The tools of an agent, those among them that a source has only while it is open."""

from collections.abc import Awaitable, Callable, Sequence

import anyio

from argentos.llm.tools.contract import Tool
from argentos.llm.tools.source import ToolSource
from argentos.llm.tools.tool_set import ToolSet, as_tools

__all__ = ["Toolbox"]


class Toolbox:
    """Tools that are there, and sources of more.

    Args:
        given: either, in the order in which the model is told of them.

    Attributes:
        sources: those of more.

    Raises:
        InputError: it is no list of these, or two tools have the same name.
    """

    def __init__(self, given: Sequence[Tool | ToolSource]) -> None:
        self._given = as_tools(given)
        self._found: dict[int, tuple[Tool, ...]] = {}
        self._closing = anyio.Event()
        self.sources: tuple[ToolSource, ...] = tuple(each for each in self._given if isinstance(each, ToolSource))
        self._open = 0
        self._all_closed = anyio.Event()
        self.tools()

    def tools(self) -> ToolSet:
        """The tools that are known now; of a source that failed, those that it had.

        Raises:
            InputError: two have the same name.
        """
        found: list[Tool] = []
        for each in self._given:
            found += self._found.get(id(each), ()) if isinstance(each, ToolSource) else [each]
        return ToolSet(found)

    async def keep_open(self, source: ToolSource, changed: Callable[[], Awaitable[None]], tried: anyio.Event) -> None:
        """Open a source, and hold it until `close`.

        Args:
            source: one of `sources`.
            changed: is told that the tools have changed.
            tried: is set behind that, or where the source cannot be opened.

        Raises:
            Exception: whatever the source raises.
        """
        closing = self._closing
        self._open += 1
        try:
            async with source.opened() as found:
                before = self._found.get(id(source), ())
                self._found[id(source)] = tuple(found)
                try:
                    await changed()
                except BaseException:  # also where it is cancelled: the agent has the tools that it had
                    self._found[id(source)] = before
                    raise
                tried.set()
                await closing.wait()
        finally:
            tried.set()
            self._open -= 1
            if not self._open:
                self._all_closed.set()

    async def close(self) -> None:
        """Close all sources, and wait until they are."""
        self._closing.set()
        while self._open:
            self._all_closed = anyio.Event()
            await self._all_closed.wait()
        self._closing = anyio.Event()
