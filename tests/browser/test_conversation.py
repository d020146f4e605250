"""The conversation of a session, in a browser."""

import base64
import re
import subprocess
import sys

import pytest
from playwright.sync_api import APIResponse, Locator, Page, Route, expect

from argentos import Address, Config
from tests.browser.conftest import Opening
from tests.browser.gateway import RunningGateway

pytestmark = pytest.mark.browser

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAYAAACNMs+9AAAAFUlEQVR42mNk+M9Qz0AEYBxVSF+FAAhKDveksOjmAAAAAElFTkSuQmCC"
)


@pytest.fixture(scope="module")
def config() -> Config:
    return Config(keep_recent_tokens=40)


def messages(page: Page) -> Locator:
    return page.locator(".message:not(.is-pending):not(.is-running)")


def write(page: Page, text: str) -> None:
    page.get_by_label("Message", exact=True).fill(text)
    page.keyboard.press("Control+Enter")


def test_a_message_is_sent_with_ctrl_enter_and_its_reply_appears(opening: Opening, gateway: RunningGateway) -> None:
    gateway.do(gateway.session("anna").create)
    page = opening("session/anna")
    write(page, "hello **there**")
    expect(messages(page)).to_have_count(2)
    expect(messages(page).last).to_contain_text("You said: hello there")
    expect(messages(page).last.locator("strong")).to_have_text("there")
    expect(page.get_by_label("Message", exact=True)).to_have_value("")


def test_a_running_turn_streams_into_every_open_tab(opening: Opening, gateway: RunningGateway) -> None:
    gateway.do(gateway.session("ben").create)
    first, second = opening("session/ben"), opening("session/ben")
    write(first, "wait for it")
    for page in (first, second):
        expect(page.locator(".thinking")).to_be_visible()
    gateway.say("The tide ")
    for page in (first, second):
        expect(page.locator(".is-running .content")).to_have_text("The tide")
    late = opening("session/ben")
    expect(late.locator(".is-running .content")).to_have_text("The tide")
    gateway.say("is **high**.")
    for page in (first, second, late):
        expect(page.locator(".is-running strong")).to_have_text("high")
    gateway.say(None)
    for page in (first, second, late):
        expect(page.locator(".is-running")).to_have_count(0)
        expect(messages(page)).to_have_count(2)
        expect(messages(page).last).to_contain_text("The tide is high.")


def test_a_reply_that_comes_at_once_is_there_once(opening: Opening, gateway: RunningGateway) -> None:
    gateway.do(gateway.session("swift").create)
    page = opening("session/swift")
    for number in range(1, 7):
        gateway.ask("swift", f"question {number}")
        expect(messages(page)).to_have_count(2 * number)
        expect(page.locator(".is-running")).to_have_count(0)
        expect(page.get_by_text(f"You said: question {number}")).to_have_count(1)


def test_a_clear_in_a_second_terminal_ends_a_turn_that_streams(opening: Opening, gateway: RunningGateway) -> None:
    gateway.do(gateway.session("cleared").create)
    page = opening("session/cleared")
    write(page, "wait for it")
    gateway.say("Half a ")
    expect(page.locator(".is-running")).to_contain_text("Half a")
    terminal = [sys.executable, "-m", "argentos", "--state-dir", str(gateway.folder)]
    subprocess.run([*terminal, "sessions", "clear", "cleared"], check=True, timeout=30)  # noqa: S603 - ours
    expect(page.get_by_label("Cleared", exact=True)).to_contain_text("left the context")
    expect(page.locator(".is-running")).to_have_count(0)
    expect(messages(page)).to_have_count(0)


def test_a_late_answer_takes_nothing_from_a_turn_that_streams(opening: Opening, gateway: RunningGateway) -> None:
    gateway.do(gateway.session("late").create)
    page = opening("session/late")
    expect(page.locator(".thinking")).to_have_count(0)
    held: list[tuple[Route, APIResponse]] = []

    def hold(route: Route) -> None:
        held.append((route, route.fetch()))

    page.route(re.compile("api/v1/sessions/late[?]"), hold, times=1)
    with page.expect_request(re.compile("api/v1/sessions/late[?]")):
        gateway.do(gateway.session("late").update, title="While it is idle")
    while not held:  # the answer has come, and is not given to the page yet
        page.wait_for_timeout(10)
    gateway.send("late", "wait for it")
    gateway.say("Half a ")
    expect(page.locator(".is-running")).to_contain_text("Half a")
    route, response = held[0]
    route.fulfill(response=response)
    expect(page.locator(".open-pane h1")).to_have_text("While it is idle")
    gateway.say("word")
    expect(page.locator(".is-running .content")).to_have_text("Half a word")
    gateway.say(None)


def test_the_newest_part_is_there_first_and_older_ones_on_demand(opening: Opening, gateway: RunningGateway) -> None:
    for number in range(70):
        gateway.do(gateway.session("cora").append, f"note {number}", role="user" if number % 2 else "assistant")
    page = opening("session/cora")
    expect(messages(page)).to_have_count(50)
    expect(messages(page).last).to_contain_text("note 69")
    expect(messages(page).last).to_be_in_viewport()
    older = page.get_by_role("button", name="20 older messages")
    older.dispatch_event("click")  # a mouse would scroll to it, at which they come by themselves
    expect(messages(page)).to_have_count(70)
    expect(messages(page).first).to_contain_text("note 0")


def test_a_draft_is_kept_across_sessions_and_reloads(opening: Opening, gateway: RunningGateway) -> None:
    gateway.do(gateway.session("dirk").create)
    page = opening("session/dirk")
    page.get_by_label("Message", exact=True).fill("half a thought")
    page.goto(f"{gateway.url}#/session/anna")
    expect(page.get_by_label("Message", exact=True)).to_have_value("")
    page.goto(f"{gateway.url}#/session/dirk")
    expect(page.get_by_label("Message", exact=True)).to_have_value("half a thought")
    page.reload()
    expect(page.get_by_label("Message", exact=True)).to_have_value("half a thought")


def test_calls_are_folded_with_their_arguments_and_results(opening: Opening, gateway: RunningGateway) -> None:
    gateway.ask("edda", "tides Husum")
    page = opening("session/edda")
    call = page.locator(".call")
    expect(call.locator("summary")).to_contain_text("tides harbour: Husum")
    expect(call.locator(".call-state")).to_have_text("done")
    expect(call.locator(".fold-body")).to_be_hidden()
    call.locator("summary").click()
    expect(call.locator(".fold-body")).to_contain_text("high tide at Husum: 06:12")


def test_thoughts_are_folded(opening: Opening, gateway: RunningGateway) -> None:
    gateway.ask("finn", "think about the tide")
    page = opening("session/finn")
    expect(page.locator(".thoughts")).to_be_hidden()
    page.get_by_text("Thoughts, 14 characters").click()
    expect(page.locator(".thoughts")).to_have_text("about the tide")


def test_pictures_are_shown(opening: Opening, gateway: RunningGateway) -> None:
    gateway.do(gateway.session("gesa").create)
    page = opening("session/gesa")
    page.locator("input[type=file]").set_input_files({"name": "dot.png", "mimeType": "image/png", "buffer": PIXEL})
    write(page, "look at this")
    picture = messages(page).first.locator("img")
    expect(picture).to_be_visible()
    expect(picture).to_have_js_property("naturalWidth", 10)


def test_each_message_says_through_which_channel_it_came(opening: Opening, gateway: RunningGateway) -> None:
    session = gateway.session("hauke")
    gateway.do(session.ask, "hello", address=Address("telegram", "123"), sender="Jason")
    gateway.do(session.ask, "hi", address=Address("discord", "456", guild="9", channel_id="7"), sender="Jason")
    page = opening("session/hauke")
    expect(page.locator(".is-user header")).to_have_count(2)
    expect(page.locator(".is-user .tag").first).to_have_text("telegram · 123")
    expect(page.locator(".is-user .tag").last).to_have_text("discord · 9 / 7")
    expect(page.locator(".is-user .sender").first).to_have_text("Jason")


def test_a_message_whose_turn_failed_says_why_and_is_tried_again(opening: Opening, gateway: RunningGateway) -> None:
    gateway.send("ina", "fail at once")
    page = opening("session/ina")
    expect(page.locator(".failure")).to_contain_text("the model has no credit left")
    page.locator(".failure").get_by_role("button", name="Try again").click()
    expect(page.locator(".is-user")).to_have_count(1)
    expect(page.locator(".failure")).to_be_visible()


def test_a_compaction_leaves_a_boundary_that_opens_and_is_undone(opening: Opening, gateway: RunningGateway) -> None:
    gateway.ask("jan", *(f"question {number} about the harbour of Husum and its tides" for number in range(8)))
    page = opening("session/jan")
    expect(messages(page)).to_have_count(16)
    gateway.do(gateway.session("jan").compact)
    boundary = page.get_by_label("Compacted", exact=True)
    expect(boundary).to_contain_text(re.compile(r"\d+ messages left the context"))
    expect(boundary).to_contain_text(re.compile(r"[\d,]+ → [\d,]+ tokens"))
    expect(page.get_by_text("You said: question 0")).to_have_count(0)
    boundary.locator(".boundary-fold").click()
    expect(boundary.locator(".summary h3")).to_contain_text("Summary of messages 1 to")
    expect(boundary.get_by_text("You said: question 0")).to_be_visible()
    boundary.get_by_role("button", name="Undo").click()
    expect(boundary).to_have_count(0)
    expect(messages(page)).to_have_count(16)
    assert gateway.info("jan").undo == ""


def test_clearing_is_undone_where_it_was_done(opening: Opening, gateway: RunningGateway) -> None:
    gateway.ask("kai", "remember this")
    page = opening("session/kai")
    page.locator(".session-menu").click()
    page.get_by_role("menuitem", name="Clear").click()
    expect(page.get_by_label("Cleared", exact=True)).to_contain_text("2 messages left the context")
    page.keyboard.press("z")
    expect(page.get_by_label("Cleared", exact=True)).to_have_count(0)
    expect(messages(page)).to_have_count(2)


def test_one_goes_back_in_front_of_a_message_and_forward_again(opening: Opening, gateway: RunningGateway) -> None:
    gateway.ask("lena", "one", "two")
    page = opening("session/lena")
    messages(page).nth(2).hover()
    messages(page).nth(2).get_by_role("button", name="Go back to before this message").click()
    expect(page.get_by_label("Went back")).to_contain_text("2 messages left the context")
    expect(messages(page)).to_have_count(2)
    page.get_by_label("Went back").get_by_role("button", name="Undo").click()
    expect(messages(page)).to_have_count(4)


def test_a_fork_begins_with_what_was_said_so_far(opening: Opening, gateway: RunningGateway) -> None:
    gateway.ask("maren", "one", "two")
    page = opening("session/maren")
    messages(page).nth(1).hover()
    messages(page).nth(1).get_by_role("button", name="Fork from here").click()
    expect(page.get_by_role("link", name="forked from maren")).to_be_visible()
    expect(messages(page)).to_have_count(2)
    write(page, "another way")
    expect(messages(page)).to_have_count(4)


def test_another_reply_is_made_in_the_place_of_the_latest(opening: Opening, gateway: RunningGateway) -> None:
    gateway.ask("nils", "one")
    page = opening("session/nils")
    messages(page).last.hover()
    messages(page).last.get_by_role("button", name="Make another reply").click()
    expect(page.get_by_label("Replied anew")).to_contain_text("1 message left the context")
    expect(messages(page)).to_have_count(2)


def test_the_raw_record_is_one_click_away(opening: Opening, gateway: RunningGateway) -> None:
    gateway.ask("okka", "hello")
    page = opening("session/okka")
    messages(page).first.hover()
    messages(page).first.get_by_role("button", name="Raw record").click()
    expect(page.get_by_role("dialog", name="Raw record").locator("pre")).to_contain_text('"number": 1')


def test_stopping_keeps_what_was_said(opening: Opening, gateway: RunningGateway) -> None:
    gateway.do(gateway.session("stina").create)
    page = opening("session/stina")
    write(page, "wait for it")
    gateway.say("Half a ")
    expect(page.locator(".is-running")).to_contain_text("Half a")
    page.locator(".composer").get_by_role("button", name="Stop").click()
    expect(messages(page).last).to_contain_text("Half a")
    expect(messages(page).last).to_contain_text("Stopped while it was being written")


def test_a_session_that_is_opened_is_read(opening: Opening, gateway: RunningGateway) -> None:
    gateway.ask("pia", "one", "two")
    page = opening()
    mark = page.locator(".row").filter(has_text="pia").locator(".badge")
    expect(mark).to_have_text("4")
    page.get_by_role("link", name=re.compile("pia")).click()
    expect(messages(page)).to_have_count(4)
    page.keyboard.press("Escape")
    expect(mark).to_have_count(0)
    assert gateway.info("pia").unread == 0


def test_a_reload_and_a_restart_of_the_gateway_lose_nothing(opening: Opening, gateway: RunningGateway) -> None:
    gateway.ask("quint", "one")
    page = opening("session/quint", may_fail=True)
    expect(messages(page)).to_have_count(2)
    page.get_by_label("Message", exact=True).fill("written meanwhile")
    gateway.stop()
    expect(page.locator(".link-lost")).to_be_visible()
    expect(messages(page)).to_have_count(2)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_label("Message", exact=True)).to_have_value("written meanwhile")
    gateway.start()
    expect(page.locator(".link-lost")).to_be_hidden(timeout=12_000)
    page.get_by_label("Message", exact=True).press("Control+Enter")
    expect(messages(page)).to_have_count(4)
    gateway.ask("quint", "after the restart")
    expect(messages(page)).to_have_count(6)
    page.reload()
    expect(messages(page)).to_have_count(6)


def test_what_is_deleted_elsewhere_says_so(opening: Opening, gateway: RunningGateway) -> None:
    gateway.ask("rike", "one")
    page = opening("session/rike", may_fail=True)
    expect(messages(page)).to_have_count(2)
    gateway.do(gateway.session("rike").delete)
    expect(page.get_by_role("heading", name="There is no such session")).to_be_visible()
