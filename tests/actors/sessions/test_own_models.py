"""A model of one's own is one method; what else it may tell has defaults."""

from dataclasses import dataclass, field
from typing import Any

import anyio
import pytest
from msgspec import Struct

from argentos import Config, Emit, MemoryStore, Model, Reply, Request, Supervisor
from argentos.errors import ModelError
from argentos.storage import Usage
from tests.actors.conftest import Running

pytestmark = pytest.mark.anyio


class Parrot:
    async def reply(self, request: Request, emit: Emit) -> Reply:
        for word in request.messages[-1].text.split():
            await emit(f"{word} ")
        return Reply(request.messages[-1].text)


@dataclass
class Table:
    answers: dict[str, str] = field(default_factory=dict[str, str])
    name: str = "table"

    async def reply(self, request: Request, _emit: Emit) -> Reply:
        return Reply(self.answers.get(request.messages[-1].text, "No idea."))


class Constant(Struct):
    text: str
    window: int | None = 2000

    async def reply(self, request: Request, _emit: Emit) -> Reply:  # noqa: ARG002 - it is always the same
        return Reply(self.text)


@pytest.mark.parametrize("model", [Parrot(), Table(), Constant("Yes.")])
async def test_any_object_with_the_method_answers(running: Running, model: Model) -> None:
    async with running(model) as supervisor:
        assert (await supervisor.session("maren").ask("Hello?")).text in {"Hello?", "No idea.", "Yes."}


async def test_what_is_emitted_is_streamed_before_the_reply(running: Running) -> None:
    async with running(Parrot()) as supervisor:
        turn = await supervisor.session("maren").send("one two three")
        assert [piece async for piece in turn.text()] == ["one ", "two ", "three "]


class Begins:
    """Streams a beginning, and replies."""

    def __init__(self, begin: str) -> None:
        self.begin = begin

    async def reply(self, _request: Request, emit: Emit) -> Reply:
        await emit(self.begin)
        return Reply("One, two.")


@pytest.mark.parametrize(
    ("begin", "pieces"),
    [
        ("", ["One, two."]),
        ("One, ", ["One, ", "two."]),
        ("One, two.", ["One, two."]),
        ("One, two. ", ["One, two. "]),
        ("Hm, ", ["Hm, "]),
    ],
)
async def test_what_is_left_of_a_reply_follows_what_was_streamed_of_it(
    running: Running, begin: str, pieces: list[str]
) -> None:
    async with running(Begins(begin)) as supervisor:
        turn = await supervisor.session("maren").send("Hello?")
        assert [piece async for piece in turn.text()] == pieces
        again = await supervisor.session("maren").turn(turn.message_id)
        assert again is not None
        assert (await again.reply()).text == "One, two."


async def test_a_model_is_named_after_its_class(running: Running) -> None:
    class Odd(Parrot):
        async def reply(self, request: Request, emit: Emit) -> Reply:  # noqa: ARG002 - it is always the same
            return Reply("ok", Usage("m", -1, 0))

    async with running(Odd()) as supervisor:
        with pytest.raises(ModelError, match="the model 'Odd' gave what cannot be taken"):
            await supervisor.session("maren").ask("Hello?")


async def test_a_model_without_a_word_about_summaries_is_not_asked_for_one(running: Running) -> None:
    async with running(Parrot(), config=Config(max_context_tokens=500)) as supervisor:
        session = supervisor.session("maren")
        for number in range(6):
            await session.say(f"{number}: " + "word " * 60)
        await session.compact()
        summary = await session.summary()
    assert summary is not None
    assert summary.method == "extractive"


async def test_a_model_may_make_summaries_in_a_way_of_its_own(running: Running) -> None:
    class Historian(Parrot):
        async def summarise(self, request: Request, _emit: Emit) -> Reply:
            return Reply(f"They said {len(request.messages)} things.")

    async with running(Historian(), config=Config(max_context_tokens=500)) as supervisor:
        session = supervisor.session("maren")
        for number in range(6):
            await session.say(f"{number}: " + "word " * 60)
        await session.compact()
        summary = await session.summary()
    assert summary is not None
    assert summary.method == "model"
    assert summary.text.startswith("They said ")


@pytest.mark.parametrize(("window", "expected"), [(2000, 2000), (500_000, 500_000), (None, 180_000)])
async def test_sessions_have_the_smaller_window_of_model_and_settings(
    running: Running, window: int | None, expected: int
) -> None:
    async with running(Constant("Yes.", window)) as supervisor:
        await supervisor.session("maren").ask("Hello?")
        assert (await supervisor.session("maren").info()).window == expected


async def test_a_model_may_count_its_tokens(running: Running) -> None:
    class Letters(Parrot):
        def count_tokens(self, text: str) -> int:
            return len(text)

    async with running(Letters(), count=None, count_inline=None) as supervisor:
        await supervisor.session("maren").ask("x" * 100)
        assert (await supervisor.session("maren").info()).tokens == 2 * 104


class Plain:
    def reply(self, request: Request, _emit: Emit) -> Reply:
        return Reply(request.messages[-1].text)


class Generating:
    async def reply(self, request: Request, _emit: Emit) -> Any:
        yield Reply(request.messages[-1].text)


class Terse:
    async def reply(self, request: Request, _emit: Emit) -> Any:
        return request.messages[-1].text


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (Plain(), r"a thing of the kind 'Reply'; make its method `async def`, and return a Reply"),
        (Generating(), r"a thing of the kind 'async_generator'; make its method `async def`, and return a Reply"),
        (Terse(), r"the reply is the text 'Hello\?'; give a Reply"),
    ],
)
async def test_a_method_of_another_shape_is_told_what_to_be(running: Running, model: Any, sentence: str) -> None:
    async with running(model) as supervisor:
        with pytest.raises(ModelError, match=sentence):
            await supervisor.session("maren").ask("Hello?")


class Learning(Parrot):
    """Knows its window once it has asked for it, or cannot ask."""

    def __init__(self, window: int | None) -> None:
        self.asked = 0
        self.window: int | None = None
        self._told = window

    async def learn(self) -> None:
        self.asked += 1
        if self._told is None:
            raise OSError("nobody tells")
        self.window = self._told


@pytest.mark.parametrize(
    ("told", "config", "asked", "expected"),
    [
        (50_000, Config(), 1, 50_000),
        (None, Config(), 1, 180_000),
        (50_000, Config(max_context_tokens=9000), 0, 9000),
    ],
)
async def test_a_model_asks_for_its_window_where_no_setting_has_one(
    store: MemoryStore, told: int | None, config: Config, asked: int, expected: int
) -> None:
    model = Learning(told)
    async with Supervisor(store, model, config=config) as supervisor:
        await anyio.wait_all_tasks_blocked()
        await supervisor.session("maren").ask("Hello?")
        assert (await supervisor.session("maren").info()).window == expected
    assert model.asked == asked
