"""What is wrong with a file that cannot be decoded is said in plain words, with the place."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from argentos.errors import StoreDamagedError, StoreError
from argentos.storage import FileStore, inline
from argentos.storage.backup import restore
from argentos.storage.decoding_errors import in_plain_words
from argentos.storage.testing.story import KEY, Story
from tests.storage.directories import folder, kept

NESTED = b'{"version":3,"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}"

DAMAGED: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "it is cut off"),
    "cut": (b'{"version":3,', "it is cut off"),
    "prose": (b"Dear reader", "it is no JSON: invalid character (line 1, column 1)"),
    "lines": (b'{"version":\n oops}', "it is no JSON: invalid character (line 2, column 2)"),
    "no UTF-8": (b'{"version":3,"metadata":{"agent":"\xff"}}', "a text in it is no UTF-8"),
    "a list": (b"[]", "it is a list, and has to be an object"),
    "no version": (b"{}", "$.version is missing"),
    "no metadata": (b'{"version":3}', "$.metadata is missing"),
    "a text": (b'{"version":"1"}', "$.version is a text, and has to be a whole number"),
    "a large number": (b'{"version":3e400}', "$.version is a number that is too large or too small"),
    "null": (b'{"version":3,"metadata":null}', "$.metadata is null, and has to be an object"),
    "deep": (NESTED, "it is nested too deeply"),
}


@pytest.mark.anyio
@pytest.mark.parametrize("name", DAMAGED)
async def test_a_damaged_history_says_what_is_wrong(tmp_path: Path, name: str) -> None:
    data, sentence = DAMAGED[name]
    state = tmp_path / "state"
    await kept(state, Story().converse("a"))
    (folder(state) / "history.json").write_bytes(data)
    async with FileStore(state, run=inline, read_only=True) as store:
        with pytest.raises(StoreDamagedError) as raised:
            await store.load(KEY)
    assert f"history.json is damaged: {sentence}; it was left as it is" in str(raised.value)


def decoded(kind: Any, data: bytes) -> str:
    try:
        msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        return in_plain_words(error, data)
    return ""


@pytest.mark.parametrize(
    ("kind", "data", "sentence"),
    [
        (tuple[int, int], b"[1]", "it has to have 2 values"),
        (dict[str, int | None], b'{"a":"x"}', "$[...] is a text, and has to be a whole number or null"),
        (int, b"1.5", "it is a number, and has to be a whole number"),
    ],
)
def test_other_kinds_have_their_words(kind: Any, data: bytes, sentence: str) -> None:
    assert decoded(kind, data) == sentence


def test_an_error_of_another_kind_is_told_as_it_is() -> None:
    assert in_plain_words(ValueError("$.messages[0].id is 'a', which another message has")).startswith("$.messages[0]")


def replaced(_: bytes) -> bytes:
    return b"a file"


def cut_off(data: bytes) -> bytes:
    return data[:-20]


def with_a_wrong_checksum(data: bytes) -> bytes:
    return data[:-6] + bytes([data[-6] ^ 1]) + data[-5:]


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (replaced, "it is no gzip file"),
        (cut_off, "it is cut off"),
        (with_a_wrong_checksum, "its checksum is wrong"),
    ],
)
@pytest.mark.anyio
async def test_a_damaged_backup_says_what_is_wrong(
    tmp_path: Path, damage: Callable[[bytes], bytes], sentence: str
) -> None:
    async with FileStore(tmp_path / "state", run=inline) as store:
        await store.backup(tmp_path / "backup")
    whole = (tmp_path / "backup").read_bytes()
    (tmp_path / "backup").write_bytes(damage(whole))
    with pytest.raises(StoreError, match=f"is no whole backup .{sentence}.; nothing was restored"):
        restore(tmp_path / "backup", tmp_path / "new")
