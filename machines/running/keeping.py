"""Keeping of snapshots: the one place where a store of the host's is called."""

import functools
import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final, cast

from argentos.concurrency.foreign_code import described, passes
from argentos.concurrency.threads import Threads
from argentos.errors import ArgentError, InputError, StoreFailedError
from argentos.machines.running.snapshot import MachineSnapshot

__all__ = ["Keeper"]

_METHODS: Final = ("load", "save")


class Keeper:
    """Calls the store, whose methods may be plain or asynchronous, and may raise anything.

    Args:
        store: see `SnapshotStore`.
        patience: seconds that a cancelled caller waits for what it began.

    Raises:
        InputError: it has no `load` or no `save`.
    """

    def __init__(self, store: object, patience: float) -> None:
        for name in _METHODS:
            if not callable(getattr(store, name, None)):
                problem = f"the store {type(store).__name__} has no {name}()"
                raise InputError(f"{problem}; give argentos.storage.SnapshotFile(path), or another SnapshotStore")
        self._store: Any = store
        self._thread = Threads(patience, "the store").runner(1)

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator[None]:
        """Enter the store where it can be entered, and leave it in the end."""
        store: object = self._store
        if isinstance(store, AbstractAsyncContextManager):
            async with cast("AbstractAsyncContextManager[object]", store):
                yield
        else:
            yield

    async def load(self) -> MachineSnapshot | None:
        """The snapshot that was saved last.

        Raises:
            StoreFailedError: the store raised what is no error of argentos, or gave what is no snapshot.
        """
        found = await self._call("loaded", self._store.load)
        if found is not None and not isinstance(found, MachineSnapshot):
            raise StoreFailedError(f"the store gave {found!a:.60} for a snapshot; give a MachineSnapshot, or None")
        return found

    async def save(self, snapshot: MachineSnapshot) -> None:
        """Keep a snapshot.

        Raises:
            StoreFailedError: the store raised what is no error of argentos.
        """
        await self._call("saved", functools.partial(self._store.save, snapshot))

    async def _call(self, done: str, method: Callable[[], object]) -> object:
        try:
            if inspect.iscoroutinefunction(getattr(method, "func", method)):
                return await cast("Awaitable[object]", method())
            result = await self._thread(method)
            return await cast("Awaitable[object]", result) if inspect.isawaitable(result) else result
        except BaseException as error:
            if isinstance(error, ArgentError) or passes(error):
                raise
            raise StoreFailedError(f"the snapshot cannot be {done}: the store raised {described(error)}") from error
