"""A server of the Messages API whose answers are given beforehand."""

import json
import socket
import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from tests.gateway.chat.terminal import PATIENCE

__all__ = ["Serve", "answer", "beginning", "busy", "refusal", "whole"]

Serve: TypeAlias = Callable[..., dict[str, str]]


def answer(server: socket.socket, answers: Sequence[bytes], over: threading.Event) -> None:
    """Give each answer to one request; the last connection is left open."""
    for number, each in enumerate(answers, start=1):
        with _asked(server) as connection:
            connection.sendall(each)
            if number == len(answers):
                over.wait(2 * PATIENCE)


def _asked(server: socket.socket) -> socket.socket:
    """The next connection that asks for a reply; who asks for the window of the model is told of none."""
    while True:
        connection, _ = server.accept()
        if not connection.recv(1 << 20).startswith(b"GET"):
            return connection
        with connection:
            connection.sendall(refusal("404 Not Found", "not_found_error", "none"))


def refusal(status: str = "401 Unauthorized", kind: str = "authentication_error", said: str = "invalid key") -> bytes:
    body = json.dumps({"type": "error", "error": {"type": kind, "message": said}})
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return (f"{head}Connection: close\r\n\r\n{body}").encode()


def busy() -> bytes:
    return refusal("529 Overloaded", "overloaded_error", "Overloaded")


def beginning(text: str) -> bytes:
    """A reply that streams this much and then hangs."""
    usage = {"input_tokens": 5, "output_tokens": 1}
    message: dict[str, Any] = {
        "id": "m",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [],
        "usage": usage,
    }
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {**message, "stop_reason": None, "stop_sequence": None}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}},
    ]
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n" + _streamed(*events)


def whole(text: str) -> bytes:
    """A reply that streams this much and ends."""
    end = {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}}
    head, _, body = beginning(text).partition(b"\r\n\r\n")
    body += _streamed(
        {"type": "content_block_stop", "index": 0}, {**end, "usage": {"output_tokens": 3}}, {"type": "message_stop"}
    )
    return b"%s\r\nContent-Length: %d\r\n\r\n%s" % (head, len(body), body)


def _streamed(*events: dict[str, Any]) -> bytes:
    return "".join(f"event: {each['type']}\ndata: {json.dumps(each)}\n\n" for each in events).encode()
