"""Calls: one request of the API each, as its handler sees it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from msgspec import Struct
from starlette.requests import HTTPConnection

from argentos.actors import Session
from argentos.actors.interfaces import SupervisorInterface
from argentos.gateway.access.caller import SCOPES, Caller
from argentos.gateway.api.service import Service

__all__ = ["AgentParameters", "Call", "SessionParameters", "caller_of"]


class AgentParameters(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """Parameters of a call about the sessions of an agent.

    Attributes:
        agent: whose; by default the default one's.
    """

    agent: str | None = None


class SessionParameters(AgentParameters, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """Parameters of a call about one session.

    Attributes:
        session: its id, percent-encoded.
    """

    session: str


@dataclass(frozen=True, slots=True)
class Call:
    """A call.

    Attributes:
        service: what all calls share.
        request: of HTTP.
        caller: who asks.
    """

    service: Service
    request: HTTPConnection
    caller: Caller

    @property
    def sessions(self) -> SupervisorInterface:
        """The sessions that the caller sees."""
        return self.service.supervisor

    async def session(self, session_id: str, agent: str | None) -> Session:
        """A session that the caller sees; whether there is one, its methods tell.

        Raises:
            InputError: the id cannot be used, or there is no such agent.
        """
        return self.sessions.session(session_id, agent=agent)


_ANYBODY: Final = Caller("anybody", frozenset(SCOPES))


def caller_of(scope: Mapping[str, Any]) -> Caller:
    """The caller of a request, by its ASGI scope; may do everything where nothing authenticates."""
    caller = scope.get("state", {}).get("caller", _ANYBODY)
    assert isinstance(caller, Caller)  # noqa: S101 - nothing else is put there
    return caller
