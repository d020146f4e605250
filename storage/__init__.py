"""Records, the fold that makes snapshots of them, and the stores that keep both."""

from argentos.storage.file_store import FileStore
from argentos.storage.memory import MemoryStore
from argentos.storage.names import check_id, expand_home, file_name
from argentos.storage.records import (
    MESSAGE_TOKENS,
    Accepted,
    Address,
    Cleared,
    Kept,
    Message,
    Outcome,
    Record,
    Replied,
    Role,
    SessionKey,
    Summarised,
    Transitioned,
    TurnEnded,
    TurnStarted,
    Usage,
)
from argentos.storage.runner import Runner, inline, threads
from argentos.storage.snapshot import Calibration, Context, Metadata, OpenTurn, Snapshot, Summary, Taken, fold, reply_of
from argentos.storage.store import Page, Store

__all__ = [
    "MESSAGE_TOKENS",
    "Accepted",
    "Address",
    "Calibration",
    "Cleared",
    "Context",
    "FileStore",
    "Kept",
    "MemoryStore",
    "Message",
    "Metadata",
    "OpenTurn",
    "Outcome",
    "Page",
    "Record",
    "Replied",
    "Role",
    "Runner",
    "SessionKey",
    "Snapshot",
    "Store",
    "Summarised",
    "Summary",
    "Taken",
    "Transitioned",
    "TurnEnded",
    "TurnStarted",
    "Usage",
    "check_id",
    "expand_home",
    "file_name",
    "fold",
    "inline",
    "reply_of",
    "threads",
]
