"""The tools of an agent, those among them that a source has only while it is open."""

import math
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import anyio

from argentos.concurrency.foreign_code import described, passes, sentence_of
from argentos.concurrency.threads import Runner, Threads
from argentos.llm.tools.contract import Tool
from argentos.llm.tools.source import ToolSource
from argentos.llm.tools.tool_set import ToolSet, as_tools

__all__ = ["Toolbox"]

_OPENING: Final = 30.0  # seconds
_PATIENCE: Final = 1.0  # seconds that a thread is waited for which nobody needs any more


class Toolbox:
    """Tools that are there, and sources of more.

    Args:
        given: either, in the order in which the model is told of them.

    Attributes:
        sources: those of more.
        threads: for what tools decide by functions that are not async.
        failures: of the sources that are not open, by their names; they are opened again.

    Raises:
        InputError: it is no list of these, or two tools have the same name.
    """

    def __init__(self, given: Sequence[Tool | ToolSource]) -> None:
        self._given = as_tools(given)
        self._found: dict[int, tuple[Tool, ...]] = {}
        self._closing = anyio.Event()
        self.sources: tuple[ToolSource, ...] = tuple(each for each in self._given if isinstance(each, ToolSource))
        self.threads: Runner = Threads(_PATIENCE, "a tool").runner()
        self.failures: dict[str, str] = {}
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
            TimeoutError: the source has not opened in time.
            Exception: whatever the source raises.
        """
        self._open += 1
        try:
            await self._hold(source, changed, tried)
        except BaseException as error:
            if not passes(error):
                self.failures[source.name] = sentence_of(error) or described(error)
            raise
        finally:
            tried.set()
            self._open -= 1
            if not self._open:
                self._all_closed.set()

    async def _hold(self, source: ToolSource, changed: Callable[[], Awaitable[None]], tried: anyio.Event) -> None:
        closing = self._closing
        with anyio.move_on_after(_OPENING) as limit:
            async with source.opened() as found:
                before = self._found.get(id(source), ())
                self._found[id(source)] = tuple(found)
                try:
                    await changed()
                except BaseException:  # also where it is cancelled: the agent has the tools that it had
                    self._found[id(source)] = before
                    raise
                limit.deadline = math.inf
                self.failures.pop(source.name, None)
                tried.set()
                await closing.wait()
        if limit.cancelled_caught:
            raise TimeoutError(f"it has not opened in {_OPENING:g} s")

    async def close(self) -> None:
        """Close all sources, and wait until they are."""
        self._closing.set()
        while self._open:
            self._all_closed = anyio.Event()
            await self._all_closed.wait()
        self._closing = anyio.Event()
