"""In groups a bot answers what is addressed to it, in the topic where it was written."""

from typing import Any

import pytest

from argentos.gateway.channels.local.telegram.server import LocalTelegram
from argentos.gateway.channels.local.telegram.world import Bot
from tests.gateway.channels.conftest import Run
from tests.gateway.channels.shared import shown, shows, until

pytestmark = pytest.mark.anyio

GROUP = -5
MENTION: dict[str, Any] = {"entities": [{"type": "mention", "offset": 0, "length": 12}]}


async def test_what_mentions_or_answers_the_bot_is_answered_and_other_talk_is_not(
    telegram: LocalTelegram, bot: Bot, run: Run
) -> None:
    async with run(groups=["*"]):
        telegram.write(bot, 7, "What a day", chat=GROUP)
        telegram.write(bot, 7, "@harbour_bot when is high tide?", chat=GROUP, **MENTION)
        await shows(telegram, GROUP, "You said: @harbour_bot when is high tide?")
        (answer,) = telegram.chat(GROUP).shown
        assert answer.raw["reply_to_message"]["text"] == "@harbour_bot when is high tide?"
        telegram.write(bot, 8, "And tomorrow?", chat=GROUP, reply_to_message=answer.raw)
        await until(lambda: len(shown(telegram, GROUP)) == 2)
        telegram.write(bot, 8, "/stop@other_bot", chat=GROUP)
        of_a_bot: dict[str, Any] = {"from": {"id": 99, "is_bot": True, "first_name": "Other"}}
        telegram.write(bot, 8, "Talk", chat=GROUP, **of_a_bot)
        await until(lambda: not bot.updates)
    assert shown(telegram, GROUP)[1:] == ["You said: And tomorrow?"]


async def test_a_bot_may_answer_everything(telegram: LocalTelegram, bot: Bot, run: Run) -> None:
    async with run(groups=["*"], answers="always"):
        telegram.write(bot, 7, "What a day", chat=GROUP)
        await shows(telegram, GROUP, "You said: What a day")


async def test_a_topic_is_answered_in_itself_and_one_that_was_deleted_in_general(
    telegram: LocalTelegram, bot: Bot, run: Run
) -> None:
    forum = telegram.world.chat(GROUP, is_forum=True)
    forum.topics |= {3, 4}
    topic: dict[str, Any] = {"is_topic_message": True}
    async with run(groups=["*"], answers="always"):
        telegram.write(bot, 7, "In three", chat=GROUP, message_thread_id=3, **topic)
        telegram.write(bot, 7, "In general", chat=GROUP)
        forum.topics.discard(4)
        telegram.write(bot, 7, "In four", chat=GROUP, message_thread_id=4, **topic)
        await until(lambda: len(shown(telegram, GROUP)) == 3)
    places = {each.text: each.raw.get("message_thread_id") for each in forum.shown}
    assert places == {"You said: In three": 3, "You said: In general": None, "You said: In four": None}


async def test_a_second_program_with_the_same_bot_is_told_of(
    telegram: LocalTelegram, bot: Bot, run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    async with run() as running:
        await until(lambda: bot.poll > 0)
        bot.poll += 1
        bot.arrived.set()
        await until(lambda: "another program receives this bot's messages" in caplog.text)
        telegram.write(bot, 7, "Hello!")
        await shows(telegram, 7, "You said: Hello!")
        assert running.channels.statuses.now()[0].state == "connected"
