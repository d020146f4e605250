"""Every error of the SDK and of the transport, as one of ours. docs/models.md has the table."""

import contextlib
import math
import re
from collections.abc import Generator
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

from argentos.errors import (
    ContextOverflowError,
    ModelError,
    ModelRefusedError,
    ModelUnavailableError,
    ReplyInterruptedError,
)

if TYPE_CHECKING:
    from anthropic import APIStatusError
    from httpx2 import Headers

__all__ = ["is_stale", "translated"]

_LATER: Final = frozenset({408, 409, 425, 429})
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


@contextlib.contextmanager
def translated(*, begun: bool = False) -> Generator[None]:
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


def is_stale(error: BaseException) -> bool:
    """A connection was used again that the server had just closed, so that nothing has come of the request."""
    import httpx2  # noqa: PLC0415

    return isinstance(error.__cause__, httpx2.RemoteProtocolError)


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
