"""Files of the dashboard, read once; their addresses change with them, so that browsers may keep them."""

import gzip
import hashlib
import mimetypes
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final, NamedTuple

__all__ = ["File", "Files", "dashboard_files"]

_TYPES: Final = {".js": "text/javascript", ".mjs": "text/javascript", ".woff2": "font/woff2"}
_PACKED: Final = {"text/javascript", "text/css", "image/svg+xml", "text/html", "text/plain"}
_DIGEST: Final = 16  # characters


class File(NamedTuple):
    """A file as it is sent.

    Attributes:
        packed: by gzip; None where that gains nothing.
    """

    data: bytes
    media_type: str
    packed: bytes | None


class Files(NamedTuple):
    """All files, by their paths below `static/`.

    Attributes:
        digest: of all of them, a part of their addresses.
    """

    by_path: Mapping[str, File]
    digest: str


@cache
def dashboard_files() -> Files:
    """The files of the dashboard, which do not change while the program runs."""
    found = dict(sorted(_read(resources.files("argentos.gateway") / "static")))
    digest = hashlib.sha256()
    for path, file in found.items():
        digest.update(f"{path}\0{len(file.data)}\0".encode() + file.data)
    return Files(found, digest.hexdigest()[:_DIGEST])


def _read(folder: Traversable, path: str = "") -> Iterator[tuple[str, File]]:
    for each in folder.iterdir():
        below = f"{path}{each.name}"
        if each.is_dir():
            yield from _read(each, f"{below}/")
        else:
            yield below, _file(each)


def _file(source: Traversable) -> File:
    data = source.read_bytes()
    suffix = f".{source.name.rpartition('.')[2]}"
    media_type = _TYPES.get(suffix) or mimetypes.guess_type(source.name)[0] or "text/plain"
    packed = gzip.compress(data, mtime=0) if media_type in _PACKED else None
    return File(data, media_type, packed if packed is not None and len(packed) < len(data) else None)
