"""A server of the Model Context Protocol, in a process of its own: over its streams or, with a port, over HTTP."""

import os
import sys

import anyio
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations

server = MCPServer("weather")


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def weather(city: str) -> str:
    """Tell the weather."""
    return f"rain in {city}"


@server.tool(name="process.id")
def process_id() -> int:
    """Tell the id of this process."""
    return os.getpid()


@server.tool()
def die() -> str:
    """End without a word."""
    os._exit(3)


@server.tool()
async def send(begun: str) -> str:
    """Never end, once this file has been written."""
    await anyio.Path(begun).touch()
    await anyio.sleep_forever()
    return "sent"


@server.tool()
def refuse() -> str:
    """Say why it cannot be done."""
    raise ToolError("it is closed on Mondays")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        server.run("streamable-http", port=int(sys.argv[1]))
    server.run("stdio")
