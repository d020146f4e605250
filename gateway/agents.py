"""The agents and the sessions of a state directory, by the names of their folders: nothing is opened, or read."""

from collections.abc import Iterator
from pathlib import Path

from argentos.storage.names import file_name, text_of

__all__ = ["known_agents", "known_sessions"]


def known_agents(state_dir: Path) -> list[str]:
    """The agents that have sessions, or had some, in the order of their names."""
    return sorted(_names(state_dir / "agents"))


def known_sessions(state_dir: Path, agent: str) -> list[str]:
    """The ids of an agent's sessions; an id too long to be the name of a folder is not among them."""
    return sorted(_names(state_dir / "agents" / file_name(agent) / "sessions"))


def _names(folder: Path) -> Iterator[str]:
    try:
        for each in folder.iterdir():
            if (text := text_of(each.name)) is not None and each.is_dir():
                yield text
    except OSError:  # there is none, or not for this user
        return
