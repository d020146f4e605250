"""Attacks by files: a history that is damaged, or was made to harm, costs its own session and no other."""

from pathlib import Path
from typing import Final

from argentos.storage.names import file_name
from tests.gateway.server.serving import serving

HOSTILE: Final = {
    "nothing": b"",
    "half of it": b'{"version":',
    "no JSON": b"\xff\xfe\x00",
    "another form": b"[]",
    "nested": b"[" * 10**6,
    "a long number": b'{"version":' + b"9" * 10**6 + b"}",
    "twins": b'{"messages":[],"messages":[]}',
}


def test_30_a_hostile_history_is_set_aside_alone_and_the_operator_is_told(tmp_path: Path) -> None:
    state = tmp_path / "state"
    names = {kind: f"victim of {kind}" for kind in HOSTILE}
    with serving(state) as served:
        for name in (*names.values(), "innocent"):
            served.ask("POST", f"/api/v1/sessions/{name.replace(' ', '%20')}/messages", {"content": "Hello?"})
        served.end()
    for kind, name in names.items():
        (state / "agents" / "main" / "sessions" / file_name(name) / "history.json").write_bytes(HOSTILE[kind])
    with serving(state) as served:
        answers = {
            kind: served.ask("GET", f"/api/v1/sessions/{name.replace(' ', '%20')}/messages")
            for kind, name in names.items()
        }
        assert {each.status for each in answers.values()} <= {404, 503}
        assert served.ask("POST", "/api/v1/sessions/innocent/messages", {"content": "And now?"}).status == 200
        messages = served.ask("GET", "/api/v1/sessions/innocent/messages").json["messages"]
        assert len(messages) == 4
        assert served.ask("GET", "/readyz", token=None).status == 200
        told = served.log
        served.end()
    assert [kind for kind, name in names.items() if name not in told and file_name(name) not in told] == []


def test_30_a_history_of_a_newer_version_is_left_as_it_is_and_whoever_asks_is_told(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with serving(state) as served:
        served.ask("POST", "/api/v1/sessions/new/messages", {"content": "Hello?"})
        served.end()
    history = state / "agents" / "main" / "sessions" / "new" / "history.json"
    history.write_bytes(b'{"version":99}')
    with serving(state) as served:
        answer = served.ask("POST", "/api/v1/sessions/new/messages", {"content": "And now?"})
        assert (answer.status, answer.code) == (503, "store_version")
        assert served.ask("POST", "/api/v1/sessions/other/messages", {"content": "Hello?"}).status == 200
        served.end()
    assert history.read_bytes() == b'{"version":99}'
