"""The sessions as their users see them, whichever process runs them.

`Session` and `Supervisor` have these methods where the sessions are run, `RemoteSession` and `RemoteSupervisor` in
every other process. A program that names these types works with both.
"""

from collections.abc import Callable, Collection
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from argentos.actors.core.replies import Turn
from argentos.actors.events import Subscription
from argentos.actors.info import SessionInfo
from argentos.actors.outbox.outbox import OwedMessage
from argentos.actors.retention import Stored
from argentos.actors.transcripts.transcript import Transcript
from argentos.storage import Address, Message, Role, SessionKey, Summary

__all__ = ["SessionInterface", "SupervisorInterface"]


class SessionInterface(Protocol):
    """The methods of one conversation: see `argentos.actors.Session` for what they do and raise."""

    @property
    def key(self) -> SessionKey:
        """The agent and the id."""
        ...

    @property
    def id(self) -> str:
        """The session's id."""
        ...

    async def send(
        self,
        text: str,
        *,
        message_id: str | None = None,
        address: Address | None = None,
        sender: str | None = None,
        patience: float = 0.0,
    ) -> Turn:
        """Accept a message of the user."""
        ...

    async def ask(
        self,
        text: str,
        *,
        message_id: str | None = None,
        address: Address | None = None,
        sender: str | None = None,
        patience: float = 0.0,
    ) -> Message:
        """Send a message and wait for its reply."""
        ...

    async def say(
        self,
        text: str,
        *,
        message_id: str | None = None,
        address: Address | None = None,
        sender: str | None = None,
    ) -> Message:
        """Accept a message that the agent sends of its own accord."""
        ...

    async def append(
        self,
        text: str,
        *,
        role: Role = "user",
        message_id: str | None = None,
        address: Address | None = None,
        sender: str | None = None,
    ) -> Message:
        """Accept a message that asks for no reply."""
        ...

    async def retry(self, message_id: str | None = None) -> Turn:
        """Have a turn that failed run once more."""
        ...

    async def current_turn(self) -> Turn | None:
        """The turn that runs."""
        ...

    async def turn(self, message_id: str) -> Turn | None:
        """The turn of a message."""
        ...

    async def create(self) -> SessionInfo:
        """Make the session by hand."""
        ...

    async def adopt(self, transcript: Transcript) -> SessionInfo:
        """Make the session of a transcript."""
        ...

    async def transcript(self) -> Transcript:
        """All messages that ever were, and the summary."""
        ...

    async def info(self) -> SessionInfo:
        """State, tokens, last activity and more."""
        ...

    async def summary(self) -> Summary | None:
        """The summary of the messages that the model sees no more."""
        ...

    async def history(self, *, full: bool = False) -> tuple[Message, ...]:
        """The messages of the context, or all."""
        ...

    async def update(
        self,
        *,
        title: str | None = None,
        tags: Collection[str] | None = None,
        owner: str | None = None,
        system: str | None = None,
    ) -> SessionInfo:
        """Change title, tags, owner or system prompt."""
        ...

    async def clear(self) -> SessionInfo:
        """Empty the context."""
        ...

    async def compact(self, focus: str = "") -> SessionInfo:
        """Replace older messages by a summary now."""
        ...

    async def stop(self) -> SessionInfo:
        """End the turn that runs."""
        ...

    async def unpark(self) -> SessionInfo:
        """Let a session go on that failed too often."""
        ...

    async def delete(self, *, unless_active_since: datetime | None = None, set_aside: bool = False) -> bool:
        """Remove the session."""
        ...


class SupervisorInterface(Protocol):
    """The methods of all sessions: see `argentos.actors.Supervisor` for what they do and raise."""

    def session(self, session_id: str, *, agent: str | None = None) -> SessionInterface:
        """The handle of a session."""
        ...

    async def list(
        self,
        *,
        agent: str | None = None,
        limit: int | None = None,
        active_since: datetime | None = None,
        prefix: str | None = None,
        owner: str | None = None,
        tag: str | None = None,
        on_problem: Callable[[str], None] | None = None,
    ) -> list[SessionInfo]:
        """The sessions, those with the latest activity first."""
        ...

    async def stored(self, *, agent: str | None = None, sizes: bool = True) -> tuple[Stored, ...]:
        """All sessions as retention sees them."""
        ...

    async def owed(self, channel: str | None = None) -> tuple[OwedMessage, ...]:
        """The messages that are owed to a channel."""
        ...

    async def backup(self, target: Path) -> int:
        """Save everything to a new file."""
        ...

    def events(
        self, limit: int = 1000, *, after: str | None = None, session: str | None = None, agent: str | None = None
    ) -> AbstractAsyncContextManager[Subscription]:
        """Events from now on: records that become durable, and what the supervisor does."""
        ...
