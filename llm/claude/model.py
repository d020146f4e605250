"""The model behind the Messages API."""

import contextlib
import logging
import os
import threading
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

import anyio
from msgspec import structs

from argentos.errors import InputError, ModelRefusedError
from argentos.inputs import as_number, as_whole_number, in_words
from argentos.llm.claude.errors import is_stale, translated
from argentos.llm.claude.options import CacheTime, as_options
from argentos.llm.claude.prices import Prices
from argentos.llm.claude.request import compaction_parameters, count_parameters, parameters
from argentos.llm.claude.sending import count_sent, create_sent, is_large
from argentos.llm.claude.stream import Progress, compaction_of
from argentos.llm.model import Emit, Reply, Request
from argentos.llm.pieces import UsageSoFar
from argentos.storage import threads

__all__ = ["DEFAULT_MODEL", "AnthropicModel", "Client"]

_log: Final = logging.getLogger(__name__)
DEFAULT_MODEL: Final = "claude-sonnet-5-5"
_MOST_TOKENS: Final = 10_000_000
_LEAST_WINDOW: Final = 1000  # tokens
_LEARNING: Final = 5.0  # seconds to ask for the window in


class Client(Protocol):
    """A client of the SDK's: `AsyncAnthropic`, or that of a cloud."""

    @property
    def messages(self) -> Any:
        """The Messages API."""
        ...

    def with_options(self, *, timeout: float, max_retries: int) -> Any:
        """The same client with other options."""
        ...


class AnthropicModel:
    """A model behind the Messages API.

    It asks once, but for a connection that was left open and that the server has closed: the supervisor tries turns and
    summaries again by itself, and obeys the server's delay.

    Args:
        model: its name; by default `ANTHROPIC_MODEL`, else a current Sonnet.
        api_key: by default `ANTHROPIC_API_KEY`.
        base_url: of another server; by default `ANTHROPIC_BASE_URL`, else Anthropic's.
        max_tokens: of a reply, at most, beside the budget of its thoughts.
        timeout: seconds without a byte from the server.
        max_retries: of requests that failed before a reply began, by the client itself.
        thinking: as the API takes it, as `{"type": "adaptive"}`.
        tool_choice: likewise, as `{"type": "auto", "disable_parallel_tool_use": True}`.
        server_tools: definitions of tools that the provider runs, as `{"type": "web_search_20260209", "name": …}`.
        betas: names of betas.
        headers: to send along.
        extra_body: further fields of the request, as `{"temperature": 0}`.
        client: of one's own: an `AsyncAnthropic` with a proxy, for Bedrock, for Vertex; it is not closed.
        prices: of its tokens, for `Usage.cost`.
        cache_time: how long the provider keeps tools and system prompt in its cache: `5m` or, at a price, `1h`.
        compaction: have the provider compact by itself, a beta; where it cannot, summaries are asked for as always.

    Attributes:
        window: nine tenths of what the API says of the model, once it has asked; None where it says nothing.

    Raises:
        InputError: an option cannot be used.
    """

    token_ratio: float = 1.8  # of newer models to cl100k, at most; see argentos.llm.gauge
    can_summarise = True

    def __init__(
        self,
        model: str | None = None,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        max_tokens: int = 8192,
        timeout: float = 60.0,
        max_retries: int = 0,
        thinking: Mapping[str, Any] | None = None,
        tool_choice: Mapping[str, Any] | None = None,
        server_tools: Sequence[Mapping[str, Any]] = (),
        betas: Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
        extra_body: Mapping[str, Any] | None = None,
        client: Client | None = None,
        prices: Prices | None = None,
        cache_time: CacheTime = "5m",
        compaction: bool = False,
    ) -> None:
        self.name: str = model or os.environ.get("ANTHROPIC_MODEL") or DEFAULT_MODEL
        self.window: int | None = None
        self._options = as_options(
            thinking=thinking,
            tool_choice=tool_choice,
            server_tools=server_tools,
            betas=betas,
            headers=headers,
            extra_body=extra_body,
            cache_time=cache_time,
            compacts=compaction,
        )
        self._api_key = api_key
        self._base_url = base_url
        self._max_tokens = as_whole_number(max_tokens, "max_tokens of the model", 1, _MOST_TOKENS)
        self._timeout = as_number(timeout, "timeout of the model", 0.001)
        self._max_retries = as_whole_number(max_retries, "max_retries of the model", 0, 100)
        self._prices = _as_prices(prices)
        self._compacts = self._options.compacts
        self._given = _as_client(client)
        self._client: Any = None
        self._opening = threading.Lock()
        self._run = threads(1)

    async def reply(self, request: Request, emit: Emit, /) -> Reply:
        """See `Model.reply`."""
        if self._compacts and request.instruction and (made := await self._compacted(request)) is not None:
            return made
        progress = Progress(self.name, self._prices)
        client = await self._connect()
        arguments = parameters(request, self.name, self._options, self._max_tokens)
        async with await _begun(client, arguments) as stream:
            events = aiter(stream)
            while True:
                with translated(begun=True):
                    event = await anext(events, None)
                    piece = progress.take(event) if event is not None else None
                if piece is None:
                    break
                await emit(piece)
                if self._prices is not None and (usage := progress.usage_so_far()) is not None:
                    await emit(UsageSoFar(usage))
        return progress.reply()

    async def _compacted(self, request: Request) -> Reply | None:
        """The provider's own summary; None where it does not offer one, or could not make it."""
        client = await self._connect()
        try:
            with translated():
                made = await client.beta.messages.create(
                    **compaction_parameters(request, self.name, self._options, self._max_tokens)
                )
                return compaction_of(made, self.name, self._prices)
        except ModelRefusedError as error:
            _log.warning(
                "the provider does not compact for %s, which is asked for summaries instead: %s", self.name, error
            )
            self._compacts = False
            return None

    async def measure(self, request: Request, /) -> int:
        """The tokens of a request, as the provider counts them.

        Raises:
            ModelError: it does not.
        """
        client = await self._connect()
        if request.summary and request.summary.block:  # whose text has as many
            request = structs.replace(request, summary=structs.replace(request.summary, block=None))
        arguments = count_parameters(request, self.name, self._options)
        with translated():
            if is_large(client, arguments):
                found = await count_sent(client, arguments)
            else:
                found = await client.messages.count_tokens(**arguments)
            return int(found.input_tokens)

    async def load(self) -> None:
        """See `Loadable.load`: the SDK and the certificates take longer than most commands.

        Raises:
            ModelError: the model can never be asked; the sentence says why.
        """
        await self._connect()

    async def learn(self) -> None:
        """Ask for the window of the model, and go on without where that is not told within 5 seconds."""
        if self.window is None:
            with anyio.move_on_after(_LEARNING), contextlib.suppress(Exception):
                client: Any = await self._connect()
                self.window = _window_of(await client.models.retrieve(self.name))

    def _open(self) -> None:
        with self._opening, translated():
            if self._client is not None:
                return
            if self._given is not None:
                self._client = self._given.with_options(max_retries=self._max_retries, timeout=self._timeout)
                return
            from anthropic import AsyncAnthropic  # noqa: PLC0415

            self._client = AsyncAnthropic(
                api_key=self._api_key,
                base_url=self._base_url,
                timeout=self._timeout,
                max_retries=self._max_retries,
            )

    async def _connect(self) -> Any:
        while (client := self._client) is None:  # closed meanwhile, it opens new connections
            await self._run(self._open)
        return client

    async def aclose(self) -> None:
        """Close the connections, but not a client of one's own. The model may be used again, and opens new ones."""
        client, self._client = self._client, None
        if client is not None and self._given is None:
            await client.close()


async def _begun(client: Any, arguments: Mapping[str, Any]) -> Any:
    """The stream of a reply.

    Raises:
        ModelError: there will be none.
    """
    with translated():
        try:
            return await _created(client, arguments)
        except Exception as error:
            if not is_stale(error):
                raise
        return await _created(client, arguments)


async def _created(client: Any, arguments: Mapping[str, Any]) -> Any:
    if is_large(client, arguments):
        return await create_sent(client, arguments)
    return await client.messages.create(**arguments, stream=True)


def _window_of(info: object) -> int | None:
    """The tokens that a request may have, where that is told."""
    most = getattr(info, "max_input_tokens", None)
    return most * 9 // 10 if isinstance(most, int) and most >= _LEAST_WINDOW else None


def _as_prices(prices: object) -> Prices | None:
    if prices is None or isinstance(prices, Prices):
        return prices
    raise InputError(f"prices of the model are {in_words(prices)}; give Prices(input=…, output=…)")


def _as_client(client: Client | None) -> Client | None:
    if client is None or (hasattr(client, "messages") and hasattr(client, "with_options")):
        return client
    raise InputError(f"the client of the model is {in_words(client)}; give an AsyncAnthropic, or one of its kin")
