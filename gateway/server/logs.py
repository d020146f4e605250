"""The log of a gateway: a line for each record, as text or as JSON, without any text of messages and without secrets.

What others have made, as the text of an error of a model or of a tool, may quote a message: of such there stands only
what kind it is, and where it was raised.
"""

import logging
import re
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal, TextIO, cast

import msgspec

from argentos.concurrency.foreign_code import ForeignText
from argentos.errors import AccessError, ArgentError, ConfigError, MissingExtraError, StoreError
from argentos.gateway.output import one_line, printable

__all__ = ["LogForm", "begin_logging"]

LogForm = Literal["text", "json"]

_OURS: Final = "argentos"
_PLAIN: Final = ("uvicorn",)  # whose templates are constants, and hold nothing of a request
_OWN_WORDS: Final = (AccessError, ConfigError, MissingExtraError, StoreError)  # with sentences that quote no message
_SECRET: Final = re.compile(r"argent_[0-9a-f]{12}_[\w-]{43}|\bsk-[\w-]{16,}|(?<=Bearer )\S+", re.IGNORECASE)
_FRAMES: Final = 20
_LONGEST: Final = 2000  # characters


class _Entry(msgspec.Struct, omit_defaults=True):
    """A record, as it is logged."""

    time: str
    level: str
    logger: str
    message: str
    raised: str = ""


class _Formatter(logging.Formatter):
    """Makes a line of a record."""

    def __init__(self, form: LogForm) -> None:
        super().__init__()
        self._form = form

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        entry = _Entry(
            time=f"{datetime.fromtimestamp(record.created, UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z",
            level=record.levelname.lower(),
            logger=record.name,
            message=_clean(_message_of(record)),
            raised=_clean(_raised(record.exc_info[1])) if record.exc_info and record.exc_info[1] else "",
        )
        if self._form == "json":
            return msgspec.json.encode(entry).decode()
        raised = f" [{entry.raised}]" if entry.raised else ""
        return f"{entry.time} {entry.level} {entry.logger}: {entry.message}{raised}"


def begin_logging(form: LogForm, stream: TextIO | None = None) -> None:
    """Log to a stream, standard error by default, from now on, and nowhere else.

    Args:
        form: of the lines.
        stream: takes them.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_Formatter(form))
    logging.root.handlers = [handler]
    logging.root.setLevel(logging.WARNING)
    logging.getLogger(_OURS).handlers = []
    logging.getLogger(_OURS).setLevel(logging.INFO)
    logging.getLogger("uvicorn").setLevel(logging.ERROR)  # what strangers send is no news
    logging.captureWarnings(True)  # noqa: FBT003 - it takes no name


def _message_of(record: logging.LogRecord) -> str:
    """The message of a record, without what others have made of it."""
    template: object = record.msg
    if not isinstance(template, str):
        return f"{_told(template)}, at {_place(record)}"
    if record.name.split(".")[0] != _OURS:
        is_plain = record.name.split(".")[0] in _PLAIN
        return template if is_plain else f"a message of a library, at {_place(record)}"
    try:
        return template % _arguments(record.args) if record.args else template
    except (TypeError, ValueError):
        return f"{template} (with other arguments), at {_place(record)}"


def _arguments(given: object) -> Any:
    if isinstance(given, Mapping):
        return {key: _told(value) for key, value in cast("Mapping[str, object]", given).items()}
    return tuple(_told(each) for each in cast("tuple[object, ...]", given))


def _told(value: object) -> object:
    """A value that may be logged, in its place."""
    if isinstance(value, ForeignText):
        return value.kind
    if isinstance(value, OSError):
        return value.strerror or type(value).__qualname__
    if isinstance(value, ArgentError):
        quotes_others = isinstance(value.__cause__, BaseException) and not isinstance(
            value.__cause__, ArgentError | OSError
        )
        return str(value) if isinstance(value, _OWN_WORDS) and not quotes_others else value.code
    return type(value).__qualname__ if isinstance(value, BaseException) else value


def _raised(error: BaseException) -> str:
    """The kind of an error, of its causes, and the places where each was raised."""
    told: list[str] = []
    while len(told) < _FRAMES:
        frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
        places = " < ".join(f"{each.filename}:{each.lineno} {each.name}" for each in reversed(frames))
        told.append(f"{type(error).__qualname__} at {places}" if places else type(error).__qualname__)
        following = _inner(error) or error.__cause__ or error.__context__
        if following is None:
            break
        error = following
    return "; from ".join(told)


def _inner(error: BaseException) -> BaseException | None:
    """The first error of a group; None where it is none."""
    if not isinstance(error, BaseExceptionGroup):
        return None
    return cast("BaseExceptionGroup[BaseException]", error).exceptions[0]


def _place(record: logging.LogRecord) -> str:
    return f"{record.name}:{record.filename}:{record.lineno}"


def _clean(text: str) -> str:
    """A text as one line, without controls and secrets."""
    return _SECRET.sub("***", printable(one_line(text)))[:_LONGEST]
