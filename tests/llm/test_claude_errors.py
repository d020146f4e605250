"""Every error of the SDK, as one of ours. The SDK takes a second to load: only whoever runs these tests loads it."""

from collections.abc import Generator
from importlib import import_module
from typing import Any

import httpx2
import pytest

from argentos.errors import ModelError, ModelRefusedError, ModelUnavailableError, ReplyInterruptedError
from argentos.llm.claude.errors import translated  # no server can make all errors


@pytest.fixture(scope="module")
def sdk() -> Any:
    return import_module("anthropic")


def _family(error: type[Exception]) -> Generator[type[Exception]]:
    yield error
    for child in error.__subclasses__():
        yield from _family(child)


def _made(kind: type[Exception], sdk: Any) -> Exception:
    """An error as the SDK or its client makes it."""
    request = httpx2.Request("POST", "http://localhost/v1/messages")
    made: Any = kind
    if issubclass(kind, sdk.APIStatusError):
        error = made("said", response=httpx2.Response(getattr(kind, "status_code", 500), request=request), body=None)
    elif issubclass(kind, sdk.APIResponseValidationError):
        error = made(httpx2.Response(200, request=request), None)
    elif issubclass(kind, sdk.APITimeoutError):
        error = made(request)
    elif issubclass(kind, sdk.APIConnectionError):
        error = made(request=request)
    elif issubclass(kind, sdk.APIError):
        error = made("said", request, body=None)
    elif issubclass(kind, httpx2.HTTPStatusError):
        error = made("said", request=request, response=httpx2.Response(500, request=request))
    else:
        try:
            error = made("said")
        except TypeError:  # it asks for more, of which nothing is read
            error = kind.__new__(kind, "said")
    assert isinstance(error, kind)
    return error


@pytest.mark.parametrize("begun", [False, True], ids=["before the reply", "in the middle of the reply"])
def test_every_error_of_the_sdk_is_one_of_ours(sdk: Any, subtests: pytest.Subtests, *, begun: bool) -> None:
    kinds = [*_family(sdk.AnthropicError), *_family(httpx2.HTTPError)]
    assert len(kinds) > 50
    for kind in kinds:
        with subtests.test(kind.__name__):
            error = _made(kind, sdk)
            with pytest.raises(ModelError) as raised, translated(begun=begun):
                raise error
            assert raised.value.__cause__ is error
            assert type(raised.value) is not ModelError


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("BadRequestError", ModelRefusedError),
        ("AuthenticationError", ModelRefusedError),
        ("PermissionDeniedError", ModelRefusedError),
        ("NotFoundError", ModelRefusedError),
        ("UnprocessableEntityError", ModelRefusedError),
        ("ConflictError", ModelUnavailableError),
        ("RateLimitError", ModelUnavailableError),
        ("InternalServerError", ModelUnavailableError),
        ("APITimeoutError", ModelUnavailableError),
        ("APIConnectionError", ModelUnavailableError),
        ("CredentialsError", ModelRefusedError),
        ("ConnectError", ModelUnavailableError),
        ("ReadTimeout", ModelUnavailableError),
    ],
)
def test_an_error_before_a_reply_is_the_most_specific_of_ours(sdk: Any, name: str, ours: type[ModelError]) -> None:
    kind = getattr(sdk, name, None) or getattr(httpx2, name)
    with pytest.raises(ours), translated():
        raise _made(kind, sdk)


def test_a_connection_that_breaks_in_a_reply_interrupts_it(sdk: Any, subtests: pytest.Subtests) -> None:
    for kind in (sdk.APITimeoutError, sdk.APIConnectionError, *_family(httpx2.HTTPError)):
        with subtests.test(kind.__name__), pytest.raises(ReplyInterruptedError), translated(begun=True):
            raise _made(kind, sdk)
