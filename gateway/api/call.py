"""Calls: one request of the API each, as its handler sees it."""

from dataclasses import dataclass
from typing import Annotated, TypeAlias

from msgspec import Meta, Struct
from starlette.requests import HTTPConnection

from argentos.actors import Session
from argentos.errors import InputError
from argentos.gateway.access.caller import Caller
from argentos.gateway.access.view import OwnedSessions
from argentos.gateway.api.service import Service

__all__ = ["AgentParameters", "Body", "Call", "Id", "SessionParameters"]


Id: TypeAlias = Annotated[str, Meta(min_length=1, max_length=512, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]
"""An id, as far as a schema can tell: it has no control characters, and 512 bytes in UTF-8 at most."""


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

    session: Id


class Body(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """Base of what is sent in the body of a request."""


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
    def sessions(self) -> OwnedSessions:
        """The sessions that the caller sees."""
        return self.service.views.of(self.caller)

    async def session(self, given: SessionParameters) -> Session:
        """A session that the caller sees; whether there is one, its methods tell.

        Raises:
            InputError: the id cannot be used, or there is no such agent.
            SessionNotFoundError: there is none of the owner to whom the caller is bound.
        """
        return await self.sessions.session(given.session, agent=given.agent)

    def header(self, name: str) -> str | None:
        """A header, in UTF-8; None where it was not sent.

        Raises:
            InputError: it is not in UTF-8.
        """
        value = self.request.headers.get(name)
        try:
            return None if value is None else value.encode("latin-1").decode()
        except UnicodeDecodeError as error:
            raise InputError(f"the header {name} has bytes that are no UTF-8; send it in UTF-8") from error
