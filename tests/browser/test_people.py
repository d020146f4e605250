"""People who write through channels, in a browser: let in, linked and parted, seen as it happens."""

import re
from collections.abc import Generator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import Opening
from tests.browser.gateway import RunningGateway

pytestmark = pytest.mark.browser


def contact(page: Page, sender: str) -> Locator:
    return page.locator(f'[data-sender="{sender}"]')


def row(page: Page, session: str) -> Locator:
    return page.locator(".row").filter(has=page.locator(".row-title", has_text=re.compile(f"^{re.escape(session)}$")))


def section(page: Page, title: str) -> Locator:
    return page.get_by_role("region", name=title, exact=True)


@pytest.fixture
def readers_page(browser: Browser, gateway: RunningGateway) -> Generator[Page]:
    """The page of an account that may only read."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(gateway.link("read"))
    yield page
    context.close()


def test_a_stranger_appears_with_the_code_and_is_let_in_with_one_click(
    opening: Opening, gateway: RunningGateway
) -> None:
    page, other = opening("people"), opening()
    expect(page.get_by_text("Nobody waits.")).to_be_visible()
    code = gateway.knock("telegram:1", "Ada")
    expect(contact(page, "telegram:1").locator("b")).to_have_text("Ada")
    expect(contact(page, "telegram:1").locator(".pairing-code")).to_contain_text(code)
    expect(contact(page, "telegram:1").locator("time-left")).to_have_text(re.compile("5[89] min"))
    expect(other.get_by_role("link", name="People: 1 waiting")).to_be_visible()
    page.get_by_role("button", name="Let in", exact=True).first.click()
    expect(section(page, "Let in").locator(".contact")).to_have_count(1)
    expect(section(page, "Decided lately").locator("li").first).to_contain_text(
        re.compile(r"let in\s*telegram:1\s*by console, HTTP API, from 127.0.0.1")
    )
    expect(other.get_by_role("link", name="People: 0 waiting")).to_be_visible()


def test_senders_are_linked_to_the_session_that_is_named_and_lists_say_what_was_joined(
    opening: Opening, gateway: RunningGateway
) -> None:
    gateway.let_in("telegram:2", "discord:22")
    gateway.write("telegram:2", "from the phone")
    gateway.write("discord:22", "from the desk")
    page = opening("people")
    for sender in ("telegram:2", "discord:22"):
        contact(page, sender).get_by_role("checkbox").check()
    page.get_by_role("button", name="Link the 2 chosen…").click()
    dialog = page.get_by_role("dialog", name="Link these senders as one person?")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    dialog.get_by_label("discord:22", exact=True).check()
    dialog.get_by_role("button", name="Link", exact=True).click()
    person = page.locator('.person[data-session="discord:22"]')
    expect(person.locator(".contact code")).to_have_text(["telegram:2", "discord:22"])
    expect(person.locator(".joined")).to_contain_text("telegram:2")
    expect(row(page, "telegram:2").locator(".row-joined")).to_have_text("joined to discord:22")
    person.get_by_role("link", name="discord:22").click()
    expect(page.locator(".writers")).to_have_text("written to by telegram:2, discord:22")
    gateway.write("telegram:2", "together now")
    expect(page.locator(".message.is-user").last).to_contain_text("together now")
    expect(page.locator(".message.is-user .tag").last).to_have_text("telegram · 2")
    row(page, "telegram:2").locator("a").click()
    page.get_by_role("link", name="joined to discord:22", exact=True).click()
    expect(page.locator(".open-pane h1")).to_have_text("discord:22")


def test_parting_asks_first_and_says_which_session_goes_with_whom(opening: Opening, gateway: RunningGateway) -> None:
    page = opening("people")
    page.get_by_role("button", name="Unlink discord:22").click()
    dialog = page.get_by_role("dialog", name="Unlink discord:22?")
    expect(dialog).to_contain_text("goes with it, with all that was said in it")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.locator(".person")).to_have_count(1)
    page.get_by_role("button", name="Unlink telegram:2").click()
    page.get_by_role("dialog").get_by_role("button", name="Unlink", exact=True).click()
    expect(page.locator(".person")).to_have_count(0)
    expect(page.locator(".row-joined")).to_have_count(0)
    gateway.write("telegram:2", "alone again")
    expect(row(page, "telegram:2").locator(".badge")).to_be_visible()


def test_refusing_asks_first_and_can_be_taken_back(opening: Opening, gateway: RunningGateway) -> None:
    gateway.knock("telegram:3", "Nobody")
    page = opening("people")
    contact(page, "telegram:3").get_by_role("button", name="Refuse…").click()
    dialog = page.get_by_role("dialog", name="Refuse telegram:3?")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    dialog.get_by_role("button", name="Refuse", exact=True).click()
    expect(section(page, "Not answered").locator(".contact")).to_contain_text("refused")
    page.get_by_role("button", name="Let in telegram:3").click()
    expect(section(page, "Let in").locator('[data-sender="telegram:3"]')).to_be_visible()


def test_a_wrong_code_is_a_sentence_and_a_name_is_enough(opening: Opening) -> None:
    page = opening("people", may_fail=True)
    field = page.get_by_label("Code, or sender as telegram:123")
    field.fill("AAAA-AAAA")
    page.keyboard.press("Enter")
    expect(page.locator(".toast").last).to_contain_text("nobody has the code AAAAAAAA")
    field.fill("discord:44")
    page.keyboard.press("Enter")
    expect(section(page, "Let in").locator('[data-sender="discord:44"]')).to_be_visible()


def test_what_is_decided_at_a_terminal_is_seen_at_once(opening: Opening, gateway: RunningGateway) -> None:
    page = opening("people")
    gateway.let_in("telegram:5")
    expect(section(page, "Let in").locator('[data-sender="telegram:5"]')).to_be_visible()
    expect(section(page, "Decided lately").locator("li").first).to_contain_text("by jason, command line")


def test_the_keyboard_alone_lets_in(opening: Opening, gateway: RunningGateway) -> None:
    gateway.knock("telegram:6", "Finn")
    page = opening()
    page.keyboard.press("g")
    page.keyboard.press("p")
    expect(contact(page, "telegram:6")).to_be_visible()
    for _ in range(200):
        page.keyboard.press("Tab")
        if contact(page, "telegram:6").locator(".button.first:focus").count():
            break
    page.keyboard.press("Enter")
    expect(section(page, "Let in").locator('[data-sender="telegram:6"]')).to_be_visible()


def test_markup_in_a_name_does_nothing(opening: Opening, gateway: RunningGateway) -> None:
    evil = "<img src=x onerror=\"document.title='owned'\">"
    gateway.knock("discord:66", evil)
    page = opening("people")
    expect(contact(page, "discord:66").locator("b")).to_have_text(evil)
    assert "owned" not in page.title()


def test_who_may_only_read_sees_no_codes(readers_page: Page, gateway: RunningGateway) -> None:
    code = gateway.knock("discord:77", "Gesa")
    expect(readers_page.locator(".list-foot")).to_contain_text("session")
    expect(readers_page.get_by_role("link", name=re.compile("^People"))).to_have_count(0)
    readers_page.goto(f"{gateway.url}#/people")
    expect(readers_page.get_by_role("heading", name="Not for this account")).to_be_visible()
    assert code not in readers_page.content()
