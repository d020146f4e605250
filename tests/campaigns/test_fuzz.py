"""Requests of all kinds that the OpenAPI document allows, and some that it does not, one by one and in chains.

Nothing may be answered by 5xx, or otherwise than the document says; and the process stays as small as it was.
"""

import signal
import subprocess
import sys
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Final

import pytest

EXAMPLES: Final = 40  # of each operation
REQUESTS: Final = 2000  # at least
GROWTH: Final = 300_000  # kilobytes
LONGEST: Final = 900  # seconds of one seed
CHECKS: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "ignored_auth",
)
COMMAND: Final = (
    str(Path(sys.executable).with_name("schemathesis")),
    *("run", "--no-color", "--continue-on-failure", "--phases", "coverage,fuzzing,stateful"),
    *("--checks", ",".join(CHECKS), "--exclude-operation-id", "follow_events", "--request-timeout", "60"),
    *("--suppress-health-check", "all"),
)


class Gateway:
    """The process of a gateway, as its client sees it."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdout is not None
        self.token, port = process.stdout.readline().decode().split()
        self.address = f"http://127.0.0.1:{port}"
        self._status = Path(f"/proc/{process.pid}/status")

    @property
    def kilobytes(self) -> int:
        """What it has in memory."""
        line = next(each for each in self._status.read_text().splitlines() if each.startswith("VmRSS"))
        return int(line.split()[1])

    @property
    def requests(self) -> int:
        """How many it has answered."""
        request = urllib.request.Request(  # noqa: S310 - ours
            f"{self.address}/metrics", headers={"Authorization": f"Bearer {self.token}"}
        )
        with urllib.request.urlopen(request) as answer:  # noqa: S310 - ours
            lines = answer.read().decode().splitlines()
        return int(sum(float(each.split()[-1]) for each in lines if each.startswith("argent_http_requests_total")))


@contextmanager
def running(state: Path) -> Generator[Gateway]:
    command = [sys.executable, "-m", "tests.campaigns.fuzzed", str(state)]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE) as process:  # noqa: S603 - ours
        try:
            yield Gateway(process)
            process.send_signal(signal.SIGTERM)
            process.wait(20)
        finally:
            process.kill()


def ask(gateway: Gateway, folder: Path, seed: int) -> None:
    """Have one gateway asked what this seed makes up."""
    done = subprocess.run(  # noqa: S603 - ours
        [
            *(*COMMAND, "--max-examples", str(EXAMPLES), "--seed", str(seed)),
            *("--header", f"Authorization: Bearer {gateway.token}"),
            f"{gateway.address}/api/v1/openapi.json",
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST,
    )
    assert done.returncode == 0, done.stdout[-20_000:]


@pytest.mark.timeout(5000)
def test_no_request_is_answered_by_a_fault(tmp_path: Path, scale: int) -> None:
    with running(tmp_path / "state") as gateway:
        before, requests, seeds = gateway.kilobytes, 0, count(1)
        while requests < REQUESTS * scale:  # one seed asked for ten times as much makes up the same again and again
            ask(gateway, tmp_path, next(seeds))
            asked, requests = requests, gateway.requests
            sys.stdout.write(f"{requests} requests; {before // 1000} MB before, {gateway.kilobytes // 1000} MB now\n")
            assert requests - asked > REQUESTS // 4
        assert gateway.kilobytes - before < GROWTH
