"""The context of a session, in a browser."""

import re

import pytest
from playwright.sync_api import expect

from argentos import Config
from tests.browser.conftest import Opening
from tests.browser.gateway import RunningGateway

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def config() -> Config:
    return Config(keep_recent_tokens=40)


def test_the_window_is_broken_down_into_its_parts(opening: Opening, gateway: RunningGateway) -> None:
    gateway.ask("anna", "hello", "how are you?")
    page = opening("session/anna/context")
    table = page.locator(".parts-table")
    for part in ("System prompt", "Tools", "Recent messages", "Free"):
        expect(table.get_by_role("row", name=re.compile(part))).to_be_visible()
    info = gateway.info("anna")
    expect(page.locator(".big")).to_contain_text(f"{info.tokens:,}")
    gateway.ask("anna", "a longer question about the harbour of Husum and its tides, all of them")
    expect(page.locator(".big")).to_contain_text(f"{gateway.info('anna').tokens:,}")


def test_what_would_be_summarised_is_shown_before_it_is(opening: Opening, gateway: RunningGateway) -> None:
    gateway.ask("ben", *(f"question {number} about the harbour of Husum and its tides" for number in range(8)))
    page = opening("session/ben/context")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator(".summary h3")).to_contain_text(re.compile(r"Messages 1 to \d+: \d+ would leave"))
    assert gateway.info("ben").compactions == 0
    page.get_by_role("button", name="Compact now").click()
    expect(page.locator(".toast")).to_contain_text("compacted")
    assert gateway.info("ben").compactions == 1
    expect(page.locator(".parts-table").get_by_role("row", name=re.compile("Summary"))).to_be_visible()


def test_each_turn_says_what_it_has_used(opening: Opening, gateway: RunningGateway) -> None:
    gateway.ask("cora", "hello", "used")
    page = opening("session/cora/context")
    expect(page.locator(".totals")).to_contain_text("From the cache")
    page.locator(".bar").last.click()
    expect(page.locator(".turn-detail")).to_contain_text("1,000 sent in one request, 900 of them from the cache")
