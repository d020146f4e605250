"""A Discord on this machine, with a guild and people."""

from datetime import UTC, datetime, timedelta

from argentos.gateway.channels.local.discord.objects import Channel, Message, User
from argentos.gateway.channels.local.discord.server import LocalDiscord, generous

__all__ = ["Harbour"]


class Harbour:
    """A Discord with one guild, whose owner and a bot are in it, and a clock that can be moved."""

    def __init__(self) -> None:
        self._moved = timedelta()
        self.discord = LocalDiscord(self.now, generous())
        self.bot, self.token = self.discord.add_bot("argent")
        self.ada = self.discord.add_person("ada")
        self.guild = self.discord.state.add_guild("harbour", [self.ada, self.bot])
        self.general = self.discord.state.add_channel(self.guild, "general")

    def direct(self, person: User) -> Channel:
        """The direct messages of a person and the bot."""
        return self.discord.state.direct_channel(self.bot.id, person.id)

    def said(self, channel: Channel) -> list[Message]:
        """All that the bot has written in a channel."""
        return [each for each in self.discord.state.messages(channel) if each.author.id == self.bot.id]

    def texts(self, channel: Channel) -> list[str]:
        """Likewise, only the texts."""
        return [each.content for each in self.said(channel)]

    def wait(self, **length: float) -> None:
        """Let time pass."""
        self._moved += timedelta(**length)

    def now(self) -> datetime:
        """The time there."""
        return datetime.now(UTC) + self._moved
