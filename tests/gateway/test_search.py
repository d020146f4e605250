"""`argent sessions search`: messages by their text."""

from pathlib import Path

import pytest

from tests.gateway.shared import Argent, Ask, Record


@pytest.fixture
def said(argent: Argent, record: Record) -> None:
    lines = [
        {"session": "old", "at": "2020-01-01T10:00:00Z", "text": "The rope is 7 metres long."},
        {"session": "old", "role": "assistant", "sender": "Argent", "at": "2020-01-01T10:01:00Z", "text": "Noted."},
        {
            "session": "new",
            "at": "2021-01-01T10:00:00Z",
            "text": f"{'Sails. ' * 20}Where is\nthe ROPE? {'Oars. ' * 20}",
        },
    ]
    argent("replay", record(*lines))


@pytest.mark.usefixtures("said")
def test_messages_are_found_in_all_sessions_the_latest_first(argent: Argent) -> None:
    status, out, err = argent("sessions", "search", "rope")
    new, old = out.splitlines()
    assert (status, err) == (0, "")
    assert new.startswith("new [1] 2021-01-01 10:00 Ada: …")
    assert "Where is the ROPE? Oars." in new
    assert new.endswith("…")
    assert old == "old [1] 2020-01-01 10:00 Ada: The rope is 7 metres long."


@pytest.mark.usefixtures("said")
def test_what_has_left_the_context_is_found_too(argent: Argent, ask: Ask) -> None:
    argent("sessions", "clear", "old")
    assert [each["session"] for each in ask("sessions", "search", "7 METRES")] == ["old"]


@pytest.mark.usefixtures("said")
def test_a_limit_stops_the_search(ask: Ask) -> None:
    (found,) = ask("sessions", "search", "rope", "--limit", "1")
    assert (found["session"], found["message"]["number"]) == ("new", 1)


@pytest.mark.usefixtures("said")
def test_where_nothing_is_found_it_says_so(argent: Argent, ask: Ask) -> None:
    assert argent("sessions", "search", "anchor") == (0, "No message found.\n", "")
    assert ask("sessions", "search", "anchor") == []


@pytest.mark.usefixtures("said")
def test_a_damaged_session_is_told_of_and_hides_no_other(argent: Argent, state: Path) -> None:
    (state / "agents/main/sessions/old/history.json").write_text("{")
    status, out, err = argent("sessions", "search", "rope")
    assert (status, out.count("\n")) == (0, 1)
    assert "old" in err
