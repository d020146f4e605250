"""Sessions of very many messages: taken, read and handed over whole, and each only once."""

from pathlib import Path

import anyio
import pytest

from argentos import FileStore, Message, OfflineModel, Supervisor
from argentos.actors import Transcript, TranscriptMessage
from argentos.errors import StoreDamagedError
from argentos.storage import SessionKey
from tests.actors.conftest import Running

pytestmark = pytest.mark.anyio

MESSAGES = 3000


def long_transcript(archived: int = 0) -> Transcript:
    texts = (f'{number} ünd 🙂 "quoted" ' + "word " * 80 for number in range(MESSAGES))
    messages = (
        TranscriptMessage(role="user", text=text, archived=number < archived) for number, text in enumerate(texts)
    )
    return Transcript(session="long", messages=tuple(messages))


class Counted(FileStore):
    """Counts how often messages are read."""

    reads = 0

    async def read(self, key: SessionKey, start: int, stop: int) -> tuple[Message, ...]:
        self.reads += 1
        return await super().read(key, start, stop)


@pytest.mark.parametrize("archived", [0, MESSAGES // 2])
async def test_a_long_transcript_is_the_same_in_the_journal_in_files_and_behind_a_restart(
    running: Running, tmp_path: Path, archived: int
) -> None:
    transcript = long_transcript(archived)
    texts = [message.text for message in transcript.messages]
    async with running(on=FileStore(tmp_path)) as supervisor:
        await supervisor.session("long").adopt(transcript)
        known = await supervisor.session("long").history(full=True)
        assert [message.text for message in known] == texts
    async with running(on=FileStore(tmp_path)) as supervisor:
        session = supervisor.session("long")
        assert await session.history(full=True) == known
        assert len(await session.history()) == MESSAGES - archived
        assert [message.text for message in (await session.transcript()).messages] == texts


async def test_a_long_transcript_survives_a_crash_in_the_journal(tmp_path: Path) -> None:
    transcript = long_transcript()
    async with Supervisor(FileStore(tmp_path / "state"), OfflineModel(), count=len, resume=False) as supervisor:
        await supervisor.session("long").adopt(transcript)
        copy = tmp_path / "copy"
        (copy / "journal").mkdir(parents=True)
        for segment in (tmp_path / "state" / "journal").glob("*.journal"):
            (copy / "journal" / segment.name).write_bytes(segment.read_bytes())
    async with Supervisor(FileStore(copy), OfflineModel(), count=len, resume=False) as supervisor:
        history = await supervisor.session("long").history(full=True)
    assert [message.text for message in history] == [message.text for message in transcript.messages]


async def test_a_long_history_is_read_once_for_another_process(running: Running, tmp_path: Path) -> None:
    transcript, store = long_transcript(), Counted(tmp_path)
    async with running(on=store) as supervisor, Supervisor.connect(tmp_path) as owner:
        session = owner.session("long")
        with anyio.fail_after(30):
            await session.adopt(transcript)
            store.reads = 0
            history = await session.history(full=True)
        assert history == await supervisor.session("long").history()
    assert store.reads == 1


async def test_damage_in_a_long_history_is_told_with_its_place(tmp_path: Path) -> None:
    async with Supervisor(FileStore(tmp_path), OfflineModel(), count=len, resume=False) as supervisor:
        await supervisor.session("long").adopt(long_transcript())
    path = tmp_path / "agents" / "main" / "sessions" / "long" / "history.json"
    path.write_bytes(path.read_bytes().replace(b'"number":2345,', b'"number":"2345",'))
    async with Supervisor(FileStore(tmp_path, read_only=True), OfflineModel(), resume=False) as supervisor:
        with pytest.raises(StoreDamagedError, match=r"messages\[2344\]\.number"):
            await supervisor.session("long").info()
