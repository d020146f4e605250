"""The files that diagrams are read from and written to."""

import os
import shutil
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from argentos.errors import InputError
from argentos.machines import Diagram
from argentos.machines.mermaid.markdown import state_diagrams
from argentos.storage.disk import reading

__all__ = ["file_and_line", "is_mermaid", "named", "read_diagram", "read_text", "write_file"]

_LARGEST: Final = 64 * 1024 * 1024
_MERMAID: Final = {".mmd", ".mermaid"}
_MARKDOWN: Final = {".md", ".markdown", ".mdx"}


def is_mermaid(path: Path) -> bool:
    """Tell whether the name says that the file is one diagram, and no text around it."""
    return path.suffix.lower() in _MERMAID


def named(path: Path) -> str:
    """The file's name in sentences."""
    return "standard input" if str(path) == "-" else str(path)


def read_text(path: Path) -> str:
    """The text of a file with its own line ends; `-` is standard input.

    Raises:
        InputError: it cannot be read, or is no text in UTF-8.
    """
    try:
        if str(path) == "-":
            data = sys.stdin.buffer.read(_LARGEST + 1)
        else:
            with reading.regular(path) as file:
                data = file.read(_LARGEST + 1)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    if len(data) > _LARGEST:
        raise InputError(f"{named(path)} is larger than {_LARGEST // 1024**2} MiB; name the file of a diagram")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"{named(path)}:{line}: this is no text in UTF-8; save it as UTF-8") from error


def read_diagram(path: Path) -> Diagram:
    """The diagram in a file: of a `.mmd` the whole, of a Markdown text the one in its fences; `-` is standard input.

    Where a Markdown text has several, the file's name ends with a line of the one that is meant, as in `README.md:9`.

    Raises:
        DiagramError: there is none, or it cannot be read.
        InputError: the file cannot be read, or has several diagrams.
    """
    path, line = file_and_line(path)
    text = read_text(path).removeprefix("\ufeff")
    found = [] if is_mermaid(path) else list(state_diagrams(text))
    if line:
        found = [fence for fence in found if fence.line <= line <= fence.end + 1]
        if not found:
            raise InputError(f"{path}:{line}: no state diagram is here; name a line of one")
    if len(found) > 1:
        lines = " and ".join(f"{path}:{fence.line}" for fence in found)
        raise InputError(f"{named(path)} has {len(found)} state diagrams; name the one you mean by its line: {lines}")
    if found:
        return Diagram.from_fence(found[0], file=named(path))
    read = Diagram.from_markdown if path.suffix.lower() in _MARKDOWN else Diagram.parse
    return read(text, file=named(path))


def file_and_line(path: Path) -> tuple[Path, int]:
    """A file and a line of it; 0 where the name ends with none."""
    name, _, line = str(path).rpartition(":")
    return (Path(name), int(line)) if name and line.isascii() and line.isdigit() and not path.exists() else (path, 0)


def write_file(path: Path, data: bytes) -> None:
    """Put the data in a file, all of it or, if that fails, nothing; links are followed, and its mode is kept.

    Raises:
        InputError: it cannot be written.
    """
    with _writing(path):
        if path.exists() and not path.is_file():
            path.write_bytes(data)  # to a pipe or a terminal; a folder is refused
            return
        target = path.resolve()
        temporary = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            _write_new(temporary, data)
            if target.exists():
                shutil.copymode(target, temporary)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)


def _write_new(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _writing(path: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from error
