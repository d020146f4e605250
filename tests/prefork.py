"""Processes of Python programs, forked from one that has imported what they need, which is most of what a start costs.

Where the start of Python itself matters, `subprocess` is the way. So it is where there are no descriptors of processes.
"""

import atexit
import gc
import importlib
import io
import json
import os
import select
import socket
import struct
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias, cast

__all__ = ["ARGENT", "LIBRARIES", "python", "run"]

ARGENT: Final = "import runpy; runpy.run_module('argentos', run_name='__main__', alter_sys=True)"
"""The program of `python -m argentos`."""

_ROOT: Final = Path(__file__).parent.parent
_SERVER: Final = "import sys; from tests.prefork import next_program; exec(next_program(sys.argv[1:]))"
LIBRARIES: Final = (
    "anyio._backends._asyncio",
    "anyio._backends._trio",
    "hypothesis.stateful",
    "msgspec",
    "tiktoken",
    "transitions.extensions",
)
"""Modules of others: with these alone imported, a program may still change what is ours while it is loaded."""

_OURS: Final = (
    *(each for each in LIBRARIES if not each.startswith("hypothesis")),
    "argentos.actors.control.remote",
    "argentos.gateway.cli",
    "argentos.gateway.commands.chat",
    "argentos.gateway.commands.sessions.context.history",
    "argentos.gateway.commands.sessions.listing_work",
    "argentos.gateway.commands.sessions.tail",
    "argentos.gateway.terminal.editor",
    "argentos.gateway.terminal.live",
)
_DESCRIPTORS: Final = 1024  # more than the process that forks has open

_BEGUN: Final = struct.Struct("ci")  # b"b" and the number of the process
_ENDED: Final = struct.Struct("ci")  # b"e" and its status
_asking: Final = threading.Lock()

_Popen: TypeAlias = subprocess.Popen[str]


def python(program: str, *arguments: object, imported: tuple[str, ...] = _OURS, **options: Any) -> _Popen:
    """Start `python -c program arguments` with these options of `Popen`, and texts as its streams.

    Args:
        program: its source.
        arguments: behind `-c` in `sys.argv`.
        imported: the modules that need not be loaded any more.
        options: of `Popen`.
    """
    command = [sys.executable, "-c", program, *map(str, arguments)]
    if not hasattr(os, "pidfd_open"):
        return subprocess.Popen(command, text=True, **options)  # noqa: S603 - ours
    return _Forked(command, imported, text=True, **options)


def run(program: str, *arguments: object, seconds: float, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run it to its end, as `subprocess.run` does; what takes longer than so many seconds is killed."""
    with python(program, *arguments, **options) as process:
        try:
            out, err = process.communicate(timeout=seconds)
        finally:
            process.kill()
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


# The process that forks -----------------------------------------------------------------------------------


def next_program(imported: Iterable[str]) -> str:
    """Serve on standard input; returns in each child, with its program."""
    for name in imported:
        importlib.import_module(name)
    gc.freeze()
    server, poll, tellers = socket.socket(fileno=os.dup(0)), select.poll(), dict[int, tuple[int, int]]()
    poll.register(server, select.POLLIN)
    while True:
        for descriptor, _ in poll.poll():
            if descriptor != server.fileno():
                poll.unregister(descriptor)
                _tell_end(descriptor, *tellers.pop(descriptor))
                continue
            request, descriptors, *_ = socket.recv_fds(server, 1 << 20, 4)
            if not request:
                os._exit(0)
            pid = os.fork()
            if not pid:
                return _begin(descriptors, **json.loads(request))
            *streams, teller = descriptors
            for each in streams:
                os.close(each)
            ending = os.pidfd_open(pid)
            tellers[ending] = (pid, teller)
            poll.register(ending, select.POLLIN)


def _tell_end(ending: int, pid: int, teller: int) -> None:
    _, status = os.waitpid(pid, 0)
    os.close(ending)
    with suppress(BrokenPipeError):  # nobody waits
        os.write(teller, _ENDED.pack(b"e", os.waitstatus_to_exitcode(status)))
    os.close(teller)


def _begin(given: list[int], *, program: str, arguments: list[str], env: dict[str, str], cwd: str) -> str:
    """Become the process that Python would start, and tell of it then: a fork forgets signals that come before."""
    *streams, teller = given
    for number, each in enumerate(streams):
        os.dup2(each, number)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    sys.argv = ["-c", *arguments]
    encoding, _, errors = env.get("PYTHONIOENCODING", "utf-8:surrogateescape").partition(":")
    is_unbuffered = bool(env.get("PYTHONUNBUFFERED"))
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        raw = open(number, "wb" if number else "rb", 0 if number and is_unbuffered else -1, closefd=False)  # noqa: SIM115 - it stays
        stream = io.TextIOWrapper(
            cast("Any", raw),
            encoding,
            "backslashreplace" if name == "stderr" else errors or "strict",
            line_buffering=not is_unbuffered and (name == "stderr" or raw.isatty()),
            write_through=is_unbuffered,
        )
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    os.write(teller, _BEGUN.pack(b"b", os.getpid()))
    os.closerange(3, _DESCRIPTORS)
    return program


# The process that asks for it ------------------------------------------------------------------------------


class _Forked(_Popen):
    """A process that is no child of this one: its number, and later how it ended, come through a pipe."""

    def __init__(self, command: list[str], imported: tuple[str, ...], **options: Any) -> None:
        self._imported = imported
        super().__init__(command, **options)

    def _execute_child(self, args: list[str], *given: Any) -> None:
        """Have it forked; `Popen` has made the pipes, and gives everything by position."""
        cwd, env, pipes = given[4], given[5], given[9:15]
        _, _, program, *arguments = args
        env = dict(os.environ if env is None else env)
        request = {"program": program, "arguments": arguments, "env": env, "cwd": str(cwd or Path.cwd())}
        theirs = (pipes[0], pipes[3], pipes[5])
        streams = [number if each == -1 else each for number, each in enumerate(theirs)]
        self._told, teller = os.pipe()
        self._hang_up = weakref.finalize(self, os.close, self._told)
        self._hang_up.atexit = False
        self._lock = threading.Lock()
        with _asking:
            socket.send_fds(_server(self._imported), [json.dumps(request).encode()], [*streams, teller])
        os.close(teller)
        begun, self.pid = _BEGUN.unpack(os.read(self._told, _BEGUN.size))
        assert begun == b"b", "it ended before it began"
        self._child_created = True
        cast("Any", self)._close_pipe_fds(*pipes)  # noqa: SLF001 - of `Popen`, as this method is

    def _internal_poll(self, _deadstate: int | None = None) -> int | None:
        return self._ended(0)

    def _wait(self, timeout: float | None) -> int:
        status = self._ended(timeout)
        if status is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return status

    def _ended(self, seconds: float | None) -> int | None:
        """How it ended, if it does within that time, or another thread knows."""
        if self._lock.acquire(blocking=seconds != 0):
            try:
                if self.returncode is None and select.select([self._told], [], [], seconds)[0]:
                    _, self.returncode = _ENDED.unpack(os.read(self._told, _ENDED.size))
                    self._hang_up()  # now, for some tests count descriptors
            finally:
                self._lock.release()
        return cast("int | None", self.returncode)


@cache
def _server(imported: tuple[str, ...]) -> socket.socket:
    """A connection to the process that forks, which ends with it."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, "-c", _SERVER, *imported]
    with theirs:
        process = subprocess.Popen(command, stdin=theirs.fileno(), stdout=subprocess.DEVNULL, cwd=_ROOT)  # noqa: S603 - ours

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours
