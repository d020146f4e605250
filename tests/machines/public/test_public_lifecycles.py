"""Lifecycles that everybody knows, as somebody who knows mermaid writes them: each runs, and is drawn."""

import re
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

from argentos.errors import DiagramError
from argentos.machines import END, Diagram, Machine
from argentos.machines.running import Runner
from tests.machines.drawing.geometry import assert_apart, assert_everything_once, boxes_cut
from tests.machines.running.doors import new_clock

TEXTS = sorted((Path(__file__).parent / "texts").glob("*.mmd"))

NEEDED = {
    "ec2_instance": 'state "shutting-down" as shutting_down',
    "elevator": 'state "🔥Fire" as Fire',
    "jira_issue": 'state "In Progress" as In_Progress',
    "oauth_device_flow": "Expired --> [*]: end",
    "print_job": "completed --> [*]: end",
    "webrtc_call": 'state "media.on" as media_on',
}
"""The line that the error shows; all others run as they are written."""


class Sent(NamedTuple):
    """An event with its data."""

    event: str
    data: dict[str, object]


class Life(NamedTuple):
    """A life: what happens, texts being events and numbers seconds that pass; where that leads, and what is done."""

    happens: tuple[str | float | Sent, ...]
    state: str
    effects: str = ""
    facts: dict[str, object] = {}  # noqa: RUF012 - nobody changes it
    durations: dict[str, float] = {}  # noqa: RUF012 - likewise


LIVES = {
    "android_activity": Life(
        ("launch", "start", "resume", "another_activity_comes", "no_longer_visible", "navigate_back", "finish"),
        END,
        "onCreate onStart onResume onPause onStop onRestart onStart onDestroy",
    ),
    "docker_container": Life(
        ("docker_create", "docker_start", "docker_pause", "docker_unpause", "process_exits", 0.2, "oom", "docker_rm"),
        END,
        "SIGSTOP SIGCONT",
        {"restart": "always"},
        {"back_off": 0.1},
    ),
    "ec2_instance": Life(("RunInstances", "booted", "RebootInstances", "TerminateInstances", "is_gone", 3_600.0), END),
    "elevator": Life(
        (Sent("call", {"floor": 4}), "floor_reached", "door_button", "fire_alarm", "key_turned"),
        "Ajar",
        "motor_up brake open_doors go_to_ground_floor",
        {"floor": 1, "is_overloaded": False, "is_standing": True},
    ),
    "git_file": Life(
        ("create_the_file", "git_add", "git_commit_m", "edit_the_file", "git_stash", "git_stash_pop"), "Modified"
    ),
    "github_pull_request": Life(
        ("open_as_draft", "ready_for_review", "checks_fail", "push", "approve", "checks_pass", "merge"),
        "Merged",
        "delete_branch",
        {"is_approved": True, "is_green": True},
    ),
    "http2_stream": Life(("recv_h", "recv_es", "send_es"), "closed"),
    "jira_issue": Life(
        ("create_issue", "start_progress", "resolve", 30 * 86_400.0, "reopen"),
        "Reopened",
        "assign",
        {"has_resolution": True},
    ),
    "kubernetes_pod": Life(
        ("bind_to_node", "pull_images", "containers_started", Sent("container_exits", {"code": 1}), "node_lost", 300.0),
        "Failed",
        "restart_container evict",
        {"restart_policy": "OnFailure"},
    ),
    "oauth_device_flow": Life(
        ("device_authorization_request", 5.0, "slow_down", 5.0, "access_token", 3_600.0, "access_token"),
        "Authorized",
        "show_user_code ask_for_token add_5_seconds ask_for_token store_token ask_for_token store_token",
        durations={"interval": 5, "expires_in": 900, "token_lifetime": 3_600},
    ),
    "print_job": Life(
        ("create_job", "hold_job", 60.0, "printer_is_free", "paper_jam", "paper_loaded", "last_sheet_stacked", "end"),
        END,
        durations={"hold time": 60},
    ),
    "stripe_payment_intent": Life(
        (
            "payment_intent_created",
            "attach",
            "confirm",
            "authenticated",
            "payment_intent_amount_capturable_updated",
            7 * 86_400.0,
        ),
        "canceled",
        "release",
        {"needs_3d_secure": True},
    ),
    "stripe_subscription": Life(
        (
            "customer_subscription_created",
            "invoice_paid",
            14 * 86_400.0,
            "invoice_payment_failed",
            Sent("invoice_payment_failed", {"attempt": 2}),
            Sent("invoice_payment_failed", {"attempt": 4}),
        ),
        "unpaid",
        "remind remind",
        {"has_trial": True, "unpaid_at_end": True},
    ),
    "systemd_unit": Life(
        (
            "start",
            "condition_met",
            "ready_1",
            Sent("main_process_exits", {"status": 1}),
            0.1,
            90.0,
            "reset_failed",
        ),
        "inactive",
        "notify_dependents note_in_journal SIGKILL",
        {"restart": "always"},
        {"TimeoutStartSec": 90, "TimeoutStopSec": 90, "RestartSec": 0.1},
    ),
    "tcp_connection": Life(
        ("active_open", "rcv_syn_ack", "CLOSE", "rcv_ack_of_fin", "rcv_fin", 240.0),
        "CLOSED",
        "create_tcb snd_syn snd_ack snd_fin snd_ack delete_tcb",
        durations={"2MSL": 240},
    ),
    "webrtc_call": Life(
        ("dial", "180_ringing", "200_ok", "ice_connected", "dtls_done"),
        "media_on",
        "send_invite play_tone send_ack stop_tone",
    ),
}


def refused(text: str, name: str) -> DiagramError | None:
    try:
        Machine(Diagram.parse(text, file=name))
    except DiagramError as error:
        return error
    return None


def mended(text: str, error: DiagramError) -> tuple[str, str]:
    """The text after what the sentence of the error says was done, and the line that it shows."""
    lines = text.splitlines()
    if found := re.search(r"write '(\w+)' here, and in a line above '(state \"(.+)\" as \w+)'$", error.problem):
        name, line, title = found.groups()
        return "\n".join([lines[0], f"    {line}", *(each.replace(title, name) for each in lines[1:])]), line
    found = re.search(r"write '(.+)'$", error.problem)
    assert found, error.problem
    lines[error.line - 1] = f"    {found[1]}"
    return "\n".join(lines), found[1]


def diagram(path: Path) -> Diagram:
    text = path.read_text(encoding="utf-8")
    error = refused(text, path.name)
    return Diagram.parse(mended(text, error)[0] if error else text, file=path.name)


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_a_lifecycle_runs_as_it_is_written_or_after_the_line_that_the_error_shows(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    error = refused(text, path.name)
    assert (mended(text, error)[1] if error else None) == NEEDED.get(path.stem)
    Machine(diagram(path))


@pytest.mark.anyio
@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
async def test_a_life_of_it_leads_where_everybody_knows(path: Path) -> None:
    machine, life, clock, done = Machine(diagram(path)), LIVES[path.stem], new_clock(), list[str]()
    effects = {name: partial(done.append, name) for name in machine.effects}
    async with Runner(machine, life.facts, effects=effects, durations=life.durations, clock=clock) as runner:
        for each in life.happens:
            if isinstance(each, Sent):
                await runner.send(each.event, each.data)
            elif isinstance(each, str):
                await runner.send(each)
            else:
                clock.advance(each)
                await runner.settle()
        assert life.state in (runner.state, *runner.active)
    assert " ".join(done) == life.effects


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_its_picture_shows_everything_once_with_all_apart(path: Path) -> None:
    drawn = diagram(path)
    assert_everything_once(drawn)
    assert_apart(drawn)
    assert boxes_cut(drawn) == []
