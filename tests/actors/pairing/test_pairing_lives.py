"""Lives of senders, generated from `diagrams/pairing.mmd`, in a supervisor on files that is restarted in between.

One sender is followed through the diagram. With every step others ask, are let in, linked and unlinked, and write, some
in the same instant, to the agent alone or in a guild. After each, nobody shares a session with anybody whom the owner
has not linked with them, nor do two guilds; the channels of a guild share one, or have one each, as the scope of the
agent says; and every reply is where its message was. `make pairings` leads 100 lives of thirty steps instead of twenty,
and 10,000 with LONG=1.
"""

import itertools
import os
import tempfile
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final, NamedTuple

import anyio
import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

from argentos import (
    AccountSettings,
    Address,
    Agent,
    Config,
    FileStore,
    ManualClock,
    OfflineModel,
    PairingError,
    RouteRule,
    RoutingSettings,
    Sender,
    SenderNotAdmittedError,
    Supervisor,
)
from argentos.machines import START, Refused, Transition
from argentos.machines.lifecycles.pairing import PAIRING
from argentos.machines.testing import lifecycle_test

FOLLOWED = Sender("telegram", "0", "a")
PARTNER = Sender("discord", "0")
OTHERS = [
    Sender(channel, user, account)
    for channel, user, account in itertools.product(("telegram", "discord"), ("1", "2"), ("a", "b"))
]
EVERYBODY: Final = [FOLLOWED, PARTNER, *OTHERS]
ROUTING = RoutingSettings(
    rules=(RouteRule(agent="apart", account="b"),),
    accounts={(name, None): AccountSettings() for name in ("telegram", "discord")},
)
CHANNELS: Final = ("1", "2", "3")


def agents() -> dict[str, Agent]:
    """One whose guilds have a session each, and one whose channels do."""
    apart = Agent(OfflineModel(), config=Config(channel_scope="per-channel"))
    return {"main": Agent(OfflineModel()), "apart": apart}


class Place(NamedTuple):
    """A place in a guild; None for a message to the agent alone."""

    guild: str | None = None
    channel: str | None = None

    def of(self, sender: Sender) -> Address:
        return Address(sender.channel, sender.user, account=sender.account, guild=self.guild, channel_id=self.channel)


class Account:
    """An account of the owner's words, kept apart from the code: who is let in, and who is one person."""

    def __init__(self) -> None:
        self.let_in: set[Sender] = set()
        self.groups: list[set[Sender]] = []

    def link(self, *senders: Sender) -> None:
        joint = set(senders).union(*(each for each in self.groups if each & set(senders)))
        self.groups = [each for each in self.groups if not each & joint] + [joint]

    def part(self, sender: Sender) -> None:
        for group in self.groups:
            group.discard(sender)
        self.groups = [each for each in self.groups if len(each) > 1]

    def are_one(self, one: Sender, other: Sender) -> bool:
        return one == other or any({one, other} <= each for each in self.groups)


class Pairings:
    """The system that `lifecycle_test` drives: every call returns once it is done."""

    def __init__(self) -> None:
        self.clock = ManualClock(datetime(2026, 5, 8, tzinfo=UTC))
        self.folder = ExitStack()
        self.path = self.folder.enter_context(tempfile.TemporaryDirectory(dir="/dev/shm"))
        self.account = Account()
        self.is_heard_of = False
        self.written = 0
        self.open()
        self.call(self.supervisor.pairing.approve, str(PARTNER))
        self.account.let_in.add(PARTNER)
        self.call(self.check)

    def open(self) -> None:
        self.stack = ExitStack()
        self.portal = self.stack.enter_context(start_blocking_portal())
        self.supervisor = self.stack.enter_context(self.portal.wrap_async_context_manager(self.run()))
        self.guilds = self.call(self.look_at_guilds)

    @asynccontextmanager
    async def run(self) -> AsyncGenerator[Supervisor]:
        store = FileStore(self.path)
        async with Supervisor(store, agents(), clock=self.clock, routing=ROUTING, grace=0) as supervisor:
            yield supervisor

    def call(self, method: Any, *arguments: Any) -> Any:
        return self.portal.call(method, *arguments)

    @property
    def state(self) -> str:
        return str(self.call(self.look))

    async def look(self) -> str:
        """The state of the one who is followed."""
        book = await self.supervisor.pairing.book()
        return str(book.state_of(FOLLOWED)) if self.is_heard_of else START

    def send(self, event: str, payload: Any) -> Sequence[Transition] | Refused:
        if not self.is_heard_of and event != "heard_of":
            return Refused(START, event)  # of whom nobody has heard nothing can be asked
        before, now, is_refused = self.call(self.lead, event, payload)
        if taken := self.taken(before, now, event):
            return taken
        assert is_refused
        answer = PAIRING.decide(before, event, self.facts(event, payload))
        assert isinstance(answer, Refused)
        return answer

    async def lead(self, event: str, payload: Any) -> tuple[str, str, bool]:
        """Do it, and what others do; gives the states before and after it, and whether it was refused."""
        before = await self.look()
        is_refused = await self.step(event, payload["age"])
        now = await self.look()
        for other in payload["others"]:
            await self.others(*other)
        await self.check()
        return before, now, is_refused

    async def step(self, event: str, age: float) -> bool:
        """Have the one who is followed, or the owner, do it; gives whether it was refused."""
        desk = self.supervisor.pairing
        try:
            match event:
                case "heard_of":
                    is_first = not self.is_heard_of
                    self.is_heard_of = True
                    return not is_first
                case "code_asked_for":
                    return await self.ask(FOLLOWED, age) is None
                case "approve":
                    await desk.approve(str(FOLLOWED))
                    self.account.let_in.add(FOLLOWED)
                case "deny":
                    await desk.deny(str(FOLLOWED))
                    self.account.let_in.discard(FOLLOWED)
                    self.account.part(FOLLOWED)
                case "link":
                    await desk.link([FOLLOWED, PARTNER])
                    self.account.link(FOLLOWED, PARTNER)
                case _:
                    await desk.unlink(FOLLOWED)
                    self.account.part(FOLLOWED)
        except PairingError:
            return True
        return False

    async def ask(self, sender: Sender, age: float = 0.0) -> object:
        sent_at = self.clock.now() - timedelta(seconds=age)
        return await self.supervisor.pairing.request(Place().of(sender), sent_at=sent_at)

    async def others(self, act: str, one: Sender, other: Sender, place: Place) -> None:
        desk = self.supervisor.pairing
        try:
            if act == "ask":
                await self.ask(one)
            elif act == "approve":
                await desk.approve(str(one))
                self.account.let_in.add(one)
            elif act == "link" and one != other:
                await desk.link([one, other])
                self.account.link(one, other)
            elif act == "unlink":
                await desk.unlink(one)
                self.account.part(one)
            elif act == "write":
                await self.write({one: place, other: Place(), FOLLOWED: Place()})
        except PairingError:
            pass

    async def write(self, places: Mapping[Sender, Place]) -> None:
        """Have senders write in the same instant; each reply is where its message was, in the session of there."""
        async with anyio.create_task_group() as group:
            for sender, place in places.items():
                group.start_soon(self.deliver, sender, place.of(sender))

    async def deliver(self, sender: Sender, address: Address) -> None:
        self.written += 1
        text = f"message {self.written}"
        try:
            turn = await self.supervisor.deliver(address, text)
        except SenderNotAdmittedError:
            assert sender not in self.account.let_in
            return
        assert sender in self.account.let_in
        reply = await turn.reply()
        assert reply.address == address
        route = await self.supervisor.route(address)
        if address.guild is not None and sender.channel == "discord":
            assert route.session_id == self.guilds[sender.account or "", address.guild, address.channel_id or ""]
        history = await self.supervisor.session(route.session_id, agent=route.agent).history()
        assert [each.address for each in history if each.text == text] == [address]

    async def check(self) -> None:
        """Only those who are linked share a session, none with a guild; only those who were approved are answered."""
        routes = {each: await self.supervisor.route(Place().of(each)) for each in EVERYBODY}
        for one, other in itertools.combinations(EVERYBODY, 2):
            is_one = self.account.are_one(one, other)
            assert (routes[one].session_id == routes[other].session_id) is is_one, (one, other)
        assert {each for each in EVERYBODY if routes[each].is_answered} == self.account.let_in
        assert {each.session_id for each in routes.values()}.isdisjoint(self.guilds.values())

    async def look_at_guilds(self) -> dict[tuple[str, str, str], str]:
        """The sessions of guilds, by account, guild and channel: one for a guild, or one for each channel."""
        found: dict[tuple[str, str, str], str] = {}
        for account, guild, channel in itertools.product(("a", "b"), ("8", "9"), CHANNELS):
            route = await self.supervisor.route(Place(guild, channel).of(Sender("discord", "0", account)))
            found[account, guild, channel] = route.session_id
        together = {key: {found[*key, channel] for channel in CHANNELS} for key in itertools.product("ab", "89")}
        assert {key: len(ids) for key, ids in together.items()} == {
            ("a", "8"): 1,
            ("a", "9"): 1,
            ("b", "8"): 3,
            ("b", "9"): 3,
        }
        assert all(one.isdisjoint(other) for one, other in itertools.combinations(together.values(), 2))
        return found

    def advance(self, seconds: float) -> Sequence[Transition]:
        before = self.state
        self.call(self.clock.advance, seconds)
        return self.taken(before, self.state, "code_expired")

    def restart(self) -> Sequence[Transition]:
        before, guilds = self.state, self.guilds
        self.stack.close()
        self.open()
        assert self.guilds == guilds
        self.call(self.check)
        return self.taken(before, self.state, "")

    def taken(self, before: str, now: str, event: str) -> list[Transition]:
        """The edge that leads from the state of before to that of now, where something has happened."""
        found = [each for each in PAIRING.transitions if (each.source, each.target, each.event) == (before, now, event)]
        return found[:1] if before != now or event == "link" else []

    def facts(self, _event: str, payload: Any) -> object:
        age: float = 0.0 if payload is None else payload["age"]
        pending = self.call(self.supervisor.pairing.book).pending
        here = [each for each in pending if each.sender.place == FOLLOWED.place]
        has_place = len([each for each in here if not self.is_known(each.sender)]) < 3
        return SimpleNamespace(may_ask=True, is_heard_now=age <= 60, has_place=has_place, code_is_over=True)

    def is_known(self, sender: Sender) -> bool:
        return any((each.channel, each.user) == (sender.channel, sender.user) for each in self.account.let_in)

    def close(self) -> None:
        self.stack.close()
        self.folder.close()


SEEDS: Final = int(os.environ.get("ARGENT_SEEDS", "1"))
LIVES: Final = 20  # of each seed

ACT = st.sampled_from(["ask", "approve", "link", "unlink", "write"])
PLACE = st.sampled_from([Place(), *itertools.starmap(Place, itertools.product(("8", "9"), CHANNELS))])
ACTS = st.tuples(ACT, st.sampled_from(OTHERS), st.sampled_from(OTHERS), PLACE)
PAYLOAD = st.fixed_dictionaries({"age": st.sampled_from([0.0, 59.0, 3600.0]), "others": st.lists(ACTS, max_size=4)})

Lives = lifecycle_test(
    PAIRING,
    Pairings,
    durations={"code_life": 3600.0},
    payloads={event: PAYLOAD for event in PAIRING.events if event != "code_expired"},
)


@pytest.mark.timeout(600)  # where one fails, the shortest one is looked for
@pytest.mark.parametrize("number", range(SEEDS))
def test_whoever_is_paired_and_parted_nobody_shares_a_session_with_others(number: int) -> None:
    lives = settings(Lives.TestCase.settings, max_examples=LIVES, stateful_step_count=30, deadline=None)
    run_state_machine_as_test(seed(number)(Lives), settings=lives)
