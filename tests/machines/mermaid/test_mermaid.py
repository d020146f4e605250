"""The reader, and the model of mermaid, against mermaid itself: `make mermaid` installs it.

Of texts like those that people write, and of mutated ones, mermaid draws what the reader reads; what mermaid refuses
the reader refuses, too; what the reader alone refuses is so for a reason in `stricter`. 400 texts of each, or 20,000
with LONG=1.
"""

import html
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings

from argentos.errors import DiagramError
from argentos.machines import Diagram
from argentos.machines.mermaid import Document, write
from argentos.machines.testing.strategies import drafts
from tests.machines.mermaid.mermaid_model import Drawn, drawn
from tests.machines.mermaid.sampled import sampled
from tests.machines.mermaid.stricter import STRICTER
from tests.machines.mermaid.test_drawn import read

pytestmark = [pytest.mark.mermaid, pytest.mark.timeout(900)]

MODULES = Path(__file__).parents[3] / ".venv-mermaid" / "node_modules"
IS_LONG = bool(os.environ.get("LONG"))


def by_mermaid(texts: list[str]) -> list[Any]:
    """The drawing that mermaid makes of each text; None where it refuses it."""
    command = ["node", str(Path(__file__).with_name("drawn_by_mermaid.mjs")), str(MODULES)]
    done = subprocess.run(command, input=json.dumps(texts), capture_output=True, text=True, check=True)  # noqa: S603 - our own
    pictures: list[Any] = json.loads(done.stdout)
    return pictures


def assert_same(found: Any, picture: Drawn, text: str) -> None:
    assert {name: tuple(node) for name, node in found["states"].items()} == picture.states, text
    edges = [(source, target, tuple(home) if home else None) for source, target, _, home in found["edges"]]
    assert edges == [(source, target, home) for source, target, _, home in picture.edges], text


def refusal_of(text: str) -> str:
    try:
        Diagram.parse(text)
    except DiagramError as error:
        return error.problem
    return ""


def decoded(label: str) -> str:
    """A label without mermaid's encoding of entities, and without what it takes for markup."""
    plain = html.unescape(re.sub("ﬂ°°?(.*?)¶ß", r"#\1;", label))
    return re.sub(r"<.*", "", plain)


def test_mermaid_draws_what_its_model_does() -> None:
    meant: dict[str, Drawn] = {}

    @settings(max_examples=1_000 if IS_LONG else 200, database=None, phases=[Phase.generate])
    @given(drafts().filter(lambda draft: not draft.front_matter))  # mermaid wants YAML there
    def collect(draft: Document) -> None:
        picture = drawn(draft)
        if picture is not None:
            meant[write(draft)] = picture

    collect()
    assert len(meant) > 60
    for (text, picture), found in zip(meant.items(), by_mermaid(list(meant)), strict=True):
        assert_same(found, picture, text)


def test_mermaid_draws_what_is_read_and_refuses_nothing_of_it() -> None:
    texts = list(sampled(20_000 if IS_LONG else 400))
    agreed = 0
    for text, found in zip(texts, by_mermaid(texts), strict=True):
        picture = read(text)
        if picture is None:
            continue
        assert found is not None, text
        assert_same(found, picture, text)
        agreed += 1
        for (*_, listed, _), (*_, label, _) in zip(found["edges"], picture.edges, strict=True):
            assert decoded(label).startswith(decoded(listed)), text  # mermaid ends a label where its markup ends
    assert agreed > len(texts) / 4


def test_what_only_the_reader_refuses_is_refused_for_a_reason_in_the_table() -> None:
    texts = list(sampled(20_000 if IS_LONG else 400, seed=2))
    for text, found in zip(texts, by_mermaid(texts), strict=True):
        problem = refusal_of(text) if found is not None else ""
        assert not problem or any(refusal.match(problem) for refusal in STRICTER), (problem, text)
