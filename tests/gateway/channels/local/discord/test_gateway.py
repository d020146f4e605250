"""The local Discord's gateway, as the real client library sees it."""

import hikari
import pytest

from argentos.gateway.channels.local.discord.requests import File
from tests.gateway.channels.discord.harbour import Harbour
from tests.gateway.channels.local.discord.conftest import Connecting

pytestmark = pytest.mark.anyio


async def test_a_bot_learns_of_its_guilds_and_their_channels(connecting: Connecting, harbour: Harbour) -> None:
    async with connecting() as bot:
        ready = next(each for each in bot.told if isinstance(each, hikari.ShardReadyEvent))
        assert str(ready.my_user.id) == harbour.bot.id
        guild = next(each for each in bot.told if isinstance(each, hikari.GuildAvailableEvent))
        assert [str(each) for each in guild.channels] == [harbour.general.id]


async def test_messages_in_channels_and_direct_ones_are_told_with_their_files(
    connecting: Connecting, harbour: Harbour
) -> None:
    direct = harbour.discord.state.direct_channel(harbour.bot.id, harbour.ada.id)
    async with connecting() as bot:
        await harbour.discord.write(harbour.ada, harbour.general, "in the channel")
        tide = File("tide.txt", b"high at noon", "text/plain")
        await harbour.discord.write(harbour.ada, direct, "to the bot", files=[tide])
        await bot.until_read(2)
        assert bot.read == ["in the channel", "to the bot"]
        event = bot.told[-1]
        assert isinstance(event, hikari.DMMessageCreateEvent)
        assert await event.message.attachments[0].read() == b"high at noon"


async def test_without_the_intent_only_what_is_written_to_the_bot_can_be_read(
    connecting: Connecting, harbour: Harbour
) -> None:
    async with connecting(intents=hikari.Intents.ALL_UNPRIVILEGED) as bot:
        await harbour.discord.write(harbour.ada, harbour.general, "to somebody else")
        await harbour.discord.write(harbour.ada, harbour.general, f"<@{harbour.bot.id}> to you")
        await bot.until_read(2)
        assert bot.read == [None, f"<@{harbour.bot.id}> to you"]


async def test_an_intent_that_is_not_allowed_ends_the_connection_for_good(
    connecting: Connecting, harbour: Harbour
) -> None:
    harbour.discord.gateway.allowed = hikari.Intents.ALL_UNPRIVILEGED.value
    with pytest.raises((hikari.GatewayServerClosedConnectionError, RuntimeError)):
        async with connecting():
            raise AssertionError


async def test_what_is_written_while_a_connection_is_broken_is_told_when_it_resumes(
    connecting: Connecting, harbour: Harbour
) -> None:
    async with connecting() as bot:
        for number in range(3):
            harbour.discord.disconnect()
            await harbour.discord.write(harbour.ada, harbour.general, f"message {number}")
            await bot.until_read(number + 1)
        assert bot.read == ["message 0", "message 1", "message 2"]
        assert (harbour.discord.gateway.identified, harbour.discord.gateway.resumed) == (1, 3)


async def test_a_bot_that_is_asked_to_reconnect_resumes(connecting: Connecting, harbour: Harbour) -> None:
    async with connecting() as bot:
        await harbour.discord.ask_to_reconnect()
        await bot.until(lambda: bot.count(hikari.ShardResumedEvent) == 1)
        await harbour.discord.invalidate(can_resume=True)
        await bot.until(lambda: bot.count(hikari.ShardResumedEvent) == 2)


async def test_a_session_that_is_not_valid_is_begun_anew_and_tells_nothing_of_before(
    connecting: Connecting, harbour: Harbour
) -> None:
    async with connecting() as bot:
        harbour.discord.disconnect()
        await harbour.discord.write(harbour.ada, harbour.general, "unheard")
        harbour.discord.forget_sessions()
        await bot.until(lambda: bot.count(hikari.ShardReadyEvent) == 2)
        await bot.until(lambda: bot.count(hikari.GuildAvailableEvent) == 2)
        assert bot.read == []
        history = [each.content async for each in bot.rest.fetch_messages(int(harbour.general.id), after=0)]
        assert history == ["unheard"]


async def test_events_come_twice_and_in_any_order(connecting: Connecting, harbour: Harbour) -> None:
    async with connecting() as bot:
        first = await harbour.discord.write(harbour.ada, harbour.general, "first", is_told=False)
        second = await harbour.discord.write(harbour.ada, harbour.general, "second", is_told=False)
        for each in (second, first, second):
            await harbour.discord.tell(each)
        await bot.until_read(3)
        assert bot.read == ["second", "first", "second"]
        assert int(first.id) < int(second.id)


async def test_threads_are_told_of_as_they_come_and_go(connecting: Connecting, harbour: Harbour) -> None:
    async with connecting() as bot:
        thread = await harbour.discord.open_thread(harbour.general, "tides", harbour.ada)
        await harbour.discord.write(harbour.ada, thread, "in the thread")
        await bot.until(lambda: bot.read == ["in the thread"])
        assert (await bot.rest.fetch_channel(int(thread.id))).parent_id == int(harbour.general.id)
        await harbour.discord.delete_channel(thread)
        await bot.until(lambda: bot.count(hikari.GuildThreadDeleteEvent) == 1)
        with pytest.raises(hikari.NotFoundError):
            await bot.rest.create_message(int(thread.id), "too late")


async def test_an_edit_is_told_of_as_one(connecting: Connecting, harbour: Harbour) -> None:
    async with connecting() as bot:
        message = await harbour.discord.write(harbour.ada, harbour.general, "helo")
        await harbour.discord.edit(message, "hello")
        await bot.until(lambda: bot.count(hikari.GuildMessageUpdateEvent) == 1)
        assert bot.read == ["helo"]


async def test_a_revoked_token_ends_connections_and_requests(connecting: Connecting, harbour: Harbour) -> None:
    async with connecting() as bot:
        harbour.discord.revoke(harbour.token)
        with pytest.raises(hikari.UnauthorizedError):
            await bot.rest.fetch_my_user()
        with pytest.raises(hikari.GatewayServerClosedConnectionError):
            await bot.client.join()


async def test_a_click_is_told_of_and_answered_once(connecting: Connecting, harbour: Harbour) -> None:
    async with connecting() as bot:
        row = bot.rest.build_message_action_row()
        row.add_interactive_button(hikari.ButtonStyle.SUCCESS, "call-1:yes", label="Allow")
        sent = await bot.rest.create_message(int(harbour.general.id), "May I?", component=row)
        message = harbour.discord.state.message(harbour.general, str(sent.id))
        click = await harbour.discord.click(harbour.ada, message, "Allow")
        await bot.until(lambda: bot.count(hikari.ComponentInteractionCreateEvent) == 1)
        event = bot.told[-1]
        assert isinstance(event, hikari.ComponentInteractionCreateEvent)
        assert (event.interaction.custom_id, str(event.interaction.user.id)) == ("call-1:yes", harbour.ada.id)
        respond = event.interaction.create_initial_response
        await respond(hikari.ResponseType.MESSAGE_UPDATE, "Allowed.", components=[])
        assert (message.content, message.components) == ("Allowed.", [])
        assert click.response == {"type": 7, "content": "Allowed.", "flags": 0}
        with pytest.raises(hikari.BadRequestError):
            await respond(hikari.ResponseType.MESSAGE_UPDATE, "Again.")
