"""Attacks by names: of sessions, of agents, and by links in their places."""

import os
import unicodedata
from pathlib import Path
from urllib.parse import quote

import pytest

from argentos.storage.names import file_name
from tests.gateway.server.serving import Served, comes_true, serving

CONTENT = {"content": "Hello?"}


def path_of(session: str) -> str:
    return f"/api/v1/sessions/{quote(session, safe='')}/messages"


def outside(served: Served) -> set[Path]:
    """All that lies beside the sessions, in the state directory and around it."""
    agents, sessions = served.state / "agents", served.state / "agents" / "main" / "sessions"
    around = {each for each in served.state.parent.rglob("*") if not each.is_relative_to(served.state / "journal")}
    theirs = {agents, sessions.parent}  # that come when files are written
    indexes = {each for each in around if each.name.startswith("index.sqlite")}  # and their logs, which come and go
    return {each for each in around - theirs - indexes if not each.is_relative_to(sessions)}


@pytest.mark.parametrize("session", ["", "\0", "a\0b", "x" * 10_240])
def test_1_an_id_that_cannot_be_is_refused_and_nothing_is_made(served: Served, session: str) -> None:
    before = outside(served), sorted(served.state.rglob("*.json"))
    answer = served.ask("POST", path_of(session), CONTENT)
    assert (answer.status, answer.code) == (400, "input_invalid")
    assert (outside(served), sorted(served.state.rglob("*.json"))) == before


@pytest.mark.parametrize(
    "session",
    [
        "../x",
        "../../../../etc/passwd",
        "/etc",
        "..",
        ".",
        "\\",
        "..\\x",
        "%2e%2e",
        "%2e%2e%2fx",
        "~",
        "con",
        "a/../b",
        "-",
        "*",
    ],
)
def test_1_an_id_like_a_path_names_a_session_and_nothing_else(served: Served, session: str) -> None:
    served.ask("POST", path_of("first"), CONTENT)
    before = outside(served)
    answer = served.ask("POST", path_of(session), CONTENT)
    assert answer.status == 200
    assert served.ask("GET", path_of(session)).json["messages"][0]["text"] == "Hello?"
    assert outside(served) == before
    assert comes_true((served.state / "agents" / "main" / "sessions" / file_name(session)).is_dir)


@pytest.mark.parametrize("raw", ["../x", "%2e%2e/x", "..%2fx", "a/../../x", "%2e"])
def test_1_a_path_that_is_sent_as_it_is_leads_nowhere_else(served: Served, raw: str) -> None:
    before = outside(served)
    answer = served.ask("POST", f"/api/v1/sessions/{raw}/messages", CONTENT)
    assert answer.status in {200, 400, 404}
    assert outside(served) == before


def test_2_ids_that_look_alike_are_different_sessions(served: Served) -> None:
    alike = [
        *("Jose", "jose", "JOSE"),
        unicodedata.normalize("NFC", "jos\u00e9"),
        unicodedata.normalize("NFD", "jos\u00e9"),
        *("jos%C3%A9", "jos_", "jos ", "jos.", "a/b", "a_b", "a%2Fb", "a:b"),
    ]
    for number, session in enumerate(alike):
        assert served.ask("POST", path_of(session), {"content": f"I am {number}"}).status == 200
    for number, session in enumerate(alike):
        messages = served.ask("GET", path_of(session)).json["messages"]
        assert [each["text"] for each in messages if each["role"] == "user"] == [f"I am {number}"]
    assert len({file_name(each) for each in alike}) == len(alike)


@pytest.mark.parametrize("part", ["", "history.json", "metadata.json"])
def test_3_a_link_in_the_place_of_a_session_or_of_its_file_is_not_followed(tmp_path: Path, part: str) -> None:
    state, elsewhere = tmp_path / "state", tmp_path / "elsewhere"
    with serving(state) as served:
        served.ask("POST", path_of("victim"), CONTENT)
        served.ask("POST", path_of("other"), CONTENT)
        served.end()
    place = state / "agents" / "main" / "sessions" / "victim" / part
    place.rename(elsewhere)
    place.symlink_to(elsewhere)
    before = {each: each.stat().st_mtime_ns for each in (elsewhere, *elsewhere.rglob("*"))}
    with serving(state) as served:
        answer = served.ask("POST", path_of("victim"), CONTENT)
        assert (answer.status, answer.code.startswith("store_")) == (503, True)
        assert served.ask("POST", path_of("other"), CONTENT).status == 200
        listed = served.ask("GET", "/api/v1/sessions").json
        assert "other" in {each["id"] for each in listed["sessions"]}
        served.end()
    assert {each: each.stat().st_mtime_ns for each in (elsewhere, *elsewhere.rglob("*"))} == before


def test_3_a_link_in_the_place_of_a_temporary_file_is_not_followed(served: Served, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("untouched")
    link = served.state / "gateway" / ".tokens.json.new"
    link.symlink_to(target)
    served.tokens.new("another")
    assert target.read_text() == "untouched"
    assert not os.path.islink(served.tokens.path)  # noqa: PTH114 - of the path itself


@pytest.mark.parametrize("agent", ["../x", "/etc", "..", "%2e%2e", "sales", "\0", "", "x" * 10_240])
def test_4_an_agent_that_there_is_not_is_refused(served: Served, agent: str) -> None:
    before = outside(served)
    for method, path in (("GET", "/api/v1/sessions"), ("POST", path_of("maren"))):
        answer = served.ask(method, f"{path}?agent={quote(agent, safe='')}", CONTENT if method == "POST" else None)
        assert (answer.status, answer.code) == (400, "input_invalid")
    assert outside(served) == before
