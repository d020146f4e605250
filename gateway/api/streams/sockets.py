"""Events over WebSocket: one object a message; a client sends nothing."""

from typing import Final

import anyio
import msgspec
from starlette.types import Message, Receive, Scope, Send

from argentos.actors import Session, Subscription
from argentos.errors import ArgentError
from argentos.gateway.api.call import Call
from argentos.gateway.api.problems import problem_response, unexpected
from argentos.gateway.api.streams.events import EventsParameters, followed_session, subscribed
from argentos.gateway.api.streams.following import follow
from argentos.gateway.api.streams.outlets import Outlet, cancel_when_hung_up
from argentos.gateway.api.streams.told import Told

__all__ = ["talk_of_events"]

_GOING_AWAY: Final = 1001  # codes with which a WebSocket is closed
_FAILED: Final = 1011
_TRY_LATER: Final = 1013
_LONGEST_REASON: Final = 120  # bytes
_PATIENCE: Final = 1.0  # seconds for the end


async def talk_of_events(call: Call, given: EventsParameters, scope: Scope, receive: Receive, send: Send) -> None:
    """Tell of events until the client hangs up or the gateway ends; what cannot begin is a problem over HTTP."""
    try:
        session = await followed_session(call, given)
        async with subscribed(call, given, given.after) as events:
            await _accept(receive, send)
            code, reason = _GOING_AWAY, ""
            with call.service.stream() as opened:
                code, reason = await _tell_all(events, session, receive, Outlet(send, _message, opened))
            with anyio.move_on_after(_PATIENCE, shield=True):
                await send({"type": "websocket.close", "code": code, "reason": reason})
    except ArgentError as error:
        await problem_response(error)(scope, receive, send)


async def _accept(receive: Receive, send: Send) -> None:
    while (await receive())["type"] != "websocket.connect":
        pass
    await send({"type": "websocket.accept"})


async def _tell_all(events: Subscription, session: Session | None, receive: Receive, outlet: Outlet) -> tuple[int, str]:
    """Tell of all events; gives the code and the reason of the end."""
    end = _GOING_AWAY, ""

    async def tell(told: Told) -> None:
        await outlet.tell(msgspec.json.encode(told))

    async with anyio.create_task_group() as group:
        group.start_soon(cancel_when_hung_up, receive, group.cancel_scope)
        try:
            await follow(events, tell, session)
        except ArgentError as error:
            end = _TRY_LATER, _short(error.code)
        except Exception as error:  # noqa: BLE001 - whatever it is, the client is told
            end = _FAILED, _short(unexpected(error).code)
        group.cancel_scope.cancel()
    return end


def _message(data: bytes) -> Message:
    return {"type": "websocket.send", "text": data.decode()}


def _short(reason: str) -> str:
    return reason[:_LONGEST_REASON]
