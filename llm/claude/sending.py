"""Large requests, as those with pictures and documents: encoded in a thread, and sent in pieces.

The SDK encodes a request in the event loop, which nobody else has meanwhile: a third of a second for 31 MB. It has its
own way for a body that is given as bytes, and takes that here. The clients of clouds change the body before it is
sent: theirs goes the SDK's way.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, Final, cast

import msgspec

from argentos.concurrency.threads import in_thread
from argentos.storage.attachments.sources import sources_in

__all__ = ["count_sent", "create_sent", "is_large"]

_LARGE: Final = 1 << 20  # characters of base64, which are encoded in some milliseconds
_PIECE: Final = 1 << 18  # bytes
_BLOCKS: Final = 5
"""The depth at which the blocks of messages stand: a block is encoded at once."""


def is_large(client: object, arguments: Mapping[str, Any]) -> bool:
    """A request is so large that it is to be sent in pieces, and the client's body may be given as bytes."""
    from anthropic import AsyncAnthropic  # noqa: PLC0415

    if type(client) is not AsyncAnthropic:
        return False
    return (
        sum(_length(source) for message in arguments["messages"] for source in sources_in(message["content"])) > _LARGE
    )


def _length(source: Mapping[str, object]) -> int:
    data = source.get("data")
    return len(data) if isinstance(data, str) else 0


async def create_sent(client: Any, arguments: Mapping[str, Any]) -> Any:
    """The stream of a reply; see `AsyncMessages.create`."""
    from anthropic import AsyncStream  # noqa: PLC0415
    from anthropic.types import Message, RawMessageStreamEvent  # noqa: PLC0415

    stream_of = AsyncStream[RawMessageStreamEvent]
    post = partial(client.post, "/v1/messages", cast_to=Message, stream=True, stream_cls=stream_of)
    return await _sent(post, {**arguments, "stream": True})


async def count_sent(client: Any, arguments: Mapping[str, Any]) -> Any:
    """The tokens of a request; see `AsyncMessages.count_tokens`."""
    from anthropic.types import MessageTokensCount  # noqa: PLC0415

    return await _sent(partial(client.post, "/v1/messages/count_tokens", cast_to=MessageTokensCount), arguments)


async def _sent(post: Any, arguments: Mapping[str, Any]) -> Any:
    own = {name: value for name, value in arguments.items() if name not in {"extra_headers", "extra_body"}}
    body = await in_thread(partial(_Body, {**own, **arguments.get("extra_body", {})}))
    headers = {**arguments.get("extra_headers", {}), "Content-Length": str(body.size)}
    return await post(content=body, options={"headers": headers})


class _Body:
    """The body of a request, which may be sent more than once.

    Args:
        values: are encoded.

    Attributes:
        size: bytes.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._pieces: list[bytes] = []
        small = bytearray()
        for each in _encoded(values, _BLOCKS):
            if small and len(small) + len(each) > _PIECE:
                self._pieces.append(bytes(small))
                small.clear()
            if len(each) > _PIECE:
                self._pieces += [each[at : at + _PIECE] for at in range(0, len(each), _PIECE)]
            else:
                small += each
        self._pieces.append(bytes(small))
        self.size: int = sum(map(len, self._pieces))

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The pieces of it."""
        for piece in self._pieces:
            yield piece


def _encoded(value: object, depth: int) -> Iterator[bytes]:
    """A value in JSON, so that nothing deeper than this is encoded together with anything else."""
    if not depth or not value or not isinstance(value, Mapping | list | tuple):
        yield msgspec.json.encode(value)
    elif isinstance(value, Mapping):
        for at, (name, each) in enumerate(cast("Mapping[str, object]", value).items()):
            yield b"%b%b:" % (b"," if at else b"{", msgspec.json.encode(name))
            yield from _encoded(each, depth - 1)
        yield b"}"
    else:
        for at, each in enumerate(cast("Iterable[object]", value)):
            yield b"," if at else b"["
            yield from _encoded(each, depth - 1)
        yield b"]"
