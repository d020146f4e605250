"""The gateway that runs in a state directory, as other processes find it: a file that it leaves there."""

import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from argentos.errors import StoreError
from argentos.gateway.access.files import gateway_folder, make_gateway_folder
from argentos.storage.disk import durable, reading

__all__ = ["Running", "announced", "running_gateway"]

_NAME = "running.json"


class Running(Struct, frozen=True, kw_only=True, rename="camel"):
    """A gateway that runs.

    Attributes:
        process: its number.
        url: at which it is found on this machine.
        public_url: at which browsers find it; the same where no proxy stands before it.
        version: of argentos.
        agents: that it runs.
        started_at: when it began.
    """

    process: int
    url: str
    public_url: str
    version: str
    agents: tuple[str, ...]
    started_at: datetime


@contextmanager
def announced(state_dir: Path, running: Running) -> Generator[None]:
    """The time in which other processes find a gateway.

    Raises:
        StoreError: the file cannot be written.
    """
    path = make_gateway_folder(state_dir) / _NAME
    durable.replace(path, msgspec.json.encode(running))
    try:
        yield
    finally:
        with suppress(OSError):
            durable.remove(path)


def running_gateway(state_dir: Path) -> Running | None:
    """The gateway of a state directory; None where none runs.

    Raises:
        StoreError: that cannot be read.
    """
    try:
        found = msgspec.json.decode(reading.read(gateway_folder(state_dir) / _NAME), type=Running)
    except (FileNotFoundError, msgspec.MsgspecError):
        return None
    except OSError as error:
        raise StoreError(f"the file of the gateway in {state_dir} cannot be read: {error.strerror}") from error
    return found if _is_alive(found.process) else None


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # one of another user
        return True
    return True
