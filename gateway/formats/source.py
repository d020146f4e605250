"""Reader of JSON files from any source; everything in them is checked.

Every error is one sentence that begins with the file and the line.
"""

import errno
import json
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any, Final, NamedTuple, TypeVar, cast

import msgspec

from argentos.actors import Transcript
from argentos.errors import InputError
from argentos.storage.disk import reading

__all__ = ["Line", "ReadTranscript", "Source", "as_type", "fields"]

T = TypeVar("T")

_LONGEST_LINE: Final = 64 * 1024 * 1024  # a line may hold pictures
_LARGEST_DOCUMENT: Final = 1024 * 1024 * 1024
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_UNREADABLE: Final = (msgspec.MsgspecError, ValueError, RecursionError)


class ReadTranscript(NamedTuple):
    """A conversation in a file.

    Attributes:
        transcript: with an empty session id where the file has none.
        passed_over: the number of entries left out, by kind.
        line: where it begins.
    """

    transcript: Transcript
    passed_over: Counter[str]
    line: int


class Line(NamedTuple):
    """A line that is a JSON value, and its number from 1."""

    number: int
    value: Any


class Source:
    """A file that can be read more than once.

    Args:
        name: to call it by.
        file: can be sought in.
        stem: the name without folder and suffix; empty where there is none.
    """

    def __init__(self, name: str, file: IO[bytes], stem: str = "") -> None:
        self.name = name
        self.stem = stem
        self._file = file

    @classmethod
    @contextmanager
    def open(cls, path: Path) -> "Generator[Source]":
        """Open a file; `-` is standard input.

        Raises:
            InputError: it cannot be read; a pipe or a device is refused at once.
        """
        is_input = str(path) == "-"
        name = "standard input" if is_input else str(path)
        with ExitStack() as stack:
            with _reading(name):
                file = stack.enter_context(_spooled(sys.stdin.buffer) if is_input else reading.regular(path))
            yield cls(name, file, "" if is_input else path.stem)

    def lines(self) -> Iterator[Line]:
        """The lines of JSON from the first; blank ones are passed over.

        Raises:
            InputError: a line is no JSON, or longer than 64 MiB.
        """
        self._read(lambda: self._file.seek(0))
        number = 0
        while data := self._read(lambda: self._file.readline(_LONGEST_LINE)):
            number += 1
            if len(data) == _LONGEST_LINE:
                raise self.error(number, f"the line is longer than {_LONGEST_LINE // 1024**2} MiB")
            if number == 1:
                data = data.removeprefix(_BYTE_ORDER_MARK)
            if data.strip():
                with self.at(number):
                    value = _parse(data)
                yield Line(number, value)

    def document(self) -> Any:
        """The whole file as one JSON value.

        Raises:
            InputError: it is none, or larger than 1 GiB.
        """
        self._read(lambda: self._file.seek(0))
        data = self._read(lambda: self._file.read(_LARGEST_DOCUMENT + 1)).removeprefix(_BYTE_ORDER_MARK)
        if not data.strip():
            raise self.error(1, "the file is empty")
        if len(data) > _LARGEST_DOCUMENT:
            raise self.error(1, "the document is larger than 1 GiB; write it as JSON Lines")
        try:
            return _parse(data)
        except InputError as error:
            cause = error.__cause__
            raise self.error(cause.lineno if isinstance(cause, json.JSONDecodeError) else 1, str(error)) from error

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

    def _read(self, read: Callable[[], T]) -> T:
        with _reading(self.name):
            return read()


@contextmanager
def _reading(name: str) -> Generator[None]:
    try:
        yield
    except OSError as error:
        hint = "; give what comes through a pipe on standard input, named -" if error.errno == errno.ENXIO else ""
        raise InputError(f"{name} cannot be read: {error.strerror}{hint}") from error


def _spooled(file: IO[bytes]) -> IO[bytes]:
    """A copy that can be read twice."""
    spool = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    shutil.copyfileobj(file, spool)
    return spool


def fields(value: Any) -> dict[str, Any]:
    """The members of a JSON object; none of anything else."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def as_type(value: Any, kind: type[T]) -> T:
    """The JSON value as this type.

    Raises:
        InputError: it is not of this type.
    """
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise InputError(str(error)) from error


def _parse(data: bytes) -> Any:
    """Parse one JSON value.

    Raises:
        InputError: it is none, or ambiguous: an object has a key twice.
    """
    try:
        value = json.loads(data, object_pairs_hook=_object)
        msgspec.json.decode(data)  # refuses what Python's own reader takes: NaN, 1e999, half a surrogate pair
    except _UNREADABLE as error:
        problem = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise InputError(f"this is not JSON that can be taken: {problem}") from error
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"an object has the key {twice!a:.40} twice")
    return made
