"""The methods of the Bot API that the local server has."""

from collections.abc import Awaitable, Callable, Mapping
from hashlib import sha256
from typing import Any, Final, TypeAlias

import anyio

from argentos.gateway.channels.local.telegram.limits import Rates
from argentos.gateway.channels.local.telegram.requests import Call, Refused
from argentos.gateway.channels.local.telegram.world import Bot, Chat, Posted, World

__all__ = ["METHODS", "Methods"]


class Methods:
    """The methods of the API.

    Attributes:
        world: that they change.
        rates: how often they may send.
        is_reversed: updates come in the wrong order.
        repeats: how often confirmed updates are given again.
        answers: the answers to clicks, by the ids of the clicks.
    """

    def __init__(self, world: World) -> None:
        self.world: World = world
        self.rates: Rates = Rates()
        self.is_reversed: bool = False
        self.repeats: int = 0
        self.answers: dict[str, str] = {}

    async def get_me(self, bot: Bot, _: Call) -> Any:
        """The user that the bot is."""
        return bot.user

    async def delete_webhook(self, _bot: Bot, _: Call) -> Any:
        """There is none."""
        return True

    async def get_updates(self, bot: Bot, call: Call) -> Any:
        """The updates from the offset on, once there are any."""
        bot.poll += 1
        poll = bot.poll
        bot.arrived.set()  # a request that waits is ended
        bot.confirm(int(call.get("offset") or 0))
        with anyio.move_on_after(int(call.get("timeout") or 0)):
            while not bot.updates and not self.repeats:
                bot.arrived = anyio.Event()
                await bot.arrived.wait()
                if bot.poll != poll:
                    break
        if bot.poll != poll:
            raise Refused(409, "Conflict: terminated by other getUpdates request; only one bot instance may run")
        found = list(bot.updates.values())
        if self.repeats and bot.confirmed:
            self.repeats -= 1
            found = [*bot.confirmed, *found]
        found = found[: int(call.get("limit") or 100)]
        return found[::-1] if self.is_reversed else found

    async def send_message(self, bot: Bot, call: Call) -> Any:
        """Post a text."""
        return self._post(bot, call, {"text": call.get("text")}).raw

    async def send_photo(self, bot: Bot, call: Call) -> Any:
        """Post a picture."""
        sizes = [{"file_id": self._keep(call.file("photo")), "file_unique_id": "u", "width": 1, "height": 1}]
        posted = self._post(bot, call, {"photo": sizes, "caption": call.get("caption") or ""})
        posted.file = call.file("photo")
        return posted.raw

    async def send_document(self, bot: Bot, call: Call) -> Any:
        """Post a file."""
        document = {"file_id": self._keep(call.file("document")), "file_unique_id": "u"}
        posted = self._post(bot, call, {"document": document, "caption": call.get("caption") or ""})
        posted.file = call.file("document")
        return posted.raw

    async def edit_message_text(self, _: Bot, call: Call) -> Any:
        """Put another text into a message."""
        posted = self._message(call, "message to edit not found")
        markup = call.markup
        if posted.text == call.get("text") and posted.raw.get("reply_markup", {}) == markup:
            raise Refused(400, "Bad Request: message is not modified")
        posted.texts.append(str(call.get("text")))
        posted.raw.update(text=call.get("text"), reply_markup=markup)
        return posted.raw if markup else {key: value for key, value in posted.raw.items() if key != "reply_markup"}

    async def edit_message_reply_markup(self, _: Bot, call: Call) -> Any:
        """Put other buttons below a message."""
        posted = self._message(call, "message to edit not found")
        posted.raw.pop("reply_markup", None)
        return posted.raw

    async def delete_message(self, _: Bot, call: Call) -> Any:
        """Remove a message."""
        self._message(call, "message to delete not found").is_deleted = True
        return True

    async def send_chat_action(self, _: Bot, call: Call) -> Any:
        """Show that the bot is typing."""
        self._open_chat(call).typing += 1
        return True

    async def answer_callback_query(self, _: Bot, call: Call) -> Any:
        """Answer a click."""
        self.answers[str(call.get("callback_query_id"))] = str(call.get("text") or "")
        return True

    async def get_file(self, _: Bot, call: Call) -> Any:
        """The place of a file."""
        name = str(call.get("file_id"))
        if name not in self.world.files:
            raise Refused(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
        size = len(self.world.files[name])
        return {"file_id": name, "file_unique_id": name[:8], "file_size": size, "file_path": f"files/{name}"}

    # ------------------------------------------------------------------------------------------------------------

    def _keep(self, data: bytes) -> str:
        name = sha256(data).hexdigest()[:32]
        self.world.files[name] = data
        return name

    def _open_chat(self, call: Call) -> Chat:
        chat = self.world.chats.get(int(call.get("chat_id")))
        if chat is None:
            raise Refused(400, "Bad Request: chat not found")
        if chat.is_closed:
            is_group = int(call.get("chat_id")) < 0
            why = "bot was kicked from the supergroup chat" if is_group else "bot was blocked by the user"
            raise Refused(403, f"Forbidden: {why}")
        topic = call.get("message_thread_id")
        if topic is not None and int(topic) not in chat.topics:
            raise Refused(400, "Bad Request: message thread not found")
        return chat

    def _post(self, bot: Bot, call: Call, content: Mapping[str, Any]) -> Posted:
        chat = self._open_chat(call)
        number = int(call.get("chat_id"))
        self.rates.take(number)
        raw: dict[str, Any] = {"from": bot.user, **content}
        if (topic := call.get("message_thread_id")) is not None:
            raw |= {"message_thread_id": int(topic), "is_topic_message": True}
        if (quoted := call.get("reply_parameters")) is not None:
            answered = chat.messages.get(int(quoted["message_id"]))
            if answered is None and not quoted.get("allow_sending_without_reply"):
                raise Refused(400, "Bad Request: message to be replied not found")
            if answered is not None:
                raw["reply_to_message"] = {k: v for k, v in answered.raw.items() if k != "reply_to_message"}
        if call.markup:
            raw["reply_markup"] = call.markup
        return self.world.post(number, raw, is_ours=True)

    def _message(self, call: Call, missing: str) -> Posted:
        posted = self._open_chat(call).messages.get(int(call.get("message_id")))
        if posted is None or posted.is_deleted or not posted.is_ours:
            raise Refused(400, f"Bad Request: {missing}")
        return posted


Method: TypeAlias = Callable[[Methods, Bot, Call], Awaitable[Any]]

METHODS: Final[Mapping[str, Method]] = {
    "answerCallbackQuery": Methods.answer_callback_query,
    "deleteMessage": Methods.delete_message,
    "deleteWebhook": Methods.delete_webhook,
    "editMessageReplyMarkup": Methods.edit_message_reply_markup,
    "editMessageText": Methods.edit_message_text,
    "getFile": Methods.get_file,
    "getMe": Methods.get_me,
    "getUpdates": Methods.get_updates,
    "sendChatAction": Methods.send_chat_action,
    "sendDocument": Methods.send_document,
    "sendMessage": Methods.send_message,
    "sendPhoto": Methods.send_photo,
}
"""The methods by their names."""
