import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from argentos.llm import count_tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        ("hello world", 2),
        ("tiktoken is great!", 6),
        ("antidisestablishmentarianism", 6),
        ("2 + 2 = 4", 7),
        ("お誕生日おめでとう", 9),
    ],
)
def test_tokens_are_those_of_cl100k(text: str, tokens: int) -> None:
    assert count_tokens(text) == tokens


@pytest.mark.parametrize("text", ["<|endoftext|>", "<|fim_prefix|>", "<|endofprompt|>"])
def test_the_text_of_a_special_token_is_counted_as_ordinary_text(text: str) -> None:
    assert count_tokens(text) > 4


def test_half_a_surrogate_pair_is_counted_rather_than_refused() -> None:
    assert count_tokens("\ud83d") > 0


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        (" " * 1_000_000 + "x", 7_813),
        ("\n" * 1_000_000 + "x", 31_250),
        ("x" * 1_000_000, 125_000),
        ("ship " * 200_000, 200_001),
        ("的" * 100_000, 100_000),
        ("😀" * 100_000, 200_000),
    ],
    ids=["blanks", "empty lines", "a word", "words", "ideographs", "emoji"],
)
def test_a_text_is_counted_however_long_it_is(text: str, tokens: int) -> None:
    assert tokens <= count_tokens(text) <= tokens * 1.01 + 10


def test_tokens_are_counted_without_network_home_and_cache_and_leave_no_file(tmp_path: Path) -> None:
    assert _count_elsewhere(tmp_path) == ["2", "None"]
    assert list((tmp_path / "scratch").iterdir()) == []


def test_the_users_tiktoken_cache_is_left_as_it_was(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    assert _count_elsewhere(tmp_path, TIKTOKEN_CACHE_DIR=str(cache)) == ["2", str(cache)]
    assert list(cache.iterdir()) == []


_SCRIPT = """
import os
from concurrent.futures import ThreadPoolExecutor
from argentos.llm import count_tokens

with ThreadPoolExecutor(4) as threads:
    counts = set(threads.map(count_tokens, ["hello world"] * 4))
print(*counts, os.environ.get("TIKTOKEN_CACHE_DIR"), sep="\\n")
"""


def _count_elsewhere(folder: Path, **environment: str) -> list[str]:
    """Count in a fresh process that can reach nothing, from several threads at once."""
    no_home = folder / "file"
    no_home.touch()
    scratch = folder / "scratch"
    scratch.mkdir()
    with socket.socket() as bound:  # bound, and never listening: whoever connects is refused
        bound.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{bound.getsockname()[1]}"
        proxies = {f"{scheme}_proxy": nowhere for scheme in ("http", "https", "all")}
        kept = {name: value for name, value in os.environ.items() if name.upper() not in _SET_HERE}
        done = subprocess.run(  # noqa: S603 - this interpreter, and a script of ours
            [sys.executable, "-W", "error", "-c", _SCRIPT],
            env={**kept, **proxies, "HOME": str(no_home / "home"), "TMPDIR": str(scratch), **environment},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert done.stderr == ""
    return done.stdout.split()


_SET_HERE = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "TIKTOKEN_CACHE_DIR", "DATA_GYM_CACHE_DIR"}
