"""What is wrong with a state directory is found without a change, and mended without losing a message."""

import contextlib
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import anyio
import anyio.to_thread
import pytest
from anyio import wait_all_tasks_blocked
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from argentos.errors import StoreBusyError, StoreError, StoreVersionError
from argentos.storage import FileStore, SessionKey, inline
from argentos.storage.repair.doctor import Finding, check, mend, repair
from argentos.storage.testing.story import KEY, OTHER, Story, append, appended
from tests.storage.directories import EVERYTHING, Gate, assert_kept, block, crashed, flip, folder, kept, put, tree

pytestmark = pytest.mark.anyio

HISTORY, METADATA, ARCHIVE = "history.json", "metadata.json", "archive/00000001-00000002.json"
ENCODED = SessionKey("Büro 2", "Ü/ser")


@pytest.fixture
def anyio_backend() -> str:
    return "trio"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


async def three(state: Path) -> tuple[Story, Story, Story]:
    """Sessions of two agents in files, each with an archive."""
    stories = Story(), Story(OTHER), Story(ENCODED)
    for story in stories:
        story.converse("a", "b").summarise(2)
    await kept(state, *stories)
    for story in stories:
        story.epoch = 2
    return stories


def place(state: Path, key: SessionKey = KEY) -> Path:
    return folder(state, key) if key != ENCODED else next((state / "agents").glob("%42*/sessions/*"))


def make_private(state: Path) -> None:
    for path in state.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o700 if path.is_dir() else 0o600)


def problems(state: Path) -> list[Finding]:
    return [finding for finding in check(state) if not finding.is_harmless]


def whats(findings: list[Finding]) -> list[str]:
    return [f"{finding.path.name}: {finding.what} → {finding.remedy}" for finding in findings]


def pictures(state: Path) -> dict[str, tuple[int, int, int, bytes | None]]:
    """Everything that a look could change, except when it was last read."""
    found: dict[str, tuple[int, int, int, bytes | None]] = {}
    for path in (state, *state.rglob("*")):
        info = path.lstat()
        content = path.read_bytes() if stat.S_ISREG(info.st_mode) else None
        found[str(path)] = (info.st_mode, info.st_mtime_ns, info.st_ino, content)
    return found


async def readable(state: Path, *keys: SessionKey) -> dict[tuple[SessionKey, int], str]:
    """The texts of all messages that can be read, by session and number."""
    texts: dict[tuple[SessionKey, int], str] = {}
    async with FileStore(state, read_only=True) as store:
        for key in keys:
            for number in range(1, 12):
                try:
                    found = await store.read(key, number, number + 1)
                except StoreError:
                    continue
                texts.update({(key, each.number): each.text for each in found})
    return texts


# Nothing wrong -----------------------------------------------------------------------------------------------


async def test_nothing_is_found_where_nothing_is_wrong(tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert check(state) == []
    state.mkdir(0o700)
    assert check(state) == []
    stories = await three(state)
    assert check(state) == []
    async with FileStore(state) as store:
        await appended(store, *(story.converse("on") for story in stories), Story(SessionKey("main", "new")))
        assert check(state) == []
        assert check(crashed(state)) == []
    (linked := tmp_path / "linked").symlink_to(state)
    assert check(linked) == []


async def test_programs_may_keep_files_of_their_own_beside_ours(state: Path) -> None:
    await three(state)
    for path in (place(state) / "notes.txt", state / "agents" / "main" / "agent" / "auth.json", state / "x.new"):
        put(path, b"theirs")
        path.chmod(0o600)
        path.parent.chmod(0o700)
    assert check(state) == []


async def test_a_look_changes_nothing(state: Path) -> None:
    await three(state)
    DAMAGES["wrong tokens"](state)
    (place(state, OTHER) / METADATA).unlink()
    put(state / "journal" / "00000001.journal", b"ARGENTJ3garbage")
    put(place(state, OTHER) / ".history.json.new", b"half")
    (state / "agents").chmod(0o755)
    before = pictures(state)
    assert len(check(state)) >= 4
    assert pictures(state) == before


async def test_nothing_is_found_beside_an_owner_at_work(state: Path) -> None:
    done = anyio.Event()

    async def work(store: FileStore, number: int) -> None:
        story = Story(SessionKey("main", f"s-{number}"))
        while not done.is_set():
            await append(store, story.converse("x" * 2000))
            if len(story.context.messages) > 6:
                await append(store, story.summarise(4))
            await store.checkpoint(story.key, story.snapshot)
        await append(store, Story(SessionKey("main", f"t-{number}")))

    async with FileStore(state, segment_size=1 << 16) as store, anyio.create_task_group() as group:
        for number in range(8):
            group.start_soon(work, store, number)
        for _ in range(6):
            assert await anyio.to_thread.run_sync(check, state) == []
        done.set()
    assert check(state) == []


async def test_what_an_owner_is_writing_is_no_leftover(state: Path) -> None:
    await three(state)
    put(place(state) / ".history.json.new", b"half")
    (place(state) / ".history.json.new").chmod(0o600)
    async with FileStore(state):
        assert check(state) == []
    assert [finding.is_harmless for finding in check(state)] == [True]


# What can be wrong -------------------------------------------------------------------------------------------


def unseal(path: Path) -> None:
    """No sense any more, and still readable."""
    data = json.loads(path.read_bytes())
    data["metadata"]["tokens"] += 1
    path.write_text(json.dumps(data))


def older_history(state: Path) -> None:
    data = json.loads((place(state) / METADATA).read_bytes())
    del data["checksum"]
    data["sequence"] += 3
    (place(state) / METADATA).write_text(json.dumps(data))


def other_metadata(state: Path) -> None:
    data = json.loads((place(state) / METADATA).read_bytes())
    del data["checksum"]
    data["tokens"] = 12345
    (place(state) / METADATA).write_text(json.dumps(data))


def damage_archive(state: Path) -> None:
    path = place(state) / ARCHIVE
    path.write_bytes(path.read_bytes().replace(b'"version":3', b'"version":true'))


def wrong_number(state: Path) -> None:
    """The history says that it covers more than there is, with a checksum that tells."""
    path = place(state) / HISTORY
    data = path.read_bytes()
    at = data.index(b'"sequence":') + len(b'"sequence":')
    path.write_bytes(data[:at] + b"9" + data[at:])


def cut_both(state: Path) -> None:
    for name in (HISTORY, METADATA):
        (place(state) / name).write_bytes(b'{"version":3,')


DAMAGES: dict[str, Callable[[Path], object]] = {
    "wrong tokens": lambda state: unseal(place(state) / HISTORY),
    "a wrong number": wrong_number,
    "a cut history": lambda state: (place(state) / HISTORY).write_bytes(b'{"version":3,"agent":"ma'),
    "an empty history": lambda state: (place(state) / HISTORY).write_bytes(b""),
    "no history": lambda state: (place(state) / HISTORY).unlink(),
    "an older history": older_history,
    "both cut": cut_both,
    "no metadata": lambda state: (place(state) / METADATA).unlink(),
    "damaged metadata": lambda state: flip(place(state) / METADATA, b"Created"),
    "other metadata": other_metadata,
    "a wrong version in the archive": damage_archive,
    "a cut archive": lambda state: (place(state) / ARCHIVE).write_bytes(b'{"version":3,'),
    "no archive": lambda state: shutil.rmtree(place(state) / "archive"),
    "open modes": lambda state: (place(state) / HISTORY).chmod(0o644),
    "an open folder": lambda state: place(state).chmod(0o755),
    "a leftover": lambda state: put(place(state) / ".history.json.new", b"half"),
    "a damaged index": lambda state: (state / "index.sqlite").write_bytes(b"SQLite format 3\0" + b"x" * 5000),
}

TOLD = {
    "wrong tokens": r"user-jason: .*history.json is damaged: \$.metadata.tokens is .* → go on with what can be read",
    "a wrong number": r"user-jason: .*history.json is damaged: \$.metadata.sequence is .* → go on with what can be",
    "a cut history": "user-jason: .*history.json is damaged: .* → go on with what can be read",
    "an empty history": "user-jason: .*history.json is damaged: .* → go on with what can be read",
    "no history": "user-jason: .*reaches record 0, metadata.json 10.* → go on without what was in history.json",
    "an older history": "user-jason: .*reaches record 10, metadata.json 13.* → go on from what history.json says",
    "both cut": "user-jason: .*history.json is damaged: .* → set the session aside under a dated name",
    "no metadata": "metadata.json: it is not what history.json says → write it anew",
    "damaged metadata": r"metadata.json: .* is damaged: \$.state is .* → set a copy aside, and write it anew",
    "other metadata": r"metadata.json: .* is damaged: \$.metadata.tokens is 12345.* → set a copy aside, and",
    "a wrong version in the archive": "00000001-00000002.json: .* is damaged: .*version.* → set it aside",
    "a cut archive": "00000001-00000002.json: .* is damaged: .* → set it aside",
    "no archive": "user-jason: 2 of 4 messages are missing, from number 1 on; restore them from a backup → $",
    "open modes": r"history.json: others may use it \(mode 644\) → make it 600",
    "an open folder": r"user-jason: others may use it \(mode 755\) → make it 700",
    "a leftover": ".history.json.new: a kill left it half-written → remove it",
    "a damaged index": "index.sqlite: it is damaged: .* → remove it; it is made anew",
}
STAYS = {"no history", "no archive", "a cut archive", "a cut history", "an empty history"}  # messages are missing


@pytest.mark.parametrize("damage", DAMAGES)
async def test_damage_is_told_once_mended_and_told_no_more(state: Path, damage: str) -> None:
    stories = await three(state)
    others = {key: tree(place(state, key)) for key in (OTHER, ENCODED)}
    DAMAGES[damage](state)
    told = whats(check(state))
    assert len([each for each in told if re.search(TOLD[damage], each)]) == 1, told
    mended = await repair(state)
    assert all(finding.remedy for finding in mended)
    left = whats(problems(state))
    assert [each for each in left if not each.endswith("restore them from a backup → ")] == []
    assert bool(left) == (damage in STAYS)
    again = pictures(state)
    assert await repair(state) == []
    assert whats(problems(state)) == left
    assert {path for path in pictures(state) if "agents" in path} == {path for path in again if "agents" in path}
    assert {key: tree(place(state, key)) for key in (OTHER, ENCODED)} == others
    await assert_kept(state, *stories[1:])
    async with FileStore(state) as store:
        snapshot = await store.load(KEY)
        begin = Story() if snapshot is None else None
        if begin:
            await append(store, begin.say("anew"))


async def test_edges_that_cannot_be_read_cost_themselves_once_they_are_set_aside(state: Path) -> None:
    story = Story()
    for _ in range(200):
        story.move("Active", "Idle").move("Idle", "Active")
    await kept(state, story)
    path = min((place(state) / "archive").glob("transitions-*.json"))
    path.write_bytes(b'{"version":3,')
    async with FileStore(state, read_only=True) as store:
        with pytest.raises(StoreError, match=re.escape(path.name)):
            await store.transitions(KEY)
        assert await store.load(KEY) == story.snapshot
    (told,) = whats(check(state))
    assert re.search(r"transitions-.*: .* is damaged: .* → set it aside beside", told)
    await repair(state)
    assert check(state) == []
    async with FileStore(state) as store:
        left = await store.transitions(KEY)
        assert left == story.transitions[-len(left) :]
        assert len(left) >= 128
        assert await store.load(KEY) == story.snapshot


async def test_a_session_goes_on_behind_what_was_lost(state: Path) -> None:
    story, *_ = await three(state)
    (place(state) / HISTORY).write_bytes(b"unreadable")
    await repair(state)
    async with FileStore(state) as store:
        snapshot = await store.load(KEY)
        assert snapshot is not None
        assert snapshot.metadata.sequence == story.metadata.sequence
        assert snapshot.context.messages == ()
        await append(store, story.say("on"))
        numbers = [each.number for each in await store.read(KEY, *EVERYTHING)]
        assert numbers == [1, 2, 5]
    assert [path.read_bytes() for path in place(state).glob("history.json.damaged-*")] == [b"unreadable"]


async def test_a_wrong_number_in_a_history_costs_nothing_that_the_journal_has(state: Path) -> None:
    story, *_ = await three(state)
    async with FileStore(state) as store:
        await append(store, story.converse("in the journal"))
        copy = crashed(state)
    wrong_number(copy)
    await repair(copy)
    assert problems(copy) == []
    await assert_kept(copy, story)


@pytest.mark.parametrize("history", ["cut", "missing"])
async def test_messages_that_only_the_journal_has_survive_the_loss_of_the_history(state: Path, history: str) -> None:
    story, *_ = await three(state)
    async with FileStore(state, run=inline) as store:
        await append(store, story.converse("both"))
        await store.checkpoint(KEY, story.snapshot)
        await wait_all_tasks_blocked()
        await append(store, story.converse("journal"))
        copy = crashed(state)
    assert list((copy / "journal").iterdir())
    if history == "cut":
        (place(copy) / HISTORY).write_bytes(b"{")
    else:
        (place(copy) / HISTORY).unlink()
    await repair(copy)
    texts = set((await readable(copy, KEY)).values())
    assert {"a", "about a", "both", "about both", "journal", "about journal"} <= texts


async def test_behind_a_gap_a_session_goes_on_with_what_is_whole(state: Path) -> None:
    story, other, _ = await three(state)
    older = {name: (place(state) / name).read_bytes() for name in (HISTORY, METADATA)}
    async with FileStore(state) as store:
        await append(store, story.converse("c"))
    story.epoch = 3
    async with FileStore(state) as store:
        await appended(store, story.converse("d"), other.say("on"))
        copy = crashed(state)
    for name, data in older.items():
        (place(copy) / name).write_bytes(data)
    [told] = problems(copy)
    assert "records 11 to 14 of session user-jason, messages 5 to 6: missing" in told.what
    assert told.remedy == "go on behind that with what is whole"
    await repair(copy)
    assert [each.what for each in problems(copy)] == [
        "2 of 8 messages are missing, from number 5 on; restore them from a backup"
    ]
    assert set((await readable(copy, KEY)).values()) == {"a", "about a", "b", "about b", "d", "about d"}
    await assert_kept(copy, other)


async def test_a_history_older_than_all_else_goes_on_where_the_journal_has_a_gap(state: Path) -> None:
    story, *_ = await three(state)
    older = (place(state) / HISTORY).read_bytes()
    async with FileStore(state) as store:
        await append(store, story.converse("c"))
    story.epoch = 3
    async with FileStore(state) as store:
        await append(store, story.converse("d"))
        copy = crashed(state)
    (place(copy) / HISTORY).write_bytes(older)
    assert len(problems(copy)) == 1
    await repair(copy)
    assert [each.what for each in problems(copy)] == [
        "2 of 8 messages are missing, from number 5 on; restore them from a backup"
    ]
    assert set((await readable(copy, KEY)).values()) == {"a", "about a", "b", "about b", "d", "about d"}


async def test_the_journal_is_told_of_as_it_is(state: Path) -> None:
    story, other, _ = await three(state)
    async with FileStore(state, segment_size=4096) as store:
        await append(store, story.say("first"))
        await append(store, other.say("second"))
        await append(store, story.say("third"))
        torn, damaged = crashed(state), crashed(state)
    segment = damaged / "journal" / "00000001.journal"
    flip(segment, b"second")
    [finding] = problems(damaged)
    assert "are damaged; records of session user-ada are lost" in finding.what
    segment = torn / "journal" / "00000001.journal"
    flip(segment, b"third")
    [finding] = check(torn)
    assert finding.is_harmless
    assert "never acknowledged" in finding.what
    for found in (torn, damaged):
        await repair(found)
        assert problems(found) == []
        [note] = check(found)
        assert note.what.startswith("it was set aside when the journal was opened: what was whole in it is in use")


async def test_what_depends_on_a_journal_that_cannot_be_read_is_not_mended(state: Path) -> None:
    await three(state)
    DAMAGES["an older history"](state)
    put(state / "journal" / "00000001.journal", b"ARGENTJ9")
    before = tree(state)
    found = problems(state)
    assert any("newer argentos" in finding.what for finding in found)
    assert {finding.remedy for finding in found if finding.path == place(state)} == {""}
    with pytest.raises(StoreVersionError, match="newer argentos"):
        await repair(state)
    assert tree(state) == before


async def test_links_and_what_stands_in_the_wrong_place_are_told_and_left(state: Path, tmp_path: Path) -> None:
    await three(state)
    sessions = place(state).parent
    shutil.copytree(place(state), sessions / "renamed")
    shutil.copytree(place(state), state / "agents" / "another" / "sessions" / "user-jason")
    (sessions / "linked").symlink_to(tmp_path)
    put(sessions / "file", b"")
    (sessions / "empty").mkdir()
    put(sessions / "only-archive" / ARCHIVE, b"{}")
    block(state, OTHER)
    make_private(state)
    before = tree(state)
    told = whats(problems(state))
    for expected in (
        "renamed: it holds session user-jason, whose folder would be agents/main/sessions/user-jason: move it there",
        "user-jason: it holds session user-jason, whose folder would be agents/main/sessions/user-jason: move",
        "linked: it is a symbolic link",
        "file: it is no folder",
        "only-archive: it has an archive, but no history.json",
        ".history.json.new: it is a folder",
    ):
        assert [each for each in told if each.startswith(expected)], (expected, told)
    assert len(told) == 6
    await repair(state)
    assert tree(state) == before
    assert whats(problems(state)) == told


async def test_a_newer_file_is_told_and_left(state: Path) -> None:
    await three(state)
    (place(state) / HISTORY).write_bytes(b'{"version":4}')
    before = tree(state)
    [finding] = problems(state)
    assert "newer argentos" in finding.what
    assert await repair(state) == []
    assert tree(state) == before


async def test_an_interrupted_deletion_is_a_note_and_finished(state: Path) -> None:
    await three(state)
    gate = Gate()
    async with FileStore(state, run=gate) as store:
        gate.hold("_remove_files")
        async with anyio.create_task_group() as group:
            group.start_soon(store.delete, KEY)
            await gate.is_waiting.wait()
            crashed(state)
            gate.open()
    copy = state.with_name("crashed-0")
    (place(copy) / HISTORY).unlink()
    [finding] = check(copy)
    assert finding.is_harmless
    assert finding.what == "the deletion of session user-jason was interrupted"
    await repair(copy)
    assert check(copy) == []
    assert not place(copy).exists()


async def test_an_index_that_is_behind_is_a_note(state: Path) -> None:
    story, *_ = await three(state)
    old = (state / "index.sqlite").read_bytes()
    async with FileStore(state) as store:
        await append(store, story.converse("more"))
    (state / "index.sqlite").write_bytes(old)
    [finding] = check(state)
    assert finding.is_harmless
    assert finding.what == "it says of session main/user-jason what its files do not"
    await repair(state)
    assert check(state) == []


# What was set aside ------------------------------------------------------------------------------------------


async def set_aside(state: Path, data: bytes | None = None) -> Path:
    """Let the store set the session aside, with its history like this, or with wrong tokens."""
    history = place(state) / HISTORY
    if data is None:
        unseal(history)
    else:
        history.write_bytes(data)
    async with FileStore(state, run=inline) as store:
        with pytest.raises(StoreError):
            await store.load(KEY)
    return next((state / "agents" / "main" / "damaged").iterdir())


@pytest.mark.parametrize("data", [None, b"unreadable"])
async def test_what_was_set_aside_is_put_back(state: Path, data: bytes | None) -> None:
    await three(state)
    await set_aside(state, data)
    [finding] = problems(state)
    assert finding.remedy.startswith("put it back")
    assert [each.path for each in await repair(state)] == [finding.path]
    numbers = {number for _, number in await readable(state, KEY)}
    assert numbers == ({1, 2, 3, 4} if data is None else {1, 2})
    assert [path.name[:20] for path in place(state).glob("history.json.*")] == ["history.json.damaged"]


async def test_what_the_journal_had_of_it_is_put_back_as_well(state: Path) -> None:
    story, *_ = await three(state)
    async with FileStore(state) as store:
        await append(store, story.converse("in the journal"))
        copy = crashed(state)
    await set_aside(copy)
    await repair(copy)
    assert problems(copy) == []
    assert set((await readable(copy, KEY)).values()) >= {"a", "in the journal", "about in the journal"}


@pytest.mark.parametrize("where", ["files", "journal"])
async def test_nothing_is_put_back_over_a_session_that_began_anew(state: Path, where: str) -> None:
    await three(state)
    await set_aside(state)
    async with FileStore(state) as store:
        await append(store, new := Story().say("anew"))
        copy = crashed(state)
    state = copy if where == "journal" else state
    [note] = check(state)
    assert note.is_harmless
    assert note.what.endswith("remove it when you need it no more")
    await repair(state)
    await assert_kept(state, new)


async def test_of_two_the_newer_is_put_back(state: Path) -> None:
    await three(state)
    await set_aside(state)
    await kept(state, Story().converse("x", "about b"))
    await set_aside(state)
    assert len(list((state / "agents" / "main" / "damaged").iterdir())) == 2
    await repair(state)
    assert problems(state) == []
    assert "x" in (await readable(state, KEY)).values()
    assert len(list((state / "agents" / "main" / "damaged").iterdir())) == 1


async def test_what_cannot_be_put_back_is_a_note(state: Path) -> None:
    await three(state)
    (place(state) / METADATA).write_bytes(b"unreadable")
    await set_aside(state, b"unreadable")
    [note] = check(state)
    assert note.is_harmless
    assert await repair(state) == []


# Repair ------------------------------------------------------------------------------------------------------


async def test_nothing_is_repaired_while_the_directory_is_in_use(state: Path) -> None:
    await three(state)
    async with FileStore(state):
        DAMAGES["open modes"](state)
        with pytest.raises(StoreBusyError, match="in use by process"):
            await repair(state)
        assert len(problems(state)) == 1


async def test_what_cannot_be_mended_does_not_keep_the_rest_from_it(
    state: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await three(state)
    DAMAGES["wrong tokens"](state)
    unseal(place(state, OTHER) / HISTORY)
    block(state)
    assert [each.path.name for each in await repair(state)] == [".history.json.new", "user-ada"]
    assert "user-jason was not mended" in caplog.text


KILLED = """
import os, signal, sys
import anyio
from pathlib import Path
from types import SimpleNamespace
from argentos.storage.repair import doctor
from argentos.storage.disk import durable
at = int(sys.argv[1])
def count(function):
    def counted(*arguments):
        global at
        at -= 1
        if at == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments)
    return counted
for name in ("replace", "move", "remove", "make_folder"):
    setattr(durable, name, count(getattr(durable, name)))
anyio.run(doctor.repair, Path(sys.argv[2]))
"""


async def test_a_repair_that_is_killed_can_be_repeated(state: Path) -> None:
    await three(state)
    await set_aside(state)
    flip(place(state, OTHER) / HISTORY, b"about b")
    flip(place(state, OTHER) / ARCHIVE, b"about a")
    was_killed = True
    rounds = 0
    while was_killed:
        rounds += 5
        copy = crashed(state)
        done = subprocess.run(  # noqa: ASYNC221, S603 - our own
            [sys.executable, "-c", KILLED, str(rounds), str(copy)], check=False, cwd=Path(__file__).parents[2]
        )
        was_killed = done.returncode == -signal.SIGKILL
        await repair(copy)
        assert problems(copy) == []
        assert len(await readable(copy, KEY, OTHER, ENCODED)) == 12
    assert rounds > 8


@given(names=st.lists(st.sampled_from(sorted(DAMAGES)), min_size=1, max_size=3, unique=True), in_journal=st.booleans())
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_a_repair_never_loses_a_message_that_could_be_read(names: list[str], in_journal: bool) -> None:  # noqa: FBT001
    async def run(state: Path) -> None:
        stories = await three(state)
        if in_journal:
            async with FileStore(state) as store:
                await appended(store, *(story.converse("more") for story in stories))
                state = crashed(state)
        for name in names:
            with contextlib.suppress(OSError, ValueError, KeyError):  # another damage was there before
                DAMAGES[name](state)
        keys = (KEY, OTHER, ENCODED)
        before = await readable(state, *keys)
        await repair(state)
        after = await readable(state, *keys)
        assert before.items() <= after.items()
        assert len([key for key, _ in after if key != KEY]) == (12 if in_journal else 8)
        left = whats(problems(state))
        assert all("from a backup" in each for each in left), left
        await repair(state)
        assert whats(problems(state)) == left
        assert await readable(state, *keys) == after

    with tempfile.TemporaryDirectory() as directory:
        anyio.run(run, Path(directory) / "state")


async def test_modes_are_checked_for_the_owner_too(state: Path) -> None:
    await three(state)
    (place(state) / HISTORY).chmod(0o400)
    [finding] = problems(state)
    assert finding.what == "its owner may not use it (mode 400)"
    assert [each.path.name for each in mend(state)] == ["history.json"]
    assert check(state) == []


async def test_names_that_no_text_can_hold_are_told(state: Path) -> None:
    await three(state)
    path = os.fsencode(place(state).parent) + b"/\xff"
    os.close(os.open(path, os.O_CREAT, 0o600))
    assert len(problems(state)) == 1


async def test_what_was_mended_is_not_said_to_be_left_as_it_is(state: Path) -> None:
    await three(state)
    flip(place(state, OTHER) / HISTORY, b"about b")
    (finding,) = await repair(state)
    assert "is damaged" in finding.what
    assert "left as it is" not in finding.what


# The disk ----------------------------------------------------------------------------------------------------

MEBIBYTE = 1 << 20


def disk_with(pages: int, files: int = 10) -> Callable[[object], SimpleNamespace]:
    """What the system says of a disk with so many free pages and files."""
    found = SimpleNamespace(f_frsize=4096, f_bfree=pages, f_bavail=pages, f_files=1000, f_ffree=files)
    return lambda _: found


@pytest.mark.parametrize(
    ("pages", "files", "sentence", "is_harmless"),
    [
        (0, 10, "its disk is full, so that no message is accepted: make room", False),
        (768, 10, "its disk has 3 MiB left, and the journal takes 16 MiB at a time: make room", True),
        (8192, 0, "its disk has room for no more files, so that no message is accepted: remove some", False),
    ],
)
async def test_a_full_disk_is_told_of(
    state: Path, monkeypatch: pytest.MonkeyPatch, pages: int, files: int, sentence: str, *, is_harmless: bool
) -> None:
    await three(state)
    monkeypatch.setattr(os, "statvfs", disk_with(pages, files))
    assert [(each.path, each.what, each.is_harmless) for each in check(state)] == [(state, sentence, is_harmless)]


async def test_a_disk_with_room_is_not_told_of(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await three(state)
    monkeypatch.setattr(os, "statvfs", disk_with(16 * MEBIBYTE // 4096))
    assert check(state) == []
