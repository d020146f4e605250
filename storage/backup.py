"""A backup: one file with a state directory as it was at one moment. All of this blocks.

It is a gzipped tar of `backup.json`, `argent.json`, `agents/` and `journal/`; the index is made anew where it is
restored.
"""

import contextlib
import gzip
import io
import os
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Final

import msgspec
from msgspec import Struct

from argentos.errors import StoreError
from argentos.storage import files

__all__ = ["Manifest", "restore", "write"]

_MANIFEST: Final = "backup.json"
_VERSION: Final = 1
_LEVEL: Final = 1  # texts shrink well, and the owner waits


class Manifest(Struct, frozen=True, rename="camel"):
    """What a backup says of itself: its format, and when it was made."""

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
        OSError: it cannot be written; nothing is left of it.
    """
    with files.new(target) as file:
        with tarfile.open(fileobj=file, mode="w:gz", compresslevel=_LEVEL) as tar:
            manifest = msgspec.json.encode(Manifest(_VERSION, datetime.now(UTC)))
            _add(tar, _MANIFEST, io.BytesIO(manifest), len(manifest))
            for path in (*segments, *_contents(root)):
                with path.open("rb") as content:
                    _add(tar, path.relative_to(root).as_posix(), content, os.fstat(content.fileno()).st_size)
        return file.tell()


def _contents(root: Path) -> Iterator[Path]:
    """The files to save: those that a kill left half-written are none."""
    for pattern in ("argent.json", "journal/*.kept", "agents/**/*"):
        for path in sorted(root.glob(pattern)):
            if path.is_file() and not path.is_symlink() and not path.name.startswith("."):
                yield path


def _add(tar: tarfile.TarFile, name: str, content: IO[bytes], size: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    tar.addfile(entry, content)


def restore(source: Path, root: Path) -> Manifest:
    """Make a state directory of a backup, whole or not at all.

    Raises:
        StoreError: `root` is there already and not empty, or the file is no whole backup.
        OSError: it cannot be read, or the directory not be written.
    """
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise StoreError(f"{root} is not empty; restore into a new directory, named with --state-dir")
    temporary = root.with_name(f".{root.name}.restoring")
    if temporary.exists():
        files.remove_folder(temporary)  # left by a process that was killed
    try:
        manifest = _unpack(source, temporary)
        if root.exists():
            root.rmdir()
        files.move(temporary, root)
    except BaseException:
        with contextlib.suppress(OSError):
            files.remove_folder(temporary)
        raise
    return manifest


def _unpack(source: Path, folder: Path) -> Manifest:
    try:
        with tarfile.open(source, "r:gz") as tar:
            first = tar.next()
            manifest = _manifest(source, tar.extractfile(first) if first and first.name == _MANIFEST else None)
            files.make_folder(folder)
            while (entry := tar.next()) is not None:
                content = tar.extractfile(entry)
                if content is None or not _is_ours(entry.name):
                    raise StoreError(f"{source} has {entry.name!a}, which no backup has; nothing was restored")
                path = folder / entry.name
                files.make_folder(path.parent)
                files.replace(path, content.read())
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise StoreError(f"{source} is no whole backup ({error}); nothing was restored") from error
    return manifest


def _is_ours(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return ".." not in parts and (parts == ("argent.json",) or (len(parts) > 1 and parts[0] in {"agents", "journal"}))


def _manifest(source: Path, content: IO[bytes] | None) -> Manifest:
    if content is None:
        raise StoreError(f"{source} is no backup of argentos: it does not begin with {_MANIFEST}")
    try:
        manifest = msgspec.json.decode(content.read(), type=Manifest)
    except msgspec.MsgspecError as error:
        raise StoreError(f"{source} is no backup of argentos: {error}") from error
    if manifest.argentos_backup > _VERSION:
        raise StoreError(f"{source} was made by a newer argentos; nothing was restored")
    return manifest
