"""Recorded answers of the Messages API, and a server that gives them over HTTP."""

import json
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

__all__ = ["MODEL", "Recorded", "block", "end", "event", "serving", "start", "text", "whole"]

MODEL: Final = "claude-test"


def event(kind: str, **content: Any) -> bytes:
    """An event of a stream."""
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **content})}\n\n".encode()


def start(**usage: Any) -> bytes:
    """The event with which a reply begins."""
    message: dict[str, Any] = {"id": "msg_1", "type": "message", "role": "assistant", "content": [], "model": MODEL}
    usage = usage or {"input_tokens": 12, "output_tokens": 1}
    return event("message_start", message={**message, "stop_reason": None, "stop_sequence": None, "usage": usage})


def block(index: int, begun: Mapping[str, Any], *deltas: Mapping[str, Any]) -> bytes:
    """The events of a content block."""
    streamed = b"".join(event("content_block_delta", index=index, delta=delta) for delta in deltas)
    return event("content_block_start", index=index, content_block=begun) + streamed + end_of(index)


def end_of(index: int) -> bytes:
    """The event with which a content block ends."""
    return event("content_block_stop", index=index)


def text(said: str, index: int = 0) -> bytes:
    """A block of text."""
    return block(index, {"type": "text", "text": ""}, {"type": "text_delta", "text": said})


def end(reason: str | None = "end_turn", **usage: Any) -> bytes:
    """The events with which a reply ends."""
    delta = {"stop_reason": reason, "stop_sequence": None}
    return event("message_delta", delta=delta, usage=usage or {"output_tokens": 7}) + event("message_stop")


def whole(said: str, reason: str | None = "end_turn") -> bytes:
    """A reply of one block of text."""
    return start() + text(said) + end(reason)


class Recorded:
    """An answer.

    Args:
        body: of it.
        status: of HTTP.
        headers: beside the usual ones.
        breaks: it is shorter than it says, and the connection ends.
        stalls: nothing comes behind it, and the connection stays.
    """

    def __init__(
        self,
        body: bytes,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        *,
        breaks: bool = False,
        stalls: bool = False,
    ) -> None:
        kind = "text/event-stream" if status == 200 else "application/json"
        self.body = body
        self.status = status
        self.headers = {"content-type": kind, **(headers or {})}
        self.length = len(body) + (breaks or stalls)
        self.stalls = stalls


@contextmanager
def serving(*answers: bytes | Recorded) -> Generator[tuple[str, list[dict[str, Any]]]]:
    """Serve these answers, the last again and again; gives the address, and the bodies of the requests."""
    given = [each if isinstance(each, Recorded) else Recorded(each) for each in answers]
    received: list[dict[str, Any]] = []
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(Recorded(b'{"type":"error","error":{"type":"not_found_error","message":"none"}}', 404))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            received.append({**body, "path": self.path, "headers": dict(self.headers.items())})
            self._answer(given[min(len(received), len(given)) - 1])

        def _answer(self, answer: Recorded) -> None:
            self.send_response_only(answer.status)
            for name, value in {**answer.headers, "content-length": str(answer.length), "connection": "close"}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)
            self.wfile.flush()
            if answer.stalls:
                over.wait(20)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", received
        finally:
            over.set()
            server.shutdown()
            thread.join()


def bodies(received: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The requests as the API takes them."""
    return [{name: value for name, value in each.items() if name not in {"path", "headers"}} for each in received]
