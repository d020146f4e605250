"""Whatever happens, and whenever the machine stops, the store on disk shows what its records add up to."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from anyio import wait_all_tasks_blocked
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule, run_state_machine_as_test

from argentos.storage import FileStore, SessionKey, Store, inline
from argentos.storage.testing.lives import StoreLives, keys

T = TypeVar("T")


class FileStoreLives(StoreLives):
    """Lives that end at any call of the store to the disk, and go on from what is there then."""

    def __init__(self) -> None:
        super().__init__()
        self._copies = 0
        self._calls_until_crash = -1
        self._left_by_crash: Path | None = None

    @initialize(segment_size=st.sampled_from([1, 500, 5000]))
    def begin(self, segment_size: int) -> None:
        self._segment_size = segment_size
        super().begin()

    def make_store(self, place: Path) -> Store:
        return FileStore(place, run=self._run, segment_size=self._segment_size)

    def leave(self) -> None:
        super().leave()
        assert not list((self.place / "journal").glob("*.journal"))

    @rule(key=keys, calls=st.integers(0, 9))
    def crash(self, key: SessionKey, calls: int) -> None:
        self._calls_until_crash = calls
        self.give_checkpoint(key)
        self.portal.call(wait_all_tasks_blocked)
        self._crash()

    @rule(key=keys, calls=st.integers(0, 9))
    def crash_in_a_deletion(self, key: SessionKey, calls: int) -> None:
        self._calls_until_crash = calls
        self.portal.call(self.store.delete, key)
        self._crash()
        if self.portal.call(self.store.load, key) is None:  # it had come far enough
            self.stories.pop(key, None)

    @rule(key=keys, data=st.binary(max_size=3), calls=st.integers(0, 3))
    def crash_in_an_attachment(self, key: SessionKey, data: bytes, calls: int) -> None:
        self._calls_until_crash = calls
        self.attach(key, data, is_shown=False)
        self._crash()

    def _crash(self) -> None:
        """Go on with the directory as it was then, or is now if there were fewer calls."""
        self._calls_until_crash = -1
        left = self._left_by_crash or self._copy()
        self._left_by_crash = None
        self.leave()
        self.enter(left)

    async def _run(self, function: Callable[[], T], /) -> T:
        """Every call of the store to the disk is a moment to crash at."""
        if self._calls_until_crash == 0:
            self._left_by_crash = self._copy()
        self._calls_until_crash -= 1
        return await inline(function)

    def _copy(self) -> Path:
        self._copies += 1
        return shutil.copytree(self.place, self.root / f"copy-{self._copies}")


def test_the_store_on_disk_shows_what_its_records_add_up_to() -> None:
    run_state_machine_as_test(FileStoreLives, settings=settings(max_examples=20, stateful_step_count=20, deadline=None))
