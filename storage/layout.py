"""The files of one session: `history.json`, `metadata.json` and `archive/`.

`history.json` is the session: a whole snapshot. `metadata.json` repeats the half of it that lists need, so that they
need not read messages. Each is always valid JSON and replaced whole. They are written in the order archive, history,
metadata, so that at every moment each message stands in at least one of them or in the journal. All of this blocks.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

import msgspec
from msgspec import Struct

from argentos.errors import StoreDamagedError, StoreVersionError
from argentos.storage import files
from argentos.storage.names import file_name
from argentos.storage.records import Message, Record, SessionKey
from argentos.storage.snapshot import (
    SCHEMA_VERSION,
    Context,
    Folded,
    Metadata,
    Snapshot,
    Summary,
    fold,
)

__all__ = ["Stored", "agent_folder", "join", "read_archive", "read_metadata", "read_stored", "session_folder", "write"]


class _History(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """`history.json`: a snapshot, metadata first."""

    version: int
    metadata: Metadata
    summary: Summary | None = None
    messages: tuple[Message, ...] = ()
    waiting: tuple[Message, ...] = ()
    archived_ids: tuple[str, ...] = ()


class _Archive(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A file of the archive: messages that left the context together."""

    version: int
    agent: str
    session: str
    messages: tuple[Message, ...]


class _Versioned(Struct):
    version: int


_T = TypeVar("_T", Metadata, _History, _Archive)
_SPAN: Final = re.compile(r"(\d+)-(\d+)\.json")
_encoder: Final = msgspec.json.Encoder()
_version: Final = msgspec.json.Decoder(_Versioned)
_metadata: Final = msgspec.json.Decoder(Metadata)
_history: Final = msgspec.json.Decoder(_History)
_archive: Final = msgspec.json.Decoder(_Archive)


def agent_folder(root: Path, agent: str) -> Path:
    """Where the sessions of an agent are."""
    return root / "agents" / file_name(agent) / "sessions"


def session_folder(root: Path, key: SessionKey) -> Path:
    """Where a session is."""
    return agent_folder(root, key.agent) / file_name(key.id)


def _read(path: Path, decoder: msgspec.json.Decoder[_T]) -> _T | None:
    try:
        data = files.read(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreDamagedError(f"{path} cannot be read: {error.strerror}; it was left as it is") from error
    try:
        version = _version.decode(data).version
        if version > SCHEMA_VERSION:
            raise StoreVersionError(
                f"{path} was written by a newer argentos (version {version}, this one reads {SCHEMA_VERSION});"
                " it was left as it is"
            )
        return decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise StoreDamagedError(f"{path} is damaged: {error}; it was left as it is") from error


def read_metadata(folder: Path) -> Metadata | None:
    """What `metadata.json` in this folder says, or `history.json` where it is missing.

    Raises:
        StoreDamagedError, StoreVersionError: see `Store.load`.
    """
    metadata = _read(folder / "metadata.json", _metadata)
    if metadata is None and (history := _read(folder / "history.json", _history)) is not None:
        return history.metadata
    return metadata


class Stored(NamedTuple):
    """What the files of a session say.

    Attributes:
        snapshot: from `history.json`, None where there is none.
        reaches: the last record that `metadata.json` has seen, 0 where there is none.
    """

    snapshot: Snapshot | None
    reaches: int


def read_stored(folder: Path, key: SessionKey) -> Stored:
    """What the files of a session say.

    Raises:
        StoreDamagedError, StoreVersionError: see `Store.load`.
    """
    if folder.is_symlink():
        raise StoreDamagedError(f"{folder} is a symbolic link, which is not followed; put the folder itself there")
    # In the order opposite to that of writing: a history read later is never behind.
    metadata = _read(folder / "metadata.json", _metadata)
    history = _read(folder / "history.json", _history)
    for found in (metadata, history.metadata if history else None):
        if found is not None and found.key != key:
            raise StoreDamagedError(f"{folder} holds the session {found.key}, not {key}; was it renamed?")
    reaches = metadata.sequence if metadata else 0
    if history is None:
        return Stored(None, reaches)
    context = Context(
        summary=history.summary,
        messages=history.messages,
        waiting=history.waiting,
        archived_ids=history.archived_ids,
    )
    return Stored(Snapshot(history.metadata, context), reaches)


def read_archive(folder: Path, start: int, stop: int) -> dict[int, Message]:
    """The archived messages with numbers from `start` up to `stop`.

    Raises:
        StoreDamagedError, StoreVersionError: see `Store.load`.
    """
    messages: dict[int, Message] = {}
    for path in sorted((folder / "archive").glob("*.json")):
        span = _SPAN.fullmatch(path.name)
        if span and int(span[1]) < stop and int(span[2]) >= start:
            archive = _read(path, _archive)
            messages.update((each.number, each) for each in (archive.messages if archive else ()))
    return messages


def join(key: SessionKey, folder: Path, stored: Stored, records: Sequence[Record]) -> Folded | None:
    """Fold onto what the files say the records that they lack; None where there are neither.

    Raises:
        StoreDamagedError: there is a gap between files and records, or something is missing at the end.
    """
    covered = stored.snapshot.metadata.sequence if stored.snapshot else 0
    lacking = [record for record in records if record.sequence > covered]
    begins = lacking[0].sequence if lacking else covered + 1
    ends = lacking[-1].sequence if lacking else covered
    if begins > covered + 1 or ends < stored.reaches:
        known = f"the journal has records {begins} to {ends}" if lacking else "the journal has nothing more"
        raise StoreDamagedError(
            f"{folder / 'history.json'} of session {key} reaches record {covered}, metadata.json {stored.reaches}, and"
            f" {known}; restore both files from a backup"
        )
    return fold(key, stored.snapshot, lacking) if ends else None


def write(folder: Path, snapshot: Snapshot, archived: Sequence[Message]) -> int:
    """Bring the files of a session up to the snapshot; gives how many bytes were written."""
    metadata, context = snapshot
    files.make_folder(folder)
    size = _write_archive(folder, metadata.key, archived) if archived else 0
    history = _History(
        version=SCHEMA_VERSION,
        metadata=metadata,
        summary=context.summary,
        messages=context.messages,
        waiting=context.waiting,
        archived_ids=context.archived_ids,
    )
    for name, content in (("history.json", history), ("metadata.json", metadata)):
        data = _encoder.encode(content) + b"\n"
        files.replace(folder / name, data)
        size += len(data)
    return size


def _write_archive(folder: Path, key: SessionKey, messages: Sequence[Message]) -> int:
    numbers = [message.number for message in messages]
    path = folder / "archive" / f"{min(numbers):08}-{max(numbers):08}.json"
    files.make_folder(path.parent)
    data = (
        _encoder.encode(_Archive(version=SCHEMA_VERSION, agent=key.agent, session=key.id, messages=tuple(messages)))
        + b"\n"
    )
    files.replace(path, data)
    return len(data)
