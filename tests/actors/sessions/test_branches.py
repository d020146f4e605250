"""Generated conversations that go back and off, held against a plain model: nothing is ever lost, or there twice."""

import json
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, TypeVar

import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from argentos import (
    Agent,
    Config,
    Emit,
    FileStore,
    MemoryStore,
    Message,
    NothingToCompactError,
    NothingToRegenerateError,
    Reply,
    Request,
    Session,
    SessionExistsError,
    Store,
    Supervisor,
    ToolUse,
    UndoRefusedError,
    tool,
)
from argentos.storage import calls_in, inline, results_in
from argentos.storage.repair.doctor import check
from tests.actors.conftest import count_words

T = TypeVar("T")

WORDS = " word" * 40
WINDOW = Config(max_context_tokens=6000)


@tool
async def look(what: str) -> str:
    """Look at something."""
    return f"seen: {what}{WORDS}"


class Model:
    """Answers, and looks first where that is asked for."""

    name = "model"

    async def reply(self, request: Request, _emit: Emit) -> Reply:
        last = request.messages[-1]
        if last.text.startswith("look"):
            return Reply([ToolUse(id=f"c-{len(request.messages)}", name="look", input={"what": "it"})])
        return Reply(f"reply{WORDS}")


class Frame(NamedTuple):
    """The messages that an undo brings back, and the number of the one in front of them; 0 for none."""

    taken: list[int]
    behind: int
    window: list[int]
    is_taken_back: list[bool]


class Branch:
    """The plain model of a session: numbers, in their order."""

    def __init__(self, context: list[int], last: int) -> None:
        self.context = context
        self.last = last
        self.ever = {*context}
        self.frames: list[Frame] = []

    def add(self, count: int) -> None:
        new = [*range(self.last + 1, self.last + count + 1)]
        self.context += new
        self.ever.update(new)
        self.last += count

    def take(self, taken: list[int], behind: int) -> None:
        self.frames.append(Frame(taken, behind, [*self.context], [False]))
        self.context = [each for each in self.context if each not in taken]

    @property
    def latest(self) -> Frame | None:
        return next((each for each in reversed(self.frames) if not each.is_taken_back[0]), None)

    def undo(self) -> None:
        frame = self.latest
        assert frame is not None
        at = self.context.index(frame.behind) + 1 if frame.behind in self.context else len(self.context)
        at = at if frame.behind else 0
        self.context[at:at] = frame.taken
        frame.is_taken_back[0] = True


class Conversations(RuleBasedStateMachine):
    """Sessions in a store, and the model of each."""

    on_disk: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__()
        self._stack = ExitStack()
        self.portal = self._stack.enter_context(start_blocking_portal("asyncio"))
        self.root = Path(self._stack.enter_context(tempfile.TemporaryDirectory())) / "state"
        self.memory = MemoryStore()
        self.branches = {"s-0": Branch([], 0)}
        self.texts: dict[str, dict[int, str]] = {"s-0": {}}
        self.enter()

    def enter(self) -> None:
        store: Store = FileStore(self.root, run=inline) if self.on_disk else self.memory
        agent = Agent(Model(), tools=[look])
        self.supervisor = Supervisor(store, agent, config=WINDOW, count=count_words, count_inline=10**6, grace=0)
        self._entered = self.portal.wrap_async_context_manager(self.supervisor)
        self._entered.__enter__()

    def leave(self) -> None:
        self._entered.__exit__(None, None, None)

    def run(self, work: Callable[[], Awaitable[T]]) -> T:
        return self.portal.call(work)

    def pick(self, data: st.DataObject) -> tuple[Session, Branch]:
        name = data.draw(st.sampled_from(sorted(self.branches)))
        return self.supervisor.session(name), self.branches[name]

    def seen(self, session: Session) -> Sequence[Message]:
        """The messages of the context, in its order; `history` has them by their numbers."""
        looked = self.portal.call(self.supervisor._registry.look, session.key)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
        return looked.context.messages

    # What may happen ---------------------------------------------------------------------------------------

    @rule(data=st.data(), looks=st.booleans())
    def ask(self, data: st.DataObject, looks: bool) -> None:  # noqa: FBT001 - Hypothesis gives it
        session, branch = self.pick(data)
        self.run(lambda: session.ask(("look" if looks else "tell") + WORDS))
        branch.add(4 if looks else 2)

    @rule(data=st.data())
    def say(self, data: st.DataObject) -> None:
        session, branch = self.pick(data)
        self.run(lambda: session.say(f"by the way{WORDS}"))
        branch.add(1)

    @rule(data=st.data())
    def clear(self, data: st.DataObject) -> None:
        session, branch = self.pick(data)
        if branch.last:
            had_summary = self.run(session.summary) is not None
            self.run(session.clear)
            if branch.context or had_summary:
                branch.take([*branch.context], 0)

    @rule(data=st.data())
    def compact(self, data: st.DataObject) -> None:
        session, branch = self.pick(data)
        if not branch.last:
            return
        try:
            self.run(session.compact)
        except NothingToCompactError:
            return
        kept = [each.number for each in self.seen(session)]
        assert kept == branch.context[len(branch.context) - len(kept) :]
        branch.take(branch.context[: len(branch.context) - len(kept)], 0)

    @rule(data=st.data())
    def undo(self, data: st.DataObject) -> None:
        session, branch = self.pick(data)
        if not branch.last:
            return
        if branch.latest is None:
            with pytest.raises(UndoRefusedError):
                self.run(session.undo)
            return
        with suppress(UndoRefusedError):  # it has no room any more
            self.run(session.undo)
            branch.undo()

    @rule(data=st.data())
    def rewind(self, data: st.DataObject) -> None:
        session, branch = self.pick(data)
        if not branch.context:
            return
        before = data.draw(st.sampled_from(branch.context))
        self.run(lambda: session.rewind(before=before))
        kept = [each.number for each in self.seen(session)]
        at = branch.context.index(before)
        assert kept == branch.context[: len(kept)]
        assert at - 3 <= len(kept) <= at, "no further than to the first step of a loop"
        branch.take(branch.context[len(kept) :], kept[-1] if kept else 0)

    @rule(data=st.data())
    def regenerate(self, data: st.DataObject) -> None:
        session, branch = self.pick(data)
        if not branch.last:
            return
        messages = self.seen(session)

        async def again() -> Message:
            return await (await session.regenerate()).reply()

        at = next((at for at in range(len(messages) - 1, -1, -1) if messages[at].reply_to), -1)
        answered = [each for each in messages[:at] if at >= 0 and each.id in messages[at].reply_to]
        try:
            reply = self.run(again)
        except NothingToRegenerateError:
            assert not answered
            return
        (asked,) = answered
        taken = [each.number for each in messages[: at + 1] if each.turn and each.number > asked.number]
        branch.take([*taken, messages[at].number], asked.number)
        branch.context.remove(asked.number)
        branch.context.append(asked.number)
        branch.add(4 if asked.text.startswith("look") else 2)
        branch.context.remove(branch.last)  # the question was there before
        branch.ever.remove(branch.last)
        branch.last -= 1
        assert reply.number == branch.last
        assert reply.id != messages[at].id

    @precondition(lambda self: len(self.branches) < 4)
    @rule(data=st.data())
    def fork(self, data: st.DataObject) -> None:
        session, branch = self.pick(data)
        if not branch.last:
            return
        name = f"s-{len(self.branches)}"
        places: list[int | str | None] = [None, *branch.context, *(f"c{at + 1}" for at in range(len(branch.frames)))]
        at = data.draw(st.sampled_from(places))
        before = self.run(session.info), self.seen(session)
        info = self.run(lambda: session.fork(name, at=at))
        assert (self.run(session.info), self.seen(session)) == before
        assert info.parent == session.id
        taken = [each.number for each in self.seen(self.supervisor.session(name))]
        window = branch.context if not isinstance(at, str) else branch.frames[int(at[1:]) - 1].window
        assert taken == window[: len(taken)]
        if isinstance(at, int):
            assert len(taken) - 1 <= window.index(at) <= len(taken) + 3
        else:
            assert taken == window
        self.branches[name] = Branch(taken, info.messages)
        known = self.texts[session.id]
        self.texts[name] = {number: known[number] for number in taken}
        with pytest.raises(SessionExistsError):
            self.run(lambda: session.fork(name))

    @rule()
    def restart(self) -> None:
        self.leave()
        if self.on_disk:
            self.look_at_the_files()
        self.enter()

    # What always holds ---------------------------------------------------------------------------------------

    @invariant()
    def each_message_is_there_once(self) -> None:
        for name, branch in self.branches.items():
            session = self.supervisor.session(name)
            if not branch.last:
                continue
            messages, everything = self.seen(session), self.run(lambda: session.history(full=True))  # noqa: B023
            assert [each.number for each in messages] == branch.context
            assert [each.number for each in everything] == sorted(branch.ever)
            texts = self.texts[name]
            for message in everything:
                assert texts.setdefault(message.number, message.text) == message.text
            places = self.run(session.checkpoints)
            assert [each.name for each in places] == [f"c{at + 1}" for at in range(len(branch.frames))]
            expect_whole_loops(messages)

    def look_at_the_files(self) -> None:
        assert [*check(self.root)] == []
        for name, branch in self.branches.items():
            folder = self.root / "agents" / "main" / "sessions" / name
            if not branch.last:
                continue
            history = json.loads((folder / "history.json").read_bytes())
            here = [each["number"] for each in history.get("messages", ())]
            archived = [
                each["number"]
                for path in folder.glob("archive/0*.json")
                for each in json.loads(path.read_bytes())["messages"]
            ]
            assert here == branch.context
            assert sorted([*here, *archived]) == sorted(branch.ever)

    def teardown(self) -> None:
        with self._stack:
            self.leave()
            if self.on_disk:
                self.look_at_the_files()


def expect_whole_loops(messages: Sequence[Message]) -> None:
    """Behind each call stands its result."""
    for at, message in enumerate(messages):
        if calls := calls_in(message.blocks):
            assert [each.id for each in calls] == [each.tool_use_id for each in results_in(messages[at + 1].blocks)]


def lives(examples: int, *, on_disk: bool) -> None:
    members: dict[str, Any] = {"on_disk": on_disk}
    run_state_machine_as_test(
        type("Lives", (Conversations,), members),
        settings=settings(
            max_examples=examples,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )


@pytest.mark.parametrize("on_disk", [False, True], ids=["memory", "disk"])
def test_whatever_happens_each_message_is_in_one_place_of_each_branch(*, on_disk: bool) -> None:
    lives(12, on_disk=on_disk)
