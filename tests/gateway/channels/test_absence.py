"""Messages that were sent while nobody was connected: each is answered once, and the answer says so."""

from datetime import UTC, datetime, timedelta

import pytest

from argentos.gateway.channels.local.telegram.faults import Fault
from argentos.gateway.channels.local.telegram.server import LocalTelegram
from argentos.gateway.channels.local.telegram.world import Bot
from tests.gateway.channels.conftest import Run
from tests.gateway.channels.shared import shown, until

pytestmark = pytest.mark.anyio

RECONNECTS = 10


async def test_three_messages_of_five_minutes_offline_get_three_late_answers_over_ten_reconnects(
    telegram: LocalTelegram, bot: Bot, run: Run
) -> None:
    sent_at = datetime.now(UTC) - timedelta(minutes=5)
    for user in (7, 8, 9):
        telegram.write(bot, user, "Are you there?", sent_at=sent_at)
    telegram.faults.plan(Fault("getUpdates", 0, times=RECONNECTS // 2, is_done=True))  # given, and never heard
    async with run():
        await until(lambda: all(shown(telegram, user) for user in (7, 8, 9)))
    for _ in range(RECONNECTS // 2):
        telegram.methods.repeats = 1
        async with run():
            await until(lambda: telegram.methods.repeats == 0)
            await until(lambda: not bot.updates)
    mark = f"(To your message of {sent_at:%Y-%m-%d %H:%M} UTC, which came late.)"
    assert [shown(telegram, user) for user in (7, 8, 9)] == [[f"{mark}\nYou said: Are you there?"]] * 3


async def test_what_came_in_time_is_not_late_when_it_comes_again(telegram: LocalTelegram, bot: Bot, run: Run) -> None:
    async with run():
        telegram.write(bot, 7, "Hello!")
        await until(lambda: shown(telegram, 7))
    (update,) = bot.updates.values() if bot.updates else bot.confirmed
    update["message"]["date"] -= 600
    bot.updates, bot.confirmed, bot.offset = {update["update_id"]: update}, [], 0
    async with run():
        await until(lambda: not bot.updates)
        telegram.write(bot, 8, "Next")
        await until(lambda: shown(telegram, 8))
    assert shown(telegram, 7) == ["You said: Hello!"]


async def test_no_stranger_of_the_time_before_gets_a_code(telegram: LocalTelegram, bot: Bot, run: Run) -> None:
    telegram.write(bot, 7, "Hello?", sent_at=datetime.now(UTC) - timedelta(minutes=5))
    async with run(policy="pairing"):
        telegram.write(bot, 8, "Hello?")
        await until(lambda: shown(telegram, 8))
        await until(lambda: not bot.updates)
    assert "Give my owner this code" in shown(telegram, 8)[0]
    assert shown(telegram, 7) == []
