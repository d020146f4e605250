"""`argent replay`: a recorded conversation is lived through as it was, however often it is interrupted."""

import contextlib
import json
import re
import signal
import subprocess
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from io import BytesIO, TextIOWrapper
from itertools import pairwise
from pathlib import Path
from secrets import randbelow
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argentos.gateway.cli import main
from argentos.machines import SESSION
from argentos.storage.snapshot import SCHEMA_VERSION
from tests.gateway.shared import Argent, Ask, Fails, Record, Start

Lived: TypeAlias = tuple[dict[str, Any], list[dict[str, Any]]]

HARBOUR = Path(__file__).parents[2] / "examples" / "harbour.jsonl"
SMALL_WINDOW = ("--max-context-tokens", "4000")
IDLE = "Active --> Idle: No recent activity"
FULL = "Active --> Compacted: Context window full"
CONTINUES = "Compacted --> Active: Continues with summary"
START = datetime(2020, 1, 1, tzinfo=UTC)


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def silences(times: Sequence[datetime], longer_than: timedelta = timedelta(minutes=30)) -> int:
    return sum(after - before > longer_than for before, after in pairwise(times))


def at(seconds: float) -> str:
    return (START + timedelta(seconds=seconds)).isoformat()


def essence(messages: Sequence[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """What must be the same however a history came about; which turn a reply closed may differ."""
    return [tuple(message.get(key) for key in ("number", "id", "role", "sender", "text")) for message in messages]


def as_recorded(path: Path) -> list[tuple[Any, ...]]:
    """The essence of the history of a recording that has one session."""
    return [
        (number, f"{line['session']}:{number}", line["role"], line["sender"], line["text"])
        for number, line in enumerate(lines_of(path), start=1)
    ]


# The conversation that ships --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def harbour(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """The summary of a replay in a small window, and the full history after it."""
    folder = tmp_path_factory.mktemp("harbour")
    return asked(folder, "replay", HARBOUR, *SMALL_WINDOW), asked(folder, "sessions", "history", "user-maren", "--full")


def asked(folder: Path, *arguments: object) -> Any:
    """Run a command line on a state directory in this folder; gives its answer."""
    printed = BytesIO()
    with contextlib.redirect_stdout(TextIOWrapper(printed, encoding="utf-8", write_through=True)):
        assert main(["--state-dir", str(folder / "state"), "--json", *map(str, arguments)]) == 0
        return json.loads(printed.getvalue())


def test_the_harbour_conversation_takes_all_six_edges(harbour: Lived) -> None:
    summary, _ = harbour
    edges = {str(edge) for edge in SESSION.transitions}
    assert len(edges) == 6
    assert set(summary["transitions"]) == edges
    assert {edge: taken["count"] for edge, taken in summary["sessions"][0]["edges"].items()} == summary["transitions"]


def test_its_full_history_is_the_recording(harbour: Lived) -> None:
    _, messages = harbour
    assert essence(messages) == as_recorded(HARBOUR)
    assert [message["at"] for message in messages] == [line["at"] for line in lines_of(HARBOUR)]


def test_its_compactions_end_below_the_threshold(harbour: Lived) -> None:
    summary, _ = harbour
    compactions = summary["compactions"]
    assert len(compactions) == summary["transitions"][FULL] == summary["transitions"][CONTINUES] >= 1
    for each in compactions:
        assert each["after"] < 0.85 * 4000 <= each["before"]
        assert each["messages"][0] == 1
    assert [each["messages"][1] for each in compactions] == sorted(each["messages"][1] for each in compactions)
    assert summary["sessions"][0]["tokens"] <= 4000


def test_each_of_its_silences_is_seen_once(harbour: Lived) -> None:
    times = [datetime.fromisoformat(line["at"]) for line in lines_of(HARBOUR)]
    assert harbour[0]["transitions"][IDLE] == silences(times) > 10


def test_living_through_it_twice_changes_nothing(argent: Argent, ask: Ask) -> None:
    ask("replay", HARBOUR, *SMALL_WINDOW)
    before = ask("sessions", "info", "user-maren"), ask("sessions", "history", "user-maren", "--full")
    again = ask("replay", HARBOUR, *SMALL_WINDOW)
    assert (again["lines"], again["passedOver"], again["compactions"]) == (123, 123, [])
    assert (ask("sessions", "info", "user-maren"), ask("sessions", "history", "user-maren", "--full")) == before
    assert "123 of 123 lines had been accepted by an earlier run." in argent("replay", HARBOUR, *SMALL_WINDOW)[1]


@pytest.mark.parametrize("lines", [1, 4, 68, 122])
def test_an_interrupted_replay_goes_on_where_it_stopped(ask: Ask, tmp_path: Path, lines: int) -> None:
    begun = tmp_path / "begun.jsonl"
    begun.write_bytes(b"".join(HARBOUR.read_bytes().splitlines(keepends=True)[:lines]))
    assert ask("replay", begun, *SMALL_WINDOW)["lines"] == lines
    assert ask("replay", HARBOUR, *SMALL_WINDOW)["passedOver"] == lines
    assert essence(ask("sessions", "history", "user-maren", "--full")) == as_recorded(HARBOUR)


# Any conversation ------------------------------------------------------------------------------------------

GAPS = st.sampled_from([0, 7, 70, 1700, 1900, 10_000])  # of which no sum is half an hour
ROLES = st.sampled_from(["user", "assistant"])
LINES = st.lists(st.tuples(GAPS, st.sampled_from(["ada", "bob"]), ROLES), min_size=1, max_size=12)


def replay_in(folder: Path, lines: Sequence[dict[str, Any]]) -> Any:
    path = folder / "recording.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return asked(folder, "replay", path)


@settings(max_examples=20)
@given(drawn=LINES, data=st.data())
def test_whatever_was_recorded_is_lived_through_once(drawn: list[tuple[int, str, str]], data: st.DataObject) -> None:
    passed = 0
    lines: list[dict[str, Any]] = []
    for number, (gap, session, role) in enumerate(drawn):
        passed += gap
        line = {"session": session, "role": role, "sender": role, "channel": "test", "at": at(passed)}
        lines.append({**line, "text": f"Text {number}"})
    with TemporaryDirectory() as name:
        folder = Path(name)
        begun = data.draw(st.integers(0, len(lines)), label="lines of the first run")
        replay_in(folder, lines[:begun])
        summary = replay_in(folder, lines)
        assert (summary["lines"], summary["passedOver"]) == (len(lines), begun)
        for info in summary["sessions"]:
            mine = [line for line in lines if line["session"] == info["id"]]
            times = [datetime.fromisoformat(line["at"]) for line in mine]
            until_the_end = [*times, datetime.fromisoformat(lines[-1]["at"])]
            history = asked(folder, "sessions", "history", info["id"], "--full")
            assert [(each["role"], each["text"]) for each in history] == [(each["role"], each["text"]) for each in mine]
            assert info["waiting"] == 0
            # A session that an earlier run left behind notices its last silence when it is used again.
            seen = info["edges"].get(IDLE, {"count": 0})["count"]
            assert silences(times) <= seen <= silences(until_the_end)
            assert (info["state"] == "Idle") == (silences(until_the_end[-2:]) == 1)


def test_two_sessions_in_one_recording_do_not_mix(ask: Ask, record: Record) -> None:
    lines = [
        {"session": session, "role": role, "at": at(number * 60), "text": f"{session} {role} {number}"}
        for number, (session, role) in enumerate(
            [("ada", "user"), ("bob", "user"), ("bob", "assistant"), ("ada", "assistant"), ("ada", "user")]
        )
    ]
    summary = ask("replay", record(*lines))
    assert [(each["id"], each["messages"], each["turns"]) for each in summary["sessions"]] == [
        ("ada", 3, 2),
        ("bob", 2, 1),
    ]
    for session in ("ada", "bob"):
        texts = [each["text"] for each in ask("sessions", "history", session)]
        assert texts == [line["text"] for line in lines if line["session"] == session]


def test_a_reply_answers_the_messages_that_waited_for_it(ask: Ask, record: Record) -> None:
    path = record(
        {"at": at(0), "text": "First"},
        {"at": at(1), "role": "assistant", "text": "Second"},
        {"at": at(2), "role": "assistant", "text": "Third, unasked"},
    )
    ask("replay", path)
    assert [each.get("replyTo") for each in ask("sessions", "history", "user-ada")] == [None, ["user-ada:1"], None]


def test_an_assistant_line_without_text_does_not_stop_the_replay(start: Start, record: Record) -> None:
    path = record(
        {"at": at(0), "text": "Hello?"},
        {"at": at(1), "role": "assistant", "text": ""},
        {"at": at(2), "text": "Anybody?"},
    )
    process = start("replay", path)
    out, err = process.communicate(timeout=50)
    assert (process.returncode, err) == (0, "") or (process.returncode, out, err.count("\n")) == (1, "", 1)


# Recordings that cannot be lived through ---------------------------------------------------------------------------

GOOD = {"session": "s", "role": "user", "sender": "x", "channel": "c", "at": at(0), "text": "Hello"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("nonsense", "malformed"),
        ("[]", "array"),
        ("{", "truncated"),
        ('{"session": "s"}', "role"),
        (json.dumps({**GOOD, "role": "system"}), "system"),
        (json.dumps({**GOOD, "at": "yesterday"}), "at"),
        (json.dumps({**GOOD, "at": "2020-01-01T00:00:00"}), "no zone"),
        (json.dumps({**GOOD, "at": "2019-12-31T23:59:59Z"}), "earlier"),
        (json.dumps({**GOOD, "at": "2020-01-01T00:59:59+01:00"}), "earlier"),
        (json.dumps({**GOOD, "text": 3}), "text"),
        (json.dumps({**GOOD, "text": " "}), "empty"),
        (json.dumps({**GOOD, "text": "word " * 100_000}), "tokens"),
        (json.dumps({**GOOD, "session": "a\nb"}), "session id"),
        (json.dumps({**GOOD, "session": ""}), "session id"),
        ("[" * 100_000, "line 2"),
        ('{"text": "\\ud800"}', "line 2"),
        ("\udcff", "malformed"),
    ],
    ids=lambda each: each[:20] if len(each) < 200 else "long",
)
def test_a_wrong_line_is_named_and_what_came_before_is_kept(
    fails: Fails, ask: Ask, tmp_path: Path, line: str, said: str
) -> None:
    path = tmp_path / "recording.jsonl"
    content = f"{json.dumps(GOOD)}\n{line}\n{json.dumps({**GOOD, 'text': 'never reached'})}\n"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    status, sentence = fails("replay", path)
    assert status == 1
    assert "line 2" in sentence
    assert said in sentence
    assert [each["text"] for each in ask("sessions", "history", "s")] == ["Hello"]


def test_a_replay_goes_on_once_the_wrong_line_is_mended(fails: Fails, ask: Ask, tmp_path: Path) -> None:
    path = tmp_path / "recording.jsonl"
    path.write_text(f"{json.dumps(GOOD)}\nnonsense\n")
    fails("replay", path)
    path.write_text(f"{json.dumps(GOOD)}\n{json.dumps({**GOOD, 'text': 'Mended'})}\n")
    assert ask("replay", path)["passedOver"] == 1
    assert [each["text"] for each in ask("sessions", "history", "s")] == ["Hello", "Mended"]


def test_escapes_in_a_wrong_line_are_made_harmless(fails: Fails, tmp_path: Path) -> None:
    path = tmp_path / "recording.jsonl"
    path.write_text(json.dumps({**GOOD, "role": "\x1b]0;title\x07\u202e"}))
    assert fails("replay", path)[1].isprintable()


def test_a_time_at_the_end_of_all_times_is_no_accident(start: Start, record: Record) -> None:
    last = "9999-12-31T23:59:59Z"
    process = start("replay", record({"at": last, "text": "Hi"}, {"at": last, "role": "assistant", "text": "Bye"}))
    _, err = process.communicate(timeout=50)
    assert (process.returncode, err) == (0, "") or (process.returncode, err.count("\n")) == (1, 1)


def test_empty_lines_are_passed_over_and_counted(fails: Fails, tmp_path: Path) -> None:
    path = tmp_path / "recording.jsonl"
    path.write_text(f"\n{json.dumps(GOOD)}\n \n\nnonsense\n")
    assert "line 5" in fails("replay", path)[1]


def test_unknown_fields_are_no_error(ask: Ask, record: Record) -> None:
    assert ask("replay", record({"at": at(0), "text": "Hello", "mood": "good"}))["lines"] == 1


def test_a_last_line_needs_no_line_feed(ask: Ask, tmp_path: Path) -> None:
    path = tmp_path / "recording.jsonl"
    path.write_text(json.dumps(GOOD))
    assert ask("replay", path)["lines"] == 1


def test_a_missing_recording_is_named(fails: Fails, tmp_path: Path, state: Path) -> None:
    status, sentence = fails("replay", tmp_path / "missing.jsonl")
    assert (status, sentence) == (1, f"{tmp_path / 'missing.jsonl'} cannot be read: No such file or directory")
    assert not state.exists()


def test_a_folder_is_no_recording(fails: Fails, tmp_path: Path) -> None:
    assert fails("replay", tmp_path)[0] == 1


@pytest.mark.parametrize("content", ["", "\n\n"], ids=["nothing", "empty lines"])
def test_an_empty_recording_makes_no_session(
    argent: Argent, ask: Ask, tmp_path: Path, state: Path, content: str
) -> None:
    path = tmp_path / "recording.jsonl"
    path.write_text(content)
    assert argent("replay", path)[::2] == (0, "")
    summary = ask("replay", path)
    assert (summary["lines"], summary["sessions"]) == (0, [])
    assert not state.exists()


# Options ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--idle-after", "soon"),
        ("--idle-after", "0"),
        ("--idle-after", "-5m"),
        ("--idle-after", "1e9"),
        ("--idle-after", ""),
        ("--idle-after", "999999999999d"),
        ("--max-context-tokens", "499"),
        ("--max-context-tokens", "many"),
        ("--max-context-tokens", "10000001"),
        ("--compaction-threshold", "0.29"),
        ("--compaction-threshold", "1.1"),
        ("--compaction-threshold", "nan"),
        ("--compaction-threshold", "high"),
        ("--speed", "-1"),
        ("--speed", "nan"),
        ("--speed", "fast"),
    ],
)
def test_a_bad_value_is_refused_before_anything_happens(
    fails: Fails, record: Record, state: Path, option: str, value: str
) -> None:
    path = record({"at": at(0), "text": "Hello"}, {"at": at(60), "role": "assistant", "text": "Hello"})
    _, sentence = fails("replay", path, option, value)
    _, *words = option.lstrip("-").split("-")
    key = option.lstrip("-").split("-")[0] + "".join(word.capitalize() for word in words)
    assert option in sentence or key in sentence
    assert not state.exists()


@pytest.mark.parametrize(("idle_after", "seen"), [("10s", 3), ("59s", 2), ("61s", 1), ("60", 2), ("30m", 1), ("2h", 0)])
def test_idle_after_says_which_silences_count(ask: Ask, record: Record, idle_after: str, seen: int) -> None:
    times = [0, 20, 80, 3700]
    path = record(*({"at": at(each), "role": "assistant", "text": "Hello"} for each in times))
    edges = ask("replay", path, "--idle-after", idle_after)["transitions"]
    assert edges.get(IDLE, 0) == seen


def test_the_threshold_says_when_the_window_is_full(ask: Ask, tmp_path: Path) -> None:
    summaries = {
        threshold: ask(
            "replay", HARBOUR, *SMALL_WINDOW, "--compaction-threshold", threshold, "--state-dir", tmp_path / threshold
        )
        for threshold in ("0.5", "1.0")
    }
    early, late = (summaries[threshold]["compactions"] for threshold in ("0.5", "1.0"))
    assert len(early) > len(late) > 0
    assert all(2000 <= each["before"] < 3400 for each in early)
    assert all(each["before"] >= 4000 for each in late)


def test_the_config_counts_where_no_option_is_given(ask: Ask, state: Path) -> None:
    state.mkdir(0o700)
    session = {"maxContextTokens": 3000, "idleAfter": "365d"}
    (state / "argent.json").write_text(json.dumps({"agents": {"defaults": {"session": session}}}))
    summary = ask("replay", HARBOUR)
    assert summary["sessions"][0]["window"] == 3000
    assert FULL in summary["transitions"]
    assert IDLE not in summary["transitions"]


def test_a_replay_belongs_to_the_agent_it_was_made_for(ask: Ask, record: Record) -> None:
    ask("replay", record({"at": at(0), "text": "Hello"}), "--agent", "other")
    assert ask("sessions", "list") == []
    assert [each["id"] for each in ask("sessions", "list", "--agent", "other")] == ["user-ada"]


def test_speed_makes_recorded_seconds_pass(argent: Argent, record: Record) -> None:
    path = record({"at": at(0), "text": "Hello"}, {"at": at(2000), "text": "Still there?"})
    begun = time.monotonic()
    assert argent("replay", path, "--speed", "10000")[0] == 0
    assert time.monotonic() - begun >= 0.2


@pytest.mark.parametrize("speed", ["1e12", "inf"])
def test_a_huge_speed_takes_no_time_and_changes_no_history(ask: Ask, speed: str) -> None:
    ask("replay", HARBOUR, "--speed", speed)
    assert essence(ask("sessions", "history", "user-maren", "--full")) == as_recorded(HARBOUR)


def test_trace_prints_each_transition_with_its_time(argent: Argent) -> None:
    _, out, err = argent("replay", HARBOUR, *SMALL_WINDOW, "--trace")
    assert err == ""
    traced = re.findall(r"^(\S+ \S+)  user-maren +(\S+) → (\S+) +(.+)$", out, re.MULTILINE)
    assert traced[0] == ("2026-05-08 07:14:08", "[*]", "Created", "First message")
    assert {f"{source} --> {target}: {label}" for _, source, target, label in traced} == {
        str(edge) for edge in SESSION.transitions
    }
    assert [each[0] for each in traced] == sorted(each[0] for each in traced)
    assert all(source == target for (_, _, target, _), (_, source, _, _) in pairwise(traced))
    assert re.search(r"messages 1–\d+ summarised: \d+ → \d+ tokens$", out, re.MULTILINE)


def test_without_trace_only_the_outcome_is_printed(argent: Argent) -> None:
    _, out, err = argent("replay", HARBOUR, *SMALL_WINDOW)
    assert err == ""
    assert re.match(
        r"Session user-maren: 123 messages, \d+ turns, \d compactions\. It is Active, with \d+ of 4000", out
    )
    assert [line.split(None, 1)[1] for line in out.splitlines() if "-->" in line] == [
        str(edge) for edge in sorted(SESSION.transitions, key=lambda edge: out.index(str(edge)))
    ]
    assert "Compactions of this run, tokens before → after:" in out


def test_the_summary_as_json_tells_what_this_run_did(ask: Ask, record: Record) -> None:
    path = record(
        {"at": at(0), "text": "Hello?"},
        {"at": at(60), "role": "assistant", "sender": "Argent", "text": "Hello."},
        {"at": at(120), "text": "No answer follows."},
    )
    summary = ask("replay", path)
    info = summary.pop("sessions")[0]
    assert summary == {
        "lines": 3,
        "passedOver": 0,
        "transitions": {"[*] --> Created: First message": 1, "Created --> Active: Processing messages": 1},
        "turns": {"replied": 1, "no_reply": 1},
        "compactions": [],
    }
    assert (info["id"], info["state"], info["messages"], info["waiting"]) == ("user-ada", "Active", 3, 0)


# Power cuts ------------------------------------------------------------------------------------------


def long_recording(record: Record) -> Path:
    """600 lines: questions, most of them answered, with a silence now and then."""
    lines: list[dict[str, Any]] = []
    passed = 0
    for number in range(600):
        passed += 7200 if number % 50 == 49 else 20
        role = "assistant" if number % 3 == 1 else "user"
        text = f"Message {number} of a long talk, about the {number % 17} ropes and the {number % 23} sails of a ship."
        lines.append({"at": at(passed), "role": role, "sender": role, "text": text})
    return record(*lines)


def cut_power(process: subprocess.Popen[str], journal: Path, moment: int) -> None:
    """Kill a process once it has written so many bytes into its own segment of the journal, which is zeros before."""
    before = set(journal.glob("*.journal"))
    while process.poll() is None:
        if any(_is_written(path, moment) for path in journal.glob("*.journal") if path not in before):
            process.send_signal(signal.SIGKILL)
            break
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.001)
    process.wait(10)


def _is_written(path: Path, offset: int) -> bool:
    with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
        file.seek(offset)
        return any(file.read(64))
    return False


def test_a_replay_killed_again_and_again_loses_and_doubles_nothing(
    start: Start, ask: Ask, record: Record, state: Path
) -> None:
    path = long_recording(record)
    command = ("replay", path, *SMALL_WINDOW)
    moments = [500 + randbelow(30_000) for _ in range(5)]
    accepted: list[int] = []
    for moment in moments:
        process = start(*command, stdout=subprocess.DEVNULL)
        cut_power(process, state / "journal", moment)
        assert process.returncode == -signal.SIGKILL, moments
        for file in (*state.rglob("history.json"), *state.rglob("metadata.json")):
            assert json.loads(file.read_bytes())["version"] == SCHEMA_VERSION, moments
        history = essence(ask("sessions", "history", "user-ada", "--full"))
        assert history == as_recorded(path)[: len(history)], moments
        accepted.append(len(history))
    assert accepted[0] > 0, moments
    assert accepted == sorted(accepted), moments
    summary = ask(*command)
    assert summary["passedOver"] == accepted[-1] < 600, moments
    assert essence(ask("sessions", "history", "user-ada", "--full")) == as_recorded(path), moments
    assert summary["sessions"][0]["edges"][IDLE]["count"] == 12, moments
    assert summary["sessions"][0]["compactions"] > 0, moments
