"""Forked processes under strace: what they ask of the kernel, and what becomes of them when it refuses.

strace stops them at their system calls, so a fault is below Python and below SQLite, and whatever they do about it is
what they would do about a disk that fails.
"""

import ctypes
import gc
import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from tests.campaigns.children import Child

KINDS: Final = ("EIO", "ENOSPC", "EINTR", "EMFILE", "EACCES", "SIGKILL")
SECONDS: Final = 60.0
_CALL: Final = re.compile(r"(?P<thread>\d+) +(?P<name>\w+)\((?P<arguments>.*)")
_PHASE: Final = re.compile(r'.*\[\\"phase\\", \\"(?P<phase>[\w ]+)\\"\]')
_READY: Final = b"."
_PR_SET_PTRACER: Final = 0x59616D61


class Call(NamedTuple):
    """A system call on the state directory.

    Attributes:
        ordinal: 1 for the first call of this name since strace looks on, wherever it goes.
        paths: those that it names, or that stand behind its descriptors, below the state directory.
    """

    phase: str
    name: str
    ordinal: int
    paths: tuple[str, ...]


class Fault(NamedTuple):
    """How a call fails: the name of an error, or SIGKILL instead of the call."""

    call: Call
    kind: str

    @property
    def options(self) -> tuple[str, ...]:
        name, ordinal = self.call.name, self.call.ordinal
        how = "signal=SIGKILL" if self.kind == "SIGKILL" else f"error={self.kind}"
        return ("-e", f"trace={name}", "-e", f"inject={name}:{how}:when={ordinal}")

    def __str__(self) -> str:
        name, ordinal = self.call.name, self.call.ordinal
        return f"{name}:{ordinal}:{self.kind} ({self.call.phase}: {name} {' '.join(self.call.paths)})"


class Watched(NamedTuple):
    """A process that has ended.

    Attributes:
        status: as `os.waitstatus_to_exitcode` gives it, or None where it had to be killed because it did not end.
        trace: the lines of strace.
        told: what it wrote to its pipe, or to standard output and error.
        trouble: its traceback, if it left one.
    """

    status: int | None
    trace: list[str]
    told: str
    trouble: str


def watched(work: Callable[[int], None], scratch: Path, options: Sequence[str] = ()) -> Watched:
    """Fork a child that does the work under strace; it is given the descriptor of its pipe."""
    trouble, trace = scratch / "trouble", scratch / "trace"
    for path in (trouble, trace):
        path.unlink(missing_ok=True)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    child = Child(lambda mouth: _begin(work, mouth), trouble)
    child.listen(SECONDS, until=lambda: bool(child.heard))
    with _attached(child.pid, trace, options) as strace:
        os.kill(child.pid, signal.SIGUSR1)
        has_ended = child.listen(SECONDS)
        if not has_ended:
            child.kill()
        status = child.end()
        strace.communicate(timeout=SECONDS)
    told = child.heard.removeprefix(_READY).decode("utf-8", "backslashreplace")
    lines = trace.read_text(encoding="utf-8", errors="backslashreplace").splitlines()
    return Watched(status if has_ended else None, lines, told, trouble.read_text() if trouble.exists() else "")


def _begin(work: Callable[[int], None], mouth: int) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PTRACER, -1, 0, 0, 0)  # where only parents may look on
    for descriptor in (1, 2):
        os.dup2(mouth, descriptor)
    gc.disable()  # or it closes, at some time or other, what the parent has left
    os.write(mouth, _READY)
    signal.sigwait({signal.SIGUSR1})
    work(mouth)


def _attached(pid: int, trace: Path, options: Sequence[str]) -> subprocess.Popen[str]:
    command = ["strace", "-f", "-y", "-s", "200", "-o", str(trace), *options, "-p", str(pid)]
    strace = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)  # noqa: S603 - our own command
    assert strace.stderr is not None
    said = strace.stderr.readline()
    if "attached" not in said:
        raise RuntimeError(f"strace cannot look on: {said}{strace.communicate(timeout=SECONDS)[1]}")
    return strace


def calls(trace: Sequence[str], state: Path) -> Iterator[Call]:
    """The system calls on the state directory, each with its phase."""
    below = re.compile(re.escape(str(state)) + r'([^">]*)')
    counts: dict[str, int] = {}
    phase = ""
    for found in filter(None, map(_CALL.match, trace)):
        name = found["name"]
        counts[name] = counts.get(name, 0) + 1
        if told := _PHASE.match(found["arguments"]):
            phase = told["phase"]
        elif paths := below.findall(found["arguments"].rsplit(" = ", 1)[0]):
            yield Call(phase, name, counts[name], tuple(path or "/" for path in paths))


def thread_count(trace: Sequence[str]) -> int:
    """How many threads made calls."""
    return len({found["thread"] for found in map(_CALL.match, trace) if found})
