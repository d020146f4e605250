"""Commands of an actor: what may come in, and how each is answered.

Reading order:

    answered  what waits for its answer
    messages  taken, answered once more, or not any more
    asked     what people ask for, perhaps in a message
    calls     begun, or decided on
    sessions  made, changed, deleted, woken
"""

from typing import TypeAlias

from argentos.actors.core.commands.asked import Clear, Compact, Rewind, Stop, Undo
from argentos.actors.core.commands.calls import BeginCall, Decide
from argentos.actors.core.commands.messages import Accept, Cancel, Receipt, Regenerate, Retry
from argentos.actors.core.commands.sessions import (
    Adopt,
    Changes,
    Create,
    Delete,
    Deliver,
    RetryDelivery,
    Update,
    Wake,
)
from argentos.actors.core.reports import CallDone, Charge, SummaryMade, TurnDone

__all__ = [
    "Accept",
    "Adopt",
    "Asked",
    "BeginCall",
    "Cancel",
    "Changes",
    "Clear",
    "Command",
    "Compact",
    "Create",
    "Decide",
    "Decided",
    "Delete",
    "Deliver",
    "Receipt",
    "Regenerate",
    "Retry",
    "RetryDelivery",
    "Rewind",
    "Stop",
    "Undo",
    "Update",
    "Wake",
]

Asked: TypeAlias = Stop | Clear | Undo | Rewind | Compact
"""The commands of people, which may stand in a message."""

Decided: TypeAlias = (
    Accept
    | Adopt
    | Retry
    | Create
    | Deliver
    | RetryDelivery
    | Stop
    | Cancel
    | Update
    | Clear
    | Undo
    | Rewind
    | Regenerate
    | Compact
    | Wake
    | BeginCall
    | Decide
    | TurnDone
    | CallDone
    | Charge
    | SummaryMade
)

Command: TypeAlias = Decided | Delete
