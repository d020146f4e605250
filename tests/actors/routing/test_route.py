"""Routing: the agent and the session of a message, by the address that it came from."""

import itertools
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argentos import AccountSettings, Address, RouteRule, RoutingSettings, Sender
from argentos.actors.pairing.book import PairingBook
from argentos.actors.routing.route import is_direct, route
from argentos.inputs import MAX_ID_BYTES

NOBODY = PairingBook()
COLLAPSED = RoutingSettings()
PER_CHANNEL = RoutingSettings(scopes={"main": "per-channel"})
OWN_THREADS = RoutingSettings(accounts={("discord", None): AccountSettings(threads="own")})
SHARED_TOPICS = RoutingSettings(accounts={("telegram", None): AccountSettings(threads="shared")})


@dataclass
class Linked:
    """Pairings of a test."""

    sessions: dict[Sender, str] = field(default_factory=dict[Sender, str])

    def session_of(self, sender: Sender) -> str | None:
        return self.sessions.get(sender)

    def admits(self, sender: Sender) -> bool | None:
        return True if sender in self.sessions else None


def session(address: Address, settings: RoutingSettings = COLLAPSED) -> str:
    return route(address, NOBODY, settings).session_id


def in_guild(channel: str, guild: str = "9", user: str = "1", thread: str | None = None) -> Address:
    return Address("discord", user, guild=guild, channel_id=channel, thread=thread)


def in_group(group: str, user: str = "1", thread: str | None = None) -> Address:
    return Address("telegram", user, channel_id=group, thread=thread)


def test_three_channels_of_a_guild_share_a_session_where_they_are_collapsed() -> None:
    assert {session(in_guild(channel)) for channel in ("6", "7", "8")} == {"discord:guild:9"}


def test_three_channels_of_a_guild_have_three_sessions_where_each_has_its_own() -> None:
    found = {session(in_guild(channel), PER_CHANNEL) for channel in ("6", "7", "8")}
    assert found == {f"discord:guild:9:channel:{channel}" for channel in ("6", "7", "8")}


@pytest.mark.parametrize("settings", [COLLAPSED, PER_CHANNEL])
def test_two_guilds_never_share(settings: RoutingSettings) -> None:
    assert session(in_guild("7", guild="9"), settings) != session(in_guild("7", guild="10"), settings)


@pytest.mark.parametrize("settings", [COLLAPSED, PER_CHANNEL])
def test_all_who_write_in_a_channel_share_its_session(settings: RoutingSettings) -> None:
    assert session(in_guild("7", user="1"), settings) == session(in_guild("7", user="2"), settings)


def test_two_who_are_linked_with_nobody_never_share() -> None:
    assert session(Address("telegram", "1")) == "telegram:1"
    assert session(Address("telegram", "2")) == "telegram:2"
    assert session(Address("discord", "1", channel_id="55")) == "discord:1"


def test_a_user_whom_two_accounts_know_is_two_senders() -> None:
    assert session(Address("telegram", "1", account="sales")) == "telegram@sales:1"
    assert session(Address("telegram", "1", account="help")) == "telegram@help:1"


def test_those_who_are_linked_share_a_session_and_nobody_else_has_it() -> None:
    linked = Linked({Sender("telegram", "1"): "user-jason", Sender("discord", "2"): "user-jason"})
    found = [
        route(address, linked, COLLAPSED).session_id
        for address in (Address("telegram", "1"), Address("discord", "2", channel_id="5"), Address("telegram", "2"))
    ]
    assert found == ["user-jason", "user-jason", "telegram:2"]


def test_one_who_is_linked_writes_in_a_guild_as_all_do() -> None:
    linked = Linked({Sender("discord", "1"): "user-jason"})
    assert route(in_guild("7"), linked, COLLAPSED).session_id == "discord:guild:9"


def test_a_thread_of_discord_belongs_to_its_channel_unless_configured() -> None:
    assert session(in_guild("7", thread="70"), PER_CHANNEL) == session(in_guild("7"), PER_CHANNEL)
    assert session(in_guild("7", thread="70")) == session(in_guild("8"))
    assert session(in_guild("7", thread="70"), OWN_THREADS) == "discord:guild:9:channel:7:thread:70"
    assert session(in_guild("7"), OWN_THREADS) == "discord:guild:9"


def test_a_topic_of_telegram_has_a_session_of_its_own_unless_configured() -> None:
    assert session(in_group("-5")) == "telegram:group:-5"
    assert session(in_group("-5", thread="1")) == "telegram:group:-5:thread:1"
    assert session(in_group("-5", thread="3")) == "telegram:group:-5:thread:3"
    assert session(in_group("-5", thread="3"), SHARED_TOPICS) == "telegram:group:-5"


def test_a_private_chat_belongs_to_the_person_in_whatever_topic() -> None:
    assert session(Address("telegram", "1", channel_id="1", thread="4")) == "telegram:1"


def test_the_most_specific_route_says_which_agent_answers_in_whatever_order_they_stand() -> None:
    rules = (
        RouteRule(agent="discord", channel="discord"),
        RouteRule(agent="guild", channel="discord", guild="9"),
        RouteRule(agent="channel", channel="discord", guild="9", channel_id="7"),
        RouteRule(agent="sales", account="sales"),
    )
    wanted = {
        Address("telegram", "1"): "main",
        Address("telegram", "1", account="sales"): "sales",
        Address("discord", "1"): "discord",
        Address("discord", "1", account="sales"): "sales",
        in_guild("8"): "guild",
        in_guild("7"): "channel",
    }
    for order in itertools.permutations(rules):
        found = {each: route(each, NOBODY, RoutingSettings(rules=order)).agent for each in wanted}
        assert found == wanted


def test_the_scope_is_that_of_the_agent_that_answers() -> None:
    rules = (RouteRule(agent="sales", guild="9"),)
    settings = RoutingSettings(rules=rules, scopes={"sales": "per-channel", "main": "collapsed"})
    assert session(in_guild("7"), settings) == "discord:guild:9:channel:7"
    assert session(in_guild("7", guild="10"), settings) == "discord:guild:10"


def test_a_route_says_why() -> None:
    found = route(Address("telegram", "1"), NOBODY, RoutingSettings(rules=(RouteRule(agent="a", channel="telegram"),)))
    assert found.why == (
        "a direct message of telegram:1, who is linked with nobody; agent 'a' answers, for the route for channel"
        " 'telegram' names it"
    )


PARTS = st.one_of(
    st.text(alphabet="aé:%@~1", min_size=1, max_size=4),
    st.sampled_from(["guild", "group", "channel", "thread", "1", "guild:9", "discord", "x" * 600]),
    st.text(alphabet="ab", min_size=300, max_size=512),
)
MAYBE = st.none() | PARTS
ADDRESSES = st.builds(
    Address,
    channel=st.sampled_from(["telegram", "discord", "discord@a", "discord:guild"]) | PARTS,
    user=PARTS,
    guild=MAYBE,
    channel_id=MAYBE,
    thread=MAYBE,
    account=MAYBE,
)
SETTINGS = st.sampled_from([COLLAPSED, PER_CHANNEL, OWN_THREADS, SHARED_TOPICS])


def place(address: Address, settings: RoutingSettings) -> object:
    """The place that has a session, by the table in docs/channels.md: an account of its own, apart from the code."""
    threads = settings.account(address.channel, address.account).threads
    has_own = threads == "own" or (threads is None and address.channel != "discord")
    thread = address.thread if has_own else None
    if is_direct(address):
        return (address.channel, address.account, "person", address.user)
    if address.guild is None:
        return (address.channel, address.account, "group", address.channel_id, thread)
    is_apart = settings.scopes.get("main") == "per-channel" or thread is not None
    return (address.channel, address.account, "guild", address.guild, address.channel_id if is_apart else None, thread)


@given(ADDRESSES, ADDRESSES, SETTINGS)
def test_two_addresses_have_one_session_if_and_only_if_they_are_one_place(
    one: Address, other: Address, settings: RoutingSettings
) -> None:
    is_same = place(one, settings) == place(other, settings)
    assert (session(one, settings) == session(other, settings)) is is_same


@given(ADDRESSES, SETTINGS)
def test_every_address_has_a_session_whose_id_can_be_used(address: Address, settings: RoutingSettings) -> None:
    assert 0 < len(session(address, settings).encode()) <= MAX_ID_BYTES


@given(st.builds(Sender, PARTS, PARTS, MAYBE))
def test_a_sender_can_be_read_from_what_is_written_of_it(sender: Sender) -> None:
    if len(str(sender).encode()) <= MAX_ID_BYTES:
        assert Sender.parse(str(sender)) == sender
