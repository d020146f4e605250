"""The worker of the campaign of failing system calls.

python -m tests.campaigns.system_calls FOLDER short|long|NAME TURN SHARE OF [PLANT]    a share; prints an `Outcome`
python -m tests.campaigns.system_calls FOLDER SITUATION NAME:ORDINAL:KIND              one; prints what happened
"""

import gc
import logging
import shutil
import sys
from collections.abc import Iterator
from functools import partial
from itertools import groupby, product
from operator import attrgetter
from pathlib import Path
from typing import Final, Literal, get_args
from unittest.mock import patch

import anyio
import msgspec
from msgspec import Struct, structs

from argentos.storage import FileStore, Record, SessionKey, Store, fold, hashes_in, inline
from argentos.storage.files import read_files
from tests.campaigns.plants import PLANTS
from tests.campaigns.state_files import StateFiles
from tests.campaigns.strace import KINDS, Call, Fault, Watched, calls, thread_count, watched
from tests.campaigns.workload import (
    CANARY,
    PICTURE,
    SEGMENT_SIZE,
    Script,
    Step,
    Tale,
    Teller,
    is_sentence,
    json_files,
    live,
    reporting_to,
    shows,
)

Result = Literal["unnoticed", "logged", "refused", "killed"]

RESULTS: Final = get_args(Result)
SCRIPT: Final = Script()
_LASTING: Final = frozenset(
    {"write", "pwrite64", "pwritev", "fsync", "fdatasync", "syncfs", "rename", "renameat2", "mkdir"}
)
_BEFORE_A_CRASH: Final = 12
_LIVES: Final = 3
_MANY: Final = 12  # calls of a kind


class Injection(Struct, frozen=True):
    """A fault, and what came of it."""

    situation: str
    phase: str
    name: str
    kind: str
    result: Result


class Outcome(Struct):
    """What the campaign saw; a sentence for each problem."""

    injections: list[Injection]
    problems: list[str]


class Situation:
    """A state directory, what is left to be done in it, and what a life without faults makes of it.

    Args:
        folder: for the state directory and whatever else is needed.
        begun: how many steps were taken by a process that was killed then.
    """

    def __init__(self, name: str, folder: Path, begun: int) -> None:
        self.name = name
        self._folder = folder
        self._state = folder / "state"
        self._steps = SCRIPT.steps[begun:]
        self.is_begun = begun > 0
        self._folder.mkdir()
        self._stored: dict[SessionKey, int] = {}
        if begun:
            self._stored = Tale(watched(partial(self._live, SCRIPT.steps[:begun], dies=True), folder).told).stored
            self._state.rename(folder / "begun")
        self._whole = self._run()
        self._files = json_files(self._state)

    def calls(self) -> list[Call]:
        """Every system call on the state directory that a life without faults makes."""
        tale = self._tale(self._whole)
        told = (self._whole.status, tale.strange, tale.refused, tale.logged)
        assert told == (0, [], [], []), f"without any fault: {told} {self._whole.trouble}"
        assert thread_count(self._whole.trace) == 1, "threads would make it another trace each time"
        return list(calls(self._whole.trace, self._state))

    def meet(self, fault: Fault) -> tuple[Result, list[str]]:
        """Live with a fault, and again without; gives what came of it, and what is wrong with that.

        What SQLite does differs now and then: a life in which another call was hit is lived again.
        """
        life = next((life for life in (self.live(fault) for _ in range(_LIVES)) if self._met(life, fault)), None)
        life = life or self.live(fault)
        tale = self._tale(life)
        return _result(life, tale), [f"{self.name}, {fault}: {each}" for each in self._problems(life, tale, fault)]

    def _tale(self, life: Watched) -> Tale:
        return Tale(life.told, self._stored)

    def live(self, fault: Fault) -> Watched:
        return self._run(*fault.options)

    def _run(self, *options: str) -> Watched:
        shutil.rmtree(self._state, ignore_errors=True)
        if self.is_begun:
            shutil.copytree(self._folder / "begun", self._state)
        return watched(partial(self._live, self._steps), self._folder, options)

    def _live(self, steps: list[Step], mouth: int, *, dies: bool = False) -> None:
        always_kept = patch.object(read_files, "_TICK", 0)  # else the time decides what is read once more
        with always_kept, reporting_to(teller := Teller(mouth)):
            anyio.run(partial(live, dies=dies), self._state, steps, teller, backend="trio")

    def _met(self, life: Watched, fault: Fault) -> bool:
        meant = fault.call._replace(phase="")  # which a trace of one kind of call does not show
        return meant in (each._replace(phase="") for each in calls(life.trace, self._state))

    def _problems(self, life: Watched, tale: Tale, fault: Fault) -> Iterator[str]:
        if not self._met(life, fault):
            yield "another call was hit: the life is not always the same"
        killed = fault.kind == "SIGKILL"
        if (life.status, tale.ended) != ((-9, False) if killed else (0, True)):
            yield f"the process ended with {life.status}: {life.trouble}"
        yield from (f"it told {each!r}" for each in tale.strange)
        yield from (f"no sentence: {each!r}" for each in (*tale.refused, *tale.logged) if not is_sentence(each))
        yield from StateFiles(self._state).broken()
        if _result(life, tale) == "unnoticed":
            if json_files(self._state) != self._files:
                yield "nothing was reported, and yet the files are not what they would be"
            if must_be_told(fault):
                yield "nothing was reported, and yet something is not on the disk"
        try:
            yield from anyio.run(problems_when_revived, self._state, tale, backend="trio")
        except Exception as error:  # noqa: BLE001 - whatever a damaged store raises is a finding
            yield f"the next start failed: {error!r}"


def must_be_told(fault: Fault) -> bool:
    """Whether a call makes something lasting, which nobody sees the lack of before the power fails."""
    name, paths = fault.call.name, fault.call.paths
    # SQLite flushes its folder likewise, and makes nothing of it if that fails.
    is_view = all(path.startswith("/index.") or (path == "/" and name == "fdatasync") for path in paths)
    is_view = is_view or (paths == ("/lock",) and name == "pwrite64")  # the name of the owner, for people
    return name in _LASTING and fault.kind != "EINTR" and not is_view


def _result(life: Watched, tale: Tale) -> Result:
    if life.status:
        return "killed"
    if tale.refused:
        return "refused"
    return "logged" if tale.logged else "unnoticed"


async def problems_when_revived(state: Path, tale: Tale) -> list[str]:
    """What is wrong with the store as the next owner finds it, and after they went on."""
    problems: list[str] = []
    written: dict[SessionKey, list[Record]] = {}
    async with FileStore(state, run=inline, segment_size=SEGMENT_SIZE) as store:
        for story in SCRIPT.stories:
            snapshot = await store.load(story.key)
            at = snapshot.metadata.sequence if snapshot else 0
            if at < tale.stored.get(story.key, 0):
                problems.append(f"{story.key}: {tale.stored[story.key]} records were acknowledged, {at} are there")
            if snapshot and snapshot != fold(story.key, None, story.records[:at]).snapshot:
                problems.append(f"{story.key}: the first {at} records are not what was written")
            rest = [structs.replace(record, epoch=2) for record in story.records[at:]]
            if any(hashes_in(getattr(record, "content", "")) for record in rest):  # else it has to be there already
                await store.attach(story.key, PICTURE)
            await store.append(story.key, 2, at, rest)
            written[story.key] = [*story.records[:at], *rest]
        problems += await problems_when_deleted(store, tale)
    problems += [f"{path} still has its text" for path in mentioning(CANARY, state)]
    async with FileStore(state, read_only=True, run=inline) as store:
        for key, records in written.items():
            if not await shows(store, key, records):
                problems.append(f"{key}: it did not go on as it should")
    return problems


async def problems_when_deleted(store: Store, tale: Tale) -> list[str]:
    """What is wrong with the session that was to be deleted; if it is still there, it can be deleted now."""
    key, records = SCRIPT.deleted.key, SCRIPT.deleted.records
    snapshot = await store.load(key)
    if await store.delete(key) != bool(snapshot):
        return [f"{key}: its deletion does not tell whether it was there"]
    if snapshot is None:
        return (
            [] if "deletion" in tale.phases or key not in tale.stored else [f"{key}: nobody deleted it, and it is gone"]
        )
    if key in tale.deleted:
        return [f"{key}: deleted, and there again"]
    at = snapshot.metadata.sequence
    is_whole = at >= tale.stored.get(key, 0) and snapshot == fold(key, None, records[:at]).snapshot
    return [] if is_whole else [f"{key}: {at} records are there, {tale.stored.get(key, 0)} were acknowledged"]


def mentioning(text: str, state: Path) -> list[Path]:
    return [path for path in state.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


def chosen(situation: Situation, form: str, turn: int) -> list[Fault]:
    """All faults, those of one kind of call, or so many that each kind of call meets every fault.

    What follows the opening is the same in each situation; the short form looks at it in the first. It gives the kinds
    of faults to the calls in turn, beginning with another one at each `turn`, and takes each sixth call where there are
    many of a kind.
    """
    every = situation.calls()
    if form != "short":
        return [Fault(call, kind) for call, kind in product(every, KINDS) if form in {"long", call.name}]
    if situation.is_begun:
        every = [call for call in every if call.phase == "open"]
    faults: list[Fault] = []
    for _, group in groupby(sorted(every, key=attrgetter("name")), attrgetter("name")):
        same = _thinned(list(group), turn)
        faults += [
            Fault(same[number % len(same)], KINDS[(number + turn) % len(KINDS)])
            for number in range(max(len(same), len(KINDS)))
        ]
    return faults


def _thinned(calls: list[Call], turn: int) -> list[Call]:
    """Each sixth of many calls of a kind, beginning with another one at each `turn`; of each phase one at least."""
    if len(calls) < _MANY:
        return calls
    firsts = {call.phase: call for call in reversed(calls)}
    return [call for number, call in enumerate(calls) if number % 6 == turn % 6 or call is firsts[call.phase]]


def situations(folder: Path) -> dict[str, Situation]:
    begun = {"a new state directory": 0, "after a crash": _BEFORE_A_CRASH}
    return {name: Situation(name, folder / name, count) for name, count in begun.items()}


def share_of_all(folder: Path, form: str, turn: int, share: slice) -> Outcome:
    outcome = Outcome([], [])
    for name, situation in situations(folder).items():
        for fault in chosen(situation, form, turn)[share]:
            result, problems = situation.meet(fault)
            outcome.injections.append(Injection(name, fault.call.phase, fault.call.name, fault.kind, result))
            outcome.problems += problems
    return outcome


def one(folder: Path, name: str, fault: str) -> None:
    """Tell all about one fault."""
    call, ordinal, kind = fault.split(":")
    situation = situations(folder)[name]
    meant = next(each for each in situation.calls() if (each.name, each.ordinal) == (call, int(ordinal)))
    life = situation.live(Fault(meant, kind))
    result, problems = situation.meet(Fault(meant, kind))
    sys.stdout.write("\n".join([*life.trace, life.told, life.trouble, result, *problems, ""]))


def main() -> None:
    gc.freeze()  # what is there already is not copied into the children because somebody looked at it
    logging.getLogger("argentos").addHandler(logging.NullHandler())  # reports are read where they are wanted
    folder, *arguments = sys.argv[1:]
    if len(arguments) == 2:
        one(Path(folder), *arguments)
    else:
        form, turn, share, of, *plants = arguments
        for plant in plants:
            PLANTS[plant]()
        outcome = share_of_all(Path(folder), form, int(turn), slice(int(share), None, int(of)))
        sys.stdout.buffer.write(msgspec.json.encode(outcome))


if __name__ == "__main__":
    main()
