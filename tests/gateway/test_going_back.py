"""`argent sessions undo`, `checkpoints`, `rewind`, `fork` and `regenerate`: alone, and beside the process that owns."""

import anyio
import pytest

from argentos import FileStore, ReplayModel, Supervisor
from tests.gateway.shared import ANSWER, Argent, Ask, Fails


def test_a_clear_is_taken_back_and_told_of(argent: Argent, ask: Ask, fails: Fails, ada: str) -> None:
    assert fails("sessions", "undo", ada)[1].startswith(f"nothing has left the context of session {ada} that could")
    assert argent("sessions", "checkpoints", ada)[1] == f"Nothing has left the context of session {ada}.\n"
    argent("sessions", "clear", ada)
    _, out, _ = argent("sessions", "checkpoints", ada)
    assert out.splitlines()[1].split()[:4] == ["c1", "a", "clear", "just"]
    assert out.splitlines()[1].endswith("undo takes it back")
    assert "`undo` takes c1 back" in argent("sessions", "info", ada)[1]
    status, out, err = argent("sessions", "undo", ada)
    assert (status, err) == (0, "")
    assert out.startswith(f"Session {ada} has 2 messages again")
    assert [each["text"] for each in ask("sessions", "history", ada)][-1] == ANSWER["text"]
    assert ask("sessions", "undo", ada, "c1")["messages"] == 2  # once, however often
    assert [each["name"] for each in ask("sessions", "checkpoints", ada)] == ["c1"]


def test_a_rewind_and_a_fork_go_back_and_off(argent: Argent, ask: Ask, fails: Fails, ada: str) -> None:
    assert argent("sessions", "fork", ada, "other", "--at", "1")[1] == f"Session other was made from {ada}.\n"
    assert argent("sessions", "rewind", ada, "2")[1] == f"Session {ada} goes on in front of message 2.\n"
    assert len(ask("sessions", "history", ada)) == len(ask("sessions", "history", "other")) == 1
    assert ask("sessions", "fork", ada, "before", "--at", "c1")["parent"] == ada
    assert len(ask("sessions", "history", "before")) == 2
    assert f"forked from    {ada}" in argent("sessions", "info", "before")[1]
    assert fails("sessions", "fork", ada, "x", "--at", "c7")[1].startswith(f"session {ada} has no checkpoint 'c7'")
    assert fails("sessions", "rewind", ada, "2")[1].startswith(f"message 2 of session {ada} has left its context")


def test_another_reply_is_printed(argent: Argent, ada: str) -> None:
    status, out, _ = argent("sessions", "regenerate", ada)
    assert status == 0
    assert "offline" in out


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_the_owner_is_asked(argent: Argent, state: object) -> None:
    async with Supervisor(FileStore(str(state)), ReplayModel(["one", "two", "three"])) as supervisor:
        session = supervisor.session("maren")
        await session.ask("a")
        assert (await anyio.to_thread.run_sync(argent, "sessions", "regenerate", "maren"))[1] == "two\n"
        await session.clear()
        assert (await anyio.to_thread.run_sync(argent, "sessions", "undo", "maren"))[0] == 0
        assert [each.text for each in await session.history()] == ["a", "two"]
        assert (await anyio.to_thread.run_sync(argent, "sessions", "fork", "maren", "other"))[0] == 0
        assert [each.text for each in await supervisor.session("other").history()] == ["a", "two"]
