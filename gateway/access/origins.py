"""Hosts and origins: a request is meant for this gateway, and no page of another site has it made.

A foreign name that is bound to a loopback address (DNS rebinding) shows in `Host`; a foreign page shows in `Origin` or
in `Sec-Fetch-Site`, which no script can change.
"""

import ipaddress
import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from starlette.types import Scope as AsgiScope

from argentos.errors import HostRefusedError, InputError, OriginRefusedError
from argentos.gateway.access.requests import header, is_unsafe

__all__ = ["LOOPBACK", "Origins", "is_loopback"]

LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
"""The names by which a gateway on this machine is asked."""

_HOST: Final = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?P<port>:\d{1,5})?", re.IGNORECASE)
_SCHEMES: Final = {"ws": "http", "wss": "https"}
_OURS: Final = {"same-origin", "none"}  # what browsers say of the gateway's own page, and of an address typed in


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine and no other can reach it."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Origins:
    """The hosts and origins of a gateway.

    Args:
        hosts: names and addresses, without ports, by which it may be asked; besides those of the public address.
        public: its address as browsers see it, as `https://argent.example.org`, where a proxy stands before it.

    Raises:
        InputError: one of them cannot be used.
    """

    def __init__(self, hosts: Iterable[str] = LOOPBACK, public: str | None = None) -> None:
        self._public = None if public is None else _origin(public)
        names = [_name(each) for each in hosts]
        if self._public is not None:
            names.append(urlsplit(self._public).hostname or "")
        self._hosts = frozenset(names)

    @property
    def public(self) -> str | None:
        """The origin of browsers behind a proxy; None where there is no proxy."""
        return self._public

    def check_host(self, request: AsgiScope) -> None:
        """Refuse a request for another host.

        Raises:
            HostRefusedError: it names one, or none.
        """
        host = header(request, b"host")
        found = _HOST.fullmatch(host or "")
        if found is None or found["name"].strip("[]").lower() not in self._hosts:
            raise HostRefusedError(
                f"{host or 'no host'!a:.200} is not a name of this gateway; use one of"
                f" {', '.join(sorted(self._hosts))}, or start it with --allow-host"
            )

    def check_origin(self, request: AsgiScope) -> None:
        """Refuse what the page of another origin has asked for.

        Raises:
            OriginRefusedError: a page has, unless a person only goes to an address of the gateway.
        """
        origin, site = header(request, b"origin"), header(request, b"sec-fetch-site")
        if origin is not None and origin.lower() != self._own(request):
            raise OriginRefusedError(
                f"the origin {origin!a:.200} is not that of this gateway, whose pages alone may ask"
            )
        is_visit = header(request, b"sec-fetch-mode") == "navigate" and not is_unsafe(request)
        if site is not None and site not in _OURS and not is_visit:
            raise OriginRefusedError(f"the page of another site asks ({site!a:.40}); only the gateway's own may")

    def check_own_page(self, request: AsgiScope) -> None:
        """Refuse an unsafe request of a browser that does not say that a page of the gateway makes it.

        Raises:
            OriginRefusedError: it does not say so.
        """
        says = header(request, b"origin") is not None or header(request, b"sec-fetch-site") is not None
        if is_unsafe(request) and not says:
            raise OriginRefusedError("the request does not say of which page it is; send it from the dashboard")

    def is_secure(self, request: AsgiScope) -> bool:
        """Tell whether the browser talks to the gateway, or to the proxy before it, over TLS."""
        return self._own(request).startswith("https:")

    def _own(self, request: AsgiScope) -> str:
        """The origin of the gateway's own pages, as the host of this request has it."""
        host = (header(request, b"host") or "").lower()
        if self._public is not None and host == urlsplit(self._public).netloc:
            return self._public
        scheme: str = request["scheme"]
        return f"{_SCHEMES.get(scheme, scheme)}://{host}"


def _origin(address: str) -> str:
    try:
        parts = urlsplit(address.lower())
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    is_whole = parts.scheme in {"http", "https"} and parts.hostname and parts.path in {"", "/"}
    if not is_whole or parts.query or parts.fragment or "@" in parts.netloc:
        raise InputError(f"{address!a:.200} is no address of a gateway; write it as https://argent.example.org")
    assert parts.hostname is not None  # noqa: S101 - just checked
    name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    is_usual = port in {None, {"http": 80, "https": 443}[parts.scheme]}
    return f"{parts.scheme}://{name}" if is_usual else f"{parts.scheme}://{name}:{port}"


def _name(host: str) -> str:
    name = host.strip("[]").lower()
    if not _HOST.fullmatch(f"[{name}]" if ":" in name else name):
        raise InputError(f"{host!a:.200} is no name of a host; write it without scheme and port")
    return name
