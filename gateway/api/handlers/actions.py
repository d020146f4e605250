"""Actions: what is done to a session, at once and durably."""

from typing import Annotated

from msgspec import Meta

from argentos.actors import SessionInfo
from argentos.gateway.api.call import Body, Call, Id, SessionParameters
from argentos.gateway.api.handlers.turns import TURN_HEADERS, TURN_STATUSES, turn_answer
from argentos.gateway.api.routes import PREFIX, Handler, Route
from argentos.gateway.api.streams.event_stream import EventStream
from argentos.gateway.api.streams.turns import MessageAccepted
from argentos.storage import Message

__all__ = ["ROWS"]

_SESSION = f"{PREFIX}/sessions/{{session}}"


class Compaction(Body, frozen=True, kw_only=True):
    """A compaction that is asked for.

    Attributes:
        focus: what the summary should keep above all; at most 800 characters.
        keep: how many of the latest messages stay word for word, at least.
    """

    focus: Annotated[str, Meta(max_length=800)] = ""
    keep: Annotated[int, Meta(ge=0)] | None = None


class Undoing(Body, frozen=True, kw_only=True):
    """A checkpoint that is taken back.

    Attributes:
        checkpoint: its name; by default the latest that was not taken back.
    """

    checkpoint: Id | None = None


class Forking(Body, frozen=True, kw_only=True):
    """Another session that begins with the context of this one.

    Attributes:
        id: of the other one; by default one is made up.
        at: the number of the last message to take along, or the name of a checkpoint; by default now.
    """

    id: Id | None = None
    at: int | Id | None = None


class Rewinding(Body, frozen=True, kw_only=True):
    """A place to go back to.

    Attributes:
        before: the number of the first message that leaves the context.
    """

    before: Annotated[int, Meta(ge=1, le=2**53)]


class TurnRetry(Body, frozen=True, kw_only=True):
    """A turn that is run once more.

    Attributes:
        message_id: of a message whose turn failed; by default the latest turn that did.
    """

    message_id: Id | None = None


async def clear_session(call: Call, given: SessionParameters) -> SessionInfo:
    """Empty the context; the messages stay in the archive."""
    return await (await call.session(given)).clear()


async def compact_session(call: Call, given: SessionParameters, body: Compaction) -> SessionInfo:
    """Replace older messages by a summary now; answered when the conversation goes on."""
    return await (await call.session(given)).compact(body.focus, keep=body.keep)


async def undo_in_session(call: Call, given: SessionParameters, body: Undoing) -> SessionInfo:
    """Take the latest compaction, clear or rewind back."""
    return await (await call.session(given)).undo(body.checkpoint)


async def fork_session(call: Call, given: SessionParameters, body: Forking) -> SessionInfo:
    """Make another session that begins with the context of this one."""
    return await call.sessions.fork(given.session, body.id, at=body.at, agent=given.agent)


async def rewind_session(call: Call, given: SessionParameters, body: Rewinding) -> SessionInfo:
    """Go back in front of a message, which goes to the archive with all that is behind it."""
    return await (await call.session(given)).rewind(before=body.before)


async def regenerate_reply(call: Call, given: SessionParameters) -> Message | MessageAccepted | EventStream:
    """Have another reply made in the place of the latest; answered as a message that is sent."""
    return await turn_answer(call, await (await call.session(given)).regenerate())


async def retry_turn(call: Call, given: SessionParameters, body: TurnRetry) -> Message | MessageAccepted | EventStream:
    """Run a turn that failed once more; answered as a message that is sent."""
    return await turn_answer(call, await (await call.session(given)).retry(body.message_id))


async def stop_session(call: Call, given: SessionParameters) -> SessionInfo:
    """End the turn that runs, and give up the messages that wait."""
    return await (await call.session(given)).stop()


async def unpark_session(call: Call, given: SessionParameters) -> SessionInfo:
    """Let a session go on that failed too often."""
    return await (await call.session(given)).unpark()


def _turn(action: str, handler: Handler) -> Route:
    return Route(
        "POST",
        f"{_SESSION}/{action}",
        handler,
        scope="write",
        statuses=TURN_STATUSES,
        waits=True,
        headers=TURN_HEADERS,
    )


ROWS = (
    Route("POST", f"{_SESSION}/clear", clear_session, scope="write"),
    Route("POST", f"{_SESSION}/compact", compact_session, scope="write", waits=True),
    Route("POST", f"{_SESSION}/undo", undo_in_session, scope="write"),
    Route("POST", f"{_SESSION}/fork", fork_session, scope="write", statuses={SessionInfo: 201}),
    Route("POST", f"{_SESSION}/rewind", rewind_session, scope="write"),
    _turn("regenerate", regenerate_reply),
    _turn("retry", retry_turn),
    Route("POST", f"{_SESSION}/stop", stop_session, scope="write"),
    Route("POST", f"{_SESSION}/unpark", unpark_session, scope="admin"),
)
