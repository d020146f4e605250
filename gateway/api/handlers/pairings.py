"""Pairings: unknown senders who are let in or refused, and senders who are one person."""

from datetime import datetime
from typing import Annotated, Final, Self

from msgspec import Meta, Struct

from argentos.actors import Act, PairedPerson, Pairing, PairingBook, Sender, SessionPairing
from argentos.gateway.api.call import Body, Call, Id, SessionParameters
from argentos.gateway.api.routes import PREFIX, Route

__all__ = ["ROWS", "Pairings"]

_PAIRINGS = f"{PREFIX}/pairings"
_DECISIONS: Final = 50  # of the latest, in a list

Text = Annotated[str, Meta(min_length=1, max_length=2000)]


class PairingInfo(Struct, frozen=True, kw_only=True, rename="camel"):
    """A sender, and how far the pairing has come.

    Attributes:
        sender: a user of one account, as `telegram:123` or `telegram@sales:123`.
        name: as the sender gives it: anybody may call himself anything.
        state: in the diagram of pairings.
        since: when it came to that.
        session: the id of the session to which direct messages of the sender go.
        code: what the sender was given, while it is valid.
        expires_at: when that is over.
    """

    sender: str
    channel: str
    user: str
    account: str | None
    name: str
    state: str
    since: datetime
    session: str
    code: str | None
    expires_at: datetime | None

    @classmethod
    def of(cls, pairing: Pairing, book: PairingBook) -> Self:
        """The pairing as it stands in a book."""
        sender = pairing.sender
        return cls(
            sender=str(sender),
            channel=sender.channel,
            user=sender.user,
            account=sender.account,
            name=pairing.name,
            state=pairing.state,
            since=pairing.since,
            session=book.session_of(sender) or sender.own_session,
            code=pairing.code,
            expires_at=pairing.expires_at,
        )


class PersonInfo(Struct, frozen=True, kw_only=True, rename="camel"):
    """Senders who are one person.

    Attributes:
        session: the id of the session that they share.
        senders: in the order in which they were linked.
        joined: the ids of the sessions that they had by themselves, which can be read.
    """

    session: str
    senders: tuple[str, ...]
    joined: tuple[str, ...]

    @classmethod
    def of(cls, person: PairedPerson) -> Self:
        """The person as it stands in a book."""
        return cls(session=person.session, senders=tuple(map(str, person.senders)), joined=person.joined)


class Decision(Struct, frozen=True, kw_only=True, rename="camel"):
    """A word of the owner: who said it, when, and from where."""

    at: datetime
    act: str
    senders: tuple[str, ...]
    by: str | None
    origin: str
    session: str | None

    @classmethod
    def of(cls, act: Act) -> Self:
        """The word as it stands in a book."""
        senders = tuple(map(str, act.senders))
        return cls(at=act.at, act=act.act, senders=senders, by=act.by, origin=act.origin, session=act.session)


class Pairings(Struct, frozen=True, kw_only=True, rename="camel"):
    """All pairings.

    Attributes:
        revision: how often they were changed.
        pairings: one for each sender.
        people: senders who are linked.
        decisions: the latest fifty words of the owner, the latest first.
    """

    revision: int
    pairings: tuple[PairingInfo, ...]
    people: tuple[PersonInfo, ...]
    decisions: tuple[Decision, ...]


class Judged(Body, frozen=True, kw_only=True):
    """A sender about whom is decided.

    Attributes:
        whom: the code that the sender shows, or the sender, as `telegram:123`.
    """

    whom: Text


class NewLink(Body, frozen=True, kw_only=True):
    """Senders who are one person.

    Attributes:
        senders: two or more, who were let in, as `telegram:123`.
        session: the id of the session that they share; by default the oldest of theirs.
    """

    senders: tuple[Text, ...]
    session: Id | None = None


class EndedLink(Body, frozen=True, kw_only=True):
    """A sender who is no more one person with others."""

    sender: Text


async def list_pairings(call: Call) -> Pairings:
    """List the senders, the people among them, and what was decided lately."""
    book = await call.sessions.pairing.book()
    return Pairings(
        revision=book.revision,
        pairings=tuple(PairingInfo.of(each, book) for each in book.pairings),
        people=tuple(map(PersonInfo.of, book.people)),
        decisions=tuple(Decision.of(each) for each in reversed(book.acts[-_DECISIONS:])),
    )


async def session_pairing(call: Call, given: SessionParameters) -> SessionPairing:
    """Show who writes to a session directly, and the session that it was joined to.

    A token that is bound to an owner is told nothing of it.
    """
    await (await call.session(given)).info()  # which is refused where there is none
    if call.caller.owner is not None:
        return SessionPairing()
    return (await call.sessions.pairing.book()).about(given.session)


async def approve_sender(call: Call, body: Judged) -> PairingInfo:
    """Let a sender in, at that account and at no other."""
    desk = call.sessions.pairing
    found = await desk.approve(body.whom, by=call.caller.name, origin=_origin(call))
    return PairingInfo.of(found, await desk.book())


async def deny_sender(call: Call, body: Judged) -> PairingInfo:
    """Refuse a sender from now on, who leaves the person that others are with him."""
    desk = call.sessions.pairing
    found = await desk.deny(body.whom, by=call.caller.name, origin=_origin(call))
    return PairingInfo.of(found, await desk.book())


async def link_senders(call: Call, body: NewLink) -> PersonInfo:
    """Have senders be one person, with one session for all that they write directly."""
    desk = call.sessions.pairing
    senders = [Sender.parse(each) for each in body.senders]
    return PersonInfo.of(await desk.link(senders, session=body.session, by=call.caller.name, origin=_origin(call)))


async def unlink_sender(call: Call, body: EndedLink) -> PairingInfo:
    """Have a sender write to the session of before again."""
    desk = call.sessions.pairing
    found = await desk.unlink(Sender.parse(body.sender), by=call.caller.name, origin=_origin(call))
    return PairingInfo.of(found, await desk.book())


def _origin(call: Call) -> str:
    """The place from which is asked, for the book."""
    client = call.request.client
    return "HTTP API" if client is None else f"HTTP API, from {client.host}"


ROWS = (
    Route("GET", _PAIRINGS, list_pairings, scope="approve"),
    Route("GET", f"{PREFIX}/sessions/{{session}}/pairing", session_pairing, scope="read"),
    Route("POST", f"{_PAIRINGS}/approve", approve_sender, scope="approve"),
    Route("POST", f"{_PAIRINGS}/deny", deny_sender, scope="approve"),
    Route("POST", f"{_PAIRINGS}/link", link_senders, scope="admin"),
    Route("POST", f"{_PAIRINGS}/unlink", unlink_sender, scope="admin"),
)
