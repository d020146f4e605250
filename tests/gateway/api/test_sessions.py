"""Sessions over HTTP: made, listed, looked at; what an id may be."""

from typing import Any

import pytest

from tests.gateway.api.conftest import Serving
from tests.gateway.api.models import Parrot
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


async def test_an_id_may_have_any_character(serving: Serving) -> None:
    async with serving() as served:
        for name in ("a/b", "../../etc/passwd", "50 %", "ä ö 🦊", "a?b#c", "%2e%2e", "\\", ";a=b", "a+b"):
            assert (await served.post(f"{of(name)}/messages", {"content": "hello"}))["role"] == "assistant"
            assert (await served.get(of(name)))["id"] == name


async def test_an_id_that_cannot_be_used_is_refused(serving: Serving) -> None:
    async with serving() as served:
        for part in ("%00", "%0a", "%ff", "a" * 600, ""):
            assert (await served.get(f"sessions/{part}", 400))["code"] == "input_invalid", part


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


async def test_sessions_are_listed_by_what_they_are_in_pages(serving: Serving) -> None:
    async with serving(Parrot()) as served:
        for number in range(5):
            await served.post("sessions", {"id": f"s-{number}", "tags": [f"tag-{number % 2}"], "owner": "maren"}, 201)
        await served.send("PATCH", "sessions/s-1", {"pinned": True})
        await served.send("PATCH", "sessions/s-2", {"archived": True})
        address = {"channel": "telegram", "user": "1"}
        await served.post("sessions/s-3/messages", {"content": "hello", "address": address})

        async def listed(**query: Any) -> list[str]:
            return [each["id"] for each in (await served.get("sessions", **query))["sessions"]]

        assert await listed() == ["s-1", "s-3", "s-4", "s-0"]
        assert await listed(archived=1) == ["s-2"]
        assert await listed(tag="tag-1") == ["s-1", "s-3"]
        assert await listed(channel="telegram") == await listed(status="idle") == ["s-3"]
        assert await listed(text="S-4") == ["s-4"]
        assert await listed(owner="nobody") == []
        first = await served.get("sessions", limit=3)
        assert (first["total"], first["counts"]) == (4, {"new": 3, "idle": 1})
        assert await listed(limit=3, after=first["next"]) == ["s-0"]
        assert (await served.get("sessions", 400, after="nonsense"))["code"] == "input_invalid"


async def test_messages_are_found_by_their_words_until_their_session_is_deleted(serving: Serving) -> None:
    async with serving(Parrot()) as served:
        for session in ("maren", "ada"):
            await served.post(f"{of(session)}/messages", {"content": f"The ferry of {session} is late"})
        await served.post(f"{of('maren')}/clear")
        found = await served.get("search", text='"is late" FERRY', session="maren")
        assert [(each["session"], each["number"]) for each in found["hits"]] == [("maren", 2), ("maren", 1)]
        assert {"text": "is late", "isMatch": True} in found["hits"][0]["snippet"]
        assert found["isComplete"]
        assert len((await served.get("search", text="ferry", limit=3))["hits"]) == 3
        await served.send("DELETE", of("maren"), status=204)
        found = await served.get("search", text="ferry")
        assert {each["session"] for each in found["hits"]} == {"ada"}
        assert (await served.get("search", 400, text=" "))["code"] == "input_invalid"
