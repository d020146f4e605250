"""A turn that fills the window by itself goes on: requests show less of its results, and the history keeps all."""

from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import anyio
import pytest

from argentos import (
    Config,
    FileStore,
    MemoryStore,
    Message,
    RecordAppended,
    Replied,
    Reply,
    Request,
    Shortened,
    Supervisor,
    Text,
    ToolResult,
    tool,
)
from argentos.actors.agents import Agent
from argentos.errors import ContextOverflowError
from tests.actors.conftest import count_words
from tests.actors.core.tools import Scripted, call, check_request

pytestmark = pytest.mark.anyio

WINDOW: Final = 2000
ROUNDS: Final = 30


@tool
async def read(page: int, words: int = 150) -> str:
    """Read a page."""
    return f"begin-{page} " + "word " * words + f"end-{page}"


@tool
async def dump() -> str:
    """Dump."""
    return "w " * 700  # a third of the window, in as many characters as a result may have


def size(request: Request) -> int:
    """The tokens of a request as it is sent, by the counter of these tests."""
    found = count_words(request.system) + sum(count_words(str(each)) for each in request.tools)
    found += request.summary.tokens if request.summary else 0
    for message in request.messages:
        found += 4
        for block in message.content:
            match block:
                case Text(text=text):
                    found += count_words(text)
                case ToolResult(content=str(text)):
                    found += 3 + count_words(text)
                case _:
                    found += 8
    return found


class Strict(Scripted):
    """Takes no request that is larger than its window."""

    def __init__(self, *lines: Any, limit: int = WINDOW) -> None:
        super().__init__(*lines)
        self.limit = limit
        self.refused = 0

    async def reply(self, request: Request, emit: Any, /) -> Reply:
        check_request(request.messages)
        if size(request) > self.limit:
            self.refused += 1
            raise ContextOverflowError(f"prompt is too long: {size(request)} tokens")
        return await super().reply(request, emit)


def reading(rounds: int = ROUNDS, **given: Any) -> list[Reply]:
    return [Reply([Text(text=f"Page {at}."), call("read", f"c{at}", page=at, **given)]) for at in range(rounds)]


def supervisor(store: MemoryStore | FileStore, model: Any, *tools: Any, window: int = WINDOW) -> Supervisor:
    config = Config(max_context_tokens=window)
    agent = Agent(model, tools=tools or [read])
    return Supervisor(store, agent, config=config, count=count_words, count_inline=10**6, grace=0)


def results(messages: tuple[Message, ...]) -> list[str]:
    return [str(block.content) for each in messages for block in each.content if isinstance(block, ToolResult)]


# The turn goes on -------------------------------------------------------------------------------------------------


async def test_results_that_fill_the_window_are_shown_in_part_and_kept_whole(store: MemoryStore) -> None:
    model = Strict(*reading(), "Read.")
    async with supervisor(store, model) as owner:
        session = owner.session("maren")
        assert (await session.ask("Read it all.")).text == "Read."
        history = await session.history(full=True)
        info = await session.info()
    assert model.refused == 0
    assert len(model.requests) == ROUNDS + 1
    assert [each.split()[0] for each in results(history)] == [f"begin-{at}" for at in range(ROUNDS)]
    assert [each.split()[-1] for each in results(history)] == [f"end-{at}" for at in range(ROUNDS)]
    assert (info.compactions, info.failed) == (0, 0)
    shown = results(model.requests[-1].messages)
    assert "characters are left out here]" in shown[0]
    assert shown[-1] == results(history)[-1]


async def test_a_mark_says_how_much_is_left_out(store: MemoryStore) -> None:
    model = Strict(*reading(), "Read.")
    async with supervisor(store, model) as owner:
        await owner.session("maren").ask("Read it all.")
    cut = next(each for each in results(model.requests[-1].messages) if "left out" in each)
    begin, mark, end = cut.split("\n")
    page = int(begin.split()[0].removeprefix("begin-"))
    whole = len(str(await read.call({"page": page})))
    assert mark == f"[shortened: {whole - len(begin) - len(end):,} of {whole:,} characters are left out here]"
    assert begin.startswith("begin-")
    assert end.split()[-1].startswith("end-")


async def test_the_oldest_results_go_first_and_the_beginning_of_requests_changes_seldom(store: MemoryStore) -> None:
    model = Strict(*reading(), "Read.")
    async with supervisor(store, model) as owner:
        await owner.session("maren").ask("Read it all.")
    requests = [each.messages for each in model.requests]
    kept = [after[: len(before)] == before for before, after in pairwise(requests)]
    assert kept.count(False) <= 6
    for messages in requests:
        are_cut = ["left out" in each for each in results(messages)]
        assert are_cut == sorted(are_cut, reverse=True)


async def test_rounds_of_a_turn_are_left_out_where_their_results_are_not_what_fills_it(store: MemoryStore) -> None:
    said = "thought " * 60
    rounds = [Reply([Text(text=f"{at} {said}"), call("read", f"c{at}", page=at, words=3)]) for at in range(60)]
    model = Strict(*rounds, "Read.")
    async with supervisor(store, model) as owner:
        session = owner.session("maren")
        assert (await session.ask("Read it all.")).text == "Read."
        history = await session.history(full=True)
    assert model.refused == 0
    assert len(history) == 2 * 60 + 2
    first, mark = model.requests[-1].messages[:2]
    assert first.text == "Read it all."
    assert mark.text.startswith("[shortened: ")
    assert "earlier messages of this turn are left out here; they called read × " in mark.text
    for request in model.requests:  # of each round that is left out the call and its result
        marks = [each.text.split()[1] for each in request.messages if each.text.startswith("[shortened: ")]
        assert all(int(each) % 2 == 0 for each in marks)
    assert (await session_again(store, model)).startswith("Next.")


async def session_again(store: MemoryStore, model: Strict) -> str:
    model.lines.append("Next.")
    async with supervisor(store, model) as owner:
        return (await owner.session("maren").ask("And now?")).text


async def test_a_result_that_is_too_large_by_itself_is_cut_in_the_request(store: MemoryStore) -> None:
    calls = [call("dump", f"c{at}") for at in range(4)]
    model = Strict(Reply(calls), "Dumped.")
    async with supervisor(store, model, dump) as owner:
        session = owner.session("maren")
        assert (await session.ask("Dump four.")).text == "Dumped."
        assert len(results(await session.history(full=True))) == 4


@pytest.mark.parametrize("limit", [600, 1000, 1500])
async def test_a_provider_whose_limit_is_lower_has_its_results_shortened_until_it_takes_them(
    store: MemoryStore, limit: int
) -> None:
    model = Strict(*reading(12), "Read.", limit=limit)
    async with supervisor(store, model) as owner:
        session = owner.session("maren")
        assert (await session.ask("Read it all.")).text == "Read."
        assert len(results(await session.history(full=True))) == 12
    assert 0 < model.refused <= 12


async def test_what_cannot_be_shortened_fails_and_the_session_goes_on(store: MemoryStore) -> None:
    model = Strict(limit=100)
    async with supervisor(store, model) as owner:
        session = owner.session("maren")
        with pytest.raises(ContextOverflowError):
            await session.ask("word " * 200)
        model.limit = WINDOW
        model.lines.append("Yes.")
        assert (await session.ask("And now?")).text == "Yes."


async def test_a_huge_result_of_an_earlier_turn_leaves_the_session_usable(store: MemoryStore) -> None:
    model = Strict(Reply([call("dump", "c1")]), "Dumped.", Reply([call("dump", "c2")]), "Yes.", "Still.")
    async with supervisor(store, model, dump) as owner:
        session = owner.session("maren")
        assert (await session.ask("word " * 700)).text == "Dumped."
        assert (await session.ask("word " * 700)).text == "Yes."
        assert (await session.ask("word " * 700)).text == "Still."
    assert model.refused == 0


async def test_older_messages_become_a_summary_before_anything_of_the_turn_is_shortened(store: MemoryStore) -> None:
    model = Strict("Good.", "Good.", "Good.", *reading(20), "Read.")
    async with supervisor(store, model) as owner:
        session = owner.session("maren")
        for _ in range(3):
            await session.ask("word " * 300)
        assert (await session.ask("Read it all.")).text == "Read."
        info = await session.info()
    assert info.compactions == 1
    assert model.refused == 0


# Durable -----------------------------------------------------------------------------------------------------------


class Hanging(Strict):
    """Answers no more once its lines are said."""

    def __init__(self, *lines: Any) -> None:
        super().__init__(*lines)
        self.is_hanging = anyio.Event()

    async def reply(self, request: Request, emit: Any, /) -> Reply:
        if self.lines:
            return await super().reply(request, emit)
        self.requests.append(request)
        self.is_hanging.set()
        await anyio.sleep_forever()
        return Reply()


@pytest.mark.parametrize("rounds", [12, 14, 22])
async def test_the_request_after_a_restart_is_the_one_before_it(tmp_path: Path, rounds: int) -> None:
    before, after = Hanging(*reading(rounds)), Hanging()
    for model in (before, after):
        async with supervisor(FileStore(tmp_path), model) as owner:
            session = owner.session("maren")
            if model is before:
                await session.send("Read it all.")
            with anyio.fail_after(20):
                await model.is_hanging.wait()
    first, again = before.requests[-1], after.requests[0]
    assert any("left out" in each for each in results(first.messages))
    assert again == first


async def test_an_event_tells_of_what_is_shown_no_more(store: MemoryStore) -> None:
    async with supervisor(store, Strict(*reading(), "Read.")) as owner:
        session = owner.session("maren")
        async with owner.events(session="maren") as events:
            await session.ask("Read it all.")
            shortened: list[Shortened] = []
            async for event in events:
                match event:
                    case RecordAppended(record=Shortened() as record):
                        shortened.append(record)
                    case RecordAppended(record=Replied()):
                        break
                    case _:
                        pass
    assert shortened
    assert all(each.freed > WINDOW / 10 for each in shortened)
    assert [cut.number for each in shortened for cut in each.cuts][:3] == [3, 5, 7]
