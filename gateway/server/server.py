"""The server of a gateway: uvicorn, which ends in order and within its time."""

import asyncio
import signal
import socket
import ssl
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import uvicorn
from msgspec import Struct
from starlette.types import ASGIApp

from argentos.errors import ConfigError
from argentos.gateway.server.connections import SocketConnection, connection_kind

__all__ = ["Server", "Tls"]

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_LAST_WORDS: Final = 0.3  # seconds for connections to end, behind the grace of turns
_MESSAGE_BYTES: Final = 64 * 1024  # of a message of a client over WebSocket, unpacked
_KEEP_ALIVE: Final = 30  # seconds for the next request of a connection


class Tls(Struct, frozen=True):
    """The files of TLS.

    Attributes:
        certificate: and those above it, in PEM.
        key: of the certificate, in PEM.
    """

    certificate: Path
    key: Path

    def check(self) -> None:
        """Load them.

        Raises:
            ConfigError: they cannot be used.
        """
        try:
            ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(self.certificate, self.key)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(f"{self.certificate} and {self.key} are no certificate and its key: {error}") from error


class Server(uvicorn.Server):
    """A server for an application, on sockets that listen already.

    Args:
        application: the served one.
        drain: ends the turns that run within their grace, and then all streams.
        connections: how many may be open.
        tls: its files; None for HTTP without it.
        forwarded_from: addresses of proxies whose word about the client counts; none without.
    """

    def __init__(
        self,
        application: ASGIApp,
        drain: Callable[[], Awaitable[None]],
        *,
        connections: int,
        tls: Tls | None = None,
        forwarded_from: Sequence[str] = (),
    ) -> None:
        super().__init__(
            uvicorn.Config(
                application,
                http=connection_kind(connections),
                ws=SocketConnection,
                ws_max_size=_MESSAGE_BYTES,
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=bool(forwarded_from),
                forwarded_allow_ips=list(forwarded_from),
                server_header=False,
                timeout_keep_alive=_KEEP_ALIVE,
                timeout_graceful_shutdown=_LAST_WORDS,  # type: ignore[arg-type]  # less than a second will do
                ssl_certfile=None if tls is None else tls.certificate,
                ssl_keyfile=None if tls is None else tls.key,
            )
        )
        self._drain = drain

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let turns end within their grace while what is new is refused, and then end all connections."""
        await self._drain()
        if self.server_state.tasks:  # answers that are being sent
            await asyncio.wait(self.server_state.tasks, timeout=_LAST_WORDS)
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Have SIGTERM and Ctrl-C end the server in order, and the second one end the process at once."""
        loop = asyncio.get_running_loop()
        for each in _SIGNALS:
            loop.add_signal_handler(each, self._hear)
        try:
            yield
        finally:
            for each in _SIGNALS:
                loop.remove_signal_handler(each)

    def _hear(self) -> None:
        self.should_exit = True
        for each in _SIGNALS:
            asyncio.get_running_loop().remove_signal_handler(each)
            signal.signal(each, signal.SIG_DFL)  # all that was acknowledged is durable
