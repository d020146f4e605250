"""A Telegram and a Discord on this machine, with a bot of ours on each, and a person who writes on both."""

import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeAlias

import anyio
from anyio.from_thread import BlockingPortal, start_blocking_portal

from argentos.gateway.channels.local.discord.server import LocalDiscord, generous
from argentos.gateway.channels.local.telegram.server import LocalTelegram

__all__ = ["Platforms", "running_platforms"]

_VARIABLES: Final = {"telegram": "TELEGRAM_OF_TESTS", "discord": "DISCORD_OF_TESTS"}
_TELEGRAM_TOKEN: Final = "42:abcdefghijklmnopqrstuvwxyz0123456789"  # noqa: S105 - of a bot that nobody has
_ON_TELEGRAM: Final = 4471

Shown: TypeAlias = tuple[list[str], list[str]]
"""The texts that a bot of ours has written to a person: on Telegram, and on Discord."""


class Platforms:
    """Both platforms, as Ada sees them, who writes on both; methods block.

    Attributes:
        tokens: of our bots, by the variables of the environment that a gateway looks for them in.
    """

    def __init__(self, portal: BlockingPortal, telegram: LocalTelegram, discord: LocalDiscord) -> None:
        self._portal = portal
        self._telegram = telegram
        self._discord = discord
        self._bot = telegram.world.new_bot(_TELEGRAM_TOKEN, "harbour_bot")
        self._bot_on_discord, token = discord.add_bot("harbour")
        self._ada = discord.add_person("ada")
        self._direct = discord.state.direct_channel(self._bot_on_discord.id, self._ada.id)
        self.tokens = {_VARIABLES["telegram"]: _TELEGRAM_TOKEN, _VARIABLES["discord"]: token}

    @property
    def senders(self) -> tuple[str, str]:
        """Ada, as our accounts on Telegram and on Discord know her."""
        return f"telegram:{_ON_TELEGRAM}", f"discord:{self._ada.id}"

    def settle(self, state_dir: Path) -> None:
        """Write the settings of a gateway that is connected to both."""
        urls = {"telegram": self._telegram.url, "discord": self._discord.url}
        channels = {name: {"tokenEnv": _VARIABLES[name], "api": url, "stream": False} for name, url in urls.items()}
        (state_dir / "argent.json").write_text(json.dumps({"channels": channels}), encoding="utf-8")

    def write(self, *, telegram: str = "", discord: str = "") -> None:
        """Have Ada write on Telegram, on Discord, or on both in the same instant."""

        async def write() -> None:
            if telegram:
                self._telegram.write(self._bot, _ON_TELEGRAM, telegram, name="Ada")
            if discord:
                await self._discord.write(self._ada, self._direct, discord)

        self._portal.call(write)

    def until(self, is_so: Callable[[Shown], object]) -> Shown:
        """The texts shown to Ada, once something is so of it."""

        async def wait() -> Shown:
            with anyio.move_on_after(20):
                while not is_so(self._shown()):  # noqa: ASYNC110 - what a platform shows has no event
                    await anyio.sleep(0.02)
            return self._shown()

        found = self._portal.call(wait)
        assert is_so(found), found
        return found

    def _shown(self) -> Shown:
        direct = self._discord.state.messages(self._direct)
        on_discord = [each.content for each in direct if each.author.id == self._bot_on_discord.id]
        return [each.text for each in self._telegram.chat(_ON_TELEGRAM).shown], on_discord

    def block(self, *, is_blocked: bool) -> None:
        """Have Ada block the bot on Telegram, or let it write again."""

        async def block() -> None:
            self._telegram.chat(_ON_TELEGRAM).is_closed = is_blocked

        self._portal.call(block)

    def revoke(self) -> None:
        """Have the token of the bot on Telegram hold no more."""

        async def revoke() -> None:
            self._bot.is_revoked = True

        self._portal.call(revoke)

    def refused(self) -> list[Any]:
        """The requests that were not as the platforms have them."""
        return [*self._telegram.violations, *self._discord.rest.refusals]


@contextmanager
def running_platforms() -> Generator[Platforms]:
    """Both platforms for as long as they are needed, in a thread of their own."""
    with start_blocking_portal() as portal:
        discord = LocalDiscord(limits=generous())
        with (
            portal.wrap_async_context_manager(LocalTelegram()) as telegram,
            portal.wrap_async_context_manager(discord.serving()),
        ):
            yield Platforms(portal, telegram, discord)
