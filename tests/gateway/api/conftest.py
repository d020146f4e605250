"""What the tests of the HTTP API share: gateways under uvicorn on a socket of this process, and clients of them."""

import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeAlias

import anyio
import httpx2 as httpx
import pytest
import uvicorn

from argentos import Agent, MemoryStore, Model, OfflineModel, Supervisor
from argentos.gateway.api.application import Gateway
from tests.gateway.api.serving import Served

Serving: TypeAlias = Callable[..., AbstractAsyncContextManager[Served]]


@pytest.fixture
def anyio_backend() -> str:
    """The gateway stands on asyncio alone."""
    return "asyncio"


@pytest.fixture
def serving() -> Serving:
    """Serve the sessions of a supervisor on a port of this machine."""

    @asynccontextmanager
    async def serve(model: Model | Agent | None = None, **options: Any) -> AsyncGenerator[Served]:
        store = options.pop("store", None) or MemoryStore()
        settings: dict[str, Any] = {"grace": 0.2, **options}
        supervisor = Supervisor(store, model or OfflineModel(), **settings)
        gateway = Gateway(supervisor)
        application = gateway.application()
        application.router.lifespan_context = gateway.lifespan
        listening = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(application, log_level="warning"))
        async with anyio.create_task_group() as group:
            group.start_soon(server.serve, [listening])
            address = f"127.0.0.1:{listening.getsockname()[1]}"
            async with httpx.AsyncClient(base_url=f"http://{address}", timeout=10) as client:
                while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
                    await anyio.sleep(0.01)
                try:
                    yield Served(gateway, supervisor, client, address)
                finally:
                    with anyio.CancelScope(shield=True):
                        await gateway.drain()
                    server.should_exit = True

    return serve
