"""The book of pairings after a change: pure, but for the codes, which are drawn by lot.

What a change does to a sender is decided by `diagrams/pairing.mmd`; the effects on its edges are done here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from msgspec import structs

from argentos.actors.pairing.book import Act, PairedPerson, Pairing, PairingBook
from argentos.actors.pairing.changes import Approve, Change, Deny, Link, RequestCode, Unlink
from argentos.actors.pairing.codes import CODE_LIFE, as_code, new_code
from argentos.actors.pairing.links import check_session, members, without
from argentos.actors.routing.senders import Sender
from argentos.errors import ArgentError, InputError, PairingError, PairingNotFoundError
from argentos.machines import START, Refused
from argentos.machines.lifecycles.pairing import (
    APPROVE,
    CODE_ASKED_FOR,
    CODE_EXPIRED,
    DENY,
    EXPIRED,
    HEARD_OF,
    LINK,
    PAIRING,
    UNKNOWN,
    UNLINK,
)

__all__ = ["MOST_PENDING", "MOST_WRONG", "Changed", "after", "as_of"]

MOST_PENDING: Final = 3
"""Codes of unknown users that are valid at a time, of one account."""

MOST_WRONG: Final = 10
"""Codes that nobody has, and that may be tried within the life of a code."""

_NOW: Final = timedelta(seconds=60)  # since a message was sent, or until then by a clock that goes wrong
_CODE_LIFE: Final = timedelta(seconds=CODE_LIFE)
_MOST_EXPIRED: Final = 1000  # senders who never came back
_MOST_ACTS: Final = 1000


class Changed(NamedTuple):
    """The book after a change, and why that was refused; the book may have learnt of it all the same."""

    book: PairingBook
    error: ArgentError | None = None


@dataclass(frozen=True, slots=True)
class _Facts:
    """Facts as the guards of a pairing see them."""

    may_ask: bool = False
    is_heard_now: bool = False
    has_place: bool = False
    code_is_over: bool = False


def as_of(book: PairingBook, now: datetime) -> PairingBook:
    """The book at a time, with the codes that have expired by then."""
    due = [(at, each.sender) for each in book.pending if (at := each.expires_at or each.since) <= now]
    if not due:
        return book
    work = _Work(book)
    for at, sender in sorted(due):
        work.take(sender, CODE_EXPIRED, at, _Facts(code_is_over=True))
    return work.book()


def after(book: PairingBook, change: Change, now: datetime, *, may_ask: bool = False) -> Changed:
    """The book after a change; where that is refused, the book as it is.

    Args:
        book: before it.
        change: what is asked for; a `Link` names its session.
        now: the time.
        may_ask: the account of a `RequestCode` gives codes.
    """
    book = as_of(book, now)
    try:
        match change:
            case RequestCode():
                return Changed(_requested(book, change, now, may_ask=may_ask and change.is_direct))
            case Approve() | Deny():
                return _decided(book, change, now)
            case Link():
                return Changed(_linked(book, change, now))
            case Unlink():
                work = _Work(book)
                work.take(change.sender, UNLINK, now)
                return Changed(work.book(_act(change, now, "unlink", change.sender)))
    except ArgentError as error:
        return Changed(book, error)


def _requested(book: PairingBook, change: RequestCode, now: datetime, *, may_ask: bool) -> PairingBook:
    is_known = book.is_known(change.sender)
    strangers = [each for each in book.pending if each.sender.place == change.sender.place]
    taken = sum(not book.is_known(each.sender) for each in strangers)
    facts = _Facts(
        may_ask=may_ask,
        is_heard_now=abs(now - change.sent_at) <= _NOW,
        has_place=is_known or taken < MOST_PENDING,
    )
    work = _Work(book)
    work.take(change.sender, CODE_ASKED_FOR, now, facts, name=change.name)
    return work.book()


def _decided(book: PairingBook, change: Approve | Deny, now: datetime) -> Changed:
    event, act = (APPROVE, "approve") if isinstance(change, Approve) else (DENY, "deny")
    if ":" in change.whom:
        sender = Sender.parse(change.whom)
    else:
        code = as_code(change.whom)
        if code is None:
            raise InputError(f"{change.whom!a:.40} is no code, and no sender; give eight letters, or telegram:123")
        book = structs.replace(book, wrong_codes=tuple(at for at in book.wrong_codes if now - at < _CODE_LIFE))
        _check_attempts(book, now)
        found = next((each.sender for each in book.pending if each.code == code), None)
        if found is None:
            tried = structs.replace(book, wrong_codes=(*book.wrong_codes, now), revision=book.revision + 1)
            return Changed(tried, PairingNotFoundError(f"nobody has the code {code}; see `argent pairing list`"))
        sender = found
    work = _Work(book)
    work.take(sender, event, now)
    return Changed(work.book(_act(change, now, act, sender)))


def _check_attempts(book: PairingBook, now: datetime) -> None:
    if len(book.wrong_codes) >= MOST_WRONG:
        wait = (book.wrong_codes[0] + _CODE_LIFE - now).total_seconds()
        raise PairingError(
            f"{MOST_WRONG} wrong codes were tried within the hour; name the sender instead, as telegram:123",
            is_transient=True,
            retry_after=wait,
        )


def _linked(book: PairingBook, change: Link, now: datetime) -> PairingBook:
    joined = members(book, change.senders)
    if len(joined) <= 1:
        raise PairingError("these are one sender; name two or more, as telegram:123 discord:456")
    session = change.session or joined[0].own_session
    check_session(book, session, joined)
    work = _Work(book)
    for sender in joined:
        work.take(sender, LINK, now)
    work.people = (*work.people, PairedPerson(session=session, senders=joined))
    return work.book(_act(change, now, "link", *joined, session=session))


def _act(
    change: Approve | Deny | Link | Unlink, now: datetime, act: str, *who: Sender, session: str | None = None
) -> Act:
    return Act(at=now, act=act, senders=who, by=change.by, origin=change.origin, session=session)


def _first() -> str:
    """The state of a sender of whom nothing is written down."""
    decision = PAIRING.decide(START, HEARD_OF, _Facts())
    return UNKNOWN if isinstance(decision, Refused) else decision.target


_FIRST: Final = _first()


class _Work:
    """A book that is being changed.

    Args:
        book: before that.

    Attributes:
        people: senders who are linked.
    """

    def __init__(self, book: PairingBook) -> None:
        self._before = book
        self._pairings = {each.sender: each for each in book.pairings}
        self.people = book.people

    def take(self, sender: Sender, event: str, at: datetime, facts: object = _Facts(), *, name: str = "") -> None:
        """Take the edge of the diagram that an event leads along, and do what it says.

        Raises:
            PairingError: there is none, or a guard refuses.
        """
        known = self._pairings.get(sender) or Pairing(sender=sender, state=_FIRST, since=at)
        decision = PAIRING.decide(known.state, event, facts)
        if isinstance(decision, Refused):
            raise PairingError(f"{sender} is {known.state.lower()}: {decision}; see `argent pairing list`")
        self._pairings[sender] = structs.replace(known, state=decision.target, since=at, name=name or known.name)
        for effect in decision.effects:
            _EFFECTS[effect](self, sender, at)

    def book(self, act: Act | None = None) -> PairingBook:
        """The book after all that."""
        pairings = tuple(self._pairings.values())
        if pairings == self._before.pairings and act is None:
            return self._before
        return structs.replace(
            self._before,
            revision=self._before.revision + 1,
            pairings=_without_oldest(pairings),
            people=self.people,
            acts=self._before.acts if act is None else (*self._before.acts, act)[-_MOST_ACTS:],
        )

    def make_code(self, sender: Sender, at: datetime) -> None:
        """Give the sender a code that nobody else has."""
        used = {each.code for each in self._pairings.values()}
        code = next(made for made in iter(new_code, None) if made not in used)
        self._change(sender, code, at + _CODE_LIFE)

    def drop_code(self, sender: Sender, _: datetime) -> None:
        """Have the sender's code not be valid any more."""
        self._change(sender, None, None)

    def join(self, sender: Sender, _: datetime) -> None:
        """Take the sender out of the person of before, which becomes part of another."""
        self.people = tuple(each for each in self.people if sender not in each.senders)

    def leave(self, sender: Sender, at: datetime) -> None:
        """Take the sender out of the person; a partner who would be left alone leaves as well."""
        person = next((each for each in self.people if sender in each.senders), None)
        if person is None:
            return
        rest = without(person, sender)
        others = tuple(each for each in self.people if each is not person)
        self.people = others if rest is None else (*others, rest)
        for partner in person.senders if rest is None else ():
            if partner != sender:
                self.take(partner, UNLINK, at)

    def _change(self, sender: Sender, code: str | None, expires_at: datetime | None) -> None:
        self._pairings[sender] = structs.replace(self._pairings[sender], code=code, expires_at=expires_at)


_EFFECTS: Final[dict[str, Callable[[_Work, Sender, datetime], None]]] = {
    "make_code": _Work.make_code,
    "drop_code": _Work.drop_code,
    "join": _Work.join,
    "leave": _Work.leave,
}
PAIRING.check_effects(_EFFECTS)


def _without_oldest(pairings: tuple[Pairing, ...]) -> tuple[Pairing, ...]:
    """The pairings without those that expired longest ago, where there are too many."""
    expired = sorted((each.since, each.sender) for each in pairings if each.state == EXPIRED)
    forgotten = {sender for _, sender in expired[:-_MOST_EXPIRED]}
    return tuple(each for each in pairings if each.sender not in forgotten) if forgotten else pairings
