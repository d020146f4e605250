"""What the tests of the chat APIs share: a gateway with them, and the makers' own clients."""

import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import anyio
import httpx2 as httpx
import pytest
import uvicorn
from anthropic import AsyncAnthropic
from openai import AsyncOpenAI

from argentos import Agent, FileStore, Model, OfflineModel, Supervisor
from argentos.gateway.access.guard import Access
from argentos.gateway.api.application import Gateway
from argentos.gateway.chat_apis import REFUSALS, chat_apis


class Chatting:
    """A gateway with the chat APIs, and its clients.

    Attributes:
        openai: the client of OpenAI.
        anthropic: the client of Anthropic.
        plain: of HTTP, without a token.
    """

    def __init__(self, supervisor: Supervisor, access: Access, url: str, token: str) -> None:
        self.supervisor = supervisor
        self.access = access
        self.url = url
        self.openai = self.openai_of(token)
        self.anthropic = self.anthropic_of(token)
        self.plain = httpx.AsyncClient(base_url=url, timeout=10)

    def openai_of(self, token: str) -> AsyncOpenAI:
        return AsyncOpenAI(base_url=f"{self.url}/v1", api_key=token, max_retries=0)

    def anthropic_of(self, token: str) -> AsyncAnthropic:
        return AsyncAnthropic(base_url=self.url, api_key=token, max_retries=0)

    async def close(self) -> None:
        await self.openai.close()
        await self.anthropic.close()
        await self.plain.aclose()


Serving: TypeAlias = Callable[..., AbstractAsyncContextManager[Chatting]]


@pytest.fixture
def anyio_backend() -> str:
    """The gateway stands on asyncio alone."""
    return "asyncio"


@pytest.fixture
def serving(tmp_path: Path) -> Serving:
    """Serve the sessions of a state directory on a port of this machine."""

    @asynccontextmanager
    async def serve(model: Model | Agent | None = None, **options: Any) -> AsyncGenerator[Chatting]:
        state = tmp_path / "state"
        settings: dict[str, Any] = {"grace": 0.2, **options}
        agents = settings.pop("agents", None) or model or OfflineModel()
        supervisor, access = Supervisor(FileStore(state), agents, **settings), Access(state)
        gateway = Gateway(supervisor, access, parts=[chat_apis], refusals=REFUSALS)
        listening = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(gateway.application(), log_level="warning"))
        async with anyio.create_task_group() as group:
            group.start_soon(server.serve, [listening])
            while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
                await anyio.sleep(0.01)
            name = f"t-{len(access.tokens.all())}"
            url = f"http://127.0.0.1:{listening.getsockname()[1]}"
            chatting = Chatting(supervisor, access, url, access.tokens.new(name))
            try:
                yield chatting
            finally:
                with anyio.CancelScope(shield=True):
                    await chatting.close()
                    await gateway.drain()
                server.should_exit = True

    return serve
