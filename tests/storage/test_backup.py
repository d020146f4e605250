"""A backup holds a state that existed, and is restored whole or not at all."""

import gzip
import os
import re
import signal
import stat
import subprocess
import sys
import tarfile
from pathlib import Path

import anyio
import msgspec
import pytest
from anyio import wait_all_tasks_blocked

from argentos.errors import StoreError
from argentos.storage import FileStore, MemoryStore, SessionKey
from argentos.storage.backup import restore
from argentos.storage.repair.doctor import check
from argentos.storage.testing.story import KEY, OTHER, Story, append
from tests.storage.directories import EVERYTHING, Gate, assert_kept, folder, holding, kept, tree

pytestmark = pytest.mark.anyio

SMALL = 64 * 1024


@pytest.fixture
def anyio_backend() -> str:
    return "trio"  # asyncio is under load in gateway/test_backup.py


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "saved"


async def saved(state: Path, target: Path) -> tuple[Story, Story]:
    """A backup of two sessions, one of which has something in the journal only, and argent.json."""
    stories = Story().converse("a", "b").summarise(2), Story(OTHER).converse("c")
    await kept(state, *stories)
    (state / "argent.json").write_text('{"agents": {}}')
    stories[1].epoch = 2
    async with FileStore(state, segment_size=SMALL) as store:
        await append(store, stories[1].converse("in the journal"))
        await store.backup(target)
        await append(store, Story(SessionKey("main", "later")))
    return stories


def private(path: Path) -> bool:
    """Nobody else may use it, nor what is in it."""
    return all(
        stat.S_IMODE(each.stat().st_mode) == (0o700 if each.is_dir() else 0o600) for each in (path, *path.rglob("*"))
    )


def left(folder: Path) -> list[str]:
    """What is half-written in it."""
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


# What is in it -----------------------------------------------------------------------------------------------


async def test_a_backup_restores_all_sessions_and_the_settings(state: Path, target: Path, tmp_path: Path) -> None:
    story, other = await saved(state, target)
    restored = tmp_path / "new" / "state"
    restore(target, restored)
    assert (restored / "argent.json").read_text() == '{"agents": {}}'
    assert check(restored) == []
    async with FileStore(restored, read_only=True) as store:
        assert {each.session for each in (await store.list("main")).sessions} == {KEY.id, OTHER.id}
    story.epoch = other.epoch = 2
    await assert_kept(restored, story, other)
    assert check(restored) == []


async def test_what_is_acknowledged_while_a_backup_is_written_is_not_in_it_and_does_not_wait(
    state: Path, target: Path, tmp_path: Path
) -> None:
    gate = Gate()
    async with FileStore(state, run=gate, segment_size=SMALL) as store:
        await append(store, story := Story().say("before"))
        gate.hold("write")
        gate.open()
        gate.hold("end_segment", after=True)
        async with anyio.create_task_group() as group:
            group.start_soon(store.backup, target)
            with anyio.fail_after(10):
                await gate.is_waiting.wait()
                await append(store, story.say("meanwhile"))
            await store.checkpoint(KEY, story.snapshot)
            await wait_all_tasks_blocked()
            assert not folder(state).exists()
            gate.open()
    restore(target, tmp_path / "restored")
    assert holding(tmp_path / "restored", "before")
    assert not holding(tmp_path / "restored", "meanwhile")
    assert holding(state, "meanwhile")


class Load:
    """Sessions that are written to all the time; every message has a number, given in the order of sending."""

    def __init__(self, store: FileStore) -> None:
        self.sent = 0
        self.acknowledged: set[int] = set()
        self.before: dict[int, set[int]] = {}  # for each message, those acknowledged before it was sent
        self.is_over = False
        self._store = store

    async def write(self, name: str) -> None:
        story = Story(SessionKey("main", name))
        while not self.is_over:
            number, self.sent = self.sent, self.sent + 1
            self.before[number] = set(self.acknowledged)
            await append(self._store, story.converse(f"<{number}>" + "x" * 1500))
            self.acknowledged.add(number)
            if len(story.context.messages) > 20:
                await append(self._store, story.summarise(10))
            if number % 5 == 0:
                await self._store.checkpoint(story.key, story.snapshot)

    async def come_and_go(self) -> None:
        key = SessionKey("main", "comes-and-goes")
        while not self.is_over:
            await append(self._store, Story(key).say("hello"))
            await self._store.delete(key)


async def sent_in(state: Path) -> set[int]:
    """The numbers of the messages that are there, each once and in order."""
    found: set[int] = set()
    async with FileStore(state) as store:
        for info in (await store.list("main")).sessions:
            texts = [each.text for each in await store.read(info.key, *EVERYTHING) if each.role == "user"]
            numbers = [int(match[1]) for text in texts if (match := re.match(r"<(\d+)>", text))]
            assert numbers == sorted(set(numbers))
            found |= set(numbers)
    return found


async def test_a_backup_taken_under_load_is_a_state_that_existed(state: Path, tmp_path: Path) -> None:
    pace = Story(OTHER)
    moments: list[tuple[Path, set[int], int]] = []
    load = Load(store := FileStore(state, segment_size=SMALL))
    async with store, anyio.create_task_group() as group:
        for number in range(6):
            group.start_soon(load.write, f"s-{number}")
        group.start_soon(load.come_and_go)
        for number in range(5):
            for _ in range(10):
                await append(store, pace.say("to give the others time"))
            before = set(load.acknowledged)
            await store.backup(tmp_path / f"backup-{number}")
            moments.append((tmp_path / f"backup-{number}", before, load.sent))
        load.is_over = True
    for path, before, sent in moments:
        restore(path, restored := path.with_suffix(".restored"))
        found = await sent_in(restored)
        assert before <= found
        assert all(number < sent and load.before[number] <= found for number in found)
        assert check(restored) == []
    assert len(moments[-1][1]) > len(moments[0][1]) > 0


async def test_what_is_no_file_of_a_session_is_not_in_a_backup(state: Path, target: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("canary")
    await kept(state, Story())
    (folder(state) / "link").symlink_to(outside / "secret")
    (folder(state).parent / "linked").symlink_to(outside)
    (folder(state) / ".history.json.new").write_text("half")
    (folder(state) / "ours.txt").write_text("a note")
    os.mkfifo(folder(state) / "pipe")
    async with FileStore(state, segment_size=SMALL) as store:
        await store.backup(target)
    restore(target, restored := tmp_path / "restored")
    assert {path.name for path in restored.rglob("*") if path.is_file()} == {
        "history.json", "metadata.json", "ours.txt", "lock"
    }  # fmt: skip


async def test_backups_and_what_is_restored_are_private(state: Path, target: Path, tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        await saved(state, target)
        restore(target, tmp_path / "restored")
    finally:
        os.umask(old)
    assert private(target)
    assert private(tmp_path / "restored")


async def test_an_interrupted_deletion_is_finished_where_a_backup_is_restored(
    state: Path, target: Path, tmp_path: Path
) -> None:
    gate = Gate()
    await kept(state, Story().say("canary"), other := Story(OTHER))
    async with FileStore(state, run=gate, segment_size=SMALL) as store, anyio.create_task_group() as group:
        await store.load(KEY)
        gate.hold("end_segment")
        group.start_soon(store.backup, target)
        await gate.is_waiting.wait()
        group.start_soon(store.delete, KEY)
        await wait_all_tasks_blocked()
        gate.open()
    restore(target, restored := tmp_path / "restored")
    await assert_kept(restored, other)
    assert holding(restored, "canary") == []


# Failing -----------------------------------------------------------------------------------------------------


async def test_a_backup_is_never_written_over_a_file(state: Path, tmp_path: Path) -> None:
    target = tmp_path / "saved"
    target.write_text("mine")
    async with FileStore(state, segment_size=SMALL) as store:
        await append(store, Story())
        with pytest.raises(StoreError, match="saved cannot be used: File exists"):
            await store.backup(target)
        target.unlink()
        target.symlink_to("nowhere")
        with pytest.raises(StoreError, match="File exists"):
            await store.backup(target)
    assert target.is_symlink()


async def test_a_backup_into_a_folder_that_is_not_there_is_refused(state: Path, tmp_path: Path) -> None:
    async with FileStore(state, segment_size=SMALL) as store:
        with pytest.raises(StoreError, match=r"nowhere.* cannot be used: No such file"):
            await store.backup(tmp_path / "nowhere" / "saved")
        await append(store, Story())


async def test_a_store_without_a_directory_has_no_backups(target: Path) -> None:
    async with MemoryStore() as store:
        with pytest.raises(StoreError, match="has no backups"):
            await store.backup(target)


LIMITED = """
import resource, signal, sys
import anyio
from pathlib import Path
from argentos.errors import StoreError
from argentos.storage import FileStore
from argentos.storage.testing.story import Story, append

async def main():
    async with FileStore(sys.argv[1], segment_size=65536) as store:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
        try:
            await store.backup(Path(sys.argv[2]))
        except StoreError as error:
            print(error)
anyio.run(main)
"""

KILLED = """
import os, signal, sys
from pathlib import Path
from argentos.storage import backup
from argentos.storage.disk import durable
from argentos.storage.disk import reading
at = int(sys.argv[1])
def count(function):
    def counted(*arguments):
        global at
        at -= 1
        if at == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments)
    return counted
reading.read = count(reading.read)
durable.make_folder = count(durable.make_folder)
durable.move = count(durable.move)
backup._extract = count(backup._extract)
backup._flush = count(backup._flush)
if sys.argv[2] == "backup":
    backup.write(Path(sys.argv[3]), Path(sys.argv[4]), ())
else:
    backup.restore(Path(sys.argv[4]), Path(sys.argv[3]))
"""


def python(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own
        [sys.executable, "-c", script, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=Path(__file__).parents[2],
    )


async def test_a_backup_that_finds_no_room_leaves_nothing(state: Path, tmp_path: Path) -> None:
    await kept(state, Story().say(os.urandom(400_000).hex()))
    (tmp_path / "backups").mkdir()
    done = python(LIMITED, state, tmp_path / "backups" / "saved")
    assert "File too large" in done.stdout, done.stderr
    assert list((tmp_path / "backups").iterdir()) == []


@pytest.mark.parametrize("at", [1, 3])
async def test_a_backup_that_is_killed_leaves_nothing_under_its_name(state: Path, tmp_path: Path, at: int) -> None:
    target = tmp_path / "saved"
    await kept(state, Story(), Story(OTHER))
    assert python(KILLED, at, "backup", state, target).returncode == -signal.SIGKILL
    assert not target.exists()
    async with FileStore(state, segment_size=SMALL) as store:
        await store.backup(target)
    assert left(target.parent) == []


@pytest.mark.parametrize("at", [2, 5, 8, 11])
async def test_a_restore_that_is_killed_leaves_nothing_and_can_be_repeated(
    state: Path, target: Path, tmp_path: Path, at: int
) -> None:
    stories = await saved(state, target)
    restored = tmp_path / "restored"
    done = python(KILLED, at, "restore", restored, target)
    if done.returncode == -signal.SIGKILL:
        assert not restored.exists()
        restore(target, restored)
    else:
        assert at > 5, done.stderr
    assert left(tmp_path) == []
    for story in stories:
        story.epoch = 2
    await assert_kept(restored, *stories)


# Restoring ---------------------------------------------------------------------------------------------------


async def test_nothing_is_restored_over_anything(state: Path, target: Path, tmp_path: Path) -> None:
    await saved(state, target)
    before = tree(state)
    with pytest.raises(StoreError, match="is not empty; restore into a new directory"):
        restore(target, state)
    assert tree(state) == before
    (empty := tmp_path / "empty").mkdir()
    restore(target, empty)
    assert check(empty) == []
    (file := tmp_path / "file").touch()
    with pytest.raises(StoreError, match="is not empty"):
        restore(target, file)


async def test_a_restore_into_the_current_directory_takes_its_place(
    state: Path, target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await saved(state, target)
    (here := tmp_path / "here").mkdir()
    monkeypatch.chdir(here)
    restore(target, Path())
    assert check(here) == []
    assert (here / "agents").is_dir()


MANIFEST = msgspec.json.encode({"argentosBackup": 1, "createdAt": "2026-01-01T00:00:00Z"})
HISTORY = "agents/main/sessions/a/history.json"


def entry(name: str, content: bytes = b"{}", *, kind: bytes = tarfile.REGTYPE, link: str = "", size: int = -1) -> bytes:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    info.size = len(content) if size < 0 else size
    return info.tobuf() + content + bytes(-len(content) % 512)


def packed(*entries: bytes) -> bytes:
    return gzip.compress(b"".join(entries) + bytes(1024))


HEAD, END = entry("backup.json", MANIFEST), entry("end", b"")
HOSTILE = {
    "empty": b"",
    "no gzip": b"backup",
    "no tar": gzip.compress(b"backup" * 1000),
    "an empty tar": packed(),
    "a tar of something else": packed(entry("a"), END),
    "out of the folder": packed(HEAD, entry("agents/../../escaped"), END),
    "absolute": packed(HEAD, entry("/escaped"), END),
    "an absolute name in a folder of ours": packed(HEAD, entry("//agents/x"), END),
    "another folder": packed(HEAD, entry("bin/x"), END),
    "no name": packed(HEAD, entry(""), END),
    "the folder itself": packed(HEAD, entry("agents"), END),
    "a lock": packed(HEAD, entry("lock"), END),
    "a symbolic link": packed(HEAD, entry("agents/x", b"", kind=tarfile.SYMTYPE, link="/etc/passwd"), END),
    "a hard link": packed(HEAD, entry("agents/x", b"", kind=tarfile.LNKTYPE, link="backup.json"), END),
    "a link to nothing": packed(HEAD, entry("agents/x", b"", kind=tarfile.LNKTYPE, link="nothing"), END),
    "a device": packed(HEAD, entry("agents/x", b"", kind=tarfile.CHRTYPE), END),
    "a pipe": packed(HEAD, entry("agents/x", b"", kind=tarfile.FIFOTYPE), END),
    "a folder": packed(HEAD, entry("agents/x", b"", kind=tarfile.DIRTYPE), END),
    "a sparse file": packed(HEAD, entry("agents/x", b"", kind=tarfile.GNUTYPE_SPARSE), END),
    "more than there is": packed(HEAD, entry("agents/x", b"x", size=1 << 40)),
    "a longer manifest than there is": gzip.compress(entry("backup.json", MANIFEST, size=1 << 40)),
    "a second manifest": packed(HEAD, HEAD, END),
    "a file twice": packed(HEAD, entry(HISTORY), entry(HISTORY), END),
    "a file twice by other names": packed(HEAD, entry(HISTORY), entry(HISTORY.replace("/", "//")), END),
    "a file as a folder": packed(HEAD, entry("agents/x"), entry("agents/x/y"), END),
    "something behind the end": packed(HEAD, END, entry(HISTORY)),
    "no end": packed(HEAD, entry(HISTORY)),
    "a broken head": packed(HEAD, b"\xff" * 512, entry(HISTORY), END),
    "a name with a NUL": packed(HEAD, entry("x", kind=b"x", content=b"20 path=agents/a\0b\n"), entry("y"), END),
    "no JSON": packed(entry("backup.json", b"{"), END),
    "deep JSON": packed(entry("backup.json", b'{"a":' + b"[" * 60_000), END),
    "no UTF-8": packed(entry("backup.json", b'{"argentosBackup":1,"createdAt":"\xff"}'), END),
    "another manifest": packed(entry("backup.json", b"[]"), END),
    "a manifest without a version": packed(entry("backup.json", b'{"createdAt":"2026-01-01T00:00:00Z"}'), END),
    "a linked manifest": packed(entry("backup.json", b"", kind=tarfile.SYMTYPE, link="x"), END),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_what_is_no_backup_of_ours_is_refused_and_restores_nothing(what: str, target: Path, tmp_path: Path) -> None:
    target.write_bytes(HOSTILE[what])
    restored = tmp_path / "below" / "restored"
    restored.mkdir(parents=True)
    with pytest.raises(StoreError) as refused:
        restore(target, restored)
    assert str(target) in str(refused.value)
    assert "\n" not in str(refused.value)
    assert list(restored.iterdir()) == []
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["below", "restored", "saved"]


def test_a_backup_by_a_newer_version_is_refused_by_that_name_whatever_else_it_says(
    target: Path, tmp_path: Path
) -> None:
    target.write_bytes(packed(entry("backup.json", b'{"argentosBackup":2,"when":1}'), END))
    with pytest.raises(StoreError, match=r"newer argentos \(version 2\); nothing was restored"):
        restore(target, tmp_path / "restored")


def test_a_plain_backup_made_by_hand_is_restored(target: Path, tmp_path: Path) -> None:
    target.write_bytes(packed(HEAD, entry("argent.json"), entry(HISTORY), END))
    restore(target, tmp_path / "restored")
    assert (tmp_path / "restored" / HISTORY).read_bytes() == b"{}"


def outcome(data: bytes, folder: Path) -> dict[str, bytes] | None:
    """What is restored of it; None if it is refused."""
    (source := folder / "changed").write_bytes(data)
    try:
        restore(source, folder / "restored")
    except StoreError:
        assert not (folder / "restored").exists()
        return None
    found = tree(folder / "restored")
    for path in sorted((folder / "restored").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (folder / "restored").rmdir()
    return found


async def test_a_cut_backup_is_refused(state: Path, tmp_path: Path) -> None:
    target = tmp_path / "saved"
    await saved(state, target)
    data = target.read_bytes()
    for size in {len(data) * part // 50 for part in range(50)} | set(range(len(data) - 12, len(data))):
        assert outcome(data[:size], tmp_path) is None, size


async def test_a_backup_with_one_wrong_bit_is_refused_unless_its_content_is_right(state: Path, tmp_path: Path) -> None:
    target = tmp_path / "saved"
    await saved(state, target)
    data = target.read_bytes()
    right = outcome(data, tmp_path)
    assert right
    for at in [*range(20), *range(20, len(data) - 10, max(1, len(data) // 40)), *range(len(data) - 10, len(data))]:
        wrong = bytearray(data)
        wrong[at] ^= 1 << at % 8
        assert outcome(bytes(wrong), tmp_path) in (None, right), at


async def test_a_backup_followed_by_anything_is_refused(state: Path, tmp_path: Path) -> None:
    target = tmp_path / "saved"
    await saved(state, target)
    assert outcome(target.read_bytes() + b"more", tmp_path) is None


async def test_two_restores_into_one_directory_do_not_mix(
    state: Path, target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await saved(state, target)
    restored = tmp_path / "restored"
    sync = os.sync

    def meanwhile() -> None:
        with pytest.raises(StoreError, match="is in use by process"):
            restore(target, restored)
        sync()

    monkeypatch.setattr(os, "sync", meanwhile)
    restore(target, restored)
    assert check(restored) == []


def test_a_long_backup_is_restored_without_being_held_in_memory(target: Path, tmp_path: Path) -> None:
    size = 200 << 20
    with gzip.open(target, "wb", compresslevel=1) as file:
        file.write(HEAD)
        file.write(entry("agents/x", b"", size=size))
        for _ in range(size >> 20):
            file.write(bytes(1 << 20))
        file.write(END + bytes(1024))
    script = """
import resource, sys
from pathlib import Path
from argentos.storage.backup import restore
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
restore(Path(sys.argv[1]), Path(sys.argv[2]))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    done = python(script, target, tmp_path / "restored")
    assert (tmp_path / "restored" / "agents" / "x").stat().st_size == size, done.stderr
    assert int(done.stdout) < 40 << 10
