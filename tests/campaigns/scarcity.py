"""Disks with too little room, for a while."""

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

PAGE: Final = 4096
_TMPFS: Final = "size=4m,nr_inodes=200,mode=700"


def can_mount() -> bool:
    return sys.platform == "linux" and os.geteuid() == 0 and shutil.which("unshare") is not None


@contextmanager
def few_bytes(count: int) -> Generator[None]:
    """No file can be written beyond so many bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (count, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


@contextmanager
def few_pages(disk: Path, count: int) -> Generator[None]:
    """So many pages are free."""
    filler = disk / "filler"
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, (os.statvfs(disk).f_bavail - count) * PAGE)
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def few_inodes(disk: Path, count: int) -> Generator[None]:
    """So many files can be made."""
    fillers = [disk / f"filler-{number}" for number in range(os.statvfs(disk).f_favail - count)]
    for filler in fillers:
        filler.touch()
    try:
        yield
    finally:
        for filler in fillers:
            filler.unlink()


def small_disk(folder: Path) -> Path:
    """A tmpfs of 1,024 pages and 200 inodes, mounted here; it goes with the mount namespace of this process."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", _TMPFS, "argentos", str(folder)]
    subprocess.run(command, check=True)  # noqa: S603 - our own command
    return folder
