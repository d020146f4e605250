"""What a session decides, driven through everything that may come in, in any order.

The machine below plays actor, model and store: it makes the records of a step durable, and reports the end of
turns and compactions whenever Hypothesis likes, late or twice.
"""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from argentos import MemoryStore, OfflineModel, Supervisor
from argentos.actors.core.deadlines import Marks, state_at
from argentos.actors.core.decisions.compactions import ask_compaction, give_up_summary, summarise
from argentos.actors.core.decisions.draft import Draft, is_compacting
from argentos.actors.core.decisions.messages import accept, clear
from argentos.actors.core.decisions.settling import settle
from argentos.actors.core.decisions.turn_ends import end_attempt, stop
from argentos.actors.core.decisions.turns import look_after_turn
from argentos.actors.core.reports import NotCompacted, TurnDone
from argentos.actors.settings.config import Config
from argentos.errors import ContextOverflowError, ModelError, SessionFailedError, SessionParkedError
from argentos.llm import Compacted, Gauge, Reply
from argentos.machines import SESSION
from argentos.machines.lifecycles.turn import OVERFLOWED
from argentos.storage import (
    Accepted,
    CompactionRequest,
    Context,
    Metadata,
    Record,
    Replied,
    SessionKey,
    Snapshot,
    Transitioned,
    TurnEnded,
    events_of,
    fold,
)
from argentos.storage.open_context import OpenContext

KEY = SessionKey("main", "maren")
IDLE_AFTER = 600.0
GAUGE = Gauge(window=300, threshold=0.85, keep_recent=80, system_tokens=5, model="m", first_ratio=1.0)
EDGES = {str(edge) for edge in SESSION.transitions}


class Session(RuleBasedStateMachine):
    """A session, and a world that is not always on time."""

    @initialize()
    def begin(self) -> None:
        self.now = datetime(2026, 5, 8, tzinfo=UTC)
        self.snapshot: Snapshot | None = None
        self.records: list[Record] = []
        self.messages = 0
        self.running: tuple[int, int] | None = None
        self.past_turns: list[tuple[int, int]] = [(1, 1)]

    # The actor ----------------------------------------------------------------------------------------------

    def draft(self) -> Draft:
        before = self.snapshot
        draft = Draft(
            KEY,
            before.metadata if before else None,
            OpenContext(before.context if before else Context()),
            epoch=1,
            now=self.now,
            moment=self.moment,
            gauge=GAUGE,
            config=Config(idle_after=IDLE_AFTER),
            marks=Marks.of(before, self.now, self.moment) if before else None,
            has_task=self.running is not None,
        )
        look_after_turn(draft)
        return draft

    def commit(self, draft: Draft) -> None:
        settle(draft)
        while draft.records:
            self.records += draft.records
            self.snapshot = draft.snapshot
            turn = self.metadata.turn
            self.running = (turn.turn, turn.attempt) if turn and not is_compacting(self.metadata) else None
            if self.running:
                self.past_turns.append(self.running)
            draft = self.draft()
            settle(draft)

    @property
    def moment(self) -> float:
        return self.now.timestamp()

    @property
    def metadata(self) -> Metadata:
        assert self.snapshot is not None
        return self.snapshot.metadata

    def exists(self) -> bool:
        return self.snapshot is not None

    # What comes in ------------------------------------------------------------------------------------------

    @rule(tokens=st.integers(1, 110), role=st.sampled_from(["user", "user", "assistant"]))
    def message(self, tokens: int, role: str) -> None:
        draft = self.draft()
        draft.advance(self.now, self.moment)
        self.messages += 1
        accept(
            draft,
            f"m-{self.messages}",
            "user" if role == "user" else "assistant",
            f"text {self.messages}",
            tokens,
            sender=None,
            address=None,
            awaits_reply=role == "user",
        )
        self.commit(draft)

    @rule(seconds=st.sampled_from([1, 599, 600, 86400]))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        draft = self.draft()
        draft.advance(self.now, self.moment)
        self.commit(draft)

    @precondition(exists)
    @rule(data=st.data(), text=st.sampled_from(["", "a reply"]), tokens=st.integers(1, 60), failed=st.booleans())
    def a_turn_reports(self, data: st.DataObject, text: str, tokens: int, *, failed: bool) -> None:
        turn, attempt = data.draw(st.sampled_from(self.past_turns[-3:]))
        draft = self.draft()
        error = ModelError("it failed") if failed else None
        reply = None if failed else Reply(text)
        ended = end_attempt(draft, self.report(turn, attempt, reply, tokens=tokens, error=error))
        assert ended == (self.running == (turn, attempt))
        self.commit(draft)

    def report(
        self, turn: int, attempt: int, reply: Reply | None, *, tokens: int = 0, error: ModelError | None = None
    ) -> TurnDone:
        return TurnDone(self.now, turn=turn, attempt=attempt, reply=reply, tokens=tokens, error=error)

    @precondition(lambda self: self.running is not None)
    @rule()
    def the_model_says_the_context_is_too_large(self) -> None:
        assert self.running is not None
        draft = self.draft()
        ended = end_attempt(draft, self.report(*self.running, None, error=ContextOverflowError("too long")))
        assert ended == (draft.turn != OVERFLOWED)
        self.running = None
        self.commit(draft)

    @precondition(lambda self: self.exists() and is_compacting(self.metadata))
    @rule(tokens=st.integers(1, 30))
    def a_summary_is_ready(self, tokens: int) -> None:
        assert self.snapshot is not None
        replaced = self.snapshot.context.messages[: GAUGE.replaceable(self.snapshot, self.snapshot.metadata.asked)]
        draft = self.draft()
        if not replaced:  # nothing can be put into a summary
            give_up_summary(draft, NotCompacted("nothing_to_compact", "all has to be kept"), 1.0)
            self.commit(draft)
            return
        assert summarise(
            draft,
            Compacted(
                text="what was said",
                method="model",
                first=1,
                last=max(message.number for message in replaced),
                numbers=tuple(message.number for message in replaced),
                tokens=tokens,
                before=0,
                after=0,
            ),
            2.0,
        )
        self.commit(draft)

    @precondition(exists)
    @rule(keep=st.none() | st.integers(0, 5))
    def somebody_asks_for_a_compaction(self, keep: int | None) -> None:
        draft = self.draft()
        asked = ask_compaction(draft, CompactionRequest(keep=keep))
        self.commit(draft)
        if asked and self.metadata.turn is None:
            assert is_compacting(self.metadata)

    @precondition(exists)
    @rule(clears=st.booleans())
    def somebody_stops_or_clears(self, *, clears: bool) -> None:
        compacting = is_compacting(self.metadata)
        draft = self.draft()
        if clears:
            clear(draft)
        else:
            stop(draft)
        self.running = None
        self.commit(draft)
        assert self.metadata.is_settled
        if compacting and is_compacting(self.metadata):  # what waited has joined the context, and is too much
            assert not GAUGE.fits(self.metadata, None)

    @precondition(exists)
    @rule()
    def the_process_dies(self) -> None:
        self.running = None
        self.commit(self.draft())

    # What always holds --------------------------------------------------------------------------------------

    @precondition(exists)
    @invariant()
    def the_records_tell_the_whole_story(self) -> None:
        assert fold(KEY, None, self.records).snapshot == self.snapshot
        assert [record.sequence for record in self.records] == list(range(1, len(self.records) + 1))

    @precondition(exists)
    @invariant()
    def every_transition_is_an_edge_of_the_diagram_and_begins_where_the_last_ended(self) -> None:
        state = "[*]"
        for record in self.records:
            if isinstance(record, Transitioned):
                assert record.source == state
                assert f"{record.source} --> {record.target}: {record.label}" in EDGES
                state = record.target
        assert self.metadata.state == state

    @precondition(exists)
    @invariant()
    def no_message_gets_two_replies(self) -> None:
        answered = [each for record in self.records if isinstance(record, Replied) for each in record.reply_to]
        assert len(answered) == len(set(answered))

    @precondition(exists)
    @invariant()
    def every_message_of_the_user_waits_or_is_answered_or_was_ended_once(self) -> None:
        turn = self.metadata.turn
        open_ones = [*self.metadata.waiting, *(turn.messages if turn else ())]
        ended = [
            each for record in events_of(self.records) if isinstance(record, TurnEnded) for each in record.messages
        ]
        asked = [each.number for each in self.records if isinstance(each, Accepted) and each.role == "user"]
        assert sorted(open_ones + ended) == asked

    @precondition(exists)
    @invariant()
    def the_tokens_are_those_of_the_context(self) -> None:
        assert self.snapshot is not None
        metadata, context = self.snapshot
        summary = context.summary.tokens if context.summary else 0
        assert metadata.tokens == summary + sum(message.tokens for message in context.messages)
        assert metadata.waiting_tokens == sum(message.tokens for message in context.waiting)
        assert metadata.waiting == tuple(message.number for message in context.waiting)

    @precondition(exists)
    @invariant()
    def somebody_is_at_work_on_whatever_waits(self) -> None:
        if not self.metadata.is_settled:
            assert self.running is not None or is_compacting(self.metadata)

    @precondition(exists)
    @invariant()
    def an_overdue_session_shows_as_idle_and_no_other_does(self) -> None:
        quiet = self.metadata.is_settled and self.now >= self.metadata.quiet_since + timedelta(seconds=IDLE_AFTER)
        shown = state_at(self.metadata, (self.now - self.metadata.quiet_since).total_seconds(), IDLE_AFTER)
        assert (shown == "Idle") == (self.metadata.state == "Idle" or (self.metadata.state == "Active" and quiet))


Session.TestCase.settings = settings(max_examples=60, stateful_step_count=30)
TestSession = Session.TestCase


@pytest.mark.anyio
async def test_guards_that_contradict_each_other_park_the_session_and_hold_nobody_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for guard in ("compaction_is_due", "has_older_messages", "summary_is_durable", "context_fits"):
        monkeypatch.setattr(f"argentos.actors.core.decisions.draft._Facts.{guard}", True)
    async with Supervisor(MemoryStore(), OfflineModel()) as supervisor:
        with pytest.raises(SessionFailedError, match=r"does not come to rest: .*Compacted --> Active"):
            await supervisor.session("maren").send("hello")
        for _ in range(3):
            with suppress(SessionFailedError):
                await supervisor.session("maren").send("hello")
        with pytest.raises(SessionParkedError, match="does not come to rest"):
            await supervisor.session("maren").send("hello")
