"""Fixtures of the tests in a browser: one Chromium for all, a gateway for each module, a page for each test."""

from collections.abc import Callable, Generator
from typing import TypeAlias

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from argentos import Config
from tests.browser.gateway import RunningGateway, running_gateway

CHROMIUM = "/usr/bin/chromium"
PATIENCE = 12_000  # milliseconds for what has to appear, beside other work

Opening: TypeAlias = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Generator[Browser]:
    """Debian's Chromium."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def config() -> Config:
    """The settings of the module's gateway."""
    return Config()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, config: Config) -> Generator[RunningGateway]:
    """The gateway of a module."""
    with running_gateway(tmp_path_factory.mktemp("state"), config) as running:
        yield running


@pytest.fixture(scope="module")
def signed_in(browser: Browser, gateway: RunningGateway) -> Generator[BrowserContext]:
    """A browser that is signed in; its pages share their memory, as the tabs of one do."""
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(gateway.link())
    expect(page.locator(".list-pane")).to_be_visible()
    page.close()
    yield context
    context.close()


@pytest.fixture
def opening(gateway: RunningGateway, signed_in: BrowserContext) -> Generator[Opening]:
    """Open a page of the dashboard; nothing may go wrong in it that nobody sees."""
    pages: list[Page] = []
    wrong: list[str] = []

    def open_page(place: str = "", *, may_fail: bool = False) -> Page:
        page = signed_in.new_page()
        pages.append(page)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        if not may_fail:
            page.on("console", lambda told: wrong.append(told.text) if told.type == "error" else None)
        page.goto(f"{gateway.url}#/{place}")
        expect(page.locator(".list-foot")).to_contain_text("session")
        return page

    yield open_page
    for page in pages:
        page.close()
    assert wrong == []


@pytest.fixture
def page(opening: Opening) -> Page:
    """A page with the list."""
    return opening()
