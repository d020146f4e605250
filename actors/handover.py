"""Transcripts that go from one process to another: by a private file, for no request is as long as a session may be."""

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from argentos.actors.transcript import Transcript
from argentos.errors import InputError
from argentos.storage import files

__all__ = ["hand_over", "take_over"]

_decoder: Final = msgspec.json.Decoder(Transcript)


@contextmanager
def hand_over(transcript: Transcript) -> Generator[Path]:
    """Put a transcript where another process of this user can read it, until the end of the context.

    Raises:
        InputError: a text in it holds half a surrogate pair.
    """
    try:
        data = msgspec.json.encode(transcript)
    except UnicodeEncodeError as error:
        raise InputError(f"a text has half a surrogate pair at character {error.start}; send whole ones") from error
    with tempfile.NamedTemporaryFile(prefix="argentos-", suffix=".json") as file:
        file.write(data)
        file.flush()
        yield Path(file.name)


def take_over(path: Path) -> Transcript:
    """Read a transcript that another process has put there.

    Raises:
        InputError: there is none; a pipe or a device, which is not waited for, is none.
    """
    try:
        if not path.is_absolute() or "\0" in str(path):
            raise InputError(f"{str(path)!a} is no whole path of a file; name one")
        with files.regular(path) as file:
            return _decoder.decode(file.read())
    except OSError as error:
        raise InputError(f"{path} cannot be read by the owner of the state directory: {error.strerror}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{path} holds no transcript: {error}") from error
