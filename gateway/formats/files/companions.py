"""Files that stand beside a file of conversations: pictures and documents, by their ids."""

import base64
import zipfile
import zlib
from bisect import bisect_left
from collections.abc import Callable, Generator, Iterable
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

from argentos.storage import RawBlock
from argentos.storage.disk import reading

__all__ = ["Companions", "beside"]

_CONVERSATIONS: Final = "conversations"
_LARGEST: Final = 32 * 1024 * 1024
_PDF: Final = b"%PDF-"
_RIFF: Final = b"RIFF"
_WEBP: Final = b"WEBP"
_PICTURES: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)


class _File(NamedTuple):
    """The last part of a name, and the whole of it."""

    last: str
    name: str


class Companions:
    """The files beside a file, in its archive or its folder.

    Args:
        names: theirs; looked at when the first is asked for.
        read: gives so many bytes of one.

    Attributes:
        taken: the names of those that a model can be given, and that were asked for.
    """

    def __init__(
        self, names: Callable[[], Iterable[str]] = tuple, read: Callable[[str, int], bytes] | None = None
    ) -> None:
        self.taken: set[str] = set()
        self._names = names
        self._read = read
        self._sorted: list[_File] | None = None

    def block(self, file_id: str, title: str = "") -> RawBlock | None:
        """The picture or document of this id as a block; None where there is none, or a model cannot be given it.

        Args:
            file_id: the name of the file begins with it.
            title: of a document.
        """
        name = self._find(file_id)
        if name is None or self._read is None:
            return None
        try:
            data = self._read(name, _LARGEST + 1)
        except (OSError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError):
            return None
        block = _block(data, title) if 0 < len(data) <= _LARGEST else None
        if block is not None:
            self.taken.add(name)
        return block

    def _find(self, file_id: str) -> str | None:
        if not file_id:
            return None
        if self._sorted is None:
            self._sorted = sorted(_File(PurePosixPath(each).name, each) for each in self._names())
        at = bisect_left(self._sorted, _File(file_id, ""))
        found = self._sorted[at] if at < len(self._sorted) else None
        if found is None or not found.last.startswith(file_id) or found.last[len(file_id) :][:1].isalnum():
            return None
        return found.name


@contextmanager
def beside(path: Path) -> Generator[Companions]:
    """The files beside a file in an archive, or beside one that is called as an export's is."""
    archive = next((each for each in path.parents if each.is_file()), None)
    if archive is None:
        yield _in_folder(path.parent) if path.name.startswith(_CONVERSATIONS) else Companions()
        return
    with ExitStack() as stack:

        @cache
        def opened() -> zipfile.ZipFile:
            return stack.enter_context(zipfile.ZipFile(archive))

        def read(name: str, size: int) -> bytes:
            with opened().open(name) as member:
                return member.read(size)

        yield Companions(lambda: opened().namelist(), read)


def _in_folder(folder: Path) -> Companions:
    def names() -> list[str]:
        return [each.relative_to(folder).as_posix() for each in (*folder.glob("*"), *folder.glob("*/*"))]

    def read(name: str, size: int) -> bytes:
        with reading.regular(folder / name) as file:
            return file.read(size)

    return Companions(names, read)


def _block(data: bytes, title: str) -> RawBlock | None:
    kind = "document" if data.startswith(_PDF) else "image"
    media_type = "application/pdf" if kind == "document" else _picture(data)
    if not media_type:
        return None
    source = {"type": "base64", "media_type": media_type, "data": base64.b64encode(data).decode()}
    return {"type": kind, "source": source} | ({"title": title} if title and kind == "document" else {})


def _picture(data: bytes) -> str:
    if data.startswith(_RIFF) and data[8:12] == _WEBP:
        return "image/webp"
    return next((media_type for begin, media_type in _PICTURES if data.startswith(begin)), "")
