"""Somebody who reads a session's files while they are being written, as fast as can be.

python -m tests.campaigns.reader FOLDER COUNT      prints `Seen`
"""

import json
import sys
from pathlib import Path

import msgspec
from msgspec import Struct

NAMES = ("history.json", "metadata.json")


class Seen(Struct):
    """What was read.

    Attributes:
        versions: how many contents of each file there were.
        missing: how many times a file was not there.
        broken: what was no JSON, or no whole file of the session.
    """

    reads: int
    versions: dict[str, int]
    missing: int
    broken: list[str]


def read(folder: Path, count: int) -> Seen:
    seen = Seen(0, {}, 0, [])
    versions: dict[str, set[int]] = {name: set() for name in NAMES}
    while seen.reads < count:
        for name in NAMES:
            seen.reads += 1
            try:
                data = (folder / name).read_bytes()
            except FileNotFoundError:
                seen.missing += 1
                continue
            try:
                content = json.loads(data)
                versions[name].add(content.get("metadata", content)["sequence"])
            except (ValueError, KeyError, AttributeError, TypeError):
                seen.broken.append(f"{name}: {data[:50]!a}… of {len(data)} bytes")
    seen.versions = {name: len(each) for name, each in versions.items()}
    return seen


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(read(Path(sys.argv[1]), int(sys.argv[2]))))
