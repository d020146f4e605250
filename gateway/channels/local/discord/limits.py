"""Rate limits of Discord's REST API, and the headers that tell of them."""

import hashlib
from collections.abc import Callable
from typing import Final

from msgspec import Struct

from argentos.gateway.channels.local.discord.errors import ApiError

__all__ = ["RateLimit", "RateLimits", "too_many"]


class RateLimit(Struct, frozen=True):
    """So many requests in so many seconds."""

    requests: int
    seconds: float


_MESSAGES: Final = RateLimit(5, 5.0)
_OTHERS: Final = RateLimit(50, 1.0)


class _Window(Struct):
    ends_at: float = 0.0
    left: int = 0


class RateLimits:
    """The limits of each route and channel, and the one over all of them.

    Args:
        clock: seconds.
        messages: the limit of new messages in a channel.
        overall: of all requests of a bot.
    """

    def __init__(
        self, clock: Callable[[], float], *, messages: RateLimit = _MESSAGES, overall: RateLimit = _OTHERS
    ) -> None:
        self._clock = clock
        self._messages = messages
        self._overall = overall
        self._windows: dict[tuple[str, ...], _Window] = {}

    def take(self, token: str, route: str, channel: str) -> dict[str, str]:
        """Count a request; gives the headers of its answer.

        Raises:
            ApiError: there were too many.
        """
        self._take(("global", token), self._overall, {"X-RateLimit-Global": "true", "X-RateLimit-Scope": "global"})
        limit = self._messages if route == "POST messages" else self._overall
        window = self._take((token, route, channel), limit, {"X-RateLimit-Scope": "user", **_bucket(route)})
        return _told(route, limit, window, self._clock())

    def _take(self, key: tuple[str, ...], limit: RateLimit, refusal: dict[str, str]) -> _Window:
        now = self._clock()
        window = self._windows.setdefault(key, _Window())
        if now >= window.ends_at:
            window.ends_at, window.left = now + limit.seconds, limit.requests
        if window.left == 0:
            wait = window.ends_at - now
            raise too_many(wait, is_global="X-RateLimit-Global" in refusal, **refusal)
        window.left -= 1
        return window


def too_many(wait: float, *, is_global: bool = False, **headers: str) -> ApiError:
    """The refusal of one request too many.

    Args:
        wait: seconds until the next one may come.
        is_global: it is the limit over all routes.
        headers: besides the usual ones.
    """
    told = {"Retry-After": f"{wait:.3f}", "X-RateLimit-Remaining": "0", **headers}
    return ApiError(429, 0, "You are being rate limited.", told, retry_after=round(wait, 3), **{"global": is_global})


def _bucket(route: str) -> dict[str, str]:
    return {"X-RateLimit-Bucket": hashlib.sha256(route.encode()).hexdigest()[:32]}


def _told(route: str, limit: RateLimit, window: _Window, now: float) -> dict[str, str]:
    return {
        **_bucket(route),
        "X-RateLimit-Limit": str(limit.requests),
        "X-RateLimit-Remaining": str(window.left),
        "X-RateLimit-Reset": f"{window.ends_at:.3f}",
        "X-RateLimit-Reset-After": f"{max(0.0, window.ends_at - now):.3f}",
    }
