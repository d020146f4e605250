"""A model on this machine."""

import contextlib
import os
from collections.abc import Mapping
from functools import partial
from os import PathLike
from typing import Any, Final, NamedTuple

from msgspec import structs

from argentos.concurrency.threads import Threads
from argentos.errors import ModelError
from argentos.inputs import as_text, as_whole_number
from argentos.llm.claude import AnthropicModel
from argentos.llm.counting.tokens import count_tokens
from argentos.llm.local.requests import readable
from argentos.llm.local.server import LlamaServer, check_library
from argentos.llm.local.weights import packaged, weights_at
from argentos.llm.model import Emit, Reply, Request
from argentos.llm.pieces import Emitted, TextDelta

__all__ = ["LocalModel"]

_LEAST_WINDOW: Final = 500  # tokens
_USUAL_WINDOW: Final = 8192  # tokens, where the file does not say
_LARGEST_WINDOW: Final = 32_768  # tokens, unless more are asked for: memory grows with them
_MOST: Final = 10_000_000
_SILENCE: Final = 600.0  # seconds; the server shows every 5 that it lives
_PATIENCE: Final = 1.0  # seconds
_TURNS: Final = ("\nUser:", "\nAssistant:", "\nSystem:")  # where a model that only goes on with texts would play both


class LocalModel:
    """A model on this machine, of a file in the format GGUF, run by llama.cpp: no key, and no network.

    It runs in a process of its own, which ends with the supervisor or with this process, and is started again where it
    has died. It counts tokens by its own vocabulary and template. Of pictures it is told only where it can see them, of
    tools only where its template has a place for them.

    Args:
        path: of the file; by default the small model that comes with `argentos[local]`.
        window: tokens of a request with its reply; by default those it was trained with, 32,768 at most.
        max_tokens: of a reply, at most.
        slots: replies that it makes at a time, each of which takes memory for a window; others wait for their turn.
        threads: that compute; by default one for each core but one, for with all of them it grows ten times slower as
            soon as something else is to be done.
        extra_body: further fields of each request, as `{"temperature": 0}`.
        template: by which a chat is written for the model, in Jinja, instead of the one in its file: for a file that
            has none, or none with a place for tools.

    Attributes:
        name: of the file, without its ending.

    Raises:
        InputError: there is no such file, it is no GGUF, or an option cannot be used.
        MissingExtraError: `argentos[local]` is not installed.
    """

    can_summarise = True

    def __init__(
        self,
        path: str | PathLike[str] | None = None,
        *,
        window: int | None = None,
        max_tokens: int = 1024,
        slots: int = 1,
        threads: int | None = None,
        extra_body: Mapping[str, Any] | None = None,
        template: str | None = None,
    ) -> None:
        check_library()
        weights = packaged() if path is None else weights_at(path)
        if window is None:
            window = min(weights.window or _USUAL_WINDOW, _LARGEST_WINDOW)
        self.window: int = as_whole_number(window, "window of the model", _LEAST_WINDOW, _MOST)
        self.name: str = weights.path.stem
        self._server = LlamaServer(
            weights,
            self.window,
            as_whole_number(slots, "slots of the model", 1, 64),
            as_whole_number(_most_threads() if threads is None else threads, "threads of the model", 1, 1024),
            "" if template is None else as_text(template, "template of the model"),
        )
        self._is_plain = not template and not weights.has_template
        body = {**({"stop_sequences": _TURNS} if self._is_plain else {}), **(extra_body or {})}
        self._options: dict[str, Any] = {"max_tokens": max_tokens, "extra_body": body, "timeout": _SILENCE}
        self._way: _Way | None = None
        self._run = Threads(_PATIENCE, "the local model").runner(1)

    async def reply(self, request: Request, emit: Emit, /) -> Reply:
        """See `Model.reply`."""
        api = await self._opened()
        asked = self._readable(request)
        if not self._is_plain:
            return await api.reply(asked, emit)
        reply = await api.reply(asked, _Trimmed(emit))
        return structs.replace(reply, content=reply.content.strip()) if isinstance(reply.content, str) else reply

    async def measure(self, request: Request, /) -> int:
        """The tokens of a request, exactly."""
        api = await self._opened()
        return await api.measure(self._readable(request))

    def count_tokens(self, text: str) -> int:
        """The tokens of a message with this text; blocks its thread, the first time until the model is loaded.

        Where the model cannot be run, they are counted as for any other: its turns say why they fail.
        """
        if not self._server.has_failed:
            with contextlib.suppress(ModelError):
                return self._server.tokens(text)
        return count_tokens(text)

    async def load(self) -> None:
        """See `Loadable.load`.

        Raises:
            ModelError: the model cannot be run; the sentence says why.
        """
        await self._opened()

    async def aclose(self) -> None:
        """End the process. The model may be used again, and starts another one."""
        await self._close()
        await self._run(self._server.stop)

    async def _close(self) -> None:
        way, self._way = self._way, None
        if way is not None:
            await way.connections.aclose()

    def _readable(self, request: Request) -> Request:
        return readable(request, sees=self._server.sees, takes_tools=self._server.takes_tools)

    async def _opened(self) -> AnthropicModel:
        """The way to ask the process, which is started unless it runs."""
        if (socket := self._server.ready_at) is None:
            socket = await self._run(self._server.start)
        if self._way is None or self._way.socket != socket:
            await self._close()
            self._way = await self._run(partial(_way_to, socket, self.name, self._options))
        return self._way.api


class _Way(NamedTuple):
    """A model of the Messages API behind a socket, and its connections."""

    socket: str
    api: AnthropicModel
    connections: Any


class _Trimmed:
    """A stream of a reply without the blanks before and behind it."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._blanks: str = ""
        self._has_begun = False

    async def __call__(self, piece: Emitted | str, /) -> None:
        if isinstance(piece, TextDelta):
            piece = TextDelta(self._trimmed(piece.text))
        await self._emit(piece)

    def _trimmed(self, text: str) -> str:
        """The text as far as it is known to be no end, behind what was held back before."""
        text = self._blanks + text if self._has_begun else text.lstrip()
        kept = text.rstrip()
        self._blanks = text[len(kept) :]
        self._has_begun = self._has_begun or bool(kept)
        return kept


def _most_threads() -> int:
    return max(1, (os.cpu_count() or 1) - 1)


def _way_to(socket: str, name: str, options: dict[str, Any]) -> _Way:
    import httpx2  # noqa: PLC0415
    from anthropic import AsyncAnthropic  # noqa: PLC0415

    connections = httpx2.AsyncClient(transport=httpx2.AsyncHTTPTransport(uds=socket), trust_env=False)
    client = AsyncAnthropic(api_key="none", base_url="http://local", http_client=connections)
    _ = client.messages  # imported only now, which takes long
    return _Way(socket, AnthropicModel(name, client=client, **options), connections)
