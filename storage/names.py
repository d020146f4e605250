"""Session and agent ids as file names: no two collide on any file system, and none leaves its folder."""

import hashlib
import os
import re
import unicodedata
from pathlib import Path
from typing import Final

from argentos.errors import InputError

__all__ = ["MAX_ID_LENGTH", "check_id", "expand_home", "file_name"]

MAX_ID_LENGTH: Final = 512
_LONGEST_NAME: Final = 200  # bytes; file systems allow 255
_PLAIN: Final = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789-_.")
_UNPRINTABLE: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
_RESERVED: Final = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?\Z")


def check_id(text: str, what: str = "session id") -> str:
    """Give back an id that can be taken.

    Raises:
        InputError: it is empty, longer than 512 characters, begins with a dot, or has a slash, a backslash, a
            percent sign, white space at its ends, or a character that is not printable.
    """
    if not text:
        raise InputError(f"the {what} is empty; give it at least one character")
    if len(text) > MAX_ID_LENGTH:
        raise InputError(f"the {what} has {len(text)} characters; {MAX_ID_LENGTH} is the most")
    wrong = next((c for c in text if c in "/\\%" or unicodedata.category(c) in _UNPRINTABLE), None)
    if wrong is None and text.startswith("."):
        wrong = "."
    if wrong is None and text != text.strip():
        wrong = " "
    if wrong is not None:
        raise InputError(f"the {what} {text!a} cannot be used: {wrong!a} is not allowed there")
    return text


def file_name(text: str) -> str:
    """The name of the folder for an id, which need not have passed `check_id`.

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


def expand_home(path: str | os.PathLike[str]) -> Path:
    """The path with `~` as the home it stands for.

    Raises:
        InputError: the path is empty, or nobody has that home.
    """
    if not os.fspath(path):
        raise InputError("the path of the state directory is empty; name a folder with --state-dir or ARGENTOS_HOME")
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise InputError(f"{os.fspath(path)} cannot be used: {error}") from error
