"""A long conversation of each client: streamed, with a compaction and a restart of the gateway in between."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import pytest

from argentos import Config
from argentos.llm import Emit, Reply, Request
from tests.gateway.chat_apis.conftest import Chatting, Serving

pytestmark = [pytest.mark.anyio, pytest.mark.server]

Say: TypeAlias = Callable[[Chatting, list[Any]], Awaitable[str]]

TURNS = 20
_WINDOW = 2000  # tokens: some ten turns


class Counting:
    """Says the how manieth message it answers, and is long-winded."""

    name = "counting"

    async def reply(self, request: Request, emit: Emit) -> Reply:
        last = request.messages[-1]
        text = f"Answer {last.number}: {last.text.split('.')[0]}. " + "The tide comes and the tide goes. " * 20
        for word in text.split():
            await emit(f"{word} ")
        return Reply(text.replace("  ", " "))


async def by_chat_completions(chatting: Chatting, messages: list[Any]) -> str:
    stream = await chatting.openai.chat.completions.create(model="main", messages=messages, user="ada", stream=True)
    return "".join([chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices])


async def by_responses(chatting: Chatting, messages: list[Any]) -> str:
    stream = await chatting.openai.responses.create(model="main", input=messages, user="ada", stream=True)
    return "".join([event.delta async for event in stream if event.type == "response.output_text.delta"])


async def by_messages(chatting: Chatting, messages: list[Any]) -> str:
    async with chatting.anthropic.messages.stream(
        model="main", max_tokens=4000, messages=messages, metadata={"user_id": "ada"}
    ) as stream:
        return "".join([text async for text in stream.text_stream])


@pytest.mark.parametrize("say", [by_chat_completions, by_responses, by_messages])
async def test_twenty_turns_go_on_over_a_compaction_and_a_restart(serving: Serving, say: Say) -> None:
    config = Config(max_context_tokens=_WINDOW, keep_recent_tokens=300)
    history: list[dict[str, str]] = []

    async def talk(chatting: Chatting, turns: range) -> None:
        for turn in turns:
            history.append({"role": "user", "content": f"Question {turn}. What about the harbour?"})
            answer = await say(chatting, [*history])  # the client sends all of it, as clients do
            assert answer.startswith(f"Answer {2 * turn - 1}: Question {turn}.")
            history.append({"role": "assistant", "content": answer})

    async with serving(Counting(), config=config) as chatting:
        await talk(chatting, range(1, TURNS // 2 + 1))
    async with serving(Counting(), config=config) as chatting:
        await talk(chatting, range(TURNS // 2 + 1, TURNS + 1))
        session = chatting.supervisor.session("ada")
        info = await session.info()
        assert info.messages == 2 * TURNS
        assert info.compactions > 0
        said = [each.text for each in await session.history(full=True) if each.role == "user"]
        assert said == [each["content"] for each in history if each["role"] == "user"]
