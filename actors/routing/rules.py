"""Rules that say which agent answers where."""

from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from argentos.storage import Address

__all__ = ["PARTS", "RouteRule", "most_specific"]

PARTS: Final = ("user", "thread", "channel_id", "guild", "account", "channel")
"""The parts of an address that a rule may name, the most specific first."""


class RouteRule(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A rule: the agent that answers what comes from addresses with these parts; those that are None may be any."""

    agent: str
    channel: str | None = None
    account: str | None = None
    guild: str | None = None
    channel_id: str | None = None
    thread: str | None = None
    user: str | None = None

    @property
    def parts(self) -> dict[str, str]:
        """The parts that it names, by name, the most specific first."""
        named = {name: getattr(self, name) for name in PARTS}
        return {name: part for name, part in named.items() if part is not None}

    @property
    def weight(self) -> tuple[bool, ...]:
        """The order among the rules that take an address; no two of them have the same, unless they are the same."""
        return tuple(name in self.parts for name in PARTS)

    def takes(self, address: Address) -> bool:
        """Tell whether the address has these parts."""
        return all(getattr(address, name) == part for name, part in self.parts.items())

    def __str__(self) -> str:
        named = (f"{'channelId' if name == 'channel_id' else name} {part!a}" for name, part in self.parts.items())
        return ", ".join(named) or "any address"


def most_specific(rules: Iterable[RouteRule], address: Address) -> RouteRule | None:
    """The most specific of the rules that take an address, in whatever order they stand; None where none does."""
    return max((each for each in rules if each.takes(address)), key=lambda rule: rule.weight, default=None)
