"""Effects of a machine that runs: in order, one at a time, tried again, and known by an id."""

import threading
from collections.abc import Callable
from typing import Any, cast

import anyio
import anyio.lowlevel
import pytest

from argentos.errors import DiagramError, InputError
from argentos.machines.running import EffectCall, EffectHandler, MemorySnapshots, Runner
from tests.machines.running.doors import machine, new_clock

pytestmark = pytest.mark.anyio

MAIL = machine(
    "[*] --> Draft: write",
    "Draft --> Sent: send / post, note",
    "Sent --> Lost: post_failed / mourn",
    "Sent --> Draft: again",
)


class Post:
    """A post office that fails some times."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.tried: list[tuple[str, str, int]] = []

    def post(self, call: EffectCall) -> None:
        self.tried.append((call.effect, call.id, call.attempt))
        if self.failures:
            self.failures -= 1
            raise OSError("the road is closed")

    def note(self, call: EffectCall) -> None:
        self.tried.append((call.effect, call.id, call.attempt))

    def mourn(self, call: EffectCall) -> None:
        self.tried.append((f"mourn {call.data}", call.id, call.attempt))

    @property
    def names(self) -> list[str]:
        return [name for name, _, _ in self.tried]


def mail(post: Post, handler: Callable[..., Any] | EffectHandler | None = None, **settings: Any) -> Runner:
    effects = {"post": handler or post.post, "note": post.note, "mourn": post.mourn}
    given: dict[str, Any] = {"clock": new_clock(), "name": "m", **settings}
    return Runner(MAIL, effects=effects, **given)


@pytest.fixture(params=["kept", "unkept"])
def store(request: pytest.FixtureRequest) -> MemorySnapshots | None:
    return MemorySnapshots() if request.param == "kept" else None


async def test_effects_run_in_order_whatever_kind_of_function_each_is(store: MemorySnapshots | None) -> None:
    order: list[str] = []
    thread: list[int] = []

    async def slow() -> None:
        for _ in range(5):
            await anyio.lowlevel.checkpoint()
        order.append("slow")

    def in_thread(_: EffectCall) -> None:
        thread.append(threading.get_ident())
        order.append("in_thread")

    async def later() -> None:
        await anyio.lowlevel.checkpoint()
        order.append("by_lambda")

    chain = machine("[*] --> A: go / plain, slow, in_thread, by_lambda, plain")
    effects = {
        "plain": lambda: order.append("plain"),
        "slow": slow,
        "in_thread": EffectHandler(in_thread, in_thread=True),
        "by_lambda": lambda: later(),  # noqa: PLW0108 - a plain function that gives something to be awaited
    }
    async with Runner(chain, effects=effects, store=store) as runner:
        await runner.send("go")
        assert order == ["plain", "slow", "in_thread", "by_lambda", "plain"]
        assert thread[0] != threading.get_ident()


async def test_an_effect_that_fails_is_tried_again_after_growing_delays_and_those_behind_it_wait(
    store: MemorySnapshots | None,
) -> None:
    post, clock = Post(failures=3), new_clock()
    handler = EffectHandler(post.post, attempts=4, delay=10, backoff=3)
    async with mail(post, handler, clock=clock, store=store) as runner:
        await runner.send("write")
        await runner.send("send")  # which waits for no other attempt
        assert post.tried == [("post", "m/2/0", 1)]
        for seconds, tried in ((9.9, 1), (0.1, 2), (29.9, 2), (0.1, 3), (89.9, 3)):
            clock.advance(seconds)
            await runner.settle()
            assert len(post.tried) == tried
        clock.advance(0.1)
        await runner.settle()
        assert post.tried[2:] == [("post", "m/2/0", 3), ("post", "m/2/0", 4), ("note", "m/2/1", 1)]


async def test_events_go_on_while_an_effect_waits(store: MemorySnapshots | None) -> None:
    post = Post(failures=1)
    async with mail(post, EffectHandler(post.post, attempts=2), store=store) as runner:
        await runner.send("write")
        await runner.send("send")
        await runner.send("again")
        assert runner.state == "Draft"
        assert post.names == ["post"]


async def test_a_failure_for_good_is_logged_and_what_is_behind_it_runs(
    store: MemorySnapshots | None, caplog: pytest.LogCaptureFixture
) -> None:
    post = Post(failures=1)
    async with mail(post, store=store) as runner:
        await runner.send("write")
        await runner.send("send")
        assert (post.names, runner.state) == (["post", "note"], "Sent")
    assert "the effect post failed 1 times, and is given up: OSError('the road is closed')" in caplog.text


async def test_a_failure_for_good_may_be_an_event(store: MemorySnapshots | None) -> None:
    post = Post(failures=1)
    async with mail(post, EffectHandler(post.post, on_failure="post_failed"), store=store) as runner:
        await runner.send("write")
        await runner.send("send")
        await runner.settle()
        assert runner.state == "Lost"
        assert post.names == [
            "post",
            "note",
            "mourn {'effect': 'post', 'error': \"OSError('the road is closed')\"}",
        ]


async def test_an_effect_may_raise_events_itself(store: MemorySnapshots | None) -> None:
    runners: list[Runner] = []
    done: list[str] = []

    async def answer() -> None:
        assert str(await runners[0].send("answer")) == "Asked --> Answered: answer / thank"
        await runners[0].settle()
        done.append("answer")

    asked = machine("[*] --> Asked: ask / answer", "Asked --> Answered: answer / thank")
    effects = {"answer": answer, "thank": lambda: done.append("thank")}
    async with Runner(asked, effects=effects, store=store) as runner:
        runners.append(runner)
        with anyio.fail_after(10):
            await runner.send("ask")
            await runner.settle()
        assert (runner.state, done) == ("Answered", ["answer", "thank"])


async def test_an_effect_that_hangs_is_cancelled_when_its_time_is_over(store: MemorySnapshots | None) -> None:
    post = Post()
    async with mail(post, EffectHandler(anyio.sleep_forever, timeout=0.05), store=store) as runner:
        await runner.send("write")
        with anyio.fail_after(10):
            await runner.send("send")
        assert post.names == ["note"]


async def test_an_effect_that_is_cancelled_by_what_it_calls_has_failed(store: MemorySnapshots | None) -> None:
    post = Post()

    async def cancelled() -> None:
        raise anyio.get_cancelled_exc_class()  # as whoever waits for a task that another has cancelled

    if anyio.get_cancelled_exc_class().__module__.startswith("trio"):
        return  # where nobody can raise it
    async with mail(post, cancelled, store=store) as runner:
        await runner.send("write")
        await runner.send("send")
        assert post.names == ["note"]
        await runner.send("again")


@pytest.mark.parametrize("error", [SystemExit, BaseException])
async def test_an_effect_may_raise_anything(store: MemorySnapshots | None, error: type[BaseException]) -> None:
    post = Post()

    def fail() -> None:
        raise error("it goes wrong")

    async with mail(post, fail, store=store) as runner:
        await runner.send("write")
        await runner.send("send")
        assert post.names == ["note"]


async def test_effects_that_are_due_are_waited_for_at_the_end(store: MemorySnapshots | None) -> None:
    done: list[str] = []

    async def slow() -> None:
        await anyio.lowlevel.checkpoint()
        done.append("slow")

    async with (
        anyio.create_task_group() as group,
        Runner(machine("[*] --> A: go / slow"), effects={"slow": slow}, store=store) as runner,
    ):
        group.start_soon(runner.send, "go")
        while runner.state != "A":
            await anyio.lowlevel.checkpoint()
    assert done == ["slow"]


async def test_effects_that_are_left_over_run_when_the_life_goes_on_with_the_id_and_attempt_that_they_had() -> None:
    post, clock, store = Post(failures=1), new_clock(), MemorySnapshots()
    handler = EffectHandler(post.post, attempts=3, delay=60)
    async with mail(post, handler, clock=clock, store=store) as runner:
        await runner.send("write")
        await runner.send("send", {"to": "Ada"})
        clock.advance(20)
    clock.advance(30)
    async with mail(post, handler, clock=clock, store=store) as runner:
        assert len(post.tried) == 1
        clock.advance(9.9)
        await runner.settle()
        assert len(post.tried) == 1
        clock.advance(0.1)
        await runner.settle()
        assert post.tried[1:] == [("post", "m/2/0", 2), ("note", "m/2/1", 1)]
        assert store.snapshot is not None
        assert store.snapshot.pending == ()


async def test_an_effect_that_is_left_over_has_to_be_there() -> None:
    post, store = Post(failures=1), MemorySnapshots()
    async with mail(post, EffectHandler(post.post, attempts=2), store=store) as runner:
        await runner.send("write")
        await runner.send("send")
    other = machine("[*] --> Draft: write", "Draft --> Sent: send")
    with pytest.raises(InputError, match="the effect 'post' is still to be run, and there is none of that name"):
        async with Runner(other, store=store):
            pass
    async with Runner(other, store=store, effects={"post": post.post, "note": post.note}):
        pass
    assert post.names[-2:] == ["post", "note"]


def greater(one: int, other: int) -> bool:
    return one > other


@pytest.mark.parametrize(
    "made",
    [
        lambda: EffectHandler(print, attempts=0),
        lambda: EffectHandler(print, delay=-1),
        lambda: EffectHandler(print, delay=float("nan")),
        lambda: EffectHandler(print, backoff=0.5),
        lambda: EffectHandler(print, timeout=0),
        lambda: EffectHandler(anyio.sleep_forever, in_thread=True),
        lambda: EffectHandler(cast("Any", "print")),
        lambda: Runner(MAIL, effects={"post": greater, "note": print, "mourn": print}),
        lambda: Runner(MAIL, effects={"post": 7, "note": print, "mourn": print}),
    ],
)
def test_an_effect_of_no_use_is_refused(made: Callable[[], object]) -> None:
    with pytest.raises(InputError):
        made()


def test_an_effect_without_a_function_is_refused() -> None:
    with pytest.raises(DiagramError, match="'mourn', which the program does not run"):
        Runner(MAIL, effects={"post": print, "note": print})
