"""Ids of what the agent says, made of that of the message that it answers, and where it goes."""

import hashlib
from typing import Final

from argentos.actors.core.decisions.draft import Draft
from argentos.inputs import MAX_ID_BYTES
from argentos.storage import Address, Message

__all__ = ["is_owed", "reply_id", "step_id"]

_REPLY: Final = "reply"


def reply_id(asked: Message) -> str:
    """An id for the reply to a message."""
    return step_id(asked, _REPLY)


def step_id(asked: Message, what: str) -> str:
    """An id for a part of the turn that answers a message; like that one's, it has no more than `MAX_ID_BYTES`.

    A channel that knows a reply by its id takes the next one to the same message for another.
    """
    if asked.again:
        what = f"{what}-{asked.again + 1}"
    made = f"{asked.id}:{what}"
    if len(made.encode()) <= MAX_ID_BYTES:
        return made
    digest = hashlib.sha256(asked.id.encode()).hexdigest()
    room = MAX_ID_BYTES - len(digest) - len(what) - 2
    return f"{asked.id.encode()[:room].decode(errors='ignore')}~{digest}:{what}"


def is_owed(draft: Draft, address: Address | None) -> bool:
    """Tell whether messages to this address go through the outbox."""
    return address is not None and address.channel in draft.channels
