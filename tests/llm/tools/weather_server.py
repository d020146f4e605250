"""A server of the Model Context Protocol, in a process of its own."""

import os

from mcp.server.mcpserver import MCPServer
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


if __name__ == "__main__":
    server.run("stdio")
