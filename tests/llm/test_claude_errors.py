import anthropic
import httpx2
import pytest

from argentos.errors import ModelError, ModelRefusedError, ModelUnavailableError, ReplyInterruptedError
from argentos.llm.claude import _translated  # pyright: ignore[reportPrivateUsage] - no server can make all errors


def _family(error: type[Exception]) -> list[type[Exception]]:
    return [error, *(each for child in error.__subclasses__() for each in _family(child))]


def _made(kind: type[Exception]) -> Exception:
    """An error as the SDK or its client makes it."""
    request = httpx2.Request("POST", "http://localhost/v1/messages")
    if issubclass(kind, anthropic.APIStatusError):
        return kind("said", response=httpx2.Response(getattr(kind, "status_code", 500), request=request), body=None)
    if issubclass(kind, anthropic.APIResponseValidationError):
        return kind(httpx2.Response(200, request=request), None)
    if issubclass(kind, anthropic.APITimeoutError):
        return kind(request)
    if issubclass(kind, anthropic.APIConnectionError):
        return kind(request=request)
    if issubclass(kind, anthropic.APIError):
        return kind("said", request, body=None)
    if issubclass(kind, httpx2.HTTPStatusError):
        return kind("said", request=request, response=httpx2.Response(500, request=request))
    try:
        return kind("said")
    except TypeError:  # it asks for more, of which nothing is read
        return kind.__new__(kind, "said")


@pytest.mark.parametrize("begun", [False, True], ids=["before the reply", "in the middle of the reply"])
@pytest.mark.parametrize("kind", [*_family(anthropic.AnthropicError), *_family(httpx2.HTTPError)])
def test_every_error_of_the_sdk_is_one_of_ours(kind: type[Exception], *, begun: bool) -> None:
    error = _made(kind)
    with pytest.raises(ModelError) as raised, _translated(begun=begun):
        raise error
    assert raised.value.__cause__ is error
    assert type(raised.value) is not ModelError


@pytest.mark.parametrize(
    ("kind", "ours"),
    [
        (anthropic.BadRequestError, ModelRefusedError),
        (anthropic.AuthenticationError, ModelRefusedError),
        (anthropic.PermissionDeniedError, ModelRefusedError),
        (anthropic.NotFoundError, ModelRefusedError),
        (anthropic.UnprocessableEntityError, ModelRefusedError),
        (anthropic.ConflictError, ModelUnavailableError),
        (anthropic.RateLimitError, ModelUnavailableError),
        (anthropic.InternalServerError, ModelUnavailableError),
        (anthropic.APITimeoutError, ModelUnavailableError),
        (anthropic.APIConnectionError, ModelUnavailableError),
        (anthropic.CredentialsError, ModelRefusedError),
        (httpx2.ConnectError, ModelUnavailableError),
        (httpx2.ReadTimeout, ModelUnavailableError),
    ],
)
def test_an_error_before_a_reply_is_the_most_specific_of_ours(kind: type[Exception], ours: type[ModelError]) -> None:
    with pytest.raises(ours), _translated():
        raise _made(kind)


@pytest.mark.parametrize("kind", [anthropic.APITimeoutError, anthropic.APIConnectionError, *_family(httpx2.HTTPError)])
def test_a_connection_that_breaks_in_a_reply_interrupts_it(kind: type[Exception]) -> None:
    with pytest.raises(ReplyInterruptedError), _translated(begun=True):
        raise _made(kind)
