"""The route of a message: the agent that answers it, the session that it belongs to, and why."""

from typing import Final, Protocol

from msgspec import Struct

from argentos.actors.routing.rules import most_specific
from argentos.actors.routing.senders import Sender
from argentos.actors.routing.session_ids import joined_id, quoted
from argentos.actors.routing.settings import RoutingSettings
from argentos.storage import Address

__all__ = ["Pairings", "Route", "is_direct", "route"]

_DISCORD: Final = "discord"
_SHARED: Final = frozenset({_DISCORD})  # where a thread belongs to its channel, unless configured


class Pairings(Protocol):
    """The senders who are linked with others, and so are one person."""

    def session_of(self, sender: Sender) -> str | None:
        """The id of the session that the sender shares with others; None while linked with nobody."""
        ...

    def admits(self, sender: Sender) -> bool | None:
        """Tell whether the owner has let the sender in, or has refused it; None where neither was said."""
        ...


class Route(Struct, frozen=True, rename="camel"):
    """A route.

    Attributes:
        agent: answers.
        session_id: of that agent.
        why: in a sentence.
        is_direct: it is a message to the agent alone, and belongs to the person.
        is_answered: the account answers the sender there.
    """

    agent: str
    session_id: str
    why: str
    is_direct: bool
    is_answered: bool


def is_direct(address: Address) -> bool:
    """Tell whether a message from there is written to the agent alone.

    It is where no guild is named and, but on Discord, where a bot is in no groups, no chat other than the user's own.
    """
    if address.guild is not None:
        return False
    return address.channel == _DISCORD or address.channel_id in {None, address.user}


def route(address: Address, pairings: Pairings, settings: RoutingSettings) -> Route:
    """The route of what comes from an address: pure, and total.

    Args:
        address: where it came from.
        pairings: who is linked with whom.
        settings: of the rules, the accounts and the agents.
    """
    rule = most_specific(settings.rules, address)
    agent = settings.agent if rule is None else rule.agent
    by = "no route names another agent" if rule is None else f"the route for {rule} names it"
    session_id, where = _direct(address, pairings) if is_direct(address) else _shared(address, settings, agent)
    refusal = _refusal(address, pairings, settings)
    end = f"agent {agent!a} answers, for {by}" if refusal is None else f"nobody answers, for {refusal}"
    return Route(agent, session_id, f"{where}; {end}", is_direct(address), refusal is None)


def _refusal(address: Address, pairings: Pairings, settings: RoutingSettings) -> str | None:
    """The reason why the account does not answer there; None where it does."""
    sender = Sender.of(address)
    account = settings.account(address.channel, address.account)
    word = pairings.admits(sender)
    if word is False:
        return "the owner has refused the sender"
    if word or account.policy == "open" or sender.user in account.allow:
        return None
    if not is_direct(address) and account.has_group(address.guild, address.channel_id):
        return None
    return f"the policy of {sender.place} is {account.policy}, and the sender is not let in"


def _direct(address: Address, pairings: Pairings) -> tuple[str, str]:
    sender = Sender.of(address)
    linked = pairings.session_of(sender)
    if linked is not None:
        return linked, f"a direct message of {sender}, who is linked with others, so that it is their session"
    return sender.own_session, f"a direct message of {sender}, who is linked with nobody"


def _shared(address: Address, settings: RoutingSettings, agent: str) -> tuple[str, str]:
    """The session of what several people may read, and what it is."""
    place = Sender.of(address).place
    has_own = address.thread is not None and _threads_are_own(address, settings)
    if address.guild is None:
        parts, where = ["group", address.channel_id or address.user], "a group"
    else:
        parts, where = ["guild", address.guild], "a guild, whose channels share a session"
        if settings.scopes.get(agent) == "per-channel" or has_own:
            parts += [] if address.channel_id is None else ["channel", address.channel_id]
            where = "a guild, each of whose channels has a session of its own"
    if has_own and address.thread is not None:
        parts += ["thread", address.thread]
        where = f"a thread with a session of its own, in {'a group' if address.guild is None else 'a guild'}"
    elif address.thread is not None:
        where = f"a thread, which belongs to its surroundings: {where}"
    return joined_id(place, *(quoted(each) for each in parts)), where


def _threads_are_own(address: Address, settings: RoutingSettings) -> bool:
    configured = settings.account(address.channel, address.account).threads
    return configured == "own" if configured else address.channel not in _SHARED
