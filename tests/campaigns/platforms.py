"""Platforms of this machine on which people write to a gateway that is killed."""

import random
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import anyio

from argentos.gateway.channels.local.discord.server import LocalDiscord, generous
from argentos.gateway.channels.local.telegram.server import LocalTelegram
from argentos.gateway.channels.local.telegram.world import Bot

if TYPE_CHECKING:
    from argentos.gateway.channels.local.discord.objects import Channel

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
    async def begin(self) -> None:
        """Wait until people may write."""

    @abstractmethod
    async def write(self, person: int, text: str) -> None:
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

    async def begin(self) -> None:
        """Any time will do: what was written before is told of as well."""

    async def write(self, person: int, text: str) -> None:
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


class _Discord(Platform):
    """Discord; each person writes in a channel of a guild, for the platform tells no bot of new direct messages."""

    modules = ("argentos.gateway.channels.discord.channel",)
    recognises = True

    def __init__(self, server: LocalDiscord) -> None:
        self._server = server
        self._bot, self.token = server.add_bot("harbour")
        self._guild = server.state.add_guild("harbour", [server.add_person("owner"), self._bot])
        self._channels: dict[int, Channel] = {}
        self._watch: Watch = lambda _, __: True
        self.settings = {"api": server.url, "answers": "always"}

    async def begin(self) -> None:
        """Wait for the first connection, and for half of the others; what is written before that is read then."""
        if self._server.gateway.identified and random.random() < 0.5:  # noqa: S311 - a choice
            return
        while not self._is_connected():  # noqa: ASYNC110 - of another process
            await anyio.sleep(0.01)

    def _is_connected(self) -> bool:
        return any(each.send for each in self._server.sessions.known.values())

    async def write(self, person: int, text: str) -> None:
        author = self._server.add_person(f"person-{person}")
        self._guild.members.append(author.id)
        self._channels[person] = self._server.state.add_channel(self._guild, f"channel-{person}")
        await self._server.write(author, self._channels[person], text)
        if self._is_connected():
            self._watch("given", person)

    def shown(self, person: int) -> list[str]:
        found = self._server.state.messages(self._channels[person])
        return [each.content for each in found if each.author.bot]

    def watch(self, watch: Watch) -> None:
        def told(route: str, channel: str, moment: str) -> bool:
            person = next((each for each, place in self._channels.items() if place.id == channel), 0)
            if route == "POST messages":
                return watch("asked" if moment == "asked" else "shown", person)
            return watch("given", person) if route == "GET messages" and moment == "done" else True

        self._watch = watch
        self._server.rest.watch = told

    def violations(self) -> list[str]:
        return [str(each) for each in self._server.rest.refusals]


@asynccontextmanager
async def _discord() -> AsyncGenerator[Platform]:
    async with LocalDiscord(limits=generous()).serving() as server:
        yield _Discord(server)


PLATFORMS: Final[Mapping[str, Callable[[], AbstractAsyncContextManager[Platform]]]] = {
    "discord": _discord,
    "telegram": _telegram,
}
"""The platforms by their names in `argent.json`."""
