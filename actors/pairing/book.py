"""The book of pairings: what is known of senders, who of them are one person, and who said so."""

from collections.abc import Iterable
from datetime import datetime
from functools import cached_property
from typing import Final

from msgspec import Struct

from argentos.actors.routing.senders import Sender
from argentos.machines.lifecycles.pairing import ADMITTED, REFUSED, REQUESTED, UNKNOWN

__all__ = ["VERSION", "Act", "PairedPerson", "Pairing", "PairingBook", "SessionPairing"]

VERSION: Final = 1
"""The version of what stands in `pairing.json`."""


class Pairing(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A sender, and how far the pairing has come.

    Attributes:
        sender: a user of one account.
        state: in `diagrams/pairing.mmd`.
        since: when it came to that.
        name: as the sender gives it: anybody may call himself anything.
        code: what the sender was given, while it is valid.
        expires_at: when that is over.
    """

    sender: Sender
    state: str
    since: datetime
    name: str = ""
    code: str | None = None
    expires_at: datetime | None = None


class PairedPerson(Struct, frozen=True, kw_only=True, rename="camel"):
    """Senders who are one person.

    Attributes:
        session: the id of the session that they share.
        senders: in the order in which they were linked.
    """

    session: str
    senders: tuple[Sender, ...]

    @property
    def joined(self) -> tuple[str, ...]:
        """The ids of the sessions that the senders had by themselves; they can be read, and nothing comes to them."""
        return tuple(each.own_session for each in self.senders if each.own_session != self.session)


class SessionPairing(Struct, frozen=True, kw_only=True, rename="camel"):
    """A session as pairings have it.

    Attributes:
        senders: whom the owner has let in, and whose direct messages go to the session, as `telegram:123`.
        joined_to: the id of the session to which the sender writes who had this one alone; None where it is joined to
            none.
    """

    senders: tuple[str, ...] = ()
    joined_to: str | None = None


class Act(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A word of the owner: who said it, when, and from where."""

    at: datetime
    act: str
    senders: tuple[Sender, ...]
    by: str | None = None
    origin: str = ""
    session: str | None = None


_UNPAIRED: Final = SessionPairing()


class PairingBook(Struct, frozen=True, kw_only=True, rename="camel", dict=True):
    """All pairings: what stands in `pairing.json`.

    Attributes:
        version: of the form of the file.
        revision: how often it was changed.
        pairings: one for each sender.
        people: senders who are linked.
        acts: the latest thousand words of the owner.
        wrong_codes: when codes were given lately that nobody had.
    """

    version: int = VERSION
    revision: int = 0
    pairings: tuple[Pairing, ...] = ()
    people: tuple[PairedPerson, ...] = ()
    acts: tuple[Act, ...] = ()
    wrong_codes: tuple[datetime, ...] = ()

    @cached_property
    def _by_sender(self) -> dict[Sender, Pairing]:
        return {each.sender: each for each in self.pairings}

    @cached_property
    def _people_by_sender(self) -> dict[Sender, PairedPerson]:
        return {sender: each for each in self.people for sender in each.senders}

    def of(self, sender: Sender) -> Pairing | None:
        """The pairing of a sender; None where nothing is known of that one."""
        return self._by_sender.get(sender)

    def state_of(self, sender: Sender) -> str:
        """The state of a sender's pairing."""
        found = self.of(sender)
        return UNKNOWN if found is None else found.state

    def person_of(self, sender: Sender) -> PairedPerson | None:
        """The person that a sender is, together with others; None while linked with nobody."""
        return self._people_by_sender.get(sender)

    def session_of(self, sender: Sender) -> str | None:
        """The id of the session that the sender shares with others; None while linked with nobody."""
        person = self.person_of(sender)
        return None if person is None else person.session

    def admits(self, sender: Sender) -> bool | None:
        """Tell whether the owner has let the sender in, or has refused it; None where neither was said."""
        state = self.state_of(sender)
        return True if state in ADMITTED else False if state == REFUSED else None

    @cached_property
    def _by_session(self) -> dict[str, SessionPairing]:
        joined = {each: person.session for person in self.people for each in person.joined}
        senders: dict[str, list[str]] = {}
        for each in self.pairings:
            if each.state in ADMITTED:
                senders.setdefault(self.session_of(each.sender) or each.sender.own_session, []).append(str(each.sender))
        return {
            each: SessionPairing(senders=tuple(senders.get(each, ())), joined_to=joined.get(each))
            for each in (*senders, *joined)
        }

    def about(self, session_id: str) -> SessionPairing:
        """The senders who write to a session directly, and the session that it was joined to."""
        return self._by_session.get(session_id, _UNPAIRED)

    def told_of(self, session_ids: Iterable[str]) -> dict[str, SessionPairing]:
        """The pairings of sessions by their ids; those of which there is nothing to tell are left out."""
        return {each: self._by_session[each] for each in session_ids if each in self._by_session}

    @property
    def pending(self) -> tuple[Pairing, ...]:
        """The pairings whose code waits for the owner."""
        return tuple(each for each in self.pairings if each.state == REQUESTED)

    def is_known(self, sender: Sender) -> bool:
        """Tell whether the user was let in at another account of the platform."""
        return any(
            (each.sender.channel, each.sender.user) == (sender.channel, sender.user) and each.state in ADMITTED
            for each in self.pairings
        )
