import os
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from argentos.storage import file_name

LONG = "x" * 10_000
ids = st.text(min_size=1) | st.text("aA.-_% /\\éÉe\u0301", min_size=1, max_size=6) | st.text("aB.", min_size=150)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("user-jason", "user-jason"),
        ("a_b-c.9", "a_b-c.9"),
        ("User", "%55ser"),
        ("telegram:123", "telegram%3A123"),
        ("é", "%C3%A9"),
        ("%", "%25"),
        ("..", "%2E%2E"),
        ("a.", "a%2E"),
        ("con", "%63on"),
        ("nul.txt", "%6Eul.txt"),
        ("lpt1", "%6Cpt1"),
        ("console", "console"),
    ],
)
def test_a_file_name_can_be_read(text: str, name: str) -> None:
    assert file_name(text) == name


@pytest.mark.parametrize(
    ("one", "another"),
    [
        ("Jason", "jason"),
        ("é", "e\u0301"),
        ("ﬁ", "fi"),
        ("a/b", "a%2Fb"),
        ("a b", "a%20b"),
        ("CON", "con"),
        (".", "%2E"),
        ("a.", "a"),
        ("x" * 300, "x" * 301),
        ("x" * 300, "X" * 300),
        ("é" * 100, "é" * 99 + "e\u0301"),
        (LONG + "a", LONG + "b"),
    ],
)
def test_ids_that_look_alike_get_names_that_no_file_system_takes_for_one(one: str, another: str) -> None:
    assert _as_any_file_system_sees(file_name(one)) != _as_any_file_system_sees(file_name(another))


@given(ids, ids)
def test_different_ids_get_different_names(one: str, another: str) -> None:
    assume(one != another)
    assert _as_any_file_system_sees(file_name(one)) != _as_any_file_system_sees(file_name(another))


def decomposed(text: str) -> str:
    return unicodedata.normalize("NFKD", text)


alikes: st.SearchStrategy[Callable[[str], str]] = st.sampled_from([str.swapcase, str.casefold, str.strip, decomposed])


@given(ids, alikes)
def test_an_id_and_its_look_alike_get_different_names(one: str, alike: Callable[[str], str]) -> None:
    assume(alike(one) not in {one, ""})
    assert _as_any_file_system_sees(file_name(one)) != _as_any_file_system_sees(file_name(alike(one)))


@given(st.text() | st.text("./\\\0~: ") | st.text("\ud800a", min_size=1))
def test_a_name_never_leaves_its_folder(text: str) -> None:
    folder = Path("folder")
    path = folder / file_name(text)
    assert path.parent == folder
    assert os.path.normpath(path) == str(path) != "folder"
    assert not path.name.startswith(".")
    assert path.name.isascii()
    assert path.name.isprintable()
    assert len(path.name) <= 200


def _as_any_file_system_sees(name: str) -> str:
    """Without what some file systems do not tell apart."""
    return unicodedata.normalize("NFKC", name).casefold().rstrip(". ")
