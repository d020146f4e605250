"""A life: sessions that talk at once, through the public API, until something ends them."""

import base64
import itertools
import zlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final, NamedTuple

import anyio

from argentos import Address, Config, Delivery, FileStore, Session, Supervisor, Turn
from argentos.actors.outbox.deliveries import Deliveries
from argentos.llm import Emit, Reply, Request
from argentos.storage import ContentLike, Image, Text
from tests.campaigns.aims import chance_from
from tests.campaigns.doomed import Fate, Next, make_and_delete

SESSIONS: Final = 6
SEGMENT_SIZE: Final = 32 * 1024
CHANNEL: Final = "telegram"
CONFIG: Final = Config(max_context_tokens=500, idle_after=0.01, passivate_after=0.02, max_crashes=1000)  # here all die
PICTURE: Final = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x1c\0\0\0\x1c"
"""The begin of one of 28 by 28 pixels."""

PAUSES: Final = (0.0, 0.0, 0.0, 0.001, 0.004, 0.04)  # the last one is long enough to become idle and leave memory

Delivering = Callable[[Delivery], AbstractContextManager[None]]
"""Delivers; inside of it that is said to be done."""


class Outside(NamedTuple):
    """What outlives the process, and is told what happens.

    Attributes:
        start: is told session and message before it is sent.
        acknowledge: is told session, message and the number that it was accepted under.
        delivering: what the outbox gives goes there.
        fate: of the sessions that are made to be deleted.
    """

    start: Callable[[int, int], None]
    acknowledge: Callable[[int, int, int], None]
    delivering: Delivering
    fate: Fate


class Plan(NamedTuple):
    """How to live.

    Attributes:
        resend: for each session, messages to send first though they may be there.
        first: for each session, the first message to send after these.
        doomed: the first session to be deleted.
        closes_after: seconds until the supervisor is closed in order.
        delivers: what the outbox gives; otherwise it stays owed.
    """

    seed: str
    backend: str
    resend: tuple[tuple[int, ...], ...]
    first: tuple[int, ...]
    doomed: Next
    closes_after: float | None = None
    delivers: bool = True


def session_id(index: int) -> str:
    return f"session-{index}"


def message_id(index: int, message: int) -> str:
    return f"m{index}-{message:06}"


def text_of(index: int, message: int) -> str:
    """The text of a message, always the same: some words, and one time in eight kilobytes besides."""
    size = zlib.crc32(message_id(index, message).encode())
    words = " ".join(f"{size >> shift & 0xFFF:03x}" for shift in range(size % 20))
    return f"Of session {index} the message {message}: {words} {'x' * (size % 8192) if size % 8 == 0 else 'x'}"


def picture_of(index: int, message: int) -> bytes | None:
    """The picture in a message, always the same: one in seven has one, of some kilobytes; it counts as a token."""
    name = message_id(index, message).encode()
    size = zlib.crc32(name)
    return None if size % 7 else PICTURE + name + bytes(size % 20_000)


def content_of(index: int, message: int) -> ContentLike:
    """The content of a message: its text, and its picture where it has one."""
    text, picture = text_of(index, message), picture_of(index, message)
    if picture is None:
        return text
    source = {"type": "base64", "media_type": "image/png", "data": base64.b64encode(picture).decode()}
    return [Text(text=text), Image(source=source)]


def address_of(index: int, message: int) -> Address | None:
    """Where the message comes from, always the same: every third session talks by the channel, four times in five."""
    if index % 3 or zlib.crc32(message_id(index, message).encode()) % 5 == 0:
        return None
    return Address(CHANNEL, session_id(index))


def answer_to(message: str) -> str:
    """The only right answer to the message with this id."""
    return f"As to {message}: " + "indeed " * (zlib.crc32(message.encode()) % 20 + 1)


def count_words(text: str) -> int:
    return text.count(" ") + 1


class InstantModel:
    """Answers at once, and summarises."""

    name = "instant"
    can_summarise = True

    async def reply(self, request: Request, _emit: Emit) -> Reply:
        await anyio.lowlevel.checkpoint()
        return Reply("In short." if request.instruction else answer_to(request.messages[-1].id))


def store_on(state: Path) -> FileStore:
    return FileStore(state, segment_size=SEGMENT_SIZE)


def supervisor_on(store: FileStore) -> Supervisor:
    return Supervisor(store, InstantModel(), config=CONFIG, count=count_words, grace=1, outbox=(CHANNEL,))


def live(plan: Plan, state: Path, outside: Outside) -> None:
    """Talk in all sessions, and deliver. Ends only if the plan says so."""
    anyio.run(_live, plan, state, outside, backend=plan.backend)


async def _live(plan: Plan, state: Path, outside: Outside) -> None:
    async with supervisor_on(store_on(state)) as supervisor:
        with anyio.move_on_after(plan.closes_after or 60):
            async with anyio.create_task_group() as group:
                if plan.delivers:
                    group.start_soon(_deliver_all, supervisor, outside.delivering)
                group.start_soon(make_and_delete, supervisor, plan.doomed, outside.fate, chance_from(plan.seed))
                for index in range(SESSIONS):
                    talker = _Talker(index, supervisor.session(session_id(index)), outside)
                    group.start_soon(talker.talk, plan)


async def _deliver_all(supervisor: Supervisor, delivering: Delivering) -> None:
    async with supervisor.outbox(CHANNEL) as deliveries, anyio.create_task_group() as group:
        async for delivery in deliveries:
            group.start_soon(_deliver, delivery, delivering)


async def deliver_next(deliveries: Deliveries, delivering: Delivering) -> None:
    """Deliver what is next, once it has come."""
    await _deliver(await anext(deliveries), delivering)


async def _deliver(delivery: Delivery, delivering: Delivering) -> None:
    with delivering(delivery):
        await delivery.done()


async def send(session: Session, index: int, message: int) -> Turn:
    """Send a message as it always is."""
    address = address_of(index, message)
    return await session.send(content_of(index, message), message_id=message_id(index, message), address=address)


class _Talker:
    def __init__(self, index: int, session: Session, outside: Outside) -> None:
        self._index = index
        self._session = session
        self._outside = outside

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
        self._outside.start(self._index, message)
        turn = await send(self._session, self._index, message)
        self._outside.acknowledge(self._index, message, turn.number)
        if waits:
            await turn.reply()
