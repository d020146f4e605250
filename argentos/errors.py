"""Every error of argentos, as one tree.

    ArgentError
    ├── DiagramError                 a diagram, or its bindings, cannot be read or run
    ├── UnknownStateError            a state that the machine does not have
    ├── MachineError                 a machine that a Runner runs cannot do what was asked
    │   ├── EventRefusedError        its state knows no such event, or a guard does not hold
    │   ├── StateNotReachedError     it was not in the state that was waited for, within that time
    │   ├── MigrationError           it is stored in a state that this version of its diagram does not have
    │   └── RunnerStoppedError       its runner has ended, or was not entered
    ├── ConfigError                  argent.json, or a setting
    ├── CallbackError                a counter or a clock of the host raised, or gave what is none
    ├── MissingExtraError            an optional dependency is not installed
    ├── InputError                   an argument or a line of input cannot be taken
    │   ├── MessageTooLargeError     a message that the context window could never hold
    │   └── AttachmentTooLargeError  a picture or a document of more bytes, or more of them, than the settings allow
    ├── SessionError                 a session cannot do what was asked of it
    │   ├── SessionNotFoundError
    │   ├── SessionExistsError
    │   ├── MailboxFullError         the queue of the session is full; nothing was accepted
    │   ├── CompactionFailedError    no summary could be made; the history is kept
    │   ├── NothingToCompactError
    │   ├── NothingToRetryError      no message failed, or not the one that was named
    │   ├── NothingToRegenerateError the session has no reply of which another one could be made
    │   ├── UndoRefusedError         what was asked for cannot be taken back; the sentence says why
    │   ├── CheckpointNotFoundError
    │   ├── MessageNotFoundError     no message has this number, or it has left the context
    │   ├── ApprovalNotFoundError    no such call waits for a person's word
    │   ├── ApprovalDecidedError     it does no more; the sentence says how that ended
    │   ├── NotAnApproverError       somebody else's word counts
    │   ├── SessionFailedError       something raised what nobody expected; the session begins anew from what is durable
    │   ├── SessionParkedError       it failed too often, and takes nothing until it is unparked
    │   ├── NoReplyError             the turn ended without a reply
    │   ├── SupervisorStoppedError
    │   └── WrongEventLoopError      called from the event loop of another thread
    ├── StoreError                   the state directory
    │   ├── StoreBusyError           another owner has it, or it is open already
    │   ├── OwnerGoneError           the process that was to be asked does not own it any more
    │   ├── OwnerLostError           the process that was asked hung up before it had answered
    │   ├── AttachmentNotFoundError  the session has no attachment of this hash, or the bytes of it are gone
    │   ├── StoreDamagedError        a file in it cannot be read; it was left as it is, or set aside
    │   ├── StoreVersionError        a file in it is of a newer version; it was left as it is
    │   ├── StoreFailedError         a write failed; the store takes no more
    │   ├── StoreFullError           the journal has no room for more; sending later helps
    │   └── StaleWriteError          an owner that has been replaced, or a sequence out of order
    ├── PairingError                 a sender cannot be paired as was asked; the sentence says why
    │   ├── PairingNotFoundError     nobody has the code
    │   └── SenderNotAdmittedError   the account of ours does not answer this sender
    ├── ChannelError                 a platform, as Telegram, cannot do now what is asked of it
    │   ├── ChannelRefusedError      it refuses the account of ours, as where its token was revoked
    │   ├── UnknownOutcomeError      it may have done what was asked, or not
    │   └── TargetGoneError          a place of it cannot be written to any more
    ├── AccessError                  a gateway refuses a request, before anything is done
    │   ├── NotAuthenticatedError    no token, or one that is not known any more
    │   ├── ScopeError               the token does not allow this
    │   ├── HostRefusedError         the request names another host than the gateway's
    │   ├── OriginRefusedError       the request comes from the page of another origin
    │   ├── BodyTooLargeError
    │   ├── BodyTooSlowError         the body did not arrive in time
    │   ├── RateLimitedError         too many requests in too short a time, or too many at once
    │   └── TooManySessionsError     no more sessions may be made
    └── ModelError                   the model gave no reply
        ├── ModelUnavailableError    not reached, overloaded or rate limited: trying later may help
        ├── ModelRefusedError        the request was refused: trying again will not help
        ├── ContextOverflowError     the request is larger than the model's window
        ├── SpendingLimitError       a limit of what may be spent is reached; the model was not asked
        └── ReplyInterruptedError    the stream ended before the reply did; nothing of it was kept

The message of each is one sentence that says what, where and how to mend it.
"""

from typing import Self

__all__ = [
    "AccessError",
    "ApprovalDecidedError",
    "ApprovalNotFoundError",
    "ArgentError",
    "AttachmentNotFoundError",
    "AttachmentTooLargeError",
    "BodyTooLargeError",
    "BodyTooSlowError",
    "CallbackError",
    "ChannelError",
    "ChannelRefusedError",
    "CheckpointNotFoundError",
    "CompactionFailedError",
    "ConfigError",
    "ContextOverflowError",
    "DiagramError",
    "EventRefusedError",
    "HostRefusedError",
    "InputError",
    "MachineError",
    "MailboxFullError",
    "MessageNotFoundError",
    "MessageTooLargeError",
    "MigrationError",
    "MissingExtraError",
    "ModelError",
    "ModelRefusedError",
    "ModelUnavailableError",
    "NoReplyError",
    "NotAnApproverError",
    "NotAuthenticatedError",
    "NothingToCompactError",
    "NothingToRegenerateError",
    "NothingToRetryError",
    "OriginRefusedError",
    "OwnerGoneError",
    "OwnerLostError",
    "PairingError",
    "PairingNotFoundError",
    "RateLimitedError",
    "ReplyInterruptedError",
    "RunnerStoppedError",
    "ScopeError",
    "SenderNotAdmittedError",
    "SessionError",
    "SessionExistsError",
    "SessionFailedError",
    "SessionNotFoundError",
    "SessionParkedError",
    "SpendingLimitError",
    "StaleWriteError",
    "StateNotReachedError",
    "StoreBusyError",
    "StoreDamagedError",
    "StoreError",
    "StoreFailedError",
    "StoreFullError",
    "StoreVersionError",
    "SupervisorStoppedError",
    "TargetGoneError",
    "TooManySessionsError",
    "UndoRefusedError",
    "UnknownOutcomeError",
    "UnknownStateError",
    "WrongEventLoopError",
]


class ArgentError(Exception):
    """Base of all errors that argentos raises on purpose.

    Args:
        sentence: what went wrong, where, and how to mend it.
        is_transient: by default what holds for the kind.
        retry_after: see below.

    Attributes:
        code: a word for programs, of its own for each kind; it stays the same from version to version.
        is_transient: trying the same again later may help.
        retry_after: seconds to wait before that; None where nobody says.
    """

    code: str = "error"
    is_transient: bool = False
    retry_after: float | None = None

    def __init__(
        self, sentence: str = "", *, is_transient: bool | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(sentence)
        if is_transient is not None:
            self.is_transient = is_transient
        if retry_after is not None:
            self.retry_after = retry_after

    def copy(self) -> Self:
        """The same error, for one more task to raise: a traceback grows wherever its error is raised.

        One of a class of the host's that cannot be made from its arguments is given itself.
        """
        try:
            copied = type(self).__new__(type(self), *self.args)
        except TypeError:
            return self
        copied.__dict__.update(vars(self))
        copied.__cause__ = self.__cause__
        return copied


class DiagramError(ArgentError):
    """A diagram, or the bindings beside it, cannot be read or run.

    Attributes:
        file: the name of the diagram's file, or `<diagram>` for a text without one.
        line: 1 for the first line of the file.
        column: 1 for the first character of the line.
        text: the offending text.
    """

    code = "diagram_invalid"

    def __init__(self, problem: str, *, file: str, line: int, column: int, text: str = "") -> None:
        super().__init__(f"{file}:{line}:{column}: {problem}")
        self.problem = problem
        self.file = file
        self.line = line
        self.column = column
        self.text = text


class UnknownStateError(ArgentError):
    """A state that the machine does not have, as in a snapshot made with another diagram.

    Never raised for an unknown event: `decide` answers `Refused` to that.
    """

    code = "unknown_state"


class MachineError(ArgentError):
    """A machine that a `Runner` runs cannot do what was asked of it."""

    code = "machine_error"


class EventRefusedError(MachineError):
    """The machine's state knows no such event, or a guard does not hold; nothing was changed.

    Attributes:
        state: of the machine.
        event: that was raised.
        guard: that does not hold; None where the state knows no such event.
    """

    code = "event_refused"

    def __init__(self, sentence: str, *, state: str, event: str, guard: str | None) -> None:
        super().__init__(sentence)
        self.state = state
        self.event = event
        self.guard = guard


class StateNotReachedError(MachineError):
    """The machine was not in the state that was waited for, within that time; it goes on as it is."""

    code = "state_not_reached"
    is_transient = True


class MigrationError(MachineError):
    """A life is stored in a state that this version of its diagram does not have; it was left as it is."""

    code = "migration_needed"


class RunnerStoppedError(MachineError):
    """The runner has ended, or was not entered; what it has acknowledged is stored, where it has a store."""

    code = "runner_stopped"


class ConfigError(ArgentError):
    """A setting cannot be used; the sentence names its path in argent.json."""

    code = "config_invalid"


class CallbackError(ArgentError):
    """A function that the host gave, a counter or a clock, raised, or gave what is none; its error is the cause.

    Not raised for a model: its errors become a `ModelError`.
    """

    code = "callback_failed"


class MissingExtraError(ArgentError):
    """An optional dependency is not installed; the sentence says how to install it. Nothing was done."""

    code = "extra_missing"


class InputError(ArgentError):
    """An argument or a line of input cannot be taken; nothing was changed."""

    code = "input_invalid"


class MessageTooLargeError(InputError):
    """A message that the context window could never hold; it was not accepted."""

    code = "message_too_large"


class AttachmentTooLargeError(InputError):
    """A picture or a document has more bytes, or a message more of them, than its settings allow; nothing was kept."""

    code = "attachment_too_large"


class SessionError(ArgentError):
    """A session cannot do what was asked of it."""

    code = "session_error"


class SessionNotFoundError(SessionError):
    """There is no such session. Sending to an unknown id creates the session instead."""

    code = "session_not_found"


class SessionExistsError(SessionError):
    """A session is to be made by hand under an id that is taken."""

    code = "session_exists"


class MailboxFullError(SessionError):
    """The queue of the session is full; nothing was accepted, so sending again later is safe."""

    code = "mailbox_full"
    is_transient = True


class NothingToCompactError(SessionError):
    """No messages are old enough to be replaced by a summary; nothing was changed."""

    code = "nothing_to_compact"


class CompactionFailedError(SessionError):
    """No summary could be made, for the reason that the sentence gives; nothing was changed."""

    code = "compaction_failed"


class SessionFailedError(SessionError):
    """The step that was to take this raised what nobody expected, as a bug or a lack of memory does; see its cause.

    The session goes on from what is durable: sending a message again, with the same id, is safe.
    """

    code = "session_failed"
    is_transient = True


class NothingToRetryError(SessionError):
    """No message of the session failed, or not the one that was named, or it has left the context."""

    code = "nothing_to_retry"


class NothingToRegenerateError(SessionError):
    """The session has no reply of which another one could be made; nothing was changed."""

    code = "nothing_to_regenerate"


class UndoRefusedError(SessionError):
    """A checkpoint is not taken back: there is none, a later one comes first, or its messages fit the window no more.

    Nothing was changed.
    """

    code = "undo_refused"


class CheckpointNotFoundError(SessionError):
    """The session has no checkpoint of this name."""

    code = "checkpoint_not_found"


class MessageNotFoundError(SessionError):
    """No message of the session has this number, or it has left the context; nothing was changed."""

    code = "message_not_found"


class ApprovalNotFoundError(SessionError):
    """No call of this id waits for a person's word in the session."""

    code = "approval_not_found"


class ApprovalDecidedError(SessionError):
    """The call was approved or denied before, or waits no more; the first word counts, and nothing was changed.

    Attributes:
        outcome: `approved`, `denied`, `expired`, or `superseded` where the person wrote instead.
    """

    code = "approval_decided"

    def __init__(self, sentence: str, outcome: str) -> None:
        super().__init__(sentence)
        self.outcome = outcome


class NotAnApproverError(SessionError):
    """The agent takes the word of others; the call still waits."""

    code = "not_an_approver"


class SessionParkedError(SessionError):
    """The session failed too often in a short time, and takes nothing until an operator has it unparked.

    What it accepted before is kept. Not raised for one failure: then the session is restarted from its snapshot.
    """

    code = "session_parked"


class NoReplyError(SessionError):
    """The turn ended without a reply; the message itself is kept.

    Attributes:
        outcome: `no_reply` (the model had nothing to say), `refused`, `stopped`, `cleared` or `failed`.

    Not raised when the model's error is known to this process: that `ModelError` is raised instead.
    """

    code = "no_reply"

    def __init__(self, sentence: str, outcome: str) -> None:
        super().__init__(sentence)
        self.outcome = outcome


class SupervisorStoppedError(SessionError):
    """The supervisor has been closed, or was never entered; nothing was accepted, unless the sentence says so."""

    code = "supervisor_stopped"
    is_transient = True


class WrongEventLoopError(SessionError):
    """A supervisor was called from another thread than that of its event loop; nothing was done.

    A portal of anyio's, made beside the supervisor, takes calls from other threads.
    """

    code = "wrong_event_loop"


class StoreError(ArgentError):
    """The state directory cannot be used as asked."""

    code = "store_error"


class StoreBusyError(StoreError):
    """Another process owns the state directory, and the sentence names it; or the store is open already in this one."""

    code = "store_busy"
    is_transient = True


class OwnerGoneError(StoreError):
    """The process that was to be asked does not own the state directory any more; nothing was done, so try again.

    Not raised where it ended after it had taken the request: whether that was done is not known then.
    """

    code = "owner_gone"
    is_transient = True


class OwnerLostError(StoreError):
    """The process that was asked hung up before it had answered, as one that was killed: it may have done it, or not.

    A message that is sent again with its id is accepted once, and gets its reply; look before you do anything else
    again. Not raised where it had not taken the request yet: that is an `OwnerGoneError`.
    """

    code = "owner_lost"
    is_transient = True


class AttachmentNotFoundError(StoreError):
    """A session has no attachment of this hash, or the bytes of it are gone."""

    code = "attachment_not_found"


class StoreDamagedError(StoreError):
    """A file cannot be read back; it was left as it is, or set aside, and only its session is affected."""

    code = "store_damaged"


class StoreVersionError(StoreError):
    """A file was written by a newer version; it was left as it is."""

    code = "store_version"


class StoreFailedError(StoreError):
    """A write failed, or the state directory was moved or replaced; nothing more is accepted until it is opened again.

    Messages acknowledged before are safe. The one that met the error was not acknowledged: send it again.
    """

    code = "store_failed"


class StoreFullError(StoreError):
    """The journal has reached its limit, for the files cannot follow, or the disk has no room for more of it.

    Nothing was accepted, so send again later. A write that fails half-way is a `StoreFailedError` instead.
    """

    code = "store_full"
    is_transient = True


class StaleWriteError(StoreError):
    """The writer has been replaced by another owner, or its sequence is not the next one; nothing was written."""

    code = "stale_write"
    is_transient = True


class PairingError(ArgentError):
    """A sender cannot be paired as was asked."""

    code = "pairing_refused"


class PairingNotFoundError(PairingError):
    """Nobody has the code."""

    code = "pairing_not_found"


class SenderNotAdmittedError(PairingError):
    """The account does not answer the sender."""

    code = "sender_not_admitted"


class ChannelError(ArgentError):
    """A platform cannot do now what is asked of it; where it says when it can, that is `retry_after`."""

    code = "channel_failed"
    is_transient = True


class ChannelRefusedError(ChannelError):
    """A platform refuses an account of ours, as where its token is missing or was revoked: a person has to mend it."""

    code = "channel_refused"
    is_transient = False


class UnknownOutcomeError(ChannelError):
    """A platform may have done what was asked of it, or not, as where the connection broke before it had answered."""

    code = "outcome_unknown"


class TargetGoneError(ChannelError):
    """A place of a platform cannot be written to any more, as where the user has blocked the bot."""

    code = "target_gone"
    is_transient = False


class AccessError(ArgentError):
    """A gateway refuses a request; nothing was done."""

    code = "access_denied"


class NotAuthenticatedError(AccessError):
    """The request has no token and no sign-in, or one that is not known, has expired, or was revoked."""

    code = "not_authenticated"


class ScopeError(AccessError):
    """The token of the request does not allow this."""

    code = "scope_missing"


class HostRefusedError(AccessError):
    """The request names a host that is not the gateway's, as where a foreign name was bound to its address."""

    code = "host_refused"


class OriginRefusedError(AccessError):
    """The request comes from the page of another origin, or does not say that it comes from the gateway's own."""

    code = "origin_refused"


class BodyTooLargeError(AccessError):
    """The body of the request is larger than the gateway takes; it was not read to its end."""

    code = "body_too_large"


class BodyTooSlowError(AccessError):
    """The body of the request did not arrive in time."""

    code = "body_too_slow"
    is_transient = True


class RateLimitedError(AccessError):
    """Too many requests came in too short a time, or too many run at once."""

    code = "rate_limited"
    is_transient = True


class TooManySessionsError(AccessError):
    """The gateway makes no more sessions, for there are as many as it may have."""

    code = "too_many_sessions"


class ModelError(ArgentError):
    """The model gave no reply; the user's message is kept.

    A supervisor runs a turn whose error is transient again, by itself, and not before `retry_after`.
    """

    code = "model_failed"


class ModelUnavailableError(ModelError):
    """The model was not reached in time, is overloaded, or limits the rate: trying later may help."""

    code = "model_unavailable"
    is_transient = True


class ModelRefusedError(ModelError):
    """The model refused the request, as for a wrong key, or to answer: trying again will not help."""

    code = "model_refused"


class ContextOverflowError(ModelError):
    """The request is larger than the model's window."""

    code = "context_overflow"


class SpendingLimitError(ModelError):
    """A limit of what a session, or an agent on a day, may spend is reached; the model was not asked.

    Its turn can be tried again, as by `Session.retry`, when there is something to spend again.
    """

    code = "spending_limit"


class ReplyInterruptedError(ModelError):
    """The stream ended before the reply did; what had arrived of it is not taken for a reply."""

    code = "reply_interrupted"
    is_transient = True
