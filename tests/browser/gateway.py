"""A gateway that runs beside a browser: in a thread of its own, on a port of this machine, with a model that is led."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import anyio
import uvicorn
from anyio.from_thread import BlockingPortal, start_blocking_portal

from argentos import (
    AccountSettings,
    Address,
    Agent,
    Config,
    Emit,
    FileStore,
    ModelError,
    Reply,
    Request,
    RoutingSettings,
    Sender,
    Session,
    SessionInfo,
    Supervisor,
    SystemClock,
    Text,
    Thinking,
    ToolUse,
    Usage,
    tool,
)
from argentos.gateway.access.caller import Scope
from argentos.gateway.access.guard import Access
from argentos.gateway.access.limits.settings import Limits
from argentos.gateway.api.application import Gateway
from argentos.gateway.channels.running import Channels
from argentos.gateway.channels.settings import load_connections
from argentos.gateway.dashboard.routes import dashboard

__all__ = ["Led", "RunningGateway", "running_gateway"]

T = TypeVar("T")

_UNCOUNTED: Final = Limits(strangers_per_second=1e6, strangers_burst=1e6)  # each test is a browser without a cache
_ROUTING: Final = RoutingSettings(
    accounts={("telegram", None): AccountSettings(), ("discord", None): AccountSettings()}
)


class Led:
    """A model that does as the messages say, and streams what the test says where one begins with `wait`."""

    name = "led"

    def __init__(self) -> None:
        self.deleted: list[str] = []
        self._said = asyncio.Queue[str | None]()

    async def say(self, text: str | None) -> None:
        """Have the reply that waits go on with a text, or end with None."""
        await self._said.put(text)

    async def reply(self, request: Request, emit: Emit) -> Reply:
        message = request.messages[-1]
        if any(block["type"] == "tool_result" for block in message.blocks):
            return Reply("It is done.")
        word, _, rest = message.text.partition(" ")
        if word == "fail":
            raise ModelError("the model has no credit left")
        if word == "delete":
            call = ToolUse(id=f"call-{message.number}", name="delete_file", input={"path": rest})
            return Reply([Text("I have to ask first."), call])
        if word == "think":
            return Reply([Thinking(rest, "signed"), Text("I have thought.")])
        if word == "tides":
            return Reply([ToolUse(id=f"call-{message.number}", name="tides", input={"harbour": rest})])
        if word == "used":
            usage = Usage(model="led", input=1000, output=50, cache_read=900, cost=0.25)
            return Reply("It was cheap.", usage=usage)
        if word != "wait":
            return Reply(f"You said: {message.text}")
        said = ""
        while (text := await self._said.get()) is not None:
            said += text
            await emit(text)
        return Reply(said)


def _agent(model: Led) -> Agent:
    @tool
    async def tides(harbour: str) -> str:
        """Tell when the tide is high at a harbour."""
        return f"high tide at {harbour}: 06:12"

    @tool(needs_approval=True)
    async def delete_file(path: str) -> str:
        """Delete a file."""
        model.deleted.append(path)
        return f"deleted {path}"

    return Agent(model, system="You are a harbour master.", tools=[tides, delete_file])


class RunningGateway:
    """A gateway on a port, as its host sees it; methods block.

    Args:
        portal: into the thread in which it runs.
        folder: the state directory.
    """

    def __init__(self, portal: BlockingPortal, folder: Path, config: Config) -> None:
        self.model = Led()
        self.port = _free_port()
        self._portal = portal
        self.folder = folder
        self._config = config
        self._access = Access(folder, limits=_UNCOUNTED)
        self._access.tokens.new("console")
        self.start()

    @property
    def url(self) -> str:
        """The address of the dashboard."""
        return f"http://127.0.0.1:{self.port}/"

    def link(self, *scopes: Scope) -> str:
        """A link that signs a browser in: to do everything, or what these scopes allow."""
        name = "-".join(scopes) or "console"
        if name not in {each.name for each in self._access.tokens.all()}:
            self._access.tokens.new(name, scopes)
        return f"{self.url}#code={self._access.sign_ins.new_code(name)}"

    def start(self) -> None:
        """Begin to serve, with what the state directory has."""
        self._running = self._portal.wrap_async_context_manager(self._serving())
        self.supervisor = self._running.__enter__()

    def stop(self) -> None:
        """End, as with SIGTERM."""
        self._running.__exit__(None, None, None)

    def session(self, session_id: str) -> Session:
        """The handle of a session."""
        return self.supervisor.session(session_id)

    def do(self, act: Callable[..., Awaitable[T]], *given: Any, **named: Any) -> T:
        """Do something in the gateway's thread."""

        async def acting() -> T:
            with anyio.fail_after(60):
                return await act(*given, **named)

        return self._portal.call(acting)

    def ask(self, session_id: str, *texts: str) -> None:
        """Have messages answered, one after the other."""
        for text in texts:
            self.do(self.session(session_id).ask, text)

    def send(self, session_id: str, text: str, **named: Any) -> None:
        """Send a message, and do not wait for the reply."""
        self.do(self.session(session_id).send, text, **named)

    def knock(self, sender: str, name: str = "") -> str:
        """Have a stranger write to one of our accounts; gives the code that comes back."""
        who = Sender.parse(sender)

        async def ask() -> str:
            place = Address(who.channel, who.user, account=who.account)
            code = await self.supervisor.pairing.request(place, sent_at=SystemClock().now(), name=name)
            assert code is not None
            return code.code

        return self.do(ask)

    def let_in(self, *senders: str) -> None:
        """Have the owner let senders in, at a terminal."""
        for each in senders:
            self.do(self.supervisor.pairing.approve, each, by="jason", origin="command line")

    def write(self, sender: str, text: str) -> None:
        """Have a sender who was let in write to the agent directly, and wait for the reply."""
        who = Sender.parse(sender)

        async def deliver() -> None:
            turn = await self.supervisor.deliver(Address(who.channel, who.user, account=who.account), text)
            await turn.reply()

        self.do(deliver)

    def say(self, text: str | None) -> None:
        """Have the reply that waits go on."""
        self.do(self.model.say, text)

    def info(self, session_id: str) -> SessionInfo:
        """A session as it stands."""
        return self.do(self.session(session_id).info)

    @asynccontextmanager
    async def _serving(self) -> AsyncGenerator[Supervisor]:
        connections = load_connections(self.folder)
        supervisor = Supervisor(
            FileStore(self.folder),
            _agent(self.model),
            config=self._config,
            grace=0.1,
            routing=RoutingSettings.load(self.folder) if connections else _ROUTING,
            outbox={each.channel for each in connections},
        )
        channels = Channels(supervisor, connections, self.folder)
        gateway = Gateway(supervisor, self._access, parts=[dashboard], statuses=channels.statuses)
        server = uvicorn.Server(
            uvicorn.Config(
                gateway.application(), port=self.port, log_level="warning", lifespan="off", timeout_graceful_shutdown=1
            )
        )
        listening = socket.create_server(("127.0.0.1", self.port))
        async with supervisor, channels, gateway, anyio.create_task_group() as group:
            group.start_soon(server.serve, [listening])
            while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
                await anyio.sleep(0.01)
            yield supervisor
            channels.stop_receiving()
            await gateway.drain(0)
            server.should_exit = True


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port


@contextmanager
def running_gateway(folder: Path, config: Config | None = None) -> Generator[RunningGateway]:
    """A gateway for as long as it is needed."""
    with start_blocking_portal() as portal:
        gateway = RunningGateway(portal, folder, config or Config())
        try:
            yield gateway
        finally:
            gateway.stop()
