"""Tokens of accounts: read from the environment or from a private file when a channel connects, and shown nowhere."""

import os
import stat
from pathlib import Path

from msgspec import Struct

from argentos.errors import ChannelRefusedError
from argentos.storage.disk import reading

__all__ = ["TokenSource"]

_OPEN_TO_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_LONGEST = 4096  # bytes


class TokenSource(Struct, frozen=True, kw_only=True):
    """The place of a token: a variable of the environment, or a file."""

    variable: str | None = None
    file: Path | None = None

    def read(self) -> str:
        """The token as it is now.

        Raises:
            ChannelRefusedError: there is none; the sentence says where it was looked for.
        """
        if self.variable is not None:
            found = os.environ.get(self.variable, "").strip()
            if not found:
                raise ChannelRefusedError(f"there is no token in {self.variable}; set it in the environment")
            return found
        assert self.file is not None  # noqa: S101 - one of the two is given, as the settings check
        return _in_file(self.file)


def _in_file(path: Path) -> str:
    try:
        with reading.regular(path) as file:
            mode = os.fstat(file.fileno()).st_mode
            found = file.read(_LONGEST).decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise ChannelRefusedError(f"the token in {path} cannot be read: {why}") from error
    if mode & _OPEN_TO_OTHERS:
        raise ChannelRefusedError(
            f"others may read the token in {path}; `chmod 600` it, and have the platform make another"
        )
    if not found:
        raise ChannelRefusedError(f"{path} is empty; write the token into it")
    return found
