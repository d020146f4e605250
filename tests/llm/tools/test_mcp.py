"""Tools of servers of the Model Context Protocol: opened and closed with the supervisor."""

import os
import sys
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
    ]
    assert traits[0].definition["description"] == "Tell the weather."


async def test_a_server_that_dies_costs_its_call_and_nothing_else() -> None:
    model = ReplayModel([calls("die"), "It is gone.", "Still here."])
    async with Supervisor(MemoryStore(), Agent(model, tools=[McpServer(COMMAND)])) as supervisor:
        session = supervisor.session("maren")
        with anyio.fail_after(30):
            assert (await session.ask("Die.")).text == "It is gone."
        assert [each.is_error for each in results(await session.history())] == [True]
        assert (await session.ask("Are you there?")).text == "Still here."


async def test_a_server_that_cannot_be_started_is_told_in_the_log_and_the_agent_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    agent = Agent(ReplayModel(["Yes."]), tools=[McpServer(["no-such-command"], name="nothing"), weather])
    with anyio.fail_after(20):  # the start waits for what may still open, and not for what has failed
        async with Supervisor(MemoryStore(), agent, patience=0.5) as supervisor:
            assert (await supervisor.session("maren").ask("Hi")).text == "Yes."
    assert "nothing" in caplog.text


@pytest.mark.parametrize("server", ["", [], None, 5, {}])
def test_what_is_no_server_is_refused(server: Any) -> None:
    with pytest.raises(InputError, match="the MCP server is"):
        McpServer(server)
