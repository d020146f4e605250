"""A model that asks another session of its supervisor waits for it without a place of its own."""

from collections.abc import Awaitable, Callable

import anyio
import anyio.lowlevel
import pytest

from argentos import Config, Emit, Model, Reply, Request, Session, Supervisor
from argentos.errors import ArgentError, SessionError
from tests.actors.conftest import Running

pytestmark = pytest.mark.anyio


class Asking:
    """A model that does what it is told to before it answers; `at_work` turns do, of which `most` ever at once."""

    name = "asking"

    def __init__(self, work: Callable[[str, "Asking"], Awaitable[object]]) -> None:
        self.supervisor: Supervisor | None = None
        self.at_work = 0
        self.most = 0
        self._work = work

    async def reply(self, request: Request, _emit: Emit) -> Reply:
        self.at_work += 1
        self.most = max(self.most, self.at_work)
        try:
            found = await self._work(request.session, self)
        finally:
            self.at_work -= 1
        return Reply(str(found or "done"))

    def session(self, session_id: str) -> Session:
        assert self.supervisor is not None
        return self.supervisor.session(session_id)

    async def ask(self, session_id: str) -> str:
        """Ask, and count no longer as at work meanwhile."""
        self.at_work -= 1
        try:
            return (await self.session(session_id).ask("help")).text
        finally:
            self.at_work += 1


async def by_asking(name: str, model: Asking) -> str:
    return await model.ask(f"helper-{name}") if name.startswith("user") else "helped"


async def by_streaming(name: str, model: Asking) -> str:
    if not name.startswith("user"):
        return "helped"
    turn = await model.session(f"helper-{name}").send("help")
    return "".join([piece async for piece in turn.text()])


async def by_asking_in_tasks(name: str, model: Asking) -> str:
    if not name.startswith("user"):
        return "helped"
    heard: list[str] = []

    async def ask(number: int) -> None:
        heard.append((await model.session(f"helper-{number}-{name}").ask("help")).text)

    async with anyio.create_task_group() as group:
        for number in range(3):
            group.start_soon(ask, number)
    return heard[0]


async def by_reading_events(name: str, model: Asking) -> str:
    if not name.startswith("user"):
        return "helped"
    assert model.supervisor is not None
    async with model.supervisor.events() as events:
        helper = model.session(f"helper-{name}")
        turn = await helper.send("help")
        async for event in events:
            record = getattr(event, "record", None)
            if getattr(event, "session", None) == helper.key and type(record).__name__ == "Replied":
                return (await turn.reply()).text
    raise AssertionError("the events have ended")


async def run_users(running: Running, model: Model, users: int, **options: object) -> list[str]:
    replies: list[str] = []

    async def ask(number: int) -> None:
        replies.append((await supervisor.session(f"user-{number}").ask("hi")).text)

    async with running(model, **options) as supervisor:
        if isinstance(model, Asking):
            model.supervisor = supervisor
        with anyio.fail_after(20):
            async with anyio.create_task_group() as group:
                for number in range(users):
                    group.start_soon(ask, number)
    return replies


@pytest.mark.parametrize("way", [by_asking, by_streaming, by_asking_in_tasks, by_reading_events])
@pytest.mark.parametrize(("users", "places"), [(1, 1), (8, 8), (20, 8)])
async def test_as_many_turns_as_there_are_places_may_all_ask_others(
    running: Running, way: Callable[[str, Asking], Awaitable[object]], users: int, places: int
) -> None:
    assert await run_users(running, Asking(way), users, max_turns=places) == ["helped"] * users


async def test_more_turns_than_there_are_workers_may_all_wait_for_another(running: Running) -> None:
    assert await run_users(running, Asking(by_asking), 600, max_turns=1) == ["helped"] * 600


async def test_no_more_turns_are_at_work_than_twice_the_places_though_others_wait(running: Running) -> None:
    async def work(name: str, model: Asking) -> str:
        for _ in range(5):
            await anyio.lowlevel.checkpoint()
        found = await by_asking(name, model)
        for _ in range(5):
            await anyio.lowlevel.checkpoint()
        return found

    model = Asking(work)
    await run_users(running, model, 60, max_turns=4)
    assert model.most <= 8


async def test_turns_that_ask_nobody_are_no_more_at_once_than_there_are_places(running: Running) -> None:
    async def work(name: str, model: Asking) -> str:  # noqa: ARG001 - as it is called
        for _ in range(5):
            await anyio.lowlevel.checkpoint()
        return "done"

    model = Asking(work)
    await run_users(running, model, 60, max_turns=4)
    assert model.most == 4


async def test_a_turn_may_wait_for_one_that_waits_for_another_and_so_on(running: Running) -> None:
    async def work(name: str, model: Asking) -> str:
        depth = int(name.rpartition("-")[2])
        return await model.ask(f"user-{depth + 1}") if depth < 9 else f"{depth} deep"

    assert await run_users(running, Asking(work), 1, max_turns=1) == ["9 deep"]


async def test_turns_that_ask_others_without_end_are_refused_at_some_depth(running: Running) -> None:
    asked: list[str] = []

    async def work(name: str, model: Asking) -> str:
        asked.append(name)
        try:
            return await model.ask(f"user-{int(name.rpartition('-')[2]) + 1}")
        except SessionError as error:
            return str(error)

    (reply,) = await run_users(running, Asking(work), 1, max_turns=1)
    assert reply == "turns wait for each other, 16 deep; have it not go on for ever"
    assert len(asked) == 16


@pytest.mark.parametrize("others", [0, 2])
async def test_a_turn_that_would_wait_for_itself_is_told_so_at_once(running: Running, others: int) -> None:
    """Through so many others."""
    asked: set[str] = set()

    async def work(name: str, model: Asking) -> str:
        if name in asked:
            return "the message that came of it"
        asked.add(name)
        number = int(name.rpartition("-")[2])
        try:
            return await model.ask(f"user-{(number + 1) % (1 + others)}")
        except ArgentError as error:
            return str(error)

    assert await run_users(running, Asking(work), 1, config=Config(turn_timeout=60.0)) == [
        "the reply waits for the turn that waits for it; send the message, and do not wait for its reply"
    ]


async def test_a_turn_may_send_to_its_own_session_if_it_does_not_wait(running: Running) -> None:
    sent: list[object] = []

    async def work(name: str, model: Asking) -> str:
        if not sent:
            sent.append(await model.session(name).send("a note to myself"))
        return "done"

    model = Asking(work)
    async with running(model) as model.supervisor:
        session = model.supervisor.session("user-0")
        await session.ask("hi")
        await sent[0].reply()  # type: ignore[attr-defined]
        assert [message.text for message in await session.history()] == ["hi", "a note to myself", "done", "done"]


async def test_turns_that_send_on_and_do_not_wait_may_do_so_without_end(running: Running) -> None:
    """As in a conversation that an agent keeps up with itself, or two with each other."""
    told: list[str] = []

    async def work(name: str, model: Asking) -> str:
        told.append(name)
        if len(told) < 50:
            await model.session("user-1" if name == "user-0" else "user-0").send("and you?")
        else:
            done.set()
        return "done"

    done, model = anyio.Event(), Asking(work)
    async with running(model) as model.supervisor:
        await model.supervisor.session("user-0").send("begin")
        with anyio.fail_after(20):
            await done.wait()
    assert told == ["user-0", "user-1"] * 25


async def test_a_turn_may_ask_whoever_sent_the_message_and_does_not_wait_for_its_reply(running: Running) -> None:
    heard: list[str] = []

    async def work(name: str, model: Asking) -> str:
        if name == "user-0" and not heard:
            heard.append("sent")
            await model.session("helper").send("do this, and ask me where it is unclear")
        elif name == "helper":
            heard.append(await model.ask("user-0"))
            done.set()
        return name

    done, model = anyio.Event(), Asking(work)
    async with running(model) as model.supervisor:
        await model.supervisor.session("user-0").ask("hi")
        with anyio.fail_after(20):
            await done.wait()
    assert heard == ["sent", "user-0"]


async def test_two_turns_that_would_wait_for_each_other_are_told_so(running: Running) -> None:
    """The later of the two; the messages were sent before."""
    at_work: set[str] = set()
    both = anyio.Event()
    told: list[str] = []

    async def work(name: str, model: Asking) -> str:
        if name in at_work:
            return "the message that came of it"
        at_work.add(name)
        if len(at_work) == 2:
            both.set()
        turn = await model.session("user-1" if name == "user-0" else "user-0").send("help")
        await both.wait()
        try:
            return (await turn.reply()).text
        except ArgentError as error:
            told.append(name)
            return str(error)

    replies = await run_users(running, Asking(work), 2)
    assert len(told) == 1
    assert sorted(replies) == [
        "the message that came of it",
        "the reply waits for the turn that waits for it; send the message, and do not wait for its reply",
    ]


async def test_a_hundred_turns_may_run_at_once_by_default(running: Running) -> None:
    async def work(_: str, __: Asking) -> str:
        await anyio.sleep_forever()
        raise AssertionError

    async with running(Asking(work)) as supervisor:
        for number in range(101):
            await supervisor.session(f"s-{number}").send("hi")
        await anyio.wait_all_tasks_blocked()
        health = supervisor.health()
        assert (health.running, health.waiting) == (100, 1)
