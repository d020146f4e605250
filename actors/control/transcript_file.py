"""Transcripts that go from one process to another by a private file, for no request is as long as a session may be.

The file has a line for the transcript without its messages, and one for each of these. Both ends are for threads.
"""

import os
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
from msgspec import structs

from argentos.actors.transcripts.transcript import Transcript, TranscriptMessage
from argentos.concurrency.chunks import in_chunks
from argentos.errors import InputError
from argentos.storage.disk import reading

__all__ = ["private_file", "read_transcript", "write_transcript"]

_encoder: Final = msgspec.json.Encoder()
_transcript: Final = msgspec.json.Decoder(Transcript)
_message: Final = msgspec.json.Decoder(TranscriptMessage)


@contextmanager
def private_file() -> Generator[Path]:
    """Make an empty file that other processes of this user can use, until the end of the context."""
    with tempfile.NamedTemporaryFile(prefix="argentos-", suffix=".jsonl") as file:
        yield Path(file.name)


def write_transcript(transcript: Transcript, path: Path) -> None:
    """Write a transcript into an empty file.

    Raises:
        InputError: there is no such file, it is not empty, or a text in the transcript holds half a surrogate pair.
    """
    try:
        with _empty(path) as descriptor, os.fdopen(descriptor, "wb", closefd=False) as file:
            for chunk in _lines(transcript):
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


def _lines(transcript: Transcript) -> Iterator[bytes]:
    yield _encoder.encode_lines([structs.replace(transcript, messages=())])
    for chunk in in_chunks(transcript.messages):
        yield _encoder.encode_lines(chunk)


def read_transcript(path: Path) -> Transcript:
    """Read a transcript that another process has written.

    Raises:
        InputError: there is none; a pipe or a device, which is not waited for, is none.
    """
    try:
        with reading.regular(path) as file:
            lines = iter(file)
            transcript = _transcript.decode(next(lines, b""))
            return structs.replace(transcript, messages=tuple(_message.decode(line) for line in lines))
    except OSError as error:
        raise InputError(f"{path} cannot be read by the owner of the state directory: {error.strerror}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{path} holds no transcript: {error}") from error
