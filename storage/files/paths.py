"""The places of sessions in a state directory, and of what was set aside of them."""

import re
from pathlib import Path
from typing import Final

from argentos.storage.disk import durable, reading
from argentos.storage.messages import SessionKey
from argentos.storage.names import file_name

__all__ = [
    "agent_folder",
    "copies_set_aside",
    "damaged_folder",
    "is_state_directory",
    "mark_deleted",
    "session_folder",
    "was_deleted",
]

_DATED: Final = re.compile(r"\.(damaged|deleted)-\d{8}T\d{6}Z(-\d+)?")


_DELETED: Final = ".deleted-"


def is_state_directory(root: Path) -> bool:
    """Tell whether a store was opened in this directory, or settings or tokens of a gateway have been put there."""
    return any(reading.exists(root / name) for name in ("agents", "journal", "lock", "argent.json", "gateway"))


def agent_folder(root: Path, agent: str) -> Path:
    """The folder of an agent's sessions."""
    return root / "agents" / file_name(agent) / "sessions"


def damaged_folder(root: Path, agent: str) -> Path:
    """The folder of an agent's sessions that were set aside."""
    return root / "agents" / file_name(agent) / "damaged"


def copies_set_aside(root: Path, key: SessionKey) -> list[Path]:
    """The copies of a session that were set aside, the newest first."""
    name, folder = file_name(key.id), damaged_folder(root, key.agent)
    found = [each for each in reading.names(folder) if each.startswith(name) and _DATED.fullmatch(each[len(name) :])]
    return [folder / each for each in sorted(found, key=lambda each: each.rpartition(".")[2].partition("-")[2])[::-1]]


def was_deleted(aside: Path) -> bool:
    """Tell whether its session was deleted after this had been set aside."""
    return _DELETED in aside.name


def mark_deleted(root: Path, key: SessionKey) -> None:
    """Let what was set aside of a session tell that the session was deleted since."""
    for aside in copies_set_aside(root, key):
        if not was_deleted(aside):
            name, _, date = aside.name.rpartition(".damaged-")
            durable.move(aside, aside.with_name(f"{name}{_DELETED}{date}"))


def session_folder(root: Path, key: SessionKey) -> Path:
    """The folder of a session."""
    return agent_folder(root, key.agent) / file_name(key.id)
