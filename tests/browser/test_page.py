"""The page as a whole: signing in, hostile texts, people who use it without a mouse, without colours, on a phone."""

import re
from collections.abc import Generator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from argentos import Address, Sender
from tests.browser.axe import serious
from tests.browser.conftest import Opening
from tests.browser.gateway import RunningGateway

pytestmark = pytest.mark.browser

VIEWS = ("", "session/busy", "session/busy/machine", "session/busy/context", "approvals", "people", "channels")
HOSTILE = (
    "<img src=x onerror=\"document.title='owned'\">",
    "[a link](javascript:document.title='owned')",
    "[another](data:text/html,<script>parent.document.title='owned'</script>)",
    "<svg onload=\"document.title='owned'\"><script>document.title='owned'</script></svg>",
    "![picture](https://example.org/pixel.png)",
    "<a href=\"javascript:document.title='owned'\" onclick=\"document.title='owned'\">click</a>",
    "<form action=https://example.org><input name=q><button>go</button></form>",
    "<iframe srcdoc=\"<script>parent.document.title='owned'</script>\"></iframe>",
    "<style>body{display:none}</style><b style=position:fixed>x</b>",
    "```html\n<script>document.title='owned'</script>\n```",
)


@pytest.fixture(scope="module", autouse=True)
def sessions(gateway: RunningGateway) -> None:
    gateway.ask(
        "busy",
        "hello",
        "think about it",
        "tides Husum",
        "a **list**:\n\n1. one\n2. two\n\n| a | b |\n|---|---|\n| 1 | 2 |",
    )
    gateway.send("busy", "delete /srv/plan.md")
    gateway.ask("quiet", "hello")
    gateway.let_in("telegram:1", "discord:11", "telegram:2")
    for sender in ("telegram:1", "discord:11"):
        gateway.write(sender, "hello")
    gateway.do(gateway.supervisor.pairing.link, [Sender("telegram", "1"), Sender("discord", "11")])
    gateway.do(gateway.supervisor.pairing.deny, "discord:12")
    gateway.knock("telegram:77", "Somebody whose name is as long as a name of somebody may be on a platform")


@pytest.fixture
def stranger(browser: Browser) -> Generator[BrowserContext]:
    """A browser that is not signed in."""
    context = browser.new_context()
    yield context
    context.close()


# Signing in ----------------------------------------------------------------------------------------------------


def test_a_link_signs_in_once_and_leaves_no_code_in_the_address(
    stranger: BrowserContext, gateway: RunningGateway
) -> None:
    link = gateway.link()
    page = stranger.new_page()
    page.goto(link)
    expect(page.locator(".list-foot")).to_contain_text("console")
    assert "code" not in page.url
    page.reload()
    expect(page.locator(".list-foot")).to_contain_text("console")
    stranger.clear_cookies()
    again = stranger.new_page()
    again.goto(link)
    expect(again.get_by_role("alert")).to_contain_text("the link was used before")


def test_a_code_can_be_typed(stranger: BrowserContext, gateway: RunningGateway) -> None:
    page = stranger.new_page()
    page.goto(gateway.url)
    expect(page.get_by_text("argent gateway link")).to_be_visible()
    page.get_by_label("Code").fill("nonsense")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Code").fill(gateway.link().partition("code=")[2])
    page.keyboard.press("Enter")
    expect(page.locator(".list-foot")).to_contain_text("console")


def test_whoever_signs_out_sees_nothing_more(stranger: BrowserContext, gateway: RunningGateway) -> None:
    page = stranger.new_page()
    page.goto(gateway.link())
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_label("Code")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Code")).to_be_visible()


# Hostile texts -------------------------------------------------------------------------------------------------


def test_markup_in_messages_names_and_metadata_does_nothing(opening: Opening, gateway: RunningGateway) -> None:
    evil = HOSTILE[0]
    session = gateway.session(evil)
    for text in HOSTILE:
        gateway.do(session.append, text, sender=evil, address=Address(evil[:60], evil[:60]))
    gateway.do(session.append, HOSTILE[3])
    gateway.do(session.update, title=HOSTILE[3], tags=[evil[:40]], owner=evil)
    asked: list[str] = []
    page = opening()
    page.on("request", lambda request: asked.append(request.url))
    page.locator(".row").filter(has_text="onload").locator("a").click()
    expect(page.locator(".message")).to_have_count(len(HOSTILE) + 1)
    for link in page.locator(".prose a").all():
        assert re.match(r"https?:|mailto:", link.get_attribute("href") or "http:")
        assert link.get_attribute("rel") == "noopener noreferrer nofollow"
    for tag in ("script", "iframe", "form:not(.composer)", "style", "img", "object", "svg"):
        expect(page.locator(f".conversation {tag}")).to_have_count(0)
    assert page.evaluate("document.querySelectorAll('[onerror], [onload], [onclick], [style*=fixed]').length") == 0
    page.get_by_text("click", exact=False).last.click()
    page.locator(".tabs").get_by_role("link", name="Context").click()
    expect(page.locator(".parts")).to_be_visible()
    page.keyboard.press("Control+k")
    page.keyboard.type("onerror")
    expect(page.get_by_role("option").first).to_be_visible()
    assert page.title() != "owned"
    assert all(url.startswith((gateway.url, gateway.url.replace("http", "ws"))) for url in asked)


def test_a_policy_forbids_whatever_would_come_through(opening: Opening) -> None:
    page = opening(may_fail=True)
    page.evaluate("""() => {
        const script = document.createElement("script");
        script.textContent = "document.title = 'owned'";
        document.body.append(script);
        document.body.insertAdjacentHTML(
            "beforeend",
            `<img src=x onerror="document.title='owned'"><b style="color:red" id="b">x</b>`,
        );
    }""")
    assert page.evaluate("fetch('https://example.org/').then(() => 'sent', () => 'refused')") == "refused"
    assert page.evaluate("getComputedStyle(document.getElementById('b')).color") != "rgb(255, 0, 0)"
    assert "owned" not in page.title()


# For everybody -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing_serious(opening: Opening, theme: str, view: str) -> None:
    page = opening(view)
    page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    shown(page, view)
    assert serious(page) == []


def test_axe_finds_nothing_serious_in_what_opens(opening: Opening) -> None:
    page = opening("session/busy")
    expect(page.locator(".decision")).to_be_visible()
    for key, name in (
        ("?", "Keys"),
        ("Control+k", "Go to, or do"),
        ("r", "Rename the session"),
        ("#", "Delete this session for good?"),
    ):
        page.keyboard.press(key)
        expect(page.get_by_role("dialog", name=name)).to_be_visible()
        assert serious(page) == []
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press(".")
    expect(page.get_by_role("menu")).to_be_visible()
    assert serious(page) == []


def test_axe_finds_nothing_serious_where_one_signs_in(stranger: BrowserContext, gateway: RunningGateway) -> None:
    page = stranger.new_page()
    page.goto(gateway.url)
    expect(page.get_by_label("Code")).to_be_visible()
    assert serious(page) == []


def test_on_a_phone_the_list_and_what_is_open_take_turns(opening: Opening) -> None:
    page = opening()
    page.set_viewport_size({"width": 360, "height": 740})
    for view in VIEWS:
        page.goto(f"{page.url.partition('#')[0]}#/{view}")
        shown(page, view)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, view
    page.goto(f"{page.url.partition('#')[0]}#/")
    page.get_by_role("link", name=re.compile("quiet")).click()
    expect(page.locator(".list-pane")).to_be_hidden()
    expect(page.locator(".message")).to_have_count(2)
    page.get_by_role("link", name="Back to the list").click()
    expect(page.locator(".list-pane")).to_be_visible()
    expect(page.locator(".open-pane")).to_be_hidden()


def test_dark_and_light_are_chosen_and_kept(opening: Opening) -> None:
    page = opening()
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("menuitem", name="Dark").click()
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.reload()
    expect(page.locator(".list-foot")).to_contain_text("session")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("menuitem", name="Light").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != dark
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("menuitem", name="As the system").click()


def shown(page: Page, view: str) -> None:
    """Wait until a view is there with all that it loads."""
    expect(page.locator(".open-pane h1" if view else ".list-foot")).to_be_visible()
    expect(page.locator(".loading")).to_have_count(0)
