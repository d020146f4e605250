"""The attachments of a session: a folder of files named by their hashes, each written once. All of this blocks."""

import contextlib
import os
import shutil
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final

from argentos.errors import AttachmentNotFoundError, StoreDamagedError
from argentos.storage.attachments import as_sha256, sha256_of
from argentos.storage.disk import durable, reading
from argentos.storage.messages import SessionKey

__all__ = ["FOLDER", "link", "link_all", "mentioned", "names", "read", "remove", "write"]

FOLDER: Final = "attachments"
"""The name of the folder in that of a session."""

_HEX_DIGITS: Final = 64


def write(folder: Path, data: bytes) -> str:
    """Make bytes durable in the folder of a session, which need not be there; gives their hash.

    What is there whole is not written again; what is damaged is replaced.
    """
    sha256 = sha256_of(data)
    place = folder / FOLDER
    durable.make_folder(place)
    path = place / sha256
    if _is_whole(path, sha256, len(data)):
        durable.sync_folder(place)  # whoever wrote it may not have come to that
        return sha256
    try:
        durable.replace(path, data)
    except BaseException:  # the next one who asks is not to take it for lasting
        with contextlib.suppress(OSError):
            path.unlink()
        raise
    return sha256


def _is_whole(path: Path, sha256: str, size: int) -> bool:
    try:
        return path.stat(follow_symlinks=False).st_size == size and sha256_of(reading.read(path)) == sha256
    except FileNotFoundError:
        return False


def read(folder: Path, key: SessionKey, sha256: str) -> bytes:
    """The bytes of a session that have this hash.

    Raises:
        AttachmentNotFoundError, StoreDamagedError, InputError: see `Store.attachment`.
        OSError: they cannot be read.
    """
    path = folder / FOLDER / as_sha256(sha256)
    try:
        data = reading.read(path)
    except (FileNotFoundError, NotADirectoryError):
        raise AttachmentNotFoundError(f"session {key} has no attachment {sha256}") from None
    if sha256_of(data) != sha256:
        raise StoreDamagedError(f"{path} is damaged: its bytes have another hash; restore it from a backup")
    return data


def names(folder: Path) -> list[str]:
    """The hashes of the attachments in the folder of a session."""
    return [each for each in reading.names(folder / FOLDER) if len(each) == _HEX_DIGITS and each.isalnum()]


def remove(folder: Path, sha256: str) -> None:
    """Remove an attachment, which need not be there; and the folders around it, where nothing else is in them."""
    place = folder / FOLDER
    if reading.exists(place / sha256):
        durable.remove(place / sha256)
    for each in (place, folder):
        try:
            each.rmdir()
        except OSError:  # it has something in it, or is gone
            continue
        durable.sync_folder(each.parent)


def mentioned(folder: Path, hashes: Iterable[str], *others: bytes) -> set[str]:
    """Find the hashes that stand anywhere in the files of a session, or in other texts of it.

    Whatever a file is, and however damaged: what it names is not taken from it.
    """
    sought = set(hashes)
    found = {each for each in sought for text in others if each.encode() in text}
    for path in _files(folder):
        if not sought - found:
            break
        data = reading.read(path)
        found |= {each for each in sought - found if each.encode() in data}
    return found


def _files(folder: Path) -> Iterable[Path]:
    for place, folders, files in os.walk(folder):
        if Path(place) == folder and FOLDER in folders:
            folders.remove(FOLDER)
        yield from (Path(place, name) for name in sorted(files))


def link_all(source: Path, target: Path, only: Collection[str] | None = None) -> None:
    """Have the attachments of one folder in another as well: those with these hashes, or all."""
    wanted = [each for each in names(source) if only is None or each in only]
    if not wanted:
        return
    durable.make_folder(target / FOLDER)
    for name in wanted:
        if not reading.exists(target / FOLDER / name):
            _link(source / FOLDER / name, target / FOLDER / name)
    durable.sync_folder(target / FOLDER)


def link(source: Path, target: Path, key: SessionKey, sha256: str) -> None:
    """Have an attachment of the folder of one session, `key`, in that of another one as well, durably.

    Raises:
        AttachmentNotFoundError: it has none of this hash.
        OSError: it cannot be linked, nor copied.
    """
    if not reading.exists(source / FOLDER / as_sha256(sha256)):
        raise AttachmentNotFoundError(f"session {key} has no attachment {sha256}")
    link_all(source, target, (sha256,))


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:  # a file system without links
        with reading.opened(source) as data, durable.new(target) as copy:
            shutil.copyfileobj(data, copy)
