"""Transcripts that go from one process to another: by a private file, for no request is as long as a session may be.

It has a line for the transcript without its messages, and then one for each: neither process stands still for it.
"""

import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
from msgspec import structs

from argentos.actors.transcripts.transcript import Transcript, TranscriptMessage
from argentos.concurrency.chunks import in_steps
from argentos.errors import InputError
from argentos.storage.disk import reading

__all__ = ["hand_over", "take_over"]

_encoder: Final = msgspec.json.Encoder()
_transcript: Final = msgspec.json.Decoder(Transcript)
_message: Final = msgspec.json.Decoder(TranscriptMessage)


@contextmanager
def hand_over(transcript: Transcript) -> Generator[Path]:
    """Put a transcript where another process of this user can read it, until the end of the context.

    Raises:
        InputError: a text in it holds half a surrogate pair.
    """
    with tempfile.NamedTemporaryFile(prefix="argentos-", suffix=".jsonl") as file:
        try:
            for step in _lines(transcript):
                file.write(step)
        except UnicodeEncodeError as error:
            raise InputError(f"a text has half a surrogate pair at character {error.start}; send whole ones") from error
        file.flush()
        yield Path(file.name)


def _lines(transcript: Transcript) -> Iterator[bytes]:
    yield _encoder.encode_lines([structs.replace(transcript, messages=())])
    for step in in_steps(transcript.messages):
        yield _encoder.encode_lines(step)


def take_over(path: Path) -> Transcript:
    """Read a transcript that another process has put there.

    Raises:
        InputError: there is none; a pipe or a device, which is not waited for, is none.
    """
    try:
        if not path.is_absolute() or "\0" in str(path):
            raise InputError(f"{str(path)!a} is no whole path of a file; name one")
        with reading.regular(path) as file:
            lines = iter(file)
            transcript = _transcript.decode(next(lines, b""))
            return structs.replace(transcript, messages=tuple(_message.decode(line) for line in lines))
    except OSError as error:
        raise InputError(f"{path} cannot be read by the owner of the state directory: {error.strerror}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{path} holds no transcript: {error}") from error
