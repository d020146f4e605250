"""Private files by which bytes go from one process to another that no request is long enough for. For threads."""

import os
import tempfile
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path

import msgspec

from argentos.errors import InputError
from argentos.storage import Content
from argentos.storage.disk import reading

__all__ = ["private_file", "read_bytes", "read_content", "write_bytes", "write_content"]


@contextmanager
def private_file() -> Generator[Path]:
    """Make an empty file that other processes of this user can use, until the end of the context."""
    with tempfile.NamedTemporaryFile(prefix="argentos-") as file:
        yield Path(file.name)


def write_bytes(chunks: Iterable[bytes], path: Path) -> None:
    """Write bytes into an empty file.

    Raises:
        InputError: there is no such file, it is not empty, or a text holds half a surrogate pair.
    """
    try:
        with _empty(path) as descriptor, os.fdopen(descriptor, "wb", closefd=False) as file:
            for chunk in chunks:
                file.write(chunk)
    except UnicodeEncodeError as error:
        raise InputError(f"a text has half a surrogate pair at character {error.start}; send whole ones") from error
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from error


@contextmanager
def _empty(path: Path) -> Generator[int]:
    with reading.regular(path):  # neither a pipe nor a device, which would be waited for
        descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if os.fstat(descriptor).st_size:
            raise InputError(f"{path} is not empty; name an empty file")
        yield descriptor
    finally:
        os.close(descriptor)


def read_bytes(path: Path) -> bytes:
    """Read what another process has written.

    Raises:
        InputError: there is none; a pipe or a device, which is not waited for, is none.
    """
    try:
        with reading.regular(path) as file:
            return file.read()
    except OSError as error:
        raise InputError(f"{path} cannot be read by the owner of the state directory: {error.strerror}") from error


def write_content(content: Content, path: Path) -> None:
    """Write the content of a message into an empty file; see `write_bytes`."""
    write_bytes([msgspec.json.encode(content)], path)


def read_content(path: Path) -> Content:
    """Read the content of a message that another process has written.

    Raises:
        InputError: there is none.
    """
    try:
        content: Content = msgspec.json.decode(read_bytes(path), type=Content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{path} holds no content of a message: {error}") from error
    return content
