"""People write to a bot of Discord, and are answered where they wrote."""

import pytest

from argentos.gateway.channels.local.discord.objects import Channel
from argentos.gateway.channels.local.discord.requests import File
from tests.gateway.channels.discord.conftest import Run
from tests.gateway.channels.discord.harbour import Harbour
from tests.gateway.channels.shared import Slow, until

pytestmark = pytest.mark.anyio


async def connected(harbour: Harbour) -> None:
    await until(lambda: harbour.discord.gateway.identified and harbour.discord.gateway.connections)


async def identified(harbour: Harbour, count: int) -> None:
    """Wait until a session has begun for the so-manieth time."""
    await until(lambda: harbour.discord.gateway.identified == count)


async def answered(harbour: Harbour, channel: Channel, count: int) -> None:
    """Wait until the bot has written so many messages in a channel."""
    await until(lambda: len(harbour.said(channel)) == count)


async def test_a_direct_message_is_answered_in_its_channel(harbour: Harbour, run: Run) -> None:
    direct = harbour.direct(harbour.ada)
    async with run() as running:
        await connected(harbour)
        await harbour.discord.write(harbour.ada, direct, "Hello!")
        await until(lambda: harbour.texts(direct) == ["You said: Hello!"])
        await until(lambda: running.channels.statuses.now()[0].delivered == 1)
        (status,) = running.channels.statuses.now()
        assert (status.state, status.name, status.received) == ("connected", "@argent", 1)
        assert await running.supervisor.owed() == ()


async def test_in_a_guild_what_mentions_the_bot_or_answers_it_is_answered(harbour: Harbour, run: Run) -> None:
    bob = harbour.discord.add_person("bob")
    harbour.guild.members.append(bob.id)
    async with run():
        await connected(harbour)
        await harbour.discord.write(bob, harbour.general, "Hello, Ada!")
        await harbour.discord.write(bob, harbour.general, f"<@{harbour.bot.id}> Hello!")
        await until(lambda: harbour.texts(harbour.general) == ["You said: Hello!"])
        (answer,) = harbour.said(harbour.general)
        await harbour.discord.write(harbour.ada, harbour.general, "And me?", answers=answer)
        await until(lambda: harbour.texts(harbour.general) == ["You said: Hello!", "You said: And me?"])


async def test_where_it_is_to_answer_always_it_does_but_never_to_bots(harbour: Harbour, run: Run) -> None:
    other, _ = harbour.discord.add_bot("other")
    harbour.guild.members.append(other.id)
    async with run(answers="always"):
        await connected(harbour)
        await harbour.discord.write(other, harbour.general, f"<@{harbour.bot.id}> I am a bot, too")
        await harbour.discord.write(harbour.ada, harbour.general, "Anybody?")
        await until(lambda: harbour.texts(harbour.general) == ["You said: Anybody?"])


async def test_a_thread_belongs_to_its_channel_and_is_answered_in_the_thread(harbour: Harbour, run: Run) -> None:
    async with run(answers="always") as running:
        await connected(harbour)
        thread = await harbour.discord.open_thread(harbour.general, "tides", harbour.ada)
        await harbour.discord.write(harbour.ada, thread, "In the thread")
        await until(lambda: harbour.texts(thread) == ["You said: In the thread"])
        await harbour.discord.write(harbour.ada, harbour.general, "Beside it")
        await until(lambda: harbour.texts(harbour.general) == ["You said: Beside it"])
        session = f"discord:guild:{harbour.guild.id}"
        texts = [each.text for each in await running.supervisor.session(session).history()]
        assert texts == ["In the thread", "You said: In the thread", "Beside it", "You said: Beside it"]


async def test_a_thread_that_is_deleted_drops_the_reply_and_tells_the_owner(
    harbour: Harbour, run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    thread = await harbour.discord.open_thread(harbour.general, "tides", harbour.ada)
    model = Slow()
    async with run(model, answers="always") as running:
        await connected(harbour)
        await harbour.discord.write(harbour.ada, thread, "Hello!")
        await model.begun.wait()
        await harbour.discord.delete_channel(thread)
        model.goes_on.set()
        await until(lambda: running.channels.statuses.now()[0].dropped == 1)
        (lost,) = await running.supervisor.owed()
        assert (lost.is_final, lost.failure) == (True, "Discord says: Unknown Channel")
        assert "to have it tried again: argent channels retry discord:guild:" in caplog.text
        await harbour.discord.write(harbour.ada, harbour.general, "Still there?")
        await until(lambda: harbour.texts(harbour.general) == ["The beginning, and the end."])


async def test_a_person_who_wants_no_messages_of_the_bot_is_left_alone(harbour: Harbour, run: Run) -> None:
    direct = harbour.direct(harbour.ada)
    direct.is_closed = True
    async with run() as running:
        await connected(harbour)
        await harbour.discord.write(harbour.ada, direct, "Hello!")
        await until(lambda: running.channels.statuses.now()[0].dropped == 1)
        (lost,) = await running.supervisor.owed()
        assert lost.failure == "Discord says: Cannot send messages to this user"


async def test_an_edit_is_not_answered_and_events_that_come_again_or_late_are_answered_once(
    harbour: Harbour, run: Run
) -> None:
    direct = harbour.direct(harbour.ada)
    async with run():
        await connected(harbour)
        first = await harbour.discord.write(harbour.ada, direct, "first", is_told=False)
        second = await harbour.discord.write(harbour.ada, direct, "second", is_told=False)
        await harbour.discord.tell(second)
        await until(lambda: harbour.texts(direct) == ["You said: second"])
        for each in (first, second, first):
            await harbour.discord.tell(each)
        await harbour.discord.edit(second, "second, changed")
        await harbour.discord.tell(second)
        await harbour.discord.write(harbour.ada, direct, "third")
        await until(lambda: len(harbour.said(direct)) == 3)
    assert harbour.texts(direct) == ["You said: second", "You said: first", "You said: third"]


async def test_what_came_is_not_answered_again_after_a_restart(harbour: Harbour, run: Run) -> None:
    direct = harbour.direct(harbour.ada)
    for number in range(3):
        async with run(answers="always"):
            await identified(harbour, number + 1)
            await harbour.discord.write(harbour.ada, direct, f"direct {number}")
            await harbour.discord.write(harbour.ada, harbour.general, f"in the guild {number}")
            await answered(harbour, direct, number + 1)
            await answered(harbour, harbour.general, number + 1)
    assert harbour.texts(direct) == [f"You said: direct {number}" for number in range(3)]
    assert harbour.texts(harbour.general) == [f"You said: in the guild {number}" for number in range(3)]


async def test_three_messages_of_five_minutes_without_us_have_three_late_answers_over_ten_connections(
    harbour: Harbour, run: Run
) -> None:
    direct = harbour.direct(harbour.ada)
    async with run(now=harbour.now):
        await connected(harbour)
        await harbour.discord.write(harbour.ada, direct, "before")
        await until(lambda: len(harbour.said(direct)) == 1)
    away = harbour.now()
    harbour.discord.forget_sessions()
    await harbour.discord.write(harbour.ada, direct, "one")
    await harbour.discord.write(harbour.ada, harbour.general, f"<@{harbour.bot.id}> two")
    await harbour.discord.write(harbour.ada, harbour.general, "to nobody")
    thread = await harbour.discord.open_thread(harbour.general, "tides", harbour.ada)
    await harbour.discord.write(harbour.ada, thread, f"<@{harbour.bot.id}> three")
    harbour.wait(minutes=5)
    async with run(now=harbour.now):
        await until(lambda: all(harbour.said(each)[-1:] for each in (harbour.general, thread)))
        await until(lambda: len(harbour.said(direct)) == 2)
        for number in range(10):
            if number % 2:
                harbour.discord.forget_sessions()
            harbour.discord.disconnect()
            await until(lambda: harbour.discord.gateway.connections)
            await identified(harbour, 2 + (number + 1) // 2)
        await harbour.discord.write(harbour.ada, direct, "after")
        await until(lambda: len(harbour.said(direct)) == 3)
    late = f"(To your message of {away:%Y-%m-%d %H:%M} UTC, which came late.)\nYou said: "
    assert harbour.texts(direct) == ["You said: before", f"{late}one", "You said: after"]
    assert harbour.texts(harbour.general) == [f"{late}two"]
    assert harbour.texts(thread) == [f"{late}three"]


async def test_what_a_guild_said_before_we_came_is_not_answered(harbour: Harbour, run: Run) -> None:
    elsewhere = harbour.discord.state.add_guild("elsewhere", [harbour.ada])
    square = harbour.discord.state.add_channel(elsewhere, "square")
    async with run(answers="always"):
        await connected(harbour)
        harbour.wait(seconds=1)
        await harbour.discord.write(harbour.ada, square, "before the bot came")
        harbour.wait(seconds=1)
        await harbour.discord.invite(harbour.bot, elsewhere)
        await harbour.discord.write(harbour.ada, square, "Welcome!")
        await until(lambda: harbour.texts(square) == ["You said: Welcome!"])


async def test_pictures_and_texts_are_seen_by_the_agent_and_other_files_named(harbour: Harbour, run: Run) -> None:
    direct = harbour.direct(harbour.ada)
    files = [File("tide.txt", b"high at noon", "text/plain"), File("tide.zip", b"PK", "application/zip")]
    async with run() as running:
        await connected(harbour)
        await harbour.discord.write(harbour.ada, direct, "Look:", files=files)
        await until(lambda: len(harbour.said(direct)) == 1)
        (asked, _) = await running.supervisor.session(f"discord:{harbour.ada.id}").history()
    zipped = "[tide.zip, of a kind that I cannot read: application/zip]"
    assert [str(each["text"]) for each in asked.blocks] == ["tide.txt:\nhigh at noon", zipped, "Look:"]


async def test_a_token_that_is_revoked_is_told_to_the_owner_and_never_shown(
    harbour: Harbour, run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    async with run() as running:
        await connected(harbour)
        harbour.discord.revoke(harbour.token)
        await until(lambda: running.channels.statuses.now()[0].state == "failing")
        assert "developer portal" in running.channels.statuses.now()[0].trouble
    assert harbour.token not in caplog.text


async def test_an_intent_that_was_not_switched_on_is_named(harbour: Harbour, run: Run) -> None:
    harbour.discord.gateway.allowed &= ~(1 << 15)
    async with run() as running:
        await until(lambda: running.channels.statuses.now()[0].state == "failing")
        assert "Message Content Intent" in running.channels.statuses.now()[0].trouble
