"""The folders of agents and sessions as they lie on the disk, whatever is wrong with them. All of this blocks."""

import contextlib
from pathlib import Path

from argentos.errors import StoreError
from argentos.storage.disk.symlinks import check_way
from argentos.storage.files import paths, session_files
from argentos.storage.snapshot import Metadata

__all__ = [
    "agents",
    "folders_named",
    "metadata_in",
    "visible_names",
]


def agents(root: Path) -> list[str]:
    """The agents' names, as the sessions' own files say them."""
    names: set[str] = set()
    for folder in folders_named(root, "sessions"):
        read = (metadata.agent for name in visible_names(folder) if (metadata := metadata_in(folder / name)))
        names.add(next((agent for agent in read if paths.agent_folder(root, agent) == folder), folder.parent.name))
    return sorted(names)


def folders_named(root: Path, name: str) -> list[Path]:
    """The folders of this name of all agents; what a link leads to is none."""
    return [each for each in sorted((root / "agents").glob(f"*/{name}")) if _is_reached(each)]


def _is_reached(path: Path) -> bool:
    try:
        check_way(path, with_itself=True)
    except OSError:
        return False
    return True


def visible_names(folder: Path) -> list[str]:
    """The names in a folder, in order; none where it cannot be looked into."""
    with contextlib.suppress(OSError):  # what cannot be looked into is told with the modes
        return sorted(each.name for each in folder.iterdir() if not each.name.startswith("."))
    return []


def metadata_in(folder: Path) -> Metadata | None:
    """The metadata of the session in a folder; None where they cannot be read."""
    try:
        return session_files.read_metadata(folder)
    except StoreError:
        return None
