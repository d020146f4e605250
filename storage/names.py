"""Session and agent ids as file names: no two collide on any file system, and none leaves its folder."""

import hashlib
import os
import re
from pathlib import Path
from typing import Final
from urllib.parse import unquote_to_bytes

from argentos.errors import InputError
from argentos.inputs import as_path

__all__ = ["expand_home", "file_name", "text_of"]

_LONGEST_NAME: Final = 200  # bytes; file systems allow 255
_PLAIN: Final = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789-_.")
_RESERVED: Final = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?\Z")


def file_name(text: str) -> str:
    """The name of the folder for an id, which need not have passed `argentos.inputs.as_id`.

    Small ASCII letters, digits and `-_.` stand for themselves; every other byte of the UTF-8 text is `%XX`, so
    ids that differ only in case or Unicode form get different names everywhere. Long ids end in a hash.
    """
    data = text.encode("utf-8", "surrogatepass")
    if not data:
        return "%"
    name = "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in data)
    if name.startswith(".") or _RESERVED.match(name):
        name = f"%{data[0]:02X}{name[1:]}"
    if name.endswith("."):  # Windows shares drop it
        name = f"{name[:-1]}%2E"
    if len(name) > _LONGEST_NAME:
        # A cut inside %XX is harmless: the hash of the whole id makes the name unique.
        name = f"{name[: _LONGEST_NAME - 66]}%~{hashlib.sha256(data).hexdigest()}"
    return name


def text_of(name: str) -> str | None:
    """The id for which a folder of this name stands; None where there is none, or where it was too long for a name."""
    try:
        text = unquote_to_bytes(name).decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return None
    return text if file_name(text) == name else None


def expand_home(path: str | os.PathLike[str]) -> Path:
    """The whole path of a state directory, with `~` as the home it stands for: the same wherever the process goes.

    Raises:
        InputError: it is no path, is empty, is relative to a folder that is gone, or nobody has that home.
    """
    if path == "":
        raise InputError("the path of the state directory is empty; name a folder with --state-dir or ARGENTOS_HOME")
    try:
        return as_path(path, "the path of the state directory").expanduser().absolute()
    except (RuntimeError, OSError) as error:
        raise InputError(f"{os.fspath(path)} cannot be used: {error}") from error
