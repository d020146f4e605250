"""A person's word on the calls of a session, whichever process runs it."""

from abc import ABC, abstractmethod

from anyio.lowlevel import checkpoint

from argentos.actors.approvals import Approval
from argentos.actors.info import SessionInfo
from argentos.actors.validation import as_denial
from argentos.inputs import as_id

__all__ = ["Approving"]


class Approving(ABC):
    """The part of a session in which people decide about calls of tools."""

    __slots__ = ()

    async def approvals(self) -> tuple[Approval, ...]:
        """The calls of tools that wait for a person's word, in their order.

        Raises:
            SessionNotFoundError: there is no such session.
        """
        return await self._approvals()

    async def approve(self, call_id: str, *, by: str | None = None) -> SessionInfo:
        """Let a call run that waits for a person's word; when this returns, that is durable, and the turn goes on.

        Args:
            call_id: of the call, as in `approvals`.
            by: who decides; it has to be one of `Agent.approvers`, where the agent names any.

        Raises:
            ApprovalNotFoundError: no such call waits.
            ApprovalDecidedError: somebody decided before; the sentence says how.
            NotAnApproverError: this one's word does not count.
            SessionNotFoundError: there is no such session.
        """
        return await self._decide_call(call_id, by, is_approved=True, reason="")

    async def deny(self, call_id: str, reason: str = "", *, by: str | None = None) -> SessionInfo:
        """Have a call not run that waits for a person's word; the model is told so, and the turn goes on.

        Args:
            call_id: of the call, as in `approvals`.
            reason: for the model; at most 2,000 characters.
            by: see `approve`.

        Raises:
            InputError: the reason is too long.
            ApprovalNotFoundError, ApprovalDecidedError, NotAnApproverError, SessionNotFoundError: see `approve`.
        """
        return await self._decide_call(call_id, by, is_approved=False, reason=reason)

    async def _decide_call(self, call_id: str, by: str | None, *, is_approved: bool, reason: str) -> SessionInfo:
        await checkpoint()
        who = None if by is None else as_id(by, "the name of who decides")
        why = as_denial(reason)
        return await self._decide(as_id(call_id, "the call id"), is_approved=is_approved, reason=why, by=who)

    # For the two kinds of it, which are given what was checked -----------------------------------------------

    @abstractmethod
    async def _approvals(self) -> tuple[Approval, ...]: ...

    @abstractmethod
    async def _decide(self, call_id: str, *, is_approved: bool, reason: str, by: str | None) -> SessionInfo: ...
