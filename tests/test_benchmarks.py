"""The benchmarks run; what they measure is not judged here."""

import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parent.parent

pytestmark = [
    pytest.mark.campaign,
    pytest.mark.skipif(sys.platform != "linux", reason="the benchmarks read /proc"),
]


@pytest.mark.parametrize("part", ["asks", "rounds", "soak"])
def test_the_short_form_of_a_benchmark_of_the_actors_runs(part: str, tmp_path: Path) -> None:
    output = tmp_path / "figures.json"
    folders = ["--directory", str(tmp_path), "--json", str(output)]
    command = [sys.executable, "-m", "benchmarks.actors", part, "--quick", *folders]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    assert done.returncode == 0, done.stderr
    assert f'"{part}":' in output.read_text()


def test_the_short_form_of_the_benchmark_of_lists_and_searches_runs(tmp_path: Path) -> None:
    output = tmp_path / "figures.json"
    command = [
        sys.executable,
        "-m",
        "benchmarks.search",
        "--quick",
        "--directory",
        str(tmp_path),
        "--json",
        str(output),
    ]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    assert done.returncode == 0, done.stderr
    assert '"search":' in output.read_text()


def test_the_short_form_of_the_benchmark_of_a_gateway_runs(tmp_path: Path) -> None:
    output = tmp_path / "figures.json"
    command = [sys.executable, "-m", "benchmarks.gateway", "--quick", "--json", str(output)]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    assert done.returncode == 0, done.stderr
    assert '"at once":' in output.read_text()


def test_the_benchmark_of_what_an_extract_keeps_runs() -> None:
    options = ["--window", "3000", "--language", "en", "--chatter", "radio", "--seeds", "1"]
    command = [sys.executable, "-m", "benchmarks.retention", *options]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    assert done.returncode == 0, done.stderr
    assert [line.split(":")[0].split() for line in done.stdout.splitlines()] == [
        ["3000", "en", "after", each] for each in ("1", "5", "20")
    ]
