"""Damage of every kind: to bytes, to what JSON says, and to files as such. The same seed does the same damage."""

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any, Final

Bytes = Callable[[bytes, Random], bytes]

_DEEP: Final = 100_000
_MARK: Final = "a key is repeated here"
_HOSTILE: Final[tuple[bytes, ...]] = (
    b"",
    b" ",
    b"null",
    b"0",
    b"[]",
    b"{}",
    b'{"version":3}',
    b'{"version":2}',
    b'{"version":-1}',
    b'{"version":"1"}',
    b'{"version":1e400}',
    b"[" * _DEEP,
    b'{"version":3,"metadata":' * 1000,
    b"[" * _DEEP + b"]" * _DEEP,
    b'{"version":3,"x":' + b"[" * _DEEP + b"]" * _DEEP + b"}",
    b'{"version":3' + b"0" * 5000 + b"}",
    b'{"version":NaN}',
    b'{"version":3,"version":3}',
    b'"\\ud800"',
    b"\xff\xfe{}",
    b"\xef\xbb\xbf{}",
    b"// {}",
    b"\0" * 512,
)
_VALUES: Final[tuple[Any, ...]] = (
    *(None, True, "", "x", "\ud800", "\udfff\ud800", "\0", "x" * 1_000_000, [], {}, [[]], {"": None}),
    *(0, -1, 1, 0.5, -0.0, 2**31, 2**63, -(2**63) - 1, 2**64, 10**400, 1e308, float("nan"), float("inf")),
    *("9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2026-01-01T00:00:00", "2026-02-30T00:00:00Z"),
)


# Bytes -------------------------------------------------------------------------------------------------------


def span(data: bytes, chance: Random) -> tuple[int, int]:
    """Some of the bytes, rather few of them."""
    begin = chance.randrange(len(data))
    return begin, min(len(data), begin + 1 + int(chance.expovariate(1 / 40)))


def flip_a_bit(data: bytes, chance: Random) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]


def flip_many_bits(data: bytes, chance: Random) -> bytes:
    for _ in range(chance.randint(2, 20)):
        data = flip_a_bit(data, chance)
    return data


def truncate(data: bytes, chance: Random) -> bytes:
    return data[: chance.randrange(len(data))]


def zero(data: bytes, chance: Random) -> bytes:
    begin, end = span(data, chance)
    return data[:begin] + bytes(end - begin) + data[end:]


def zero_the_rest(data: bytes, chance: Random) -> bytes:
    begin = chance.randrange(len(data))
    return data[:begin] + bytes(len(data) - begin)


def scribble(data: bytes, chance: Random) -> bytes:
    begin, end = span(data, chance)
    return data[:begin] + chance.randbytes(end - begin) + data[end:]


def remove(data: bytes, chance: Random) -> bytes:
    begin, end = span(data, chance)
    return data[:begin] + data[end:]


def duplicate(data: bytes, chance: Random) -> bytes:
    begin, end = span(data, chance)
    return data[:end] + data[begin:end] + data[end:]


def swap(data: bytes, chance: Random) -> bytes:
    a, b, c, d = sorted(chance.randrange(len(data) + 1) for _ in range(4))
    return data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]


def add(data: bytes, chance: Random) -> bytes:
    return data + chance.randbytes(chance.randint(1, 100))


BYTES: Final[tuple[Bytes, ...]] = (
    *(flip_a_bit, flip_many_bits, truncate, zero, zero_the_rest, scribble, remove, duplicate, swap, add),
)


# Records -----------------------------------------------------------------------------------------------------


def swap_records(data: bytes, records: Sequence[tuple[int, int]], chance: Random) -> bytes:
    """Two whole records change places."""
    (a, b), (c, d) = sorted(chance.sample(records, 2))
    return data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]


def repeat_a_record(data: bytes, records: Sequence[tuple[int, int]], chance: Random) -> bytes:
    """A whole record comes again, behind another one or at the end of all."""
    begin, end = chance.choice(records)
    _, at = chance.choice(records)
    return data[:at] + data[begin:end] + data[at:]


def drop_a_record(data: bytes, records: Sequence[tuple[int, int]], chance: Random) -> bytes:
    """A whole record is gone, and what was behind it has moved up."""
    begin, end = chance.choice(records)
    return data[:begin] + data[end:]


RECORDS: Final = (swap_records, repeat_a_record, drop_a_record)


# JSON --------------------------------------------------------------------------------------------------------


def be_hostile(_: bytes, chance: Random) -> bytes:
    return chance.choice(_HOSTILE)


def replace_a_value(data: bytes, chance: Random) -> bytes:
    """The document as it was, but for one value, at any depth."""
    content = json.loads(data)
    holder, key = chance.choice(_places(content))
    holder[key] = chance.choice(_VALUES)
    return _edited(content, chance)


def lose_a_value(data: bytes, chance: Random) -> bytes:
    content = json.loads(data)
    holder, key = chance.choice(_places(content))
    del holder[key]
    return _edited(content, chance)


def repeat_a_key(data: bytes, chance: Random) -> bytes:
    """An object has one of its keys twice, with another value the second time."""
    content = json.loads(data)
    objects: list[Any] = [each for each, _ in _places(content) if isinstance(each, dict)]
    holder = chance.choice(objects)
    key, value = chance.choice(list(holder)), chance.choice(_VALUES)
    holder[_MARK] = None
    edited = _edited(content, chance).decode()
    return edited.replace(f'"{_MARK}":null', f"{json.dumps(key)}:{json.dumps(value)}").encode()


def _edited(content: Any, chance: Random) -> bytes:
    """As somebody would save it who has removed the checksum, or has not."""
    if chance.random() < 0.5:
        content.pop("checksum", None)
    return json.dumps(content, separators=(",", ":")).encode()


def _places(content: Any) -> list[tuple[Any, Any]]:
    """Every value of a document, as its container and the key or index there."""
    found: list[tuple[Any, Any]] = []
    waiting: list[Any] = [content]
    while waiting:
        holder = waiting.pop()
        keys: list[Any] = [*holder] if isinstance(holder, dict) else [*range(len(holder))]
        found += [(holder, key) for key in keys]
        waiting += [holder[key] for key in keys if isinstance(holder[key], dict | list)]
    return found


EDITS: Final[tuple[Bytes, ...]] = (replace_a_value, replace_a_value, lose_a_value, repeat_a_key)
JSON: Final[tuple[Bytes, ...]] = (be_hostile, *EDITS)


# Files -------------------------------------------------------------------------------------------------------


def be_gone(path: Path) -> None:
    path.unlink()


def be_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "file").touch()


def be_a_link_to_itself(path: Path) -> None:
    path.unlink()
    path.symlink_to(path)


def be_a_link_to_the_same(path: Path) -> None:
    """What it was stands outside now."""
    elsewhere = path.with_name("elsewhere")
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


def be_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


FILES: Final = (be_gone, be_a_folder, be_a_link_to_itself, be_a_link_to_the_same, be_a_pipe)
