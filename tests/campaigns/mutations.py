"""The worker of the campaign of damaged state directories.

python -m tests.campaigns.mutations FOLDER FIRST COUNT SHARE OF [PLANT]    the seeds from FIRST on; prints an `Outcome`
python -m tests.campaigns.mutations FOLDER SEED                            one of them; prints what came of it
"""

import gc
import logging
import signal
import sys
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

import anyio
import msgspec
from msgspec import Struct

from argentos.actors import Config
from argentos.errors import ArgentError, ConfigError, StoreVersionError
from argentos.storage import Accepted, FileStore, Message, Metadata, SessionKey, Snapshot, Store, fold, inline
from tests.campaigns.children import Child
from tests.campaigns.damage import Damage, Damager
from tests.campaigns.plants import PLANTS
from tests.campaigns.workload import Step, is_sentence, listening, take
from tests.campaigns.wrecks import SEGMENT_SIZE, Wreck

RESULTS: Final = ("whole", "altered", "older", "refused")
SECONDS: Final = 3
_LATER: Final = datetime(2026, 2, 1, tzinfo=UTC)


class Outcome(Struct):
    """What the campaign saw: of each mutation the part that it hit, its kind and its result; the problems."""

    results: list[tuple[str, str, str]]
    problems: list[str]


class Shown(NamedTuple):
    """A session as the store shows it."""

    snapshot: Snapshot | None
    messages: tuple[Message, ...]
    error: ArgentError | None


class Survey:
    """A damaged directory, opened and used as if nothing had happened.

    Attributes:
        results: what became of the sessions that were touched, each one of `RESULTS`.
        problems: what must not be, in sentences.
    """

    def __init__(self, damage: Damage, wreck: Wreck) -> None:
        self.results: set[str] = set()
        self.problems: list[str] = []
        self._damage = damage
        self._wreck = wreck
        self._reports: list[str] = []

    async def make(self) -> None:
        with listening() as heard:
            async with _store_in(self._damage.state) as store:
                shown = {story.key: await _show(store, story.key) for story in self._wreck.stories}
                page = await store.list("main")
                self._reports = [*heard, *page.problems]
                self._judge(shown, page.sessions)
                later = {key: await self._go_on(store, key) for key in shown}
        self.problems += [f"no sentence: {each[:300]!r}" for each in heard if not is_sentence(each)]
        async with _store_in(self._damage.state) as store:
            for key, snapshot in later.items():
                again = await _show(store, key)
                if snapshot and again.snapshot != snapshot:
                    self.problems.append(
                        f"{key}: what was accepted later is not there at the next start: {again.error}"
                    )

    def _judge(self, shown: dict[SessionKey, Shown], listed: Sequence[Metadata]) -> None:
        for key, each in shown.items():
            expected = _expected(self._wreck, key)
            if key in self._damage.touched:
                self._judge_touched(key, each, expected)
            elif each != expected:
                self.problems.append(f"{key}: untouched, and yet it shows {_difference(each, expected)}")
            elif expected.snapshot and expected.snapshot.metadata not in listed:
                self.problems.append(f"{key}: untouched, and yet it is not listed as it is")

    def _judge_touched(self, key: SessionKey, shown: Shown, expected: Shown) -> None:
        if shown.error:
            self._note(key, "refused", [*self._reports, str(shown.error)])
        elif shown == expected:
            self.results.add("whole")
        elif self._damage.is_edit and (shown.messages or not expected.messages):
            self._note(key, "altered", self._reports)
        elif shown.snapshot in self._wreck.prefixes[key]:
            self._note(key, "older", self._reports)
        elif self._damage.part == "journal":
            self.problems.append(f"{key}: shows what it never was")
        else:
            self._note(key, "altered", self._reports)

    def _note(self, key: SessionKey, result: str, reports: Sequence[str]) -> None:
        """Something happened to the session, and somebody has to have been told of it, or of the file."""
        self.results.add(result)
        names = (key.id, self._damage.name)
        if not self._damage.is_silent and not any(name in report for report in reports for name in names):
            self.problems.append(f"{key}: {result}, and nobody was told: {reports}")

    async def _go_on(self, store: Store, key: SessionKey) -> Snapshot | None:
        """Accept a message; what the session is then."""
        try:
            snapshot = await store.load(key)
            if snapshot is None:
                return None
            metadata = snapshot.metadata
            record = Accepted(
                sequence=metadata.sequence + 1,
                epoch=metadata.epoch + 1,
                at=_LATER,
                id="later",
                number=metadata.messages + 1,
                role="user",
                content="later",
                tokens=9,
            )
            await store.append(key, record.epoch, metadata.sequence, [record])
        except ArgentError as error:
            if key not in self._damage.touched:
                self.problems.append(f"{key}: untouched, and yet it does not go on: {error}")
            return None
        folded = fold(key, snapshot, [record]).snapshot
        await take(Step("", key, snapshot=folded), store)
        return folded


def _store_in(state: Path) -> FileStore:
    return FileStore(state, run=inline, segment_size=SEGMENT_SIZE)


async def _show(store: Store, key: SessionKey) -> Shown:
    snapshot: Snapshot | None = None
    try:
        snapshot = await store.load(key)
        return Shown(snapshot, await store.read(key, 1, 1000), None)
    except ArgentError as error:
        return Shown(snapshot, (), error)


def _expected(wreck: Wreck, key: SessionKey) -> Shown:
    return Shown(wreck.prefixes[key][-1], wreck.messages[key], None)


def _difference(shown: Shown, expected: Shown) -> str:
    if shown.error:
        return f"an error: {shown.error}"
    at, end = (each.snapshot.metadata.sequence if each.snapshot else 0 for each in (shown, expected))
    return f"{at} records of {end}, and {len(shown.messages)} messages of {len(expected.messages)}"


def _settings_problems(damage: Damage) -> list[str]:
    """Reading the settings ends well, or with a sentence."""
    try:
        Config.load(damage.state)
    except ConfigError as error:
        return [] if is_sentence(str(error)) else [f"no sentence: {str(error)[:300]!r}"]
    return []


def surveyed(damage: Damage, wreck: Wreck) -> Outcome:
    """What comes of it, in this process."""
    survey = Survey(damage, wreck)
    try:
        anyio.run(survey.make, backend="trio")
        survey.problems += _settings_problems(damage)
    except ArgentError as error:
        if damage.is_newer and isinstance(error, StoreVersionError):
            survey.results.add("refused")
        else:
            survey.problems.append(f"the whole store is refused: {error}")
    except Exception:  # noqa: BLE001 - this is the crash that must not be
        survey.problems.append(f"it crashed: {traceback.format_exc()}")
    worst = max(survey.results, key=RESULTS.index, default="whole")
    return Outcome([(damage.part, damage.kind, worst)], survey.problems)


def meet(damager: Damager, seed: int, trouble: Path) -> Outcome:
    """What comes of the damage of this seed, in a process of its own, which may crash, or hang."""
    damage = damager.damage(seed)

    def work(mouth: int) -> None:
        signal.alarm(SECONDS)
        with open(mouth, "wb") as pipe:
            pipe.write(msgspec.json.encode(surveyed(damage, damager.wreck)))

    child = Child(work, trouble)
    status = child.end()
    if status != 0:
        outcome = Outcome([], [f"it hung for {SECONDS} s" if status == -signal.SIGALRM else f"it ended with {status}"])
    else:
        outcome = msgspec.json.decode(child.heard, type=Outcome)
    return Outcome(outcome.results, [f"seed {seed}, {damage}: {each}" for each in outcome.problems])


def main() -> None:
    folder, first, *rest = sys.argv[1:6]
    for plant in sys.argv[6:]:
        PLANTS[plant]()
    damager = Damager(Path(folder))
    gc.freeze()  # what is there already is not copied into the children because somebody looked at it
    if not rest:
        logging.basicConfig(level=logging.WARNING)
        sys.stdout.write("\n".join([*meet(damager, int(first), Path(folder) / "trouble").problems, ""]))
        return
    logging.getLogger("argentos").addHandler(logging.NullHandler())  # reports are read where they are wanted
    count, share, of = map(int, rest)
    outcome = Outcome([], [])
    for seed in range(int(first) + share, int(first) + count, of):
        met = meet(damager, seed, Path(folder) / "trouble")
        outcome.results += met.results
        outcome.problems += met.problems
    sys.stdout.buffer.write(msgspec.json.encode(outcome))


if __name__ == "__main__":
    main()
