"""Messages over HTTP: sent with a reply, with pieces, or without waiting; read in pages."""

import base64
from typing import Any

import pytest

from argentos import Config
from tests.gateway.api.conftest import Serving
from tests.gateway.api.models import Echo, Parrot, Refusing, Waiting
from tests.gateway.api.serving import of

pytestmark = pytest.mark.anyio


async def test_a_message_gets_its_reply(serving: Serving) -> None:
    async with serving(Parrot()) as served:
        reply = await served.post(f"{of('maren')}/messages", {"content": "hello there", "sender": "Maren"})
        assert (reply["role"], reply["text"], reply["number"]) == ("assistant", "hello there", 2)
        page = await served.get(f"{of('maren')}/messages")
        assert [each["text"] for each in page["messages"]] == ["hello there", "hello there"]
        assert page["messages"][0]["sender"] == "Maren"


async def test_an_idempotency_key_is_the_id_of_the_message(serving: Serving) -> None:
    async with serving(Parrot()) as served:
        path = f"{of('maren')}/messages"
        first = await served.post(path, {"content": "hello"}, idempotency_key="m-1")
        again = await served.post(path, {"content": "hello"}, idempotency_key="m-1")
        assert first == again
        assert first["replyTo"] == ["m-1"]
        other = await served.post(path, {"content": "something else"}, 400, idempotency_key="m-1")
        assert other["code"] == "input_invalid"
        assert len((await served.get(path))["messages"]) == 2


async def test_a_reply_streams_in_pieces_and_ends_with_the_whole(serving: Serving) -> None:
    async with serving(Parrot()) as served:
        async with served.stream("POST", f"{of('maren')}/messages", {"content": "hello there"}) as events:
            told = [(kind, data) async for kind, data, _ in events]
        assert [kind for kind, _ in told] == ["accepted", "attempt", "text-delta", "text-delta", "reply"]
        assert told[2][1] == {"type": "text", "text": "hello "}
        assert told[-1][1]["text"] == "hello there"


async def test_a_reply_that_fails_is_a_problem_in_either_form(serving: Serving) -> None:
    async with serving(Refusing()) as served:
        problem = await served.post(f"{of('maren')}/messages", {"content": "hello"}, 502)
        assert (problem["code"], problem["detail"]) == ("model_refused", "no more for today")
        async with served.stream("POST", f"{of('maren')}/messages", {"content": "hello"}) as events:
            told = [(kind, data) async for kind, data, _ in events]
        assert told[-1][0] == "error"
        assert told[-1][1]["code"] == "model_refused"


async def test_who_does_not_wait_is_told_the_id(serving: Serving) -> None:
    async with serving(Parrot()) as served:
        path = f"{of('maren')}/messages"
        accepted = await served.post(path, {"content": "hello"}, 202, prefer="respond-async")
        assert accepted["number"] == 1
        again = await served.post(path, {"content": "hello"}, idempotency_key=accepted["messageId"])
        assert again["text"] == "hello"


async def test_pages_go_back_to_the_first_message(serving: Serving) -> None:
    async with serving(Parrot()) as served:
        path = f"{of('maren')}/messages"
        for number in range(3):
            await served.post(path, {"content": f"message {number}"})
        latest = await served.get(path, limit=4)
        assert [each["number"] for each in latest["messages"]] == [3, 4, 5, 6]
        first = await served.get(path, limit=4, before=latest["previous"])
        assert [each["number"] for each in first["messages"]] == [1, 2]
        assert first["previous"] is None


async def test_a_client_that_hangs_up_leaves_the_turn_alone(serving: Serving) -> None:
    model, message_id = Waiting(), ""
    async with serving(model) as served:
        async with served.stream("POST", f"{of('maren')}/messages", {"content": "hello"}) as events:
            async for kind, data, _ in events:
                if kind == "accepted":
                    message_id = data["messageId"]
                if kind == "text-delta":
                    break
        model.go_on.set()
        turn = await served.supervisor.session("maren").turn(message_id)
        assert turn is not None
        assert (await turn.reply()).text == "hello"


async def test_a_second_client_attaches_to_the_turn_that_runs(serving: Serving) -> None:
    model = Waiting()
    async with serving(model) as served:
        await served.post("sessions", {"id": "maren"}, 201)
        assert await served.get(f"{of('maren')}/turn", 204) is None
        await served.post(f"{of('maren')}/messages", {"content": "hello there"}, 202, prefer="respond-async")
        async with served.stream("GET", f"{of('maren')}/turn") as events:
            told: list[tuple[str, Any]] = []
            async for kind, data, _ in events:
                told.append((kind, data))
                if len(told) == 4:
                    model.go_on.set()
        assert [kind for kind, _ in told] == ["accepted", "attempt", "text-delta", "text-delta", "reply"]


async def test_blocks_are_taken_and_a_picture_is_read_back(serving: Serving) -> None:
    picture = base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    )
    source = {"type": "base64", "media_type": "image/png", "data": base64.b64encode(picture).decode()}
    async with serving(Parrot()) as served:
        path = f"{of('maren')}/messages"
        await served.post(path, {"content": [{"type": "text", "text": "Look"}, {"type": "image", "source": source}]})
        _, image = (await served.get(path))["messages"][0]["content"]
        read = await served.client.get(f"/api/v1/{of('maren')}/attachments/{image['source']['sha256']}")
        assert (read.content, read.headers["content-type"]) == (picture, "image/png")
        assert "sandbox" in read.headers["content-security-policy"]
        assert (await served.get(f"{of('maren')}/attachments/{'0' * 64}", 404))["code"] == "attachment_not_found"
        assert (await served.get(f"{of('maren')}/attachments/nonsense", 400))["code"] == "input_invalid"


async def test_one_mailbox_that_is_full_is_a_problem_of_its_own(serving: Serving) -> None:
    model = Waiting()
    async with serving(model, config=Config(mailbox_limit=2)) as served:
        path = f"{of('maren')}/messages"
        await served.post(path, {"content": "first"}, 202, prefer="respond-async")
        for _ in range(2):
            await served.post(path, {"content": "more"}, 202, prefer="respond-async")
        refused = await served.client.post(f"/api/v1/{path}", json={"content": "too much"})
        assert (refused.status_code, refused.json()["code"]) == (429, "mailbox_full")
        assert int(refused.headers["retry-after"]) >= 1
        model.go_on.set()
        assert (await served.post(f"{of('ada')}/messages", {"content": "hello"}))["text"] == "hello"


def one(_: str) -> int:
    return 1


async def test_a_page_ends_before_it_is_too_long_to_be_sent(serving: Serving) -> None:
    async with serving(Echo(), count=one, count_inline=10**7) as served:
        for _ in range(3):
            await served.supervisor.session("maren").ask("x" * 1_500_000)
        page = await served.get(f"{of('maren')}/messages")
        assert [each["number"] for each in page["messages"]] == [5, 6]
        page = await served.get(f"{of('maren')}/messages", before=page["previous"])
        assert [each["number"] for each in page["messages"]] == [3, 4]


async def test_only_what_ends_can_be_asked_for_its_head(serving: Serving) -> None:
    async with serving(Parrot()) as served:
        await served.post("sessions", {"id": "maren"}, 201)
        head = await served.client.head("/api/v1/sessions/maren")
        assert (head.status_code, head.content) == (200, b"")
        for path in ("/api/v1/events", "/api/v1/sessions/maren/turn"):
            refused = await served.client.head(path)
            assert (refused.status_code, refused.headers["allow"]) == (405, "GET")
