"""Problem documents (RFC 9457): every error of the API as one JSON object with the error's `code`."""

import logging
import math
import traceback
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from argentos import errors
from argentos.errors import ArgentError

if TYPE_CHECKING:
    from starlette.responses import Response

__all__ = ["Problem", "RequestError", "problem_of", "problem_response", "unexpected"]

_log: Final = logging.getLogger(__name__)
_WAIT: Final = 1.0  # seconds, where the error does not say how long
_INTERNAL: Final = "the gateway has failed at this request, which is a bug; its log says where"


class Problem(Struct, frozen=True, kw_only=True, rename="camel"):
    """A problem document.

    Attributes:
        type: always `about:blank`: `code` says what it is.
        title: the phrase of the status.
        status: of HTTP.
        code: of the error, for programs.
        detail: the sentence of the error: what, where, and how to mend it.
        retry_after: seconds to wait before trying again; None where that would not help.
    """

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    retry_after: float | None = None


class RequestError(ArgentError):
    """A request that is refused by what HTTP itself knows: no such path, a body too large, no right to do it.

    Args:
        sentence: what was refused, and how to mend it.
        status: of HTTP.
        code: of the problem document.
        headers: that the response has besides.
        retry_after: seconds to wait before trying again.
    """

    def __init__(
        self,
        sentence: str,
        *,
        status: int,
        code: str,
        headers: Mapping[str, str] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(sentence, retry_after=retry_after)
        self.status = status
        self.code = code
        self.headers: dict[str, str] = dict(headers or {})


_STATUSES: Final[Mapping[type[ArgentError], int]] = {
    errors.InputError: 400,
    errors.MissingExtraError: 501,
    errors.MessageTooLargeError: 413,
    errors.AttachmentTooLargeError: 413,
    errors.SessionError: 409,
    errors.SessionNotFoundError: 404,
    errors.CheckpointNotFoundError: 404,
    errors.MessageNotFoundError: 404,
    errors.ApprovalNotFoundError: 404,
    errors.NotAnApproverError: 403,
    errors.MailboxFullError: 429,
    errors.SessionFailedError: 503,
    errors.SupervisorStoppedError: 503,
    errors.WrongEventLoopError: 500,
    errors.PairingError: 409,
    errors.PairingNotFoundError: 404,
    errors.SenderNotAdmittedError: 403,
    errors.StoreError: 503,
    errors.StaleWriteError: 409,
    errors.AttachmentNotFoundError: 404,
    errors.AccessError: 403,
    errors.NotAuthenticatedError: 401,
    errors.HostRefusedError: 421,
    errors.BodyTooLargeError: 413,
    errors.BodyTooSlowError: 408,
    errors.RateLimitedError: 429,
    errors.TooManySessionsError: 429,
    errors.ChannelError: 502,
    errors.ModelError: 502,
    errors.ModelUnavailableError: 503,
    errors.ContextOverflowError: 413,
    errors.SpendingLimitError: 402,
}
"""The status of each kind of error; of another kind, that of the nearest one above it, and else 500."""


def _status_of(error: ArgentError) -> int:
    if isinstance(error, RequestError):
        return error.status
    return next((_STATUSES[kind] for kind in type(error).__mro__ if kind in _STATUSES), 500)


def problem_of(error: ArgentError) -> Problem:
    """The problem document of an error."""
    status = _status_of(error)
    wait = error.retry_after if error.retry_after is not None else _WAIT if error.is_transient else None
    return Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        code=error.code,
        detail=str(error).encode(errors="backslashreplace").decode(),
        retry_after=wait,
    )


def problem_response(error: ArgentError) -> "Response":
    """The response that tells of an error."""
    problem = problem_of(error)
    headers = dict(error.headers) if isinstance(error, RequestError) else {}
    if isinstance(error, errors.NotAuthenticatedError):
        headers["WWW-Authenticate"] = "Bearer"
    if problem.retry_after is not None:
        headers["Retry-After"] = str(math.ceil(problem.retry_after))
    from starlette.responses import Response  # noqa: PLC0415 - the command line describes problems without it

    return Response(
        msgspec.json.encode(problem), problem.status, headers=headers, media_type="application/problem+json"
    )


def unexpected(error: Exception) -> RequestError:
    """The error to tell of in the place of one that nobody expected; where that was raised is logged.

    Its own sentence is not: it may hold a part of a message.
    """
    places = "".join(traceback.format_tb(error.__traceback__)).rstrip()
    _log.error("a request failed with %s, which nobody expected, at\n%s", type(error).__name__, places)
    return RequestError(_INTERNAL, status=500, code="internal_error")
