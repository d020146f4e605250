"""Sessions of very many messages in the context: whatever is done with one, the event loop goes on."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from argentos import (
    Agent,
    Config,
    ContextOverflowError,
    Emit,
    FileStore,
    MemoryStore,
    ModelError,
    Reply,
    Request,
    Session,
    Supervisor,
)
from argentos.actors import Transcript, TranscriptMessage
from argentos.storage import Store
from tests.actors.conftest import count_words
from tests.effort import most_effort_of_a_round

pytestmark = pytest.mark.anyio

MANY: Final = 6000
MOST: Final = 4 * MANY
"""Lines of one round: with a hundred thousand messages some 400,000, which take 20 ms."""


class Brief:
    """Answers, and sums up, in a few words; but there are questions of which it fails once."""

    name = "brief"
    window = 10_000_000

    def __init__(self) -> None:
        self.has_failed = False

    async def reply(self, request: Request, _emit: Emit) -> Reply:
        last = request.messages[-1]
        if not self.has_failed and not request.instruction and last.text in {"fail", "overflow"}:
            self.has_failed = True
            raise ContextOverflowError("too long") if last.text == "overflow" else ModelError("no")
        return Reply(f"Seen up to message {last.number}.")


def transcript() -> Transcript:
    said = (
        TranscriptMessage(role="assistant" if number % 2 else "user", text=f"{number}: they spoke of ships again")
        for number in range(MANY)
    )
    return Transcript(session="long", messages=tuple(said))


@pytest.fixture(params=["memory", "files"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return MemoryStore() if request.param == "memory" else FileStore(tmp_path)


@asynccontextmanager
async def long_session(store: Store) -> AsyncGenerator[Session]:
    config = Config(max_context_tokens=10_000_000, keep_recent_tokens=700)
    async with Supervisor(store, Agent(Brief()), config=config, count=count_words, count_inline=10**6) as supervisor:
        session = supervisor.session("long")
        await session.adopt(transcript())
        yield session


async def expect_short_rounds(*works: Callable[[], Awaitable[object]]) -> None:
    """Whatever is done, one thing after the other, each round of the event loop is short."""
    for work in works:
        most = await most_effort_of_a_round(work)
        assert most < MOST, f"{most} lines, {most / MANY:.1f} for each message, in {work}"


async def regenerate(session: Session) -> None:
    await (await session.regenerate()).reply()


async def fail(session: Session, text: str) -> None:
    with pytest.raises(ModelError):
        await session.ask(text, message_id="m-1")


async def test_no_round_is_long_when_it_is_asked_and_looked_at(store: Store) -> None:
    async with long_session(store) as session:
        await expect_short_rounds(
            partial(session.ask, "Hello?", message_id="m-0"),
            partial(session.ask, "Hello?", message_id="m-0"),
            partial(session.turn, "m-0"),
            session.info,
            session.history,
            partial(session.history, full=True),
            session.transcript,
            partial(session.command, "/status", message_id="m-2"),
        )


async def test_no_round_is_long_when_its_turn_fails_and_is_tried_again_or_overflows(store: Store) -> None:
    async with long_session(store) as session:
        await expect_short_rounds(partial(fail, session, "fail"), session.retry)
    async with long_session(MemoryStore()) as session:
        await expect_short_rounds(partial(session.ask, "overflow"))
        assert await session.summary() is not None


async def test_no_round_is_long_when_messages_leave_the_context_and_come_back(store: Store) -> None:
    async with long_session(store) as session:
        await expect_short_rounds(
            session.compact,
            session.checkpoints,
            session.undo,
            partial(session.rewind, before=MANY // 2),
            session.undo,
            partial(session.rewind, before=MANY - 10),
            partial(session.rewind, before=10),
            session.undo,
            session.undo,
            session.clear,
            partial(session.command, "/resume"),
            session.stop,
        )
        assert len(await session.history()) == MANY


async def test_no_round_is_long_when_it_is_forked_or_answered_again(store: Store) -> None:
    async with long_session(store) as session:
        await session.ask("Hello?")
        await expect_short_rounds(
            partial(session.fork, "now"),
            partial(session.fork, "early", at=MANY // 2),
            partial(regenerate, session),
            session.undo,
            session.compact,
            partial(session.fork, "before", at="c2"),
            partial(session.fork, "in-the-archive", at=MANY // 2),
        )
