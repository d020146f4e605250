"""Attacks on what is written down: escapes for terminals, lines in the log, and secrets that errors quote."""

import json
from pathlib import Path
from typing import Final
from urllib.parse import quote

import pytest

from tests.gateway.server.serving import serving
from tests.gateway.shared import Argent

CANARY: Final = "canary-key-8d1f6a"

FAULTY: Final = f"""
import logging
from argentos import ModelRefusedError, ModelUnavailableError, OfflineModel, Reply, tool

CANARY = "{CANARY}"

class Faulty(OfflineModel):
    async def reply(self, request, emit):
        text = request.messages[-1].text
        if text.startswith("refuse"):
            raise ModelRefusedError("the request was refused: " + text)
        if text.startswith("crash"):
            raise ValueError(text)
        if text.startswith("chained"):
            raise RuntimeError("outer " + text) from KeyError(text)
        if text.startswith("forge"):
            raise type("Evil\\r\\n2026-01-01T00:00:00.000Z info argentos: forged\\x1b[2J", (ValueError,), {{}})(text)
        if text.startswith("exit"):
            raise SystemExit(text)
        return await super().reply(request, emit)

@tool
async def break_down(why: str) -> str:
    \"\"\"Break down.\"\"\"
    raise LookupError(why)
"""

SAID: Final = (
    f"Hello, my key is {CANARY}",
    f"refuse {CANARY}",
    f"crash {CANARY}",
    f"chained {CANARY}",
    f"exit {CANARY}",
    f"forge {CANARY}",
    f"break_down {CANARY}",
    "\r\n2026-01-01T00:00:00Z info argentos: a line of its own\x1b[31m",
)


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state directory whose gateway has met all of that, and its log beside it."""
    state = tmp_path_factory.mktemp("faulty") / "state"
    state.mkdir()
    (state / "faulty.py").write_text(FAULTY)
    agent = {"model": "faulty.py:Faulty", "tools": ["faulty.py:break_down"], "session": {"retryAttempts": 0}}
    (state / "argent.json").write_text(json.dumps({"agents": {"main": agent}}))
    with serving(state, environment={"ANTHROPIC_API_KEY": f"sk-ant-{CANARY}"}) as served:
        for number, text in enumerate(SAID):
            path = f"/api/v1/sessions/s-{number}"
            served.ask("POST", f"{path}/messages", {"content": text})
            served.ask("PATCH", path, {"title": f"\x1b]0;title\x07{text}"})
            served.ask("POST", f"{path}/compact", {"focus": CANARY})
            forged = quote(f"evil\r\nid-{number}\x1b[2J", safe="")
            assert served.ask("POST", f"/api/v1/sessions/{forged}/messages", {"content": text}).status == 400
        served.ask("GET", f"/api/v1/nothing/{CANARY}")
        served.ask("GET", f"/api/v1/sessions?text={CANARY}")
        served.ask("POST", "/api/v1/sessions/x/messages", f'{{"content": "{CANARY}'.encode())
        served.ask("GET", "/api/v1/sessions", token=CANARY)
        (state / "metrics").write_bytes(served.ask("GET", "/metrics").body)
        served.end()
    return state


def log_of(state: Path) -> str:
    return state.with_name("state.log").read_text(encoding="utf-8")


def test_18_no_escape_reaches_a_terminal(faulty: Path, argent: Argent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARGENTOS_HOME", str(faulty))
    for command in (
        ["sessions", "list"],
        *(["sessions", each, f"s-{len(SAID) - 1}"] for each in ("info", "history", "transitions")),
        ["sessions", "search", "line"],
    ):
        status, out, err = argent(*command, "--state-dir", faulty)
        assert status == 0, err
        assert out
        assert all(each.isprintable() or each == "\n" for each in out + err), command


def test_19_what_is_logged_of_a_name_or_an_error_is_one_line(faulty: Path) -> None:
    lines = log_of(faulty).splitlines()
    assert len(lines) > 5
    for line in lines:
        assert line[:5] == "2026-" or line[10:11] == "T", line
        assert line.isprintable()
    assert not any(each.startswith("2026-01-01") for each in lines)
    assert any("Evil 2026-01-01" in each for each in lines)


def test_20_a_secret_in_a_message_an_error_or_a_crash_is_neither_in_the_log_nor_in_the_metrics(faulty: Path) -> None:
    log, metrics = log_of(faulty), (faulty / "metrics").read_text(encoding="utf-8")
    assert "ValueError" in log
    assert "argent_ready 1.0" in metrics
    assert CANARY not in log
    assert CANARY not in metrics
    assert "s-0" not in metrics
    assert "Hello" not in log


def test_20_as_json_too(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    (state / "faulty.py").write_text(FAULTY)
    (state / "argent.json").write_text(json.dumps({"agents": {"main": {"model": "faulty.py:Faulty"}}}))
    with serving(state, "--log-format", "json") as served:
        for text in SAID:
            served.ask("POST", "/api/v1/sessions/s/messages", {"content": text})
        served.end()
    entries = [json.loads(line) for line in log_of(state).splitlines()]
    assert {each["level"] for each in entries} >= {"error", "info"}
    assert CANARY not in log_of(state)
