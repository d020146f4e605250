"""The log of a gateway: whole lines, and neither messages nor secrets in them."""

import io
import json
import logging
from collections.abc import Generator
from typing import Literal

import pytest

from argentos.concurrency.foreign_code import ForeignText, in_log
from argentos.errors import ConfigError, InputError, ModelError, StoreError, StoreFailedError
from argentos.gateway.server.logs import begin_logging
from argentos.storage import SessionKey

CANARY = "canary-7f3a"
LOG = logging.getLogger("argentos.some.module")


@pytest.fixture
def stream() -> Generator[io.StringIO]:
    """What is logged as text; afterwards logging is as it was before."""
    names = ("", "argentos", "uvicorn")
    loggers = [logging.getLogger(each) for each in names]
    before = [(each, each.handlers[:], each.level) for each in loggers]
    stream = io.StringIO()
    begin_logging("text", stream)
    yield stream
    logging.captureWarnings(capture=False)
    for each, handlers, level in before:
        each.handlers, each.level = handlers, level


def raised(error: BaseException, cause: BaseException | None = None) -> BaseException:
    def fail() -> None:
        raise error from cause

    with pytest.raises(type(error)) as caught:
        fail()
    return caught.value


def test_a_record_is_one_line_with_its_time_and_level(stream: io.StringIO) -> None:
    LOG.warning("session %s owes %d messages to %r", SessionKey("main", "maren"), 3, "tele\r\ngram")
    line = stream.getvalue()
    assert line.endswith(" warning argentos.some.module: session maren owes 3 messages to 'tele\\r\\ngram'\n")
    assert line.count("\n") == 1
    assert line[10] == "T"


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("field", ["a\r\nb", "a\nb", "a\x1b[31mb", "a\u2028b", "a\x85b", "a\x00b"])
def test_no_field_begins_a_line_of_its_own_or_moves_the_cursor(
    stream: io.StringIO, form: Literal["text", "json"], field: str
) -> None:
    begin_logging(form, stream)
    LOG.info("tool %s is called", field)
    (line,) = stream.getvalue().splitlines()
    assert all(each.isprintable() for each in line)


def test_as_json_each_line_is_an_object(stream: io.StringIO) -> None:
    begin_logging("json", stream)
    LOG.error("it failed", exc_info=raised(ValueError(CANARY), KeyError(CANARY)))
    entry = json.loads(stream.getvalue())
    assert (entry["level"], entry["logger"], entry["message"]) == ("error", "argentos.some.module", "it failed")
    assert entry["raised"].startswith("ValueError at ")
    assert "KeyError" in entry["raised"]
    assert CANARY not in stream.getvalue()


@pytest.mark.parametrize(
    "told",
    [
        in_log(ValueError(CANARY)),
        ForeignText(CANARY),
        ValueError(CANARY),
        ModelError(CANARY),
        InputError(CANARY),
        raised(StoreError(f"the store cannot be read: it raised {CANARY}"), ValueError(CANARY)),
        raised(ExceptionGroup(CANARY, [ValueError(CANARY)])),
    ],
    ids=repr,
)
def test_the_text_of_an_error_that_others_made_is_not_logged(stream: io.StringIO, told: object) -> None:
    LOG.error("session %s failed: %s", "maren", told, exc_info=told if isinstance(told, BaseException) else None)
    LOG.error("it failed: %(why)s", {"why": told})
    assert "session maren failed: " in stream.getvalue()
    assert CANARY not in stream.getvalue()


@pytest.mark.parametrize(
    "told",
    [
        StoreFailedError("the disk is full"),
        ConfigError("argent.json:3: the disk is full"),
        OSError(28, "the disk is full"),
    ],
    ids=repr,
)
def test_what_is_wrong_with_the_disk_or_the_settings_is_told(stream: io.StringIO, told: object) -> None:
    LOG.error("the journal failed: %s", told)
    assert "the disk is full" in stream.getvalue()


def test_of_a_library_only_the_place_is_told(stream: io.StringIO) -> None:
    logging.getLogger("some.library").error(f"it says {CANARY}")  # noqa: G004 - as libraries do
    logging.getLogger("some.library").error("it says %s", CANARY)
    logging.getLogger("some.library").info("it chats %s", CANARY)
    assert stream.getvalue().count("a message of a library, at some.library:test_logs.py:") == 2
    assert CANARY not in stream.getvalue()


@pytest.mark.parametrize(
    "secret",
    ["argent_0123456789ab_" + "A" * 43, "sk-ant-api03-abcdefghijklmnop", "Authorization: Bearer abcdef.ghi"],
)
def test_a_secret_is_masked_wherever_it_comes_from(stream: io.StringIO, secret: str) -> None:
    LOG.error("path %s", f"/state/{secret}/x")
    assert "***" in stream.getvalue()
    assert secret.rpartition(" ")[2] not in stream.getvalue()


def test_a_record_that_does_not_fit_its_arguments_is_told_all_the_same(stream: io.StringIO) -> None:
    handler = next(
        each for each in logging.root.handlers if each.__class__ is logging.StreamHandler
    )  # others would raise
    for message, arguments in (("%d sessions", (CANARY,)), (ValueError(CANARY), ())):
        handler.handle(LOG.makeRecord(LOG.name, logging.ERROR, "file.py", 7, message, arguments, None))
    assert len(stream.getvalue().splitlines()) == 2
    assert CANARY not in stream.getvalue()
