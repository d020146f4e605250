"""Files of the dashboard, read once; their addresses change with them, so that browsers may keep them."""

import gzip
import hashlib
import mimetypes
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final, NamedTuple

from argentos.gateway.dashboard.icons import ICONS, icon_sheet

__all__ = ["File", "Files", "dashboard_files"]

ICON_SHEET: Final = "css/icons.css"

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
    """The files of the dashboard, which do not change while the program runs; the icons in a style sheet."""
    found = dict(_read(resources.files("argentos.gateway") / "static"))
    icons = {path: file.data for path, file in found.items() if path.startswith(ICONS) and path.endswith(".svg")}
    sheet = icon_sheet({path[len(ICONS) : -len(".svg")]: icons[path] for path in sorted(icons)})
    found = {path: file for path, file in found.items() if path not in icons} | {ICON_SHEET: _file(ICON_SHEET, sheet)}
    found = dict(sorted(found.items()))
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
            yield below, _file(each.name, each.read_bytes())


def _file(name: str, data: bytes) -> File:
    media_type = _TYPES.get(f".{name.rpartition('.')[2]}") or mimetypes.guess_type(name)[0] or "text/plain"
    packed = gzip.compress(data, mtime=0) if media_type in _PACKED else None
    return File(data, media_type, packed if packed is not None and len(packed) < len(data) else None)
