import gc
import itertools
import json
import os
import socket
import threading
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from typing import Any, Final, TypeAlias

import anyio
import anyio.to_thread
import httpx2
import pytest
from msgspec import structs

from argentos.errors import (
    ContextOverflowError,
    ModelRefusedError,
    ModelUnavailableError,
    ReplyInterruptedError,
)
from argentos.llm import AnthropicModel, Emitted, Reply, Request, TextDelta
from argentos.storage import Message, Role, Summary, Usage

pytestmark = [
    pytest.mark.anyio,
    # The SDK leaves the generators of a broken stream to the garbage collector, of which trio warns.
    pytest.mark.filterwarnings("ignore:Exception ignored in. <async_generator:pytest.PytestUnraisableExceptionWarning"),
]

AT: Final = datetime(2026, 5, 8, 7, 0, tzinfo=UTC)
MODEL: Final = "claude-test"


@pytest.fixture(scope="module", autouse=True)
def quick_collections() -> Generator[None]:
    """Keep collections from looking at what was there before, and at the many types of the SDK, after each test."""
    import_module("anthropic")
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def nothing_is_left_open() -> Generator[None]:
    """What a test forgot to close is found in that very test, and not in a later one."""
    yield
    gc.collect()


# llmock, a server of the Messages API that others wrote ----------------------------------------------------------


Behave: TypeAlias = Callable[..., AnthropicModel]
Received: TypeAlias = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def llmock(llmock_url: str, control: httpx2.Client) -> Behave:
    """A model on a server that has forgotten all, and behaves as it is told."""
    control.post("/reset").raise_for_status()

    def behave(*behaviors: dict[str, Any], **options: Any) -> AnthropicModel:
        if behaviors:
            control.post("/scenario", json={"behaviors": behaviors}).raise_for_status()
        return _model(f"{llmock_url}/anthropic", **options)

    return behave


@pytest.fixture
def received(control: httpx2.Client) -> Received:
    """The bodies of the requests that the server has received."""
    return lambda: [request["body"] for request in control.get("/requests").json()["requests"]]


def _says(text: str) -> dict[str, Any]:
    return {"type": "reply", "text": text}


@pytest.mark.server
async def test_a_reply_streams_in_pieces_that_join_to_it(llmock: Behave) -> None:
    *pieces, reply = await _stream(llmock(_says("Yes, of course — 漢字\n\nand more.")))
    assert len(pieces) > 3
    assert isinstance(reply, Reply)
    assert "".join(map(str, pieces)) == reply.text == "Yes, of course — 漢字\n\nand more."


@pytest.mark.server
async def test_the_usage_of_a_reply_is_reported(llmock: Behave) -> None:
    usage = (await _reply(llmock(_says("Yes.")))).usage
    assert usage is not None
    assert (usage.model, usage.input > 0, usage.output > 0) == (MODEL, True, True)


@pytest.mark.server
async def test_one_model_answers_again_and_again(llmock: Behave) -> None:
    model = llmock(_says("one"), _says("two"))
    assert [(await _reply(model)).text for _ in range(2)] == ["one", "two"]


@pytest.mark.server
@pytest.mark.parametrize("status", [429, 500, 529])
async def test_a_server_that_cannot_answer_now_is_unavailable(llmock: Behave, status: int) -> None:
    with pytest.raises(ModelUnavailableError, match=f"HTTP {status}: "):
        await _stream(llmock({"type": "fail", "status": status}))


@pytest.mark.server
@pytest.mark.parametrize("status", [400, 401, 404])
async def test_a_request_that_will_never_be_answered_is_refused(llmock: Behave, status: int) -> None:
    with pytest.raises(ModelRefusedError, match=f"HTTP {status}: "):
        await _stream(llmock({"type": "fail", "status": status}))


@pytest.mark.server
@pytest.mark.parametrize(
    "failure",
    [
        {"status": 413},
        {"status": 400, "message": "prompt is too long: 210000 tokens > 200000 maximum"},
        {"status": 400, "message": "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000"},
        {"status": 400, "message": "the request exceeds the available context size"},
    ],
)
async def test_a_request_that_is_larger_than_the_window_overflows(llmock: Behave, failure: dict[str, Any]) -> None:
    with pytest.raises(ContextOverflowError):
        await _stream(llmock({"type": "fail", **failure}))


@pytest.mark.server
async def test_a_request_is_tried_again_as_often_as_it_may_be(llmock: Behave) -> None:
    overloaded = {"type": "fail", "status": 529, "retry_after": 0.01, "times": 2}
    assert (await _reply(llmock(overloaded, _says("Yes."), max_retries=2))).text == "Yes."
    with pytest.raises(ModelUnavailableError):
        await _stream(llmock(overloaded, max_retries=1))


@pytest.mark.server
@pytest.mark.parametrize("chunks", [0, 5])
@pytest.mark.parametrize("kind", ["disconnect", "truncate", "malformed", "stall"])
async def test_a_reply_that_breaks_off_is_no_reply(llmock: Behave, kind: str, chunks: int) -> None:
    fault = {"type": "stream_fault", "kind": kind, "after_chunks": chunks, "stall_seconds": 2}
    pieces: list[str | Reply] = []
    with pytest.raises(ReplyInterruptedError, match="ask again"):
        await _stream(llmock(_says("one two three four five"), fault, timeout=0.1), into=pieces)
    assert "one two three four five ".startswith("".join(map(str, pieces)))


@pytest.mark.server
async def test_a_stream_that_is_left_early_is_closed(llmock: Behave) -> None:
    class LeftError(Exception):
        pass

    async def leave(piece: Emitted | str, /) -> None:
        if isinstance(piece, TextDelta) and piece.text:
            raise LeftError(piece.text)

    with pytest.raises(LeftError, match="one "):
        await llmock(_says("one two three")).reply(REQUEST, leave)


@pytest.mark.server
async def test_a_stalled_reply_can_be_cancelled(llmock: Behave) -> None:
    fault = {"type": "stream_fault", "kind": "stall", "after_chunks": 4, "stall_seconds": 2}
    model = llmock(_says("one two three"), fault)
    pieces: list[str] = []

    async def emit(piece: Emitted | str, /) -> None:
        if isinstance(piece, TextDelta) and piece.text:
            pieces.append(piece.text)
            scope.cancel()

    with anyio.CancelScope() as scope:
        await model.reply(REQUEST, emit)
    assert scope.cancelled_caught
    assert pieces == ["one "]


@pytest.mark.server
async def test_a_request_begins_with_the_summary_and_ends_with_the_instruction(
    llmock: Behave, received: Received
) -> None:
    summary = Summary("They met.", 1, 8, 3, "model", AT, 0, 0)
    request = _request("user: Hi", "assistant: Hello", "user: So?", summary=summary, instruction="Summarise.")
    await _stream(llmock(), request)
    (body,) = received()
    assert [part["text"] for part in body["system"]] == ["Be kind."]
    first, *others = _sent(body)
    assert first[0] == "user"
    assert first[1].startswith("[Summary of messages 1–8")
    assert first[1].endswith("]\nThey met.")
    assert others == [("user", "Hi"), ("assistant", "Hello"), ("user", "So?"), ("user", "Summarise.")]


@pytest.mark.server
async def test_a_conversation_that_the_agent_began_is_sent_with_the_user_first(
    llmock: Behave, received: Received
) -> None:
    await _stream(llmock(), _request("assistant: Good morning", "user: Hi"))
    (body,) = received()
    assert [role for role, _ in _sent(body)] == ["user", "assistant", "user"]


@pytest.mark.server
async def test_what_was_sent_is_sent_again_unchanged_before_what_is_new(llmock: Behave, received: Received) -> None:
    said = ["user: Hi", "assistant: Hello", "user: So?", "assistant: Well", "user: And?"]
    for count in (1, 3, 5):
        await _stream(llmock(), _request(*said[:count]))
    await _stream(llmock(), _request(*said, instruction="Summarise."))
    bodies = received()
    assert len({json.dumps(body["system"]) for body in bodies}) == 1
    for earlier, later in itertools.pairwise(bodies):
        assert _sent(later)[: len(_sent(earlier))] == _sent(earlier)
        assert len(_sent(later)) > len(_sent(earlier))


@pytest.mark.server
async def test_no_more_than_four_parts_are_marked_for_the_cache(llmock: Behave, received: Received) -> None:
    summary = Summary("They met.", 1, 8, 3, "model", AT, 0, 0)
    said = ["user: Hi", "assistant: Hello", "user: So?", "assistant: Well", "user: And?"]
    await _stream(llmock(), structs.replace(_request(*said, summary=summary), tools=(TOOL,)))
    (body,) = received()
    assert [json.dumps(body[part]).count("cache_control") for part in ("tools", "system", "messages")] == [0, 1, 3]
    marked = [index for index, each in enumerate(body["messages"]) if "cache_control" in json.dumps(each)]
    assert marked == [0, 3, 5]  # the summary, the end of the request before, the end of this one


@pytest.mark.server
@pytest.mark.parametrize(("asked", "sent"), [(None, 500), (100, 100), (900, 500)])
async def test_a_reply_is_no_longer_than_request_and_model_allow(
    llmock: Behave, received: Received, asked: int | None, sent: int
) -> None:
    await _stream(llmock(max_tokens=500), structs.replace(REQUEST, max_tokens=asked))
    assert received()[0]["max_tokens"] == sent


# Streams that llmock does not give, from a server of the test's own ----------------------------------------------


def _event(kind: str, **content: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **content})}\n\n".encode()


USAGE: Final = {
    "input_tokens": 5,
    "cache_creation_input_tokens": 30,
    "cache_read_input_tokens": 200,
    "output_tokens": 1,
}
START: Final = _event(
    "message_start",
    message={
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "content": [],
        "model": MODEL,
        "stop_reason": None,
        "stop_sequence": None,
        "usage": USAGE,
    },
)
THOUGHT: Final = _event("content_block_delta", index=0, delta={"type": "thinking_delta", "thinking": "Hm."})
TEXT: Final = _event("content_block_delta", index=1, delta={"type": "text_delta", "text": "Yes."})
END: Final = _event(
    "message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None}, usage={"output_tokens": 7}
) + _event("message_stop")


async def test_the_cached_part_of_a_request_counts_as_input() -> None:
    with _serving(START + TEXT + END) as url:
        assert await _reply(_model(url)) == Reply("Yes.", Usage(MODEL, 235, 7, 200, 30))


async def test_what_the_model_thinks_is_no_part_of_its_reply() -> None:
    with _serving(START + THOUGHT + TEXT + END) as url:
        assert [str(piece) for piece in (await _stream(_model(url)))[:-1]] == ["Yes."]


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(b"", id="nothing more"),
        pytest.param(_event("error", error={"type": "overloaded_error", "message": "Overloaded"}), id="an error"),
        pytest.param(b"event: error\ndata: oops\n\n", id="an error that is no JSON"),
        pytest.param(b"<html>502 Bad Gateway</html>", id="a page"),
        pytest.param(b'event: content_block_delta\ndata: {"delta": "\xff"}\n\n', id="bytes that are no text"),
        pytest.param(b"event: message_delta\ndata: 5\n\n", id="a number"),
        pytest.param(b"event: message_delta\ndata: null\n\n", id="null"),
        pytest.param(_event("message_start"), id="a start without its message"),
        pytest.param(_event("content_block_delta"), id="a delta without its delta"),
    ],
)
async def test_a_stream_with_nonsense_in_it_is_an_interrupted_reply(broken: bytes) -> None:
    pieces: list[str | Reply] = []
    with _serving(START + TEXT + broken) as url, pytest.raises(ReplyInterruptedError):
        await _stream(_model(url), into=pieces)
    assert pieces == ["Yes."]


def _start(usage: object) -> bytes:
    return START.replace(json.dumps(USAGE).encode(), json.dumps(usage).encode())


def _end(usage: object) -> bytes:
    delta = {"stop_reason": "end_turn", "stop_sequence": None}
    return _event("message_delta", delta=delta, usage=usage) + _event("message_stop")


@pytest.mark.parametrize(
    ("start", "end", "usage"),
    [
        pytest.param(None, None, None, id="null"),
        pytest.param({}, {}, None, id="nothing in it"),
        pytest.param({"input_tokens": 0, "output_tokens": 0}, {"output_tokens": 0}, None, id="zeros"),
        pytest.param({"input_tokens": "5"}, {"output_tokens": "7"}, None, id="texts"),
        pytest.param({"input_tokens": -5}, {"output_tokens": 7}, None, id="less than nothing"),
        pytest.param({"input_tokens": 5}, None, Usage(MODEL, 5, 0), id="only at the start"),
        pytest.param(
            {"input_tokens": 0}, {"input_tokens": 90, "output_tokens": 7}, Usage(MODEL, 90, 7), id="only at the end"
        ),
    ],
)
async def test_a_server_that_reports_no_usage_can_be_used(start: object, end: object, usage: Usage | None) -> None:
    with _serving(_start(start) + TEXT + _end(end)) as url:
        assert await _reply(_model(url)) == Reply("Yes.", usage)


async def test_a_server_whose_events_have_no_usage_at_all_can_be_used() -> None:
    start = START.replace(f', "usage": {json.dumps(USAGE)}'.encode(), b"")
    end = _event("message_delta", delta={"stop_reason": "end_turn"})
    with _serving(start + TEXT + end) as url:
        assert await _reply(_model(url)) == Reply("Yes.", None)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"),
        ("invalid_request_error", "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000"),
        ("invalid_request_error", "Input is too long for requested model."),
        ("invalid_request_error", "This model's maximum context length is 4096 tokens. However, you requested 5000."),
        ("invalid_request_error", "The input token count (9000) exceeds the maximum number of tokens allowed (8192)."),
        ("exceed_context_size_error", "the request exceeds the available context size, try increasing it"),
        ("exceed_context_size_error", "too much"),
    ],
)
async def test_an_overflow_is_known_by_its_type_or_by_what_providers_say(kind: str, said: str) -> None:
    with _refusing(400, kind, said) as url, pytest.raises(ContextOverflowError, match="larger than the model's window"):
        await _stream(_model(url))


@pytest.mark.parametrize(
    "said",
    [
        "context_management: Extra inputs are not permitted",
        "messages.0.content.0.image.source: image exceeds 5 MB maximum",
        "max_tokens: 100000 exceeds the maximum of 8192 output tokens",
        "tools.0.name: string too long; it should have at most 64 characters",
        "temperature: value too large",
        "Your account exceeds its credit; see the context of your plan",
    ],
)
async def test_a_bad_request_that_only_speaks_of_context_or_of_exceeding_is_no_overflow(said: str) -> None:
    with _refusing(400, "invalid_request_error", said) as url, pytest.raises(ModelRefusedError, match="HTTP 400"):
        await _stream(_model(url))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "30"}, 30.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "30"}, 0.25),
        ({"retry-after": "Fri, 08 May 2026 07:00:45 GMT", "date": "Fri, 08 May 2026 07:00:00 GMT"}, 45.0),
        ({"retry-after": "Fri, 08 May 2026 06:00:00 GMT", "date": "Fri, 08 May 2026 07:00:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
    ],
)
@pytest.mark.parametrize("status", [429, 503, 529])
async def test_an_unavailable_model_tells_when_it_wants_to_be_asked_again(
    status: int, headers: dict[str, str], seconds: float | None
) -> None:
    with _refusing(status, "overloaded_error", "Overloaded", headers) as url:
        with pytest.raises(ModelUnavailableError) as raised:
            await _stream(_model(url))
        assert raised.value.is_transient
        assert raised.value.retry_after == seconds


async def test_a_server_is_asked_once_for_who_tries_again_is_somebody_else() -> None:
    asked: list[None] = []
    with _refusing(529, "overloaded_error", "Overloaded", {"retry-after-ms": "1"}, asked) as url:
        for request in (REQUEST, _request("user: Hi", instruction="Summarise.")):
            asked.clear()
            with pytest.raises(ModelUnavailableError):
                await _stream(AnthropicModel(MODEL, api_key="sk-test", base_url=url), request)
            assert len(asked) == 1


@pytest.mark.parametrize(
    ("kind", "is_transient"), [("overloaded_error", True), ("api_error", True), ("invalid_request_error", False)]
)
async def test_an_error_in_a_stream_tells_whether_it_may_pass(kind: str, *, is_transient: bool) -> None:
    error = _event("error", error={"type": kind, "message": "said"})
    with _serving(START + TEXT + error) as url, pytest.raises(ReplyInterruptedError) as raised:
        await _stream(_model(url))
    assert raised.value.is_transient == is_transient


@pytest.mark.parametrize(
    ("reason", "mark"),
    [
        ("end_turn", None),
        ("stop_sequence", None),
        ("max_tokens", "max_tokens"),
        ("refusal", "refusal"),
        ("pause_turn", "pause_turn"),
        ("tool_use", "tool_use"),
        ("model_context_window_exceeded", "model_context_window_exceeded"),
        ("something_new", "something_new"),
    ],
)
async def test_a_reply_that_ended_before_its_end_says_why(reason: str, mark: str | None) -> None:
    with _serving(START + TEXT + END.replace(b"end_turn", reason.encode())) as url:
        assert (await _reply(_model(url))).stop_reason == mark


async def test_closing_a_model_closes_its_connections() -> None:
    hung_up = threading.Event()
    with _serving(START + TEXT + END, hung_up) as url:
        model = _model(url)
        await _stream(model)
        close: Callable[[], Awaitable[None]] | None = getattr(model, "aclose", None)
        assert close is not None, "AnthropicModel has no aclose(): its connections stay open"
        await close()
        assert await anyio.to_thread.run_sync(hung_up.wait, 5)


# No server ------------------------------------------------------------------------------------------------------


@pytest.fixture
def nowhere() -> Generator[str]:
    """An address where nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


@pytest.fixture
def without_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("ANTHROPIC_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))


async def test_a_server_that_nobody_runs_is_unavailable(nowhere: str) -> None:
    with pytest.raises(ModelUnavailableError, match="cannot be reached"):
        await _stream(_model(nowhere))


@pytest.mark.usefixtures("without_key")
async def test_without_a_key_a_request_is_refused(nowhere: str) -> None:
    with pytest.raises(ModelRefusedError, match="api_key"):
        await _stream(AnthropicModel(base_url=nowhere, max_retries=0))


@pytest.mark.parametrize("key", ["", "sk-key\n"])
async def test_with_a_key_that_cannot_be_sent_a_request_is_refused(key: str) -> None:
    with _serving(START + TEXT + END) as url, pytest.raises(ModelRefusedError):
        await _stream(_model(url, api_key=key))


@pytest.mark.parametrize("url", ["localhost", "http://localhost:port", "http://[::1"])
async def test_with_an_address_that_is_none_a_request_is_refused(url: str) -> None:
    with pytest.raises(ModelRefusedError):
        await _stream(_model(url))


@pytest.mark.usefixtures("without_key")
def test_the_models_name_is_the_one_given_else_that_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    by_default = AnthropicModel().name
    monkeypatch.setenv("ANTHROPIC_MODEL", "claude-b")
    assert (AnthropicModel("claude-a").name, AnthropicModel().name) == ("claude-a", "claude-b")
    assert by_default.startswith("claude-")


# Helpers ---------------------------------------------------------------------------------------------------------


def _model(url: str, **options: Any) -> AnthropicModel:
    settings: dict[str, Any] = {"api_key": "sk-test", "max_retries": 0, **options}
    return AnthropicModel(MODEL, base_url=url, **settings)


def _request(*said: str, summary: Summary | None = None, instruction: str = "") -> Request:
    messages = tuple(_message(number, each) for number, each in enumerate(said, start=1))
    return Request(
        session="s", system="Be kind.", summary=summary, messages=messages, instruction=instruction, window=1000
    )


def _message(number: int, said: str) -> Message:
    who, text = said.split(": ")
    role: Role = "user" if who == "user" else "assistant"
    return Message(f"m-{number}", number, role, text, AT, 4)


REQUEST: Final = _request("user: Hi")
TOOL: Final = {"name": "weather", "description": "Tell the weather.", "input_schema": {"type": "object"}}


async def _stream(
    model: AnthropicModel, request: Request = REQUEST, *, into: list[str | Reply] | None = None
) -> list[str | Reply]:
    pieces = [] if into is None else into

    async def emit(piece: Emitted | str, /) -> None:
        if isinstance(piece, TextDelta) and piece.text:  # an empty one is but a sign of life
            pieces.append(piece.text)

    reply = await model.reply(request, emit)
    return [*pieces, reply]


async def _reply(model: AnthropicModel) -> Reply:
    reply = (await _stream(model))[-1]
    assert isinstance(reply, Reply)
    return reply


def _sent(body: dict[str, Any]) -> list[tuple[str, str]]:
    """The messages of a request without their marks for the cache, which move on."""
    return [
        (message["role"], content if isinstance(content := message["content"], str) else content[0]["text"])
        for message in body["messages"]
    ]


@contextmanager
def _refusing(
    status: int, kind: str, said: str, headers: Mapping[str, str] | None = None, asked: list[None] | None = None
) -> Generator[str]:
    """A server that answers with an error of the API, and notes whenever it does."""
    body = json.dumps({"type": "error", "error": {"type": kind, "message": said}}).encode()
    with _serving(
        body, status=status, headers={"content-type": "application/json", **(headers or {})}, asked=asked
    ) as url:
        yield url


@contextmanager
def _serving(
    stream: bytes,
    hung_up: threading.Event | None = None,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    asked: list[None] | None = None,
) -> Generator[str]:
    """A server that answers with this stream, on connections that it leaves open if it is to see who hangs up."""
    head = {"content-type": "text/event-stream", **(headers or {})}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            if asked is not None:
                asked.append(None)
            self.send_response_only(status)
            for name, value in head.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(stream)))
            self.send_header("connection", "keep-alive" if hung_up else "close")
            self.end_headers()
            self.wfile.write(stream)

        def finish(self) -> None:
            super().finish()
            if hung_up:
                hung_up.set()

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
