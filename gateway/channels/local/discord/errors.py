"""Errors of Discord's REST API, in the form that it publishes."""

import re
from collections.abc import Mapping
from typing import Any, Final

from msgspec import ValidationError

__all__ = ["ApiError", "closed_channel", "invalid_form", "missing_access", "unauthorized", "unknown"]

_WHERE: Final = re.compile(r"(.+) - at `\$\.?(.*)`", re.DOTALL)
_UNKNOWN: Final = {"channel": 10003, "message": 10008, "interaction": 10062, "user": 10013}


class ApiError(Exception):
    """A refusal.

    Attributes:
        status: of HTTP.
        body: JSON.
        headers: besides the usual ones.
    """

    def __init__(
        self, status: int, code: int, message: str, headers: Mapping[str, str] | None = None, **fields: Any
    ) -> None:
        super().__init__(f"{status} {code} {message} {fields or ''}".rstrip())
        self.status: int = status
        self.body: dict[str, Any] = {"code": code, "message": message, **fields}
        self.headers: Mapping[str, str] = headers or {}


def unauthorized() -> ApiError:
    """The token is unknown, or was revoked."""
    return ApiError(401, 0, "401: Unauthorized")


def unknown(kind: str) -> ApiError:
    """There is no such channel, message, interaction or user, or there is none any more."""
    return ApiError(404, _UNKNOWN[kind], f"Unknown {kind.title()}")


def missing_access() -> ApiError:
    """The bot may not see the channel."""
    return ApiError(403, 50001, "Missing Access")


def closed_channel(*, is_direct: bool) -> ApiError:
    """The bot may not write there; or the person does not want it to."""
    if is_direct:
        return ApiError(403, 50007, "Cannot send messages to this user")
    return ApiError(403, 50013, "Missing Permissions")


def invalid_form(error: ValidationError | str, field: str = "") -> ApiError:
    """A body, or a parameter, against the published types and limits."""
    found = _WHERE.fullmatch(str(error))
    what, path = (found[1], found[2]) if found else (str(error), field)
    tree: dict[str, Any] = {"_errors": [{"code": "INVALID", "message": what}]}
    for part in reversed([each for each in re.split(r"[.\[\]]+", path) if each]):
        tree = {part: tree}
    return ApiError(400, 50035, "Invalid Form Body", errors=tree)
