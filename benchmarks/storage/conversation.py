"""One session through the public API: `python -m benchmarks.storage.conversation FOLDER MESSAGES`, JSON out.

Every other message is the reply of a model that answers at once; each has 300 bytes. After each acknowledgement it is
seen how far `history.json` has come.
"""

import sys
import time
from pathlib import Path

import anyio
import msgspec
from msgspec import Struct

from argentos import FileStore, Supervisor
from benchmarks.storage.contestants.closed_loop import TEXT
from benchmarks.storage.instant import InstantModel, count_quickly

__all__ = ["Conversation", "Moment", "main"]


class Moment(Struct, frozen=True):
    """What the process had written: bytes handed to the kernel, and bytes that were sent to the disk."""

    at: float
    wchar: int
    write_bytes: int

    @classmethod
    def now(cls) -> "Moment":
        """As `/proc/self/io` says."""
        lines = Path("/proc/self/io").read_text().splitlines()
        counts = {name: int(count) for name, count in (line.split(":") for line in lines)}
        return cls(time.monotonic(), counts["wchar"], counts["write_bytes"])


class Conversation(Struct, frozen=True):
    """What one run came to.

    Attributes:
        begin: before the store was opened; `opened`, `closed` behind it.
        lags: at each acknowledgement, how many messages `history.json` lacked.
        compactions: of the session, on the way.
    """

    begin: Moment
    opened: Moment
    closed: Moment
    lags: list[int]
    compactions: int


class _Head(Struct):
    messages: int = 0


class _History(Struct):
    metadata: _Head


class _Follower:
    """Reads `history.json` whenever it has been replaced."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._messages = 0
        self._decoder = msgspec.json.Decoder(_History)

    def messages(self) -> int:
        """How many messages of the session it knows of; 0 before it is there."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return 0
        if (found.st_ino, found.st_mtime_ns) != self._seen:
            self._seen = (found.st_ino, found.st_mtime_ns)
            self._messages = self._decoder.decode(self._path.read_bytes()).metadata.messages
        return self._messages


async def _converse(folder: Path, messages: int) -> Conversation:
    lags: list[int] = []
    follower = _Follower(folder / "agents/main/sessions/jason/history.json")
    begin = Moment.now()
    async with Supervisor(FileStore(folder), InstantModel(), count=count_quickly) as supervisor:
        opened = Moment.now()
        session = supervisor.session("jason")
        for _ in range(messages // 2):
            turn = await session.send(TEXT)
            lags.append(turn.number - follower.messages())
            reply = await turn.reply()
            lags.append(reply.number - follower.messages())
        compactions = (await session.info()).compactions
    return Conversation(begin, opened, Moment.now(), lags, compactions)


def main(folder: str, messages: str) -> None:
    """Hold the conversation, and print what it cost."""
    result = anyio.run(_converse, Path(folder), int(messages))
    sys.stdout.buffer.write(msgspec.json.encode(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
