"""A reply is shown while it is made, and the message that shows it becomes the reply."""

import pytest

from argentos.gateway.channels.local.telegram.faults import Fault
from argentos.gateway.channels.local.telegram.server import LocalTelegram
from argentos.gateway.channels.local.telegram.world import Bot
from tests.gateway.channels.conftest import Run
from tests.gateway.channels.shared import Slow, shown, shows, until

pytestmark = pytest.mark.anyio


async def test_one_message_shows_the_reply_from_its_beginning_to_its_end(
    telegram: LocalTelegram, bot: Bot, run: Run
) -> None:
    model = Slow()
    async with run(model, stream=True):
        telegram.write(bot, 7, "Tell me a story")
        await shows(telegram, 7, "The beginning …")
        model.goes_on.set()
        await shows(telegram, 7, "The beginning, and the end.")
    (message,) = telegram.chat(7).shown
    assert message.texts == ["The beginning …", "The beginning, and the end."]
    assert telegram.chat(7).typing >= 1


async def test_after_a_restart_the_same_message_becomes_the_reply(telegram: LocalTelegram, bot: Bot, run: Run) -> None:
    model = Slow()
    async with run(Slow(), stream=True):
        telegram.write(bot, 7, "Tell me a story")
        await shows(telegram, 7, "The beginning …")
    async with run(model, stream=True):
        model.goes_on.set()
        await shows(telegram, 7, "The beginning, and the end.")


async def test_a_draft_of_which_a_kill_left_nothing_known_is_told_of_by_the_reply(
    telegram: LocalTelegram, bot: Bot, run: Run
) -> None:
    async with run(Slow(), stream=True):
        telegram.faults.plan(Fault("sendMessage", 0, is_done=True))  # shown, and we are told nothing
        telegram.write(bot, 7, "Tell me a story")
        await shows(telegram, 7, "The beginning …")
    model = Slow()
    async with run(model, stream=True):
        model.goes_on.set()
        await until(lambda: len(shown(telegram, 7)) == 2)
    told = "(Sent anew: a beginning of it may stand above.)\nThe beginning, and the end."
    assert shown(telegram, 7) == ["The beginning …", told]


async def test_a_draft_that_the_platform_refused_leaves_no_mark(telegram: LocalTelegram, bot: Bot, run: Run) -> None:
    model, refusal = Slow(), Fault("sendMessage", 400, "Bad Request: message is too strange")
    async with run(model, stream=True):
        telegram.faults.plan(refusal)
        telegram.write(bot, 7, "Tell me a story")
        await until(lambda: not refusal.times)
        model.goes_on.set()
        await shows(telegram, 7, "The beginning, and the end.")


async def test_a_draft_that_somebody_removed_is_sent_anew(telegram: LocalTelegram, bot: Bot, run: Run) -> None:
    model = Slow()
    async with run(model, stream=True):
        telegram.write(bot, 7, "Tell me a story")
        await shows(telegram, 7, "The beginning …")
        telegram.chat(7).shown[0].is_deleted = True
        model.goes_on.set()
        await shows(telegram, 7, "The beginning, and the end.")


async def test_a_turn_that_fails_is_told(telegram: LocalTelegram, bot: Bot, run: Run) -> None:
    async with run(Slow()):
        telegram.write(bot, 7, "Fail")
        await shows(telegram, 7, "Something went wrong, and there is no reply. Send your message again later.")
        await until(lambda: not bot.updates)
