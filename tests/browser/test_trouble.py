"""Trouble of the store and of the gateway, in a browser: shown as trouble, never as an empty list."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Opening
from tests.browser.gateway import RunningGateway

pytestmark = pytest.mark.browser


def test_a_session_that_cannot_be_read_is_told_of_beside_the_others(opening: Opening, gateway: RunningGateway) -> None:
    gateway.ask("anna", "hello")
    gateway.ask("ben", "hello")
    gateway.stop()
    for file in gateway.folder.rglob("sessions/ben/*.json"):
        file.write_bytes(b'{"version": 3, "agent"')
    for index in gateway.folder.glob("index.sqlite*"):
        index.unlink()
    gateway.start()
    page = opening()
    expect(page.get_by_role("alert")).to_contain_text("1 session cannot be read")
    expect(page.get_by_role("alert")).to_contain_text("ben")
    expect(page.locator(".row-title")).to_have_text(["anna"])


def test_a_gateway_that_does_not_answer_is_no_empty_list(opening: Opening, gateway: RunningGateway) -> None:
    page = opening(may_fail=True)
    expect(page.locator(".row")).to_have_count(1)
    gateway.stop()
    page.get_by_label("Search sessions").fill("anything")
    expect(page.get_by_role("alert")).to_contain_text("The sessions cannot be read")
    expect(page.get_by_role("alert")).to_contain_text("The gateway does not answer")
    expect(page.get_by_text("No session fits")).to_have_count(0)
    expect(page.locator(".row")).to_have_count(1)
    gateway.start()
    page.get_by_label("Search sessions").fill("")
    expect(page.get_by_text("The gateway does not answer")).to_have_count(0, timeout=12_000)
    expect(page.locator(".list-foot")).to_contain_text(re.compile("1 session"))
