"""Servers of the Model Context Protocol, whose tools an agent may have."""

import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Final, cast

from argentos.concurrency.threads import threads
from argentos.errors import InputError, MissingExtraError
from argentos.inputs import as_text, in_words
from argentos.llm.tools.approval import NeedsApproval
from argentos.llm.tools.contract import Tool
from argentos.llm.tools.mcp_connection import McpConnection, connected
from argentos.llm.tools.traits import configured

__all__ = ["McpServer"]

_ODD: Final = re.compile(r"[^a-zA-Z0-9_-]")
_LONGEST_NAME: Final = 128
_HEAVY: Final = ("anthropic.lib.tools.mcp", "mcp.client.stdio")
_READING: Final = ("read_only_hint", "readOnlyHint", "idempotent_hint", "idempotentHint")


class McpServer:
    """A server of the Model Context Protocol; it needs the extra `argentos[mcp]`.

    The supervisor starts it, or connects to it, when it begins, and closes it at its end. Where it is lost, calls of
    its tools are errors that the model sees, and it is opened again.

    Args:
        server: its address, as `https://…/mcp`; a command with its arguments, as `["uvx", "mcp-server-fetch"]`; or
            whatever else `mcp.Client` takes.
        name: for the log, and for an error.
        prefix: before the names of its tools, where two servers have the same.
        env: further variables of the environment of a command.
        cwd: its working directory.
        needs_approval: of all its tools, as `tool` has it.
        repeatable: likewise; by default those are that say they only read, or are idempotent.
        alone: likewise.
        timeout: likewise.

    Raises:
        InputError: the server is none of these.
    """

    def __init__(
        self,
        server: str | Sequence[str] | Any,
        *,
        name: str | None = None,
        prefix: str = "",
        env: Mapping[str, str] | None = None,
        cwd: str | Path | None = None,
        needs_approval: NeedsApproval | None = None,
        repeatable: bool | None = None,
        alone: bool | None = None,
        timeout: float | None = None,
    ) -> None:
        self._server: Any = server
        self._command = _as_command(server)
        self.name: str = as_text(name or _name_of(self._command or self._server), "the name of the MCP server")
        self._prefix = as_text(prefix, "the prefix of the MCP server's tools")
        self._env = dict(env) if env else None
        self._cwd = cwd
        self._repeatable = repeatable
        self._traits: dict[str, Any] = {"needs_approval": needs_approval, "alone": alone, "timeout": timeout}

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator[Sequence[Tool]]:
        """See `ToolSource.opened`.

        Raises:
            MissingExtraError: `argentos[mcp]` is not installed.
            Exception: the server cannot be reached, or is lost.
        """
        await threads(1)(_load)
        async with connected(self.name, self._transport()) as connection:
            yield [self._tool(each, connection) for each in await connection.offered()]

    def _transport(self) -> Any:
        if self._command is None:
            return self._server
        from mcp import StdioServerParameters  # noqa: PLC0415

        command, *arguments = self._command
        return StdioServerParameters(command=command, args=arguments, env=self._env, cwd=self._cwd)

    def _tool(self, offered: Any, connection: McpConnection) -> Tool:
        from anthropic.lib.tools.mcp import async_mcp_tool  # noqa: PLC0415 - it is loaded

        repeatable = _is_repeatable(offered) if self._repeatable is None else self._repeatable
        make: Any = async_mcp_tool
        made = make(offered, connection.caller(is_repeatable=repeatable))
        made.name = _ODD.sub("_", f"{self._prefix}{made.name}")[:_LONGEST_NAME]
        return configured(made, repeatable=repeatable, **self._traits)


def _load() -> None:
    """Import what takes a second.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        for each in _HEAVY:
            import_module(each)
    except ImportError as error:
        raise MissingExtraError(
            'an MCP server needs the package mcp: install it with `pip install "argentos[mcp]"`'
        ) from error


def _is_repeatable(offered: Any) -> bool:
    """The server says of the tool that a second call does no harm."""
    said = getattr(offered, "annotations", None)
    return any(getattr(said, each, None) is True for each in _READING)


def _as_command(server: object) -> list[str] | None:
    """The command that starts the server; None where it is none.

    Raises:
        InputError: it is nothing that a server can be.
    """
    given: object = server
    if not server or isinstance(server, int | float | bytes | dict):
        raise InputError(f"the MCP server is {in_words(given)}; give its address, or a command as a list")
    if not isinstance(server, list | tuple):
        return None
    return [as_text(each, "a part of the MCP server's command") for each in cast("list[object]", server)]


def _name_of(server: object) -> str:
    if isinstance(server, list):
        return " ".join(cast("list[str]", server))
    return server if isinstance(server, str) else type(server).__name__
