"""A picture and a PDF: sent, killed, restored from a backup, exported, imported, and the same bytes each time."""

import base64
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

import anyio
import pytest

from argentos import FileStore, OfflineModel, Supervisor
from argentos.gateway.cli import main
from argentos.storage.attachments import sha256_of
from tests.actors.sessions.test_attachments import PDF, PNG

SENDING: Final = """
import base64, json, sys
import anyio
from argentos import FileStore, OfflineModel, Supervisor

async def main():
    async with Supervisor(FileStore(sys.argv[1]), OfflineModel()) as supervisor:
        turn = await supervisor.session("maren").send(json.load(sys.stdin))
        print("acknowledged", flush=True)
        await anyio.sleep_forever()

anyio.run(main)
"""
SHOWN: Final = [
    {"type": "text", "text": "Look:"},
    *(
        {"type": kind, "source": {"type": "base64", "media_type": media, "data": base64.b64encode(data).decode()}}
        for kind, media, data in (("image", "image/png", PNG), ("document", "application/pdf", PDF))
    ),
]


def argent(state: Path, *arguments: str) -> None:
    assert main(["--state-dir", str(state), *arguments]) == 0


async def look(state: Path) -> tuple[list[bytes], list[dict[str, object]]]:
    """The bytes that the first message refers to, and the blocks as a copy has them."""
    async with Supervisor(FileStore(state), OfflineModel(), resume=False) as supervisor:
        session = supervisor.session("maren")
        message = (await session.history(full=True))[0]
        found = [await session.attachment(each["source"]["sha256"]) for each in message.blocks[1:]]
        return found, [*(await session.transcript()).messages[0].content]


def assert_whole(state: Path) -> None:
    assert anyio.run(look, state) == ([PNG, PDF], SHOWN)
    folder = state / "agents" / "main" / "sessions" / "maren" / "attachments"
    assert {each.name: each.read_bytes() for each in folder.iterdir()} == {sha256_of(each): each for each in (PNG, PDF)}
    texts = [each.read_text() for each in state.rglob("*.json")]
    assert not [text for text in texts if SHOWN[1]["source"]["data"] in text]  # type: ignore[index]
    argent(state, "doctor")


@pytest.mark.timeout(120)
def test_bytes_are_equal_wherever_a_session_goes(tmp_path: Path) -> None:
    state, restored, imported = (tmp_path / name for name in ("state", "restored", "imported"))
    with subprocess.Popen(  # noqa: S603 - this interpreter
        [sys.executable, "-c", SENDING, str(state)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        json.dump(SHOWN, process.stdin)
        process.stdin.close()
        assert process.stdout.readline() == "acknowledged\n"
        process.send_signal(signal.SIGKILL)
    assert_whole(state)
    argent(state, "backup", str(tmp_path / "backup"))
    assert main(["--state-dir", str(restored), "restore", str(tmp_path / "backup")]) == 0
    assert_whole(restored)
    argent(restored, "sessions", "export", "--output", str(tmp_path / "exported.jsonl"), "maren")
    argent(imported, "sessions", "import", str(tmp_path / "exported.jsonl"))
    assert_whole(imported)
    argent(imported, "sessions", "delete", "--yes", "maren")
    assert not [each for each in imported.rglob("*") if each.is_file() and PNG in each.read_bytes()]
