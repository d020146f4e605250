"""Routing by the path as it was sent: an id may have any character, a percent-encoded `/` included."""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, unquote

from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["RawPaths", "raw_path"]

_PARAMETER: Final = re.compile(r"{(\w+)}")


def raw_path(scope: Scope) -> str:
    """The path of a request as it was sent, percent-encoded, below where the application is mounted."""
    raw = scope.get("raw_path")
    path: str = raw.decode("latin-1") if raw else quote(scope["path"])
    root: str = scope.get("root_path", "").rstrip("/")
    if not root:
        return path
    parts = path.split("/")
    below = (each for each in range(1, len(parts) + 1) if unquote("/".join(parts[:each])) == root)
    return "/" + "/".join(parts[next(below, 1) :])


class RawPaths(BaseRoute):
    """Several paths, each with its ASGI application; their parameters stay encoded in `path_params`.

    Args:
        applications: by paths such as `/sessions/{session}`.
    """

    def __init__(self, applications: Mapping[str, ASGIApp]) -> None:
        self._paths: list[tuple[re.Pattern[str], ASGIApp]] = [
            (re.compile(_PARAMETER.sub(r"(?P<\1>[^/]*)", path)), application)
            for path, application in applications.items()
        ]

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Find the application of a path."""
        if scope["type"] in {"http", "websocket"}:
            path = raw_path(scope)
            for pattern, application in self._paths:
                found = pattern.fullmatch(path)
                if found is not None:
                    return Match.FULL, {"endpoint": application, "path_params": found.groupdict()}
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have it answer."""
        endpoint: Any = scope["endpoint"]
        await endpoint(scope, receive, send)
