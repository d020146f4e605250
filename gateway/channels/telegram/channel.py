"""The channel of a bot of Telegram."""

import logging
from contextlib import suppress
from typing import ClassVar, Final

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import PRODUCTION, TelegramAPIServer
from aiogram.exceptions import TelegramMigrateToChat
from aiogram.types import (
    BufferedInputFile,
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    Message,
    ReplyParameters,
    Update,
    User,
)
from aiogram.utils.token import TokenValidationError

from argentos.actors import telegram_address
from argentos.concurrency.foreign_code import in_log
from argentos.errors import ChannelError, ChannelRefusedError, TargetGoneError
from argentos.gateway.channels.channel import Channel, Click, Inbox, Incoming, Part, Traits
from argentos.gateway.channels.settings import Connection
from argentos.gateway.channels.telegram.contents import incoming_of
from argentos.gateway.channels.telegram.failures import TopicGoneError, asking_telegram
from argentos.gateway.channels.telegram.pace import Pace
from argentos.gateway.channels.telegram.updates import groups_of, next_updates
from argentos.storage import Address

__all__ = ["TelegramChannel"]

_log: Final = logging.getLogger(__name__)
_GENERAL: Final = "1"  # the topic of a forum that is not named when one writes to it
_PHOTO_BYTES: Final = 10 * 1024**2
_PHOTOS: Final = frozenset({"image/jpeg", "image/png", "image/webp"})
_GROUP_EDIT_SECONDS: Final = 5.0
_ALERT: Final = 200  # characters that the answer to a click may have
_REQUEST_SECONDS: Final = 60.0


class TelegramChannel(Channel):
    """A bot of Telegram.

    Args:
        connection: its settings.
    """

    traits: ClassVar[Traits] = Traits(
        text_units=4096, caption_units=1024, attachment_bytes=50 * 1024**2, edit_seconds=1.5, typing_seconds=4.5
    )

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._api = PRODUCTION if connection.api is None else TelegramAPIServer.from_base(connection.api)
        self._bot: Bot | None = None
        self._me: User | None = None
        self._next: int | None = None  # update; those before are in the journal
        self._pace = Pace()

    async def connect(self) -> str:
        """See `Channel.connect`."""
        token = self._connection.token.read()
        if self._bot is None or self._bot.token != token:
            await self.aclose()
            try:
                self._bot = Bot(token, session=AiohttpSession(api=self._api, timeout=_REQUEST_SECONDS))
            except TokenValidationError:
                raise ChannelRefusedError("the token is none of Telegram's; get it of @BotFather") from None
        with asking_telegram(token):
            self._me = await self._bot.get_me()
            await self._bot.delete_webhook(drop_pending_updates=False)  # or there are no updates to be asked for
        return f"@{self._who.username}"

    async def receive(self, inbox: Inbox) -> None:
        """See `Channel.receive`."""
        while True:
            for group, following in groups_of(await next_updates(self._open, self._next)):
                await self._take(inbox, group)
                self._next = following

    async def _take(self, inbox: Inbox, group: list[Update]) -> None:
        """Take an update, or those of an album; one that is not as it should be is left out."""
        messages = [each.message for each in group if each.message is not None]
        if messages:
            if (incoming := await self._read(messages)) is not None:
                await inbox.take(incoming)
        elif (clicked := group[0].callback_query) is not None:
            await self._click(inbox, clicked)

    async def _read(self, messages: list[Message]) -> Incoming | None:
        try:
            return await incoming_of(self._open, self._who, messages, self._connection.account)
        except ChannelError:
            raise
        except Exception as error:  # noqa: BLE001 - one that cannot be read would come again for ever
            _log.warning("message %d of Telegram is left out: %s", messages[0].message_id, in_log(error))
            return None

    async def _click(self, inbox: Inbox, clicked: CallbackQuery) -> None:
        message = clicked.message
        if not isinstance(message, Message) or clicked.data is None:
            return
        raw = message.model_dump(mode="json", by_alias=True, exclude_unset=True)
        raw["from"] = {"id": clicked.from_user.id}
        raw.pop("sender_chat", None)
        answer = await inbox.click(Click(address=telegram_address(raw, self._connection.account), data=clicked.data))
        with suppress(ChannelError):  # who clicked long ago is not answered any more
            with asking_telegram(self._open.token):
                await self._open.answer_callback_query(clicked.id, text=answer.text[:_ALERT])
            if answer.is_settled:
                with asking_telegram(self._open.token):
                    await self._open.edit_message_reply_markup(
                        chat_id=message.chat.id, message_id=message.message_id, reply_markup=None
                    )

    # Sending ----------------------------------------------------------------------------------------------------

    async def send(self, place: Address, part: Part, *, key: str, answers: str | None = None) -> str:  # noqa: ARG002 - Telegram recognises no keys
        """See `Channel.send`."""
        chat, topic = _chat(place), _topic(place)
        await self._pace.wait(chat)
        try:
            return await self._send(chat, topic, part, answers)
        except TopicGoneError:
            if topic is None:
                raise
            return await self._send(chat, None, part, answers)  # rather in General than nowhere

    async def _send(self, chat: int, topic: int | None, part: Part, answers: str | None) -> str:
        try:
            with asking_telegram(self._open.token):
                try:
                    return await self._sent(chat, topic, part, answers)
                except TelegramMigrateToChat as error:
                    return await self._sent(error.migrate_to_chat_id, topic, part, answers)
        except ChannelRefusedError as error:  # what is revoked is told where it is asked for updates
            raise ChannelError(str(error)) from None
        raise ChannelError("Telegram changed nothing where something was sent")

    async def _sent(self, chat: int, topic: int | None, part: Part, answers: str | None) -> str:
        quoted = (
            ReplyParameters(message_id=int(answers), allow_sending_without_reply=True)
            if answers is not None and answers.isascii() and answers.isdigit()
            else None
        )
        if (attachment := part.attachment) is None:
            sent = await self._open.send_message(
                chat,
                part.text,
                message_thread_id=topic,
                reply_parameters=quoted,
                reply_markup=_keyboard(part),
            )
            return str(sent.message_id)
        file = BufferedInputFile(attachment.data, attachment.name)
        is_photo = attachment.media_type in _PHOTOS and len(attachment.data) <= _PHOTO_BYTES
        send = self._open.send_photo if is_photo else self._open.send_document
        sent = await send(
            chat,
            file,
            caption=part.text or None,
            message_thread_id=topic,
            reply_parameters=quoted,
            reply_markup=_keyboard(part),
        )
        return str(sent.message_id)

    async def edit(self, place: Address, message_id: str, part: Part) -> None:
        """See `Channel.edit`."""
        with asking_telegram(self._open.token):
            await self._open.edit_message_text(
                part.text, chat_id=_chat(place), message_id=int(message_id), reply_markup=_keyboard(part)
            )

    async def delete(self, place: Address, message_id: str) -> None:
        """See `Channel.delete`."""
        try:
            with asking_telegram(self._open.token):
                await self._open.delete_message(_chat(place), int(message_id))
        except ChannelError as error:
            if error.is_transient:
                raise

    async def type(self, place: Address) -> None:
        """See `Channel.type`."""
        with asking_telegram(self._open.token):
            await self._open.send_chat_action(_chat(place), "typing", message_thread_id=_topic(place))

    def edit_pause(self, place: Address) -> float:
        """See `Channel.edit_pause`; groups take twenty messages a minute, edits among them."""
        return _GROUP_EDIT_SECONDS if _chat(place) < 0 else self.traits.edit_seconds

    async def aclose(self) -> None:
        """See `Channel.aclose`."""
        if self._bot is not None:
            await self._bot.session.close()
            self._bot = None

    @property
    def _open(self) -> Bot:
        if self._bot is None:
            raise ChannelError("the bot is not connected")
        return self._bot

    @property
    def _who(self) -> User:
        if self._me is None:
            raise ChannelError("the bot is not connected")
        return self._me


def _chat(place: Address) -> int:
    try:
        return int(place.channel_id or place.user)
    except ValueError:
        raise TargetGoneError(f"{place.channel_id or place.user!a:.40} is no chat of Telegram") from None


def _topic(place: Address) -> int | None:
    if place.thread is None or place.thread == _GENERAL or not place.thread.isdigit():
        return None
    return int(place.thread)


def _keyboard(part: Part) -> InlineKeyboardMarkup | None:
    if not part.buttons:
        return None
    row = [InlineKeyboardButton(text=each.label, callback_data=each.data) for each in part.buttons]
    return InlineKeyboardMarkup(inline_keyboard=[row])
