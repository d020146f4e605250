"""Connections to servers of the Model Context Protocol: one that is lost is found out, and ends with an error."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, Self, cast

import anyio

from argentos.concurrency.foreign_code import described, passes

__all__ = ["McpConnection", "connected"]

_CHECKED_EVERY: Final = 60.0  # seconds; a server that ends without a word over HTTP is found out so
_PATIENCE: Final = 20.0  # seconds for the answer; a server that is busy is not lost


class McpConnection:
    """A connection to a server.

    Args:
        name: of the server, for errors.
        client: that of the SDK, open.
    """

    def __init__(self, name: str, client: Any) -> None:
        self._name = name
        self._client = client
        self._is_lost = False
        self._doubt = anyio.Event()

    async def offered(self) -> list[Any]:
        """The tools that the server offers, page by page."""
        page = await self._client.list_tools(cache_mode="bypass")
        found = [*page.tools]
        while cursor := getattr(page, "next_cursor", None):
            page = await self._client.list_tools(cursor=cursor, cache_mode="bypass")
            found += page.tools
        return found

    def caller(self, *, is_repeatable: bool) -> "_Caller":
        """A client of the SDK, as far as `async_mcp_tool` needs one."""
        return _Caller(self, is_repeatable=is_repeatable)

    async def call(self, name: str, given: dict[str, Any], *, is_repeatable: bool) -> Any:
        """Call a tool.

        Raises:
            ConnectionError: the server is lost; the sentence, which is for the model, says what that means.
        """
        if self._is_lost:
            raise ConnectionError(f"not run: the MCP server {self._name} is not connected now; call again later")
        try:
            return await self._client.call_tool(name=name, arguments=given)
        except Exception as error:
            self.doubt()
            if not self._is_lost and not _is_closed(error):
                raise
            hint = "call again" if is_repeatable else "it is not known whether it was done"
            raise ConnectionError(f"the MCP server {self._name} was lost in the middle of the call; {hint}") from error

    def doubt(self) -> None:
        """Have it looked at once whether the server is still there."""
        self._doubt.set()

    async def watch(self) -> None:
        """Look now and then, and in doubt.

        Raises:
            ConnectionError: the server is lost.
        """
        while True:
            with anyio.move_on_after(_CHECKED_EVERY):
                await self._doubt.wait()
            self._doubt = anyio.Event()
            try:
                with anyio.move_on_after(_PATIENCE):
                    await self._client.list_tools(cache_mode="bypass")
            except Exception as error:
                raise ConnectionError(f"the MCP server {self._name} is lost: {described(error)}") from error

    def lose(self) -> None:
        """Have no calls made any more."""
        self._is_lost = True


class _Caller:
    """In the place of a client of the SDK."""

    def __init__(self, connection: McpConnection, *, is_repeatable: bool) -> None:
        self._connection = connection
        self._is_repeatable = is_repeatable

    async def call_tool(self, *, name: str, arguments: dict[str, Any]) -> Any:
        return await self._connection.call(name, arguments, is_repeatable=self._is_repeatable)


@asynccontextmanager
async def connected(name: str, server: Any) -> AsyncGenerator[McpConnection]:
    """A connection, as long as the server is there.

    Args:
        name: of the server.
        server: what `mcp.Client` takes.

    Raises:
        Exception: the server cannot be reached; or `ConnectionError`, inside of `async with`, where it is lost.
    """
    from mcp import Client, StdioServerParameters  # noqa: PLC0415 - it is loaded

    connection: McpConnection | None = None

    def end() -> None:
        if connection is not None:
            connection.doubt()

    try:
        async with anyio.create_task_group() as group:
            taken = _process(server, end) if isinstance(server, StdioServerParameters) else server
            async with Client(taken) as client:
                connection = McpConnection(name, client)
                group.start_soon(connection.watch)
                yield connection
                group.cancel_scope.cancel()
    except BaseExceptionGroup as errors:
        error = _first(errors)
        raise error from error.__cause__
    finally:
        if connection is not None:
            connection.lose()


@asynccontextmanager
async def _process(parameters: Any, end: Callable[[], None]) -> AsyncGenerator[Any]:
    """The streams of a process, whose end is told."""
    from mcp.client.stdio import stdio_client  # noqa: PLC0415 - likewise

    async with stdio_client(parameters) as (reading, writing):
        yield _Reading(reading, end), writing


class _Reading:
    """A stream of messages that tells when it has ended."""

    def __init__(self, stream: Any, end: Callable[[], None]) -> None:
        self._stream = stream
        self._end = end

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        try:
            return await self._stream.__anext__()
        except (StopAsyncIteration, anyio.ClosedResourceError):
            self._end()
            raise

    async def receive(self) -> Any:
        return await self._stream.receive()

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def __aenter__(self) -> Self:
        await self._stream.__aenter__()
        return self

    async def __aexit__(self, *details: object) -> Any:
        return await self._stream.__aexit__(*details)


def _is_closed(error: Exception) -> bool:
    """The connection ended before the answer came."""
    from mcp.types import CONNECTION_CLOSED  # noqa: PLC0415 - likewise

    return getattr(getattr(error, "error", None), "code", None) == CONNECTION_CLOSED


def _first(errors: BaseException) -> BaseException:
    """The error of a group that holds one alone; else the group, as where a cancellation is among them."""
    held = cast("tuple[BaseException, ...]", getattr(errors, "exceptions", ()))
    return _first(held[0]) if len(held) == 1 and not passes(errors) else errors
