"""A local Telegram over HTTP, and the people who write there."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, Self, TypeAlias

from aiohttp import web

from argentos.gateway.channels.local.telegram.faults import Fault, Faults
from argentos.gateway.channels.local.telegram.limits import check_sizes
from argentos.gateway.channels.local.telegram.methods import METHODS, Methods
from argentos.gateway.channels.local.telegram.requests import Refused, read_call
from argentos.gateway.channels.local.telegram.world import Bot, Chat, Posted, World

__all__ = ["LocalTelegram", "Watch"]

_LARGEST: Final = 64 * 1024**2  # bytes of a request
_BREAK: Final = Fault("*", 0)
_STATUSES: Final = {400, 404, 413}  # of requests that are not as they should be


Watch: TypeAlias = Callable[[str, int, str], bool]


def _unwatched(_method: str, _chat: int, _moment: str) -> bool:
    return True


class LocalTelegram:
    """A server of the Bot API: an async context manager; `url` is the `api` of an account in `argent.json`.

    Args:
        port: 0 for any that is free.

    Attributes:
        url: where it is.
        world: its bots and chats.
        faults: what goes wrong next.
        watch: is told of each request, by its method and its chat (0 where it has none), before it is done (`asked`)
            and behind that (`done`); where it answers False, it goes no further, and the connection breaks.
        violations: a sentence for each request that was not as the published types and limits have it.
    """

    def __init__(self, port: int = 0) -> None:
        self.url: str = ""
        self.world: World = World()
        self.faults: Faults = Faults()
        self.methods: Methods = Methods(self.world)
        self.violations: list[str] = []
        self.watch: Watch = _unwatched
        self._port = port
        self._clicks = 0

    async def __aenter__(self) -> Self:
        """Listen on this machine."""
        application = web.Application(client_max_size=_LARGEST)
        application.router.add_route("*", "/bot{token}/{method}", self._answer)
        application.router.add_get("/file/bot{token}/files/{name}", self._file)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self._port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        """Listen no more."""
        await self._runner.cleanup()

    # People -----------------------------------------------------------------------------------------------------

    def write(
        self,
        bot: Bot,
        user: int,
        text: str = "",
        *,
        chat: int | None = None,
        sent_at: datetime | None = None,
        name: str = "Ada",
        **more: Any,
    ) -> Posted:
        """Write to a bot, or where it is, too.

        Args:
            bot: that is told.
            user: who writes.
            text: of the message.
            chat: a group, below zero; by default the chat with the bot.
            sent_at: by default now.
            name: of the user.
            more: further fields of the message.
        """
        raw = {"from": {"id": user, "is_bot": False, "first_name": name}, **({"text": text} if text else {}), **more}
        posted = self.world.post(user if chat is None else chat, raw, is_ours=False, sent_at=sent_at)
        self.world.tell(bot, "message", posted.raw)
        return posted

    def send_pictures(self, bot: Bot, user: int, pictures: Sequence[bytes], caption: str = "") -> None:
        """Send pictures to a bot, several as an album."""
        for number, data in enumerate(pictures):
            name = f"picture{len(self.world.files)}"
            self.world.files[name] = data
            size = {"file_id": name, "file_unique_id": name, "width": 1, "height": 1, "file_size": len(data)}
            more: dict[str, Any] = {"photo": [size]}
            if len(pictures) > 1:
                more["media_group_id"] = f"album-{user}-{len(pictures)}"
            if caption and not number:
                more["caption"] = caption
            self.write(bot, user, **more)

    def click(self, bot: Bot, user: int, posted: Posted, label: str) -> str:
        """Click on a button; gives the id by which `methods.answers` has the answer."""
        self._clicks += 1
        click = f"click-{self._clicks}"
        content = {
            "id": click,
            "from": {"id": user, "is_bot": False, "first_name": "Ada"},
            "chat_instance": "1",
            "message": posted.raw,
            "data": posted.buttons[label],
        }
        self.world.tell(bot, "callback_query", content)
        return click

    def chat(self, number: int) -> Chat:
        """A chat, made where there is none."""
        return self.world.chat(number)

    # HTTP -------------------------------------------------------------------------------------------------------

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        try:
            bot = self._bot(request)
            fault = self.faults.next(name)
            if fault is not None and not fault.is_done:
                return self._faulty(request, fault)
            call = await read_call(name, request, METHODS)
            check_sizes(call)
            chat = int(call.get("chat_id") or 0)
            if not self.watch(name, chat, "asked"):
                return self._faulty(request, _BREAK)
            result = await METHODS[call.name](self.methods, bot, call)
            if fault is not None:
                return self._faulty(request, fault)
            if not self.watch(name, chat, "done"):
                return self._faulty(request, _BREAK)
        except Refused as error:
            if error.status in _STATUSES and not any(each in str(error) for each in _ORDINARY):
                self.violations.append(f"{name}: {error}")
            return _refusal(error)
        return web.json_response({"ok": True, "result": result})

    def _bot(self, request: web.Request) -> Bot:
        bot = self.world.bots.get(request.match_info["token"])
        if bot is None or bot.is_revoked:
            raise Refused(401, "Unauthorized")
        return bot

    @staticmethod
    def _faulty(request: web.Request, fault: Fault) -> web.StreamResponse:
        if fault.status == 0:
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=502)
        return _refusal(Refused(fault.status, fault.description or "Bad Gateway", fault.retry_after))

    async def _file(self, request: web.Request) -> web.StreamResponse:
        self._bot(request)
        return web.Response(body=self.world.files[request.match_info["name"]])


_ORDINARY: Final = ("not found", "not modified", "wrong file_id")
"""Refusals of requests that are as they should be."""


def _refusal(error: Refused) -> web.Response:
    parameters = {} if error.retry_after is None else {"parameters": {"retry_after": error.retry_after}}
    body = {"ok": False, "error_code": error.status, "description": str(error), **parameters}
    return web.json_response(body, status=error.status)
