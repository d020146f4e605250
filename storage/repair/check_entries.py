"""Check modes, owners and links, and look for what a kill left half-written. All of this blocks."""

import contextlib
import os
import stat
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

from argentos.storage.repair.findings import Finding

__all__ = [
    "check_entries",
    "is_half_written",
]

_FILE: Final = 0o600


_FOLDER: Final = 0o700


_WALKED: Final = ("attaching", "journal", "search", "agents")


def check_entries(root: Path) -> Iterator[Finding]:
    """Check modes, owners and links, and look for what a kill left."""
    owner = root.stat()  # it may be a link
    yield from _check_mode(root, owner, owner)
    unreadable: list[OSError] = []
    for path in _entries(root, unreadable):
        with contextlib.suppress(FileNotFoundError):  # gone meanwhile
            yield from _check_entry(path, owner)
    for error in unreadable:
        if not isinstance(error, FileNotFoundError):
            yield Finding(Path(error.filename), f"it cannot be looked into: {error.strerror}")


def _entries(root: Path, unreadable: list[OSError]) -> Iterator[str]:
    """List what is ours in the directory, as paths; strings, for they are many."""
    for name in ("lock", "index.sqlite", "pairing.json", ".pairing.json.new", *_WALKED):
        top = os.path.join(root, name)  # noqa: PTH118 - see above
        if os.path.lexists(top):
            yield top
        if name in _WALKED and not os.path.islink(top):  # noqa: PTH114 - see above
            for folder, folders, names in os.walk(top, onerror=unreadable.append):
                folders.sort()
                yield from (f"{folder}/{each}" for each in sorted([*folders, *names]))


def _check_entry(path: str, owner: os.stat_result) -> Iterator[Finding]:
    found = os.lstat(path)
    if stat.S_ISLNK(found.st_mode):
        yield Finding(Path(path), "it is a symbolic link, which is not followed: put what it names in its place")
        return
    yield from _check_mode(Path(path), found, owner)
    if is_half_written(path):
        yield _half_written(Path(path), is_folder=stat.S_ISDIR(found.st_mode))
    elif ".torn-" in path or ".damaged-" in path:
        yield from _set_aside_by_journal(Path(path))


def _check_mode(path: Path, found: os.stat_result, owner: os.stat_result) -> Iterator[Finding]:
    right = _FOLDER if stat.S_ISDIR(found.st_mode) else _FILE
    mode = stat.S_IMODE(found.st_mode)
    if mode & 0o077 or mode & right != right:
        who = "others may use it" if mode & 0o077 else "its owner may not use it"
        yield Finding(path, f"{who} (mode {mode:03o})", remedy=f"make it {right:o}", mend=partial(path.chmod, right))
    if os.geteuid() == 0 and found.st_uid != owner.st_uid:
        what = f"it belongs to user {found.st_uid}, the state directory to user {owner.st_uid}"
        give = partial(os.chown, path, owner.st_uid, owner.st_gid, follow_symlinks=False)
        yield Finding(path, what, remedy=f"give it to user {owner.st_uid}", mend=give)
    elif os.geteuid() not in {0, found.st_uid}:
        yield Finding(
            path,
            f"it belongs to user {found.st_uid}; `argent doctor --repair`, run by root, gives it to the owner of the"
            " state directory",
        )


def is_half_written(path: str) -> bool:
    """Tell by its name whether a file was being written."""
    name = path.rpartition("/")[2]
    return name.startswith(".") and name.endswith(".new")


def _half_written(path: Path, *, is_folder: bool) -> Finding:
    if is_folder:
        return Finding(path, "it is a folder, and keeps a file from being written: move it away")
    return Finding(path, "a kill left it half-written", is_harmless=True, remedy="remove it", mend=path.unlink)


def _set_aside_by_journal(path: Path) -> Iterator[Finding]:
    if path.parent.name == "journal":
        what = (
            "it was set aside when the journal was opened: what was whole in it is in use; a backup may have the rest;"
            " remove it when you need it no more"
        )
        yield Finding(path, what, is_harmless=True)
