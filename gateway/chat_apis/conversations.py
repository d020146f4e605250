"""The session of a request: by a header, by the user that it names, or that of its token."""

from typing import Final

from argentos.actors import RemoteSupervisor, Session, Turn
from argentos.errors import InputError
from argentos.gateway.api.call import Call
from argentos.gateway.chat_apis.asked import Asked
from argentos.gateway.chat_apis.response_events import response_id
from argentos.gateway.problems import RequestError

__all__ = ["agents_of", "begin"]

_LATEST: Final = 20  # messages, among which the latest reply is


def agents_of(call: Call) -> tuple[str, ...]:
    """The names of the agents, which are models to a client."""
    supervisor = call.service.supervisor
    return (supervisor.agent,) if isinstance(supervisor, RemoteSupervisor) else supervisor.agents


async def begin(call: Call, asked: Asked) -> tuple[Session, Turn]:
    """Send the newest message of a request to its session.

    Raises:
        RequestError: there is no such agent.
        InputError: the session or the message cannot be used.
        SessionError, AccessError: the message is not taken.
    """
    agent = _agent_of(call, asked.model)
    name = call.header("x-session") or asked.user or f"token-{call.caller.name}"
    session = await call.sessions.conversation(name, agent=agent, system=asked.system)
    if asked.follows:
        await _check_follows(session, asked.follows)
    message_id, owner = call.header("idempotency-key"), call.caller.owner
    return session, await session.send(asked.content, message_id=message_id, owner=owner)


def _agent_of(call: Call, model: str) -> str:
    agents = agents_of(call)
    if model not in agents:
        raise RequestError(
            f"there is no model {model!a:.60} here; the agents are: {', '.join(agents)}",
            status=404,
            code="model_not_found",
        )
    return model


async def _check_follows(session: Session, follows: str) -> None:
    """Refuse to go on from anywhere but the end of the conversation."""
    last = (await session.info()).messages
    messages = await session.messages(max(1, last - _LATEST + 1), last + 1)
    reply = next((each for each in reversed(messages) if each.reply_to), None)
    if reply is None or follows not in map(response_id, reply.reply_to):
        raise InputError(
            "previous_response_id is not the latest response of this session, whose conversation goes on from its end;"
            " leave it out, or fork the session"
        )
