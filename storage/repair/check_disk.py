"""Check that the disk has room for the journal. All of this blocks."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from argentos.storage.repair.findings import Finding

__all__ = ["check_disk"]

_MEBIBYTE: Final = 1024 * 1024
_SEGMENT: Final = 16 * _MEBIBYTE  # bytes that the journal takes at a time, by default
_NOTHING: Final = _MEBIBYTE  # bytes: with less, nearly nothing can be written


def check_disk(root: Path) -> Iterator[Finding]:
    """Check how much room is left."""
    disk = os.statvfs(root)
    left = (disk.f_bfree if os.geteuid() == 0 else disk.f_bavail) * disk.f_frsize
    if left < _NOTHING:
        yield Finding(root, "its disk is full, so that no message is accepted: make room")
    elif left < _SEGMENT:
        what = f"its disk has {left / _MEBIBYTE:.0f} MiB left, and the journal takes 16 MiB at a time: make room"
        yield Finding(root, what, is_harmless=True)
    if disk.f_files and not disk.f_ffree:
        yield Finding(root, "its disk has room for no more files, so that no message is accepted: remove some")
