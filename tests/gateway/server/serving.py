"""A gateway in a process of its own, and a client of it that sends whatever it likes."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from argentos.gateway.access.tokens import Tokens

__all__ = ["RUN", "Answer", "Served", "comes_true", "serving"]

_LONGEST: Final = 30.0  # seconds
_ROOT: Final = Path(__file__).parents[3]

RUN: Final = "from argentos.__main__ import run; run()"
"""The program of `argent`."""

_TAKING_OUT: Final = "from tests.gateway.attacks.taking_out import without_defence; without_defence()\n"


class Answer(NamedTuple):
    """A response."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """That of the problem document."""
        assert self.headers["content-type"] == "application/problem+json", self
        return str(self.json["code"])


class Served:
    """A gateway that runs.

    Attributes:
        state: its state directory.
        link: signs a browser in.
        token: may do everything.
    """

    def __init__(self, process: subprocess.Popen[bytes], state: Path, log: Path, url: str, link: str) -> None:
        self.process = process
        self.state = state
        self.url = url
        self.link = link
        self.tokens = Tokens(state)
        self.token = self.tokens.new(f"tests-{uuid.uuid4().hex}")
        self._log = log
        parts = urlsplit(url)
        assert parts.port is not None
        self.port: int = parts.port

    @property
    def log(self) -> str:
        """What it has logged."""
        return self._log.read_text(encoding="utf-8")

    @property
    def descriptors(self) -> int:
        """How many it has open."""
        return len([*Path(f"/proc/{self.process.pid}/fd").iterdir()])

    @property
    def threads(self) -> int:
        """How many it has."""
        return len([*Path(f"/proc/{self.process.pid}/task").iterdir()])

    @property
    def memory(self) -> int:
        """Bytes that it has in memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS"))

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = "",
        headers: Mapping[str, str] | None = None,
        chunks: Iterable[bytes] | None = None,
    ) -> Answer:
        """The response to a request with a token, its own where none is given, and none for None."""
        shown = {} if token is None else {"Authorization": f"Bearer {token or self.token}"}
        given = {**shown, **(headers or {})}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if body is not None:
            given.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_LONGEST)
        try:
            if chunks is not None:
                connection.request(method, path, iter(chunks), given, encode_chunked=True)
            else:
                connection.request(method, path, body, given)
            response = connection.getresponse()
            told = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, told, response.read())
        finally:
            connection.close()

    def connect(self) -> socket.socket:
        """A connection on which nothing was said."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=_LONGEST)

    def end(self) -> float:
        """Have it end; gives the seconds that it took."""
        begun = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(_LONGEST)
        return time.monotonic() - begun


def _port(options: Sequence[str]) -> list[str]:
    return [] if "--port" in options else ["--port", "0"]


@contextmanager
def serving(
    state: Path,
    *options: str,
    program: str = RUN,
    umask: int = 0o022,
    environment: Mapping[str, str] | None = None,
    inherits: int | None = None,
) -> Generator[Served]:
    """Serve the sessions of a state directory on a port that is free.

    Args:
        state: the directory.
        options: of `argent gateway`.
        program: runs the command line.
        umask: of the process.
        environment: further variables.
        inherits: a descriptor that it is given.
    """
    log = state.with_name(f"{state.name}.log")
    planted = _TAKING_OUT if "ARGENT_WITHOUT_DEFENCE" in os.environ else ""
    command = [
        sys.executable,
        "-c",
        planted + program,
        "gateway",
        *_port(options),
        "--json",
        "--state-dir",
        str(state),
        *options,
    ]
    known = {name: value for name, value in os.environ.items() if not name.startswith("ANTHROPIC_")}
    with (
        log.open("wb") as logged,
        subprocess.Popen(  # noqa: S603 - ours
            command,
            stdout=subprocess.PIPE,
            stderr=logged,
            env={**known, **(environment or {})},
            cwd=_ROOT,
            umask=umask,
            pass_fds=() if inherits is None else (inherits,),
        ) as process,
    ):
        try:
            assert process.stdout is not None
            told = process.stdout.readline()
            assert told, log.read_text(encoding="utf-8")
            started = json.loads(told)
            yield Served(process, state, log, started["url"], started["link"])
        finally:
            process.kill()


def comes_true(check: Callable[[], bool], seconds: float = _LONGEST) -> bool:
    """Whether something comes true of a process within a time."""
    deadline = time.monotonic() + seconds
    while not (is_true := check()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return is_true
