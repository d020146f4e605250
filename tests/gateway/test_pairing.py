"""`argent pairing`: beside an owner of the state directory, and where there is none."""

import json
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest

from argentos import AccountSettings, Address, FileStore, OfflineModel, PairingCode, RoutingSettings, Supervisor
from tests.gateway.shared import Argent, Ask, Fails

pytestmark = pytest.mark.usefixtures("ours")


def ask_for_a_code(state: Path) -> str:
    """Write as an unknown sender of Telegram; gives the code that comes back."""
    routing = RoutingSettings(accounts={("telegram", None): AccountSettings()})

    async def write() -> PairingCode | None:
        async with Supervisor(FileStore(state), OfflineModel(), routing=routing) as supervisor:
            return await supervisor.pairing.request(
                Address("telegram", "1"), sent_at=datetime.now(UTC), name="Ada\n\x1b[31m"
            )

    found = anyio.run(write)
    assert found is not None
    assert found.text.startswith(f"I do not know you yet. Give my owner this code, and I will answer: {found.code}.")
    return found.code


def test_nobody_has_asked_at_first(argent: Argent) -> None:
    assert argent("pairing", "list") == (0, "Nobody has asked to be let in.\n", "")


def test_a_sender_with_a_code_is_listed_without_harm_and_let_in(state: Path, argent: Argent, ask: Ask) -> None:
    code = ask_for_a_code(state)
    _, out, _ = argent("pairing", "list")
    heading, row = out.splitlines()
    assert heading.split() == ["SENDER", "NAME", "STATE", "SINCE", "CODE"]
    assert row.split() == ["telegram:1", "Ada", "\\x1b[31m", "requested", "just", "now", code]
    assert argent("pairing", "approve", code, "--by", "jason") == (0, "telegram:1 is let in.\n", "")
    (act,) = ask("pairing", "list")["acts"]
    assert (act["act"], act["by"], act["origin"]) == ("approve", "jason", "command line")


def test_senders_are_linked_and_unlinked(argent: Argent, ask: Ask) -> None:
    for sender in ("telegram:1", "discord@a:2"):
        argent("pairing", "approve", sender)
    assert argent("pairing", "link", "telegram:1", "discord@a:2", "--session", "user-ada")[1] == (
        "telegram:1 and discord@a:2 share session user-ada; joined to it: telegram:1, discord@a:2.\n"
    )
    assert ask("route", "discord@a:2")["sessionId"] == "user-ada"
    assert argent("pairing", "list")[1].splitlines()[-1].startswith("telegram:1 and discord@a:2 share session")
    assert argent("pairing", "unlink", "telegram:1")[1] == "telegram:1 writes to session telegram:1 again.\n"
    assert ask("route", "discord@a:2")["sessionId"] == "discord@a:2"


def test_who_was_refused_is_not_answered(argent: Argent, ask: Ask) -> None:
    assert argent("pairing", "deny", "telegram:1")[1] == "telegram:1 is refused.\n"
    found = ask("route", "telegram:1")
    assert not found["isAnswered"]
    assert found["why"].endswith("nobody answers, for the owner has refused the sender")


def test_a_code_that_nobody_has_is_a_sentence(fails: Fails) -> None:
    assert fails("pairing", "approve", "ABCDEFGH") == (
        1,
        "nobody has the code ABCDEFGH; see `argent pairing list`",
    )
    assert fails("pairing", "link", "telegram:1", "telegram:1")[1].startswith("these are one sender")


def test_the_doctor_tells_of_a_damaged_file_and_changes_nothing(state: Path, argent: Argent) -> None:
    path = state / "pairing.json"
    path.write_text("{", encoding="utf-8")
    path.chmod(0o644)
    status, out, _ = argent("doctor")
    assert status == 1
    assert "pairing.json: " in out
    assert "is damaged" in out
    assert "others may use it (mode 644)" in out
    assert path.read_text(encoding="utf-8") == "{"


def test_a_backup_has_the_pairings(tmp_path: Path, argent: Argent) -> None:
    argent("pairing", "approve", "telegram:1")
    argent("backup", tmp_path / "saved")
    with tarfile.open(tmp_path / "saved") as tar:
        assert "pairing.json" in tar.getnames()
    restored = tmp_path / "restored"
    assert argent("restore", tmp_path / "saved", "--state-dir", restored)[0] == 0
    assert json.loads((restored / "pairing.json").read_text(encoding="utf-8"))["pairings"][0]["state"] == "Approved"


def test_lists_and_info_say_who_writes_to_a_session_and_to_which_another_was_joined(
    state: Path, argent: Argent, ask: Ask
) -> None:
    async def write() -> None:
        async with Supervisor(FileStore(state), OfflineModel()) as supervisor:
            for address in (Address("telegram", "1"), Address("discord", "2")):
                await (await supervisor.deliver(address, "hello")).reply()

    anyio.run(write)
    assert "LINKED" not in argent("sessions", "list")[1]
    for sender in ("telegram:1", "discord:2"):
        argent("pairing", "approve", sender)
    argent("pairing", "link", "telegram:1", "discord:2", "--session", "discord:2")
    told = {row.split("  ")[0]: row.split("  ")[-1] for row in argent("sessions", "list")[1].splitlines()}
    assert told == {"SESSION": "LINKED", "discord:2": "telegram:1, discord:2", "telegram:1": "joined to discord:2"}
    assert "joined to      discord:2, to which its sender writes now" in argent("sessions", "info", "telegram:1")[1]
    assert "written to by  telegram:1, discord:2\n" in argent("sessions", "info", "discord:2")[1]
    listed = {each["id"]: (each["senders"], each["joinedTo"]) for each in ask("sessions", "list")}
    assert listed == {"discord:2": (["telegram:1", "discord:2"], None), "telegram:1": ([], "discord:2")}
    assert ask("sessions", "info", "telegram:1")["joinedTo"] == "discord:2"


def test_a_book_that_cannot_be_read_hides_no_session(state: Path, argent: Argent) -> None:
    argent("sessions", "new", "kept")
    (state / "pairing.json").write_text("{", encoding="utf-8")
    status, out, err = argent("sessions", "list")
    assert (status, out.splitlines()[1].split()[0]) == (0, "kept")
    assert "who is linked with whom is not shown" in err
