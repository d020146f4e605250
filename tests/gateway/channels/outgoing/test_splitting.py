"""Long replies are split where a reader would split them."""

import re

from hypothesis import given
from hypothesis import strategies as st

from argentos.gateway.channels.outgoing.splitting import split_text, units

CODE = "\n".join(f"    line({number})" for number in range(60))


def test_a_short_text_is_one_part() -> None:
    assert split_text("Hello!", 2000) == ("Hello!",)
    assert split_text(f"```python\n{CODE}\n```", 2000) == (f"```python\n{CODE}\n```",)


def test_a_break_is_between_paragraphs_before_it_is_between_words() -> None:
    assert split_text("One two three.\n\nFour five six", 20) == ("One two three.", "Four five six")
    assert split_text("One two three four", 10) == ("One two", "three four")
    assert split_text("x" * 25, 10) == ("x" * 10, "x" * 10, "x" * 5)


def test_a_block_of_code_that_fits_into_a_part_is_kept_whole() -> None:
    prose, block = "word " * 15, "```python\nprint(1)\n\nprint(2)\n```"
    assert split_text(f"{prose}\n{block}", 100) == (prose.strip(), block)


def test_a_longer_one_is_a_block_in_each_part_with_its_language_and_its_indentation() -> None:
    parts = split_text(f"Look:\n```python\n{CODE}\n```\nThat is all.", 300)
    assert len(parts) > 2
    assert all(units(each) <= 300 and each.count("```") == 2 for each in parts)
    assert all("```python\n    line(" in each for each in parts)
    code = "\n".join(re.sub(r"(?s)^.*?```python\n|\n```.*$", "", each) for each in parts)
    assert code == CODE
    assert parts[-1].endswith("```\nThat is all.")


def test_a_block_that_is_never_closed_is_split_as_well() -> None:
    parts = split_text(f"```\n{CODE}", 200)
    assert all(units(each) <= 200 and each.startswith("```\n") for each in parts)


@given(
    text=st.text(st.sampled_from("ab \n`\N{GRINNING FACE}"), max_size=400)
    | st.lists(st.sampled_from(["```\n", "```py\n", "words ", "\n", "x" * 30, "\N{GRINNING FACE}" * 9])).map("".join),
    most=st.integers(min_value=2, max_value=120),
)
def test_no_part_is_too_long_nor_blank_and_nothing_but_white_space_and_fences_changes(text: str, most: int) -> None:
    parts = split_text(text, most)
    assert all(units(each) <= most and each.strip() for each in parts)

    def bare(some: str) -> str:
        return re.sub(r"[\s`]|```py", "", some)

    assert bare("".join(parts)).replace("py", "") == bare(text).replace("py", "")
