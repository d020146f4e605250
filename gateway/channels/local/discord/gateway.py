"""Discord's gateway: the protocol by which a bot is told of what happens, as version 10 publishes it."""

import asyncio
import json
import zlib
from contextlib import suppress
from typing import Any, Final, cast

from aiohttp import WSCloseCode, WSMsgType, web

from argentos.gateway.channels.local.discord.objects import DM, Guild
from argentos.gateway.channels.local.discord.payloads import guild_payload, own_user
from argentos.gateway.channels.local.discord.sessions import Session, Sessions
from argentos.gateway.channels.local.discord.state import PlatformState

__all__ = ["Connection", "Gateway"]

_HEARTBEAT: Final = 41.25  # seconds between the heartbeats of a client
_HANDSHAKE: Final = 30.0  # seconds until a client has to identify itself
_LONGEST: Final = 4096  # bytes of what a client sends
_INTENTS: Final = (1 << 26) - 1
_COMMANDS: Final = 120  # of a connection, in a minute

_UNKNOWN_OPCODE: Final = 4001
_DECODE_ERROR: Final = 4002
_NOT_AUTHENTICATED: Final = 4003
_AUTHENTICATION_FAILED: Final = 4004
_ALREADY_AUTHENTICATED: Final = 4005
_RATE_LIMITED: Final = 4008
_TIMED_OUT: Final = 4009
_INVALID_VERSION: Final = 4012
_INVALID_INTENTS: Final = 4013
_DISALLOWED_INTENTS: Final = 4014


class Closing(Exception):  # noqa: N818 - it ends a connection, in order
    """The end of a connection, with its code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code: int = code


class Gateway:
    """All connections of bots.

    Attributes:
        allowed: the intents that bots may have.
        connections: those that are open.
        identified: how often a bot has begun a session.
        resumed: how often one was resumed.
    """

    def __init__(self, state: PlatformState, sessions: Sessions) -> None:
        self.state: PlatformState = state
        self.sessions: Sessions = sessions
        self.allowed: int = _INTENTS
        self.connections: set[Connection] = set()
        self.identified: int = 0
        self.resumed: int = 0

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Serve a connection until it ends."""
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        connection = Connection(self, request, socket)
        self.connections.add(connection)
        try:
            await connection.run()
        except Closing as end:
            await connection.close(end.code, str(end))
        finally:
            self.connections.discard(connection)
            connection.leave()
        return socket


class Connection:
    """A connection of a bot."""

    def __init__(self, gateway: Gateway, request: web.Request, socket: web.WebSocketResponse) -> None:
        self._gateway = gateway
        self._request = request
        self._socket = socket
        self._deflated = zlib.compressobj() if request.query.get("compress") == "zlib-stream" else None
        self._sending = asyncio.Lock()
        self._session: Session | None = None
        self._commands = 0

    async def run(self) -> None:
        """Talk with the client."""
        query = self._request.query
        if query.get("v") != "10" or query.get("encoding") != "json":
            raise Closing(_INVALID_VERSION, "Invalid API version")
        await self.send({"op": 10, "d": {"heartbeat_interval": int(_HEARTBEAT * 1000)}, "s": None, "t": None})
        while True:
            wait = 2 * _HEARTBEAT if self._session else _HANDSHAKE
            try:
                received = await asyncio.wait_for(self._receive(), wait)
            except TimeoutError:
                raise Closing(_TIMED_OUT, "Session timed out") from None
            await self._obey(received.get("op"), received.get("d"))

    async def _receive(self) -> dict[str, Any]:
        message = await self._socket.receive()
        if message.type not in {WSMsgType.TEXT, WSMsgType.BINARY}:
            raise Closing(WSCloseCode.OK, "")
        data: str | bytes = message.data
        self._commands += 1
        if self._commands > _COMMANDS:
            raise Closing(_RATE_LIMITED, "Rate limited")
        try:
            found = json.loads(data)
        except ValueError:
            raise Closing(_DECODE_ERROR, "Error while decoding payload") from None
        if len(data) > _LONGEST or not isinstance(found, dict):
            raise Closing(_DECODE_ERROR, "Error while decoding payload")
        return cast("dict[str, Any]", found)

    async def _obey(self, opcode: object, data: Any) -> None:
        if opcode == 1:
            await self.send({"op": 11, "d": None, "s": None, "t": None})
        elif opcode in {2, 6} and self._session is not None:
            raise Closing(_ALREADY_AUTHENTICATED, "Already authenticated")
        elif opcode == 2:  # noqa: PLR2004 - as published
            await self._identify(data)
        elif opcode == 6:  # noqa: PLR2004 - as published
            await self._resume(data)
        elif self._session is None:
            raise Closing(_NOT_AUTHENTICATED, "Not authenticated")
        elif opcode not in {3, 4, 8}:
            raise Closing(_UNKNOWN_OPCODE, "Unknown opcode")

    def _bot(self, data: Any) -> str:
        given = cast("dict[str, Any]", data) if isinstance(data, dict) else {}
        bot = self._gateway.state.tokens.get(given.get("token", ""))
        if bot is None:
            raise Closing(_AUTHENTICATION_FAILED, "Authentication failed.")
        return bot

    async def _identify(self, data: Any) -> None:
        bot = self._bot(data)
        intents = data.get("intents")
        if not isinstance(intents, int) or not 0 <= intents <= _INTENTS:
            raise Closing(_INVALID_INTENTS, "Invalid intent(s).")
        if intents & ~self._gateway.allowed:
            raise Closing(_DISALLOWED_INTENTS, "Disallowed intent(s).")
        if not isinstance(data.get("properties"), dict):
            raise Closing(_DECODE_ERROR, "properties are missing")
        self._gateway.identified += 1
        session = self._session = self._gateway.sessions.new(bot, intents, self.send)
        state = self._gateway.state
        guilds = [each for each in state.guilds.values() if bot in each.members]
        ready = {
            "v": 10,
            "user": own_user(state.users[bot]),
            "guilds": [{"id": each.id, "unavailable": True} for each in guilds],
            "session_id": session.id,
            "resume_gateway_url": f"{state.url.replace('http', 'ws', 1)}/gateway",
            "shard": data.get("shard", [0, 1]),
            "application": {"id": bot, "flags": 0},
        }
        await session.tell("READY", ready)
        for each in guilds:
            await session.tell("GUILD_CREATE", self._guild(each, bot))

    def _guild(self, guild: Guild, bot: str) -> dict[str, Any]:
        state = self._gateway.state
        channels = [each for each in state.channels.values() if each.guild == guild.id and each.type != DM]
        return guild_payload(guild, bot, channels, state.users)

    async def _resume(self, data: Any) -> None:
        bot = self._bot(data)
        session = self._gateway.sessions.known.get(data.get("session_id", ""))
        after = data.get("seq")
        if session is None or session.bot != bot or not isinstance(after, int) or not 0 <= after <= len(session.sent):
            await self.send({"op": 9, "d": False, "s": None, "t": None})
            return
        self._gateway.resumed += 1
        self._session = session
        await session.resume(after, self.send)

    async def send(self, payload: dict[str, Any]) -> None:
        """Send a payload; a connection that broke takes none."""
        async with self._sending:
            data = json.dumps(payload)
            with suppress(ConnectionError):
                if self._deflated is None:
                    await self._socket.send_str(data)
                else:
                    packed = self._deflated.compress(data.encode()) + self._deflated.flush(zlib.Z_SYNC_FLUSH)
                    await self._socket.send_bytes(packed)

    @property
    def bot(self) -> str | None:
        """The bot that has identified itself."""
        return None if self._session is None else self._session.bot

    async def ask_to_reconnect(self) -> None:
        """Have the client come again."""
        await self.send({"op": 7, "d": None, "s": None, "t": None})

    async def invalidate(self, *, can_resume: bool) -> None:
        """Tell the client that its session is not valid."""
        if not can_resume and self._session is not None:
            self._gateway.sessions.known.pop(self._session.id, None)
        await self.send({"op": 9, "d": can_resume, "s": None, "t": None})

    async def close(self, code: int, reason: str) -> None:
        """End the connection."""
        self.leave()
        await self._socket.close(code=code, message=reason.encode(), drain=False)

    def break_off(self) -> None:
        """Break the connection, without a word."""
        self.leave()
        if self._request.transport is not None:
            self._request.transport.abort()

    def leave(self) -> None:
        """Have the session without a connection, until it is resumed."""
        if self._session is not None and self._session.send == self.send:
            self._session.send = None
