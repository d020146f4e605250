"""The local Discord's REST API, as the real client library sees it."""

import time
from typing import Any

import hikari
import pytest

from argentos.gateway.channels.local.discord.faults import Fault
from argentos.gateway.channels.local.discord.limits import RateLimit, RateLimits
from tests.gateway.channels.discord.harbour import Harbour
from tests.gateway.channels.local.discord.conftest import Connecting

pytestmark = pytest.mark.anyio


async def test_a_nonce_makes_one_message_of_what_is_sent_again_within_some_minutes(
    connecting: Connecting, harbour: Harbour
) -> None:
    async with connecting() as bot:
        place = int(harbour.general.id)
        first = await bot.rest.create_message(place, "once", nonce="reply-1")
        again = await bot.rest.create_message(place, "once", nonce="reply-1")
        assert first.id == again.id
        harbour.wait(minutes=6)
        assert (await bot.rest.create_message(place, "once", nonce="reply-1")).id != first.id
        assert len(harbour.discord.state.messages(harbour.general)) == 2


@pytest.mark.parametrize(
    ("content", "options"),
    [
        pytest.param("x" * 2001, {}, id="too long"),
        pytest.param("\N{GRINNING FACE}" * 1001, {}, id="too long in the units of the platform"),
        pytest.param("", {}, id="empty"),
        pytest.param("hello", {"nonce": "n" * 26}, id="a long nonce"),
        pytest.param("hello", {"custom_ids": ["c" * 101]}, id="a long custom_id"),
        pytest.param("hello", {"custom_ids": ["c", "c"]}, id="the same custom_id twice"),
        pytest.param("hello", {"reply": 123456789012345678}, id="an answer to nothing"),
    ],
)
async def test_what_the_platform_would_refuse_is_refused(
    connecting: Connecting, harbour: Harbour, content: str, options: dict[str, Any]
) -> None:
    async with connecting() as bot:
        given = dict(options)
        custom_ids: list[str] = given.pop("custom_ids", [])
        row = bot.rest.build_message_action_row()
        for each in custom_ids:
            row.add_interactive_button(hikari.ButtonStyle.PRIMARY, each, label="OK")
        components = {"component": row} if custom_ids else {}
        with pytest.raises(hikari.BadRequestError):
            await bot.rest.create_message(int(harbour.general.id), content, **components, **given)
        assert len(harbour.discord.rest.refusals) == 1
        assert harbour.discord.state.messages(harbour.general) == []


async def test_a_file_of_more_than_ten_mebibytes_is_refused(connecting: Connecting, harbour: Harbour) -> None:
    async with connecting() as bot:
        place = int(harbour.general.id)
        fits = hikari.Bytes(b"\0" * 10 * 1024**2, "fits.bin")
        sent = await bot.rest.create_message(place, "a file", attachment=fits)
        assert len(await sent.attachments[0].read()) == 10 * 1024**2
        with pytest.raises(hikari.ClientHTTPResponseError):
            await bot.rest.create_message(place, attachment=hikari.Bytes(b"\0" * (10 * 1024**2 + 1), "large.bin"))


async def test_history_comes_in_pages_and_none_is_left_out(connecting: Connecting, harbour: Harbour) -> None:
    written = [
        await harbour.discord.write(harbour.ada, harbour.general, f"message {number}", is_told=False)
        for number in range(230)
    ]
    async with connecting() as bot:
        found = bot.rest.fetch_messages(int(harbour.general.id), after=int(written[4].id))
        assert [each.content async for each in found] == [each.content for each in written[5:]]


async def test_places_that_cannot_be_written_to_say_so(connecting: Connecting, harbour: Harbour) -> None:
    direct = harbour.discord.state.direct_channel(harbour.bot.id, harbour.ada.id)
    direct.is_closed = True
    elsewhere = harbour.discord.state.add_channel(harbour.discord.state.add_guild("other", [harbour.ada]), "private")
    async with connecting() as bot:
        with pytest.raises(hikari.ForbiddenError, match="Cannot send messages to this user"):
            await bot.rest.create_message(int(direct.id), "hello")
        with pytest.raises(hikari.ForbiddenError, match="Missing Access"):
            await bot.rest.create_message(int(elsewhere.id), "hello")
        with pytest.raises(hikari.NotFoundError):
            await bot.rest.fetch_channel(123456789012345678)


async def test_an_answer_may_be_lost_though_the_message_was_kept(connecting: Connecting, harbour: Harbour) -> None:
    harbour.discord.faults.plan("POST messages", Fault(status=502, is_done=True))
    harbour.discord.faults.plan("POST messages", Fault(status=None, is_done=True))
    harbour.discord.faults.plan("POST messages", Fault(status=503))
    async with connecting() as bot:
        place = int(harbour.general.id)
        with pytest.raises(hikari.InternalServerError):
            await bot.rest.create_message(place, "first", nonce="1")
        with pytest.raises(hikari.HTTPError):
            await bot.rest.create_message(place, "second", nonce="2")
        with pytest.raises(hikari.InternalServerError):
            await bot.rest.create_message(place, "third", nonce="3")
        for number, text in enumerate(("first", "second", "third"), 1):
            await bot.rest.create_message(place, text, nonce=str(number))
        assert [each.content for each in harbour.discord.state.messages(harbour.general)] == [
            "first",
            "second",
            "third",
        ]


async def test_a_limit_is_told_of_and_who_goes_beyond_it_has_to_wait(connecting: Connecting, harbour: Harbour) -> None:
    harbour.discord.rest.limits = RateLimits(time.time, messages=RateLimit(2, 60.0))
    async with connecting(max_rate_limit=0.5) as bot:
        place = int(harbour.general.id)
        for _ in range(2):
            await bot.rest.create_message(place, "hello")
        with pytest.raises(hikari.RateLimitTooLongError) as found:
            await bot.rest.create_message(place, "hello")
        assert 59 < found.value.retry_after <= 60
        harbour.discord.faults.plan("POST typing", Fault(status=429, retry_after=90))
        with pytest.raises(hikari.RateLimitTooLongError) as found:
            await bot.rest.trigger_typing(place)
        assert found.value.retry_after == 90


async def test_others_may_not_change_what_somebody_wrote(connecting: Connecting, harbour: Harbour) -> None:
    theirs = await harbour.discord.write(harbour.ada, harbour.general, "mine", is_told=False)
    async with connecting() as bot:
        place = int(harbour.general.id)
        own = await bot.rest.create_message(place, "a draft")
        await bot.rest.edit_message(place, own.id, "the whole")
        with pytest.raises(hikari.ForbiddenError):
            await bot.rest.edit_message(place, int(theirs.id), "changed")
        await bot.rest.delete_message(place, own.id)
        with pytest.raises(hikari.NotFoundError):
            await bot.rest.edit_message(place, own.id, "too late")
