"""Permissions: a state directory is private to its owner, in every part."""

import errno
import logging
import os
import stat
from pathlib import Path
from typing import Final

__all__ = ["give_to_owner", "make_private"]

_log: Final = logging.getLogger(__name__)
_OTHERS: Final = 0o077
_PRIVATE: Final = 0o700
_NOT_GIVEN: Final = {errno.EPERM, errno.EINVAL}
_OURS: Final = frozenset(
    {
        "agents",
        "argent.json",
        "control.sock",
        "gateway",
        "index.sqlite",
        "index.sqlite-journal",
        "journal",
        "lock",
        "pairing.json",
        "search",
    }
)


def give_to_owner(made: int | Path, folder: Path) -> None:
    """Give what root has just made to the owner of the folder that it is in, who could not use it otherwise.

    Args:
        made: its descriptor, or its path, which is not followed where it is a link.
        folder: below or at the state directory.
    """
    if os.geteuid() != 0:
        return
    owner = folder.stat()
    if owner.st_uid == 0:
        return
    try:
        os.chown(made, owner.st_uid, owner.st_gid, follow_symlinks=isinstance(made, int))
    except OSError as error:
        if error.errno not in _NOT_GIVEN:  # a root that may not: those of some containers
            raise


def make_private(root: Path) -> None:
    """Take from others what an existing state directory lets them do, and tell of it.

    A directory that also holds what is not ours, or belongs to somebody else, is only told of.
    """
    found = root.stat()
    mode = stat.S_IMODE(found.st_mode)
    if not mode & _OTHERS:
        return
    told = f"the state directory {root} is open to others (mode {mode:03o})"
    if os.geteuid() not in {0, found.st_uid}:
        _log.warning("%s and belongs to user %d, so it stays so; name a folder of your own in it", told, found.st_uid)
    elif strange := sorted({each.name for each in root.iterdir()} - _OURS):
        _log.warning("%s and holds other things, as %r, so it stays so; use a folder of its own", told, strange[0])
    else:
        root.chmod(_PRIVATE)
        _log.warning("%s; from now on it is its owner's only (mode %o)", told, _PRIVATE)
