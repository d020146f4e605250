"""What the tests of the HTTP API share: gateways under uvicorn on a socket of this process, and clients of them."""

import socket
import uuid
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import anyio
import httpx2 as httpx
import pytest
import uvicorn

from argentos import Agent, MemoryStore, Model, OfflineModel, Supervisor
from argentos.gateway.access.guard import Access
from argentos.gateway.api.application import Gateway
from tests.gateway.api.serving import Served

Serving: TypeAlias = Callable[..., AbstractAsyncContextManager[Served]]


@pytest.fixture
def anyio_backend() -> str:
    """The gateway stands on asyncio alone."""
    return "asyncio"


@pytest.fixture
def serving(tmp_path: Path) -> Serving:
    """Serve the sessions of a supervisor on a port of this machine."""

    @asynccontextmanager
    async def serve(model: Model | Agent | None = None, **options: Any) -> AsyncGenerator[Served]:
        store = options.pop("store", None) or MemoryStore()
        statuses = options.pop("statuses", None)
        settings: dict[str, Any] = {"grace": 0.2, **options}
        supervisor = Supervisor(store, model or OfflineModel(), **settings)
        access = Access(tmp_path)
        gateway = Gateway(supervisor, access, statuses=statuses)
        token = access.tokens.new(uuid.uuid4().hex)
        application = gateway.application()
        listening = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(application, log_level="warning"))
        async with anyio.create_task_group() as group:
            group.start_soon(server.serve, [listening])
            address = f"127.0.0.1:{listening.getsockname()[1]}"
            headers = {"Authorization": f"Bearer {token}"}
            async with httpx.AsyncClient(base_url=f"http://{address}", headers=headers, timeout=10) as client:
                while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
                    await anyio.sleep(0.01)
                try:
                    yield Served(gateway, supervisor, client, address, token)
                finally:
                    with anyio.CancelScope(shield=True):
                        await gateway.drain()
                    server.should_exit = True

    return serve
