"""Faults to plant: a campaign that does not see them proves nothing."""

import logging
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import anyio

from argentos import Delivery, FileStore
from argentos.actors.core.decisions import message_ids
from argentos.actors.outbox.deliveries import Deliveries
from argentos.errors import StoreError
from argentos.storage import Metadata, SessionKey, Snapshot
from argentos.storage.disk import durable
from argentos.storage.files import attachments
from argentos.storage.wal import segment_file
from argentos.storage.wal.journal import Journal


def skip_the_flush() -> None:
    """What is acknowledged has not waited for the disk."""

    def write_at(descriptor: int, data: bytes, offset: int) -> None:
        os.pwrite(descriptor, data, offset)

    _put(segment_file, "write_at", write_at)


def skip_the_flush_at_opening() -> None:
    """What can be read is taken to be on the disk."""

    def do_nothing(*_: object) -> None:
        pass

    _put(Journal, "_make_durable", do_nothing)
    _put(durable, "sync_all", do_nothing)


def sweep_all_attachments() -> None:
    """Remove all attachments that an opening finds, without a look at what refers to them."""

    def find_nothing(*_: object) -> set[str]:
        return set()

    _put(attachments, "mentioned", find_nothing)


def forget_message_ids() -> None:
    """What was accepted before a restart is not known again."""

    def find_nothing(_: object) -> dict[str, int]:
        return {}

    _put(message_ids, "_numbers_in", find_nothing)


def write_in_place() -> None:
    """Files are overwritten, not replaced."""

    def overwrite(path: Path, *pieces: bytes) -> int:
        data = b"".join(pieces)
        with path.open("wb", buffering=0) as file:
            for begin in range(0, len(data), 512):
                file.write(data[begin : begin + 512])
        return len(data)

    _put(durable, "replace", overwrite)


def cut_the_journal_at_opening() -> None:
    """The second half of the newest segment is thrown away before it is read."""
    enter = FileStore.__aenter__

    async def cut_and_enter(store: FileStore) -> FileStore:
        newest = max(store.path.glob("journal/*.journal"), default=None)
        if newest:
            os.truncate(newest, len(newest.read_bytes().rstrip(b"\0")) // 2)
        return await enter(store)

    _put(FileStore, "__aenter__", cut_and_enter)


def ignore_failed_flushes() -> None:
    """A flush that fails is taken for one that has not."""
    flush = os.fdatasync

    def try_to_flush(descriptor: int) -> None:
        with suppress(OSError):
            flush(descriptor)

    _put(os, "fdatasync", try_to_flush)


def ignore_short_writes() -> None:
    """A write is taken to have written everything."""
    write = os.write

    def write_some(descriptor: int, data: bytes) -> int:
        write(descriptor, data)
        return len(data)

    _put(os, "write", write_some)


def hide_damage() -> None:
    """A session that cannot be read is one that never was, and nobody is told."""
    load = FileStore.load

    async def load_what_can_be_loaded(store: FileStore, key: SessionKey) -> Snapshot | None:
        try:
            return await load(store, key)
        except StoreError:
            return None

    logging.disable()
    _put(FileStore, "load", load_what_can_be_loaded)


def finish_before_delivery() -> None:
    """What is owed to a channel is noted as delivered when it is given, some time before it arrives."""
    give = Deliveries.__anext__

    async def give_and_finish(reader: Deliveries) -> Delivery:
        delivery = await give(reader)
        await delivery.done()
        await anyio.sleep(0.05)  # longer than most lives: nearly each of them ends here
        return delivery

    _put(Deliveries, "__anext__", give_and_finish)


def forget_what_is_owed() -> None:
    """What was owed before a restart is not found."""

    async def find_nothing(_: FileStore, agent: str) -> tuple[Metadata, ...]:  # noqa: ARG001 - as the store's own
        return ()

    _put(FileStore, "owing", find_nothing)


def _put(owner: object, name: str, fault: Callable[..., object]) -> None:
    getattr(owner, name)  # what does not exist cannot be replaced
    setattr(owner, name, fault)


PLANTS: Final[dict[str, Callable[[], Any]]] = {
    plant.__name__.replace("_", " "): plant
    for plant in (
        skip_the_flush,
        skip_the_flush_at_opening,
        forget_message_ids,
        sweep_all_attachments,
        write_in_place,
        cut_the_journal_at_opening,
        ignore_failed_flushes,
        ignore_short_writes,
        hide_damage,
        finish_before_delivery,
        forget_what_is_owed,
    )
}
