"""The demo of channels plays to its end, without an account anywhere."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.gateway, pytest.mark.timeout(300)]

DEMO = Path(__file__).parents[3] / "examples" / "channels.py"


def test_two_people_one_pairing_and_one_conversation_in_both_are_shown() -> None:
    known = {name: value for name, value in os.environ.items() if not name.startswith("ANTHROPIC_")}
    command = [sys.executable, str(DEMO)]
    done = subprocess.run(  # noqa: S603 - ours
        command, check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=known, timeout=240
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"Its dashboard: http://127\.0\.0\.1:\d+/#code=", done.stdout)
    assert re.search(r"telegram:4471 and discord:\d+ share session user-ada", done.stdout)
    assert re.search(r"Ada, on Telegram: tides Husum\n.*high tide at Husum", done.stdout)
    assert re.search(r"Ada, on Discord: And from the desk\?\n.*“And from the desk\?”", done.stdout)
    ada, _, ben = done.stdout.partition("argent sessions history user-ada")[2].partition("argent sessions history")
    assert "tides Husum" in ada
    assert "And from the desk?" in ada
    assert "I am Ben." in ben
    assert "I am Ben." not in ada
    assert re.search(r"telegram +@harbour_bot +connected", done.stdout)
