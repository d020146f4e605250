"""Campaigns in two processes, one for each core of a small machine, each with its share of the work."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

SHARES: Final = 2
ROOT: Final = Path(__file__).parents[2]
_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - only where it is, and only for folders of our own


@contextmanager
def quick_folder() -> Generator[Path]:
    """A folder where flushing costs nothing, if this machine has such a place."""
    where = _MEMORY if os.access(_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="argentos-", dir=where) as folder:
        yield Path(folder)


def in_shares(module: str, folder: Path, *arguments: object, seconds: float, within: Sequence[str] = ()) -> list[bytes]:
    """What `python -m tests.campaigns.MODULE FOLDER ARGUMENTS… SHARE OF` prints for each share.

    Args:
        module: the worker.
        folder: each gets a folder of its own in it.
        arguments: for the worker.
        seconds: that it may take.
        within: a command that runs another.
    """

    def run(share: int) -> bytes:
        own = folder / str(share)
        return printed(module, own, *arguments, share, SHARES, seconds=seconds, within=within)

    with ThreadPoolExecutor(SHARES) as pool:
        return list(pool.map(run, range(SHARES)))


def printed(module: str, folder: Path, *arguments: object, seconds: float, within: Sequence[str] = ()) -> bytes:
    """What one of them prints."""
    folder.mkdir()
    worker = [sys.executable, "-m", f"tests.campaigns.{module}"]
    command = [*within, *worker, *map(str, (folder, *arguments))]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    done = subprocess.run(  # noqa: S603 - our own command
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, timeout=seconds, check=True
    )
    return done.stdout
