"""Platforms of this machine on which people write to a gateway that is killed."""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final, TypeAlias

from argentos.gateway.channels.local.telegram.server import LocalTelegram
from argentos.gateway.channels.local.telegram.world import Bot

__all__ = ["PLATFORMS", "Platform", "Watch"]

Watch: TypeAlias = Callable[[str, int], bool]
"""Is told of a moment, and whose it is: of a message that is `given` to the gateway, of a reply that the platform is
`asked` to show, and that is `shown`; answers whether that goes on."""


class Platform(ABC):
    """A platform, with a person for each message.

    Attributes:
        token: of the bot.
        settings: of its account in `argent.json`.
        modules: that are loaded before a gateway is forked.
        recognises: what is sent again is shown once.
    """

    token: str
    settings: Mapping[str, Any]
    modules: tuple[str, ...]
    recognises: bool

    @abstractmethod
    def write(self, person: int, text: str) -> None:
        """Have a person write to the bot."""

    @abstractmethod
    def shown(self, person: int) -> list[str]:
        """The texts of the bot that this person sees."""

    @abstractmethod
    def watch(self, watch: Watch) -> None:
        """Tell of moments from now on."""

    @abstractmethod
    def violations(self) -> list[str]:
        """The requests that were not as the platform takes them."""


class _Telegram(Platform):
    """Telegram."""

    token = "42:abcdefghijklmnopqrstuvwxyz0123456789"  # noqa: S105 - of a bot that nobody has
    modules = ("argentos.gateway.channels.telegram.channel",)
    recognises = False

    def __init__(self, server: LocalTelegram, bot: Bot) -> None:
        self._server = server
        self._bot = bot
        self.settings = {"api": server.url}

    def write(self, person: int, text: str) -> None:
        self._server.write(self._bot, person, text)

    def shown(self, person: int) -> list[str]:
        return [each.text for each in self._server.chat(person).shown]

    def watch(self, watch: Watch) -> None:
        def told(method: str, chat: int, moment: str) -> bool:
            if method == "getUpdates" and moment == "done":
                waiting = [each["message"]["chat"]["id"] for each in self._bot.updates.values()]
                return all(watch("given", person) for person in waiting)
            if method == "sendMessage":
                return watch("asked" if moment == "asked" else "shown", chat)
            return True

        self._server.watch = told

    def violations(self) -> list[str]:
        return self._server.violations


@asynccontextmanager
async def _telegram() -> AsyncGenerator[Platform]:
    async with LocalTelegram() as server:
        yield _Telegram(server, server.world.new_bot(_Telegram.token, "harbour_bot"))


PLATFORMS: Final[Mapping[str, Callable[[], AbstractAsyncContextManager[Platform]]]] = {"telegram": _telegram}
"""The platforms by their names in `argent.json`."""
