"""The worker of the campaign of full disks.

python -m tests.campaigns.full_disk FOLDER pages|inodes|bytes FIRST STRIDE SHARE OF [PLANT]    prints an `Outcome`

Pages and inodes are those of a small tmpfs, and each number of them is tried. As file systems give room by the page,
it is the limit of a file's size that makes a write fall short at any byte: at FIRST, FIRST + STRIDE, and so on.
"""

import logging
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import anyio
import msgspec
from msgspec import Struct

from argentos.errors import ArgentError, StoreFailedError
from argentos.storage import FileStore, Store, inline
from argentos.storage.testing.story import Story
from tests.campaigns.plants import PLANTS
from tests.campaigns.scarcity import PAGE, few_bytes, few_inodes, few_pages, small_disk
from tests.campaigns.state_files import StateFiles
from tests.campaigns.workload import Step, is_sentence, json_files, listening, shows, take

SEGMENT_SIZE: Final = 1024
_TEXTS: Final = 2560  # bytes; beyond that there is nothing but the index
_COARSE: Final = 64

Files = Mapping[Path, bytes]
Scarcity = Callable[[int], AbstractContextManager[None]]


class Outcome(Struct):
    """What the campaign saw: of each save its name and result, and a sentence for each problem."""

    results: list[tuple[str, str]]
    problems: list[str]


class Save(NamedTuple):
    """What meets the full disk, and what goes before it while there is room."""

    name: str
    before: Sequence[Step]
    step: Step
    story: Story


class Attempt(NamedTuple):
    """What came of a save: `refused`, `put off` or `done`; what is wrong with that; the files once there was room."""

    result: str
    problems: list[str]
    files: Files


def begun(size: int) -> Story:
    """A session with texts of so many characters, all of it appended already."""
    story = Story().converse("a" * size, "b" * size)
    story.take()
    return story


def saves(size: int) -> list[Save]:
    accept, change, write = begun(size), begun(size), begun(size)
    fill = change.say("c").take()
    compaction = write.move("Active", "Compacted").summarise(2).move("Compacted", "Active").take()
    return [
        Save("accept", [], Step("", accept.key, accept.say("c" * size).take()), accept),
        Save(
            "segment change",
            [Step("", change.key, fill)],
            Step("", change.key, change.say("d" * SEGMENT_SIZE).take()),
            change,
        ),
        Save("file write", [Step("", write.key, compaction)], Step("", write.key, snapshot=write.snapshot), write),
    ]


def store_in(state: Path) -> FileStore:
    return FileStore(state, run=inline, segment_size=SEGMENT_SIZE)


async def make_base(state: Path, copy: Path, size: int) -> None:
    """What a process leaves that is killed: of the session the first half in files, the second in the journal."""
    half, story = Story().converse("a" * size), begun(size)
    async with store_in(state) as store:
        await store.append(story.key, 1, 0, half.records)
        await take(Step("", story.key, snapshot=half.snapshot), store)
        await store.append(story.key, 1, len(half.records), story.records[len(half.records) :])
        shutil.copytree(state, copy)


async def attempt(state: Path, save: Save, scarcity: AbstractContextManager[None], expected: Files | None) -> Attempt:
    """Save with little room, and then with plenty: at once if the store goes on, else when it is opened again."""
    async with store_in(state) as store:
        for step in save.before:
            await take(step, store)
        with listening() as heard, scarcity:
            error = await refusal(save.step, store)
        problems = [*StateFiles(state).broken(), *await unreported(store, save, error, heard, expected)]
        if not isinstance(error, StoreFailedError):
            problems += await unsaved(store, save)
            if expected and json_files(state) != expected:
                problems.append("with room again, the files are not what they would be")
        files = json_files(state)
    async with store_in(state) as store:
        problems += await unsaved(store, save)
    return Attempt("refused" if error else "put off" if heard else "done", problems, files)


async def refusal(step: Step, store: Store) -> ArgentError | None:
    try:
        await take(step, store)
    except ArgentError as error:
        return error
    return None


async def unreported(
    store: FileStore, save: Save, error: ArgentError | None, heard: Sequence[str], expected: Files | None
) -> list[str]:
    """What is wrong with the reports of a save with little room."""
    reports = [*heard, *([str(error)] if error else [])]
    problems = [f"no sentence: {each!r}" for each in reports if not is_sentence(each)]
    if not reports and expected and json_files(store.path) != expected:
        problems.append("nothing was reported, and yet the files are not what they would be")
    if not error and not await shows(store, save.story.key, save.story.records):
        problems.append("it was acknowledged, and yet it is not there")
    return problems


async def unsaved(store: Store, save: Save) -> list[str]:
    """Save again, as there is room; what is wrong then."""
    snapshot = await store.load(save.story.key)
    is_there = snapshot == save.story.snapshot  # what was refused may have become durable all the same, whole
    if save.step.snapshot or not is_there:
        error = await refusal(save.step, store)
        if error:
            return [f"with room again, it was refused: {error}"]
    return [] if await shows(store, save.story.key, save.story.records) else ["in the end it is not what was written"]


class Campaign:
    """Saves with more and more room, from none to enough.

    Args:
        folder: for state directories, on the disk that can be full.
        base: a copy of the state directory to begin with.
    """

    def __init__(self, folder: Path, base: Path, scarcity: Scarcity) -> None:
        self._base = base
        self._scarcity = scarcity
        self._state = folder / "state"

    def with_room(self, save: Save) -> tuple[Files, list[int]]:
        """The files as they become with room, and the sizes of whatever is there in the end."""
        whole = self._attempt(save, nullcontext(), None)
        assert (whole.result, whole.problems) == ("done", []), whole
        return whole.files, [path.stat().st_size for path in self._state.rglob("*") if path.is_file()]

    def with_little(self, save: Save, count: int, expected: Files) -> Attempt:
        return self._attempt(save, self._scarcity(count), expected)

    def _attempt(self, save: Save, scarcity: AbstractContextManager[None], expected: Files | None) -> Attempt:
        shutil.rmtree(self._state, ignore_errors=True)
        shutil.copytree(self._base, self._state)
        try:
            return anyio.run(attempt, self._state, save, scarcity, expected, backend="trio")
        except ArgentError as error:
            return Attempt("refused", [f"in the end it is refused: {error}"], {})


def campaign_in(folder: Path, scarce: str, size: int) -> Campaign:
    disk = folder if scarce == "bytes" else small_disk(folder / "disk")
    scarcities: dict[str, Scarcity] = {
        "bytes": few_bytes,
        "pages": partial(few_pages, disk),
        "inodes": partial(few_inodes, disk),
    }
    anyio.run(make_base, folder / "first", folder / "base", size, backend="trio")
    return Campaign(disk, folder / "base", scarcities[scarce])


def amounts(scarce: str, sizes: Sequence[int], first: int, stride: int) -> list[int]:
    """How much room to try, up to as much as was ever used."""
    match scarce:
        case "bytes":
            longest = max(sizes) + 2 * PAGE  # of the files that are there no more, SQLite's are the longest
            return [*range(first, _TEXTS, stride), *range(_TEXTS, longest, _COARSE)]
        case "pages":
            return [*range(sum(1 + size // PAGE for size in sizes))]
        case _:
            return [*range(len(sizes) + 2)]


def run(folder: Path, scarce: str, start: tuple[int, int], share: tuple[int, int]) -> Outcome:
    """Make a share of all attempts, given as its number and that of all shares."""
    size = 30 if scarce == "bytes" else 2 * PAGE
    campaign = campaign_in(folder, scarce, size)
    outcome = Outcome([], [])
    for save in saves(size):
        expected, sizes = campaign.with_room(save)
        for count in amounts(scarce, sizes, *start)[share[0] :: share[1]]:
            result, problems, _ = campaign.with_little(save, count, expected)
            outcome.results.append((save.name, result))
            outcome.problems += [f"{save.name} with {count} {scarce}: {each}" for each in problems]
    return outcome


def main() -> None:
    logging.getLogger("argentos").addHandler(logging.NullHandler())  # reports are read where they are wanted
    folder, scarce, *numbers = sys.argv[1:7]
    first, stride, share, of = map(int, numbers)
    for plant in sys.argv[7:]:
        PLANTS[plant]()
    sys.stdout.buffer.write(msgspec.json.encode(run(Path(folder), scarce, (first, stride), (share, of))))


if __name__ == "__main__":
    main()
