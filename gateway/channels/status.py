"""The status of each account of ours, as people see it, and the news that one has changed."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import datetime
from typing import Literal, TypeAlias

import anyio
from msgspec import Struct, structs

__all__ = ["AccountState", "AccountStatus", "News", "Statuses"]

AccountState: TypeAlias = Literal["connecting", "connected", "failing", "stopped"]


class AccountStatus(Struct, kw_only=True, rename="camel"):
    """The status of an account of ours on a platform.

    Attributes:
        channel: the platform.
        account: of ours there, where we have several.
        state: `failing` where it is not connected, and tried again at `next_attempt_at`.
        since: when that state began.
        name: that the platform gave us, as `@harbour_bot`; empty before the first connection.
        trouble: why it is failing; empty otherwise.
        failures: in a row.
        next_attempt_at: when it is connected to again, while failing.
        received: messages that were taken since the gateway began.
        delivered: likewise replies.
        dropped: likewise replies that were given up, as where the user has blocked the bot.
        last_dropped: why the latest of them was dropped.
        last_received_at: when the latest message came.
        last_delivered_at: when the latest reply went.
    """

    channel: str
    account: str | None
    state: AccountState = "connecting"
    since: datetime
    name: str = ""
    trouble: str = ""
    failures: int = 0
    next_attempt_at: datetime | None = None
    received: int = 0
    delivered: int = 0
    dropped: int = 0
    last_dropped: str = ""
    last_received_at: datetime | None = None
    last_delivered_at: datetime | None = None

    @property
    def place(self) -> str:
        """The channel with the account: `telegram@sales`."""
        return self.channel if self.account is None else f"{self.channel}@{self.account}"

    def connected(self, name: str, now: Callable[[], datetime]) -> None:
        """Note that the platform knows us."""
        self.state, self.since, self.name = "connected", now(), name
        self.trouble, self.failures, self.next_attempt_at = "", 0, None

    def failed(self, trouble: str, now: Callable[[], datetime], next_attempt_at: datetime) -> None:
        """Note that there is no connection; `since` stays at the first failure in a row."""
        if self.state != "failing":
            self.state, self.since = "failing", now()
        self.trouble, self.next_attempt_at = trouble, next_attempt_at
        self.failures += 1


class News:
    """News for one task that waits for them; several at once are one."""

    def __init__(self) -> None:
        self._event = anyio.Event()

    def tell(self) -> None:
        """Wake the task, or have it wait no more the next time."""
        self._event.set()

    async def wait(self) -> None:
        """Wait until there are news since the last time."""
        await self._event.wait()
        self._event = anyio.Event()


class Statuses:
    """The statuses of the accounts that a gateway is connected to, in the order of the settings."""

    def __init__(self) -> None:
        self._all: list[AccountStatus] = []
        self._followers: list[News] = []

    def add(self, status: AccountStatus) -> None:
        """Have one more; who changes it calls `tell`."""
        self._all.append(status)

    def now(self) -> tuple[AccountStatus, ...]:
        """The status of each account as it is now."""
        return tuple(structs.replace(each) for each in self._all)

    def tell(self) -> None:
        """Tell all followers that a status has changed, or what was tried of the deliveries to a platform."""
        for each in self._followers:
            each.tell()

    @contextmanager
    def followed(self, news: News) -> Generator[None]:
        """The time in which these news come of each change."""
        self._followers.append(news)
        try:
            yield
        finally:
            self._followers.remove(news)
