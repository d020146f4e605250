"""A life: sessions that talk at once, through the public API, until something ends them."""

import itertools
import zlib
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Final, NamedTuple

import anyio

from argentos import Config, FileStore, Session, Supervisor
from argentos.llm import Reply, Request
from tests.campaigns.aims import chance_from

SESSIONS: Final = 6
SEGMENT_SIZE: Final = 32 * 1024
CONFIG: Final = Config(max_context_tokens=500, idle_after=0.01, passivate_after=0.02)
PAUSES: Final = (0.0, 0.0, 0.0, 0.001, 0.004, 0.04)  # the last one is long enough to become idle and leave memory

Acknowledge = Callable[[int, int, int], None]
"""Is told session, message and the number that it was accepted under."""


class Plan(NamedTuple):
    """How to live.

    Attributes:
        resend: for each session, messages to send first though they may be there.
        first: for each session, the first message to send after these.
        closes_after: seconds until the supervisor is closed in order.
    """

    seed: str
    backend: str
    resend: tuple[tuple[int, ...], ...]
    first: tuple[int, ...]
    closes_after: float | None = None


def session_id(index: int) -> str:
    return f"session-{index}"


def message_id(index: int, message: int) -> str:
    return f"m{index}-{message:06}"


def text_of(index: int, message: int) -> str:
    """The text of a message, always the same: some words, and one time in eight kilobytes besides."""
    size = zlib.crc32(message_id(index, message).encode())
    words = " ".join(f"{size >> shift & 0xFFF:03x}" for shift in range(size % 20))
    return f"Of session {index} the message {message}: {words} {'x' * (size % 8192) if size % 8 == 0 else 'x'}"


def answer_to(message: str) -> str:
    """The only right answer to the message with this id."""
    return f"As to {message}: " + "indeed " * (zlib.crc32(message.encode()) % 20 + 1)


def count_words(text: str) -> int:
    return text.count(" ") + 1


class InstantModel:
    """Answers at once, and summarises."""

    name = "instant"
    token_ratio = 1.0
    can_summarise = True

    async def stream(self, request: Request) -> AsyncGenerator[str | Reply, None]:
        await anyio.lowlevel.checkpoint()
        yield Reply("In short." if request.instruction else answer_to(request.messages[-1].id))


def supervisor_on(state: Path) -> Supervisor:
    return Supervisor(
        FileStore(state, segment_size=SEGMENT_SIZE), InstantModel(), config=CONFIG, count=count_words, grace=1
    )


def live(plan: Plan, state: Path, start: Callable[[int, int], None], acknowledge: Acknowledge) -> None:
    """Talk in all sessions; `start` is told each message before it is sent. Ends only if the plan says so."""
    anyio.run(_live, plan, state, start, acknowledge, backend=plan.backend)


async def _live(plan: Plan, state: Path, start: Callable[[int, int], None], acknowledge: Acknowledge) -> None:
    async with supervisor_on(state) as supervisor:
        with anyio.move_on_after(plan.closes_after or 60):
            async with anyio.create_task_group() as group:
                for index in range(SESSIONS):
                    talker = _Talker(index, supervisor.session(session_id(index)), start, acknowledge)
                    group.start_soon(talker.talk, plan)


class _Talker:
    def __init__(
        self, index: int, session: Session, start: Callable[[int, int], None], acknowledge: Acknowledge
    ) -> None:
        self._index = index
        self._session = session
        self._start = start
        self._acknowledge = acknowledge

    async def talk(self, plan: Plan) -> None:
        chance = chance_from(f"{plan.seed}/{self._index}")
        await self._send_all(plan.resend[self._index], waits=False)
        messages = itertools.count(plan.first[self._index])
        while True:
            burst = tuple(itertools.islice(messages, chance.randint(1, 3)))
            await self._send_all(burst, waits=chance.random() < 0.5)
            await anyio.sleep(chance.choice(PAUSES))

    async def _send_all(self, messages: tuple[int, ...], *, waits: bool) -> None:
        async with anyio.create_task_group() as group:
            for message in messages:
                group.start_soon(self._send, message, waits)

    async def _send(self, message: int, waits: bool) -> None:  # noqa: FBT001 - start_soon gives no keywords
        self._start(self._index, message)
        text = text_of(self._index, message)
        turn = await self._session.send(text, message_id=message_id(self._index, message))
        self._acknowledge(self._index, message, turn.number)
        if waits:
            await turn.reply()
