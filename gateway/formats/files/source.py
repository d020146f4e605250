"""Reader of files of JSON from any source; a line that cannot be read costs itself, and is listed."""

import errno
import json
import re
import shutil
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final, NamedTuple, TypeVar, cast

from argentos.actors import Transcript
from argentos.errors import InputError
from argentos.gateway.formats.files import lenient_json
from argentos.gateway.formats.files.companions import Companions, beside
from argentos.gateway.formats.files.losses import Losses
from argentos.storage.disk import reading

__all__ = [
    "Line",
    "ReadTranscript",
    "Source",
    "each_conversation",
    "fields",
    "listed",
    "members_of",
    "objects",
    "stem_of",
    "text_in",
]

T = TypeVar("T")

_LONGEST_LINE: Final = 256 * 1024 * 1024  # a line may hold pictures
_LARGEST_DOCUMENT: Final = 1024 * 1024 * 1024
_LARGEST_UNPACKED: Final = 8 * _LARGEST_DOCUMENT
_CHUNK: Final = 1024 * 1024
_LINES_LOOKED_AT: Final = 200  # to tell lines from a document
_GZIP: Final = b"\x1f\x8b"
_GZIP_WINDOW: Final = 31  # bits, with a header of gzip
_ZIP: Final = b"PK\x03\x04"
_CONVERSATIONS: Final = re.compile(r"(^|/)conversations[^/]*\.json$")  # of the exports of ChatGPT and of Claude
_SQLITE: Final = b"SQLite format 3\0"
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_BLANK: Final = b" \t\r\n\0\xef\xbb\xbf"
_WIDE: Final = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


class ReadTranscript(NamedTuple):
    """A conversation in a file.

    Attributes:
        transcript: with an empty session id where the file has none.
        line: where it begins.
    """

    transcript: Transcript
    line: int


class Line(NamedTuple):
    """A value of JSON, and the number of its line from 1.

    Attributes:
        place: where in the line, or which row.
    """

    number: int
    value: Any
    place: str = ""


class Source:
    """A file that can be read more than once.

    Args:
        name: to call it by.
        file: can be sought in.
        stem: the name without folder and suffixes; empty where there is none.
        path: where the file itself is; None where it is a copy.

    Attributes:
        companions: the files beside it.
    """

    def __init__(self, name: str, file: IO[bytes], stem: str = "", path: Path | None = None) -> None:
        self.name = name
        self.stem = stem
        self.path = path
        self.file = file
        self.note = ""  # on what was unpacked
        self.companions: Companions = Companions()
        self._is_document: bool | None = None

    @classmethod
    @contextmanager
    def open(cls, path: Path) -> "Generator[Source]":
        """Open a file, packed by gzip or not, or one in an archive, as `export.zip/conversations.json`.

        `-` is standard input.

        Raises:
            InputError: it cannot be read; a pipe or a device is refused at once.
        """
        is_input = str(path) == "-"
        name = "standard input" if is_input else str(path)
        with ExitStack() as stack:
            with _reading(name):
                file = stack.enter_context(_spooled(sys.stdin.buffer) if is_input else _opened(path))
                plain, note = _plain(file)
            if plain is not file:
                stack.enter_context(plain)
            is_itself = plain is file and path.is_file()
            source = cls(name, plain, "" if is_input else stem_of(path.name), path if is_itself else None)
            source.note = note
            if not is_input:
                source.companions = stack.enter_context(beside(path))
            yield source

    @property
    def is_database(self) -> bool:
        """It is a database of SQLite."""
        return self._begin(len(_SQLITE)) == _SQLITE

    @property
    def is_blank(self) -> bool:
        """Nothing stands in it."""
        return not any(data.strip(_BLANK) for _, data in self._raw_lines())

    def values(self, losses: Losses) -> Iterator[Line]:
        """The values of JSON: of the lines or, of a document, its elements where it is an array, else itself.

        Raises:
            InputError: it cannot be read, or is a document larger than 1 GiB.
        """
        if self._is_document is None:
            self._is_document = self._looks_like_document()
        yield from self._elements(losses) if self._is_document else self._lines(losses)
        if self.note:
            losses.add(0, self.note)

    def _looks_like_document(self) -> bool:
        """One value over several lines, or an array: in few of its lines stands an object by itself."""
        lines = [data.strip().lstrip(_BYTE_ORDER_MARK) for _, data in islice(self._raw_lines(), _LINES_LOOKED_AT)]
        told = [data for data in lines if data.strip(b"\0")]
        if not told or told[0][:1] not in {b"[", b"{"}:
            return False
        if told[0].startswith(b"[") and (len(told) == 1 or not told[0].endswith(b"]")):
            return True
        whole = sum(_is_whole(data) for data in told)
        return whole * 2 < len(told)

    def _lines(self, losses: Losses) -> Iterator[Line]:
        for number, raw in self._raw_lines():
            data = raw.removeprefix(_BYTE_ORDER_MARK) if number == 1 else raw
            bare = data.strip().strip(b"\0").strip()
            if len(data) >= _LONGEST_LINE:
                losses.add(number, f"the line is longer than {_LONGEST_LINE // 1024**2} MiB")
            elif bare:
                yield from _told(lenient_json.decoded(bare), number, losses)
            elif data.strip():
                losses.add(number, "null bytes, as a power cut leaves them")

    def _raw_lines(self) -> Iterator[tuple[int, bytes]]:
        self._read(lambda: self.file.seek(0))
        number = 0
        while data := self._read(lambda: self.file.readline(_LONGEST_LINE)):
            number += 1
            yield number, data
            while len(data) == _LONGEST_LINE and not data.endswith(b"\n"):
                data = self._read(lambda: self.file.readline(_LONGEST_LINE))

    def _elements(self, losses: Losses) -> Iterator[Line]:
        self._read(lambda: self.file.seek(0))
        data = self._read(lambda: self.file.read(_LARGEST_DOCUMENT + 1)).removeprefix(_BYTE_ORDER_MARK)
        if len(data) > _LARGEST_DOCUMENT:
            raise self.error(1, "the document is larger than 1 GiB; write it as JSON Lines")
        text, notes = lenient_json.decoded(data.strip(b"\0"))
        for note in notes:
            losses.add(1, note)
        number, counted = 1, 0
        is_array = text.lstrip().startswith("[")
        for place, (value, begin, told) in enumerate(lenient_json.elements(text), start=1):
            number += text.count("\n", counted, begin)
            counted = begin
            where = f"element {place}" if is_array else ""
            for note in told:
                losses.add(number, note, where)
            if isinstance(value, Exception):
                losses.add(number, _problem(value))
            else:
                yield Line(number, value, where)

    @contextmanager
    def at(self, number: int) -> Generator[None]:
        """Say, of an error inside, in which line it is."""
        try:
            yield
        except InputError as error:
            raise self.error(number, str(error)) from error

    def error(self, number: int, problem: str) -> InputError:
        """The error for a line that cannot be taken."""
        return InputError(f"{self.name}:{number}: {problem}")

    def _begin(self, size: int) -> bytes:
        self._read(lambda: self.file.seek(0))
        return self._read(lambda: self.file.read(size))

    def _read(self, read: Callable[[], T]) -> T:
        with _reading(self.name):
            return read()


def _told(decoded: tuple[str, tuple[str, ...]], number: int, losses: Losses) -> Iterator[Line]:
    text, notes = decoded
    for value, begin, told in lenient_json.values(text):
        for note in (*notes, *told):
            losses.add(number, note)
        if isinstance(value, Exception):
            losses.add(number, _problem(value, begin))
        else:
            yield Line(number, value)


def _problem(error: Exception, begin: int = 0) -> str:
    if isinstance(error, RecursionError):
        return "this is not JSON that can be taken: it is nested too deeply"
    if isinstance(error, json.JSONDecodeError):
        return f"this is not JSON: {error.msg.removesuffix(' starting at')} at character {begin + error.colno}"
    return str(error)


def _is_whole(data: bytes) -> bool:
    if data[:1] not in {b"[", b"{"}:
        return False
    parsed = lenient_json.values(lenient_json.decoded(data)[0])
    return any(each.value and isinstance(each.value, dict | list) for each in parsed)


@contextmanager
def _reading(name: str) -> Generator[None]:
    try:
        yield
    except OSError as error:
        hint = "; give what comes through a pipe on standard input, named -" if error.errno == errno.ENXIO else ""
        raise InputError(f"{name} cannot be read: {error.strerror}{hint}") from error


def members_of(path: Path) -> tuple[list[Path], list[str]]:
    """The files with conversations in a zip archive, and the names of the others; the path alone where it is none.

    Raises:
        InputError: it cannot be read.
    """
    if not path.is_file():
        return [path], []
    with _reading(str(path)), reading.regular(path) as file:
        if file.read(len(_ZIP)) != _ZIP:
            return [path], []
        names = [each.filename for each in _archive(file).infolist() if not each.is_dir()]
    told = [name for name in names if _CONVERSATIONS.search(name)]
    told = told or [name for name in names if name.endswith((".json", ".jsonl", ".sqlite"))]
    return [path / name for name in told], [name for name in names if name not in told]


def _archive(file: IO[bytes]) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except zipfile.BadZipFile as error:
        raise OSError(errno.EINVAL, f"the archive is damaged or cut off ({error})") from error


@contextmanager
def _opened(path: Path) -> Generator[IO[bytes]]:
    archive = next((each for each in path.parents if each.is_file()), None)
    if archive is None:
        with reading.regular(path) as file:
            yield file
        return
    with reading.regular(archive) as packed, tempfile.TemporaryFile() as copy:
        try:
            with _archive(packed).open(path.relative_to(archive).as_posix()) as member:
                _copy(member, copy)
        except (KeyError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
            raise OSError(errno.EINVAL, f"it cannot be unpacked ({error})") from error
        yield copy


def _copy(packed: IO[bytes], copy: IO[bytes]) -> None:
    while chunk := packed.read(_CHUNK):
        copy.write(chunk)
        if copy.tell() > _LARGEST_UNPACKED:
            raise OSError(errno.EFBIG, "it holds more than 8 GiB")


def _spooled(file: IO[bytes]) -> IO[bytes]:
    """A copy that can be read twice."""
    spool = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    shutil.copyfileobj(file, spool)
    return spool


def _plain(file: IO[bytes]) -> tuple[IO[bytes], str]:
    """The file itself or, of one that is packed or of wide characters, a copy in plain UTF-8; a note on that."""
    file.seek(0)
    begin = file.read(2)
    file.seek(0)
    if begin == _GZIP:
        return _unpacked(file)
    if begin in _WIDE:
        text = file.read()[2:].decode(_WIDE[begin], errors="replace")
        copy = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
        copy.write(text.encode(errors="replace"))
        return copy, ""
    return file, ""


def _unpacked(file: IO[bytes]) -> tuple[IO[bytes], str]:
    """The packed content; of a file that is cut off or damaged, as much as can be had, and a note."""
    copy = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    unpacking = zlib.decompressobj(_GZIP_WINDOW)
    is_open = True
    try:
        while chunk := file.read(_CHUNK):
            while chunk:
                copy.write(unpacking.decompress(chunk))
                chunk, is_open = unpacking.unused_data, not unpacking.eof
                if unpacking.eof:
                    unpacking = zlib.decompressobj(_GZIP_WINDOW)
            if copy.tell() > _LARGEST_UNPACKED:
                return copy, "it holds more than 8 GiB, of which the rest is left out"
    except zlib.error as error:
        return copy, f"the packed file is damaged: {error}"
    return copy, "the packed file is cut off" if is_open else ""


def stem_of(name: str) -> str:
    """The name of a file without what marks its kind: `a.jsonl.imported-1799`, `a.jsonl.gz` and `a.json` are `a`."""
    bare = name.removesuffix(".gz")
    for mark in (".jsonl", ".json", ".sqlite"):
        if mark in bare:
            return bare.partition(mark)[0]
    return Path(bare).stem


def fields(value: Any) -> dict[str, Any]:
    """The members of a JSON object; none of anything else."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def listed(value: Any) -> list[Any]:
    """The elements of a JSON array; none of anything else."""
    return cast("list[object]", value) if isinstance(value, list) else []


def objects(value: Any) -> list[dict[str, Any]]:
    """The objects in a JSON array; none of anything else."""
    return [fields(each) for each in listed(value) if isinstance(each, dict)]


def each_conversation(line: Line) -> Iterator[Line]:
    """The conversations in an object that has several, else the line itself."""
    value = fields(line.value)
    several = next((listed(value[name]) for name in ("conversations", "chats") if listed(value.get(name))), None)
    if several is None:
        yield line
        return
    for number, each in enumerate(several, start=1):
        place = f"conversation {number}"
        yield Line(line.number, each, f"{place} of {line.place}" if line.place else place)


def text_in(value: Any, *names: str) -> str:
    """The first of these members of a JSON object that is a text with something in it; empty where none is."""
    if not isinstance(value, dict):
        return ""
    members = cast("dict[str, Any]", value)
    for name in names:
        each = members.get(name)
        if isinstance(each, str) and each and not each.isspace():
            return each
    return ""
