"""Transcripts that go from one process to another by a private file, for no request is as long as a session may be.

The file has a line for the transcript without its messages, and one for each of these. Both ends are for threads.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
from msgspec import structs

from argentos.actors.control.private_file import write_bytes
from argentos.actors.transcripts.transcript import Transcript, TranscriptMessage
from argentos.concurrency.chunks import in_chunks
from argentos.errors import InputError
from argentos.storage.disk import reading

__all__ = ["read_transcript", "write_transcript"]

_encoder: Final = msgspec.json.Encoder()
_transcript: Final = msgspec.json.Decoder(Transcript)
_message: Final = msgspec.json.Decoder(TranscriptMessage)


def write_transcript(transcript: Transcript, path: Path) -> None:
    """Write a transcript into an empty file.

    Raises:
        InputError: there is no such file, it is not empty, or a text in the transcript holds half a surrogate pair.
    """
    write_bytes(_lines(transcript), path)


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
