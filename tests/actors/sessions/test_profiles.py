"""A session has a title, tags, an owner and a system prompt of its own, and takes messages that ask for no reply."""

from functools import partial
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from argentos import Address, Config, Emit, FileStore, ManualClock, MemoryStore, RecordAppended, Reply, Request
from argentos.errors import InputError, SessionNotFoundError
from argentos.storage import Store, Updated, inline
from tests.actors.conftest import Running

pytestmark = pytest.mark.anyio

TELEGRAM = Address("telegram", "123")


class Attentive:
    """Keeps what it was asked."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    async def reply(self, request: Request, _emit: Emit) -> Reply:
        self.requests.append(request)
        return Reply(f"Re: {request.messages[-1].text}")


@pytest.fixture(params=["memory", "files"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return MemoryStore() if request.param == "memory" else FileStore(tmp_path / "state", run=inline)


# Title, tags, owner -------------------------------------------------------------------------------------------


async def test_what_a_session_is_called_outlasts_the_process(running: Running, store: Store) -> None:
    async with running(Attentive(), on=store) as supervisor:
        session = supervisor.session("maren")
        await session.create()
        info = await session.update(title="Maren's boat", tags=["harbour", "boats", "harbour"], owner="user-maren")
        assert (info.title, info.tags, info.owner) == ("Maren's boat", ("harbour", "boats"), "user-maren")
        assert info.state == "Created"
        await session.update(title="Maren's boats")
    async with running(Attentive(), on=store) as supervisor:
        info = await supervisor.session("maren").info()
        assert (info.title, info.tags, info.owner) == ("Maren's boats", ("harbour", "boats"), "user-maren")
        info = await supervisor.session("maren").update(title="", tags=(), owner="")
        assert (info.title, info.tags, info.owner) == ("", (), "")


async def test_an_update_is_told_once_and_is_no_activity(running: Running, store: Store, clock: ManualClock) -> None:
    async with running(Attentive(), on=store) as supervisor:
        session = supervisor.session("maren")
        await session.ask("one")
        before = await session.info()
        clock.advance(3600)
        await session.info()
        async with supervisor.events() as events:
            await session.update(title="Maren")
            await session.update(title="Maren")
            records = [event.record for event in events.pending() if isinstance(event, RecordAppended)]
        assert [record.title for record in records if isinstance(record, Updated)] == ["Maren"]
        after = await session.info()
        assert (after.state, after.last_activity) == ("Idle", before.last_activity)


async def test_metadata_json_has_it(running: Running, tmp_path: Path) -> None:
    async with running(Attentive(), on=FileStore(tmp_path)) as supervisor:
        await supervisor.session("maren").ask("one")
        await supervisor.session("maren").update(title="Boats", tags=["b"], owner="u", system="Be brief.")
    (path,) = tmp_path.rglob("metadata.json")  # noqa: ASYNC240 - nobody else runs
    written = msgspec.json.decode(path.read_bytes())
    assert [written[name] for name in ("title", "tags", "owner", "system")] == ["Boats", ["b"], "u", "Be brief."]


async def test_sessions_are_listed_by_prefix_owner_and_tag(running: Running, store: Store) -> None:
    async with running(Attentive(), on=store) as supervisor:
        for name, owner, tag in (("user-a", "ann", "x"), ("user-b", "bob", "x"), ("other", "ann", "y")):
            await supervisor.session(name).create()
            await supervisor.session(name).update(owner=owner, tags=[tag])

        async def listed(**chosen: Any) -> set[str]:
            return {info.id for info in await supervisor.list(**chosen)}

        assert await listed(prefix="user-") == {"user-a", "user-b"}
        assert await listed(owner="ann") == {"user-a", "other"}
        assert await listed(tag="x") == {"user-a", "user-b"}
        assert await listed(tag="x", owner="ann", prefix="user") == {"user-a"}
        assert await listed(tag="z") == set()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"title": 1.5}, "the title is the number 1.5"),
        ({"title": "x" * 513}, "the title has 513 bytes"),
        ({"tags": "boats"}, "the tags are the text 'boats'; give several"),
        ({"tags": [""]}, "the tag is empty"),
        ({"tags": [f"{n}" for n in range(65)]}, "these are 65 tags; 64 is the most"),
        ({"owner": "a\nb"}, "the owner 'a"),
        ({"system": "x" * 100_001}, "the system prompt has 100001 characters"),
        ({"system": "half \ud83d"}, "the system prompt has half a surrogate pair"),
    ],
)
async def test_what_cannot_be_stored_is_refused(running: Running, changes: Any, sentence: str) -> None:
    async with running(Attentive(), on=MemoryStore()) as supervisor:
        await supervisor.session("maren").create()
        with pytest.raises(InputError, match=sentence):
            await supervisor.session("maren").update(**changes)
        with pytest.raises(SessionNotFoundError):
            await supervisor.session("nobody").update(title="Nobody")


# The system prompt --------------------------------------------------------------------------------------------


async def test_a_session_may_have_a_system_prompt_of_its_own(running: Running, store: Store) -> None:
    model = Attentive()
    async with running(model, on=store, system="Be polite.") as supervisor:
        session = supervisor.session("maren")
        await session.ask("one")
        await session.update(system="Speak as a pirate")
        await session.ask("two")
        assert (await session.info()).system == "Speak as a pirate"
        await supervisor.session("ada").ask("three")
        await session.update(system="")
        await session.ask("four")
    assert [request.system for request in model.requests] == [
        "Be polite.",
        "Speak as a pirate",
        "Be polite.",
        "Be polite.",
    ]


async def test_a_long_system_prompt_counts_in_the_window(running: Running, store: Store) -> None:
    config = Config(max_context_tokens=1000)
    async with running(Attentive(), on=store, config=config) as supervisor:
        session = supervisor.session("maren")
        await session.create()
        assert (await session.info()).tokens == 0
        await session.update(system="word " * 300)
        assert (await session.info()).tokens == 300


# Messages that ask for no reply -------------------------------------------------------------------------------


async def test_an_appended_message_is_seen_in_the_next_turn_and_asks_for_none(running: Running, store: Store) -> None:
    model = Attentive()
    async with running(model, on=store) as supervisor:
        session = supervisor.session("maren")
        message = await session.append("The boat has left.", message_id="n-1", sender="harbour")
        assert (message.role, message.sender, message.number) == ("user", "harbour", 1)
        said = await session.append("Noted.", role="assistant")
        assert said.role == "assistant"
        await anyio.wait_all_tasks_blocked()
        info = await session.info()
        assert (info.state, info.messages, info.waiting, info.turns) == ("Active", 2, 0, 0)
        assert model.requests == []
        assert await session.append("The boat has left.", message_id="n-1", sender="harbour") == message
    async with running(model, on=store) as supervisor:
        session = supervisor.session("maren")
        await session.ask("Where is it?")
        assert [each.text for each in model.requests[-1].messages] == ["The boat has left.", "Noted.", "Where is it?"]
        for refused in (
            partial(session.append, "Another text."),
            partial(session.append, "The boat has left.", role="assistant"),
        ):
            with pytest.raises(InputError, match="the id 'n-1' belongs to"):
                await refused(message_id="n-1")
        with pytest.raises(InputError, match="the role is the text 'system'"):
            await session.append("Hello?", role="system")  # type: ignore[arg-type]


async def test_what_the_agent_is_appended_to_have_said_is_owed_and_what_the_user_said_is_not(
    running: Running, store: Store
) -> None:
    async with running(Attentive(), on=store, outbox=["telegram"]) as supervisor:
        session = supervisor.session("maren")
        await session.append("Hello?", address=TELEGRAM)
        await session.append("Good morning.", role="assistant", address=TELEGRAM)
        assert [each.number for each in await supervisor.owed()] == [2]


async def test_a_message_appended_during_a_turn_interrupts_nothing(running: Running, store: Store) -> None:
    class Waiting(Attentive):
        gate = anyio.Event()

        async def reply(self, request: Request, _emit: Emit) -> Reply:
            self.requests.append(request)
            await self.gate.wait()
            return Reply("Done.")

    model = Waiting()
    async with running(model, on=store, config=Config(queue_mode="interrupt")) as supervisor:
        session = supervisor.session("maren")
        turn = await session.send("one")
        await anyio.wait_all_tasks_blocked()
        await session.append("two")
        model.gate.set()
        assert (await turn.reply()).text == "Done."
        assert [message.text for message in await session.history()] == ["one", "two", "Done."]
        await session.ask("three")
        assert [message.text for message in model.requests[-1].messages] == ["one", "two", "Done.", "three"]
