"""The forms in which a session is written, bit by bit."""

from typing import Protocol

from argentos.actors import SessionInfo, TranscriptMessage, TranscriptSummary

__all__ = ["Form"]


class Form(Protocol):
    """A form of sessions in a file, one after the other."""

    def begin(self, info: SessionInfo, summary: TranscriptSummary | None) -> bytes:
        """The part in front of the messages of a session."""
        ...

    def message(self, message: TranscriptMessage) -> bytes:
        """The next message, as it is written."""
        ...

    def end(self) -> bytes:
        """The part behind the messages."""
        ...
