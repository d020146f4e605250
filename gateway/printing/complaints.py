"""Warnings of the library, printed as sentences."""

import logging
from contextlib import suppress

from argentos.gateway.output import complain

__all__ = ["show_warnings"]


def show_warnings() -> None:
    """Print the library's warnings on standard error from now on."""
    logging.getLogger("argentos").handlers = [_Complaints(logging.WARNING)]
    logging.getLogger("asyncio").addFilter(_tells_something)


class _Complaints(logging.Handler):
    """A handler that prints a warning as a sentence, without its trace, and the same one not twice in a row.

    Not of what keeps the event loop: the models here are ours, and the user of a command can change nothing about it.
    """

    _last = ""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.name != "argentos.actors.scheduling.bulkhead" or record.levelno >= logging.ERROR

    def emit(self, record: logging.LogRecord) -> None:
        sentence = record.getMessage()
        if sentence == self._last:
            return
        self._last = sentence
        with suppress(OSError):  # what cannot be told must not end what goes on
            complain(sentence)


def _tells_something(record: logging.LogRecord) -> bool:
    """False for asyncio's complaint about a wait on a socket that was cancelled in the moment it ended."""
    return record.exc_info is None or getattr(record.exc_info[0], "__name__", "") != "InvalidStateError"
