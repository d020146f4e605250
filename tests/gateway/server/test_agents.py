"""The agents of a gateway, as `argent.json` has them."""

import json
from pathlib import Path
from typing import Any

import pytest

from argentos.actors import Agent
from argentos.errors import ConfigError
from argentos.gateway.server.agents import agents_of
from argentos.llm import AnthropicModel, McpServer, OfflineModel
from tests.gateway.shared import Argent, Record

TOOLS = '''
from argentos import tool

@tool
async def tides(harbour: str) -> str:
    """Tell when the tide is high at a harbour."""
    return harbour

both = [tides]
no_tool = 7
'''


def agents(folder: Path, settings: Any) -> dict[str, Agent]:
    folder.mkdir(exist_ok=True)
    (folder / "argent.json").write_text(json.dumps({"agents": settings}, indent=1))
    return agents_of(folder, "main")


def test_without_a_file_there_is_one_agent_that_is_offline_without_a_key(tmp_path: Path) -> None:
    (agent,) = agents_of(tmp_path, "main").values()
    assert isinstance(agent.model, OfflineModel)
    assert (agent.system, agent.tools) == ("", ())


def test_with_a_key_claude_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-test")
    found = agents(tmp_path, {"main": {"model": "claude-x"}, "sales": {"model": "offline"}})
    assert isinstance(found["main"].model, AnthropicModel)
    assert isinstance(found["sales"].model, OfflineModel)


def test_an_agent_has_its_own_parts_and_those_of_all(tmp_path: Path) -> None:
    (tmp_path / "tools.py").write_text(TOOLS)
    (tmp_path / "kind.md").write_text("Be kind.")
    (tmp_path / "sales.md").write_text("Sell.")
    found = agents(
        tmp_path,
        {
            "defaults": {
                "systemPromptFile": "kind.md",
                "tools": ["tools.py:tides"],
                "session": {"queueMode": "followup"},
            },
            "sales": {
                "systemPromptFile": "sales.md",
                "tools": ["tools.py:both", {"mcp": ["uvx", "mcp-server-fetch"], "prefix": "web_"}],
                "approvers": ["maren"],
                "commanders": ["maren"],
                "summariser": "offline",
                "session": {"queueMode": "collect"},
            },
        },
    )
    assert list(found) == ["main", "sales"]
    assert found["main"].system == "Be kind."
    assert len(found["main"].tools) == 1
    assert found["main"].config is not None
    assert found["main"].config.queue_mode == "followup"
    sales = found["sales"]
    assert (sales.system, sales.approvers, sales.commanders) == ("Sell.", {"maren"}, {"maren"})
    assert isinstance(sales.tools[1], McpServer)
    assert isinstance(sales.summariser, OfflineModel)
    assert sales.config is not None
    assert sales.config.queue_mode == "collect"


def test_a_model_of_ones_own_is_named_by_its_import_path(tmp_path: Path) -> None:
    (tmp_path / "models.py").write_text("from argentos import OfflineModel as One\nother = One()\n")
    found = agents(tmp_path, {"main": {"model": "models.py:One"}, "sales": {"model": "models.py:other"}})
    assert [type(each.model).__name__ for each in found.values()] == ["OfflineModel", "OfflineModel"]


def test_agents_that_have_sessions_go_on_though_no_setting_names_them(
    argent: Argent, record: Record, state: Path
) -> None:
    line = {"at": "2020-02-03T10:00:00Z", "text": "Hello"}
    assert argent("--agent", "Old Agent", "replay", record(line))[0] == 0
    assert list(agents_of(state, "main")) == ["main", "Old Agent"]


WRONG: list[tuple[Any, str]] = [
    ([], "agents is a list"),
    ({"main": {"model": 7}}, r"argent\.json:4: agents\.main\.model"),
    ({"main": {"model": "tools.py:no_tool"}}, "agents.main: the model is the number 7"),
    ({"main": {"model": "no_such_module:Model"}}, r"agents\.main\.model: no_such_module:Model cannot be imported"),
    ({"main": {"systemPrompFile": "x"}}, "did you mean systemPromptFile"),
    ({"main": {"systemPromptFile": "gone.md"}}, "gone.md cannot be read"),
    ({"main": {"systemPromptFile": "latin.md"}}, "it is no text in UTF-8"),
    ({"main": {"tools": "tides"}}, "it must be a list of tools"),
    ({"main": {"tools": ["tides"]}}, r"agents\.main\.tools\[0\] is 'tides'; write it as package\.module:name"),
    ({"main": {"tools": ["no_such_module:tides"]}}, "cannot be imported: ModuleNotFoundError"),
    ({"main": {"tools": ["tools.py:gone"]}}, "cannot be imported: AttributeError"),
    ({"main": {"tools": ["gone.py:tides"]}}, "cannot be imported: FileNotFoundError"),
    ({"main": {"tools": ["broken.py:tides"]}}, "cannot be imported: SyntaxError"),
    ({"main": {"tools": ["exits.py:tides"]}}, "cannot be imported: SystemExit"),
    ({"main": {"tools": ["tools.py:no_tool"]}}, "is the number 7, and no tool"),
    ({"main": {"tools": [7]}}, r"tools\[0\]"),
    ({"main": {"tools": [{}]}}, "no mcp"),
    ({"main": {"tools": [{"mcp": ["x"], "prefx": ""}]}}, "prefx"),
    ({"main": {"tools": [{"mcp": []}]}}, r"tools\[0\]"),
    ({"main": {"tools": ["tools.py:both", "tools.py:tides"]}}, "two tools are called 'tides'"),
    ({"main": {"approvers": "maren"}}, "it must be a list of names"),
    ({"main": {"session": {"queueMode": "x"}}}, "queueMode"),
]


@pytest.mark.parametrize(("wrong", "sentence"), WRONG)
def test_a_wrong_setting_is_refused_with_its_place(tmp_path: Path, wrong: Any, sentence: str) -> None:
    (tmp_path / "tools.py").write_text(TOOLS)
    (tmp_path / "broken.py").write_text("def")
    (tmp_path / "exits.py").write_text("import sys; sys.exit(1)")
    (tmp_path / "latin.md").write_bytes(b"\xe4")
    with pytest.raises(ConfigError, match=sentence):
        agents(tmp_path, wrong)
