"""The agents of a gateway, as `agents` in `argent.json` has them: model, system prompt, tools.

{"agents": {"main": {"model": "claude-opus-4-5", "systemPromptFile": "main.md",
                     "tools": ["harbour.tools:tides", {"mcp": ["uvx", "mcp-server-fetch"], "prefix": "web_"}]}}}
"""

import logging
import re
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, Final, cast

from argentos.actors import Agent, Config
from argentos.actors.settings.settings_file import SettingsFile
from argentos.concurrency.foreign_code import described, passes
from argentos.errors import ArgentError, ConfigError, InputError
from argentos.gateway.owner import chosen_model
from argentos.inputs import as_flag, as_text, in_words
from argentos.llm import McpServer, Model, OfflineModel, Tool, ToolSource
from argentos.storage.disk import reading
from argentos.storage.repair.walk import agents as agents_on_disk

__all__ = ["agents_of"]

_log: Final = logging.getLogger(__name__)
_KEYS: Final = ("session", "model", "summariser", "systemPromptFile", "tools", "approvers", "commanders")
_IMPORT_PATH: Final = re.compile(r"[^:]+:[^\W\d]\w*")
_MCP_KEYS: Final = frozenset({"mcp", "prefix", "env", "cwd", "needsApproval", "name"})


def agents_of(state_dir: Path, first: str) -> dict[str, Agent]:
    """The agents of a state directory: those of `argent.json`, those that have sessions there, and the first one.

    Paths in the file begin in the state directory.

    Args:
        state_dir: of the gateway.
        first: the agent that is meant where none is named.

    Raises:
        ConfigError: a setting cannot be used; the sentence names its line and its path.
        MissingExtraError: a model or a tool needs what is not installed.
    """
    file = SettingsFile(state_dir / "argent.json")
    names = dict.fromkeys((first, *file.agents, *agents_on_disk(state_dir)))
    return {name: _AgentSection(file, state_dir, name).agent() for name in names}


class _AgentSection:
    """The settings of one agent; what it does not have of its own stands in `agents.defaults`."""

    def __init__(self, file: SettingsFile, state_dir: Path, name: str) -> None:
        self._file = file
        self._state_dir = state_dir
        self._name = name

    def agent(self) -> Agent:
        for section in ("defaults", self._name):
            self._file.refuse_mistyped(_KEYS, "agents", section)
        try:
            return Agent(
                self._model("model") or chosen_model(),
                system=self._system(),
                tools=[*self._tools()],
                config=Config.load(self._state_dir, self._name),
                approvers=self._people("approvers"),
                commanders=self._people("commanders"),
                summariser=self._model("summariser"),
            )
        except InputError as error:
            raise ConfigError(f"{self._file.called('agents', self._name)}: {error}") from error

    def _found(self, key: str) -> tuple[Any, str]:
        """A value, and what it is called."""
        for section in (self._name, "defaults"):
            value = self._file.value("agents", section, key)
            if value is not None:
                return value, self._file.called("agents", section, key)
        return None, ""

    def _model(self, key: str) -> Model | None:
        value, what = self._found(key)
        if value is None:
            return None
        name = as_text(value, what, ConfigError)
        if name == "offline":
            return OfflineModel()
        if _IMPORT_PATH.fullmatch(name) and not name.startswith("local:"):
            found = _imported(name, what, self._state_dir)
            return cast("Model", found() if isinstance(found, type) else found)
        model = chosen_model(name)
        if isinstance(model, OfflineModel):
            _log.warning("%s is %s, and ANTHROPIC_API_KEY is not set, so the offline model answers", what, name)
        return model

    def _system(self) -> str:
        value, what = self._found("systemPromptFile")
        if value is None:
            return ""
        path = self._state_dir / as_text(value, what, ConfigError)
        try:
            with reading.regular(path) as file:
                return file.read().decode()
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
            raise ConfigError(f"{what}: {path} cannot be read: {why}") from error

    def _people(self, key: str) -> list[str] | None:
        value, what = self._found(key)
        if value is not None and not isinstance(value, list):
            raise ConfigError(f"{what} is {in_words(value)}; it must be a list of names")
        return cast("list[str] | None", value)

    def _tools(self) -> Iterator[Tool | ToolSource]:
        value, what = self._found("tools")
        if value is None:
            return
        if not isinstance(value, list):
            raise ConfigError(f"{what} is {in_words(value)}; it must be a list of tools")
        for number, each in enumerate(cast("list[object]", value)):
            called = f"{what}[{number}]"
            if isinstance(each, dict):
                yield _mcp_server(cast("dict[str, Any]", each), called)
            else:
                yield from _tools_at(as_text(each, called, ConfigError), called, self._state_dir)


def _mcp_server(given: Mapping[str, Any], what: str) -> McpServer:
    unknown = sorted(given.keys() - _MCP_KEYS)
    if unknown or "mcp" not in given:
        raise ConfigError(
            f"{what} has {', '.join(unknown) or 'no mcp'}; write the command or the address of a server as"
            ' {"mcp": ["uvx", "mcp-server-fetch"], "prefix": "web_"}'
        )
    needs_approval = given.get("needsApproval")
    try:
        return McpServer(
            given["mcp"],
            name=given.get("name"),
            prefix=given.get("prefix", ""),
            env=given.get("env"),
            cwd=given.get("cwd"),
            needs_approval=None if needs_approval is None else as_flag(needs_approval, "needsApproval"),
        )
    except InputError as error:
        raise ConfigError(f"{what}: {error}") from error


def _imported(path: str, what: str, state_dir: Path) -> object:
    """The object at an import path, `package.module:name`, or at `folder/file.py:name` below the state directory."""
    if not _IMPORT_PATH.fullmatch(path):
        raise ConfigError(f"{what} is {path!a:.200}; write it as package.module:name, or as folder/file.py:name")
    place, _, name = path.rpartition(":")
    try:
        module = _from_file(state_dir / place) if place.endswith(".py") else import_module(place)
        return cast("object", getattr(module, name))
    except ArgentError:
        raise
    except BaseException as error:
        if passes(error):
            raise
        raise ConfigError(f"{what}: {path} cannot be imported: {described(error)}") from error


def _tools_at(path: str, what: str, state_dir: Path) -> list[Tool | ToolSource]:
    """The tool, or the list of tools, at an import path."""
    found = _imported(path, what, state_dir)
    tools = list(cast("list[object]", found)) if isinstance(found, list | tuple) else [found]
    for each in tools:
        if not isinstance(each, Tool | ToolSource):
            raise ConfigError(f"{what}: {path} is {in_words(each)}, and no tool; put `@tool` before the function")
    return cast("list[Tool | ToolSource]", tools)


def _from_file(path: Path) -> ModuleType:
    name = f"argentos_tools_{path.stem}"
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ConfigError(f"{path} is no file of Python")
    module = sys.modules[name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
