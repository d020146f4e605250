"""Check what was set aside: the newest copy of a session comes back where nothing has taken its place."""

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from shlex import quote

from argentos.storage.files import paths
from argentos.storage.repair import salvage
from argentos.storage.repair.check_journal import JournalRecords
from argentos.storage.repair.copies import SessionCopy, copies_in, put_back
from argentos.storage.repair.findings import Finding

__all__ = [
    "check_copies",
]


def check_copies(root: Path, folder: Path, journal: JournalRecords) -> Iterator[Finding]:
    """Check what was set aside before: the newest of a session is put back where nothing has taken its place."""
    taken = {key for key, records in journal.items() if records}
    for copy in copies_in(root, folder):
        key, is_taken = copy.key, copy.key in taken
        if key is not None and not is_taken and salvage.is_unchanged(copy.path, paths.session_folder(root, key)):
            taken.add(key)
            remedy = "put back what is whole in it, for the session has not gone on since"
            mends = partial(salvage.put_back_behind_gap, copy.path, paths.session_folder(root, key))
            yield Finding(copy.path, f"{_was_set_aside(copy)}, for records are missing", remedy=remedy, mend=mends)
            continue
        if key is not None:
            is_taken = is_taken or os.path.lexists(paths.session_folder(root, key))
            taken.add(key)
        if key is None or is_taken or copy.was_deleted:
            yield Finding(
                copy.path, f"{_was_set_aside(copy)}: {_what_to_do(copy, is_taken=is_taken)}", is_harmless=True
            )
        else:
            remedy = f"put it back, as far as it can be read, for there is no session {key}"
            yield Finding(copy.path, _was_set_aside(copy), remedy=remedy, mend=partial(put_back, root, copy))


def _was_set_aside(copy: SessionCopy) -> str:
    why = f", for {copy.why}" if copy.why else ""
    return f"{_messages(copy.messages)} of session {copy.key} set aside{why}" if copy.key else f"it was set aside{why}"


def _messages(count: int) -> str:
    return "a copy with 1 message" if count == 1 else f"a copy with {count} messages"


def _what_to_do(copy: SessionCopy, *, is_taken: bool) -> str:
    if copy.key is None:
        return (
            "mend what is wrong in it, and `argent doctor --restore` its session, or restore that from a backup;"
            " remove it when you need it no more"
        )
    name = quote(copy.key.id) + (f" --agent {quote(copy.key.agent)}" if copy.key.agent != "main" else "")
    there = "a session of this id is there now" if is_taken else "the session was deleted since"
    replace = " --replace" if is_taken else ""
    return (
        f"{there}; `argent doctor --restore {name} --copy {quote(copy.path.name)}{replace}` brings this one back;"
        " remove it when you need it no more"
    )
