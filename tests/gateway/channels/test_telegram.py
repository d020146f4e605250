"""A person writes to a bot on Telegram, and is answered there."""

from pathlib import Path

import pytest

from argentos.gateway.channels.local.telegram.faults import Fault
from argentos.gateway.channels.local.telegram.server import LocalTelegram
from argentos.gateway.channels.local.telegram.world import Bot
from tests.gateway.channels.conftest import Run
from tests.gateway.channels.shared import shown, shows, until

pytestmark = pytest.mark.anyio


async def test_a_message_is_answered_where_it_was_written(telegram: LocalTelegram, bot: Bot, run: Run) -> None:
    async with run() as running:
        telegram.write(bot, 7, "Hello!")
        await shows(telegram, 7, "You said: Hello!")
        await until(lambda: not bot.updates, "the update is acknowledged")
        await until(lambda: running.channels.statuses.now()[0].delivered == 1)
        (status,) = running.channels.statuses.now()
        assert (status.state, status.name, status.received) == ("connected", "@harbour_bot", 1)
        assert await running.supervisor.owed() == ()


async def test_what_comes_again_after_a_restart_is_answered_once(telegram: LocalTelegram, bot: Bot, run: Run) -> None:
    async with run():
        telegram.write(bot, 7, "Hello!")
        await shows(telegram, 7, "You said: Hello!")
        await until(lambda: not bot.updates)
    bot.updates, bot.confirmed, bot.offset = {each["update_id"]: each for each in bot.confirmed}, [], 0
    async with run():
        telegram.write(bot, 7, "And now?")
        await shows(telegram, 7, "You said: Hello!", "You said: And now?")


async def test_updates_that_come_twice_or_in_the_wrong_order_are_answered_once_each(
    telegram: LocalTelegram, bot: Bot, run: Run
) -> None:
    telegram.methods.is_reversed, telegram.methods.repeats = True, 3
    for user in (7, 8, 9):
        telegram.write(bot, user, f"I am {user}")
    async with run():
        for user in (7, 8, 9):
            await shows(telegram, user, f"You said: I am {user}")
        await until(lambda: telegram.methods.repeats == 0)
        telegram.write(bot, 7, "Still there?")
        await shows(telegram, 7, "You said: I am 7", "You said: Still there?")
    assert len(shown(telegram, 8)) == len(shown(telegram, 9)) == 1


async def test_a_long_reply_comes_in_parts_in_their_order(telegram: LocalTelegram, bot: Bot, run: Run) -> None:
    long = " ".join(f"word{number}" for number in range(700))
    async with run():
        telegram.write(bot, 7, long[:4096])
        await until(lambda: len(shown(telegram, 7)) == 2)
    assert " ".join(shown(telegram, 7)) == f"You said: {long[:4096]}"


async def test_rate_limits_and_faults_are_waited_for(telegram: LocalTelegram, bot: Bot, run: Run) -> None:
    telegram.faults.plan(Fault("sendMessage", 429, "Too Many Requests: retry after 1", retry_after=1))
    telegram.faults.plan(Fault("getUpdates", 502, times=2))
    telegram.faults.plan(Fault("getUpdates", 0))
    async with run():
        telegram.write(bot, 7, "Hello!")
        await shows(telegram, 7, "You said: Hello!")


async def test_a_reply_whose_fate_is_unknown_is_sent_again_and_says_so(
    telegram: LocalTelegram, bot: Bot, run: Run
) -> None:
    telegram.faults.plan(Fault("sendMessage", 0, is_done=True))
    async with run():
        telegram.write(bot, 7, "Hello!")
        await until(lambda: len(shown(telegram, 7)) == 2)
    first, again = shown(telegram, 7)
    assert first == "You said: Hello!"
    assert again == "(Sent again: whether it arrived before is not known.)\nYou said: Hello!"


async def test_a_reply_waits_while_it_cannot_be_noted_that_it_is_sent(
    telegram: LocalTelegram, bot: Bot, run: Run, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    notes = tmp_path / "state" / "gateway" / "deliveries"
    async with run():
        await until(notes.is_dir)
        notes.rename(notes.with_name("elsewhere"))
        telegram.write(bot, 7, "Hello!")
        await until(lambda: "is given again" in caplog.text)
        assert shown(telegram, 7) == []
        notes.mkdir()
        await shows(telegram, 7, "You said: Hello!")


async def test_a_bot_that_was_blocked_drops_the_reply_and_tells_the_owner(
    telegram: LocalTelegram, bot: Bot, run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    async with run() as running:
        telegram.write(bot, 7, "Hello!")
        telegram.chat(7).is_closed = True
        await until(lambda: running.channels.statuses.now()[0].dropped == 1)
        (lost,) = await running.supervisor.owed()
        assert lost.is_final
        assert "blocked by the user" in lost.failure
        assert "to have it tried again: argent channels retry telegram:7 2" in caplog.text


async def test_a_reply_that_was_given_up_is_delivered_once_the_owner_says_so_and_goes_on_where_it_was(
    telegram: LocalTelegram, bot: Bot, run: Run
) -> None:
    first, second = "All is well. " * 300, "So it is. " * 300
    async with run() as running:
        telegram.write(bot, 7, first + second)
        await until(lambda: shown(telegram, 7))  # the next part follows a second later
        telegram.chat(7).is_closed = True
        await until(lambda: running.channels.statuses.now()[0].dropped == 1)
        (part,) = shown(telegram, 7)
        telegram.chat(7).is_closed = False
        await running.supervisor.retry_delivery("telegram:7", 2)
        await until(lambda: running.channels.statuses.now()[0].delivered == 1)
        assert shown(telegram, 7)[0] == part
        assert " ".join(shown(telegram, 7)) == f"You said: {first}{second}".strip()
        assert await running.supervisor.owed() == ()


async def test_a_token_that_was_revoked_is_told_and_harms_no_other(
    telegram: LocalTelegram, bot: Bot, run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    other = telegram.world.new_bot("43:abcdefghijklmnopqrstuvwxyz0123456789", "sales_bot")
    bot.is_revoked = True
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SALES_TOKEN", other.token)
        async with run(accounts={"sales": {"tokenEnv": "SALES_TOKEN"}}) as running:
            telegram.write(other, 7, "Hello!")
            await shows(telegram, 7, "You said: Hello!")
            failing, well = running.channels.statuses.now()
    assert (failing.state, well.state) == ("failing", "connected")
    assert "revoked" in failing.trouble
    assert bot.token.partition(":")[2] not in caplog.text + failing.trouble
