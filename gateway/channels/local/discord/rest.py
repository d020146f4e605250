"""Discord's REST API, as version 10 publishes it: the part that bots of ours ask for."""

from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from datetime import timedelta
from typing import Any, Final, TypeAlias

from aiohttp import web
from msgspec import UNSET

from argentos.gateway.channels.local.discord.errors import ApiError, closed_channel, invalid_form, unauthorized, unknown
from argentos.gateway.channels.local.discord.faults import BrokenOffError, Faults
from argentos.gateway.channels.local.discord.limits import RateLimits
from argentos.gateway.channels.local.discord.objects import DM, Channel, Interaction, Message, User
from argentos.gateway.channels.local.discord.payloads import channel_payload, message_payload, own_user
from argentos.gateway.channels.local.discord.requests import (
    CreateDM,
    CreateMessage,
    EditMessage,
    InteractionResponse,
    read_body,
)
from argentos.gateway.channels.local.discord.sessions import Sessions
from argentos.gateway.channels.local.discord.snowflakes import moment_of
from argentos.gateway.channels.local.discord.state import PlatformState

__all__ = ["Rest", "broken_off"]

_PREFIX: Final = "/api/v10"
_MOST_MESSAGES: Final = 100  # of a page
_CLICK_LIFE: Final = timedelta(seconds=3)  # until it has to be answered
_UPDATE: Final = 7  # the answer to a click that changes its message

_Handler: TypeAlias = Callable[[web.Request, User], Awaitable[Any]]


class Rest:
    """The routes of REST, each with its checks, limits and faults.

    Attributes:
        limits: of each route.
        refusals: what was refused as invalid, in order: none of it is expected of a bot that keeps to the rules.
        typed: the ids of channels in which a bot was shown to type, in order.
        interactions: clicks, by their ids.
        watch: is told of the route and the channel of a request as it is `asked`, and again when it is `done` and not
            answered yet; the connection breaks off where it says False.
    """

    def __init__(self, state: PlatformState, sessions: Sessions, limits: RateLimits, faults: Faults) -> None:
        self._state = state
        self._sessions = sessions
        self.limits: RateLimits = limits
        self._faults = faults
        self.refusals: list[ApiError] = []
        self.typed: list[str] = []
        self.interactions: dict[str, Interaction] = {}
        self.watch: Callable[[str, str, str], bool] = lambda _route, _channel, _moment: True

    def routes(self) -> list[web.RouteDef]:
        """All routes, for the application."""
        channel = f"{_PREFIX}/channels/{{channel}}"
        made = [
            ("GET", f"{_PREFIX}/gateway/bot", self._gateway_bot),
            ("GET", f"{_PREFIX}/users/@me", self._me),
            ("POST", f"{_PREFIX}/users/@me/channels", self._create_dm),
            ("GET", channel, self._channel),
            ("POST", f"{channel}/typing", self._type),
            ("GET", f"{channel}/messages", self._history),
            ("POST", f"{channel}/messages", self._create_message),
            ("PATCH", f"{channel}/messages/{{message}}", self._edit_message),
            ("DELETE", f"{channel}/messages/{{message}}", self._delete_message),
        ]
        callback = web.post(f"{_PREFIX}/interactions/{{id}}/{{token}}/callback", self._answer_interaction)
        return [callback, *(web.route(method, path, self._checked(handler)) for method, path, handler in made)]

    def _checked(self, handler: _Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """A handler behind the checks that all requests of bots meet."""

        async def handle(request: web.Request) -> web.StreamResponse:
            parts = request.path.removeprefix(_PREFIX).split("/")
            name = next(each for each in reversed(parts) if not each.isdigit())
            route, channel = f"{request.method} {name}", request.match_info.get("channel", "")
            headers: dict[str, str] = {}
            with ExitStack() as stack:
                try:
                    token = self._token(request)
                    headers = self.limits.take(token, route, channel)
                    self._tell(route, channel, "asked")
                    stack.enter_context(self._faults.around(route))
                    answer = await handler(request, self._state.users[self._state.tokens[token]])
                    stack.close()
                    self._tell(route, channel, "done")
                except ApiError as error:
                    if error.status in {400, 413}:
                        self.refusals.append(error)
                    return web.json_response(error.body, status=error.status, headers={**headers, **error.headers})
                except BrokenOffError:
                    return broken_off(request)
            if answer is None:
                return web.Response(status=204, headers=headers)
            return web.json_response(answer, headers=headers)

        return handle

    def _tell(self, route: str, channel: str, moment: str) -> None:
        if not self.watch(route, channel, moment):
            raise BrokenOffError

    def _token(self, request: web.Request) -> str:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind != "Bot" or token not in self._state.tokens:
            raise unauthorized()
        if not request.headers.get("User-Agent", "").startswith("DiscordBot ("):
            raise ApiError(400, 40333, "the User-Agent has to begin with DiscordBot ($url, $version)")
        return token

    # Bots and channels -------------------------------------------------------------------------------------------

    async def _gateway_bot(self, _request: web.Request, _bot: User) -> dict[str, Any]:
        limit = {"total": 1000, "remaining": 999, "reset_after": 86_400_000, "max_concurrency": 1}
        return {"url": f"{self._state.url.replace('http', 'ws', 1)}/gateway", "shards": 1, "session_start_limit": limit}

    async def _me(self, _request: web.Request, bot: User) -> dict[str, Any]:
        return own_user(bot)

    async def _create_dm(self, request: web.Request, bot: User) -> dict[str, Any]:
        body, _ = await read_body(request, CreateDM)
        return channel_payload(self._state.direct_channel(bot.id, body.recipient_id), self._state.users)

    async def _channel(self, request: web.Request, bot: User) -> dict[str, Any]:
        return channel_payload(self._found(request, bot), self._state.users)

    async def _type(self, request: web.Request, bot: User) -> None:
        channel = self._found(request, bot)
        if channel.is_closed:
            raise closed_channel(is_direct=channel.type == DM)
        self.typed.append(channel.id)

    def _found(self, request: web.Request, bot: User) -> Channel:
        return self._state.channel(bot.id, request.match_info["channel"])

    # Messages ----------------------------------------------------------------------------------------------------

    async def _history(self, request: web.Request, bot: User) -> list[dict[str, Any]]:
        """A page of messages, the newest first, as the platform gives them."""
        messages = self._state.messages(self._found(request, bot))
        query = request.query
        limit = query.get("limit", "50")
        if not limit.isdecimal() or not 1 <= int(limit) <= _MOST_MESSAGES:
            raise invalid_form("int value should be between 1 and 100", "limit")
        named = [each for each in ("after", "before") if each in query]
        if "around" in query or len(named) > 1 or not all(query[each].isdecimal() for each in named):
            raise invalid_form("after and before exclude each other", "after")
        if named == ["after"]:
            found = [each for each in messages if int(each.id) > int(query["after"])][: int(limit)]
        else:
            end = int(query.get("before", 1 << 63))
            found = [each for each in messages if int(each.id) < end][-int(limit) :]
        return [message_payload(each) for each in reversed(found)]

    async def _create_message(self, request: web.Request, bot: User) -> dict[str, Any]:
        channel = self._found(request, bot)
        body, files = await read_body(request, CreateMessage)
        message, is_new = self._state.write(bot, channel, body, files)
        if is_new:
            await self._sessions.tell_of_message("MESSAGE_CREATE", message, channel)
        return message_payload(message)

    async def _edit_message(self, request: web.Request, bot: User) -> dict[str, Any]:
        channel = self._found(request, bot)
        message = self._message(request, channel)
        body, _ = await read_body(request, EditMessage)
        self._state.edit(bot, channel, message, body)
        await self._sessions.tell_of_message("MESSAGE_UPDATE", message, channel)
        return message_payload(message)

    async def _delete_message(self, request: web.Request, bot: User) -> None:
        channel = self._found(request, bot)
        message = self._message(request, channel)
        if message.author.id != bot.id:
            raise closed_channel(is_direct=channel.type == DM)
        self._state.delete(channel, message)
        gone = {"id": message.id, "channel_id": channel.id}
        told = gone if channel.guild is None else {**gone, "guild_id": channel.guild}
        await self._sessions.tell_bot(bot.id, "MESSAGE_DELETE", told)

    def _message(self, request: web.Request, channel: Channel) -> Message:
        return self._state.message(channel, request.match_info["message"])

    # Clicks ------------------------------------------------------------------------------------------------------

    async def _answer_interaction(self, request: web.Request) -> web.StreamResponse:
        """Take the answer to a click, which needs no token of a bot but that of the click."""
        try:
            interaction = self._interaction(request)
            body, _ = await read_body(request, InteractionResponse)
        except ApiError as error:
            self.refusals.append(error)
            return web.json_response(error.body, status=error.status)
        data = {} if body.data is UNSET else {"content": body.data.content, "flags": body.data.flags or 0}
        interaction.response = {"type": body.type, **data}
        if body.type == _UPDATE and body.data is not UNSET:
            change = EditMessage(content=body.data.content, components=body.data.components)
            bot = self._state.users[interaction.bot]
            self._state.edit(bot, interaction.channel, interaction.message, change)
        answered = {"id": interaction.id, "type": 3, "response_message_loading": False}
        return web.json_response({"interaction": answered})

    def _interaction(self, request: web.Request) -> Interaction:
        found = self.interactions.get(request.match_info["id"])
        if found is None or found.token != request.match_info["token"]:
            raise unknown("interaction")
        if self._state.now() - moment_of(found.id) > _CLICK_LIFE:
            raise unknown("interaction")
        if found.response is not None:
            raise ApiError(400, 40060, "Interaction has already been acknowledged.")
        return found


def broken_off(request: web.Request) -> web.Response:
    """An answer that never arrives, for the connection breaks off before."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
