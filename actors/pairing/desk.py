"""The desk at which pairings are asked for and decided, in this process or in the one that owns the book."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol, cast

from anyio.lowlevel import checkpoint
from msgspec import Struct

from argentos.actors.pairing.book import PairedPerson, Pairing, PairingBook
from argentos.actors.pairing.changes import Approve, Change, Deny, Link, RequestCode, Unlink
from argentos.actors.routing.route import is_direct
from argentos.actors.routing.senders import Sender
from argentos.actors.validation import as_address
from argentos.errors import InputError, PairingError
from argentos.inputs import as_id, as_name, as_time, in_words
from argentos.storage import Address

__all__ = ["PairingCode", "PairingDesk", "Pairings"]

_MOST_LINKED = 100  # senders at once


class PairingCode(Struct, frozen=True, rename="camel"):
    """A code for an unknown sender, who is to show it to the owner."""

    code: str
    expires_at: datetime

    @property
    def text(self) -> str:
        """The answer to the sender."""
        return (
            f"I do not know you yet. Give my owner this code, and I will answer: {self.code}. It is valid until"
            f" {self.expires_at:%H:%M} UTC."
        )


class Pairings(Protocol):
    """The book of pairings where it is kept, in this process or in another; it is given what was checked."""

    async def read(self) -> PairingBook:
        """All pairings as they are now."""
        ...

    async def change(self, change: Change) -> PairingBook:
        """The book after a change, which is durable."""
        ...


class PairingDesk:
    """Pairings: of unknown senders with the owner, and of senders with each other.

    Every method may raise `StoreError` if `pairing.json` cannot be read or written.
    """

    def __init__(self, pairings: Pairings) -> None:
        self._pairings = pairings

    async def book(self) -> PairingBook:
        """All pairings as they are now."""
        await checkpoint()
        return await self._pairings.read()

    async def request(self, address: Address, *, sent_at: datetime, name: str = "") -> PairingCode | None:
        """A code for a sender whom `Supervisor.deliver` did not admit; None where there is to be no answer.

        There is one only where the account's policy is `pairing`, the message was written to the agent alone, and was
        sent within the last minute: who comes back from an absence answers no backlog. A sender gets one code an hour,
        an account gives three an hour to strangers, and one besides to each who was approved at another account.

        Args:
            address: where the message came from.
            sent_at: when it was sent, by the platform.
            name: of the sender, to show to the owner.

        Raises:
            InputError: an argument cannot be used.
        """
        await checkpoint()
        place = as_address(address)
        change = RequestCode(
            sender=Sender.of(place),
            sent_at=as_time(sent_at, "sent_at"),
            is_direct=is_direct(place),
            name=as_name(name, "the name of the sender"),
        )
        try:
            book = await self._pairings.change(change)
        except PairingError:
            return None
        found = book.of(change.sender)
        if found is None or found.code is None or found.expires_at is None:
            return None
        return PairingCode(found.code, found.expires_at)

    async def approve(self, whom: str, *, by: str | None = None, origin: str = "") -> Pairing:
        """Let a sender in, at that account and at no other.

        Args:
            whom: the code that the sender shows, or the sender, as `telegram:123`.
            by: who says so.
            origin: from where, as `command line`.

        Raises:
            InputError: it is neither.
            PairingNotFoundError: nobody has the code.
            PairingError: the sender is let in already, or too many codes were wrong: then a sender can be named.
        """
        await checkpoint()
        who, where = _said(by, origin)
        return _latest(await self._pairings.change(Approve(whom=as_id(whom, "the code"), by=who, origin=where)))

    async def deny(self, whom: str, *, by: str | None = None, origin: str = "") -> Pairing:
        """Refuse a sender, who is not answered at that account any more, and is linked with nobody.

        Raises:
            InputError, PairingNotFoundError, PairingError: see `approve`.
        """
        await checkpoint()
        who, where = _said(by, origin)
        return _latest(await self._pairings.change(Deny(whom=as_id(whom, "the code"), by=who, origin=where)))

    async def link(
        self, senders: Collection[Sender], *, session: str | None = None, by: str | None = None, origin: str = ""
    ) -> PairedPerson:
        """Have senders be one person: what they write directly goes to one session from now on.

        The other sessions stay as they are, and can be read; nothing comes to them any more.

        Args:
            senders: two or more, whom the owner has let in.
            session: the id of the session that they share: one of theirs, or any that has no colon; by default that
                of theirs that is the oldest.
            by: who says so.
            origin: from where.

        Raises:
            InputError: an argument cannot be used.
            PairingError: a sender was not approved, or the session is somebody else's.
        """
        await checkpoint()
        who, where = _said(by, origin)
        given = _as_senders(senders)
        named = None if session is None else as_id(session, "the session id")
        book = await self._pairings.change(Link(senders=given, session=named, by=who, origin=where))
        person = book.person_of(given[0])
        if person is None:
            raise PairingError(f"{given[0]} was unlinked at the same moment; link again")
        return person

    async def unlink(self, sender: Sender, *, by: str | None = None, origin: str = "") -> Pairing:
        """Have a sender write to the session of before again, and not to that of the others.

        Raises:
            InputError: it is no sender.
            PairingError: the sender is linked with nobody.
        """
        await checkpoint()
        who, where = _said(by, origin)
        return _latest(await self._pairings.change(Unlink(sender=_as_sender(sender), by=who, origin=where)))


def _said(by: object, origin: object) -> tuple[str | None, str]:
    return None if by is None else as_id(by, "the name of the one who decides"), as_name(origin, "the origin")


def _as_sender(value: object) -> Sender:
    if not isinstance(value, Sender):
        raise InputError(f"the sender is {in_words(value)}; give a Sender, as Sender.parse('telegram:123')")
    return Sender.of(as_address(Address(value.channel, value.user, account=value.account)))


def _as_senders(value: object) -> tuple[Sender, ...]:
    if isinstance(value, str) or not isinstance(value, Collection):
        raise InputError(f"the senders are {in_words(value)}; give Senders, as [Sender.parse('telegram:123'), …]")
    given = tuple(_as_sender(each) for each in cast("Collection[object]", value))
    if not 1 < len(given) <= _MOST_LINKED:
        raise InputError(f"these are {len(given)} senders; link two or more, {_MOST_LINKED} at most")
    return given


def _latest(book: PairingBook) -> Pairing:
    """The pairing that the latest word of the owner was about."""
    found = book.of(book.acts[-1].senders[0])
    if found is None:
        raise PairingError("the pairing was changed at the same moment; see `argent pairing list`")
    return found
