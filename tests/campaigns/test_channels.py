"""Gateways killed with -9 between a message and its acknowledgement, a reply and its delivery, that and its record."""

import json
import os
import random
import secrets
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import anyio
import anyio.to_thread
import pytest

from argentos import OwnerGoneError, OwnerLostError, StoreBusyError, Supervisor, SupervisorInterface

if TYPE_CHECKING:
    from subprocess import Popen

from tests.campaigns.platforms import PLATFORMS, Platform
from tests.prefork import ARGENT, python

PEOPLE = 2  # who write in each life
SECONDS = 60.0  # for what has to happen, beside other work
LATER = 0.03  # seconds after a moment, at most, in which it is killed
AGAIN = "(Sent again: whether it arrived before is not known.)\n"
BEGUN = "(Sent anew: a beginning of it may stand above.)\n"
DRAFT = "You said …"
MODELS = """
import anyio
from argentos import Reply

class Echo:
    async def reply(self, request, emit):
        return Reply(f"You said: {request.messages[-1].text}")

class Slow:
    async def reply(self, request, emit):
        await emit("You said")
        await anyio.sleep(2.5)  # by then a draft is shown
        return Reply(f"You said: {request.messages[-1].text}")
"""

MOMENTS = (
    ("given", "later"),  # perhaps in the journal, perhaps not, and not acknowledged
    ("asked", "at once"),  # the reply is in the journal, and not delivered
    ("shown", "at once"),  # delivered, and the gateway does not know it
    ("shown", "later"),  # and perhaps has noted it
)
MOMENTS_OF_DRAFTS = MOMENTS[1:]  # of the first message that shows a reply


@contextmanager
def gateway(state: Path, platform: Platform) -> Generator["Popen[str]"]:
    """A gateway in a process of its own; whatever becomes of it, it does not outlive this."""
    with (state.parent / "log").open("a") as log:
        process = python(
            ARGENT,
            *("gateway", "--port", "0", "--state-dir", state),
            imported=("argentos.gateway.cli", "argentos.gateway.server.serving", *platform.modules),
            env={**os.environ, "BOT_TOKEN": platform.token},
            stdout=log,
            stderr=log,
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


async def kill_a_life(state: Path, platform: Platform, moment: tuple[str, str], before: range, people: range) -> None:
    """Have people write to a gateway that owes nothing any more, and kill it at a moment of theirs."""
    name, when = moment
    killed = anyio.Event()
    delay = random.uniform(0, LATER)  # noqa: S311 - a moment

    with gateway(state, platform) as process:

        def watch(now: str, person: int) -> bool:
            if now != name or person not in people or killed.is_set():
                return not (killed.is_set() and when == "at once")
            killed.set()
            if when == "at once":
                process.kill()
            return when != "at once"

        platform.watch(watch)
        await answered(state, platform, before)
        with anyio.fail_after(SECONDS):
            await platform.begin()
            for person in people:
                await platform.write(person, f"message {person}")
            await killed.wait()
        await anyio.sleep(delay if when == "later" else 0)
        process.kill()
        await anyio.to_thread.run_sync(process.wait)


async def answered(state: Path, platform: Platform, people: range) -> None:
    """Wait until these people have their replies, and that is noted: then one kill costs one repeat at most."""
    with anyio.fail_after(SECONDS):
        while not all(set(platform.shown(person)) - {DRAFT} for person in people):  # noqa: ASYNC110 - of another process
            await anyio.sleep(0.02)
        async with Supervisor.connect(state) as owner:
            while people and await owes(owner):  # noqa: ASYNC110 - likewise
                await anyio.sleep(0.02)


async def owes(owner: SupervisorInterface) -> bool:
    """Whether a gateway that runs, or is just beginning, owes a reply."""
    with suppress(OwnerGoneError, OwnerLostError, StoreBusyError):
        return bool(await owner.owed())
    return True


@pytest.mark.parametrize("kind", PLATFORMS)
@pytest.mark.timeout(4000)
def test_each_reply_arrives_and_is_repeated_once_at_most_and_only_where_it_says_so(
    tmp_path: Path, scale: int, kind: str
) -> None:
    lives = Lives("Echo", 200 if scale > 1 else 8, MOMENTS, _check)
    anyio.run(_live, tmp_path, kind, lives)


@pytest.mark.parametrize("kind", PLATFORMS)
@pytest.mark.timeout(4000)
def test_what_shows_a_reply_while_it_is_made_becomes_the_reply_or_the_reply_tells_of_it(
    tmp_path: Path, scale: int, kind: str
) -> None:
    lives = Lives("Slow", 60 if scale > 1 else 3, MOMENTS_OF_DRAFTS, _check_drafts)
    anyio.run(_live, tmp_path, kind, lives)


class Lives(NamedTuple):
    """Lives of gateways that are killed.

    Attributes:
        model: answers in them.
        number: of lives.
        moments: at which they are killed, one after the other.
        check: what people see in the end.
    """

    model: str
    number: int
    moments: Sequence[tuple[str, str]]
    check: Callable[[Platform, range, str], None]


async def _live(folder: Path, kind: str, lives: Lives) -> None:
    state = folder / "state"
    state.mkdir(mode=0o700)
    (state / "models.py").write_text(MODELS)
    random.seed(seed := secrets.randbits(32))
    async with PLATFORMS[kind]() as platform:
        account = {"tokenEnv": "BOT_TOKEN", "policy": "open", "stream": lives.model == "Slow", **platform.settings}
        agent = {"model": f"models.py:{lives.model}", "session": {"channelScope": "per-channel"}}
        settings = {"agents": {"main": agent}, "channels": {kind: account}}
        (state / "argent.json").write_text(json.dumps(settings))
        everybody = range(1000, 1000 + PEOPLE * lives.number)
        for life, moment in zip(range(lives.number), cycle(lives.moments), strict=False):
            first = everybody[PEOPLE * life]
            await kill_a_life(state, platform, moment, range(1000, first), range(first, first + PEOPLE))
        platform.watch(lambda _, __: True)
        with gateway(state, platform):
            await answered(state, platform, everybody)
            await anyio.sleep(1)  # for what would come once more
        lives.check(platform, everybody, f"seed {seed}, see {folder / 'log'}")
        assert platform.violations() == []


def _check(platform: Platform, everybody: range, hint: str) -> None:
    repeats = 0
    for person in everybody:
        found = platform.shown(person)
        assert {each.removeprefix(AGAIN) for each in found} == {f"You said: message {person}"}, (person, found, hint)
        unmarked = [each for each in found if not each.startswith(AGAIN)]
        assert len(unmarked) <= 1, (person, found, hint)
        assert len(found) <= (1 if platform.recognises else 2), (person, found, hint)
        repeats += len(found) - 1
    print(f"{len(everybody)} replies, {repeats} of them shown a second time, with a mark")  # noqa: T201 - the figure


def _check_drafts(platform: Platform, everybody: range, hint: str) -> None:
    left = 0
    for person in everybody:
        found = platform.shown(person)
        *drafts, reply = found
        assert drafts in ([], [DRAFT]), (person, found, hint)
        assert reply.removeprefix(BEGUN) == f"You said: message {person}", (person, found, hint)
        if platform.recognises:
            assert found == [f"You said: message {person}"], (person, found, hint)
        if drafts:
            assert reply.startswith(BEGUN), (person, found, hint)
        left += len(drafts)
    print(f"{len(everybody)} replies, {left} of them behind a beginning that stayed, with a mark")  # noqa: T201 - likewise
