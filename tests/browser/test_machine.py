"""The machine of a session, and that of its turn, in a browser."""

import re

import pytest
from playwright.sync_api import expect

from argentos import Config
from tests.browser.conftest import Opening
from tests.browser.gateway import RunningGateway

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def config() -> Config:
    return Config(idle_after=5.0, keep_recent_tokens=40)


def test_the_marked_state_follows_the_session(opening: Opening, gateway: RunningGateway) -> None:
    gateway.do(gateway.session("anna").create)
    page = opening("session/anna/machine")
    expect(page.locator(".node.is-current")).to_have_attribute("data-state", "Created")
    gateway.ask("anna", "hello")
    expect(page.locator(".node.is-current")).to_have_attribute("data-state", "Active")
    expect(page.locator(".edge-label.is-last")).to_contain_text("Processing messages")
    expect(page.locator('[data-event="no_recent_activity"] .timer')).to_contain_text(re.compile(r"raises it in \d s"))
    expect(page.locator(".node.is-current")).to_have_attribute("data-state", "Idle", timeout=15_000)
    expect(page.locator('[data-edge="Active --> Idle: No recent activity"] .count')).to_contain_text("1 ×")


def test_the_guard_that_refuses_an_event_is_named(opening: Opening, gateway: RunningGateway) -> None:
    gateway.ask("ben", "hello")
    page = opening("session/ben/machine", may_fail=True)
    full = page.locator('[data-event="context_window_full"]')
    expect(full.locator(".guard").first).to_contain_text("compaction_is_due")
    full.get_by_role("button", name="Raise").click()
    expect(page.locator(".refusal")).to_contain_text("Last refused: Context window full")
    expect(page.locator(".refusal")).to_contain_text("compaction_is_due")
    expect(page.locator(".node.is-current")).to_have_attribute("data-state", "Idle", timeout=15_000)
    page.reload()  # an idle session does not even know the event
    expect(page.locator(".node.is-current")).to_have_attribute("data-state", "Idle")
    expect(page.locator(".refusal")).to_contain_text("Last refused: Context window full")


def test_an_event_is_raised_by_its_button(opening: Opening, gateway: RunningGateway) -> None:
    gateway.ask("cora", *(f"question {number} about the harbour of Husum and its tides" for number in range(6)))
    page = opening("session/cora/machine")
    page.locator('[data-event="context_window_full"]').get_by_role("button", name="Raise").click()
    expect(page.locator('[data-edge="Compacted --> Active: Continues with summary"] .count')).to_contain_text("1 ×")
    assert gateway.info("cora").compactions == 1


def test_the_machine_of_the_turn_is_lit_too(opening: Opening, gateway: RunningGateway) -> None:
    gateway.send("dirk", "delete /srv/plan.md")
    page = opening("session/dirk/machine")
    page.get_by_role("button", name="Turn", exact=True).click()
    expect(page.locator(".node.is-current")).to_have_attribute("data-state", "Approving")
    expect(page.locator(".node.is-current")).to_be_in_viewport()
    expect(page.locator('[data-event="approval_expired"] .timer')).to_contain_text("6 d")
    page.locator('[data-event="stop"]').get_by_role("button", name="Raise").click()
    expect(page.locator(".node.is-current")).to_have_count(0)


def test_one_goes_through_the_transitions(opening: Opening, gateway: RunningGateway) -> None:
    gateway.send("edda", "wait for me")  # a turn that runs keeps the session from becoming idle meanwhile
    page = opening("session/edda/machine")
    expect(page.locator(".scrubber")).to_contain_text("2 / 2")
    page.get_by_role("button", name="One transition back").click()
    expect(page.locator(".node.is-current")).to_have_attribute("data-state", "Created")
    expect(page.locator(".edge-label.is-last")).to_contain_text("First message")
    expect(page.locator(".machine-side h2")).to_contain_text("Then: Created")
    page.get_by_role("slider").press("Home")
    expect(page.locator(".scrubber-what b")).to_have_text("Before the first transition")
    page.get_by_role("button", name="Now", exact=True).click()
    expect(page.locator(".machine-side h2")).to_contain_text("Now: Active")
    gateway.say(None)


def test_a_figure_is_made_larger_and_smaller(opening: Opening, gateway: RunningGateway) -> None:
    gateway.ask("finn", "hello")
    page = opening("session/finn/machine")
    percent = page.locator(".zooming .figures")
    expect(percent).to_have_text(re.compile(r"\d+ %"))
    page.get_by_role("button", name="Larger").click()
    page.get_by_role("button", name="Larger").click()
    expect(percent).to_have_text("125 %")
    page.get_by_role("button", name="Smaller").click()
    expect(percent).to_have_text("100 %")
