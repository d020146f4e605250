"""An account of ours: its channel, its status, and the loop that keeps it connected."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import anyio

from argentos.concurrency.foreign_code import in_log, passes, sentence_of
from argentos.errors import ArgentError, ChannelError, ChannelRefusedError
from argentos.gateway.channels.channel import Channel, Inbox, Part
from argentos.gateway.channels.settings import Connection
from argentos.gateway.channels.status import AccountStatus, Statuses
from argentos.storage import Address

__all__ = ["Account"]

_log: Final = logging.getLogger(__name__)
_FIRST_PAUSE: Final = 1.0  # seconds before a failed connection is tried again, twice as long each time
_LONGEST_PAUSE: Final = 120.0
_REFUSED_PAUSE: Final = 300.0  # until a person may have mended it
_LONGEST_ASKED: Final = 3600.0  # that a platform may ask for
_CALM: Final = 60.0  # seconds of a connection after which its failure is the first one again
_CONNECTING: Final = 60.0  # seconds for the platform to say who we are
_TELLING: Final = 20.0  # seconds for an answer that is no reply


class Account:
    """An account of ours on a platform.

    Args:
        connection: its settings.
        channel: made of them.
        statuses: of all accounts.
        now: the time.

    Attributes:
        status: as people see it.
        tried: it was connected to, or that failed, for the first time.
    """

    def __init__(
        self, connection: Connection, channel: Channel, statuses: Statuses, now: Callable[[], datetime]
    ) -> None:
        self.connection: Connection = connection
        self.channel: Channel = channel
        self.status: AccountStatus = AccountStatus(channel=connection.channel, account=connection.account, since=now())
        self.tried: anyio.Event = anyio.Event()
        self._statuses = statuses
        self._now = now
        statuses.add(self.status)

    @property
    def is_connected(self) -> bool:
        """The platform knows us, as far as we know."""
        return self.status.state == "connected"

    async def keep_connected(self, inbox: Inbox) -> None:
        """Receive until cancelled; a connection that fails is tried again, ever more seldom."""
        while True:
            begun = anyio.current_time()
            error = await self._receive(inbox)
            if anyio.current_time() - begun > _CALM:
                self.status.failures = 0
            pause = self._pause(error)
            self.status.failed(_told(error), self._now, self._now() + timedelta(seconds=pause))
            self._statuses.tell()
            self.tried.set()
            _log.warning("%s is not connected, and tries again in %g s: %s", self.status.place, pause, _told(error))
            await anyio.sleep(pause)

    def note_received(self) -> None:
        """Note that a message was taken."""
        self.status.received += 1
        self.status.last_received_at = self._now()
        self._statuses.tell()

    def note_delivered(self) -> None:
        """Note that a reply was delivered."""
        self.status.delivered += 1
        self.status.last_delivered_at = self._now()
        self._statuses.tell()

    def note_dropped(self, reason: str) -> None:
        """Note that a reply was given up."""
        self.status.dropped += 1
        self.status.last_dropped = reason
        self._statuses.tell()

    async def aclose(self) -> None:
        """Let go of the connection, for good."""
        self.status.state = "stopped"
        self._statuses.tell()
        with anyio.move_on_after(_TELLING, shield=True):
            await self.channel.aclose()

    async def _receive(self, inbox: Inbox) -> BaseException:
        try:
            with anyio.fail_after(_CONNECTING):
                name = await self.channel.connect()
            self.status.connected(name, self._now)
            self._statuses.tell()
            self.tried.set()
            _log.info("%s is connected as %s", self.status.place, name)
            await self.channel.receive(inbox)
        except BaseException as error:
            if passes(error):
                raise
            if not isinstance(error, ArgentError | TimeoutError):
                _log.error("%s failed: %s", self.status.place, in_log(error), exc_info=error)
            return error
        return ChannelError("the platform ended the connection")

    def _pause(self, error: BaseException) -> float:
        if isinstance(error, ArgentError) and error.retry_after is not None:
            return min(error.retry_after, _LONGEST_ASKED)
        if isinstance(error, ChannelRefusedError):
            return _REFUSED_PAUSE
        return min(_FIRST_PAUSE * 2.0 ** min(self.status.failures, 30), _LONGEST_PAUSE)

    async def tell(self, place: Address, text: str, key: str) -> None:
        """Send an answer that is no reply, and wait once where the platform asks for it; what fails is logged."""
        try:
            with anyio.fail_after(_TELLING):
                try:
                    await self.channel.send(place, Part(text=text), key=key)
                except ChannelError as error:
                    if error.retry_after is None:
                        raise
                    await anyio.sleep(error.retry_after)
                    await self.channel.send(place, Part(text=text), key=key)
        except BaseException as error:
            if passes(error):
                raise
            _log.warning("%s could not answer %s: %s", self.status.place, place.user, _told(error))


def _told(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "the platform did not answer in time"
    return sentence_of(error) or type(error).__name__
