"""Markdown that is printed block by block."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from argentos.gateway.terminal.growing import GrowingText
from argentos.gateway.terminal.markdown import Document, complete_part

BLOCKS = (
    "# A heading\n",
    "A line\nand another\n",
    "- one\n- two\n\n  more\n",
    "```\ncode\n\n- no list\n```\n",
    "> said\n",
    "---\n",
    "| a | b |\n|---|---|\n| 1 | 2 |\n",
)


def shown(text: str) -> str:
    console = Console(file=io.StringIO(), width=60, color_system=None)
    console.print(Document(text))
    assert isinstance(console.file, io.StringIO)
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines())


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        ("", 0),
        ("A line", 0),
        ("A line\n", 0),
        ("A line\n\nA", 0),
        ("A line\n\nAnother\n", 8),
        ("# Title\nText", 0),
        ("# Title\nText\n", 8),
        ("- one\n- two\n\n  more", 0),
        ("- one\n\n2", 0),
        ("```\na\n\nb\n", 0),
        ("```\na\n```\nb\n", 10),
        ("\n\n", 0),
    ],
)
def test_a_part_is_complete_once_the_next_block_has_a_whole_line(text: str, complete: int) -> None:
    assert complete_part(text) == complete


@given(st.lists(st.sampled_from(BLOCKS), min_size=1, max_size=6), st.integers(1, 9))
def test_printed_block_by_block_it_is_what_it_is_at_once(blocks: list[str], step: int) -> None:
    text = "\n".join(blocks)
    printed: list[str] = []
    rest = ""
    for begin in range(0, len(text), step):
        rest += text[begin : begin + step]
        end = complete_part(rest)
        printed += [rest[:end]] if end else []
        rest = rest[end:]
    assert "\n\n".join(map(shown, [*printed, rest])) == shown(text)


def test_nothing_that_was_written_is_hidden() -> None:
    text = "See [here](http://a.example/x) and ![a ship](http://b.example/y), <kbd>x</kbd>\n\n<div>\nhtml\n</div>\n"
    assert shown(text).splitlines() == [
        "See here (http://a.example/x) and a ship",
        "(http://b.example/y), <kbd>x</kbd>",
        "",
        "<div>",
        "html",
        "</div>",
    ]


def drawn(growing: GrowingText, height: int) -> list[str]:
    console = Console(file=io.StringIO(), width=60, color_system=None)
    console.print(growing.end(console, height))
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().rstrip("\n").splitlines()]


def test_what_grows_shows_its_end_as_what_it_is() -> None:
    growing = GrowingText()
    assert growing.add("A line.\n\n```python\n") == "A line.\n\n"
    for number in range(100):
        assert growing.add(f"rope_{number} = {number}\n") == ""
    assert [each for each in drawn(growing, 4) if each] == [" rope_97 = 97", " rope_98 = 98", " rope_99 = 99"]
    assert growing.add("```\nBehind it\n").endswith("rope_99 = 99\n```\n")
    assert growing.take() == "Behind it\n"
    assert not growing


@pytest.mark.parametrize("line", ["- item *number* one\n", "some **words** of a paragraph\n", "rope = 1\n"])
def test_a_long_block_costs_little_for_each_line(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []

    def look(text: str) -> int:
        looked.append(len(text))
        return 0

    monkeypatch.setattr("argentos.gateway.terminal.growing.complete_part", look)
    growing = GrowingText()
    for _ in range(5000):
        growing.add(line)
    assert sum(looked) < 30 * 5000 * len(line)
