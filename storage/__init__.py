"""Records, the snapshots that they add up to, and the stores that keep both.

Reading order; each imports only those above it:

    names            ids as file names
    blocks           what a message is made of
    block_validation of blocks from outside
    messages         what is said
    attachments      the bytes of pictures and documents
    calibration      how a model counts tokens, as far as it is learnt
    branching        going back, and the records of that
    records          what happens in a session
    snapshot         what records add up to
    folding          messages, calls, debts and more, record by record
    open_context     the context, likewise
    fold             records make a snapshot
    store            the contract
    decoding_errors  what is wrong, in plain words
    coercion         values of a wrong type, read all the same
    disk             system calls: whole and durable files, the lock
    machines         snapshots of machines, in files
    wal              the journal
    memory_store     the store that forgets
    files            the files of sessions, and the index
    backup           a state directory in one file
    file_store       the store on disk
    repair           checking a state directory, and mending it
    testing          what a store of your own has to do, as tests
"""

from argentos.concurrency.threads import Runner, inline, threads
from argentos.storage.attachments import (
    AttachmentLimits,
    Detached,
    as_sha256,
    attach_inline,
    check_references,
    decode_base64,
    detach,
    has_bytes,
    hashes_in,
)
from argentos.storage.block_validation import MOST_BLOCKS, as_content
from argentos.storage.blocks import (
    Block,
    Content,
    ContentLike,
    Document,
    Image,
    RawBlock,
    RedactedThinking,
    Text,
    Thinking,
    ToolResult,
    ToolUse,
    Unknown,
    blocks_of,
    calls_in,
    raw_content,
    results_in,
    text_of,
)
from argentos.storage.branching.checkpoints import Checkpoint, CheckpointKind, Span, numbers_in, spans_of
from argentos.storage.calibration import Calibration
from argentos.storage.file_store import FileStore
from argentos.storage.fold import fold, fold_metadata
from argentos.storage.folding.implied import events_of
from argentos.storage.folding.messages import reply_of
from argentos.storage.machines import SnapshotFile
from argentos.storage.memory_store import MemoryStore
from argentos.storage.messages import (
    MESSAGE_TOKENS,
    REFUSAL,
    STOPPED,
    Address,
    FailedTurn,
    Message,
    Role,
    SessionKey,
    Summary,
    Usage,
)
from argentos.storage.names import expand_home, file_name
from argentos.storage.open_context import fold_context
from argentos.storage.records import (
    Accepted,
    ApprovalAsked,
    ApprovalDecided,
    ApprovalOutcome,
    CallEnded,
    CallStarted,
    Charged,
    Cleared,
    Commanded,
    CompactionAsked,
    CompactionDeclined,
    CompactionResumed,
    CompactionStatus,
    Cut,
    Delivered,
    Forked,
    Kept,
    Measured,
    Outcome,
    OwedAgain,
    Record,
    Replied,
    Responded,
    Retried,
    Rewound,
    Shortened,
    Summarised,
    Transitioned,
    TurnDelayed,
    TurnEnded,
    TurnStarted,
    Undone,
    Updated,
)
from argentos.storage.snapshot import (
    CallResult,
    CompactionAttempt,
    CompactionRequest,
    Context,
    DecidedCall,
    Metadata,
    OpenCall,
    OpenCompaction,
    OpenTurn,
    Origin,
    Snapshot,
    Spending,
    Taken,
    Undeliverable,
)
from argentos.storage.store import Page, Store

__all__ = [
    "MESSAGE_TOKENS",
    "MOST_BLOCKS",
    "REFUSAL",
    "STOPPED",
    "Accepted",
    "Address",
    "ApprovalAsked",
    "ApprovalDecided",
    "ApprovalOutcome",
    "AttachmentLimits",
    "Block",
    "Calibration",
    "CallEnded",
    "CallResult",
    "CallStarted",
    "Charged",
    "Checkpoint",
    "CheckpointKind",
    "Cleared",
    "Commanded",
    "CompactionAsked",
    "CompactionAttempt",
    "CompactionDeclined",
    "CompactionRequest",
    "CompactionResumed",
    "CompactionStatus",
    "Content",
    "ContentLike",
    "Context",
    "Cut",
    "DecidedCall",
    "Delivered",
    "Detached",
    "Document",
    "FailedTurn",
    "FileStore",
    "Forked",
    "Image",
    "Kept",
    "Measured",
    "MemoryStore",
    "Message",
    "Metadata",
    "OpenCall",
    "OpenCompaction",
    "OpenTurn",
    "Origin",
    "Outcome",
    "OwedAgain",
    "Page",
    "RawBlock",
    "Record",
    "RedactedThinking",
    "Replied",
    "Responded",
    "Retried",
    "Rewound",
    "Role",
    "Runner",
    "SessionKey",
    "Shortened",
    "Snapshot",
    "SnapshotFile",
    "Span",
    "Spending",
    "Store",
    "Summarised",
    "Summary",
    "Taken",
    "Text",
    "Thinking",
    "ToolResult",
    "ToolUse",
    "Transitioned",
    "TurnDelayed",
    "TurnEnded",
    "TurnStarted",
    "Undeliverable",
    "Undone",
    "Unknown",
    "Updated",
    "Usage",
    "as_content",
    "as_sha256",
    "attach_inline",
    "blocks_of",
    "calls_in",
    "check_references",
    "decode_base64",
    "detach",
    "events_of",
    "expand_home",
    "file_name",
    "fold",
    "fold_context",
    "fold_metadata",
    "has_bytes",
    "hashes_in",
    "inline",
    "numbers_in",
    "raw_content",
    "reply_of",
    "results_in",
    "spans_of",
    "text_of",
    "threads",
]
