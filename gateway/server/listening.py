"""Listening sockets of a gateway."""

import errno
import socket
from typing import Final

from argentos.errors import InputError

__all__ = ["bound_sockets", "url_of"]

_BACKLOG: Final = 1024
_NOT_HERE: Final = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}  # as for version 6 of the protocol, on some machines


def bound_sockets(host: str, port: int) -> list[socket.socket]:
    """Sockets that listen at a host, one for each of its addresses.

    Args:
        host: a name or an address.
        port: 0 for any that is free.

    Raises:
        InputError: there is no such host here, or the port is taken.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise InputError(f"the host {host!a:.200} is not known here; give --host a name or an address") from error
    opened: list[socket.socket] = []
    missing: OSError | None = None
    for family, address in dict.fromkeys((family, address) for family, _, _, _, address in found):
        chosen = opened[0].getsockname()[1] if opened else port  # the same of each
        try:
            opened.append(_bound(family, (address[0], chosen, *address[2:])))
        except OSError as error:
            missing = error
            if error.errno not in _NOT_HERE:
                break
    if missing is not None and (not opened or missing.errno not in _NOT_HERE):
        for each in opened:
            each.close()
        raise InputError(_told(missing, host, port)) from missing
    return opened


def _bound(family: int, address: tuple[object, ...]) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind(address)
        made.listen(_BACKLOG)
        made.settimeout(0)
    except BaseException:
        made.close()
        raise
    return made


def _told(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is in use, perhaps by another gateway; choose another with --port"
    return f"nothing can listen on port {port} of {host}: {error.strerror}; choose others with --host and --port"


def url_of(listening: socket.socket, *, is_secure: bool) -> str:
    """The address at which a browser of this machine finds what listens there."""
    host: str
    host, port = listening.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - nothing is bound here
    name = f"[{host}]" if ":" in host else host
    return f"{'https' if is_secure else 'http'}://{name}:{port}"
