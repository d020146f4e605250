"""`argent.json` as it is written: where the settings stand in it, and in which line.

Other parts of the file belong to others and are left alone. A key is taken for a mistyped one of ours where it is near.
"""

import json
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

import msgspec

from argentos.errors import ConfigError
from argentos.inputs import in_words, nearest
from argentos.storage.disk import reading

__all__ = ["Setting", "SettingsFile"]

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
_NEAR: Final = 0.75


class Setting(NamedTuple):
    """A key of a `session` section, its value, and `what` errors call it: the file, the line and the path."""

    key: str
    value: Any
    what: str


class SettingsFile:
    """The settings in the `argent.json` of a state directory.

    Args:
        path: of the file.

    Raises:
        ConfigError: it cannot be read, or is no JSON object.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._text = _read(path)
        self._content = _parsed(self._text, path)

    def settings(self, agent: str, known: Collection[str]) -> Iterator[Setting]:
        """The settings of all agents, and then those that this agent has of its own.

        Raises:
            ConfigError: a section is no object, or a key is none of those known, or nearly one of ours.
        """
        self._check_top()
        agents = self._object(self._content, "agents")
        self._check_agents(agents, agent)
        for name in dict.fromkeys(("defaults", agent)):
            section = self._object(agents, "agents", name)
            self._refuse_near(section, ("session",), "agents", name)
            settings = self._object(section, "agents", name, "session")
            for key, value in settings.items():
                what = self.called("agents", name, "session", key)
                if key not in known:
                    near = nearest(key, known, cutoff=0.0)
                    raise ConfigError(f"{what} is not a setting; did you mean {near}?")
                yield Setting(key, value, what)

    @property
    def agents(self) -> tuple[str, ...]:
        """The names of the agents that have a section of their own.

        Raises:
            ConfigError: `agents` is no object.
        """
        agents = self._object(self._content, "agents")
        return tuple(name for name, value in agents.items() if name != "defaults" and isinstance(value, dict))

    def value(self, *keys: str) -> Any:
        """The value under these keys, one below the other; None where there is none.

        Raises:
            ConfigError: what is on the way there is no object.
        """
        section = self._content
        for depth in range(1, len(keys)):
            section = self._object(section, *keys[:depth])
        return section.get(keys[-1])

    def section(self, key: str) -> Setting:
        """A key at the top of the file; its value is None where there is none.

        Raises:
            ConfigError: there is nearly one of ours.
        """
        self._check_top()
        return Setting(key, self._content.get(key), self.called(key))

    def _check_top(self) -> None:
        if "session" in self._content:
            raise ConfigError(f"{self.called('session')} is not read there; put it into agents.defaults")
        self._refuse_near(self._content, ("agents", "channels", "gateway", "routes", "session"))

    def _check_agents(self, agents: dict[str, Any], agent: str) -> None:
        others = {name: value for name, value in agents.items() if name != agent}
        if "session" in others:
            raise ConfigError(f"{self.called('agents', 'session')} is not read there; put it into agents.defaults")
        self._refuse_near(others, ("defaults",), "agents")

    def refuse_mistyped(self, ours: Collection[str], *keys: str) -> None:
        """Refuse keys of the object under these keys that are nearly some of ours; others are left alone.

        Raises:
            ConfigError: there is one, or that is no object.
        """
        if self.value(*keys) is not None:
            self._refuse_near(self._object({keys[-1]: self.value(*keys)}, *keys), tuple(ours), *keys)

    def _refuse_near(self, section: dict[str, Any], ours: tuple[str, ...], *keys: str) -> None:
        for key in section:
            if key not in ours and (near := nearest(key, ours, _NEAR)):
                raise ConfigError(f"{self.called(*keys, key)} is not a key of this file; did you mean {near}?")

    def _object(self, section: dict[str, Any], *keys: str) -> dict[str, Any]:
        """The object under the last of these keys, empty where there is none."""
        value = section.get(keys[-1], {})
        if not isinstance(value, dict):
            raise ConfigError(f"{self.called(*keys)} is {in_words(value)}; it must be an object")
        return cast("dict[str, Any]", value)

    def called(self, *keys: str) -> str:
        """The file, the line and the path of a value, as an error begins with them."""
        line = _line_of(self._text, keys)
        return f"{self._path}:{line}: {'.'.join(keys):.200}"


def _read(path: Path) -> str:
    try:
        with reading.regular(path) as file:
            return file.read().removeprefix(_BYTE_ORDER_MARK).decode()
    except FileNotFoundError:
        return "{}"
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError(f"{path}:{line}: this is no text in UTF-8; save the file as that") from error


def _parsed(text: str, path: Path) -> dict[str, Any]:
    try:
        content: object = json.loads(text, object_pairs_hook=_object)
        msgspec.json.decode(text.encode())  # refuses what Python's own reader takes, as NaN
    except json.JSONDecodeError as error:
        raise ConfigError(f"{path}:{error.lineno}: this is not JSON: {error.msg}, at column {error.colno}") from error
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        problem = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise ConfigError(f"{path} is not JSON: {problem:.200}") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{path}:1: the file is {in_words(content)}; it must be an object")
    return cast("dict[str, Any]", content)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"an object has the key {next(key for key in keys if keys.count(key) > 1)!a:.60} twice")
    return made


def _line_of(text: str, keys: tuple[str, ...]) -> int:
    """The line in which the last of these keys stands, below the others; the text is JSON."""
    path: list[str] = []
    depth, before = 0, ""
    for token in _TOKEN.finditer(text):
        word = token[0]
        if word == ":" and before.startswith('"') and len(path) >= depth - 1:
            path[depth - 1 :] = [json.loads(before)]
            if tuple(path) == keys:
                return text.count("\n", 0, token.start()) + 1
        depth += (word in "{[") - (word in "}]")
        path = path[:depth]
        before = word
    return 1
