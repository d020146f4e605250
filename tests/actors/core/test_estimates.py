"""How full the window is: one estimate, that no report can make absurd, for whoever asks and whatever is decided."""

from pathlib import Path

import pytest

from argentos import Config, Emit, FileStore, Reply, Request, Session, SessionInfo, Supervisor
from argentos.errors import ContextOverflowError, MessageTooLargeError
from argentos.storage import Usage
from tests.actors.conftest import Running, count_words

pytestmark = pytest.mark.anyio

WINDOW = 20_000


class Reporting:
    """A model that truthfully reports a system prompt and tools of its own."""

    name = "reporting"

    def __init__(self, overhead: int, ratio: float = 1.0, claimed: float = 1.0) -> None:
        self.token_ratio = claimed
        self.overhead = overhead
        self.ratio = ratio
        self.requests: list[Request] = []

    def size(self, request: Request) -> int:
        local = sum(message.tokens for message in request.messages) + count_words(request.system)
        if request.summary:
            local += request.summary.tokens
        return self.overhead + int(self.ratio * local)

    async def reply(self, request: Request, _emit: Emit) -> Reply:
        self.requests.append(request)
        return Reply("word " * 20, Usage(self.name, self.size(request), int(24 * self.ratio)))


class Small:
    """A server that takes no request of more than so many tokens, and reports nothing."""

    name = "small"

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.refused = 0

    async def reply(self, request: Request, _emit: Emit) -> Reply:
        local = sum(message.tokens for message in request.messages)
        if local + (request.summary.tokens if request.summary else 0) > self.limit:
            self.refused += 1
            raise ContextOverflowError(f"prompt is too long: more than {self.limit} tokens")
        return Reply("Yes.")


# What reports teach ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("overhead", [400, 2000, 8000])
async def test_what_a_model_adds_to_a_short_message_makes_no_later_one_too_large(
    running: Running, overhead: int
) -> None:
    model = Reporting(overhead)
    async with running(model, config=Config(max_context_tokens=WINDOW)) as supervisor:
        session = supervisor.session("jason")
        await session.ask("hi")
        assert (await session.info()).tokens == overhead + 5 + 24
        for words in (280, 600, 2000):
            turn = await session.send("word " * words)
            before = await session.info()
            await turn.reply()
            assert before.compactions == 0
            assert before.tokens == pytest.approx(model.size(model.requests[-1]), rel=0.15)


async def test_what_a_model_adds_has_a_compaction_keep_no_less(running: Running) -> None:
    kept: list[int] = []
    for overhead in (0, 2000):
        model = Reporting(overhead)
        async with running(model, config=Config(max_context_tokens=WINDOW, keep_recent_tokens=3000)) as supervisor:
            session = supervisor.session(f"jason-{overhead}")
            await session.ask("hi")
            while (await session.info()).compactions == 0:
                await session.ask("word " * 80)
            kept.append(len(await session.history()))
    assert kept[1] >= kept[0] * 0.8


@pytest.mark.parametrize("claimed", [1.0, 1.8])
@pytest.mark.parametrize("ratio", [0.5, 1.0, 1.3, 2.5])
@pytest.mark.parametrize("overhead", [0, 300, 3000])
async def test_the_window_of_a_truthful_model_is_never_overrun(
    running: Running, overhead: int, ratio: float, claimed: float
) -> None:
    model = Reporting(overhead, ratio, claimed)
    async with running(model, config=Config(max_context_tokens=WINDOW)) as supervisor:
        session = supervisor.session("jason")
        for number in range(150):
            await session.ask("word " * (20 + number % 90))
        info = await session.info()
    sizes = [model.size(request) for request in model.requests]
    assert max(sizes) <= WINDOW
    assert info.compactions < 40
    assert max(sizes) > WINDOW / 3 or sum(sizes[-1:]) < WINDOW * 0.85


@pytest.mark.parametrize("count", [1, 10**6, 10**9 - 100_000])
async def test_a_wild_report_leaves_a_session_that_goes_on(running: Running, count: int) -> None:
    model = Reporting(count)
    async with running(model) as supervisor:
        session = supervisor.session("jason")
        await session.ask("hi")
        model.overhead = 0
        for words in (10, 5000, 20_000):
            await session.ask("word " * words)
        info = await session.info()
        assert info.compactions == 0
        assert info.tokens < 60_000


async def test_a_message_is_refused_by_what_is_counted_and_not_by_what_is_guessed(running: Running) -> None:
    model = Reporting(0, ratio=4.0, claimed=4.0)
    async with running(model, config=Config(max_context_tokens=1000)) as supervisor:
        session = supervisor.session("jason")
        await session.ask("word " * 100)
        await session.ask("word " * 396)
        with pytest.raises(MessageTooLargeError, match="about 401 tokens; with a window of 1000 the most is 400"):
            await session.ask("word " * 397)


@pytest.mark.parametrize("usage", [Usage("reporting", 0, 0), None])
async def test_a_model_that_reports_no_tokens_is_compacted_by_the_local_count(
    running: Running, usage: Usage | None
) -> None:
    class Silent(Reporting):
        async def reply(self, request: Request, _emit: Emit) -> Reply:
            self.requests.append(request)
            return Reply("word " * 20, usage)

    async with running(Silent(0), config=Config(max_context_tokens=1000)) as supervisor:
        session = supervisor.session("jason")
        for _ in range(20):
            await session.ask("word " * 80)
            assert 0 < (await session.info()).percent < 100
        assert (await session.info()).compactions > 0


# One estimate ----------------------------------------------------------------------------------------------------


async def test_what_is_shown_is_what_decides(running: Running) -> None:
    model = Reporting(0, claimed=1.8)
    config = Config(max_context_tokens=10_000)
    async with running(model, config=config, system="word " * 1000) as supervisor:
        session = supervisor.session("jason")
        await session.say("word " * 3700)
        shown = (await session.info()).percent
        assert shown == pytest.approx(100 * 1.8 * 4704 / 10_000, abs=0.1)
        assert (await supervisor.list())[0].percent == shown
        await session.say("word " * 100)
        assert (await session.info()).compactions == 1  # above 85 %


async def test_other_processes_are_told_the_owners_estimate(running: Running, tmp_path: Path) -> None:
    model = Reporting(500, ratio=1.5, claimed=1.8)
    async with running(model, on=FileStore(tmp_path), system="word " * 1000) as supervisor:
        await supervisor.session("asked").ask("word " * 500)
        await supervisor.session("told").say("word " * 500)
        async with Supervisor.connect(tmp_path) as owner:
            for name in ("asked", "told"):
                info = await supervisor.session(name).info()
                assert await owner.session(name).info() == info
            assert await owner.list() == await supervisor.list()


# The model's own count --------------------------------------------------------------------------------------------


class Counting:
    """Counts itself where it is asked, and reports nothing; what it counts is a half of what it claims."""

    name = "counting"
    token_ratio = 2.0
    window = 10_000

    def __init__(self, *, fails: bool = False) -> None:
        self.fails = fails
        self.measured = 0
        self.largest = 0

    def size(self, request: Request) -> int:
        return sum(message.tokens for message in request.messages)

    async def measure(self, request: Request) -> int:
        self.measured += 1
        if self.fails:
            raise OSError("no route")
        return self.size(request)

    async def reply(self, request: Request, _emit: Emit) -> Reply:
        self.largest = max(self.largest, self.size(request))
        return Reply("word " * 20)


@pytest.mark.parametrize(("fails", "least"), [(False, 7000), (True, 3000)])
async def test_a_compaction_that_the_estimate_begins_too_early_is_put_off_by_the_model_s_own_count(
    running: Running, *, fails: bool, least: int
) -> None:
    model = Counting(fails=fails)
    async with running(model) as supervisor:
        session = supervisor.session("maren")
        await session.ask("word " * 300)
        while (info := await session.info()).compactions == 0:
            await session.ask("word " * 300)
    assert least < model.largest <= 10_000
    assert 0 < model.measured < 60
    assert info.failed == 0


async def test_what_the_model_counts_is_believed_over_a_restart_and_shown(running: Running, tmp_path: Path) -> None:
    shown: list[SessionInfo] = []
    for _ in range(2):
        async with running(Counting(), on=FileStore(tmp_path)) as supervisor:
            session = supervisor.session("maren")
            while not shown:
                await session.ask("word " * 300)
                if not (await session.info()).is_guess:
                    break
            shown.append(await session.info())
    assert shown[0].tokens == shown[1].tokens < 5500
    assert (shown[0].compactions, shown[1].is_guess) == (0, False)


# A model that can take no more -----------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [300, 2000, 15_000])
async def test_a_server_whose_limit_is_below_what_a_compaction_keeps_can_be_used(running: Running, limit: int) -> None:
    model = Small(limit)
    async with running(model) as supervisor:  # a window of 180,000 tokens, of which 20,000 are kept
        session = supervisor.session("jason")
        await fill(session, limit)
        info = await session.info()
        assert (info.failed, info.state) == (0, "Active")
        assert info.compactions > 0
        assert len(await session.history(full=True)) == info.messages
    assert 0 < model.refused < 60


async def fill(session: Session, limit: int) -> None:
    for number in range(40):
        assert (await session.ask(f"{number} " + "word " * (limit // 10))).text == "Yes."


async def test_an_overflow_takes_all_but_the_last_message_if_it_must(running: Running) -> None:
    async with running(Small(120)) as supervisor:
        session = supervisor.session("jason")
        await session.ask("word " * 100)
        assert (await session.ask("another " * 100)).text == "Yes."
        assert [message.text.split()[0] for message in await session.history()] == ["another", "Yes."]


async def test_a_message_that_is_too_large_by_itself_fails_and_harms_no_later_one(running: Running) -> None:
    async with running(Small(120)) as supervisor:
        session = supervisor.session("jason")
        await session.ask("Hello?")
        with pytest.raises(ContextOverflowError, match="more than 120"):
            await session.ask("word " * 200)
        assert (await session.info()).failed == 1
        assert (await session.ask("And now?")).text == "Yes."
