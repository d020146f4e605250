"""Delivering messages by their addresses."""

from pathlib import Path

import pytest

from argentos import (
    Address,
    Agent,
    Config,
    FileStore,
    InputError,
    MemoryStore,
    OfflineModel,
    RouteRule,
    RoutingSettings,
)
from argentos import Supervisor as Sessions
from tests.actors.conftest import Running

pytestmark = pytest.mark.anyio


async def test_a_message_goes_to_the_session_of_its_address_and_the_reply_carries_it(running: Running) -> None:
    async with running() as supervisor:
        address = Address("discord", "456", guild="9", channel_id="7", account="a")
        turn = await supervisor.deliver(address, "hello", sender="Ada")
        assert (await turn.reply()).address == address
        assert (await supervisor.session("discord@a:guild:9").info()).messages == 2


async def test_a_message_that_is_delivered_again_is_answered_once(running: Running) -> None:
    async with running() as supervisor:
        address = Address("telegram", "1")
        replies = [await (await supervisor.deliver(address, "hello", message_id="5")).reply() for _ in range(2)]
        assert replies[0] == replies[1]
        assert (await supervisor.session("telegram:1").info()).messages == 2


async def test_messages_of_two_chats_of_a_guild_may_have_the_same_id(running: Running) -> None:
    async with running() as supervisor:
        for channel in ("7", "8"):
            address = Address("discord", "1", guild="9", channel_id=channel)
            await (await supervisor.deliver(address, f"from {channel}", message_id="5")).reply()
        assert (await supervisor.session("discord:guild:9").info()).messages == 4


async def test_the_agent_of_the_route_answers_in_its_own_scope() -> None:
    sales = Agent(OfflineModel(), config=Config(channel_scope="per-channel"))
    agents = {"main": Agent(OfflineModel()), "sales": sales}
    routing = RoutingSettings(rules=(RouteRule(agent="sales", guild="9"), RouteRule(agent="gone", guild="10")))
    async with Sessions(MemoryStore(), agents, routing=routing) as supervisor:
        found = await supervisor.route(Address("discord", "1", guild="9", channel_id="7"))
        assert (found.agent, found.session_id) == ("sales", "discord:guild:9:channel:7")
        with pytest.raises(InputError, match="there is no agent 'gone' here"):
            await supervisor.deliver(Address("discord", "1", guild="10"), "hello")


async def test_another_process_delivers_as_the_owner_routes(tmp_path: Path) -> None:
    routing = RoutingSettings(rules=(RouteRule(agent="sales", user="1"),))
    agents = {"main": OfflineModel(), "sales": OfflineModel()}
    async with (
        Sessions(FileStore(tmp_path), agents, routing=routing) as supervisor,
        Sessions.connect(tmp_path) as other,
    ):
        address = Address("telegram", "1", account="b")
        assert await other.route(address) == await supervisor.route(address)
        reply = await (await other.deliver(address, "hello", message_id="5")).reply()
        assert reply.address == address
        assert (await supervisor.session("telegram@b:1", agent="sales").info()).messages == 2


async def test_what_is_no_address_is_refused(running: Running) -> None:
    async with running() as supervisor:
        with pytest.raises(InputError, match="the address is the text 'telegram:1'; give an Address"):
            await supervisor.deliver("telegram:1", "hello")  # type: ignore[arg-type]
