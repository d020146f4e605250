"""What one accept is compared with: `python -m benchmarks.storage.one_write FOLDER BYTES SECONDS`, JSON out.

One write and one fdatasync in a thread, to a file filled with zeros, as anything on an event loop has to do it.
"""

import os
import sys
from pathlib import Path
from typing import Final

import anyio
import anyio.to_thread
import msgspec

from benchmarks.storage.contestants.closed_loop import Sample, closed_loop

__all__ = ["main"]

_ROOM: Final = 64 << 20


async def _run(file: int, size: int, seconds: float) -> Sample:
    data = b"x" * size
    at = 0

    def write() -> None:
        nonlocal at
        os.pwrite(file, data, at)
        os.fdatasync(file)
        at = (at + size) % (_ROOM - size)

    async def append(_: int) -> None:
        await anyio.to_thread.run_sync(write)

    return await closed_loop(append, 1, seconds)


def main(folder: str, size: str, seconds: str) -> None:
    """Write again and again, and print how long each time took."""
    file = os.open(Path(folder, "file"), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        os.write(file, bytes(_ROOM))
        os.fsync(file)
        sample = anyio.run(_run, file, int(size), float(seconds))
    finally:
        os.close(file)
    sys.stdout.buffer.write(msgspec.json.encode(sample))


if __name__ == "__main__":
    main(*sys.argv[1:])
