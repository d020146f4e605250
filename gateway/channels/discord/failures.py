"""Failures of Discord as hikari raises them, in the words of the channel protocol."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

import hikari
from aiohttp import ClientConnectorError

from argentos.errors import ChannelError, ChannelRefusedError, TargetGoneError, UnknownOutcomeError

__all__ = ["asking_discord"]

_AUTHENTICATION: Final = 4004
_INTENTS: Final = 4014
_REFUSALS: Final = frozenset({_AUTHENTICATION, 4010, 4011, 4012, 4013, _INTENTS})  # that last until somebody acts
_TOO_LARGE: Final = 413
_OF_SERVERS: Final = 500  # and above: failures of theirs
_NOT_KNOWN: Final = (
    "Discord does not know the token, or not any more; reset it in the developer portal, and write the new one where"
    " the old one stands"
)


@contextmanager
def asking_discord() -> Generator[None]:
    """Raise what goes wrong with a request, or with the connection, as errors of channels.

    Raises:
        ChannelRefusedError: the token is not valid any more, or what we ask for is not allowed to it.
        TargetGoneError: the place is gone, or closed to us; or it does not take what is sent, now or later.
        UnknownOutcomeError: the answer was lost; what was asked may have been done.
        ChannelError: the platform cannot be reached, or wants to be left alone for a while.
    """
    try:
        yield
    except (hikari.HikariError, OSError, TimeoutError) as error:
        raise _as_ours(error) from None  # what it comes from may quote the token


def _as_ours(error: Exception) -> ChannelError:
    match error:
        case hikari.UnauthorizedError():
            return ChannelRefusedError(_NOT_KNOWN)
        case hikari.ForbiddenError() | hikari.NotFoundError():
            return TargetGoneError(f"Discord says: {error.message or error.status}")
        case hikari.BadRequestError():
            return TargetGoneError(f"Discord does not take what is sent: {error.message}")
        case hikari.RateLimitTooLongError():
            return ChannelError("Discord wants fewer requests", retry_after=error.retry_after)
        case hikari.HTTPResponseError():
            return _of_status(int(error.status))
        case hikari.GatewayServerClosedConnectionError():
            return _closed(error)
        case hikari.HTTPError(__cause__=ClientConnectorError()):
            return ChannelError("Discord cannot be reached")
        case hikari.HTTPError() | TimeoutError():
            return UnknownOutcomeError("Discord did not answer, or not as it should")
        case _:
            return ChannelError(f"Discord cannot be reached: {type(error).__name__}")


def _of_status(status: int) -> ChannelError:
    if status == _TOO_LARGE:
        return TargetGoneError("Discord does not take files of this size")
    kind = UnknownOutcomeError if status >= _OF_SERVERS else ChannelError
    return kind(f"Discord answered with the status {status}")


def _closed(error: hikari.GatewayServerClosedConnectionError) -> ChannelError:
    code = error.code or 0
    if code == _AUTHENTICATION:
        return ChannelRefusedError(_NOT_KNOWN)
    if code == _INTENTS:
        return ChannelRefusedError(
            "Discord does not let the bot read messages; switch on Message Content Intent in the developer portal,"
            " on the page Bot"
        )
    if code in _REFUSALS:
        return ChannelRefusedError(f"Discord refuses the bot: {error.reason} ({code})")
    return ChannelError(f"Discord ended the connection: {error.reason} ({code})")
