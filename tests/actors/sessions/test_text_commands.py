"""Text commands: what people write to the session itself."""

from pathlib import Path

import anyio
import pytest

from argentos import (
    Address,
    Agent,
    Config,
    Emit,
    FileStore,
    InputError,
    ManualClock,
    MemoryStore,
    OfflineModel,
    RecordAppended,
    ReplayModel,
    Reply,
    Request,
    Session,
    Supervisor,
)
from argentos.actors.sessions.text_commands import text_command
from argentos.storage import Commanded, Store
from tests.actors.conftest import Running


class Silent:
    """A model that never answers."""

    async def reply(self, request: Request, emit: Emit) -> Reply:
        await emit("")
        await anyio.sleep_forever()
        return Reply(request.session)


pytestmark = pytest.mark.anyio

HERE = Address("telegram", "maren")


async def texts(session: Session) -> list[str]:
    return [each.text for each in await session.history()]


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/new", ("new", "")),
        ("/New", ("new", "")),
        ("/reset  What is new?\nAnd old? ", ("reset", "What is new?\nAnd old?")),
        ("/new@argent_bot Hello", ("new", "Hello")),
        ("/compact the ropes", ("compact", "the ropes")),
        ("/stop \n", ("stop", "")),
        ("/status", ("status", "")),
        ("/undo", ("undo", "")),
        ("/resume", ("resume", "")),
        ("/undo that", None),
        ("/stop it please", None),  # it takes no more words, so it is said to the agent
        ("/status?", None),
        ("/news", None),
        ("/unknown", None),
        ("//new", None),
        ("/etc/passwd", None),
        ("/new/thing", None),
        (" /new", None),
        ("say /new", None),
        ("/", None),
        ("", None),
    ],
)
def test_a_command_is_a_known_word_behind_a_slash(text: str, command: tuple[str, str] | None) -> None:
    assert text_command(text) == command


async def test_everything_else_is_an_ordinary_message(running: Running) -> None:
    async with running() as supervisor:
        session = supervisor.session("maren")
        assert await session.command("Hello") is None
        assert await session.command("/etc/passwd") is None
        assert await session.command([{"type": "text", "text": "/new"}]) is None


async def test_a_message_to_send_is_looked_at_by_nobody(running: Running) -> None:
    async with running(ReplayModel(["one"])) as supervisor:
        session = supervisor.session("maren")
        await session.ask("/new")
        assert await texts(session) == ["/new", "one"]


@pytest.mark.parametrize("word", ["/new", "/reset"])
async def test_new_begins_anew_and_passes_on_what_stands_behind_it(running: Running, word: str) -> None:
    async with running(ReplayModel(["one", "two"])) as supervisor:
        session = supervisor.session("maren")
        await session.ask("Hi")
        answer = await session.command(word, address=HERE)
        assert answer is not None
        assert (answer.command, answer.is_done, answer.address, answer.turn) == (word[1:], True, HERE, None)
        assert await texts(session) == []
        answer = await session.command(f"{word} What is up?", address=HERE, sender="Maren")
        assert answer is not None
        assert answer.turn is not None
        assert (await answer.turn.reply()).text == "two"
        question, _ = await session.history()
        assert (question.text, question.address, question.sender) == ("What is up?", HERE, "Maren")


async def test_what_stands_behind_new_is_sent_though_there_was_nothing_to_clear(running: Running) -> None:
    async with running(ReplayModel(["one"])) as supervisor:
        answer = await supervisor.session("maren").command("/new Hello")
        assert answer is not None
        assert answer.turn is not None
        assert (await answer.turn.reply()).text == "one"


async def test_sent_again_under_its_id_nothing_is_cleared_again(running: Running) -> None:
    async with running(ReplayModel(["one", "two"])) as supervisor:
        session = supervisor.session("maren")
        for _ in range(2):
            answer = await session.command("/new Hello", message_id="tg-1")
            assert answer is not None
            assert answer.turn is not None
            assert (await answer.turn.reply()).text == "one"
            if not (await session.info()).turns > 1:
                await session.ask("And?")
        assert await texts(session) == ["Hello", "one", "And?", "two"]


async def told(session: Session, text: str, message_id: str | None = None) -> tuple[bool, str]:
    answer = await session.command(text, message_id=message_id)
    assert answer is not None
    return answer.is_done, answer.text


DONE_BEFORE = (True, "This was done before.")


@pytest.mark.parametrize("state", ["memory", "files"])
async def test_a_command_that_is_delivered_twice_is_done_once(running: Running, tmp_path: Path, state: str) -> None:
    config, store = Config(max_context_tokens=1000, keep_recent_tokens=100), MemoryStore()

    def on() -> Store:
        return store if state == "memory" else FileStore(tmp_path / "state")

    async with running(config=config, on=on()) as supervisor:
        session = supervisor.session("maren")
        for number in range(8):
            await session.append(f"Rope {number} is long. " * 10)
        assert (await told(session, "/compact", "c-1"))[0]
        assert await told(session, "/compact", "c-1") == DONE_BEFORE
        assert (await told(session, "/new", "c-2"))[0]
        await session.append("Good morning")
        assert await told(session, "/new", "c-2") == DONE_BEFORE
        assert await told(session, "/resume", "c-3") == (True, "The old conversation goes on.")
    async with running(config=config, on=on()) as supervisor:
        session = supervisor.session("maren")
        assert await told(session, "/new", "c-2") == DONE_BEFORE
        assert await told(session, "/resume", "c-3") == DONE_BEFORE
        assert await told(session, "/undo", "c-4") == (True, "The summary is taken back.")
        assert await told(session, "/undo", "c-4") == DONE_BEFORE
        assert await told(session, "/stop", "c-5") == (True, "Nothing was running.")
        assert await told(session, "/stop", "c-5") == DONE_BEFORE
        assert len(await texts(session)) == 9


async def test_a_command_that_is_delivered_twice_at_once_is_done_once(running: Running) -> None:
    async with running(ReplayModel(["one", "two"])) as supervisor:
        session = supervisor.session("maren")
        for word in ("Hi", "And?"):
            await session.ask(word)
            await session.command("/new")
        said: list[tuple[bool, str]] = []

        async def undo() -> None:
            said.append(await told(session, "/undo", "c-1"))

        async with anyio.create_task_group() as group:
            for _ in range(5):
                group.start_soon(undo)
        assert sorted(said) == [(True, "The new beginning is taken back."), *[DONE_BEFORE] * 4]
        assert await texts(session) == ["And?", "two"]


async def test_what_could_not_be_done_is_tried_when_it_is_delivered_again(running: Running) -> None:
    async with running(ReplayModel(["one"])) as supervisor:
        session = supervisor.session("maren")
        await session.ask("Hi")
        assert not (await told(session, "/undo", "c-1"))[0]
        await session.command("/new")
        assert await told(session, "/undo", "c-1") == (True, "The new beginning is taken back.")
        assert await told(session, "/status", "c-2") == await told(session, "/status", "c-2")


async def test_a_command_that_was_done_is_an_event_with_who_gave_it(running: Running) -> None:
    async with running(ReplayModel(["one"])) as supervisor, supervisor.events() as events:
        session = supervisor.session("maren")
        await session.ask("Hi")
        await session.command("/new", message_id="c-1", by="jan")
        records = [each.record for each in events.pending() if isinstance(each, RecordAppended)]
        (told_of,) = [each for each in records if isinstance(each, Commanded)]
        assert (told_of.id, told_of.by) == ("c-1", "jan")


async def test_resume_goes_on_with_what_was_cleared_and_what_came_since(running: Running) -> None:
    async with running(ReplayModel(["one", "two", "three"])) as supervisor:
        session = supervisor.session("maren")
        await session.ask("Hi")
        await session.command("/new")
        await session.ask("And now?")
        assert await told(session, "/resume") == (True, "The old conversation goes on.")
        assert await texts(session) == ["Hi", "one", "And now?", "two"]
        assert await told(session, "/resume") == (False, "There is no conversation to resume.")


async def test_resume_takes_a_reset_back_for_a_while(running: Running, clock: ManualClock) -> None:
    config = Config(reset_after=3600, resume_for=7200)
    async with running(ReplayModel([str(number) for number in range(9)]), config=config) as supervisor:
        session = supervisor.session("maren")
        await session.ask("Hi")
        clock.advance(3600)
        await session.ask("Good morning")
        assert await texts(session) == ["Good morning", "1"]
        assert await told(session, "/resume") == (True, "The old conversation goes on.")
        await session.ask("And now?")
        assert await texts(session) == ["Hi", "0", "Good morning", "1", "And now?", "2"]
        clock.advance(3600)
        await session.ask("Good evening")
        clock.advance(7201)
        too_late = "The old conversation ended too long ago to be resumed; /undo takes it back."
        assert await told(session, "/resume") == (False, too_late)
        assert await told(session, "/undo") == (True, "The new beginning is taken back.")
        assert len(await texts(session)) == 8


async def test_undo_takes_a_summary_back(running: Running) -> None:
    config = Config(max_context_tokens=1000, keep_recent_tokens=100)
    async with running(config=config) as supervisor:
        session = supervisor.session("maren")
        for number in range(8):
            await session.append(f"Rope {number} is long. " * 10)
        before = await texts(session)
        await session.command("/compact")
        assert await told(session, "/resume") == (False, "There is no conversation to resume.")
        assert await told(session, "/undo") == (True, "The summary is taken back.")
        assert await texts(session) == before
        is_done, said = await told(session, "/undo")
        assert not is_done
        assert said.startswith("Nothing has left the context")


async def test_what_does_not_fit_any_more_is_not_taken_back(running: Running) -> None:
    async with running(config=Config(max_context_tokens=500)) as supervisor:
        session = supervisor.session("maren")
        for _ in range(2):
            await session.append("word " * 150)
        await session.command("/new")
        for _ in range(2):
            await session.append("word " * 150)
        is_done, said = await told(session, "/resume")
        assert not is_done
        assert "and its window has 500" in said
        assert len(await texts(session)) == 2


async def test_compact_has_a_focus_and_says_what_it_did(running: Running) -> None:
    config = Config(max_context_tokens=1000, keep_recent_tokens=100)
    async with running(config=config) as supervisor:
        session = supervisor.session("maren")
        for number in range(8):
            await session.append(f"Rope {number} is long. " * 10)
        answer = await session.command("/compact the ropes")
        assert answer is not None
        assert answer.is_done
        assert answer.text.startswith("Older messages became a summary: ")
        assert (await session.info()).compactions == 1
        answer = await session.command("/compact " + "x" * 1000)
        assert answer is not None
        assert (answer.is_done, answer.text) == (False, "The focus has 1000 characters; 800 is the most.")


async def test_what_cannot_be_done_is_said(running: Running) -> None:
    async with running() as supervisor:
        session = supervisor.session("maren")
        for text in ("/stop", "/status", "/compact", "/undo", "/resume"):
            answer = await session.command(text)
            assert answer is not None
            assert (answer.is_done, answer.text) == (False, "This conversation has not begun yet.")
        await session.ask("Hi")
        answer = await session.command("/compact")
        assert answer is not None
        assert not answer.is_done
        assert "no messages that a summary would make shorter" in answer.text


async def test_stop_ends_the_turn_and_status_tells_of_it(running: Running) -> None:
    async with running(Silent()) as supervisor:
        session = supervisor.session("maren")
        turn = await session.send("Hi")
        answer = await session.command("/status")
        assert answer is not None
        assert "1 without an answer yet" in answer.text
        answer = await session.command("/stop")
        assert answer is not None
        assert answer.text == "Stopped."
        assert not await turn.cancel()
        answer = await session.command("/stop")
        assert answer is not None
        assert answer.text == "Nothing was running."


async def test_the_word_of_those_alone_counts_whom_the_agent_names() -> None:
    agent = Agent(ReplayModel(["one", "two"]), commanders=["maren"])
    async with Supervisor(MemoryStore(), agent) as supervisor:
        session = supervisor.session("harbour")
        await session.ask("Hi")
        for by in (None, "jan"):
            answer = await session.command("/new And now?", by=by)
            assert answer is not None
            assert (answer.is_done, answer.turn) == (False, None)
            assert answer.text == "/new is not for everybody here, and was not done."
        assert len(await texts(session)) == 2
        answer = await session.command("/new And now?", by="maren")
        assert answer is not None
        assert answer.is_done


def test_those_who_may_are_a_list_of_names() -> None:
    with pytest.raises(InputError, match=r"the commanders are the text 'maren'; give a list of their names"):
        Agent(OfflineModel(), commanders="maren")


async def test_commands_work_from_another_process(tmp_path: Path) -> None:
    agent = Agent(ReplayModel(["one", "two"]), commanders=["maren"])
    async with Supervisor(FileStore(tmp_path), agent), Supervisor.connect(tmp_path) as remote:
        session = remote.session("harbour")
        assert await session.command("Hello") is None
        await session.ask("Hi")
        refused = await session.command("/new", by="jan")
        assert refused is not None
        assert not refused.is_done
        answer = await session.command("/new And now?", by="maren", message_id="m-1", address=HERE)
        assert answer is not None
        assert (answer.is_done, answer.address) == (True, HERE)
        assert answer.turn is not None
        assert (await answer.turn.reply()).text == "two"
        assert await texts(session) == ["And now?", "two"]
