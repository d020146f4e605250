"""Claude, through Anthropic's SDK, or any server of the same Messages API."""

import contextlib
import math
import os
import re
import threading
from collections.abc import Generator, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

from argentos.errors import (
    ContextOverflowError,
    ModelError,
    ModelRefusedError,
    ModelUnavailableError,
    ReplyInterruptedError,
)
from argentos.llm.context import summary_text
from argentos.llm.model import Emit, Reply, Request
from argentos.storage import RawBlock, Role, Usage, threads

if TYPE_CHECKING:
    from anthropic import APIStatusError, AsyncAnthropic
    from anthropic.types import MessageParam, RawMessageStreamEvent, TextBlockParam
    from httpx2 import Headers

__all__ = ["AnthropicModel"]

DEFAULT_MODEL: Final = "claude-sonnet-5-5"
_BEGIN: Final = "(The agent speaks first.)"
_LATER: Final = frozenset({408, 409, 425, 429})
_INPUT: Final = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
_WHOLE: Final = frozenset({"end_turn", "stop_sequence"})
_SUMMARY_RETRIES: Final = 2
_OVERFLOWS: Final = frozenset({"request_too_large", "exceed_context_size_error", "context_length_exceeded"})
_PASSING: Final = frozenset({"overloaded_error", "rate_limit_error", "api_error", "timeout_error"})
_OVERFLOW: Final = re.compile(
    r"prompt is too long|input is too long|exceeds? (?:the |this model's )?(?:available |maximum )?"
    r"context (?:size|length|limit|window)|maximum context length|input token count\b.*\bexceeds"
    r"|greater than the context length|context_length_exceeded",
    re.IGNORECASE,
)
"""The sentences of Anthropic, Bedrock, Vertex, llama.cpp, vLLM, LM Studio and their relatives for a request that is
larger than the window; the API has no code for it."""


class AnthropicModel:
    """A model behind the Messages API.

    Args:
        model: its name; by default `ANTHROPIC_MODEL`, else a current Sonnet.
        api_key: by default `ANTHROPIC_API_KEY`.
        base_url: of another server; by default `ANTHROPIC_BASE_URL`, else Anthropic's.
        max_tokens: of a reply, at most.
        timeout: seconds without a byte from the server.
        max_retries: of requests that failed before a reply began; by default 2 for a summary and 0 for a turn, which
            the supervisor tries again by itself.
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
        max_retries: int | None = None,
    ) -> None:
        self.name: str = model or os.environ.get("ANTHROPIC_MODEL") or DEFAULT_MODEL
        self._api_key = api_key
        self._base_url = base_url
        self._max_tokens = max_tokens
        self._timeout = timeout
        self._max_retries = max_retries
        self._client: AsyncAnthropic | None = None
        self._opening = threading.Lock()
        self._run = threads(1)

    async def reply(self, request: Request, emit: Emit, /) -> Reply:
        """See `Model.reply`."""
        progress = _Progress(self.name)
        client = await self._connect(self._retries(request))
        with _translated():
            stream = await client.messages.create(
                model=self.name,
                max_tokens=min(self._max_tokens, request.max_tokens or self._max_tokens),
                system=_system(request),
                messages=_messages(request),
                stream=True,
            )
        async with stream:
            events = aiter(stream)
            while True:
                with _translated(begun=True):
                    event = await anext(events, None)
                    text = progress.take(event) if event is not None else ""
                if event is None:
                    break
                await emit(text)  # empty for what is no more than a sign of life
        return progress.reply()

    def _retries(self, request: Request) -> int:
        if self._max_retries is not None:
            return self._max_retries
        return _SUMMARY_RETRIES if request.instruction else 0

    async def load(self) -> None:
        """See `Loadable.load`: the SDK and the certificates take longer than most commands.

        Raises:
            ModelError: the model can never be asked; the sentence says why.
        """
        if self._client is None:
            await self._run(self._open)

    def _open(self) -> None:
        with self._opening, _translated():
            if self._client is None:
                from anthropic import AsyncAnthropic  # noqa: PLC0415

                self._client = AsyncAnthropic(
                    api_key=self._api_key,
                    base_url=self._base_url,
                    timeout=self._timeout,
                    max_retries=0,
                )

    async def _connect(self, retries: int) -> "AsyncAnthropic":
        while (client := self._client) is None:  # closed meanwhile, it opens new connections
            await self.load()
        return client.with_options(max_retries=retries) if retries else client

    async def aclose(self) -> None:
        """Close the connections. The model may be used again, and opens new ones."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()


class _Progress:
    """The part of a reply that has come."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._pieces: list[str] = []
        self._input = 0
        self._output = 0
        self._stop_reason: str | None = None

    def take(self, event: "RawMessageStreamEvent") -> str:
        """Note an event; gives the text it brings."""
        if event.type == "message_start":
            self._note(event.message.usage)
        elif event.type == "message_delta":
            self._note(event.usage)
            self._stop_reason = event.delta.stop_reason
        elif event.type == "content_block_delta" and event.delta.type == "text_delta":
            self._pieces.append(event.delta.text)
            return event.delta.text
        return ""

    def _note(self, usage: object) -> None:
        """Note what is reported, of which some servers say nothing, or only at the end."""
        self._input = max(self._input, sum(_tokens(usage, name) for name in _INPUT))
        self._output = _tokens(usage, "output_tokens") or self._output

    def reply(self) -> Reply:
        """The whole reply; a stream that just stopped gives none."""
        if self._stop_reason is None:
            raise ReplyInterruptedError("the model's reply broke off; what had come of it was not kept, so ask again")
        usage = Usage(self._model, self._input, self._output) if self._input else None
        reason = None if self._stop_reason in _WHOLE else str(self._stop_reason)
        return Reply("".join(self._pieces), usage, stop_reason=reason)


def _tokens(usage: object, name: str) -> int:
    count = getattr(usage, name, None)
    return max(0, count) if isinstance(count, int) else 0


def _system(request: Request) -> "list[TextBlockParam]":
    if not request.system:
        return []
    return [{"type": "text", "text": request.system, "cache_control": {"type": "ephemeral"}}]


def _messages(request: Request) -> "list[MessageParam]":
    """The conversation; the summary comes first, as something the user's side shows, never as an instruction.

    The ends of what later requests repeat are marked for the provider's cache.
    """
    messages: list[MessageParam] = []
    if request.summary:
        text = summary_text(request.summary)
        block: TextBlockParam = {"type": "text", "text": text, "cache_control": {"type": "ephemeral"}}
        messages.append({"role": "user", "content": [block]})
    elif request.messages and request.messages[0].role == "assistant":
        messages.append({"role": "user", "content": _BEGIN})
    last = len(request.messages) - 1
    for index, message in enumerate(request.messages):
        parts = message.blocks or ({"type": "text", "text": message.text},)
        if index == last:
            parts = (*parts[:-1], {**parts[-1], "cache_control": {"type": "ephemeral"}})
        messages.append(_message(message.role, parts))
    if request.instruction:
        messages.append({"role": "user", "content": request.instruction})
    return messages


def _message(role: Role, parts: Sequence[RawBlock]) -> "MessageParam":
    content: Any = [*parts]  # blocks that the SDK may not know yet
    # Spelt out, for a role that is either is of neither type.
    return {"role": "user", "content": content} if role == "user" else {"role": "assistant", "content": content}


@contextlib.contextmanager
def _translated(*, begun: bool = False) -> Generator[None]:
    """Make every error of the SDK, and those that it lets through in the middle of a stream, one of ours."""
    import anthropic  # noqa: PLC0415
    import httpx2  # noqa: PLC0415

    try:
        yield
    except anthropic.APIStatusError as error:
        raise _status(error, begun=begun) from error
    except (anthropic.APIConnectionError, httpx2.HTTPError) as error:
        cause = error.__cause__ or error
        if begun:
            raise ReplyInterruptedError(
                f"the connection to the model broke in its reply ({cause}); ask again"
            ) from error
        if isinstance(cause, httpx2.LocalProtocolError | httpx2.UnsupportedProtocol):
            raise ModelRefusedError(f"the model cannot be asked: {cause}; mend its key or its address") from error
        raise ModelUnavailableError(f"the model cannot be reached ({cause}); try again later") from error
    except httpx2.InvalidURL as error:
        raise ModelRefusedError(f"the model cannot be asked: {error}; mend its address") from error
    except (ValueError, AttributeError) as error:  # not JSON, not text, or not what the API documents
        raise ReplyInterruptedError(f"the model's reply was garbled ({error}); ask again") from error
    except (anthropic.AnthropicError, TypeError) as error:
        raise ModelRefusedError(f"the model cannot be asked: {error}") from error


def _status(error: "APIStatusError", *, begun: bool) -> ModelError:
    status, said, kind = error.status_code, _said(error), str(error.type or "")
    is_event = begun and status < 400  # noqa: PLR2004 - an error event inside a stream that began well
    if status == 413 or kind in _OVERFLOWS or ((status == 400 or is_event) and _OVERFLOW.search(said)):  # noqa: PLR2004 - as HTTP has them
        return ContextOverflowError(f"the conversation is larger than the model's window: {said}")
    if is_event:
        is_passing = not kind or kind in _PASSING
        return ReplyInterruptedError(f"the model broke its reply off: {said}", is_transient=is_passing)
    if status in _LATER or status >= 500:  # noqa: PLR2004 - as HTTP has them
        return ModelUnavailableError(
            f"the model cannot answer now (HTTP {status}: {said}); try again later", retry_after=_retry_after(error)
        )
    return ModelRefusedError(f"the model refused the request (HTTP {status}: {said})")


def _retry_after(error: "APIStatusError") -> float | None:
    """The seconds that the server asks to be left alone for: given in milliseconds, in seconds, or as a date."""
    headers = error.response.headers
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        with contextlib.suppress(ValueError):
            seconds = float(headers.get(name, "")) * unit
            return seconds if 0 <= seconds < math.inf else None
    with contextlib.suppress(ValueError):
        until = parsedate_to_datetime(headers.get("retry-after", ""))
        return max(0.0, (until - _now(headers, until)).total_seconds())
    return None


def _now(headers: "Headers", until: datetime) -> datetime:
    """The server's time, or ours where it does not tell."""
    with contextlib.suppress(ValueError):
        return parsedate_to_datetime(headers.get("date", "")).astimezone(until.tzinfo)
    return datetime.now(until.tzinfo)


def _said(error: "APIStatusError") -> str:
    return " ".join((error.api_message or error.message).split())
