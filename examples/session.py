"""A session in a real supervisor, whose clock is moved by hand: `pytest examples/session.py`."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import ExitStack, asynccontextmanager
from datetime import UTC, datetime
from types import SimpleNamespace

from anyio.from_thread import start_blocking_portal
from anyio.lowlevel import checkpoint
from hypothesis import settings
from hypothesis import strategies as st

from argentos import Config, ManualClock, MemoryStore, OfflineModel, Supervisor
from argentos.machines import SESSION, START, Refused, Transition
from argentos.machines.testing import lifecycle_test
from argentos.storage import Record, SessionKey, Transitioned

EDGES = {(each.source, each.label): each for each in SESSION.transitions}


class WatchedStore(MemoryStore):
    """Notes the edges as they become durable."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[Transition] = []

    async def append(self, key: SessionKey, epoch: int, expected_sequence: int, records: Sequence[Record]) -> bool:
        answer = await super().append(key, epoch, expected_sequence, records)
        self.taken += [EDGES[each.source, each.label] for each in records if isinstance(each, Transitioned)]
        return answer


class Conversation:
    """What `lifecycle_test` drives; every call returns once the session has come to rest."""

    def __init__(self) -> None:
        self.clock = ManualClock(datetime(2026, 5, 8, tzinfo=UTC))
        self.heard_at = self.clock.now()
        self.store = WatchedStore()
        self.open()

    def open(self) -> None:
        self.stack = ExitStack()
        self.portal = self.stack.enter_context(start_blocking_portal())
        supervisor = self.stack.enter_context(self.portal.wrap_async_context_manager(self.run()))
        self.session = supervisor.session("maren")

    @asynccontextmanager
    async def run(self) -> AsyncGenerator[Supervisor]:
        config = Config(max_context_tokens=500)
        model = OfflineModel()
        async with Supervisor(self.store, model, config=config, clock=self.clock, count=len, grace=0) as supervisor:
            yield supervisor

    @property
    def state(self) -> str:
        return self.store.taken[-1].target if self.store.taken else START

    def send(self, event: str, payload: object) -> Sequence[Transition] | Refused:
        before, count = self.state, len(self.store.taken)
        self.portal.call(self.session.ask, str(payload))
        self.heard_at = self.clock.now()
        return self.rest(count) or Refused(before, event)

    def advance(self, seconds: float) -> Sequence[Transition]:
        count = len(self.store.taken)
        self.portal.call(self.clock.advance, seconds)
        return self.rest(count)

    def restart(self) -> Sequence[Transition]:
        count = len(self.store.taken)
        self.close()
        self.open()
        return self.rest(count)

    def facts(self, event: str, _payload: object) -> object | None:
        is_quiet = (self.clock.now() - self.heard_at).total_seconds() >= 1800
        return SimpleNamespace(is_quiet=is_quiet) if event == "no_recent_activity" else None

    def close(self) -> None:
        self.stack.close()

    def rest(self, count: int) -> Sequence[Transition]:
        if self.store.taken:
            self.portal.call(self.come_to_rest)
        return self.store.taken[count:]

    async def come_to_rest(self) -> None:
        while self.state == "Compacted":
            await checkpoint()
        await self.session.stop()  # nothing runs; but a session that is not in memory takes what is overdue only now


Conversations = lifecycle_test(
    SESSION,
    Conversation,
    payloads={"new_message": st.sampled_from(["Hello?", "Which boat? " * 8])},
    pauses=st.sampled_from([600.0, 1200.0, 1800.0]),
    own=["first_message", "processing_messages", "context_window_full", "continues_with_summary"],
)
TestConversations = Conversations.TestCase
TestConversations.settings = settings(TestConversations.settings, max_examples=20, stateful_step_count=20)
