"""Records as bytes for the journal."""

from collections.abc import Sequence
from typing import Final

from argentos.errors import StoreError
from argentos.storage.branching.records import weight
from argentos.storage.messages import SessionKey
from argentos.storage.records import Record
from argentos.storage.store import check_order
from argentos.storage.wal.frames import encode_body

__all__ = ["LONG", "encode"]

LONG: Final = 1000
"""Records, with the messages in them, that are not folded or encoded in the event loop any more."""


def encode(key: SessionKey, expected: int, records: Sequence[Record]) -> bytes:
    """The body of a frame; of many records, which take long to look at, the order is checked as well.

    Raises:
        StaleWriteError: they do not follow the expected sequence one by one.
        StoreError: a text cannot be encoded.
    """
    if weight(records) > LONG:
        check_order(key, expected, records)
    try:
        return encode_body(key, records)
    except UnicodeEncodeError as error:
        raise StoreError(f"session {key}: a text holds half a surrogate pair and cannot be stored") from error
