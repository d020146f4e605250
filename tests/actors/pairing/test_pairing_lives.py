"""Lives of senders, generated from `diagrams/pairing.mmd`, in a supervisor on files that is restarted in between.

One sender is followed through the diagram. With every step others write from anywhere, are let in, linked and unlinked;
after each, nobody shares a session with anybody whom the owner has not linked with them. `ARGENT_SEEDS=20` leads 400
lives of thirty steps instead of twenty.
"""

import itertools
import os
import tempfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import ExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from anyio.from_thread import start_blocking_portal
from hypothesis import settings
from hypothesis import strategies as st

from argentos import (
    AccountSettings,
    Address,
    FileStore,
    ManualClock,
    OfflineModel,
    PairingError,
    RoutingSettings,
    Sender,
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
ROUTING = RoutingSettings(accounts={(name, None): AccountSettings() for name in ("telegram", "discord")})


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
        self.open()
        self.call(self.supervisor.pairing.approve, str(PARTNER))
        self.account.let_in.add(PARTNER)

    def open(self) -> None:
        self.stack = ExitStack()
        self.portal = self.stack.enter_context(start_blocking_portal())
        self.supervisor = self.stack.enter_context(self.portal.wrap_async_context_manager(self.run()))

    @asynccontextmanager
    async def run(self) -> AsyncGenerator[Supervisor]:
        store = FileStore(self.path)
        async with Supervisor(store, OfflineModel(), clock=self.clock, routing=ROUTING, grace=0) as supervisor:
            yield supervisor

    def call(self, method: Any, *arguments: Any) -> Any:
        return self.portal.call(method, *arguments)

    @property
    def state(self) -> str:
        book = self.call(self.supervisor.pairing.book)
        return str(book.state_of(FOLLOWED)) if self.is_heard_of else START

    def send(self, event: str, payload: Any) -> Sequence[Transition] | Refused:
        before = self.state
        if not self.is_heard_of and event != "heard_of":
            return Refused(START, event)  # of whom nobody has heard nothing can be asked
        refusal = self.step(event, payload["age"])
        taken = self.taken(before, event)
        for other in payload["others"]:
            self.others(*other)
        self.check()
        if taken:
            return taken
        assert refusal
        answer = PAIRING.decide(before, event, self.facts(event, payload))
        assert isinstance(answer, Refused)
        return answer

    def step(self, event: str, age: float) -> bool:
        """Have the one who is followed, or the owner, do it; gives whether it was refused."""
        desk = self.supervisor.pairing
        try:
            match event:
                case "heard_of":
                    is_first = not self.is_heard_of
                    self.is_heard_of = True
                    return not is_first
                case "code_asked_for":
                    return self.ask(FOLLOWED, age) is None
                case "approve":
                    self.call(desk.approve, str(FOLLOWED))
                    self.account.let_in.add(FOLLOWED)
                case "deny":
                    self.call(desk.deny, str(FOLLOWED))
                    self.account.let_in.discard(FOLLOWED)
                    self.account.part(FOLLOWED)
                case "link":
                    self.call(desk.link, [FOLLOWED, PARTNER])
                    self.account.link(FOLLOWED, PARTNER)
                case _:
                    self.call(desk.unlink, FOLLOWED)
                    self.account.part(FOLLOWED)
        except PairingError:
            return True
        return False

    def ask(self, sender: Sender, age: float = 0.0) -> object:
        async def request() -> object:
            place = Address(sender.channel, sender.user, account=sender.account)
            return await self.supervisor.pairing.request(place, sent_at=self.clock.now() - timedelta(seconds=age))

        return self.call(request)

    def others(self, act: str, one: Sender, other: Sender) -> None:
        desk = self.supervisor.pairing
        try:
            if act == "ask":
                self.ask(one)
            elif act == "approve":
                self.call(desk.approve, str(one))
                self.account.let_in.add(one)
            elif act == "link" and one != other:
                self.call(desk.link, [one, other])
                self.account.link(one, other)
            elif act == "unlink":
                self.call(desk.unlink, one)
                self.account.part(one)
        except PairingError:
            pass

    def check(self) -> None:
        """Only those who are linked share a session, only those who were approved are answered; guilds are apart."""
        everybody = [FOLLOWED, PARTNER, *OTHERS]
        routes = {each: self.route(Address(each.channel, each.user, account=each.account)) for each in everybody}
        for one, other in itertools.combinations(everybody, 2):
            is_one = self.account.are_one(one, other)
            assert (routes[one].session_id == routes[other].session_id) is is_one, (one, other)
        assert {each for each in everybody if routes[each].is_answered} == self.account.let_in
        guilds = {self.route(Address("discord", "0", guild=guild, channel_id="7")).session_id for guild in ("8", "9")}
        assert len(guilds) == 2
        assert not guilds & {each.session_id for each in routes.values()}

    def route(self, address: Address) -> Any:
        return self.call(self.supervisor.route, address)

    def advance(self, seconds: float) -> Sequence[Transition]:
        before = self.state
        self.call(self.clock.advance, seconds)
        return self.taken(before, "code_expired")

    def restart(self) -> Sequence[Transition]:
        before = self.state
        self.stack.close()
        self.open()
        self.check()
        return self.taken(before, "")

    def taken(self, before: str, event: str) -> list[Transition]:
        """The edge that leads from the state of before to that of now, where something has happened."""
        found = [
            each
            for each in PAIRING.transitions
            if (each.source, each.target, each.event) == (before, self.state, event)
            and (before != self.state or event == "link")
        ]
        return found[:1]

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


LIVES = 20 * int(os.environ.get("ARGENT_SEEDS", "1"))
ACT = st.sampled_from(["ask", "approve", "link", "unlink"])
ACTS = st.tuples(ACT, st.sampled_from(OTHERS), st.sampled_from(OTHERS))
PAYLOAD = st.fixed_dictionaries({"age": st.sampled_from([0.0, 59.0, 3600.0]), "others": st.lists(ACTS, max_size=4)})

Lives = lifecycle_test(
    PAIRING,
    Pairings,
    durations={"code_life": 3600.0},
    payloads={event: PAYLOAD for event in PAIRING.events if event != "code_expired"},
    seed=17,
)
TestPairingLives = Lives.TestCase
TestPairingLives.settings = settings(TestPairingLives.settings, max_examples=LIVES, stateful_step_count=30)
