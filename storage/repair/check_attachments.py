"""Check the attachments of a session: those that messages refer to are there, whole, and no others. This blocks."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

import msgspec

from argentos.errors import StoreError
from argentos.storage.attachments import hashes_in, sha256_of
from argentos.storage.disk import durable, reading
from argentos.storage.files import archive, attachments
from argentos.storage.fold import Folded
from argentos.storage.messages import Message
from argentos.storage.records import Record
from argentos.storage.repair.findings import Finding

__all__ = ["check_attachments"]


def check_attachments(folder: Path, folded: Folded, records: Sequence[Record]) -> Iterator[Finding]:
    """Check the attachments in the folder of a session.

    Args:
        folder: of the session.
        folded: the session, with what its archive lacks.
        records: those of it in the journal.
    """
    there = attachments.names(folder)
    try:
        messages = _messages(folder, folded)
    except StoreError:  # told of with the files; what they refer to is not known
        return
    wanted = {sha256: message.number for message in messages for sha256 in hashes_in(message.raw)}
    for sha256, number in wanted.items():
        if sha256 not in there:
            what = f"the attachment {sha256} of message {number} is missing; restore it from a backup"
            yield Finding(folder / attachments.FOLDER, what)
    named = attachments.mentioned(folder, there, msgspec.json.encode(records))
    for sha256 in there:
        path = folder / attachments.FOLDER / sha256
        if sha256 not in named:
            remove = partial(attachments.remove, folder, sha256)
            yield Finding(path, "no message refers to it", is_harmless=True, remedy="remove it", mend=remove)
        elif sha256_of(reading.read(path)) != sha256:
            what = "it is damaged: its bytes have another hash; restore it from a backup"
            yield Finding(path, what, remedy="set it aside beside", mend=partial(_set_aside, path))


def _messages(folder: Path, folded: Folded) -> Iterable[Message]:
    """All messages.

    Raises:
        StoreError: the archive cannot be read.
    """
    snapshot = folded.snapshot
    archived = archive.read_archive(folder, 1, snapshot.metadata.messages + 1).messages
    return (*archived.values(), *folded.archived, *snapshot.context.messages, *snapshot.context.waiting)


def _set_aside(path: Path) -> None:
    aside = durable.dated_name(path, "damaged")
    path.rename(aside)
    durable.sync_folder(path.parent)
