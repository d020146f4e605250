"""Findings of axe in a page."""

import json
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

__all__ = ["serious"]

AXE = Path(__file__).parents[2] / ".venv-browser" / "node_modules" / "axe-core" / "axe.min.js"
SETTLE = """() => document.getAnimations()
    .filter((each) => Number.isFinite(each.effect.getComputedTiming().endTime))
    .forEach((each) => each.finish())"""


def serious(page: Page) -> list[Any]:
    """Findings of axe by WCAG 2.2 AA that are serious, or worse, once nothing moves or changes its colour any more."""
    page.evaluate(SETTLE)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    options = {
        "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
        "resultTypes": ["violations"],
    }
    found = page.evaluate(f"axe.run(document, {json.dumps(options)})")
    return [
        (
            each["id"],
            [node["html"][:160] for node in each["nodes"][:3]],
            each["nodes"][0].get("failureSummary", "")[:200],
        )
        for each in found["violations"]
        if each["impact"] in {"serious", "critical"}
    ]
