"""Ten thousand sessions, in a browser."""

from collections.abc import Generator

import anyio
import pytest
from playwright.sync_api import expect

from argentos import Supervisor
from tests.browser.conftest import Opening
from tests.browser.gateway import RunningGateway, running_gateway

pytestmark = pytest.mark.browser

MANY = 10_000
TOGETHER = 500
SLOW = 100  # milliseconds for three frames of four: a machine that has other work, too, is late now and then

SCROLL = """async () => {
    const list = document.getElementById("sessions");
    const frames = [];
    let last = performance.now();
    for (let step = 0; step < 90; step++) {
        list.scrollTop += 900;
        await new Promise(requestAnimationFrame);
        const now = performance.now();
        frames.push(now - last);
        last = now;
    }
    return frames.sort((a, b) => a - b);
}"""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Generator[RunningGateway]:
    with running_gateway(tmp_path_factory.mktemp("state")) as running:
        running.do(fill, running.supervisor)
        yield running


async def fill(supervisor: Supervisor) -> None:
    for begin in range(0, MANY, TOGETHER):
        async with anyio.create_task_group() as group:
            for number in range(begin, begin + TOGETHER):
                group.start_soon(supervisor.session(f"user-{number:05d}").create)


def test_the_list_is_there_at_once_and_scrolls_without_a_stutter(opening: Opening) -> None:
    page = opening()
    expect(page.locator(".list-foot")).to_contain_text("10,000 sessions")
    assert page.locator(".row").count() < 60
    frames = page.evaluate(SCROLL)
    assert frames[len(frames) * 3 // 4] < SLOW, frames[-25:]
    assert page.locator(".row").count() < 60
    page.keyboard.press("Control+k")
    page.keyboard.type("user-04711")
    expect(page.get_by_role("option", name="user-04711").first).to_be_visible()


def test_one_of_them_is_found_by_a_search_in_the_list(opening: Opening) -> None:
    page = opening()
    page.get_by_label("Search sessions").fill("user-09999")
    expect(page.locator(".row-title")).to_have_text(["user-09999"])
