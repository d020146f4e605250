"""Symbolic links, none of which is followed below a state directory; its own path may lead through some."""

import errno
import os
import stat
from pathlib import Path
from typing import Final

__all__ = ["SymbolicLinkError", "check_way", "follow_none_below", "is_root", "open_unlinked"]


class SymbolicLinkError(OSError):
    """A symbolic link below a state directory; `strerror` is a sentence that names it."""


_roots: Final[set[str]] = set()


def follow_none_below(root: Path) -> None:
    """Register a state directory, below which `check_way` refuses links."""
    _roots.add(str(root))


def is_root(path: Path) -> bool:
    """Tell whether this is the path of a state directory."""
    return str(path) in _roots


def check_way(path: Path, *, with_itself: bool = False) -> None:
    """Refuse a path that leads through a symbolic link below a state directory.

    Args:
        path: as it was made of the path of the state directory; elsewhere links are followed.
        with_itself: it must be no link either.

    Raises:
        SymbolicLinkError: it does.
    """
    text = str(path)
    ways = [text] if with_itself else []
    while text not in _roots:
        text = text[: max(text.rfind("/"), 0)]
        if not text:
            return  # below none
        ways.append(text)
    for way in reversed(ways[:-1]):
        _check(way)


def _check(way: str) -> None:
    try:
        mode = os.lstat(way).st_mode
    except (FileNotFoundError, NotADirectoryError):  # which whoever goes there is told
        return
    if stat.S_ISLNK(mode):
        raise _refusal(way)


def _refusal(way: str) -> SymbolicLinkError:
    return SymbolicLinkError(
        errno.ELOOP, f"{way} is a symbolic link, which is not followed; put what it names in its place", way
    )


def open_unlinked(path: Path, flags: int, mode: int = 0o600) -> int:
    """Open a file, and give its descriptor, which no program that is started inherits.

    Raises:
        OSError: as for `os.open`, and for `check_way`.
    """
    check_way(path)
    try:
        return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise _refusal(str(path)) from None
        raise
