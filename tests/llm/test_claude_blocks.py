"""Content blocks from a stream, and back into requests; options that pass through; usage and its cost."""

import itertools
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final, get_args

import anyio
import httpx2
import msgspec
import pytest
from anthropic import AsyncAnthropic
from anthropic.lib.bedrock import AsyncAnthropicBedrock
from anthropic.types import MessageParam, Model, ToolUnionParam
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from argentos.errors import InputError, ModelUnavailableError, ReplyInterruptedError
from argentos.llm import (
    AnthropicModel,
    Emitted,
    Prices,
    Reply,
    Request,
    TextDelta,
    ThinkingDelta,
    ToolAnswer,
    ToolCall,
    UsageSoFar,
)
from argentos.llm.claude.model import DEFAULT_MODEL
from argentos.llm.claude.options import Options
from argentos.llm.claude.request import parameters
from argentos.storage import Message, RawBlock, Role, Summary, Usage
from tests.llm.wire import MODEL, Recorded, block, end, serving, start, text, whole

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.filterwarnings("ignore:Exception ignored in. <async_generator:pytest.PytestUnraisableExceptionWarning"),
]

AT: Final = datetime(2026, 5, 8, 7, 0, tzinfo=UTC)
SIGNATURE: Final = "EqQBCgIYAhIkM2Fj+/=="
TOOL: Final[dict[str, Any]] = {"name": "weather", "description": "Weather.", "input_schema": {"type": "object"}}

HI: Final[tuple[tuple[Role, str], ...]] = (("user", "Hi"),)

THINKING: Final = block(
    0,
    {"type": "thinking", "thinking": "", "signature": ""},
    {"type": "thinking_delta", "thinking": "Rain, "},
    {"type": "thinking_delta", "thinking": "I think."},
    {"type": "signature_delta", "signature": SIGNATURE},
)
REDACTED: Final = block(1, {"type": "redacted_thinking", "data": "Em8=="})
CALL: Final = block(
    3,
    {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {}},
    *({"type": "input_json_delta", "partial_json": each} for each in ('{"ci', 'ty": "Ber', 'gen", "days": 3}')),
)


def request(*messages: tuple[Role, str | Sequence[RawBlock]], **parts: Any) -> Request:
    made = tuple(
        Message(f"m-{number}", number, role, said if isinstance(said, str) else "", AT, 4, blocks=_blocks(said))
        for number, (role, said) in enumerate(messages or HI, start=1)
    )
    return Request(session="s", system="Be kind.", messages=made, window=1000, **parts)


def _blocks(said: str | Sequence[RawBlock]) -> tuple[RawBlock, ...]:
    return () if isinstance(said, str) else tuple(said)


def model(url: str, **options: Any) -> AnthropicModel:
    return AnthropicModel(MODEL, api_key="sk-test", base_url=url, **options)


async def asked(url: str, asking: Request | None = None, **options: Any) -> tuple[list[Emitted | str], Reply]:
    pieces: list[Emitted | str] = []

    async def emit(piece: Emitted | str, /) -> None:
        if not isinstance(piece, TextDelta) or piece.text:
            pieces.append(piece)

    return pieces, await model(url, **options).reply(asking or request(), emit)


async def test_whole_blocks_come_from_a_stream_and_thoughts_as_typed_pieces() -> None:
    with serving(start() + THINKING + REDACTED + text("Let me look.", 2) + CALL + end("tool_use")) as (url, _):
        pieces, reply = await asked(url)
    assert pieces == [ThinkingDelta("Rain, "), ThinkingDelta("I think."), TextDelta("Let me look.")]
    assert reply.stop_reason == "tool_use"
    assert reply.blocks == (
        {"type": "thinking", "thinking": "Rain, I think.", "signature": SIGNATURE},
        {"type": "redacted_thinking", "data": "Em8=="},
        {"type": "text", "text": "Let me look."},
        {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Bergen", "days": 3}},
    )


async def test_what_came_is_sent_back_byte_for_byte() -> None:
    odd = {"type": "banana", "peel": {"ripe": [1, 2.5, None, "ü"]}}
    stream = start() + THINKING + REDACTED + block(2, odd) + CALL + end("tool_use")
    with serving(stream, whole("Rain.")) as (url, received):
        _, reply = await asked(url)
        answer = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "rain"}
        await asked(url, request(("user", "Hi"), ("assistant", reply.blocks), ("user", [answer])))
    sent = received[-1]["messages"][1]["content"]
    assert json.dumps(sent) == json.dumps([*reply.blocks])
    assert odd in sent


async def test_tools_of_the_provider_are_kept_whole_and_shown_as_calls_and_answers() -> None:
    found = [{"type": "web_search_result", "url": "u", "title": "t", "encrypted_content": "e", "page_age": None}]
    cited = {"type": "char_location", "cited_text": "x", "document_index": 0, "start_char_index": 0}
    stream = (
        start()
        + block(
            0,
            {"type": "server_tool_use", "id": "srv_1", "name": "web_search", "input": {}},
            {"type": "input_json_delta", "partial_json": '{"query": "Bergen"}'},
        )
        + block(1, {"type": "web_search_tool_result", "tool_use_id": "srv_1", "content": found})
        + block(
            2,
            {"type": "text", "text": "", "citations": []},
            {"type": "text_delta", "text": "Rain."},
            {"type": "citations_delta", "citation": cited},
        )
        + end()
    )
    with serving(stream) as (url, _):
        pieces, reply = await asked(url)
    call, answer, said = pieces
    assert call == ToolCall("srv_1", "web_search", {"query": "Bergen"})
    assert answer == ToolAnswer("srv_1", "web_search", tuple(found))
    assert said == TextDelta("Rain.")
    assert [each["type"] for each in reply.blocks] == ["server_tool_use", "web_search_tool_result", "text"]
    assert reply.blocks[1]["content"] == found
    assert reply.blocks[2]["citations"] == [cited]
    assert reply.text == "Rain."


async def test_a_call_without_arguments_has_an_empty_input() -> None:
    stream = start() + block(0, {"type": "tool_use", "id": "toolu_1", "name": "now", "input": {}}) + end("tool_use")
    with serving(stream) as (url, _):
        assert (await asked(url))[1].blocks[0]["input"] == {}


async def test_a_call_that_was_cut_off_is_not_kept_and_the_text_before_it_is() -> None:
    cut = block(
        1,
        {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {}},
        {"type": "input_json_delta", "partial_json": '{"city": "Ber'},
    )
    with serving(start() + text("Let me") + cut + end("max_tokens")) as (url, _):
        assert (await asked(url))[1] == Reply("Let me", Usage(MODEL, 12, 7), stop_reason="max_tokens")
    garbled = pytest.raises(ReplyInterruptedError, match="the input of a call is no JSON")
    with serving(start() + text("Let me") + cut + end("tool_use")) as (url, _), garbled:
        await asked(url)


async def test_options_pass_through_and_so_do_tools() -> None:
    search = {"type": "web_search_20260209", "name": "web_search"}
    with serving(whole("Yes.")) as (url, received):
        await asked(
            url,
            request(tools=(TOOL,)),
            thinking={"type": "enabled", "budget_tokens": 2000},
            tool_choice={"type": "auto", "disable_parallel_tool_use": True},
            server_tools=[search],
            betas=["one-2026-01-01", "two-2026-01-01"],
            headers={"x-team": "kind"},
            extra_body={"temperature": 1, "new_field": {"a": [1]}},
            max_tokens=500,
        )
    (body,) = received
    assert body["tools"] == [TOOL, search]
    assert body["thinking"] == {"type": "enabled", "budget_tokens": 2000}
    assert body["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}
    assert (body["temperature"], body["new_field"], body["max_tokens"]) == (1, {"a": [1]}, 2500)
    headers = {name.lower(): value for name, value in body["headers"].items()}
    assert (headers["anthropic-beta"], headers["x-team"]) == ("one-2026-01-01,two-2026-01-01", "kind")


async def test_a_summary_is_never_asked_for_with_a_tool_that_must_be_called() -> None:
    with serving(whole("Yes.")) as (url, received):
        for instruction in ("", "Summarise."):
            await asked(url, request(tools=(TOOL,), instruction=instruction), tool_choice={"type": "any"})
    assert ["tool_choice" in body for body in received] == [True, False]
    assert received[0]["tools"] == received[1]["tools"] == [TOOL]


async def test_without_tools_the_request_has_none() -> None:
    with serving(whole("Yes.")) as (url, received):
        await asked(url)
    assert received[0].keys() & {"tools", "tool_choice", "thinking"} == set()


async def test_a_client_of_one_s_own_is_asked_and_left_open() -> None:
    with serving(whole("Yes.")) as (url, received):
        async with AsyncAnthropic(api_key="mine", base_url=url, default_headers={"x-proxy": "1"}) as client:
            own = AnthropicModel(MODEL, client=client)
            for _ in range(2):
                assert (await own.reply(request(), _ignore)).text == "Yes."
                await own.aclose()
            assert not client.is_closed()
    assert {each["headers"]["x-proxy"] for each in received} == {"1"}


def test_a_client_of_a_cloud_is_one_of_one_s_own() -> None:
    client = AsyncAnthropicBedrock(aws_region="eu-west-1", aws_access_key="a", aws_secret_key="b")  # noqa: S106
    AnthropicModel(MODEL, client=client)


async def test_ids_and_names_of_tools_from_elsewhere_have_what_the_api_allows() -> None:
    called: RawBlock = {"type": "tool_use", "id": "call_1|fc_2", "name": "files.read", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "call_1|fc_2", "content": "12 m"}
    said = request(("user", "Hi"), ("assistant", [called]), ("user", [result]))
    blocks = [each for sent in parameters(said, MODEL, Options(), 9)["messages"][1:] for each in sent["content"]]
    assert [(each.get("id"), each.get("name"), each.get("tool_use_id")) for each in blocks] == [
        ("call_1_fc_2", "files_read", None),
        (None, None, "call_1_fc_2"),
    ]
    assert (called["id"], result["tool_use_id"]) == ("call_1|fc_2", "call_1|fc_2")


async def test_thoughts_that_nobody_signed_and_texts_of_white_space_are_not_sent() -> None:
    blocks = [
        {"type": "thinking", "thinking": "imported"},
        {"type": "text", "text": " \n"},
        {"type": "text", "text": "Hello"},
    ]
    with serving(whole("Yes.")) as (url, received):
        await asked(url, request(("user", "Hi"), ("assistant", blocks), ("assistant", blocks[:2]), ("user", "So?")))
    sent = received[0]["messages"]
    assert [(each["role"], [part["text"] for part in each["content"]]) for each in sent] == [
        ("user", ["Hi"]),
        ("assistant", ["Hello"]),
        ("user", ["So?"]),
    ]


async def test_a_mark_for_the_cache_never_stands_at_a_thought() -> None:
    signed = {"type": "thinking", "thinking": "x", "signature": "s"}
    with serving(whole("Yes.")) as (url, received):
        await asked(url, request(("user", "Hi"), ("assistant", [{"type": "text", "text": "a"}, signed])))
    assert received[0]["messages"][-1]["content"] == [
        {"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}},
        signed,
    ]


async def test_without_a_system_prompt_the_tools_have_the_mark() -> None:
    asking = msgspec.structs.replace(request(tools=(TOOL, {**TOOL, "name": "more"})), system="")
    with serving(whole("Yes.")) as (url, received):
        await asked(url, asking, cache_time="1h")
    assert "system" not in received[0]
    assert [each.get("cache_control") for each in received[0]["tools"]] == [None, {"type": "ephemeral", "ttl": "1h"}]
    assert "cache_control" not in asking.tools[-1]


async def test_the_usage_tells_what_came_from_the_cache_and_what_it_cost() -> None:
    used = {"input_tokens": 1000, "cache_read_input_tokens": 5000, "cache_creation_input_tokens": 2000}
    with serving(start(**used, output_tokens=1) + text("Yes.") + end(output_tokens=400)) as (url, _):
        _, reply = await asked(url, prices=Prices(input=3, output=15))
        _, cheap = await asked(url, prices=Prices(input=0, output=0, cache_read=1.0, cache_write=2.0))
        _, free = await asked(url)
    assert reply.usage is not None
    assert (reply.usage.input, reply.usage.cache_read, reply.usage.cache_written) == (8000, 5000, 2000)
    assert reply.usage.cost == pytest.approx((1000 * 3 + 5000 * 0.3 + 2000 * 3.75 + 400 * 15) / 1e6)
    assert cheap.usage is not None
    assert cheap.usage.cost == pytest.approx((5000 + 4000) / 1e6)
    assert free.usage is not None
    assert free.usage.cost is None


async def test_a_reply_with_prices_tells_what_it_has_cost_so_far_the_output_by_an_estimate() -> None:
    used = {"input_tokens": 1000, "cache_read_input_tokens": 5000}
    with serving(start(**used, output_tokens=1) + text("Aye. " * 200) + end(output_tokens=400)) as (url, _):
        pieces, _ = await asked(url, prices=Prices(input=3, output=15))
        free, _ = await asked(url)
    told = [each.usage for each in pieces if isinstance(each, UsageSoFar)]
    assert (told[0].input, told[0].output, told[0].cache_read) == (6000, 1, 5000)
    assert told[0].cost == pytest.approx((1000 * 3 + 5000 * 0.3 + 15) / 1e6)
    assert told[-1].output == len("Aye. " * 200) // 3
    assert told[-1].cost == pytest.approx((1000 * 3 + 5000 * 0.3 + 333 * 15) / 1e6)
    assert not any(isinstance(each, UsageSoFar) for each in free)


async def test_the_window_is_what_the_api_says_of_the_model() -> None:
    async with AsyncAnthropic(api_key="k", base_url="http://127.0.0.1:9") as client:
        told = AnthropicModel(MODEL, client=_Told(client, 200_000))
        await told.learn()
        assert told.window == 180_000
        for silent in (None, 0, "many"):
            untold = AnthropicModel(MODEL, client=_Told(client, silent))
            await untold.learn()
            assert untold.window is None


async def test_a_server_that_says_nothing_of_the_model_can_be_used() -> None:
    with serving(whole("Yes.")) as (url, _):
        loaded = model(url)
        await loaded.learn()
        assert loaded.window is None
        assert (await loaded.reply(request(), _ignore)).text == "Yes."
        await loaded.aclose()


async def test_the_provider_measures_a_request_as_it_would_be_sent() -> None:
    counted = Recorded(b'{"input_tokens": 123}', headers={"content-type": "application/json"})
    with serving(counted) as (url, received):
        assert await model(url).measure(request(tools=(TOOL,))) == 123
    assert received[0]["path"] == "/v1/messages/count_tokens"
    assert received[0]["tools"] == [TOOL]
    assert received[0].keys() & {"max_tokens", "stream"} == set()


def test_the_default_model_is_the_newest_sonnet_that_the_sdk_names() -> None:
    named: tuple[str, ...] = get_args(get_args(Model)[0])
    assert next(each for each in named if "sonnet" in each) == DEFAULT_MODEL


make: Any = AnthropicModel


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"thinking": "much"}, "thinking of the model is the text 'much'"),
        ({"thinking": {"a": object()}}, "thinking of the model cannot be sent"),
        ({"tool_choice": 5}, "tool_choice of the model is the number 5"),
        ({"server_tools": "web"}, "server_tools of the model is the text 'web'"),
        ({"server_tools": ["web"]}, "a server tool of the model is the text 'web'"),
        ({"betas": "one"}, "betas of the model is the text 'one'"),
        ({"betas": [1]}, "a beta of the model is the number 1"),
        ({"headers": {"a": 1}}, "the header 'a' is the number 1"),
        ({"extra_body": {"messages": []}}, "extra_body of the model has 'messages'"),
        ({"cache_time": "2h"}, "cache_time of the model is the text '2h'"),
        ({"prices": 3}, "prices of the model are the number 3"),
        ({"client": "mine"}, "the client of the model is the text 'mine'"),
        ({"max_tokens": 0}, "max_tokens of the model is the number 0"),
    ],
)
def test_an_option_that_cannot_be_used_is_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as refused:
        make(MODEL, **options)
    assert str(refused.value).startswith(said)


def test_a_price_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match="the price of output is the number -1"):
        Prices(input=1, output=-1)


TEXTS: Final = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
BLOCKS: Final = st.lists(
    st.one_of(
        st.fixed_dictionaries({"type": st.just("text"), "text": TEXTS}),
        st.fixed_dictionaries({"type": st.just("thinking"), "thinking": TEXTS, "signature": TEXTS}),
        st.fixed_dictionaries({"type": st.just("redacted_thinking"), "data": TEXTS}),
        st.fixed_dictionaries(
            {
                "type": st.just("tool_use"),
                "id": st.just("toolu_1"),
                "name": st.just("weather"),
                "input": st.dictionaries(TEXTS, JSON, max_size=3),
            }
        ),
        st.fixed_dictionaries({"type": st.just("new_thing"), "value": JSON}),
    ),
    min_size=1,
    max_size=5,
)


def streamed(blocks: list[RawBlock], cut: int) -> bytes:
    """The stream of these blocks, whose texts come in parts of so many characters."""

    def parts(said: str) -> list[str]:
        return [said[at : at + cut] for at in range(0, len(said), cut)]

    stream = start()
    for index, each in enumerate(blocks):
        match each["type"]:
            case "text":
                deltas = [{"type": "text_delta", "text": part} for part in parts(each["text"])]
                stream += block(index, {"type": "text", "text": ""}, *deltas)
            case "thinking":
                deltas = [{"type": "thinking_delta", "thinking": part} for part in parts(each["thinking"])]
                signed = {"type": "signature_delta", "signature": each["signature"]}
                stream += block(index, {"type": "thinking", "thinking": "", "signature": ""}, *deltas, signed)
            case "tool_use":
                deltas = [
                    {"type": "input_json_delta", "partial_json": part} for part in parts(json.dumps(each["input"]))
                ]
                stream += block(index, {**each, "input": {}}, *deltas)
            case _:
                stream += block(index, each)
    return stream + end("end_turn")


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(blocks=BLOCKS, cut=st.integers(1, 7))
def test_any_blocks_are_what_their_stream_makes(blocks: list[RawBlock], cut: int) -> None:
    reply = anyio.run(answered, streamed(blocks, cut))
    if all(each["type"] == "text" for each in blocks):
        assert reply.content == "".join(each["text"] for each in blocks)
    else:
        assert reply.blocks == tuple(blocks)


async def answered(stream: bytes) -> Reply:
    """The reply of a stream that comes at once: no server, for many in a row."""
    response = httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=stream)
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(lambda _: response)) as http:
        client = AsyncAnthropic(api_key="k", base_url="http://recorded", http_client=http)
        return await AnthropicModel(MODEL, client=client).reply(request(), _ignore)


@cache
def messages_of_the_sdk() -> TypeAdapter[list[MessageParam]]:
    return TypeAdapter(list[MessageParam])


@cache
def tools_of_the_sdk() -> TypeAdapter[list[ToolUnionParam]]:
    return TypeAdapter(list[ToolUnionParam])


ROLES: Final[tuple[Role, ...]] = ("user", "assistant")


@given(
    said=st.lists(TEXTS.filter(str.strip), min_size=1, max_size=12), rounds=st.integers(0, 3), has_tools=st.booleans()
)
def test_a_request_is_valid_by_the_sdk_s_own_types_and_begins_with_the_one_before(
    said: list[str], rounds: int, *, has_tools: bool
) -> None:
    messages: list[tuple[Role, str | Sequence[RawBlock]]] = [
        (ROLES[index % 2], each) for index, each in enumerate(said)
    ]
    for number in range(rounds):
        call: RawBlock = {"type": "tool_use", "id": f"toolu_{number}", "name": "weather", "input": {"n": number}}
        answer: RawBlock = {
            "type": "tool_result",
            "tool_use_id": call["id"],
            "content": [{"type": "text", "text": "rain"}],
        }
        messages.extend([("assistant", [call]), ("user", [answer])])
    summary = Summary("They met.", 1, 8, 3, "model", AT, 0, 0)
    tools = (TOOL,) if has_tools else ()
    made = [
        parameters(request(*messages[:count], summary=summary, tools=tools), MODEL, Options(), 100)
        for count in range(1, len(messages) + 1)
    ]
    for each in made:
        messages_of_the_sdk().validate_python(each["messages"])
        tools_of_the_sdk().validate_python(each.get("tools", []))
        assert json.dumps(each).count("cache_control") <= 4
    for earlier, later in itertools.pairwise(made):
        before, after = unmarked(earlier), unmarked(later)
        assert before["system"] == after["system"]
        assert before.get("tools") == after.get("tools")
        assert after["messages"][: len(before["messages"])] == before["messages"]


def unmarked(value: Any) -> Any:
    """Without the marks for the cache, which move on."""
    return json.loads(json.dumps(value), object_hook=_without_mark)


async def _ignore(piece: Emitted | str, /) -> None:
    """Hear nothing."""


class _Told:
    """A client whose API says this of its models."""

    def __init__(self, client: AsyncAnthropic, most: object) -> None:
        self.messages = client.messages
        self.models = self
        self._most = most

    def with_options(self, **_: Any) -> Any:
        return self

    async def retrieve(self, _name: str) -> Any:
        return type("Info", (), {"max_input_tokens": self._most})


def _without_mark(found: dict[str, Any]) -> dict[str, Any]:
    found.pop("cache_control", None)
    return found


@pytest.mark.parametrize(("times", "replies"), [(1, True), (2, False)])
async def test_a_connection_that_the_server_has_closed_meanwhile_is_replaced_once(times: int, *, replies: bool) -> None:
    left = [None] * times

    def answer(_: httpx2.Request) -> httpx2.Response:
        if left:
            left.pop()
            raise httpx2.RemoteProtocolError("Server disconnected without sending a response.")
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=whole("Yes."))

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer)) as http:
        client = AsyncAnthropic(api_key="k", base_url="http://recorded", http_client=http)
        asking = AnthropicModel(MODEL, client=client).reply
        if replies:
            assert (await asking(request(), _ignore)).text == "Yes."
        else:
            with pytest.raises(ModelUnavailableError, match="cannot be reached"):
                await asking(request(), _ignore)
