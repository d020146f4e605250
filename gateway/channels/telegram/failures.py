"""Refusals of Telegram, as errors of ours; no sentence has the token of the bot in it."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from aiogram.exceptions import (
    AiogramError,
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramConflictError,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiohttp import ClientConnectorError, ClientError

from argentos.errors import ChannelError, ChannelRefusedError, TargetGoneError, UnknownOutcomeError

__all__ = ["TopicGoneError", "asking_telegram"]

_GONE: Final = (
    "chat not found",
    "chat_write_forbidden",
    "have no rights to send",
    "message can't be edited",
    "message to edit not found",
    "not enough rights to send",
    "peer_id_invalid",
    "user is deactivated",
)
_TOPIC_GONE: Final = ("message thread not found", "topic_closed", "topic_deleted", "topic_id_invalid")
_UNCHANGED: Final = ("message is not modified",)


class TopicGoneError(ChannelError):
    """The topic is gone or closed; the chat may be there."""


@contextmanager
def asking_telegram(token: str) -> Generator[None]:
    """The time in which Telegram is asked for something.

    Args:
        token: of the bot; it stands in addresses, which errors may quote.

    Raises:
        TopicGoneError: see there.
        ChannelRefusedError, TargetGoneError, UnknownOutcomeError, ChannelError: what else went wrong.
    """
    try:
        yield
    except (AiogramError, ClientError, TimeoutError) as error:
        found = _as_ours(error, _without(token, str(error)))
        if found is not None:
            raise found from None  # what it comes from may quote the token, too


def _without(token: str, sentence: str) -> str:
    secret = token.partition(":")[2] or token
    return " ".join(sentence.replace(token, "…").replace(secret, "…").split("\n", 1)[0].split())


def _as_ours(error: Exception, sentence: str) -> ChannelError | None:
    """The error as one of ours; None where nothing is wrong."""
    match error:
        case TelegramRetryAfter(retry_after=seconds):
            return ChannelError("Telegram asks us to wait: too many requests", retry_after=float(seconds))
        case TelegramUnauthorizedError() | TelegramNotFound():
            return ChannelRefusedError(
                "Telegram does not know the token; it was revoked or is mistyped: get the one that holds of @BotFather"
            )
        case TelegramForbiddenError():
            return TargetGoneError(sentence)
        case TelegramConflictError():
            return ChannelError(f"another program receives this bot's messages: {sentence}; end that one")
        case TelegramBadRequest():
            return _of_request(sentence)
        case TelegramEntityTooLarge():
            return ChannelError(sentence, is_transient=False)
        case TelegramNetworkError(__cause__=ClientConnectorError()):
            return ChannelError(f"Telegram cannot be reached: {sentence}")
        case TelegramServerError() | TelegramNetworkError() | ClientDecodeError() | ClientError() | TimeoutError():
            return UnknownOutcomeError(f"Telegram did not answer as it should: {sentence}")
        case TelegramAPIError():
            return ChannelError(sentence, is_transient=False)
        case _:
            return ChannelError(sentence, is_transient=False)


def _of_request(sentence: str) -> ChannelError | None:
    words = sentence.lower()
    if any(each in words for each in _UNCHANGED):
        return None
    if any(each in words for each in _TOPIC_GONE):
        return TopicGoneError(sentence)
    if any(each in words for each in _GONE):
        return TargetGoneError(sentence)
    return ChannelError(sentence, is_transient=False)
