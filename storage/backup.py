"""A backup: one file with a state directory as it was at one moment. All of this blocks.

It is a gzipped tar of `backup.json`, `argent.json`, `pairing.json`, `agents/`, `journal/` and an empty `end`, without
which it is not whole; the index is made anew where it is restored.
"""

import contextlib
import gzip
import logging
import os
import shutil
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Final

import msgspec
from msgspec import Struct

from argentos.errors import StoreError
from argentos.storage.decoding_errors import in_plain_words
from argentos.storage.disk import durable, reading
from argentos.storage.disk.lock import Lock
from argentos.storage.disk.permissions import give_to_owner
from argentos.storage.disk.symlinks import check_way

__all__ = ["Manifest", "restore", "write"]

_log: Final = logging.getLogger(__name__)
_MANIFEST: Final = "backup.json"
_END: Final = "end"
_BESIDE: Final = ("argent.json", "pairing.json")
_MODE: Final = 0o600
_LONGEST_MANIFEST: Final = 64 * 1024
_PIECE: Final = 1024 * 1024
_VERSION: Final = 1
_LEVEL: Final = 1  # texts shrink well, and the owner waits


class _Tar(tarfile.TarFile):
    members: list[tarfile.TarInfo]  # that it has read: every one, were they not cleared


class _Versioned(Struct, rename="camel"):
    argentos_backup: int


class Manifest(Struct, frozen=True, rename="camel"):
    """The head of a backup: its format, and when it was made."""

    argentos_backup: int
    created_at: datetime


def write(root: Path, target: Path, segments: Iterable[Path]) -> int:
    """Write what lies under `root`, which nobody changes meanwhile, to a file that is made whole or not at all.

    Args:
        root: the state directory.
        target: the backup.
        segments: those of the journal that are written to no more.

    Returns:
        The size of the backup in bytes.

    Raises:
        FileExistsError: there is such a file.
        OSError: it cannot be written, or something not be read; nothing is left of it.
    """
    with durable.new(target) as file:
        with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=_LEVEL) as tar:
            _add(tar, _MANIFEST, msgspec.json.encode(Manifest(_VERSION, datetime.now(UTC))))
            for path in (*segments, *_beside(root), *_below(root / "agents")):
                _add(tar, path.relative_to(root).as_posix(), reading.read(path))
            _add(tar, _END, b"")
            tar.write(bytes(2 * tarfile.BLOCKSIZE))
        return file.tell()


def _beside(root: Path) -> list[Path]:
    paths = (*(root / name for name in _BESIDE), *sorted((root / "journal").glob("*.kept")))
    return [path for path in paths if _is_file(path)]


def _below(top: Path) -> Iterator[Path]:
    """The files to save: those that a kill left half-written are none."""
    check_way(top, with_itself=True)
    for folder, folders, names in os.walk(top, onerror=_raise):
        folders.sort()
        for path in (Path(folder, name) for name in sorted((*folders, *names)) if not name.startswith(".")):
            if path.is_symlink():
                _log.warning("%s is a symbolic link, which is not followed: what it names is not in the backup", path)
            elif path.is_file():
                yield path


def _raise(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):  # there need be no sessions
        raise error


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _add(tar: gzip.GzipFile, name: str, content: bytes) -> None:
    """Add an entry, without a `TarFile`, which would remember every file."""
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), _MODE
    for data in (entry.tobuf(), content, bytes(-len(content) % tarfile.BLOCKSIZE)):
        tar.write(data)


def restore(source: Path, root: Path) -> Manifest:
    """Make a state directory of a backup, whole or not at all.

    Raises:
        StoreError: `root` is there already and not empty, or the file is no whole backup.
        OSError: it cannot be read, or the directory not be written.
    """
    root = root.absolute()
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise StoreError(f"{root} is not empty; restore into a new directory, named with --state-dir")
    temporary = root.with_name(f".{root.name}.restoring")
    if temporary.is_symlink():
        raise StoreError(f"{temporary} is a symbolic link; remove it, and restore again")
    durable.make_folder(temporary)
    if root.exists():  # and is empty: what comes in its place is its owner's, too
        give_to_owner(temporary, root)
    lock = Lock(temporary / "lock")
    try:
        _empty(temporary)  # a process may have been killed here
        manifest = _unpack(source, temporary)
        _flush(temporary)
        if root.exists():
            root.rmdir()
        durable.move(temporary, root)
    except BaseException:  # an interrupt, too, leaves no half of a directory
        with contextlib.suppress(OSError):
            durable.remove_folder(temporary)
        raise
    finally:
        lock.release()
    return manifest


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            durable.remove_folder(path)
        elif path.name != "lock":
            durable.remove(path)


def _flush(top: Path) -> None:
    """Make all that was written durable: once for everything first, then nothing is left to wait for at each file."""
    os.sync()
    for folder, _, names in os.walk(top):
        for path in (*(Path(folder, name) for name in names), Path(folder)):
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                durable.sync(descriptor)
            finally:
                os.close(descriptor)


def _unpack(source: Path, folder: Path) -> Manifest:
    try:
        with reading.regular(source) as file, gzip.open(file) as content, _Tar(fileobj=content) as tar:
            manifest = _manifest(source, tar)
            for entry in _entries(source, tar):
                _extract(tar, entry, folder)
            while content.read(_PIECE):  # to its end, where its checksum is
                pass
    except (FileExistsError, NotADirectoryError) as error:
        raise StoreError(f"{source} has {Path(error.filename).name!a} twice; nothing was restored") from error
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, ValueError, OverflowError) as error:
        raise StoreError(f"{source} is no whole backup ({_fault(error)}); nothing was restored") from error
    return manifest


def _fault(error: Exception) -> str:
    """Say what is wrong with a file that cannot be unpacked."""
    match error:
        case gzip.BadGzipFile() if "CRC" in str(error) or "length" in str(error):
            return "its checksum is wrong"
        case gzip.BadGzipFile():
            return "it is no gzip file"
        case EOFError():
            return "it is cut off"
        case zlib.error():
            return "what is compressed in it is damaged"
        case _:
            return f"the archive in it is damaged: {error}"


def _entries(source: Path, tar: _Tar) -> Iterator[tarfile.TarInfo]:
    """The entries between manifest and end."""
    while (entry := tar.next()) is not None:
        tar.members.clear()
        if entry.name == _END:
            if tar.next() is None:
                return
            break
        if not _is_ours(entry):
            raise StoreError(f"{source} has {entry.name!a}, which no backup has; nothing was restored")
        yield entry
    raise StoreError(f"{source} is no whole backup (it has no end); nothing was restored")


def _is_ours(entry: tarfile.TarInfo) -> bool:
    parts = PurePosixPath(entry.name).parts
    is_plain = entry.type == tarfile.REGTYPE and not entry.issparse() and entry.size >= 0
    is_known = (len(parts) == 1 and parts[0] in _BESIDE) or (len(parts) > 1 and parts[0] in {"agents", "journal"})
    return is_plain and is_known and ".." not in parts


def _extract(tar: _Tar, entry: tarfile.TarInfo, folder: Path) -> None:
    path = folder / entry.name
    durable.make_folder(path.parent)
    with durable.made(path) as file:
        shutil.copyfileobj(_content(tar, entry), file)


def _content(tar: _Tar, entry: tarfile.TarInfo) -> IO[bytes]:
    content = tar.extractfile(entry)
    if content is None:
        raise tarfile.ReadError(f"{entry.name!a} is no file")
    return content


def _manifest(source: Path, tar: _Tar) -> Manifest:
    entry = tar.next()
    if entry is None or entry.name != _MANIFEST or entry.type != tarfile.REGTYPE:
        raise StoreError(f"{source} is no backup of argentos: it does not begin with {_MANIFEST}")
    content = _content(tar, entry).read(_LONGEST_MANIFEST)
    try:
        version = msgspec.json.decode(content, type=_Versioned).argentos_backup
        if version > _VERSION:
            raise StoreError(f"{source} was made by a newer argentos (version {version}); nothing was restored")
        return msgspec.json.decode(content, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise StoreError(f"{source} is no backup of argentos: {in_plain_words(error, content)}") from error
