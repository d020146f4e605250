"""Approvals: calls of tools that wait for a person's word, and the word."""

from msgspec import Struct

from argentos.actors import Approval, SessionInfo
from argentos.gateway.api.call import Body, Call, Id, SessionParameters
from argentos.gateway.api.routes import PREFIX, Route

__all__ = ["ROWS", "Approvals"]

_SESSION = f"{PREFIX}/sessions/{{session}}"


class Approvals(Struct, frozen=True):
    """Calls that wait, the oldest first."""

    approvals: tuple[Approval, ...]


class CallParameters(SessionParameters, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """Parameters of a call of the API about a call of a tool.

    Attributes:
        call_id: of the call, as in the list of those that wait.
    """

    call_id: Id


class Denial(Body, frozen=True, kw_only=True):
    """A word against a call.

    Attributes:
        reason: for the model; at most 2,000 characters.
    """

    reason: str = ""


async def list_approvals(call: Call) -> Approvals:
    """List the calls of tools that wait for a person's word, in all sessions."""
    return Approvals(await call.sessions.approvals())


async def session_approvals(call: Call, given: SessionParameters) -> Approvals:
    """List the calls of a session that wait for a person's word."""
    return Approvals(await (await call.session(given)).approvals())


async def approve_call(call: Call, given: CallParameters) -> SessionInfo:
    """Let a call run; the turn goes on."""
    return await (await call.session(given)).approve(given.call_id, by=call.sessions.by)


async def deny_call(call: Call, given: CallParameters, body: Denial) -> SessionInfo:
    """Have a call not run; the model is told so, and the turn goes on."""
    return await (await call.session(given)).deny(given.call_id, body.reason, by=call.sessions.by)


ROWS = (
    Route("GET", f"{PREFIX}/approvals", list_approvals, scope="read"),
    Route("GET", f"{_SESSION}/approvals", session_approvals, scope="read"),
    Route("POST", f"{_SESSION}/approvals/{{callId}}/approve", approve_call, scope="approve"),
    Route("POST", f"{_SESSION}/approvals/{{callId}}/deny", deny_call, scope="approve"),
)
