"""Calls that wait for a person's word, in a browser."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Opening
from tests.browser.gateway import RunningGateway

pytestmark = pytest.mark.browser


def test_a_call_is_approved_where_it_was_made(opening: Opening, gateway: RunningGateway) -> None:
    gateway.send("anna", "delete /srv/one.md")
    page = opening("session/anna")
    expect(page.locator(".call-state")).to_have_text("waits for approval")
    page.get_by_role("button", name="Approve").click()
    expect(page.locator(".message").last).to_contain_text("It is done.")
    expect(page.locator(".call-state")).to_have_text("done")
    assert "/srv/one.md" in gateway.model.deleted


def test_what_is_decided_in_one_tab_disappears_in_the_other(opening: Opening, gateway: RunningGateway) -> None:
    gateway.send("ben", "delete /srv/two.md")
    first, second, all_of_them = opening("session/ben"), opening("session/ben"), opening("approvals")
    for page in (first, second, all_of_them):
        expect(page.get_by_role("button", name="Approve")).to_have_count(1)
    expect(all_of_them.get_by_role("link", name=re.compile("Approvals: 1 waiting"))).to_be_visible()
    first.get_by_role("button", name="Deny", exact=True).click()
    for page in (first, second, all_of_them):
        expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    expect(all_of_them.get_by_role("heading", name="Nothing waits for your word")).to_be_visible()
    assert "/srv/two.md" not in gateway.model.deleted


def test_calls_of_all_sessions_stand_in_one_view(opening: Opening, gateway: RunningGateway) -> None:
    gateway.send("cora", "delete /srv/three.md")
    page = opening()
    gateway.send("dirk", "delete /srv/four.md")
    page.keyboard.press("g")
    page.keyboard.press("a")
    expect(page.locator(".asked")).to_have_count(2)
    expect(page.locator(".asked").first).to_contain_text("/srv/three.md")
    expect(page.locator(".asked").first).to_contain_text("6 d")
    page.locator(".asked").first.get_by_role("link", name="cora").click()
    expect(page.locator(".open-pane h1")).to_have_text("cora")


def test_a_call_is_denied_with_a_reason_that_the_agent_reads(opening: Opening, gateway: RunningGateway) -> None:
    gateway.send("edda", "delete /srv/five.md")
    page = opening("session/edda")
    page.get_by_role("button", name="Deny because…").click()
    page.get_by_label("The reason, for the agent to read").fill("ask Jason before")
    page.get_by_role("dialog").get_by_role("button", name="Deny").click()
    expect(page.locator(".call-state")).to_have_text("failed")
    page.locator(".call summary").click()
    expect(page.locator(".call .fold-body")).to_contain_text("ask Jason before")


def test_the_keyboard_alone_decides(opening: Opening, gateway: RunningGateway) -> None:
    gateway.send("finn", "delete /srv/six.md")
    page = opening("session/finn")
    approve = page.get_by_role("button", name="Approve")
    expect(approve).to_be_visible()
    for _ in range(60):
        page.keyboard.press("Tab")
        if approve.evaluate("button => button === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(page.locator(".message").last).to_contain_text("It is done.")
