"""A life of the campaign of the edge: public methods and the control socket called with nonsense, in one process.

It is given a folder, a seed, and how many calls to make, and says a line for each thing that its parent has to know:
`ack SESSION ID` once a witness is durable, `call NAME`, and `problem …` for whatever must not be.
"""

import inspect
import json
import logging
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import anyio
import msgspec
from anyio.abc import UNIXSocketStream

from argentos import (
    AccountSettings,
    Agent,
    Config,
    Delivery,
    FileStore,
    OfflineModel,
    RoutingSettings,
    Session,
    Supervisor,
    Turn,
    errors,
    tool,
)
from argentos.actors.control.operations import OPERATIONS
from argentos.actors.control.socket_file import connect
from argentos.errors import ArgentError
from argentos.llm import Emit, Reply, Request
from argentos.storage import ToolUse
from tests.campaigns.machine_calls import MachineCalls
from tests.campaigns.odd import ASK, IDS, Odd

WITNESSES: Final = ("witness-0", "witness-1", "witness-2")
_BETWEEN: Final = 10  # calls between two witnesses
_LONGEST: Final = 5.0  # seconds for a call
_NOT_CALLED: Final = {"drain"}  # it is the end of a life


@tool(needs_approval=True)
async def look(at: int) -> str:
    """Look at something."""
    return f"seen {at}"


class Asking(OfflineModel):
    """The offline model, which calls a tool at some messages."""

    async def reply(self, request: Request, emit: Emit) -> Reply:
        """A call that a person has to allow, or a reply."""
        if request.messages[-1].text == ASK:
            number = len(request.messages)
            return Reply([ToolUse(f"c-{number}", "look", {"at": number})])
        return await super().reply(request, emit)


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
        self._machines = MachineCalls(odd, directory.parent / "machines")
        self._public = (supervisor, supervisor.pairing, supervisor.catalogue)
        self._targets: list[Any] = []

    async def call(self) -> None:
        """Call something with something, and look at what comes of it."""
        chance = self._odd.random.random()
        if chance < 0.3:
            await self._ask_socket()
        elif chance < 0.4:
            name, work = self._machines.choice()
            await self._try(name, work, "")
        else:
            await self._call_method()

    async def _call_method(self) -> None:
        session = self._supervisor.session(self._odd.random.choice(IDS))
        target = self._odd.random.choice([*self._public, session, session, session, *self._targets[-6:]])
        name = self._odd.random.choice([*methods_of(target)])
        method = getattr(target, name)
        arguments = {
            each.name: self._odd.argument(each.name)
            for each in inspect.signature(method).parameters.values()
            if each.default is inspect.Parameter.empty or self._odd.random.random() < 0.5
        }

        async def work() -> None:
            await self._follow(method(**arguments))

        await self._try(f"{type(target).__name__}.{name}", work, ascii(arguments))

    async def _try(self, name: str, work: Callable[[], Awaitable[None]], arguments: str) -> None:
        say("call", name)
        try:
            with anyio.move_on_after(_LONGEST):
                await work()
        except ArgentError as error:
            if isinstance(error, errors.SupervisorStoppedError):
                say("problem", f"{name} found the supervisor stopped")
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            say("problem", f"{name}({arguments:.300}) raised {error!r:.300}")

    async def _follow(self, result: Any) -> None:
        """Wait for what can be waited for, enter what can be entered, and keep what has methods of its own."""
        if inspect.isawaitable(result):
            result = await result
        if isinstance(result, Turn | Session | Delivery):
            self._targets.append(result)
        elif hasattr(result, "__anext__"):
            with anyio.move_on_after(0.02):
                await self._follow(await anext(result, None))
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
    agent = Agent(Asking(), tools=[look])
    routing = RoutingSettings(accounts={("chat", None): AccountSettings(policy="pairing")})
    async with Supervisor(store, agent, config=config, outbox=("chat",), routing=routing, grace=0) as supervisor:
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
