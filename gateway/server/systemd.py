"""The protocols of systemd, for services: readiness, the watchdog, and sockets that were opened before."""

import logging
import os
import socket
from collections.abc import Mapping
from typing import Final

import anyio

from argentos.errors import InputError

__all__ = ["inherited_sockets", "keep_watchdog_fed", "notify"]

_log: Final = logging.getLogger(__name__)
_FIRST: Final = 3  # the descriptors behind the standard streams
_MOST: Final = 64  # sockets


def notify(*fields: str) -> None:
    """Tell whoever started this service of its state, as `READY=1`; nothing is done where nobody wants to know."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    place = "\0" + address[1:] if address.startswith("@") else address
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sending:
            sending.settimeout(1)
            sending.sendto("\n".join(fields).encode(), place)
    except OSError as error:
        _log.warning("systemd was not told %s: %s", fields[0], error)


async def keep_watchdog_fed() -> None:
    """Tell systemd's watchdog, as often as it wants, that the event loop goes on; until this is cancelled."""
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    is_meant = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    if not microseconds.isdecimal() or not int(microseconds) or not is_meant:
        return
    while True:
        notify("WATCHDOG=1")
        await anyio.sleep(int(microseconds) / 2e6)


def inherited_sockets(environment: Mapping[str, str] = os.environ) -> list[socket.socket]:
    """The listening sockets that systemd has opened for this process; none where it has not.

    Raises:
        InputError: what is there is no listening socket of TCP.
    """
    if environment.get("LISTEN_PID") != str(os.getpid()):
        return []
    count = environment.get("LISTEN_FDS", "")
    if not count.isdecimal() or not 0 < int(count) <= _MOST:
        raise InputError(f"LISTEN_FDS is {count!a:.40}, which is no number of sockets; see `man sd_listen_fds`")
    return [_listening(number) for number in range(_FIRST, _FIRST + int(count))]


def _listening(descriptor: int) -> socket.socket:
    try:
        found = socket.socket(fileno=descriptor)
    except OSError as error:
        raise InputError(f"descriptor {descriptor} of LISTEN_FDS is no socket: {error.strerror}") from error
    if found.family not in {socket.AF_INET, socket.AF_INET6} or found.type != socket.SOCK_STREAM:
        raise InputError(f"descriptor {descriptor} of LISTEN_FDS is no socket of TCP; use ListenStream= with a port")
    found.settimeout(0)
    os.set_inheritable(descriptor, False)  # noqa: FBT003 - it takes no name
    return found
