"""Sessions over HTTP: made, listed, looked at; what an id may be."""

import pytest

from tests.gateway.api.conftest import Serving
from tests.gateway.api.serving import of

pytestmark = pytest.mark.anyio


async def test_a_session_is_made_once_and_listed(serving: Serving) -> None:
    async with serving() as served:
        made = await served.post("sessions", {"id": "maren", "title": "Ferries", "tags": ["travel"]}, 201)
        assert (made["id"], made["title"], made["state"]) == ("maren", "Ferries", "Created")
        assert await served.get(of("maren")) == made
        assert [each["id"] for each in (await served.get("sessions"))["sessions"]] == ["maren"]
        again = await served.post("sessions", {"id": "maren"}, 409)
        assert again["code"] == "session_exists"
        assert (await served.post("sessions", None, 201))["id"]


async def test_a_session_that_is_not_there_is_a_problem_with_its_code(serving: Serving) -> None:
    async with serving() as served:
        problem = await served.get(of("nobody"), 404)
        assert problem["code"] == "session_not_found"
        assert problem["title"] == "Not Found"
        assert (await served.get("nowhere", 404))["code"] == "not_found"
        assert (await served.send("PATCH", "sessions", {}, 405))["code"] == "method_not_allowed"
        assert (await served.get("sessions", 400, agent="none"))["code"] == "input_invalid"


@pytest.mark.parametrize("name", ["a/b", "../../etc/passwd", "50 %", "ä ö 🦊", "a?b#c", "%2e%2e", "\\", ";a=b", "a+b"])
async def test_an_id_may_have_any_character(serving: Serving, name: str) -> None:
    async with serving() as served:
        assert (await served.post(f"{of(name)}/messages", {"content": "hello"}))["role"] == "assistant"
        assert (await served.get(of(name)))["id"] == name


@pytest.mark.parametrize("part", ["%00", "%0a", "%ff", "a" * 600, ""])
async def test_an_id_that_cannot_be_used_is_refused(serving: Serving, part: str) -> None:
    async with serving() as served:
        assert (await served.get(f"sessions/{part}", 400))["code"] == "input_invalid"


async def test_a_page_that_has_not_changed_is_not_sent_again(serving: Serving) -> None:
    async with serving() as served:
        await served.post("sessions", {"id": "maren"}, 201)
        first = await served.client.get("/api/v1/sessions/maren")
        tag = first.headers["etag"]
        again = await served.client.get("/api/v1/sessions/maren", headers={"If-None-Match": f'"x", {tag}'})
        assert (again.status_code, again.content) == (304, b"")
        await served.post(f"{of('maren')}/messages", {"content": "hello"})
        later = await served.client.get("/api/v1/sessions/maren", headers={"If-None-Match": tag})
        assert later.status_code == 200
