"""The page about proving lifecycles keeps its word: its programs run, and print what stands below them."""

import io
from contextlib import redirect_stdout
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from argentos.machines.mermaid.markdown import Fence, fences

PAGE = (Path(__file__).parents[3] / "docs" / "model-checking.md").read_text(encoding="utf-8")


def printed(program: str, names: dict[str, Any]) -> str:
    said = io.StringIO()
    with redirect_stdout(said):
        exec(program, names)  # noqa: S102 - the page's own program
    return said.getvalue()


def run(*, spin: bool) -> list[tuple[str, str]]:
    """For each program what it prints, and what the page says that it does."""
    names: dict[str, Any] = {}
    shown: list[tuple[Fence, Fence]] = list(pairwise(fences(PAGE)))
    return [
        (printed(program.body, names), output.body)
        for program, output in shown
        if program.language == "python" and (spin or program.attributes.strip() != "spin")
    ]


def test_the_programs_print_what_the_page_says() -> None:
    for said, expected in run(spin=False):
        assert said.strip() == expected.strip()


@pytest.mark.spin
def test_those_for_spin_do_too() -> None:
    for said, expected in run(spin=True):
        assert said.strip() == expected.strip()


def test_every_program_is_followed_by_what_it_prints() -> None:
    languages = [fence.language for fence in fences(PAGE)]
    assert (
        languages.count("python")
        == languages.count("text")
        == sum(pair == ("python", "text") for pair in pairwise(languages))
    )
