"""Attacks by what is sent: bodies and heads that are too large, too slow or no JSON, messages that unpack to more."""

import http.client
import json
import socket
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Final

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.gateway.server.serving import Served, comes_true, serving

MESSAGES: Final = "/api/v1/sessions/big/messages"
MIB: Final = 1024**2
MEMORY: Final = 40 * MIB  # that a refused body may cost, beside what is done otherwise


def written(served: Served, head: str, *parts: bytes, pause: float = 0.0) -> bytes:
    """What comes back over a connection on which this is written, until its end."""
    with served.connect() as connection:
        connection.settimeout(30)
        try:
            connection.sendall(head.replace("\n", "\r\n").encode())
            for part in parts:
                connection.sendall(part)
                time.sleep(pause)
        except OSError:
            pass  # it does not listen any more
        answer = b""
        try:
            while data := connection.recv(65_536):
                answer += data
        except ConnectionResetError:
            pass
        return answer


def head(served: Served, *lines: str) -> str:
    return "\n".join(
        [
            f"POST {MESSAGES} HTTP/1.1",
            "Host: localhost",
            f"Authorization: Bearer {served.token}",
            "Content-Type: application/json",
            *lines,
            "",
            "",
        ]
    )


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A gateway with limits that are met soon."""
    state = tmp_path_factory.mktemp("small") / "state"
    state.mkdir()
    limits = {"bodyBytes": "1M", "bodiesBytes": "4M", "bodyTimeout": "2s", "connections": 50}
    (state / "argent.json").write_text(json.dumps({"gateway": {"limits": limits}}))
    with serving(state) as served:
        yield served


def test_22_a_body_over_the_limit_is_refused_by_its_length_and_read_by_nobody(small: Served) -> None:
    before = small.memory
    answer = written(small, head(small, f"Content-Length: {10 * 1024**3}"), *[b"x" * MIB] * 50)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"code":"body_too_large"' in answer
    assert small.memory - before < MEMORY


def test_22_a_body_without_an_end_is_refused_where_the_limit_is_met(small: Served) -> None:
    before = small.memory
    chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
    answer = written(small, head(small, "Transfer-Encoding: chunked"), *[chunk] * 1000)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert small.memory - before < MEMORY


def test_22_a_body_that_comes_slowly_is_refused_in_time(small: Served) -> None:
    begun = time.monotonic()
    answer = written(small, head(small, "Content-Length: 100000"), *[b"x"] * 40, pause=0.1)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - begun < 8


def test_22_somebody_without_a_token_is_refused_before_the_body(small: Served) -> None:
    before = small.memory
    asked = head(small, "Content-Length: 100000000").replace(small.token, "nothing")
    assert written(small, asked, *[b"x" * MIB] * 20).startswith(b"HTTP/1.1 401 ")
    assert small.memory - before < MEMORY


def test_22_many_bodies_at_once_have_a_limit_together(small: Served) -> None:
    before = small.memory
    opened = [http.client.HTTPConnection("127.0.0.1", small.port, timeout=30) for _ in range(30)]
    try:
        for each in opened:
            each.putrequest("POST", MESSAGES)
            for name, value in (("Authorization", f"Bearer {small.token}"), ("Content-Length", str(MIB))):
                each.putheader(name, value)
            each.endheaders()
            each.send(b"x" * (MIB - 1))
        for _ in range(30):  # in which it has read what came
            assert small.ask("GET", "/healthz", token=None).status == 200
            assert small.memory - before < MEMORY
    finally:
        for each in opened:
            each.close()
    assert small.ask("POST", MESSAGES, {"content": "Hello?"}).status == 200


@pytest.mark.parametrize(
    ("lines", "after"),
    [
        (["X: " + "x" * 10_000] * 100, b""),
        ([f"X-{number}: x" for number in range(20_000)], b""),
        (["X: "], b"x" * 10**7),
    ],
    ids=["long headers", "many headers", "a header without an end"],
)
def test_22_a_head_without_an_end_is_cut_off(small: Served, lines: list[str], after: bytes) -> None:
    before = small.memory
    started = head(small, *lines).removesuffix("\n\n") if after else head(small, *lines)
    assert not written(small, started, *[after] * 20).startswith(b"HTTP/1.1 200")
    assert small.memory - before < MEMORY


def test_22_trailers_without_an_end_are_cut_off(small: Served) -> None:
    before = small.memory
    trailers = b"".join(b"X-%d: %s\r\n" % (number, b"x" * 1000) for number in range(1000))
    answer = written(small, head(small, "Transfer-Encoding: chunked"), b"2\r\n{}\r\n0\r\n", *[trailers] * 50)
    assert not answer.startswith(b"HTTP/1.1 200")
    assert small.memory - before < MEMORY


def test_22_connections_that_say_nothing_are_ended_and_no_more_are_taken_than_there_may_be(small: Served) -> None:
    silent = [small.connect() for _ in range(60)]
    try:
        assert comes_true(lambda: sum(map(_is_refused, silent)) >= 5)
        assert sum(map(_is_refused, silent)) <= 15
        assert small.descriptors < 120
    finally:
        for each in silent:
            each.close()
    assert comes_true(lambda: small.ask("GET", "/healthz", token=None).status == 200)


def _is_refused(connection: socket.socket) -> bool:
    connection.settimeout(0.01)
    try:
        return connection.recv(100, socket.MSG_PEEK).startswith(b"HTTP/1.1 503")
    except TimeoutError:
        return False


NESTED: Final = {
    "lists": b'{"content":' + b"[" * 10**6 + b"]" * 10**6 + b"}",
    "objects": b'{"content":' + b'{"a":' * 10**6 + b"1" + b"}" * 10**6 + b"}",
    "digits": b'{"content":' + b"9" * 10**6 + b"}",
    "an unfinished list": b"[" * 10**6,
    "an exponent": b'{"content":1e' + b"9" * 10**6 + b"}",
}


@pytest.mark.parametrize("kind", NESTED)
def test_23_what_is_nested_or_long_beyond_sense_is_refused(served: Served, kind: str) -> None:
    answer = served.ask("POST", MESSAGES, NESTED[kind])
    assert (answer.status, answer.code) == (400, "input_invalid")


NO_TEXT: Final = {
    "half a pair": b'{"content":"\\ud800"}',
    "the other half": b'{"content":"a\\udc00b"}',
    "half a pair as bytes": b'{"content":"\xed\xa0\x80"}',
    "no UTF-8": b'{"content":"\xff"}',
    "UTF-16": '{"content":"Hello"}'.encode("utf-16"),
    "NaN": b'{"content":NaN}',
    "infinity": b'{"content":[{"type":"text","text":"x","at":Infinity}]}',
    "a null character": b'{"content":"a\x00b"}',
    "nothing": b"",
    "two documents": b'{"content":"a"}{"content":"b"}',
    "a twin at the top": b'{"content":"a","content":"b"}',
    "a twin below": b'{"content":[{"type":"text","text":"a","text":"b"}]}',
}


@pytest.mark.parametrize("kind", NO_TEXT)
def test_24_and_25_what_is_no_text_no_number_or_stands_twice_is_refused(served: Served, kind: str) -> None:
    answer = served.ask("POST", MESSAGES, NO_TEXT[kind])
    assert (answer.status, answer.code) == (400, "input_invalid")
    assert served.ask("GET", "/api/v1/sessions/big").status == 404


@pytest.mark.parametrize(
    "path", ["?text=%ff", "?text=%ed%a0%80", "?limit=1&limit=2", "?limit=NaN", "?limit=" + "9" * 5000]
)
def test_24_and_25_of_the_query_too(served: Served, path: str) -> None:
    answer = served.ask("GET", f"/api/v1/sessions{path}")
    assert (answer.status, answer.code) == (400, "input_invalid")


def test_24_of_the_headers_too(served: Served) -> None:
    answer = served.ask("POST", MESSAGES, {"content": "Hello"}, headers={"Idempotency-Key": "\xff\xfe"})
    assert (answer.status, answer.code) == (400, "input_invalid")


# Messages over WebSocket -----------------------------------------------------------------------------------------


def closing_code(opened: ClientConnection, message: str | Iterable[str]) -> int:
    """The code with which a WebSocket is closed on which this is sent."""
    with suppress(ConnectionClosed):
        opened.send(message)
    with pytest.raises(ConnectionClosed) as closed:
        opened.recv(timeout=20)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code


def test_29_a_message_that_unpacks_to_more_than_it_may_closes_its_socket(served: Served) -> None:
    before = served.memory
    url, shown = f"ws://127.0.0.1:{served.port}/api/v1/events", {"Authorization": f"Bearer {served.token}"}
    with connect(url, additional_headers=shown, compression="deflate") as opened:
        assert closing_code(opened, "x" * 64 * MIB) == 1009  # some sixty kilobytes on their way
    assert served.memory - before < MEMORY
    assert len(zlib.compress(b"x" * 64 * MIB)) < 100_000


def test_29_so_does_one_in_many_pieces(served: Served) -> None:
    url, shown = f"ws://127.0.0.1:{served.port}/api/v1/events", {"Authorization": f"Bearer {served.token}"}
    with connect(url, additional_headers=shown, compression=None) as opened:
        assert closing_code(opened, ("x" * 1000 for _ in range(66))) == 1009
