"""One person on Telegram and on Discord: paired, one conversation in both, seen live in a browser."""

import re
from collections.abc import Generator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import serious
from tests.browser.conftest import Opening
from tests.browser.gateway import RunningGateway, running_gateway
from tests.browser.platforms import Platforms, running_platforms

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def platforms() -> Generator[Platforms]:
    with running_platforms() as platforms:
        yield platforms
        assert platforms.refused() == []


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, platforms: Platforms) -> Generator[RunningGateway]:
    """A gateway that is connected to both platforms."""
    folder = tmp_path_factory.mktemp("state")
    platforms.settle(folder)
    with pytest.MonkeyPatch.context() as patch:
        for name, token in platforms.tokens.items():
            patch.setenv(name, token)
        with running_gateway(folder) as running:
            yield running


def code_in(text: str) -> str:
    found = re.search(r"I will answer: ([0-9A-Z]{8})\.", text)
    assert found, text
    return found[1]


def test_each_account_says_how_it_stands(opening: Opening) -> None:
    page = opening()
    page.keyboard.press("g")
    page.keyboard.press("c")
    for place, name in (("telegram", "@harbour_bot"), ("discord", "harbour")):
        account = page.locator(f'[data-account="{place}"]')
        expect(account.locator(".status")).to_have_text("Connected")
        expect(account.locator("code")).to_contain_text(name)
    expect(page.get_by_text("Nothing is owed to a channel.")).to_be_visible()
    assert serious(page) == []


def test_who_is_let_in_on_two_platforms_and_linked_has_one_conversation_in_both(
    opening: Opening, platforms: Platforms
) -> None:
    page = opening("people")
    platforms.write(telegram="Hello?", discord="Hello?")
    codes = [code_in(texts[0]) for texts in platforms.until(all)]
    for sender, code in zip(platforms.senders, codes, strict=True):
        waiting = page.locator(f'.asked[data-sender="{sender}"]')
        expect(waiting.locator(".pairing-code")).to_contain_text(code)
        waiting.get_by_role("button", name="Let in", exact=True).click()
        page.locator(f'.contact[data-sender="{sender}"]').get_by_role("checkbox").check()
    page.get_by_role("button", name="Link the 2 chosen…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Id of the other session").fill("user-ada")
    dialog.get_by_role("button", name="Link", exact=True).click()
    expect(page.locator(".person .contact code")).to_have_text([*platforms.senders])
    platforms.write(telegram="When is high tide?")
    platforms.until(lambda shown: "You said: When is high tide?" in shown[0])
    page.locator(".person").get_by_role("link", name="user-ada").click()
    expect(page.locator(".message.is-user .content")).to_have_text(["When is high tide?"])
    for sender in platforms.senders:  # in the order in which they were heard of
        expect(page.locator(".writers")).to_contain_text(sender)
    write_in_the_same_instant(page, platforms)


def write_in_the_same_instant(page: Page, platforms: Platforms) -> None:
    """Each message is answered at its own address, and all of it is seen in the conversation that is open."""
    platforms.write(telegram="From the phone", discord="From the desk")
    expect(page.locator(".message.is-assistant")).to_have_count(3)
    on_telegram, on_discord = platforms.until(lambda shown: len(shown[0]) == 3 and len(shown[1]) == 2)
    assert on_telegram[1:] == ["You said: When is high tide?", "You said: From the phone"]
    assert on_discord[1:] == ["You said: From the desk"]
    for text, sender in zip(("From the phone", "From the desk"), platforms.senders, strict=True):
        channel = sender.partition(":")[0]
        tags = page.locator(".message").filter(has_text=text).locator(".tag")
        expect(tags).to_have_text([re.compile(f"^{channel} · ")] * 2)  # of the message, and of its reply


def test_a_reply_that_was_given_up_is_shown_and_tried_again_by_a_button(opening: Opening, platforms: Platforms) -> None:
    page = opening("channels")
    platforms.block(is_blocked=True)
    platforms.write(telegram="Are you there?")
    given_up = page.locator(".contact").filter(has_text="blocked by the user")
    expect(given_up.locator(".status")).to_have_text("Given up")
    assert serious(page) == []
    platforms.block(is_blocked=False)
    given_up.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("Nothing is owed to a channel.")).to_be_visible()
    platforms.until(lambda shown: shown[0][-1] == "You said: Are you there?")


def test_an_account_whose_token_was_revoked_is_shown_as_failing_and_harms_no_other(
    opening: Opening, platforms: Platforms
) -> None:
    page = opening("channels")
    platforms.revoke()
    failing = page.locator('[data-account="telegram"]')
    expect(failing.locator(".status")).to_have_text("Failing", timeout=60_000)
    expect(failing.locator(".notice")).to_contain_text("tried again in")
    assert serious(page) == []
    platforms.write(discord="Still there?")
    platforms.until(lambda shown: "You said: Still there?" in shown[1])
    expect(page.locator('[data-account="discord"] .status')).to_have_text("Connected")
