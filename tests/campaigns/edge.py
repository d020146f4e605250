"""A life of the campaign of the edge: public methods and the control socket called with nonsense, in one process.

It is given a folder, a seed, and how many calls to make, and says a line for each thing that its parent has to know:
`ack SESSION ID` once a witness is durable, `call NAME`, and `problem …` for whatever must not be.
"""

import inspect
import json
import logging
import math
import os
import random
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import anyio
import msgspec
from anyio.abc import UNIXSocketStream

from argentos import Address, Config, Delivery, FileStore, OfflineModel, Session, Supervisor, Text, Turn, errors
from argentos.actors import Transcript, TranscriptMessage, TranscriptSummary
from argentos.actors.control.operations import OPERATIONS
from argentos.actors.control.socket_file import connect
from argentos.errors import ArgentError

_address: Any = Address  # for what a type checker would refuse

WITNESSES: Final = ("witness-0", "witness-1", "witness-2")
_BETWEEN: Final = 10  # calls between two witnesses
_LONGEST: Final = 5.0  # seconds for a call
_NOT_CALLED: Final = {"drain"}  # it is the end of a life
_IDS: Final = ("ada", "Ada", "a/b", "../x", "ada", "👩\u200d👧", "x" * 512)


class Odd:
    """Values that nobody meant, and such that somebody might."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.random = random.Random(seed)  # noqa: S311 - a campaign, and it can be repeated
        self._folder = folder
        self._made = 0

    def value(self) -> Any:
        """A value of any type, size and encoding."""
        return self.random.choice(
            (
                None,
                True,
                0,
                -1,
                7,
                2**63,
                10**50,
                1.5,
                math.nan,
                math.inf,
                "",
                " ",
                "hi",
                "half \ud83d",
                "a\0b",
                "a\nb",
                "\x1b[31m",
                "é" * 300,
                "x" * 5000,
                b"bytes",
                [],
                [None],
                {},
                {"a": 1},
                (),
                object(),
                datetime(2026, 1, 1),  # noqa: DTZ001 - that is the point
                datetime(2026, 1, 1, tzinfo=UTC),
                _address("chat", self.random.choice((None, 7, "1"))),
                Config(),
                Ellipsis,
                print,
            )
        )

    def argument(self, name: str) -> Any:
        """For a parameter of this name, as often what it is for as anything else."""
        if self.random.random() < 0.4:
            return self.value()
        self._made += 1
        meant: dict[str, Callable[[], Any]] = {
            "content": self._content,
            "message_id": lambda: self.random.choice((None, 4711, f"m{self._made % 30}", "x" * 512)),
            "address": lambda: self.random.choice((None, Address("chat", "1"), Address("telegram", "2"))),
            "sender": lambda: self.random.choice((None, "Ada", 7)),
            "patience": lambda: self.random.choice((0.0, 0.01)),
            "session_id": lambda: self.random.choice(_IDS),
            "session": lambda: self.random.choice(_IDS),
            "agent": lambda: self.random.choice(("main", "sales")),
            "channel": lambda: "chat",
            "target": lambda: self._folder / f"backup-{self._made}",
            "path": lambda: str(self._folder / f"backup-{self._made}"),
            "transcript": self._transcript,
            "limit": lambda: self.random.choice((None, 1, 1000)),
            "full": lambda: True,
            "focus": lambda: "the ships",
        }
        return meant.get(name, self.value)()

    def _content(self) -> Any:
        blocks: list[Any] = [Text("Look"), {"type": "of_tomorrow", "x": self.value()}, self.value()]
        texts: list[Any] = ["Hello?", "x" * 3000, "é\u200d"]
        return self.random.choice([*texts, blocks[:1], blocks[:2], blocks])

    def _transcript(self) -> Any:
        message: Any = TranscriptMessage
        made: Any = Transcript
        role = self.random.choice(("user", "assistant", self.value()))
        messages = [message(role=role, text="hi", id=self.argument("message_id")) for _ in range(3)]
        summary = self.random.choice((None, TranscriptSummary(text="all"), self.value()))
        return made(session="ada", messages=tuple(messages), summary=summary)


def methods_of(target: object) -> Iterator[str]:
    """The names of everything public that can be called: what is added later is found by itself."""
    kind: type = type(target)
    for name, member in inspect.getmembers(kind):
        if not name.startswith("_") and name not in _NOT_CALLED and callable(member):
            yield name


class Life:
    """One process's calls.

    Args:
        supervisor: running.
        odd: makes the values.
        directory: the state directory, in which the control socket is.
    """

    def __init__(self, supervisor: Supervisor, odd: Odd, directory: Path) -> None:
        self._supervisor = supervisor
        self._odd = odd
        self._directory = directory
        self._targets: list[Any] = []

    async def call(self) -> None:
        """Call something with something, and look at what comes of it."""
        if self._odd.random.random() < 0.3:
            await self._ask_socket()
            return
        session = self._supervisor.session(self._odd.random.choice(_IDS))
        target = self._odd.random.choice([self._supervisor, session, session, session, *self._targets[-6:]])
        name = self._odd.random.choice([*methods_of(target)])
        say("call", f"{type(target).__name__}.{name}")
        method = getattr(target, name)
        arguments = {
            each.name: self._odd.argument(each.name)
            for each in inspect.signature(method).parameters.values()
            if each.default is inspect.Parameter.empty or self._odd.random.random() < 0.5
        }
        try:
            with anyio.move_on_after(_LONGEST):
                await self._follow(method(**arguments))
        except ArgentError as error:
            if isinstance(error, errors.SupervisorStoppedError):
                say("problem", f"{name} found the supervisor stopped")
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            say("problem", f"{type(target).__name__}.{name}({arguments!a:.300}) raised {error!r:.300}")

    async def _follow(self, result: Any) -> None:
        """Wait for what can be waited for, enter what can be entered, and keep what has methods of its own."""
        if inspect.isawaitable(result):
            result = await result
        if isinstance(result, Turn | Session | Delivery):
            self._targets.append(result)
        elif hasattr(result, "__aenter__"):
            async with result as entered:
                if hasattr(entered, "__anext__"):
                    with anyio.move_on_after(0.02):
                        await self._follow(await anext(entered))

    # The control socket -------------------------------------------------------------------------------------

    async def _ask_socket(self) -> None:
        data = self._line()
        say("call", "socket")
        try:
            stream = await UNIXSocketStream.from_socket(connect(self._directory))
        except OSError as error:
            say("problem", f"the control socket cannot be reached: {error}")
            return
        answer = bytearray()
        async with stream:
            with anyio.move_on_after(_LONGEST):
                try:
                    await stream.send(data)
                    while not _is_answered(answer):
                        answer += await stream.receive()
                except (anyio.EndOfStream, anyio.BrokenResourceError):
                    pass
        self._check(data, bytes(answer))

    def _line(self) -> bytes:
        """A request, or what somebody might take for one."""
        chance = self._odd.random.random()
        if chance < 0.1:
            return self._odd.random.randbytes(self._odd.random.randrange(2000)) + b"\n"
        if chance < 0.2:
            return self._odd.random.choice(
                (b"\n", b"{}\n", b"[" * 100_000 + b"\n", b"9" * 100_000 + b"\n", b"nul", b'"\\ud800"\n', b"\xff\xfe\n")
            )
        row = self._odd.random.choice([*OPERATIONS.values()])
        arguments = {
            each.encode_name: self._odd.argument(each.name)
            for each in msgspec.structs.fields(row.parameters)
            if self._odd.random.random() < 0.9
        }
        request = {
            "id": self._odd.random.choice((0, 1, 2**53, -1, "1")),
            "request": row.name,
            "agent": self._odd.argument("agent"),
            "session": self._odd.argument("session"),
            "arguments": arguments,
            "protocol": self._odd.random.choice((1, 1, 1, 2, "1")),
        }
        fields = {key: value for key, value in request.items() if self._odd.random.random() < 0.95}
        line = json.dumps(fields, default=_as_json, ensure_ascii=self._odd.random.random() < 0.5)
        return line.encode("utf-8", "surrogatepass") + b"\n"

    def _check(self, data: bytes, answer: bytes) -> None:
        for line in filter(None, answer.split(b"\n")[:-1]):
            found: Any = msgspec.json.decode(line)
            if found["answer"] != "failed":
                continue
            sentence = found["sentence"]
            if found["error"] not in errors.__all__ or sentence.startswith("the owner of the state directory failed"):
                say("problem", f"the socket answered {data[:300]!a} with {sentence:.300}")


def _is_answered(lines: bytearray) -> bool:
    return b'"answer":"done"' in lines or b'"answer":"failed"' in lines


def _as_json(value: Any) -> Any:
    return msgspec.to_builtins(value) if isinstance(value, msgspec.Struct | datetime) else str(value)[:100]


def say(kind: str, what: str) -> None:
    """A line for the parent."""
    sys.stdout.write(f"{kind} {' '.join(what.split())!a}\n")
    sys.stdout.flush()


async def live(folder: Path, seed: int, calls: int) -> None:
    """Open the directory, see that the witnesses of earlier lives are there, and make the calls."""
    odd = Odd(seed, folder)
    directory = folder / "state"
    store = FileStore(directory, segment_size=1 << 20)
    config = Config(mailbox_limit=20, keep_recent_tokens=100, max_context_tokens=5000)
    async with Supervisor(store, OfflineModel(), config=config, outbox=("chat",), grace=0) as supervisor:
        await _check_witnesses(supervisor, folder / "ledger")
        life = Life(supervisor, odd, directory)
        for number in range(calls):
            if number % _BETWEEN == 0:
                await _witness(supervisor, odd.random.choice(WITNESSES), f"w-{seed}-{number}")
            await life.call()
    say("done", str(calls))


async def _check_witnesses(supervisor: Supervisor, ledger: Path) -> None:
    known = {name: await _ids_of(supervisor.session(name)) for name in WITNESSES}
    lines = await anyio.Path(ledger).read_text() if ledger.exists() else ""  # noqa: ASYNC240 - a file of ours
    for line in lines.splitlines():
        session, message_id = line.split()
        if known[session].count(message_id) != 1:
            say("problem", f"{message_id} stands {known[session].count(message_id)} times in {session}")


async def _ids_of(session: Session) -> list[str]:
    try:
        return [message.id for message in await session.history(full=True)]
    except errors.SessionNotFoundError:
        return []


async def _witness(supervisor: Supervisor, session: str, message_id: str) -> None:
    try:
        with anyio.fail_after(20):
            await supervisor.session(session).send("I was here", message_id=message_id, patience=10)
    except Exception as error:  # noqa: BLE001 - whatever it is, another one is hurt
        say("problem", f"{session} took no message: {error!r:.300}")
    else:
        say("ack", f"{session} {message_id}")


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)  # what is told of nonsense is told in errors
    os.chdir(sys.argv[1])  # relative paths lead there
    anyio.run(live, Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
