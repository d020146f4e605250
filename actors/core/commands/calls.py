"""Calls of tools that begin, or wait for a person's word."""

from datetime import datetime

from argentos.actors.core.commands.answered import Answered
from argentos.actors.scheduling.slots import TaskId
from argentos.storage import Metadata

__all__ = ["BeginCall", "Decide"]


class BeginCall(Answered[bool]):
    """Note durably that a call begins that must not be repeated; False where it is not waited for any more."""

    __slots__ = ("call_id", "tag")

    def __init__(self, at: datetime, tag: TaskId, call_id: str) -> None:
        super().__init__(at)
        self.tag: TaskId = tag
        self.call_id: str = call_id


class Decide(Answered[Metadata]):
    """Give a person's word on a call.

    Attributes:
        reason: for the model, where the call is denied.
        by: who gives it, where that is known.
    """

    __slots__ = ("by", "call_id", "is_approved", "reason")

    def __init__(self, at: datetime, call_id: str, *, is_approved: bool, reason: str, by: str | None) -> None:
        super().__init__(at)
        self.call_id: str = call_id
        self.is_approved: bool = is_approved
        self.reason: str = reason
        self.by: str | None = by
