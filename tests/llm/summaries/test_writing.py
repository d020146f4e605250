"""A summary of more than its model takes at once."""

from collections.abc import Callable
from itertools import pairwise

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from argentos.errors import ContextOverflowError, ModelRefusedError
from argentos.llm import Compacted, Counting, Gauge, Reply, Request, Summariser, compact
from argentos.llm.summaries.parts import part_from
from argentos.storage import Message, Snapshot
from tests.llm.summaries.telling import said

pytestmark = pytest.mark.anyio

Tell = Callable[..., Snapshot]


def _words(text: str) -> int:
    return len(text.split())


def _size(request: Request) -> int:
    """The words of a request, with those that the answer may have."""
    said = sum(_words(message.text) + 4 for message in request.messages)
    summary = _words(request.summary.text) + 4 if request.summary else 0
    return said + summary + _words(request.system) + _words(request.instruction) + (request.max_tokens or 0)


class Scribe:
    """Writes as many words as it may; takes no more than its window."""

    def __init__(self, window: int, *, tokens_a_word: float = 1.0, claims: int | None = None) -> None:
        self.requests: list[Request] = []
        self.window = window
        self.claims = claims or window
        self.tokens_a_word = tokens_a_word
        self.fails_at: int | None = None
        self.hangs_at: int | None = None

    async def ask(self, request: Request) -> Reply:
        if _size(request) * self.tokens_a_word > self.window:
            raise ContextOverflowError("too long")
        self.requests.append(request)
        if len(self.requests) == self.hangs_at:
            await anyio.sleep_forever()
        if len(self.requests) == self.fails_at:
            raise ModelRefusedError("the key is wrong")
        return Reply(f"Course of things: part {len(self.requests)} was told.")

    def summariser(self, *, is_talker: bool = True) -> Summariser:
        return Summariser(ask=self.ask, window=self.claims, ratio=1.0, is_talker=is_talker)


def _told(requests: list[Request]) -> list[str]:
    """The words of all messages that were shown, in order; a piece of one begins or ends with three dots."""
    return [word for request in requests for each in request.messages for word in each.text.split() if word != "…"]


async def _compact(snapshot: Snapshot, scribe: Scribe, window: int, *, is_talker: bool = True) -> Compacted:
    gauge = Gauge(window=window, threshold=0.85, keep_recent=0, system_tokens=2, model="m", first_ratio=1.0)
    return await compact(
        snapshot,
        scribe.summariser(is_talker=is_talker),
        gauge,
        counting=Counting(_words, 10**6),
        system="Be kind.",
        older=len(snapshot.context.messages) - 1,
        seconds=60.0,
    )


def _talk(words: int, *, of: int = 40) -> list[str]:
    count = words // of
    return [
        f"{'user' if number % 2 else 'agent'}: {' '.join(f'w{number}x{at}y' for at in range(of))}"
        for number in range(count)
    ]


@pytest.mark.parametrize("times", [2, 10])
async def test_a_context_of_many_windows_is_told_whole_part_by_part(tell: Tell, times: int) -> None:
    scribe = Scribe(1000)
    snapshot = said(tell, *_talk(1000 * times))
    compacted = await _compact(snapshot, scribe, 1000)
    replaced = snapshot.context.messages[:-1]
    assert (compacted.method, compacted.reason) == ("model", "")
    assert compacted.numbers == tuple(each.number for each in replaced)
    assert _told(scribe.requests) == [word for each in replaced for word in each.text.split()]
    assert all(_size(request) <= 1000 for request in scribe.requests)
    assert compacted.text.startswith(f"Course of things: part {len(scribe.requests)} was told.")
    assert compacted.after < 850


async def test_each_part_goes_with_the_summary_of_what_came_before_it(tell: Tell) -> None:
    scribe = Scribe(1000)
    await _compact(said(tell, *_talk(2500)), scribe, 1000)
    first, *others = scribe.requests
    assert first.summary is None
    assert len(others) > 2
    for number, (before, request) in enumerate(pairwise(scribe.requests), 1):
        assert request.summary is not None
        assert request.summary.text == f"Course of things: part {number} was told."
        assert request.summary.last == before.messages[-1].number


async def test_a_message_longer_than_the_window_is_told_in_pieces(tell: Tell) -> None:
    scribe = Scribe(600)
    text = " ".join(f"w{number}" for number in range(3000))
    compacted = await _compact(said(tell, "user: Read this.", f"agent: {text}", "user: Well?"), scribe, 600)
    assert compacted.method == "model"
    told = " ".join(_told(scribe.requests))
    assert told.replace(" ", "") == f"Read this. {text}".replace(" ", "")


async def test_an_earlier_summary_longer_than_is_carried_along_is_told_like_a_message(tell: Tell) -> None:
    scribe = Scribe(400)
    earlier = " ".join(f"fact{number}" for number in range(500))
    snapshot = said(tell, "user: Hi.", f"summary replaced=1: {earlier}", *_talk(400))
    compacted = await _compact(snapshot, scribe, 2000, is_talker=False)
    assert compacted.method == "model"
    assert scribe.requests[0].summary is None
    assert set(earlier.split()) <= set("".join(_told(scribe.requests)).replace("fact", " fact").split()) | set(
        _told(scribe.requests)
    )
    assert (compacted.first, compacted.last) == (1, snapshot.context.messages[-2].number)


async def test_a_model_that_takes_less_than_it_says_is_shown_smaller_parts(tell: Tell) -> None:
    scribe = Scribe(1000, tokens_a_word=1.6)
    snapshot = said(tell, *_talk(2000))
    compacted = await _compact(snapshot, scribe, 1000)
    assert compacted.method == "model"
    assert _told(scribe.requests) == [word for each in snapshot.context.messages[:-1] for word in each.text.split()]


async def test_a_cheaper_model_with_a_quarter_of_the_window_is_shown_texts_alone(tell: Tell) -> None:
    scribe = Scribe(500)
    snapshot = said(tell, "user: Look it up.", *_talk(1500))
    called = Message(
        "c",
        2,
        "assistant",
        "",
        snapshot.context.messages[0].at,
        20,
        blocks=(
            {"type": "thinking", "thinking": "hm", "signature": "s"},
            {"type": "tool_use", "id": "1", "name": "look", "input": {"at": "tides"}},
        ),
    )
    given = Message(
        "r",
        3,
        "user",
        "",
        called.at,
        20,
        blocks=({"type": "tool_result", "tool_use_id": "1", "content": "low at nine"}, {"type": "image", "source": {}}),
    )
    first, *rest = snapshot.context.messages
    snapshot = Snapshot(snapshot.metadata, structs.replace(snapshot.context, messages=(first, called, given, *rest)))
    compacted = await _compact(snapshot, scribe, 2000, is_talker=False)
    assert compacted.method == "model"
    assert all(not request.tools and request.system != "Be kind." for request in scribe.requests)
    assert all(not message.blocks for request in scribe.requests for message in request.messages)
    shown = [message.text for message in scribe.requests[0].messages]
    assert shown[1:3] == ['[calls look {"at": "tides"}]', "[result: low at nine]\n[image]"]
    assert all(_size(request) <= 500 for request in scribe.requests)


async def test_of_a_summary_that_fails_midway_what_was_told_is_kept_and_the_rest_quoted(tell: Tell) -> None:
    scribe = Scribe(1000)
    scribe.fails_at = 3
    compacted = await _compact(said(tell, *_talk(2500)), scribe, 1000)
    assert compacted.method == "extractive"
    assert "part 2 was told" in compacted.text
    assert compacted.reason == "the key is wrong"
    assert compacted.after < compacted.before


async def test_a_summary_that_hangs_midway_ends_in_its_time(tell: Tell) -> None:
    scribe = Scribe(1000)
    scribe.hangs_at = 2
    gauge = Gauge(window=1000, threshold=0.85, keep_recent=0, system_tokens=2, model="m", first_ratio=1.0)
    snapshot = said(tell, *_talk(2500))
    compacted = await compact(
        snapshot,
        scribe.summariser(),
        gauge,
        counting=Counting(_words, 10**6),
        system="",
        older=len(snapshot.context.messages) - 1,
        seconds=0.01,
    )
    assert compacted.method == "extractive"
    assert "compactionTimeout" in compacted.reason


async def test_a_model_too_small_for_anything_is_told_so(tell: Tell) -> None:
    compacted = await _compact(said(tell, *_talk(600)), Scribe(150), 2000, is_talker=False)
    assert compacted.method == "extractive"
    assert "too small" in compacted.reason


@given(
    texts=st.lists(st.text("ab \n", max_size=60), max_size=10),
    tokens=st.integers(1, 200),
    room=st.integers(1, 120),
)
def test_parts_have_all_of_the_messages_in_their_order(tell: Tell, texts: list[str], tokens: int, room: int) -> None:
    messages = said(tell, *[f"user {tokens}: {text}" for text in texts]).context.messages
    told, begin, offset = "", 0, 0
    for _ in range(10_000):
        part = part_from(messages, begin, offset, room)
        told += "".join(message.text for message in part.messages)
        if part.until == len(messages):
            break
        assert (part.until, part.offset) > (begin, offset)
        begin, offset = part.until, part.offset
    whole = "".join(each.text for each in messages if each.text.strip())
    assert told.replace("… ", "").replace(" …", "").replace(" ", "") == whole.replace(" ", "")
