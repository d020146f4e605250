"""Starting what is measured, each in a process of its own, and what the kernel says of it."""

import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

import click

__all__ = ["Finished", "compiled", "machine", "run_module"]

_LONGEST: Final = 3600.0  # seconds
_KIB: Final = 1024


class Finished(NamedTuple):
    """A process that has ended well.

    Attributes:
        output: what it printed.
        wall: seconds from its start to its end; `cpu` those it computed, in user and system mode.
        memory: bytes, the most it ever held.
    """

    output: bytes
    wall: float
    cpu: float
    memory: int


def machine() -> dict[str, str]:
    """Where and on what something is measured, and what else is running."""
    return {
        "system": f"{platform.system()} {platform.release()}, {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "cores": str(os.cpu_count()),
        "load": " ".join(f"{load:.2f}" for load in os.getloadavg()),
    }


def run_module(
    name: str, *arguments: object, environment: Mapping[str, str] | None = None, timeout: float = _LONGEST
) -> Finished:
    """Run `python -m name arguments…`, killed after `timeout` seconds.

    Raises:
        click.ClickException: it failed; its last words are in the sentence.
    """
    command = [sys.executable, "-m", name, *map(str, arguments)]
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        before = time.monotonic()
        process = subprocess.Popen(  # noqa: S603 - this interpreter, on our own modules
            command, stdout=output, stderr=errors, env={**os.environ, **(environment or {})}
        )
        timer = threading.Timer(timeout, process.kill)
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - before
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        for file in (output, errors):
            file.seek(0)
        if process.returncode:
            said = errors.read().decode(errors="replace").strip().splitlines()[-3:]
            raise click.ClickException(f"{' '.join(command[2:])} ended with {process.returncode}: {' / '.join(said)}")
        return Finished(output.read(), wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * _KIB)


def compiled(source: Path, folder: Path, *options: str) -> Path:
    """Compile a C file; the program, in the folder, has its name without the ending.

    Raises:
        click.ClickException: there is no compiler, or it failed.
    """
    program = folder / source.stem
    try:
        subprocess.run(  # noqa: S603 - the system's compiler, on our own source
            ["cc", "-O2", *options, "-o", program, source],  # noqa: S607 - wherever it is
            check=True,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise click.ClickException(f"{source.name} was not compiled ({error}); install a C compiler as `cc`") from error
    return program
