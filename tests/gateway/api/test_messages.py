"""Messages over HTTP: sent with a reply, with pieces, or without waiting; read in pages."""

import anyio
import pytest

from argentos import Emit, MemoryStore, ModelRefusedError, Reply, Request
from tests.gateway.api.conftest import Serving
from tests.gateway.api.serving import of

pytestmark = pytest.mark.anyio


class Parrot:
    async def reply(self, request: Request, emit: Emit) -> Reply:
        text = request.messages[-1].text
        for word in text.split():
            await emit(f"{word} ")
        return Reply(text)


class Refusing:
    async def reply(self, _: Request, emit: Emit) -> Reply:
        await emit("Well, ")
        raise ModelRefusedError("no more for today")


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
    class Slow:
        async def reply(self, _: Request, emit: Emit) -> Reply:
            await emit("Late, ")
            await go_on.wait()
            return Reply("Late, but here.")

    go_on = anyio.Event()
    async with serving(Slow(), store=MemoryStore()) as served:
        async with served.stream("POST", f"{of('maren')}/messages", {"content": "hello"}) as events:
            async for kind, _, _ in events:
                if kind == "text-delta":
                    break
        go_on.set()
        reply = await served.supervisor.session("maren").turn(
            (await served.get(f"{of('maren')}/messages"))["messages"][0]["id"]
        )
        assert reply is not None
        assert (await reply.reply()).text == "Late, but here."
