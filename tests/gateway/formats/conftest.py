"""Fixtures of the tests of formats."""

from pathlib import Path
from typing import Any

import pytest

from tests.gateway.formats.shared import Write, lines_of


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file of lines; what is no text is written as JSON."""

    def write_lines(*lines: Any, name: str = "file.jsonl") -> Path:
        path = tmp_path / name
        path.write_text(lines_of(*lines), encoding="utf-8")
        return path

    return write_lines
