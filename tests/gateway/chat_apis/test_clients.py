"""The makers' own clients talk to the gateway unchanged: whole answers, streams, errors, and whose session it is."""

from typing import Any

import anthropic
import anyio
import openai
import pytest

from argentos import OfflineModel, ReplayModel, tool
from argentos.actors import Agent
from argentos.llm import Emit, Reply, Request
from argentos.storage import Usage
from tests.gateway.chat_apis.conftest import Chatting, Serving

pytestmark = pytest.mark.anyio


class Echo:
    """Says what it was told, and how; streams it word by word."""

    name = "echo"

    async def reply(self, request: Request, emit: Emit) -> Reply:
        text = f"[{request.system}] {len(request.messages)}: {request.messages[-1].text}"
        for word in text.split(" "):
            await emit(word if word == text.split(" ", maxsplit=1)[0] else f" {word}")
        return Reply(text, Usage("echo", 70, 7, cache_read=30, cache_written=10))


def said(*texts: str) -> Any:
    return [{"role": ("user", "assistant")[number % 2], "content": text} for number, text in enumerate(texts)]


async def chat(chatting: Chatting, *texts: str, **more: Any) -> str:
    asked: Any = {"model": "main", "messages": said(*texts), **more}
    create: Any = chatting.openai.chat.completions.create
    answer: Any = await create(**asked)
    return str(answer.choices[0].message.content)


async def test_a_chat_completion_is_the_reply_to_the_newest_message(serving: Serving) -> None:
    async with serving(Echo()) as chatting:
        answer = await chatting.openai.chat.completions.create(
            model="main", messages=said("old", "older", "What is new?"), user="ada"
        )
        assert answer.choices[0].message.content == "[] 1: What is new?"
        assert answer.choices[0].finish_reason == "stop"
        assert answer.usage
        assert (answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens) == (70, 7, 77)
        assert await chat(chatting, "And then?", user="ada") == "[] 3: And then?"  # the history is the session's
        assert [each.id for each in await chatting.supervisor.list()] == ["ada"]


async def test_a_chat_completion_streams(serving: Serving) -> None:
    async with serving(Echo()) as chatting:
        stream = await chatting.openai.chat.completions.create(
            model="main", messages=said("One two"), stream=True, stream_options={"include_usage": True}
        )
        chunks = [chunk async for chunk in stream]
        pieces = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices]
        assert "".join(each for each in pieces if each) == "[] 1: One two"
        assert len([each for each in pieces if each]) > 2
        assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
        assert chunks[-1].usage
        assert chunks[-1].usage.total_tokens == 77


async def test_a_response_is_whole_or_streams_and_follows_the_one_before(serving: Serving) -> None:
    async with serving(Echo()) as chatting:
        responses = chatting.openai.responses
        first = await responses.create(model="main", input="Hello", instructions="Be kind.", user="ada")
        assert (first.output_text, first.status) == ("[Be kind.] 1: Hello", "completed")
        stream = await responses.create(
            model="main",
            input=[{"role": "user", "content": [{"type": "input_text", "text": "Again"}]}],
            previous_response_id=first.id,
            user="ada",
            stream=True,
        )
        events = [event async for event in stream]
        assert [each.sequence_number for each in events] == [*range(len(events))]
        assert "".join(each.delta for each in events if each.type == "response.output_text.delta") == (
            "[Be kind.] 3: Again"
        )
        last = events[-1]
        assert last.type == "response.completed"
        assert last.response.output_text == "[Be kind.] 3: Again"
        assert last.response.usage
        assert last.response.usage.input_tokens == 70
        with pytest.raises(openai.BadRequestError, match="not the latest response"):
            await responses.create(model="main", input="Go back", previous_response_id=first.id, user="ada")


async def test_a_message_is_whole_or_streams(serving: Serving) -> None:
    async with serving(Echo()) as chatting:
        create = chatting.anthropic.messages.create
        answer = await create(
            model="main",
            max_tokens=1000,
            messages=said("Hello"),
            system=[{"type": "text", "text": "Be kind.", "cache_control": {"type": "ephemeral"}}],
            metadata={"user_id": "ada"},
        )
        assert [each.text for each in answer.content if each.type == "text"] == ["[Be kind.] 1: Hello"]
        assert (answer.stop_reason, answer.usage.input_tokens, answer.usage.cache_read_input_tokens) == (
            "end_turn",
            30,
            30,
        )
        async with chatting.anthropic.messages.stream(
            model="main", max_tokens=1000, messages=said("Again"), metadata={"user_id": "ada"}
        ) as stream:
            pieces = [text async for text in stream.text_stream]
            final = await stream.get_final_message()
        assert "".join(pieces) == "[Be kind.] 3: Again"
        assert len(pieces) > 2
        assert (final.stop_reason, final.usage.output_tokens) == ("end_turn", 7)


async def test_a_reply_ends_where_it_has_as_many_tokens_as_it_may(serving: Serving) -> None:
    class Endless:
        name = "endless"

        async def reply(self, request: Request, emit: Emit) -> Reply:
            for _ in range(100):
                await emit("word ")
            await anyio.sleep_forever()
            return Reply(request.session)

    async with serving(Endless()) as chatting:
        answer = await chatting.anthropic.messages.create(model="main", max_tokens=20, messages=said("Talk"))
        (block,) = answer.content
        assert block.type == "text"
        assert answer.stop_reason == "max_tokens"
        assert 5 <= block.text.count("word") <= 20
        session = chatting.supervisor.session("token-t-0")
        stopped = (await session.history())[-1]
        assert (stopped.role, stopped.stop_reason) == ("assistant", "stopped")
        completion = await chatting.openai.chat.completions.create(
            model="main", messages=said("More"), max_completion_tokens=10, stream=True
        )
        chunks = [chunk async for chunk in completion]
        assert chunks[-1].choices[0].finish_reason == "length"


async def test_what_is_said_before_and_behind_calls_of_tools_is_one_text(serving: Serving) -> None:
    @tool
    async def tides(harbour: str) -> str:
        """Tell the tide."""
        return f"high at {harbour}"

    replies = [
        Reply(
            [
                {"type": "text", "text": "Let me look."},
                {"type": "tool_use", "id": "c", "name": "tides", "input": {"harbour": "Husum"}},
            ]
        ),
        Reply("High tide."),
    ]
    async with serving(Agent(ReplayModel(replies), tools=[tides])) as chatting:
        assert await chat(chatting, "Tides?") == "Let me look.\n\nHigh tide."


async def test_pictures_and_documents_reach_the_session(serving: Serving) -> None:
    pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    content: Any = [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{pixel}"}},
    ]
    async with serving(Echo()) as chatting:
        await chatting.openai.chat.completions.create(
            model="main", messages=[{"role": "user", "content": content}], user="ada"
        )
        (message, _) = await chatting.supervisor.session("ada").history()
        assert [each["type"] for each in message.blocks] == ["text", "image"]


async def test_the_session_is_that_of_the_header_then_of_the_user_then_of_the_token(serving: Serving) -> None:
    async with serving(Echo()) as chatting:
        named = {"X-Session": "werft"}
        await chat(chatting, "one", user="ada", extra_headers=named)
        await chat(chatting, "two", user="ada")
        await chat(chatting, "three")
        await chatting.anthropic.messages.create(
            model="main", max_tokens=99, messages=said("four"), metadata={"user_id": "ada"}
        )
        counts = {each.id: each.messages for each in await chatting.supervisor.list()}
        assert counts == {"werft": 2, "ada": 4, "token-t-0": 2}


async def test_a_token_of_an_owner_has_sessions_of_its_own_whatever_it_names(serving: Serving) -> None:
    async with serving(Echo()) as chatting:
        await chat(chatting, "secret", user="ada")
        tokens = chatting.access.tokens
        one, two = (chatting.openai_of(tokens.new(f"o-{name}", owner=name)) for name in ("one", "two"))
        same = chatting.openai_of(tokens.new("o-one-too", owner="one"))
        for client, expected in ((one, 1), (two, 1), (same, 3)):
            answer = await client.chat.completions.create(model="main", messages=said("hi"), user="ada")
            assert answer.choices[0].message.content == f"[] {expected}: hi"
        owners = sorted((each.owner, each.title, each.messages) for each in await chatting.supervisor.list())
        assert owners == [("", "", 2), ("one", "ada", 4), ("two", "ada", 2)]
        own = next(each for each in await chatting.supervisor.list() if each.owner == "one")
        answer = await one.chat.completions.create(
            model="main", messages=said("again"), extra_headers={"X-Session": own.id}
        )
        assert answer.choices[0].message.content == "[] 5: again"
        for client in (one, two, same):
            await client.close()


async def test_an_idempotency_key_has_a_message_taken_once(serving: Serving) -> None:
    async with serving(Echo()) as chatting:
        keyed = {"Idempotency-Key": "k-1"}
        assert await chat(chatting, "once", extra_headers=keyed) == await chat(chatting, "once", extra_headers=keyed)
        assert (await chatting.supervisor.session("token-t-0").info()).messages == 2
        await chat(chatting, "twice")
        await chat(chatting, "twice")
        assert (await chatting.supervisor.session("token-t-0").info()).messages == 6


async def test_the_agents_are_models(serving: Serving) -> None:
    async with serving(agents={"main": OfflineModel(), "sales": OfflineModel()}) as chatting:
        assert [each.id async for each in chatting.openai.models.list()] == ["main", "sales"]
        assert [each.id async for each in chatting.anthropic.models.list()] == ["main", "sales"]
        with pytest.raises(openai.NotFoundError, match="the agents are: main, sales") as error:
            await chatting.openai.chat.completions.create(model="gpt-9", messages=said("hi"))
        assert error.value.code == "model_not_found"


REFUSED: list[tuple[Any, str]] = [
    ({"response_format": {"type": "json_object"}}, "'response_format' is not obeyed here"),
    ({"tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}]}, "'tools' is not obeyed here"),
    ({"n": 2}, "'n' is not obeyed here"),
    ({"extra_body": {"temprature": 1}}, "did you mean 'temperature'"),
    ({"max_tokens": 0}, "max_tokens"),
    ({"stop": [""]}, "stop has at most 16 texts of 1 to 200 characters"),
    ({"stop": 7}, "stop cannot be taken"),
    ({"messages": [{"role": "assistant", "content": "x"}]}, "has to be the user's"),
    ({"messages": [{"role": "tool", "tool_call_id": "c", "content": "x"}]}, "the results of calls are not taken"),
    ({"messages": []}, "there are no messages"),
    (
        {"messages": [{"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]}]},
        "'input_audio' is not taken",
    ),
]


@pytest.mark.parametrize(("more", "sentence"), REFUSED)
async def test_what_is_not_obeyed_is_refused_in_the_form_of_openai(
    serving: Serving, more: dict[str, Any], sentence: str
) -> None:
    async with serving(Echo()) as chatting:
        asked: Any = {"model": "main", "messages": said("hi"), **more}
        with pytest.raises(openai.BadRequestError, match=sentence) as error:
            await chatting.openai.chat.completions.create(**asked)
        assert error.value.type == "invalid_request_error"
        assert await chatting.supervisor.list() == []


async def test_what_is_not_obeyed_is_refused_in_the_form_of_anthropic(serving: Serving) -> None:
    async with serving(Echo()) as chatting:
        with pytest.raises(anthropic.BadRequestError, match="'tools' is not obeyed here") as error:
            await chatting.anthropic.messages.create(
                model="main",
                max_tokens=9,
                messages=said("hi"),
                tools=[{"name": "f", "input_schema": {"type": "object"}}],
            )
        assert error.value.type == "invalid_request_error"


async def test_what_happens_anyway_may_be_asked_for(serving: Serving) -> None:
    async with serving(Echo()) as chatting:
        assert await chat(chatting, "hi", n=1, tools=[], tool_choice="auto", modalities=["text"]) == "[] 1: hi"


async def test_what_chat_clients_always_send_is_taken(serving: Serving) -> None:
    usual: dict[str, Any] = {
        "temperature": 0.2,
        "top_p": 0.9,
        "seed": 7,
        "frequency_penalty": 0.5,
        "presence_penalty": 0.5,
        "stop": [],
        "user": "ada",
        "reasoning_effort": "low",
        "store": False,
        "metadata": {"chat": "1"},
        "extra_body": {"top_k": 40, "min_p": 0, "repetition_penalty": 1.1},
    }
    async with serving(Echo()) as chatting:
        assert await chat(chatting, "hi", **usual) == "[] 1: hi"
        response = await chatting.openai.responses.create(
            model="main", input="on", user="ada", reasoning={"effort": "low"}, text={"verbosity": "low"}, temperature=0
        )
        assert response.output_text == "[] 3: on"
        answer = await chatting.anthropic.messages.create(
            model="main",
            max_tokens=2000,
            messages=said("and on"),
            metadata={"user_id": "ada"},
            thinking={"type": "enabled", "budget_tokens": 1024},
            extra_body={"temperature": 0.3, "top_k": 5},
        )
        assert [each.text for each in answer.content if each.type == "text"] == ["[] 5: and on"]


class Dictated:
    """Says what it was told, in pieces that a bar divides."""

    name = "dictated"

    async def reply(self, request: Request, emit: Emit) -> Reply:
        pieces = request.messages[-1].text.split("|")
        for piece in pieces:
            await emit(piece)
        return Reply("".join(pieces))


@pytest.mark.parametrize("stop", ["STOP", ["nowhere", "STOP"]])
async def test_a_reply_ends_in_front_of_a_stop_sequence(serving: Serving, stop: Any) -> None:
    async with serving(Dictated()) as chatting:
        stopped = said("It is high ST|OP and low")
        whole = await chatting.openai.chat.completions.create(model="main", messages=stopped, stop=stop)
        assert (whole.choices[0].message.content, whole.choices[0].finish_reason) == ("It is high ", "stop")
        assert await chat(chatting, "It is high ST|ILL", stop=stop) == "It is high STILL"
        assert await chat(chatting, "It is high S|T", stop=stop) == "It is high ST"
        answer = await chatting.anthropic.messages.create(
            model="main", max_tokens=99, messages=stopped, stop_sequences=["STOP"]
        )
        assert [each.text for each in answer.content if each.type == "text"] == ["It is high "]
        assert (answer.stop_reason, answer.stop_sequence) == ("stop_sequence", "STOP")


async def test_errors_of_the_guard_have_the_form_of_the_client_too(serving: Serving) -> None:
    async with serving(Echo()) as chatting:
        stranger, other = chatting.openai_of("nonsense"), chatting.anthropic_of("nonsense")
        with pytest.raises(openai.AuthenticationError) as one:
            await stranger.chat.completions.create(model="main", messages=said("hi"))
        assert (one.value.type, one.value.code) == ("authentication_error", "not_authenticated")
        with pytest.raises(anthropic.AuthenticationError) as two:
            await other.messages.create(model="main", max_tokens=9, messages=said("hi"))
        assert two.value.type == "authentication_error"
        await stranger.close()
        await other.close()


async def test_a_model_that_fails_is_told_of_whole_and_in_streams(serving: Serving) -> None:
    class Failing:
        name = "failing"

        async def reply(self, request: Request, emit: Emit) -> Reply:
            await emit("half a ")
            raise ValueError(request.session)
            return Reply("")

    async with serving(Failing()) as chatting:
        with pytest.raises(openai.InternalServerError):
            await chat(chatting, "hi")
        with pytest.raises(openai.APIError, match="ValueError"):
            async for _ in await chatting.openai.chat.completions.create(
                model="main", messages=said("hi"), stream=True
            ):
                pass
        with pytest.raises(anthropic.APIStatusError):
            async with chatting.anthropic.messages.stream(model="main", max_tokens=9, messages=said("hi")) as stream:
                await stream.get_final_message()
        events = [
            each.type async for each in await chatting.openai.responses.create(model="main", input="hi", stream=True)
        ]
        assert events[-1] == "response.failed"


async def test_another_method_and_a_body_that_is_none_are_refused(serving: Serving) -> None:
    async with serving(Echo()) as chatting:
        token = chatting.openai.api_key
        headers = {"Authorization": f"Bearer {token}"}
        got = await chatting.plain.get("/v1/messages", headers=headers)
        assert (got.status_code, got.headers["allow"], got.json()["type"]) == (405, "POST", "error")
        posted = await chatting.plain.post("/v1/chat/completions", headers=headers, content=b"{")
        assert (posted.status_code, posted.json()["error"]["type"]) == (400, "invalid_request_error")
        twice = b'{"model":"main","model":"x"}'
        posted = await chatting.plain.post("/v1/responses", headers=headers, content=twice)
        assert posted.status_code == 400
