"""The examples of a service and of a container begin the gateway with a command line that would run."""

import json
import re
import shlex
from pathlib import Path
from typing import Final

from tests.gateway.test_manual import parsed

EXAMPLES: Final = Path(__file__).parents[3] / "examples"
UNIT: Final = (EXAMPLES / "argent.service").read_text(encoding="utf-8")
CONTAINER: Final = (EXAMPLES / "Containerfile").read_text(encoding="utf-8")


def test_the_service_begins_the_gateway_in_the_folder_that_it_may_write() -> None:
    settings = dict(line.split("=", 1) for line in UNIT.splitlines() if re.match(r"[A-Z]\w+=", line))
    program, *words = shlex.split(settings["ExecStart"])
    assert Path(program).name == "argent"
    assert parsed(words) == "argent gateway"
    assert words[:2] == ["--state-dir", f"/var/lib/{settings['StateDirectory']}"]
    assert (settings["Type"], settings["ProtectSystem"], settings["NoNewPrivileges"]) == ("notify", "strict", "yes")
    assert "WatchdogSec" in settings


def test_the_container_begins_the_gateway_and_asks_it_how_it_is() -> None:
    lists = dict(re.findall(r"^(?:HEALTHCHECK .*)?(CMD|ENTRYPOINT) (\[.*\])$", CONTAINER, re.MULTILINE))
    assert json.loads(lists["ENTRYPOINT"]) == ["argent"]
    assert parsed(json.loads(lists["CMD"])) == "argent gateway"
    (asked,) = re.findall(r"^HEALTHCHECK .* CMD (\[.*\])$", CONTAINER, re.MULTILINE)
    assert parsed(json.loads(asked)[1:]) == "argent gateway status"


def test_the_commands_in_their_comments_would_run() -> None:
    text = re.sub(r" \\\n# +", " ", UNIT + CONTAINER)
    found = re.findall(r"^#.*(?:bin/argent|argent argent|:7420 argent) (.*)$", text, re.MULTILINE)
    paths = [parsed(shlex.split(each)) for each in found]
    assert paths == ["argent gateway link", "argent gateway", "argent gateway link"]
