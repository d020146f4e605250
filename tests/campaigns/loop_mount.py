"""A file system of its own, in a file, whose power can be cut.

Run inside of `unshare --mount`: then mount and loop device are gone with the last process that sees them, however it
ends.
"""

import contextlib
import ctypes
import fcntl
import os
import struct
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Final

_SIZE: Final = 320 * 1024 * 1024  # the least that mkfs.xfs accepts is 300 MB; the file is sparse
_SHUTDOWN: Final = 0x8004587D
_WITHOUT_FLUSHING_THE_LOG: Final = struct.pack("I", 2)
_WRITE_AND_WAIT: Final = 1 | 2 | 4
_PAGE: Final = 4096


def why_not() -> str | None:
    """Why power cannot be cut here, in one sentence, or None if it can."""
    if sys.platform != "linux":
        return "power cuts need Linux: they are the shutdown ioctl of ext4 and XFS"
    if os.geteuid() != 0:
        return "power cuts need root, to mount file systems; run `make power-cuts` as root"
    if not Path("/dev/loop-control").exists():
        return "power cuts need loop devices, and this machine has no /dev/loop-control"
    return None


class LoopMount:
    """A file system; made, but not mounted."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.path = folder / "mount"
        self._image = folder / "image"
        self.path.mkdir()
        with self._image.open("wb") as image:
            image.truncate(_SIZE)
        _run(f"mkfs.{kind}", "-q", str(self._image))

    def mount(self) -> None:
        """After a cut this recovers what the log has."""
        _run("mount", "-o", "loop", str(self._image), str(self.path))

    def unmount(self) -> None:
        """Nobody may have a file open."""
        _run("umount", str(self.path))

    def remove(self) -> None:
        """Give the space back."""
        self._image.unlink()

    def cut(self) -> None:
        """Nothing reaches the disk from now on; what was not flushed is lost."""
        descriptor = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, _SHUTDOWN, _WITHOUT_FLUSHING_THE_LOG)
        finally:
            os.close(descriptor)

    def flush_some_pages(self, files: Iterable[Path], chance: Random) -> None:
        """Write back pages here and there, as the kernel may at any time: it keeps no order between pages."""
        _write_back(files, chance)
        if chance.random() < 0.5:  # another file's flush takes along what the log says of these pages
            other = self.path / "another"
            descriptor = os.open(other, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.write(descriptor, b"x")
            os.fsync(descriptor)
            os.close(descriptor)


def _write_back(files: Iterable[Path], chance: Random) -> None:
    share = chance.choice((0.0, 0.2, 0.5, 0.8))
    library = ctypes.CDLL(None, use_errno=True)
    for path in files:
        with contextlib.suppress(FileNotFoundError), path.open("rb+") as file:  # it may have been renamed meanwhile
            for offset in range(0, os.fstat(file.fileno()).st_size, _PAGE):
                if chance.random() < share:
                    where = ctypes.c_longlong(offset), ctypes.c_longlong(_PAGE)
                    library.sync_file_range(file.fileno(), *where, _WRITE_AND_WAIT)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, timeout=30)  # noqa: S603 - commands and paths are our own
