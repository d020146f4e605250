"""What is told about a session."""

from datetime import datetime
from functools import lru_cache

from msgspec import Struct

from argentos.actors.config import Config
from argentos.actors.step import state_at
from argentos.llm import Gauge
from argentos.storage import Metadata, Taken

__all__ = ["SessionInfo"]


class SessionInfo(Struct, frozen=True, gc=False, kw_only=True, rename="camel"):
    """A session at a moment.

    Attributes:
        state: of the machine; an overdue timer counts as fired.
        messages: how many were ever accepted.
        tokens: of the context, in the model's tokens as far as they are known.
        window: the most that the context may have.
        percent: of the window.
        waiting: messages without an answer so far.
        edges: for each edge of the diagram, as mermaid writes it, how often it was taken, and when last.
    """

    id: str
    agent: str
    state: str
    created_at: datetime
    last_activity: datetime
    messages: int
    turns: int
    tokens: int
    window: int
    percent: float
    compactions: int
    waiting: int
    edges: dict[str, Taken]

    @classmethod
    def of(cls, metadata: Metadata, config: Config, now: datetime) -> "SessionInfo":
        """Read it off the metadata."""
        known = metadata.calibration
        gauge = _gauge(config, known.model if known else "")
        tokens = gauge.estimate(metadata)
        return cls(
            id=metadata.session,
            agent=metadata.agent,
            state=state_at(metadata, now, config.idle_after),
            created_at=metadata.created_at,
            last_activity=metadata.last_activity,
            messages=metadata.messages,
            turns=metadata.turns,
            tokens=tokens,
            window=gauge.window,
            percent=round(100 * tokens / gauge.window, 1),
            compactions=metadata.compactions,
            waiting=len(metadata.waiting) + (len(metadata.turn.messages) if metadata.turn else 0),
            edges=metadata.edges,
        )


@lru_cache(maxsize=64)
def _gauge(config: Config, model: str) -> Gauge:
    return Gauge(
        window=config.max_context_tokens,
        threshold=config.compaction_threshold,
        keep_recent=config.keep_recent_tokens,
        system_tokens=0,
        model=model,
        first_ratio=1.0,
    )
