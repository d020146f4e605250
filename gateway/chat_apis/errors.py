"""Errors in the forms of OpenAI and of Anthropic, with the status and the sentence that problem documents have."""

from typing import Any, Final

import msgspec
from starlette.responses import Response

from argentos.errors import ArgentError
from argentos.gateway.api.streams.event_stream import ErrorForm, frame
from argentos.gateway.problems import problem_of, problem_response

__all__ = ["ANTHROPIC_ERRORS", "OPENAI_ERRORS", "data_frame", "openai_error"]

_OPENAI_TYPES: Final = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}
_ANTHROPIC_TYPES: Final = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
}
_REQUESTS: Final = range(400, 500)


def data_frame(data: object) -> bytes:
    """An event that has no name, as it is sent."""
    return b"data: %s\n\n" % (data if isinstance(data, bytes) else msgspec.json.encode(data))


def openai_error(error: ArgentError) -> dict[str, Any]:
    """The error object of OpenAI's form."""
    problem = problem_of(error)
    kind = _OPENAI_TYPES.get(problem.status) or (
        "invalid_request_error" if problem.status in _REQUESTS else "server_error"
    )
    return {"message": problem.detail, "type": kind, "param": None, "code": problem.code}


def _of_openai(error: ArgentError) -> dict[str, Any]:
    return {"error": openai_error(error)}


def _of_anthropic(error: ArgentError) -> dict[str, Any]:
    problem = problem_of(error)
    kind = _ANTHROPIC_TYPES.get(problem.status) or (
        "invalid_request_error" if problem.status in _REQUESTS else "api_error"
    )
    return {"type": "error", "error": {"type": kind, "message": problem.detail}}


def _response(error: ArgentError, body: dict[str, Any]) -> Response:
    response = problem_response(error)
    headers = {name: value for name, value in response.headers.items() if name in _KEPT}
    return Response(msgspec.json.encode(body), response.status_code, headers=headers, media_type="application/json")


_KEPT: Final = {"allow", "retry-after", "www-authenticate"}


def _openai_response(error: ArgentError) -> Response:
    return _response(error, _of_openai(error))


def _openai_last(error: ArgentError) -> bytes:
    return data_frame(_of_openai(error))


def _anthropic_response(error: ArgentError) -> Response:
    return _response(error, _of_anthropic(error))


def _anthropic_last(error: ArgentError) -> bytes:
    return frame("error", _of_anthropic(error))


OPENAI_ERRORS: Final = ErrorForm(_openai_response, _openai_last)
"""The form of errors of OpenAI's APIs."""

ANTHROPIC_ERRORS: Final = ErrorForm(_anthropic_response, _anthropic_last)
"""The form of errors of Anthropic's API."""
