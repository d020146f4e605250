"""Ids of what the agent says, made of that of the message that it answers, and where it goes."""

import hashlib
from typing import Final

from argentos.actors.core.decisions.draft import Draft
from argentos.inputs import MAX_ID_BYTES
from argentos.storage import Address

__all__ = ["is_owed", "reply_id", "step_id"]

_REPLY: Final = "reply"


def reply_id(asked: str) -> str:
    """An id for the reply to a message."""
    return step_id(asked, _REPLY)


def step_id(asked: str, what: str) -> str:
    """An id for a part of the turn that answers a message; like that one's, it has no more than `MAX_ID_BYTES`."""
    made = f"{asked}:{what}"
    if len(made.encode()) <= MAX_ID_BYTES:
        return made
    digest = hashlib.sha256(asked.encode()).hexdigest()
    room = MAX_ID_BYTES - len(digest) - len(what) - 2
    return f"{asked.encode()[:room].decode(errors='ignore')}~{digest}:{what}"


def is_owed(draft: Draft, address: Address | None) -> bool:
    """Whether messages to this address go through the outbox."""
    return address is not None and address.channel in draft.channels
