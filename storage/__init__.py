"""Records, the snapshots that they add up to, and the stores that keep both.

Reading order; each imports only those above it:

    names            ids as file names
    records          what happens in a session
    snapshot         what records add up to
    store            the contract
    decoding_errors  what is wrong, in plain words
    coercion         values of a wrong type, read all the same
    disk             system calls: whole and durable files, the lock
    wal              the journal
    memory_store     the store that forgets
    files            the files of sessions, and the index
    backup           a state directory in one file
    file_store       the store on disk
    repair           checking a state directory, and mending it
"""

from argentos.concurrency.threads import Runner, inline, threads
from argentos.storage.file_store import FileStore
from argentos.storage.memory_store import MemoryStore
from argentos.storage.names import expand_home, file_name
from argentos.storage.records import (
    MESSAGE_TOKENS,
    Accepted,
    Address,
    Cleared,
    CompactionResumed,
    Delivered,
    Kept,
    Message,
    Outcome,
    Owed,
    Record,
    Replied,
    Retried,
    Role,
    SessionKey,
    Summarised,
    Transitioned,
    TurnDelayed,
    TurnEnded,
    TurnStarted,
    Updated,
    Usage,
)
from argentos.storage.snapshot import (
    Calibration,
    Context,
    FailedTurn,
    Metadata,
    OpenCompaction,
    OpenTurn,
    Snapshot,
    Summary,
    Taken,
    Undeliverable,
    fold,
    fold_context,
    fold_metadata,
    reply_of,
)
from argentos.storage.store import Page, Store

__all__ = [
    "MESSAGE_TOKENS",
    "Accepted",
    "Address",
    "Calibration",
    "Cleared",
    "CompactionResumed",
    "Context",
    "Delivered",
    "FailedTurn",
    "FileStore",
    "Kept",
    "MemoryStore",
    "Message",
    "Metadata",
    "OpenCompaction",
    "OpenTurn",
    "Outcome",
    "Owed",
    "Page",
    "Record",
    "Replied",
    "Retried",
    "Role",
    "Runner",
    "SessionKey",
    "Snapshot",
    "Store",
    "Summarised",
    "Summary",
    "Taken",
    "Transitioned",
    "TurnDelayed",
    "TurnEnded",
    "TurnStarted",
    "Undeliverable",
    "Updated",
    "Usage",
    "expand_home",
    "file_name",
    "fold",
    "fold_context",
    "fold_metadata",
    "inline",
    "reply_of",
    "threads",
]
