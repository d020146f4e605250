"""Events over WebSocket: in each message one object or several, each on a line; a client sends nothing."""

from collections.abc import Sequence
from typing import Final

import anyio
from starlette.types import Message, Receive, Scope, Send

from argentos.actors import Subscription
from argentos.errors import ArgentError
from argentos.gateway.api.call import Call
from argentos.gateway.api.streams.events import EventsParameters, follow_for, subscribed, wanted_by
from argentos.gateway.api.streams.following import Wanted
from argentos.gateway.api.streams.lines import Line
from argentos.gateway.api.streams.outlets import Outlet, cancel_when_hung_up
from argentos.gateway.problems import problem_response, unexpected

__all__ = ["talk_of_events"]

_GOING_AWAY: Final = 1001  # codes with which a WebSocket is closed
_FAILED: Final = 1011
_TRY_LATER: Final = 1013
_PATIENCE: Final = 0.2  # seconds for the end


async def talk_of_events(call: Call, given: EventsParameters, scope: Scope, receive: Receive, send: Send) -> None:
    """Tell of events until the client hangs up or the gateway ends; what cannot begin is a problem over HTTP."""
    has_begun = False
    try:
        wanted = await wanted_by(call, given)
        call.service.check_not_draining()
        async with subscribed(call, given, given.after) as events:
            await _accept(receive, send)
            has_begun = True
            code, reason = _GOING_AWAY, ""
            with call.service.stream() as opened:
                code, reason = await _tell_all(call, wanted, events, receive, Outlet(send, _message, opened))
            with anyio.move_on_after(_PATIENCE, shield=True):
                await send({"type": "websocket.close", "code": code, "reason": reason})
    except ArgentError as error:
        if not has_begun:
            await problem_response(error)(scope, receive, send)


async def _accept(receive: Receive, send: Send) -> None:
    while (await receive())["type"] != "websocket.connect":
        pass
    await send({"type": "websocket.accept"})


async def _tell_all(
    call: Call, wanted: Wanted, events: Subscription, receive: Receive, outlet: Outlet
) -> tuple[int, str]:
    """Tell of all events; gives the code and the reason of the end."""
    end = _GOING_AWAY, ""

    async def tell(lines: Sequence[Line]) -> None:
        await outlet.tell(b"\n".join([each.data for each in lines]))

    async with anyio.create_task_group() as group:
        group.start_soon(cancel_when_hung_up, receive, group.cancel_scope)
        group.start_soon(outlet.watch)
        try:
            await follow_for(call, wanted, events, tell)
        except ArgentError as error:
            end = _TRY_LATER, error.code
        except Exception as error:  # noqa: BLE001 - whatever it is, the client is told
            end = _FAILED, unexpected(error).code
        group.cancel_scope.cancel()
    return end


def _message(data: bytes) -> Message:
    return {"type": "websocket.send", "text": data.decode()}
