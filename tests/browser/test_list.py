"""The list of sessions, in a browser."""

import re
from urllib.parse import unquote

import pytest
from playwright.sync_api import Locator, Page, expect

from argentos.errors import SessionNotFoundError
from tests.browser.conftest import Opening
from tests.browser.gateway import RunningGateway

pytestmark = pytest.mark.browser


def row(page: Page, title: str) -> Locator:
    return page.locator(".row").filter(has=page.locator(".row-title", has_text=re.compile(f"^{re.escape(title)}$")))


def offered(page: Page, title: str) -> Locator:
    """A session in the palette, not the messages that are found in it."""
    return page.get_by_role("option").filter(has=page.locator("span", has_text=re.compile(f"^{re.escape(title)}$")))


@pytest.fixture(scope="module", autouse=True)
def sessions(gateway: RunningGateway) -> None:
    """Some sessions, each in another state."""
    gateway.ask("anna", "hello")
    gateway.ask("ben", "hello", "how are you?")
    gateway.send("cora", "delete /srv/plan.md")
    gateway.send("dirk", "fail at once")
    gateway.do(gateway.session("edda").create)
    gateway.do(gateway.session("anna").update, title="Harbour plan", tags=["work"])


def test_each_session_says_what_it_does_since_when_and_why(page: Page) -> None:
    expect(row(page, "cora")).to_have_attribute("data-status", "approval")
    expect(row(page, "cora").locator(".row-state")).to_contain_text("Waiting for approval")
    expect(row(page, "cora").locator(".reason")).to_contain_text("delete_file")
    expect(row(page, "dirk").locator(".row-state")).to_contain_text("Failed")
    expect(row(page, "dirk").locator(".reason")).to_contain_text("credit")
    expect(row(page, "edda").locator(".row-state")).to_contain_text("New")
    expect(row(page, "cora").locator("time-since")).to_have_text(re.compile(r"\d+ (s|min)"))
    expect(row(page, "ben").locator(".gauge")).to_have_attribute("aria-label", re.compile("of the context window"))


def test_a_session_appears_moves_and_changes_without_a_reload(page: Page, gateway: RunningGateway) -> None:
    expect(row(page, "finn")).to_have_count(0)
    gateway.send("finn", "wait for me")
    expect(row(page, "finn")).to_have_attribute("data-status", "working")
    expect(page.locator(".row-title").first).to_have_text("finn")
    gateway.say("done")
    gateway.say(None)
    expect(row(page, "finn")).to_have_attribute("data-status", "idle")
    gateway.ask("ben", "again")
    expect(page.locator(".row-title").first).to_have_text("ben")
    gateway.do(gateway.session("finn").delete)
    expect(row(page, "finn")).to_have_count(0)


def test_the_last_activity_ticks(page: Page) -> None:
    since = row(page, "ben").locator("time-since")
    expect(since).to_have_text(re.compile(r"\d"))
    before = since.text_content() or ""
    expect(since).not_to_have_text(before)


def test_search_and_filters_live_in_the_address(page: Page, opening: Opening) -> None:
    page.get_by_label("Search sessions").fill("harbour")
    expect(page.locator(".row")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"text=harbour"))
    page.reload()
    expect(page.get_by_label("Search sessions")).to_have_value("harbour")
    expect(page.locator(".row-title")).to_have_text(["Harbour plan"])
    page.get_by_label("Search sessions").fill("")
    expect(page.locator(".row").nth(3)).to_be_visible()
    page.get_by_role("button", name=re.compile("^Failed")).click()
    expect(page.locator(".row-title")).to_have_text(["dirk"])
    expect(page).to_have_url(re.compile("status=failed"))
    page.go_back()
    expect(page.locator(".row").nth(3)).to_be_visible()
    tagged = opening("?tag=work")
    expect(tagged.locator(".row-title")).to_have_text(["Harbour plan"])
    tagged.get_by_role("button", name="Remove the filter Tag").click()
    expect(tagged.locator(".row").nth(3)).to_be_visible()


def test_a_filter_by_channel_is_chosen_in_a_dialog(page: Page) -> None:
    page.get_by_role("button", name="Filter", exact=True).click()
    page.get_by_label("Tag").fill("nothing")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="No session fits")).to_be_visible()
    page.get_by_role("button", name="Show all sessions").click()
    expect(page.locator(".row").nth(3)).to_be_visible()


def test_what_no_filter_lets_through_disappears_when_it_changes(page: Page, gateway: RunningGateway) -> None:
    gateway.send("gesa", "wait for me")
    page.get_by_role("button", name=re.compile("^Working")).click()
    expect(page.locator(".row-title")).to_have_text(["gesa"])
    gateway.say("x")
    gateway.say(None)
    expect(page.get_by_role("heading", name="No session fits")).to_be_visible()


def test_the_keyboard_alone_goes_through_the_list_and_opens(page: Page) -> None:
    page.keyboard.press("j")
    expect(page.locator(".row").nth(0).locator("a")).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(page.locator(".row").nth(1).locator("a")).to_be_focused()
    title = page.locator(".row", has=page.locator("a:focus")).locator(".row-title").text_content()
    page.keyboard.press("Enter")
    expect(page.locator(".open-pane h1")).to_have_text(title or "")
    page.keyboard.press("Escape")
    expect(page.locator(".open-pane h1")).to_have_count(0)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.get_by_label("Search sessions")).to_be_focused()


def test_letters_are_no_keys_where_somebody_wants_none(page: Page) -> None:
    page.keyboard.press("?")
    page.get_by_label("Letters alone are keys").click()
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    page.keyboard.press("/")
    expect(page.get_by_label("Search sessions")).not_to_be_focused()
    expect(page.locator(".open-pane h1")).to_have_count(0)
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("menuitem", name=re.compile("Keys")).click()
    page.get_by_label("Letters alone are keys").click()
    page.keyboard.press("Escape")


def test_the_palette_finds_sessions_and_commands_by_a_few_letters(page: Page) -> None:
    page.keyboard.press("Control+k")
    page.keyboard.type("harb")
    expect(offered(page, "Harbour plan")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page.locator(".open-pane h1")).to_have_text("Harbour plan")
    page.keyboard.press("Control+k")
    page.keyboard.type("how are you")
    hit = page.get_by_role("option", name=re.compile("how are you"))
    expect(hit.locator("mark").first).to_be_visible()
    hit.first.click()
    expect(page.locator(".open-pane h1")).to_have_text("ben")
    page.keyboard.press("Control+k")
    page.keyboard.type("approvals")
    expect(page.get_by_role("option", name=re.compile("Approvals")).first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page.locator(".open-pane h1")).to_have_text("Approvals")


def test_the_actions_of_a_row_are_there_when_it_is_pointed_at(page: Page, gateway: RunningGateway) -> None:
    actions = row(page, "ben").locator(".row-actions")
    expect(actions).to_have_css("opacity", "0")
    row(page, "ben").hover()
    expect(actions).to_have_css("opacity", "1")
    actions.get_by_role("button", name="Pin").click()
    expect(page.locator(".row-title").first).to_have_text("ben")
    assert gateway.info("ben").pinned
    page.keyboard.press("z")
    expect(page.locator(".toast").last).to_contain_text("Undone")
    assert not gateway.info("ben").pinned


def test_a_session_is_renamed_and_the_old_name_comes_back(page: Page, gateway: RunningGateway) -> None:
    row(page, "edda").locator("a").focus()
    page.keyboard.press("r")
    page.keyboard.type("Plans for May")
    page.keyboard.press("Enter")
    expect(row(page, "Plans for May")).to_be_visible()
    assert gateway.info("edda").title == "Plans for May"
    page.get_by_role("button", name=re.compile("^Undo")).click()
    expect(row(page, "edda")).to_be_visible()


def test_archived_sessions_leave_the_list_and_are_found_by_a_filter(page: Page) -> None:
    row(page, "edda").locator("a").focus()
    page.keyboard.press("e")
    expect(row(page, "edda")).to_have_count(0)
    page.goto(f"{page.url.partition('#')[0]}#/?archived=1")
    expect(page.locator(".row-title")).to_have_text(["edda"])
    row(page, "edda").locator("a").focus()
    page.keyboard.press("e")
    expect(page.get_by_role("heading", name="No session fits")).to_be_visible()
    page.get_by_role("button", name="Show all sessions").click()
    expect(row(page, "edda")).to_be_visible()


def test_a_session_is_deleted_in_two_steps_and_for_good(page: Page, gateway: RunningGateway) -> None:
    gateway.ask("hauke", "hello")
    row(page, "hauke").locator("a").focus()
    page.keyboard.press(".")
    page.get_by_role("menuitem", name=re.compile("Delete")).click()
    dialog = page.get_by_role("dialog", name="Delete this session for good?")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Escape")
    assert gateway.info("hauke").messages == 2
    page.keyboard.press("#")
    dialog.get_by_role("button", name="Delete for good").click()
    expect(row(page, "hauke")).to_have_count(0)
    with pytest.raises(SessionNotFoundError):
        gateway.info("hauke")


def test_many_are_changed_at_once_and_each_says_what_came_of_it(opening: Opening, gateway: RunningGateway) -> None:
    page = opening(may_fail=True)
    for name in ("ina", "jan", "kai"):
        gateway.ask(name, "hello")
        expect(row(page, name)).to_be_visible()
    for name in ("ina", "jan", "kai"):
        row(page, name).locator("a").focus()
        page.keyboard.press("x")
    bulk = page.get_by_label("Chosen sessions")
    expect(bulk).to_contain_text("3 chosen")
    gateway.do(gateway.session("jan").delete)
    bulk.get_by_role("button", name="Clear").click()
    report = bulk.locator(".bulk-report li")
    expect(report).to_have_count(3)
    expect(report.filter(has_text="ina")).to_contain_text("cleared")
    expect(report.filter(has_text="jan")).to_contain_text("there is no session jan")
    expect(page.locator(".toast").last).to_contain_text("2 done, 1 not")
    assert gateway.info("kai").tokens < gateway.info("ben").tokens
    page.keyboard.press("Escape")
    expect(bulk).to_have_count(0)


def test_a_new_session_opens_and_is_ready_to_be_written_to(page: Page) -> None:
    page.keyboard.press("n")
    expect(page.get_by_role("heading", name="Nothing was said yet")).to_be_visible()
    expect(page.get_by_label("Message", exact=True)).to_be_focused()


def test_ids_with_any_character_are_opened(page: Page, gateway: RunningGateway) -> None:
    name = "user/ä & <b>?#%2f"
    gateway.ask(name, "hello")
    row(page, name).locator("a").click()
    expect(page.locator(".open-pane h1")).to_have_text(name)
    expect(page.locator(".message")).to_have_count(2)
    assert name in unquote(page.url)
