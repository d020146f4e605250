"""Failures of Discord as hikari raises them, in the words of the channel protocol."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

import hikari

from argentos.errors import ArgentError, ChannelError, ChannelRefusedError, TargetGoneError

__all__ = ["asking_discord"]

_AUTHENTICATION: Final = 4004
_INTENTS: Final = 4014
_REFUSALS: Final = frozenset({_AUTHENTICATION, 4010, 4011, 4012, 4013, _INTENTS})  # that last until somebody acts
_TOO_LARGE: Final = 413


@contextmanager
def asking_discord() -> Generator[None]:
    """Raise what goes wrong with a request, or with the connection, as errors of channels.

    Raises:
        ChannelRefusedError: the token is not valid any more, or what we ask for is not allowed to it.
        TargetGoneError: the place is gone, or closed to us; or it does not take what is sent, now or later.
        ChannelError: the platform cannot be reached, or wants to be left alone for a while.
    """
    try:
        yield
    except hikari.UnauthorizedError:
        raise ChannelRefusedError(
            "Discord does not know the token (any more); reset it in the developer portal, and write the new one"
            " where the old one stands"
        ) from None
    except (hikari.ForbiddenError, hikari.NotFoundError) as error:
        raise TargetGoneError(f"Discord says: {error.message or error.status.phrase}") from None
    except hikari.BadRequestError as error:
        raise TargetGoneError(f"Discord does not take what is sent: {error.message}") from None
    except hikari.RateLimitTooLongError as error:
        raise ChannelError("Discord wants fewer requests", retry_after=error.retry_after) from None
    except hikari.ClientHTTPResponseError as error:
        if error.status == _TOO_LARGE:
            raise TargetGoneError("Discord does not take files of this size") from None
        raise ChannelError(f"Discord answered with the status {int(error.status)}") from None
    except hikari.HTTPResponseError as error:
        raise ChannelError(f"Discord answered with the status {int(error.status)}") from None
    except hikari.GatewayServerClosedConnectionError as error:
        raise _told(error) from None
    except (hikari.HikariError, OSError, TimeoutError) as error:
        raise ChannelError(f"Discord cannot be reached: {type(error).__name__}") from error


def _told(error: hikari.GatewayServerClosedConnectionError) -> ArgentError:
    code = error.code or 0
    if code == _AUTHENTICATION:
        return ChannelRefusedError("Discord does not know the token; reset it in the developer portal")
    if code == _INTENTS:
        return ChannelRefusedError(
            "Discord does not let the bot read messages; switch on Message Content Intent in the developer portal,"
            " on the page Bot"
        )
    if code in _REFUSALS:
        return ChannelRefusedError(f"Discord refuses the bot: {error.reason} ({code})")
    return ChannelError(f"Discord ended the connection: {error.reason} ({code})")
