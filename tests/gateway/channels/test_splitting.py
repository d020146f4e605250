"""Long texts are split where a reader would, and nothing of them is lost."""

from hypothesis import given
from hypothesis import strategies as st

from argentos.gateway.channels.outgoing.splitting import split_text, units


@given(st.text(st.sampled_from("ab .\n🦊")), st.integers(2, 20))
def test_no_part_is_too_long_or_blank_and_nothing_but_white_space_is_left_out(text: str, most: int) -> None:
    parts = split_text(text, most)
    assert all(part.strip() and units(part) <= most for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


def test_a_break_is_between_paragraphs_before_it_is_between_words() -> None:
    assert split_text("One two three.\n\nFour five six", 20) == ("One two three.", "Four five six")
    assert split_text("One two three four", 10) == ("One two", "three four")
    assert split_text("x" * 25, 10) == ("x" * 10, "x" * 10, "x" * 5)
