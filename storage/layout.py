"""The files of one session: `history.json`, `metadata.json` and `archive/`.

Each is always valid JSON and replaced whole. They are written in the order archive, history, metadata, so
that at every moment each message stands in at least one of them or in the journal. All of this blocks.
"""

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
    Metadata,
    Snapshot,
    Summary,
    fold_context,
    fold_metadata,
)

__all__ = [
    "Stored",
    "agent_folder",
    "join",
    "read_archive",
    "read_metadata",
    "read_stored",
    "session_folder",
    "write",
]


class _History(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """`history.json`: the context, and which records it covers."""

    version: int
    agent: str
    session: str
    sequence: int
    summary: Summary | None = None
    messages: tuple[Message, ...] = ()
    waiting: tuple[Message, ...] = ()
    archived_ids: tuple[str, ...] = ()

    def context(self) -> Context:
        return Context(
            summary=self.summary, messages=self.messages, waiting=self.waiting, archived_ids=self.archived_ids
        )


class _Archive(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A file of the archive: messages that left the context together."""

    version: int
    agent: str
    session: str
    messages: tuple[Message, ...]


class _Versioned(Struct):
    version: int


class Stored(NamedTuple):
    """What the files of a session say; each half is None where its file does not exist."""

    metadata: Metadata | None
    history: _History | None


_T = TypeVar("_T", Metadata, _History, _Archive)
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
    """What `metadata.json` in this folder says.

    Raises:
        StoreDamagedError, StoreVersionError: see `Store.load`.
    """
    return _read(folder / "metadata.json", _metadata)


def read_stored(folder: Path) -> Stored:
    """What the two files in this folder say.

    Raises:
        StoreDamagedError, StoreVersionError: see `Store.load`.
    """
    # In the order opposite to that of writing: what the history lacks is then in the journal for sure.
    return Stored(read_metadata(folder), _read(folder / "history.json", _history))


def read_archive(folder: Path, start: int, stop: int) -> dict[int, Message]:
    """The archived messages with numbers from `start` up to `stop`.

    Raises:
        StoreDamagedError, StoreVersionError: see `Store.load`.
    """
    messages: dict[int, Message] = {}
    for path in sorted((folder / "archive").glob("*-*.json")):
        first, last = (int(number) for number in path.stem.split("-"))
        if first < stop and last >= start:
            archive = _read(path, _archive)
            messages.update((each.number, each) for each in (archive.messages if archive else ()))
    return messages


def join(key: SessionKey, stored: Stored, records: Sequence[Record]) -> tuple[Snapshot, tuple[Message, ...]]:
    """Fold onto the files what they lack; also gives the messages that left the context on the way.

    Raises:
        StoreDamagedError: there is a gap between files and records.
    """
    metadata, history = stored
    for covered, name in ((metadata, "metadata.json"), (history, "history.json")):
        at = covered.sequence if covered else 0
        if records and records[0].sequence > at + 1:
            raise StoreDamagedError(
                f"{name} of session {key} reaches record {at}, but the journal begins at {records[0].sequence};"
                " restore the file from a backup"
            )
    folded = fold_metadata(key, metadata, [r for r in records if metadata is None or r.sequence > metadata.sequence])
    context, archived = fold_context(
        history.context() if history else Context(),
        [r for r in records if history is None or r.sequence > history.sequence],
    )
    return Snapshot(folded, context), archived


def write(folder: Path, snapshot: Snapshot, archived: Sequence[Message]) -> int:
    """Bring the files of a session up to the snapshot; gives how many bytes were written."""
    metadata, context = snapshot
    files.make_folder(folder)
    size = _write_archive(folder, metadata.key, archived) if archived else 0
    history = _History(
        version=SCHEMA_VERSION,
        agent=metadata.agent,
        session=metadata.session,
        sequence=metadata.sequence,
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
