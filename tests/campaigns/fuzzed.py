"""A gateway that is asked nonsense: no limit of rates keeps it from that, and it asks no model."""

import socket
import sys

import uvicorn

from argentos import Agent, FileStore, OfflineModel, Supervisor, tool
from argentos.gateway import Access, Gateway
from argentos.gateway.access.limits.settings import Limits

_MANY = 1e9


@tool(needs_approval=True)
async def launch(boat: str) -> str:
    """Launch a boat."""
    return f"{boat} floats"


def main(state_dir: str) -> None:
    limits = Limits(
        requests_per_second=_MANY,
        requests_burst=_MANY,
        strangers_per_second=_MANY,
        strangers_burst=_MANY,
        new_sessions_per_second=_MANY,
        new_sessions_burst=_MANY,
    )
    access = Access(state_dir, limits=limits)
    supervisor = Supervisor(FileStore(state_dir), Agent(OfflineModel(), tools=[launch]), grace=0.2)
    listening = socket.create_server(("127.0.0.1", 0))
    print(access.tokens.new("campaign"), listening.getsockname()[1], flush=True)  # noqa: T201 - for who started it
    config = uvicorn.Config(Gateway(supervisor, access).application(), log_level="warning", timeout_graceful_shutdown=2)
    uvicorn.Server(config).run([listening])


if __name__ == "__main__":
    main(sys.argv[1])
