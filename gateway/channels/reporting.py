"""Reports: the status of each account, in a file that a gateway keeps while it runs, for other processes."""

import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import anyio
import anyio.to_thread
import msgspec

from argentos.concurrency.background import keep_running
from argentos.errors import StoreError
from argentos.gateway.access.files import gateway_folder, make_gateway_folder
from argentos.gateway.channels.status import AccountStatus, News, Statuses
from argentos.storage.disk import durable, reading

__all__ = ["read_report", "reported"]

_NAME: Final = "channels.json"
_INTERVAL: Final = 1.0  # seconds between two reports

_log: Final = logging.getLogger(__name__)


@asynccontextmanager
async def reported(statuses: Statuses, state_dir: Path) -> AsyncGenerator[None]:
    """The time in which other processes can read how the accounts stand."""
    path = make_gateway_folder(state_dir) / _NAME

    async def write() -> None:
        await anyio.to_thread.run_sync(_write, path, statuses.now())

    async def keep() -> None:
        while True:
            await news.wait()
            await write()
            await anyio.sleep(_INTERVAL)

    with statuses.followed(news := News()):
        await write()  # before anybody is told that the gateway runs
        async with anyio.create_task_group() as group:
            group.start_soon(keep_running, "the report of channels", keep, name="argentos report of channels")
            yield
            group.cancel_scope.cancel()
    with suppress(OSError):
        durable.remove(path)


def _write(path: Path, statuses: Sequence[AccountStatus]) -> None:
    try:
        durable.replace(path, msgspec.json.encode(statuses))
    except OSError as error:
        _log.warning("%s cannot be written: %s", path, error.strerror)


def read_report(state_dir: Path) -> tuple[AccountStatus, ...]:
    """Statuses of the accounts of a gateway that runs, as of a moment ago; none where there is no report.

    Raises:
        StoreError: it cannot be read.
    """
    path = gateway_folder(state_dir) / _NAME
    try:
        return msgspec.json.decode(reading.read(path), type=tuple[AccountStatus, ...])
    except FileNotFoundError:
        return ()
    except msgspec.MsgspecError as error:
        raise StoreError(f"{path} cannot be read: {error}; restart the gateway, which writes it anew") from error
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}") from error
