"""`argent route`: which agent answers an address, in which session, and why."""

import json
from pathlib import Path

from tests.gateway.shared import Argent, Ask, Fails


def test_it_says_which_session_and_why(ours: Path, argent: Argent) -> None:
    assert ours.is_dir()
    status, out, err = argent("route", "telegram:123")
    assert (status, err) == (0, "")
    assert out == (
        "Session telegram:123 of agent main: a direct message of telegram:123, who is linked with nobody;"
        " agent 'main' answers, for no route names another agent.\n"
    )


def test_it_obeys_the_settings(ours: Path, ask: Ask) -> None:
    settings = {
        "routes": [{"agent": "sales", "guild": "9"}],
        "agents": {"sales": {"session": {"channelScope": "per-channel"}}},
    }
    (ours / "argent.json").write_text(json.dumps(settings), encoding="utf-8")
    found = ask("route", "discord@a:456", "--guild", "9", "--channel-id", "7")
    assert (found["agent"], found["sessionId"]) == ("sales", "discord@a:guild:9:channel:7")


def test_what_is_no_address_is_a_sentence(ours: Path, fails: Fails) -> None:
    assert ours.is_dir()
    assert fails("route", "jason") == (
        1,
        "'jason' is no sender; write one as telegram:123, or telegram@ACCOUNT:123",
    )
