"""What somebody has edited by hand is taken if it makes sense, told once, and lost by nobody."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from anyio import wait_all_tasks_blocked
from hypothesis import HealthCheck, given, settings

from argentos import FileStore, OfflineModel, Supervisor
from argentos.errors import StoreDamagedError
from argentos.storage import inline
from argentos.storage.repair.doctor import check, repair
from argentos.storage.testing.script import stories
from argentos.storage.testing.story import KEY, OTHER, Story, append
from tests.storage.directories import EVERYTHING, assert_kept, crashed, folder, kept, listed, tree

pytestmark = pytest.mark.anyio

HISTORY, METADATA, ARCHIVE = "history.json", "metadata.json", "archive/00000001-00000002.json"


@pytest.fixture
def anyio_backend() -> str:
    return "trio"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    found = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    caplog.clear()
    return found


def damaged(state: Path) -> list[Path]:
    return sorted((state / "agents" / "main" / "damaged").glob("*"))


async def pair(state: Path) -> tuple[Story, Story]:
    both = Story().converse("a", "b").summarise(2), Story(OTHER).converse("a", "b")
    await kept(state, *both)
    for story in both:
        story.epoch = 2
    return both


# How people save -----------------------------------------------------------------------------------------------

Save = Callable[[Path, bytes], None]


def in_place(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def by_rename(path: Path, data: bytes) -> None:
    (saved := path.with_name("saved")).write_bytes(data)
    saved.rename(path)


def pretty(path: Path, data: bytes) -> None:
    path.write_text(json.dumps(json.loads(data), indent=2, ensure_ascii=False) + "\n\n")


def other_order(path: Path, data: bytes) -> None:
    path.write_text(json.dumps(json.loads(data), sort_keys=True))


def with_windows_ends(path: Path, data: bytes) -> None:
    path.write_bytes(json.dumps(json.loads(data), indent="\t").replace("\n", "\r\n").encode())


SAVES = [in_place, by_rename, pretty, other_order, with_windows_ends]


def mend_typo(state: Path, save: Save = in_place) -> None:
    path = folder(state) / HISTORY
    data = path.read_bytes()
    assert data.count(b"about b") == 1
    save(path, data.replace(b"about b", b"mended"))


@pytest.mark.parametrize("save", SAVES)
async def test_a_history_that_was_edited_is_taken_told_of_once_and_durable(
    state: Path, save: Save, caplog: pytest.LogCaptureFixture
) -> None:
    story, other = await pair(state)
    mend_typo(state, save)
    async with FileStore(state, run=inline) as store:
        found = await store.load(KEY)
        assert found
        assert [message.text for message in found.context.messages] == ["b", "mended"]
        assert found.metadata == story.metadata
        [sentence] = told(caplog)
        assert str(folder(state) / HISTORY) in sentence
        assert "was edited" in sentence
        assert await store.load(KEY) == found
        again = crashed(state)
    assert damaged(state) == []
    for directory in (state, again):
        assert check(directory) == []
        async with FileStore(directory, run=inline) as store:
            assert await store.load(KEY) == found
    assert told(caplog) == []
    await append_to(state, story)
    await assert_kept(state, other)


async def append_to(state: Path, story: Story) -> None:
    async with FileStore(state, run=inline) as store:
        await append(store, story.say("on"))
    async with FileStore(state, run=inline) as store:
        found = await store.load(KEY)
        assert found
        texts = [each.text for each in (*found.context.messages, *found.context.waiting)]
        assert texts == ["b", "mended", "on"]


@pytest.mark.parametrize("save", SAVES)
async def test_metadata_that_were_edited_are_taken_told_of_once_and_durable(
    state: Path, save: Save, caplog: pytest.LogCaptureFixture
) -> None:
    await pair(state)
    path = folder(state) / METADATA
    data = path.read_bytes()
    save(path, data.replace(b'"state":"Created"', b'"state":"Idle"'))
    async with FileStore(state, run=inline) as store:
        found = await store.load(KEY)
        assert found
        assert found.metadata.state == "Idle"
        assert len(told(caplog)) == 1
        assert [each.state for each in await listed(store)] == ["Created", "Idle"]
    assert check(state) == []
    assert json.loads((folder(state) / HISTORY).read_bytes())["metadata"]["state"] == "Idle"
    async with FileStore(state, run=inline) as store:
        assert await store.load(KEY) == found
    assert told(caplog) == []


@pytest.mark.parametrize("name", [HISTORY, METADATA, ARCHIVE])
async def test_the_doctor_tells_of_an_edit_and_makes_it_durable(state: Path, name: str) -> None:
    await pair(state)
    pretty(folder(state) / name, (folder(state) / name).read_bytes().replace(b"about", b"after"))
    before = tree(state)
    [finding] = check(state)
    assert (finding.path, finding.is_harmless) == (folder(state) / name, True)
    assert "was edited" in finding.what
    assert tree(state) == before
    assert [each.path for each in await repair(state)] == [folder(state) / name]
    assert check(state) == []
    assert (folder(state) / name).read_bytes().startswith(b'{"checksum":')
    assert damaged(state) == []


async def test_an_archive_that_was_edited_is_taken_and_told_of_once_when_it_is_read(
    state: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await pair(state)
    path = folder(state) / ARCHIVE
    pretty(path, path.read_bytes().replace(b"about a", b"mended"))
    async with FileStore(state, run=inline) as store:
        for _ in range(2):
            assert [message.text for message in await store.read(KEY, 1, 3)] == ["a", "mended"]
    [sentence] = told(caplog)
    assert str(path) in sentence
    assert check(state) == []


async def test_an_edit_after_a_kill_is_taken_with_what_the_journal_has(state: Path) -> None:
    story, _ = await pair(state)
    async with FileStore(state, run=inline) as store:
        await append(store, story.say("in the journal"))
        copy = crashed(state)
    mend_typo(copy)
    async with FileStore(copy, run=inline) as store:
        again = crashed(copy)  # the files are written at the end, though nobody loads the session
    for directory in (copy, again):
        async with FileStore(directory, run=inline) as store:
            texts = [message.text for message in await store.read(KEY, 3, 100)]
            assert texts == ["b", "mended", "in the journal"]
            assert await store.load(KEY)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(story=stories())
async def test_whatever_the_store_writes_makes_sense_to_it_without_a_checksum(
    tmp_path_factory: pytest.TempPathFactory, story: Story
) -> None:
    state = tmp_path_factory.mktemp("any") / "state"
    await kept(state, story)
    story.epoch = 2
    for path in folder(state).rglob("*.json"):
        content = json.loads(path.read_bytes())
        del content["checksum"]
        path.write_text(json.dumps(content, indent=1))
    await assert_kept(state, story)
    assert damaged(state) == []


# Beside an owner -----------------------------------------------------------------------------------------------


async def test_an_edit_beside_an_owner_is_not_written_over(state: Path, caplog: pytest.LogCaptureFixture) -> None:
    story, _ = await pair(state)
    async with FileStore(state, run=inline) as store:
        assert await store.load(KEY)
        await append(store, story.say("on"))
        mend_typo(state, by_rename)
        for text in ("and on", "to the end"):
            await store.checkpoint(KEY, story.snapshot)  # as it is in memory, where the typo still is
            await wait_all_tasks_blocked()
            await append(store, story.say(text))
        assert len(told(caplog)) == 1
        assert b'"mended"' in (folder(state) / HISTORY).read_bytes()
        await store.checkpoint(KEY, story.snapshot)
        found = await store.load(KEY)
        await wait_all_tasks_blocked()
        assert await store.load(KEY) == found
    async with FileStore(state, run=inline) as store:
        assert await store.load(KEY) == found
    assert found
    texts = [message.text for message in (*found.context.messages, *found.context.waiting)]
    assert texts == ["b", "mended", "on", "and on", "to the end"]
    assert told(caplog) == []


async def test_what_is_spoilt_beside_an_owner_is_set_aside_and_costs_nothing(
    state: Path, caplog: pytest.LogCaptureFixture
) -> None:
    story, _ = await pair(state)
    async with FileStore(state, run=inline) as store:
        assert await store.load(KEY)
        await append(store, story.say("on"))
        (folder(state) / HISTORY).write_bytes(b"half an edi")
        await store.checkpoint(KEY, story.snapshot)
        await wait_all_tasks_blocked()
    [sentence] = told(caplog)
    assert "a copy was set aside" in sentence
    [aside] = damaged(state)
    assert (aside / HISTORY).read_bytes() == b"half an edi"
    await assert_kept(state, story)


async def test_a_conversation_goes_on_with_an_edit_made_while_it_was_in_memory(state: Path) -> None:
    async with Supervisor(FileStore(state), OfflineModel()) as supervisor:
        await supervisor.session("ada").ask("A tpyo.")
    path = state / "agents" / "main" / "sessions" / "ada" / HISTORY
    async with Supervisor(FileStore(state), OfflineModel()) as supervisor:
        session = supervisor.session("ada")
        await session.ask("Two.")
        path.write_bytes(path.read_bytes().replace(b"tpyo", b"typo"))
        await session.ask("Three.")
    async with Supervisor(FileStore(state), OfflineModel()) as supervisor:
        history = await supervisor.session("ada").history()
    assert [message.text for message in history if message.role == "user"] == ["A typo.", "Two.", "Three."]
    assert check(state) == []


# What makes no sense -------------------------------------------------------------------------------------------

Change = Callable[[dict[str, Any]], object]

NONSENSE: dict[str, tuple[Change, str]] = {
    "text": (
        lambda it: it["messages"][1].update(text=7),
        r"\$\.messages\[1\]\.text is a whole number, and has to be a text",
    ),
    "number": (
        lambda it: it["messages"][1].update(number=99),
        r"\$\.messages\[1\]\.number is 99, and there are 1 to 5",
    ),
    "same number": (lambda it: it["messages"][1].update(number=3), r"\$\.messages\[0\]\.number is 3, which another"),
    "same id": (lambda it: it["waiting"][0].update(id="m-3"), r"\$\.messages\[0\]\.id is 'm-3', which another"),
    "no message": (lambda it: it["messages"].pop(), r"\$\.metadata\.tokens is \d+, and what it counts has \d+"),
    "no waiting": (lambda it: it["waiting"].pop(), r"\$\.waiting has the messages none, and \$.metadata.waiting 5"),
    "role": (lambda it: it["messages"][0].update(role="usr"), r"\$\.messages\[0\]\.role is 'usr', which is not known"),
    "field": (lambda it: it["messages"][0].update(sendr="Ada"), r"\$\.messages\[0\]\.sendr is no field"),
    "time": (lambda it: it["messages"][0].update(at="2026-01-01"), r"\$\.messages\[0\]\.at is no time"),
    "zone": (lambda it: it["messages"][0].update(at="2026-01-01T12:00:00"), r"\$.messages\[0\].at has no time zone"),
    "state": (lambda it: it["metadata"].update(state="Actve"), r"\$\.metadata\.state is 'Actve', which is none of"),
    "sequence": (lambda it: it["metadata"].update(sequence=500), r"\$\.metadata\.sequence is 500, and the last record"),
    "count": (lambda it: it["metadata"].update(turns=-1), r"\$\.metadata\.turns is -1, below zero"),
    "summary": (lambda it: it["summary"].update(last=50), r"\$\.summary stands for 1 to 50 of 5 messages"),
}


@pytest.mark.parametrize("name", NONSENSE)
async def test_an_edit_that_makes_no_sense_is_set_aside_and_says_where(state: Path, name: str) -> None:
    change, sentence = NONSENSE[name]
    await kept(state, Story().converse("a", "b").summarise(2).say("waits"))
    path = folder(state) / HISTORY
    content = json.loads(path.read_bytes())
    change(content)
    path.write_text(json.dumps(content, indent=2))
    before = tree(folder(state))
    async with FileStore(state, run=inline) as store:
        with pytest.raises(StoreDamagedError, match=sentence):
            await store.load(KEY)
    [aside] = damaged(state)
    assert tree(aside) == before


async def test_a_text_that_is_no_json_says_in_which_line(state: Path) -> None:
    await pair(state)
    path = folder(state) / HISTORY
    data = json.dumps(json.loads(path.read_bytes()), indent=2).replace('"text": "about b",', '"text": "about b"')
    path.write_text(data)
    line = next(number for number, each in enumerate(data.splitlines(), 1) if each.endswith('"about b"')) + 1
    async with FileStore(state, run=inline) as store:
        with pytest.raises(StoreDamagedError, match=rf"line {line}, column \d+"):
            await store.load(KEY)


async def test_metadata_that_make_no_sense_are_set_aside_and_the_session_goes_on(
    state: Path, caplog: pytest.LogCaptureFixture
) -> None:
    story, _ = await pair(state)
    path = folder(state) / METADATA
    path.write_bytes(path.read_bytes().replace(b'"messages":4', b'"messages":44').replace(b'"tokens":', b'"tokens":9'))
    edited = path.read_bytes()
    async with FileStore(state, run=inline) as store:
        assert await store.load(KEY) == story.snapshot
        [sentence] = told(caplog)
        assert "$.metadata.tokens is 9" in sentence
        assert await store.load(KEY) == story.snapshot
        assert len(await store.read(KEY, *EVERYTHING)) == 4
    assert told(caplog) == []
    [aside] = damaged(state)
    assert (aside / METADATA).read_bytes() == edited
