"""Tools of servers of the Model Context Protocol: opened and closed with the supervisor."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from argentos import Agent, McpServer, MemoryStore, ReplayModel, Reply, Supervisor, ToolUse, tool
from argentos.errors import InputError
from argentos.llm import tool_traits
from argentos.storage import Message, ToolResult

pytestmark = pytest.mark.anyio

COMMAND = [sys.executable, str(Path(__file__).parent / "weather_server.py")]
QUICK = [sys.executable, "-SE", str(Path(__file__).parent / "quick_server.py")]


def calls(name: str, **given: Any) -> Reply:
    return Reply([ToolUse(id=f"call-{name}", name=name, input=given)], stop_reason="tool_use")


def results(history: tuple[Message, ...]) -> list[ToolResult]:
    return [block for message in history for block in message.content if isinstance(block, ToolResult)]


@tool
async def weather() -> str:
    """Tell the weather here."""
    return "sun"


async def test_its_tools_are_the_agent_s_as_long_as_the_supervisor_runs() -> None:
    model = ReplayModel([calls("mcp_weather", city="Bergen"), calls("mcp_process_id"), "Rain."])
    agent = Agent(model, tools=[weather, McpServer(COMMAND, prefix="mcp_")])
    async with Supervisor(MemoryStore(), agent) as supervisor:
        session = supervisor.session("maren")
        assert (await session.ask("And the weather?")).text == "Rain."
        said, process = results(await session.history())
        assert (said.text, said.is_error) == ("rain in Bergen", False)
        os.kill(int(process.text), 0)
    with pytest.raises(ProcessLookupError):
        os.kill(int(process.text), 0)


async def test_the_model_is_told_of_them_in_a_stable_order_and_the_server_of_what_may_be_repeated() -> None:
    async with McpServer(COMMAND, timeout=5).opened() as tools:
        traits = [tool_traits(each) for each in tools]
    assert [(each.name, each.repeatable, each.timeout) for each in traits] == [
        ("weather", True, 5.0),
        ("process_id", False, 5.0),
        ("die", False, 5.0),
        ("send", False, 5.0),
        ("refuse", False, 5.0),
    ]
    assert traits[0].definition["description"] == "Tell the weather."


async def test_a_server_that_dies_costs_its_call_and_nothing_else() -> None:
    model = ReplayModel([calls("refuse"), calls("die"), "It is gone.", "Still here."])
    async with Supervisor(MemoryStore(), Agent(model, tools=[McpServer(COMMAND)])) as supervisor:
        session = supervisor.session("maren")
        with anyio.fail_after(30):
            assert (await session.ask("Die.")).text == "It is gone."
        refused, died = results(await session.history())
        assert (refused.is_error, "it is closed on Mondays" in refused.text, died.is_error) == (True, True, True)
        assert (await session.ask("Are you there?")).text == "Still here."


async def test_a_server_that_cannot_be_started_is_told_of_and_the_agent_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    agent = Agent(ReplayModel(["Yes."]), tools=[McpServer(["no-such-command"], name="nothing"), weather])
    with anyio.fail_after(20):  # the start waits for what may still open, and not for what has failed
        async with Supervisor(MemoryStore(), agent, patience=0.5) as supervisor:
            assert (await supervisor.session("maren").ask("Hi")).text == "Yes."
            assert supervisor.health().tools == {"nothing": "[Errno 2] No such file or directory: 'no-such-command'"}
    assert "nothing" in caplog.text


@pytest.mark.parametrize(
    ("name", "hint"),
    [("send", "it is not known whether it was done"), ("read", "call again")],
    ids=["not repeatable", "repeatable"],
)
async def test_a_server_that_is_killed_in_the_middle_of_a_call_costs_that_and_its_tools_come_back(
    tmp_path: Path, name: str, hint: str
) -> None:
    begun = tmp_path / "begun"
    model = ReplayModel([calls("process_id"), "Yes.", calls(name, begun=str(begun)), "It is gone."])
    async with Supervisor(MemoryStore(), Agent(model, tools=[McpServer(QUICK, name="quick")])) as supervisor:
        session = supervisor.session("maren")
        await session.ask("Who are you?")
        turn = await session.send("Do it.")
        await until(begun.exists)
        os.kill(int(results(await session.history())[0].text), signal.SIGKILL)
        assert (await turn.reply()).text == "It is gone."
        lost = results(await session.history())[1]
        assert (lost.text, lost.is_error) == (
            f"failed: ConnectionError: the MCP server quick was lost in the middle of the call; {hint}",
            True,
        )
        await until(lambda: bool(supervisor.health().tools))
        await comes_back(supervisor, model, "process_id")


async def test_a_server_that_dies_while_nobody_calls_it_is_told_of_and_comes_back(anyio_backend_name: str) -> None:
    model = ReplayModel([calls("process_id"), "Yes.", calls("process_id"), "Not now."])
    async with Supervisor(MemoryStore(), Agent(model, tools=[McpServer(QUICK, name="quick")])) as supervisor:
        session = supervisor.session(anyio_backend_name)
        await session.ask("Who are you?")
        assert supervisor.health().tools == {}
        os.kill(int(results(await session.history())[0].text), signal.SIGKILL)
        await until(lambda: bool(supervisor.health().tools))
        assert "the MCP server quick is lost" in supervisor.health().tools["quick"]
        await session.ask("And the weather?")
        missed = results(await session.history())[1]
        assert "not run: the MCP server quick is not connected now; call again later" in missed.text
        await comes_back(supervisor, model, "process_id")


class OverHttp:
    """A server that is reached over HTTP, at the same port each time."""

    def __init__(self) -> None:
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))
            self.port = int(bound.getsockname()[1])
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen([*COMMAND, str(self.port)], stderr=subprocess.DEVNULL)  # noqa: S603 - ours

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


@pytest.fixture
def over_http() -> Iterator[OverHttp]:
    server = OverHttp()
    server.start()
    yield server
    server.kill()


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_server_over_http_is_found_when_it_begins_and_again_after_a_restart(
    tmp_path: Path, over_http: OverHttp
) -> None:
    begun = tmp_path / "begun"
    model = ReplayModel([calls("weather", city="Oslo"), "Rain.", calls("send", begun=str(begun)), "It is gone."])
    server = McpServer(f"http://127.0.0.1:{over_http.port}/mcp", name="weather")
    async with Supervisor(MemoryStore(), Agent(model, tools=[server])) as supervisor:
        await until(lambda: not supervisor.health().tools)
        session = supervisor.session("maren")
        await session.ask("And the weather?")
        turn = await session.send("Do it.")
        await until(begun.exists)
        over_http.kill()
        assert (await turn.reply()).text == "It is gone."
        said, lost = results(await session.history())
        assert said.text == "rain in Oslo"
        assert "was lost in the middle of the call; it is not known whether it was done" in lost.text
        await until(lambda: bool(supervisor.health().tools))
        over_http.start()
        await comes_back(supervisor, model, "weather", city="Bergen")


async def comes_back(supervisor: Supervisor, model: ReplayModel, tool_name: str, **given: str) -> None:
    """Wait until a source that was lost is open again, and use it."""
    await until(lambda: not supervisor.health().tools)
    for reply in (calls(tool_name, **given), "Here it is."):
        model.feed(reply, "again")
    assert (await supervisor.session("again").ask("Are you there?")).text == "Here it is."
    (said,) = results(await supervisor.session("again").history())
    assert not said.is_error


async def until(is_so: Callable[[], bool]) -> None:
    with anyio.fail_after(30):
        while not is_so():  # noqa: ASYNC110 - nothing tells of it
            await anyio.sleep(0.02)


@pytest.mark.parametrize("server", ["", [], None, 5, {}])
def test_what_is_no_server_is_refused(server: Any) -> None:
    with pytest.raises(InputError, match="the MCP server is"):
        McpServer(server)
