"""Calls of tools that a person decides on by a button."""

import hashlib
from typing import Final

import msgspec

from argentos.actors import Approval, Sender, Supervisor
from argentos.actors.sessions.session import Session
from argentos.errors import SessionError
from argentos.gateway.channels.channel import Button, Click, ClickAnswer
from argentos.storage import Address
from argentos.storage.blocks import calls_in
from argentos.storage.messages import Message

__all__ = ["asked_for", "buttons_of", "obey", "question_of"]

_YES: Final = "yes"
_NO: Final = "no"
_SHOWN: Final = 600  # characters of what a tool is given


def question_of(approval: Approval) -> str:
    """The question whether a call may run."""
    given = msgspec.json.encode(approval.input).decode()
    shown = given if len(given) <= _SHOWN else f"{given[:_SHOWN]}…"
    return f"May I call {approval.name}?\n{shown}"


def buttons_of(approval: Approval) -> tuple[Button, ...]:
    """The buttons by which it is decided."""
    name = _digest(approval)
    return Button("Approve", f"{_YES}:{name}"), Button("Deny", f"{_NO}:{name}")


def _digest(approval: Approval) -> str:
    """A name of the call that fits into a button, and that is the same after a restart."""
    whole = f"{approval.agent}\0{approval.session}\0{approval.call_id}"
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:40]


async def asked_for(session: Session, message: Message) -> tuple[Approval, ...]:
    """The calls in a message that still wait for a person's word."""
    called = {each.id for each in calls_in(message.blocks)}
    if not called:
        return ()
    return tuple(each for each in await session.approvals() if each.call_id in called)


async def obey(supervisor: Supervisor, click: Click) -> ClickAnswer:
    """Decide on a call as a click says, if it is the click of somebody whose word counts.

    It has to come from the place that the call's session belongs to, and from a sender who is let in also when writing
    to the agent alone: who is answered in a group, as anybody in it may be, decides nothing there. Where the agent
    names approvers, it has to be one of these.
    """
    verb, _, name = click.data.partition(":")
    found = next((each for each in await supervisor.approvals() if _digest(each) == name), None)
    if found is None or verb not in {_YES, _NO}:
        return ClickAnswer("This is decided already, or has expired.", is_settled=True)
    sender = Sender.of(click.address)
    place = await supervisor.route(click.address)
    alone = await supervisor.route(Address(sender.channel, sender.user, account=sender.account))
    if (place.agent, place.session_id) != (found.agent, found.session) or not alone.is_answered:
        return ClickAnswer("Your word does not count here.", is_settled=False)
    session = supervisor.session(found.session, agent=found.agent)
    try:
        if verb == _YES:
            await session.approve(found.call_id, by=str(sender))
        else:
            await session.deny(found.call_id, by=str(sender))
    except SessionError as error:
        return ClickAnswer(str(error), is_settled=False)
    return ClickAnswer("Approved." if verb == _YES else "Denied.", is_settled=True)
