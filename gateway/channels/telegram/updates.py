"""The next updates of a bot, with each album whole."""

from collections.abc import Iterable, Iterator
from typing import Final

import anyio
from aiogram import Bot
from aiogram.types import Update

from argentos.gateway.channels.telegram.failures import asking_telegram

__all__ = ["groups_of", "next_updates"]

_KINDS: Final = ["message", "callback_query"]
_MOST: Final = 100  # that Telegram gives at once
_SECONDS: Final = 25  # that Telegram waits for one
_ANSWERING: Final = 15  # seconds more for its answer
_ALBUM_PAUSE: Final = 0.7  # seconds in which the next picture of an album comes
_ALBUM_LOOKS: Final = 4


async def next_updates(bot: Bot, offset: int | None) -> list[Update]:
    """The updates from this one on, which is what acknowledges those before; none where none has come in a while.

    Where the last belongs to an album, Telegram is asked once more, until no further picture comes.
    """
    found = await _ask(bot, offset, _SECONDS)
    for _ in range(_ALBUM_LOOKS):
        if not found or len(found) == _MOST or _album_of(found[-1]) is None:
            break
        await anyio.sleep(_ALBUM_PAUSE)
        more = await _ask(bot, offset, 0)
        if len(more) <= len(found):
            break
        found = more
    return found


async def _ask(bot: Bot, offset: int | None, seconds: int) -> list[Update]:
    with asking_telegram(bot.token):
        return await bot.get_updates(
            offset=offset,
            limit=_MOST,
            timeout=seconds,
            allowed_updates=_KINDS,
            request_timeout=seconds + _ANSWERING,
        )
    return []


def groups_of(updates: Iterable[Update]) -> Iterator[tuple[list[Update], int]]:
    """The updates in the order of their ids, each once, the messages of an album together.

    Gives with each the id before which all are taken, once this one is.
    """
    groups: dict[str | int, list[Update]] = {}
    for number, each in sorted({each.update_id: each for each in updates}.items()):
        groups.setdefault(_album_of(each) or number, []).append(each)
    last = max((each.update_id for group in groups.values() for each in group), default=0)
    waiting = list(groups.values())
    while waiting:
        group = waiting.pop(0)
        yield group, min((each[0].update_id for each in waiting), default=last + 1)


def _album_of(update: Update) -> str | None:
    return update.message.media_group_id if update.message else None
