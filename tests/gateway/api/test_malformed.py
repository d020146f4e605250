"""What cannot be taken is a problem of the client's, told in a sentence, and changes nothing."""

import pytest

from tests.gateway.api.conftest import Serving
from tests.gateway.api.serving import Served, of

pytestmark = pytest.mark.anyio

PATH = f"/api/v1/{of('maren')}/messages"
BODIES = {
    "a million lists in each other": b"[" * 10**6,
    "a million lists in a block": b'{"content":[{"type":"x","y":' + b"[" * 10**6,
    "lists three hundred deep": b'{"content":[{"type":"x","y":' + b"[" * 300 + b"]" * 300 + b"}]}",
    "a million objects in each other": b'{"a":' * 10**6,
    "a million digits": b'{"content":[{"type":"x","y":' + b"1" * 10**6 + b"}]}",
    "a fraction of a million digits": b'{"content":[{"type":"x","y":1.' + b"1" * 10**6 + b"e999}]}",
    "half a surrogate pair": b'{"content":"\\ud800"}',
    "bytes that are no UTF-8": b'{"content":"\xff\xfe"}',
    "not a number": b'{"content":[{"type":"x","y":NaN}]}',
    "an infinite number": b'{"content":[{"type":"x","y":Infinity}]}',
    "a key that stands twice": b'{"content":"one","content":"two"}',
    "a key that stands twice in a block": b'{"content":[{"type":"text","text":"one","text":"two"}]}',
    "a wrong type": b'{"content":7}',
    "a wrong type of a block": b'{"content":["text"]}',
    "an unknown field": b'{"content":"hello","role":"assistant"}',
    "no content": b'{"sender":"Maren"}',
    "nothing": b"null",
    "a list": b"[]",
    "half of it": b'{"content":"hel',
    "something behind it": b'{"content":"hello"} {}',
    "a byte order mark": b'\xef\xbb\xbf{"content":"hello"}',
    "an empty text": b'{"content":""}',
    "no blocks": b'{"content":[]}',
    "a block without a type": b'{"content":[{"text":"hello"}]}',
    "an address without a user": b'{"content":"hello","address":{"channel":"telegram"}}',
    "an address with a control character": b'{"content":"hello","address":{"channel":"a\\u0000","user":"1"}}',
}
QUERIES = (
    *("limit=0", "limit=201", "limit=x", "limit=1&limit=2", "before=-1", "nonsense=1", "session=other"),
    *("&".join(f"a{number}=1" for number in range(1000)), "limit=" + "1" * 10_000, "before=1.5"),
    *("agent=%00", "agent=%ff"),
)


async def nothing_was_made(served: Served) -> None:
    assert (await served.get("sessions"))["sessions"] == []


async def test_a_body_that_cannot_be_taken_is_refused(serving: Serving) -> None:
    async with serving() as served:
        for name, body in BODIES.items():
            answer = await served.client.post(PATH, content=body, headers={"Content-Type": "application/json"})
            problem = answer.json()
            assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json"), name
            assert (problem["status"], problem["code"]) == (400, "input_invalid"), name
            assert len(problem["detail"]) < 500, name
        await nothing_was_made(served)


async def test_a_body_that_is_not_sent_as_json_is_refused(serving: Serving) -> None:
    async with serving() as served:
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
            answer = await served.client.post(PATH, content=b'{"content":"hello"}', headers={"Content-Type": kind})
            assert (answer.status_code, answer.json()["code"]) == (415, "media_type_unsupported")
        await nothing_was_made(served)


async def test_a_query_that_cannot_be_taken_is_refused(serving: Serving) -> None:
    async with serving() as served:
        await served.post("sessions", {"id": "maren"}, 201)
        for query in QUERIES:
            answer = await served.client.get(f"{PATH}?{query}")
            assert (answer.status_code, answer.json()["code"]) == (400, "input_invalid"), query[:20]


async def test_a_message_larger_than_the_window_is_too_large(serving: Serving) -> None:
    async with serving() as served:
        answer = await served.post(f"{of('maren')}/messages", {"content": "word " * 400_000}, 413)
        assert answer["code"] == "message_too_large"
        await nothing_was_made(served)


async def test_a_name_of_a_message_that_cannot_be_used_is_refused(serving: Serving) -> None:
    async with serving() as served:
        for name in ("a" * 600, ""):
            refused = await served.post(f"{of('maren')}/messages", {"content": "hello"}, 400, idempotency_key=name)
            assert refused["code"] == "input_invalid"
        await nothing_was_made(served)
