"""What was set aside of a session is told of, survives, and comes back by one command."""

import json
from pathlib import Path

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest

from argentos import Config, FileStore, OfflineModel, Supervisor
from argentos.errors import StoreDamagedError
from tests.gateway.shared import Argent, Ask, Fails


@pytest.fixture
def history(state: Path) -> Path:
    """Of a session that was talked to."""
    talk(state, "Good morning.", "How are you?")
    return state / "agents" / "main" / "sessions" / "ada" / "history.json"


def talk(state: Path, *texts: str) -> None:
    async def work() -> None:
        async with Supervisor(FileStore(state), OfflineModel()) as supervisor:
            for text in texts:
                await supervisor.session("ada").ask(text)

    anyio.run(work)


def spoil(history: Path) -> None:
    """Set a session aside by a slip of the editor, which its next message finds."""
    history.write_bytes(history.read_bytes().replace(b'"text":"How', b'"text:"How'))


@pytest.fixture
def anew(state: Path, history: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The session, after it was set aside and began anew."""
    spoil(history)
    with pytest.raises(StoreDamagedError, match="begins anew"):
        talk(state, "lost")
    talk(state, "Anew.")
    capsys.readouterr()
    return history.parent


def copies(state: Path) -> list[str]:
    return sorted(path.name for path in (state / "agents" / "main" / "damaged").iterdir())


def mend(state: Path) -> None:
    """What the editor did wrong, in the newest copy."""
    path = state / "agents" / "main" / "damaged" / copies(state)[-1] / "history.json"
    path.write_bytes(path.read_bytes().replace(b'"text:"How', b'"text":"How'))


def texts(ask: Ask) -> list[str]:
    return [each["text"] for each in ask("sessions", "history", "ada") if each["role"] == "user"]


def test_the_doctor_says_what_is_wrong_with_a_copy_and_how_it_comes_back(
    argent: Argent, ask: Ask, state: Path, anew: Path
) -> None:
    assert anew.exists()
    mend(state)
    [copy] = copies(state)
    status, out, _ = argent("doctor")
    assert (status, len(out.splitlines())) == (0, 1)
    assert f"argent doctor --restore ada --copy {copy} --replace` brings this one back" in out
    status, out, err = argent("doctor", "--restore", "ada", "--copy", copy, "--replace")
    assert (status, err) == (0, "")
    back, aside = out.splitlines()
    assert back == f"Session ada is back, with 4 messages, from {state}/agents/main/damaged/{copy}."
    assert aside.startswith(f"The session that was there is set aside in {state}/agents/main/damaged/ada.damaged-")
    assert texts(ask) == ["Good morning.", "How are you?"]
    talk(state, "Going on.")
    assert texts(ask) == ["Good morning.", "How are you?", "Going on."]
    [other] = copies(state)
    assert ask("doctor", "--restore", "ada", "--replace")["copy"].endswith(other)
    assert texts(ask) == ["Anew."]


def test_a_live_session_is_never_replaced_unasked(fails: Fails, ask: Ask, state: Path, anew: Path) -> None:
    assert anew.exists()
    mend(state)
    status, err = fails("doctor", "--restore", "ada")
    assert (status, "there is a session ada now; with --replace" in err) == (1, True)
    assert texts(ask) == ["Anew."]
    assert len(copies(state)) == 1


def test_a_copy_that_cannot_be_read_says_where_it_is_to_be_mended(
    argent: Argent, fails: Fails, ask: Ask, state: Path, anew: Path
) -> None:
    assert anew.exists()
    for name in ("metadata.json", "history.json"):
        path = state / "agents" / "main" / "damaged" / copies(state)[0] / name
        path.write_text(path.read_text().replace('"version":', '"version":,', 1))
    assert "line 1, column" in argent("doctor")[1]
    status, err = fails("doctor", "--restore", "ada", "--replace")
    assert status == 1
    assert "cannot be brought back as it is" in err
    assert "line 1, column" in err
    assert texts(ask) == ["Anew."]


def test_a_session_that_was_deleted_stays_so_until_somebody_asks_for_it(
    argent: Argent, fails: Fails, ask: Ask, state: Path, anew: Path
) -> None:
    assert anew.exists()
    mend(state)
    status, out, _ = argent("sessions", "delete", "ada", "--yes")
    assert status == 0
    assert "what was set aside of it is kept; `argent doctor --restore ada` brings it back" in out
    assert argent("doctor", "--repair")[0] == 0
    assert ask("sessions", "list") == []
    assert "there is no session ada, but what was set aside" in fails("sessions", "delete", "ada", "--yes")[1]
    assert argent("doctor", "--restore", "ada")[0] == 0
    assert texts(ask) == ["Good morning.", "How are you?"]


def test_what_was_set_aside_goes_where_it_is_named(
    argent: Argent, fails: Fails, ask: Ask, state: Path, anew: Path
) -> None:
    assert anew.exists()
    report = ask("sessions", "delete", "ada", "--yes")
    assert [Path(each).name for each in report["setAside"]] == copies(state)
    assert argent("sessions", "delete", "ada", "--yes", "--set-aside") == (0, "Deleted: ada\n", "")
    assert copies(state) == []
    assert "nothing was set aside of session ada" in fails("doctor", "--restore", "ada")[1]
    assert "no session ada" in fails("sessions", "delete", "ada", "--yes", "--set-aside")[1]


def test_an_unknown_session_is_answered_with_those_there_are(fails: Fails, state: Path, anew: Path) -> None:
    assert anew.exists()
    mend(state)
    err = fails("doctor", "--restore", "adda")[1]
    assert "nothing was set aside of session adda" in err
    assert err.endswith("there can be brought back: ada")
    for wrong in (["--replace"], ["--copy", "x"], ["--restore", "ada", "--repair"]):
        assert fails("doctor", *wrong)[0] == 2


def test_retention_leaves_what_was_set_aside(state: Path, anew: Path) -> None:
    assert anew.exists()

    async def work() -> None:
        async with Supervisor(FileStore(state), OfflineModel(), config=Config(retain_bytes=1)) as supervisor:
            await supervisor.session("eve").ask("Good morning.")
            with anyio.fail_after(20):
                while any(each.id == "ada" for each in await supervisor.list()):
                    await anyio.lowlevel.checkpoint()

    anyio.run(work)
    assert not anew.exists()
    assert len(copies(state)) == 1


def test_beside_an_owner_nothing_is_restored(fails: Fails, argent: Argent, state: Path, anew: Path) -> None:
    assert anew.exists()
    mend(state)

    def beside() -> None:
        assert "is in use by process" in fails("doctor", "--restore", "ada", "--replace")[1]
        report = json.loads(argent("sessions", "delete", "ada", "--yes", "--set-aside", "--json")[1])
        assert report == {"deleted": ["ada"], "wouldDelete": [], "setAside": []}

    async def own() -> None:
        async with Supervisor(FileStore(state), OfflineModel()):
            await anyio.to_thread.run_sync(beside)

    anyio.run(own)
    assert copies(state) == []
