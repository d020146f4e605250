"""The model of mermaid, and with it the reader, against mermaid itself: `make mermaid` installs it."""

import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings

from argentos.machines.mermaid import Document, write
from argentos.machines.testing.strategies import drafts
from tests.machines.mermaid.mermaid_model import Drawn, drawn

pytestmark = [pytest.mark.mermaid, pytest.mark.timeout(300)]

MODULES = Path(__file__).parents[3] / ".venv-mermaid" / "node_modules"


def test_mermaid_draws_what_its_model_does() -> None:
    meant: dict[str, Drawn] = {}

    @settings(max_examples=1_000, database=None, phases=[Phase.generate])
    @given(drafts().filter(lambda draft: not draft.front_matter))  # mermaid wants YAML there
    def collect(draft: Document) -> None:
        picture = drawn(draft)
        if picture is not None:
            meant[write(draft)] = picture

    collect()
    assert len(meant) > 300
    command = ["node", str(Path(__file__).with_name("drawn_by_mermaid.mjs")), str(MODULES)]
    texts = json.dumps(list(meant))
    done = subprocess.run(command, input=texts, capture_output=True, text=True, check=True)  # noqa: S603 - our own
    for (text, picture), found in zip(meant.items(), json.loads(done.stdout), strict=True):
        assert {name: tuple(node) for name, node in found["states"].items()} == picture.states, text
        edges = [(source, target, tuple(home) if home else None) for source, target, home in found["edges"]]
        assert edges == [(source, target, home) for source, target, _, home in picture.edges], text
