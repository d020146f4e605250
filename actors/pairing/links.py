"""Links: senders who are one person, and share a session. Everything here is pure."""

from collections.abc import Iterable, Sequence

from argentos.actors.pairing.book import PairedPerson, PairingBook
from argentos.actors.routing.senders import Sender
from argentos.actors.routing.session_ids import is_made_by_routing
from argentos.errors import PairingError

__all__ = ["check_session", "members", "sessions_of", "without"]


def members(book: PairingBook, senders: Iterable[Sender]) -> tuple[Sender, ...]:
    """The senders who are one person once these are linked: with each come those with whom that one is linked."""
    found: dict[Sender, None] = {}
    for sender in senders:
        person = book.person_of(sender)
        found.update(dict.fromkeys((sender,) if person is None else person.senders))
    return tuple(found)


def sessions_of(book: PairingBook, senders: Iterable[Sender]) -> tuple[str, ...]:
    """The ids of the sessions to which their direct messages go now."""
    return tuple(dict.fromkeys(book.session_of(each) or each.own_session for each in senders))


def check_session(book: PairingBook, session: str, senders: Sequence[Sender]) -> None:
    """Refuse a session that is, or may become, somebody else's.

    Raises:
        PairingError: it is.
    """
    if is_made_by_routing(session) and session not in {each.own_session for each in senders}:
        raise PairingError(
            f"session {session!a:.80} belongs to another sender or place; name one of those who are linked, or one"
            " without a colon"
        )
    for person in book.people:
        if person.session == session and not set(person.senders) <= set(senders):
            raise PairingError(f"session {session!a:.80} is that of {person.senders[0]} already; name another")


def without(person: PairedPerson, sender: Sender) -> PairedPerson | None:
    """The person without a sender, who takes the own session along; None where one sender would be left."""
    rest = tuple(each for each in person.senders if each != sender)
    if len(rest) <= 1:
        return None
    session = person.session if person.session != sender.own_session else rest[0].own_session
    return PairedPerson(session=session, senders=rest)
