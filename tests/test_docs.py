"""Every program in the documents runs as it stands; the fragments of a page are one program, from its beginning."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from argentos import Config
from argentos.actors import RoutingSettings
from argentos.gateway.channels.settings import load_connections
from argentos.gateway.server.settings import GatewaySettings
from argentos.machines.mermaid.markdown import fences

ROOT = Path(__file__).parent.parent
SIGNATURES = {"api.md"}  # generated, and no programs
MARKS = {"model-checking.md": [pytest.mark.spin]}  # of the pages whose programs need what is not everywhere


def programs() -> dict[str, str]:
    """The Python of each page."""
    pages = [each for each in sorted(ROOT.glob("docs/*.md")) if each.name not in SIGNATURES]
    found = {
        page.name: [each.body for each in fences(page.read_text(encoding="utf-8")) if each.language == "python"]
        for page in pages
    }
    return {name: "\n\n".join(bodies) for name, bodies in found.items() if bodies}


def settings_shown() -> list[str]:
    """The examples of `argent.json` on the pages."""
    pages = [each.read_text(encoding="utf-8") for each in sorted(ROOT.glob("docs/*.md")) if each.name != "moving.md"]
    shown = [each.body for page in pages for each in fences(page) if each.language == "json"]
    return [each for each in shown if json.loads(each).keys() & {"agents", "channels", "routes"}]


def test_settings_that_a_page_shows_are_taken(tmp_path: Path) -> None:
    shown = settings_shown()
    assert len(shown) > 10
    for each in shown:
        (tmp_path / "argent.json").write_text(each)
        Config.load(tmp_path)
        RoutingSettings.load(tmp_path, "main")
        GatewaySettings.load(tmp_path)
        load_connections(tmp_path)


@pytest.mark.parametrize("page", [pytest.param(name, marks=MARKS.get(name, [])) for name in programs()])
def test_the_programs_of_a_page_run(page: str, tmp_path: Path) -> None:
    program = f"__name__ = 'docs'\n{programs()[page]}"
    done = subprocess.run(  # noqa: S603 - this interpreter, on the documents' own programs
        [sys.executable, "-c", program],
        env={**os.environ, "HOME": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
