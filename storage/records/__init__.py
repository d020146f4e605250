"""Records: the things that happen in a session, in the order in which they happened.

A record never changes once it is written, and refers to nothing that could refer to it: so the garbage collector
need not look at it. Times are wall-clock times in UTC.

By what they are about:

    sessions     its machine, its messages, its properties, what is owed
    turns        begun, gone on, delayed, ended
    calls        of tools in a turn, and a person's word on them
    compactions  asked for, resumed, and what came of each
"""

from typing import TypeAlias

from argentos.storage.branching.records import Forked, Rewound, Undone
from argentos.storage.messages import Cut
from argentos.storage.records.calls import ApprovalAsked, ApprovalDecided, ApprovalOutcome, CallEnded, CallStarted
from argentos.storage.records.compactions import (
    CompactionAsked,
    CompactionDeclined,
    CompactionResumed,
    CompactionStatus,
    Kept,
    Measured,
    Summarised,
)
from argentos.storage.records.sessions import (
    Accepted,
    Charged,
    Cleared,
    Commanded,
    Delivered,
    OwedAgain,
    Transitioned,
    Updated,
)
from argentos.storage.records.turns import (
    Outcome,
    Replied,
    Responded,
    Retried,
    Shortened,
    TurnDelayed,
    TurnEnded,
    TurnStarted,
)

__all__ = [
    "Accepted",
    "ApprovalAsked",
    "ApprovalDecided",
    "ApprovalOutcome",
    "CallEnded",
    "CallStarted",
    "Charged",
    "Cleared",
    "Commanded",
    "CompactionAsked",
    "CompactionDeclined",
    "CompactionResumed",
    "CompactionStatus",
    "Cut",
    "Delivered",
    "Forked",
    "Kept",
    "Measured",
    "Outcome",
    "OwedAgain",
    "Record",
    "Replied",
    "Responded",
    "Retried",
    "Rewound",
    "Shortened",
    "Summarised",
    "Transitioned",
    "TurnDelayed",
    "TurnEnded",
    "TurnStarted",
    "Undone",
    "Updated",
]

Record: TypeAlias = (
    Transitioned
    | Accepted
    | Updated
    | TurnStarted
    | Responded
    | CallStarted
    | CallEnded
    | ApprovalAsked
    | ApprovalDecided
    | Replied
    | TurnDelayed
    | TurnEnded
    | Retried
    | Shortened
    | Summarised
    | Cleared
    | CompactionAsked
    | CompactionDeclined
    | Rewound
    | Undone
    | Forked
    | CompactionResumed
    | Kept
    | Charged
    | Commanded
    | Delivered
    | OwedAgain
)
