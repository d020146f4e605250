"""The edge: what comes from outside is taken as what it means, or refused with a sentence that helps."""

import enum
import math
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argentos.errors import ConfigError, InputError
from argentos.inputs import (
    as_choice,
    as_flag,
    as_id,
    as_number,
    as_path,
    as_text,
    as_time,
    as_whole_number,
    in_words,
    nearest,
)

HUGE = 10**400
NAIVE = datetime(2026, 5, 8)  # noqa: DTZ001 - that is the point
TOO_EARLY = datetime.min.replace(tzinfo=timezone(timedelta(hours=2)))


class Word(str):
    __slots__ = ()

    def __str__(self) -> str:
        return "another text"


class Colour(enum.StrEnum):
    RED = "red"


class Many(int):
    def __repr__(self) -> str:
        return "many"


class Later(datetime):
    pass


def a_few(value: object, what: str) -> int:
    return as_whole_number(value, what, 1, 9)


def a_colour(value: object, what: str) -> str:
    return as_choice(value, ["red", "blue"], what)


@pytest.mark.parametrize(
    "good",
    [
        "user-jason",
        "telegram:123",
        "spaces/AAAA/threads/BBBB",
        "../x",
        "..",
        ".hidden",
        "/etc/passwd",
        "a\\b",
        "%2e%2e",
        "日本語",
        "👩\u200d👩\u200d👧",
        "क्\u200dष",
        "a b",
        " a ",
        "x" * 512,
        "🙂" * 128,
        "CON",
    ],
)
def test_any_text_up_to_512_bytes_without_control_characters_is_an_id(good: str) -> None:
    assert as_id(good, "the session id") == good


@pytest.mark.parametrize(("number", "text"), [(4711, "4711"), (0, "0"), (-100123, "-100123"), (Many(7), "7")])
def test_a_number_is_taken_as_the_text_of_an_id(number: int, text: str) -> None:
    assert as_id(number, "the session id") == text


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        ("", "the session id is empty; give it at least one character"),
        ("x" * 513, "the session id has 513 bytes in UTF-8; 512 is the most"),
        ("é" * 257, "the session id has 514 bytes in UTF-8; 512 is the most"),
        ("a\nb", r"the session id 'a\nb' cannot be used: the control character '\n' is not allowed there"),
        ("a\0", r"the session id 'a\x00' cannot be used: the control character '\x00' is not allowed there"),
        ("\x1b[31m", r"the session id '\x1b[31m' cannot be used: the control character '\x1b' is not allowed there"),
        ("\x7f", r"the session id '\x7f' cannot be used: the control character '\x7f' is not allowed there"),
        ("\x85", r"the session id '\x85' cannot be used: the control character '\x85' is not allowed there"),
        ("\ud800", "the session id has half a surrogate pair at character 0; send whole ones"),
        (None, "the session id is nothing; give it as text, or as a whole number"),
        (True, "the session id is true; give it as text, or as a whole number"),
        (1.5, "the session id is the number 1.5; give it as text, or as a whole number"),
        (b"a", "the session id is bytes; give it as text, or as a whole number"),
        (["a"], "the session id is a list; give it as text, or as a whole number"),
        ({}, "the session id is an object; give it as text, or as a whole number"),
        (10**50, "the session id is a number of more than forty digits; give it as text"),
    ],
)
def test_what_is_no_id_is_refused_with_a_sentence(bad: object, sentence: str) -> None:
    with pytest.raises(InputError) as refused:
        as_id(bad, "the session id")
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("check", "value", "plain"),
    [
        (as_text, Word("é"), "é"),
        (as_text, Colour.RED, "red"),
        (as_id, Word("a"), "a"),
        (as_flag, False, False),
        (a_few, Many(7), 7),
        (as_number, Many(7), 7.0),
        (as_time, Later(2026, 5, 8, tzinfo=UTC), datetime(2026, 5, 8, tzinfo=UTC)),
        (as_time, datetime(2026, 5, 8, tzinfo=timezone(timedelta(hours=2))), datetime(2026, 5, 7, 22, tzinfo=UTC)),
        (a_colour, Colour.RED, "red"),
        (as_path, Path("a"), Path("a")),
        (as_path, "a", Path("a")),
    ],
)
def test_what_is_taken_is_plain(check: Callable[[object, str], object], value: object, plain: object) -> None:
    taken = check(value, "it")
    assert taken == plain
    assert type(taken) is type(plain)


@pytest.mark.parametrize(
    ("check", "value", "sentence"),
    [
        (as_text, 5, "it is the number 5; give it as text"),
        (as_text, "a\udc80", "it has half a surrogate pair at character 1; send whole ones"),
        (as_flag, 1, "it is the number 1; use true or false"),
        (as_flag, "no", "it is the text 'no'; use true or false"),
        (as_number, math.nan, "it is the number nan, which is out of range; use a number from 0"),
        (as_number, -1, "it is the number -1, which is out of range; use a number from 0"),
        (as_number, True, "it is true; use a number from 0"),
        (as_number, 1j, "it is a thing of the kind 'complex'; use a number from 0"),
        (as_number, HUGE, "it is a number of more than forty digits, which is out of range; use a number from 0"),
        (as_time, NAIVE, "it is 2026-05-08 00:00:00, which has no zone; write it as 2026-05-08T07:14:08Z"),
        (as_time, None, "it is nothing; give a time with its zone, as 2026-05-08T07:14:08Z"),
        (as_time, TOO_EARLY, "it is 0001-01-01 00:00:00+02:00, which is out of range in UTC"),
        (as_path, 5, "it is the number 5; give the path of a file or a folder"),
        (as_path, "", "it is an empty text, which no file can be called; give the path of a file or a folder"),
        (as_path, "a\ud83d", "it has half a surrogate pair at character 1; send whole ones"),
        (as_number, "\ud83d", r"it is the text '\ud83d'; use a number from 0"),
        (as_path, b"a", "it is bytes; give the path of a file or a folder"),
    ],
)
def test_what_cannot_be_taken_is_named(check: Callable[[object, str], object], value: object, sentence: str) -> None:
    with pytest.raises(InputError) as refused:
        check(value, "it")
    assert str(refused.value) == sentence


def test_a_choice_names_what_is_allowed_and_the_nearest() -> None:
    modes = ["collect", "followup", "interrupt"]
    with pytest.raises(ConfigError) as refused:
        as_choice("colect", modes, "queue_mode", ConfigError)
    assert str(refused.value) == (
        "queue_mode is the text 'colect'; use 'collect', 'followup' or 'interrupt'; did you mean 'collect'?"
    )


def test_a_number_outside_its_range_names_the_range() -> None:
    with pytest.raises(InputError) as refused:
        as_whole_number(0, "the limit", 1, 10)
    assert str(refused.value) == "the limit is the number 0, which is out of range; use a whole number from 1 to 10"
    with pytest.raises(InputError, match=r"use a whole number from 1 to 10"):
        as_whole_number(2.0, "the limit", 1, 10)


def test_the_nearest_word_is_found_whatever_its_case() -> None:
    assert nearest("Defalts", ["agents", "defaults"]) == "defaults"
    assert nearest("gateway", ["agents", "defaults"]) is None
    assert nearest(5, ["agents"]) is None


anything: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(st.characters(), max_size=700),
    st.binary(),
    st.datetimes(timezones=st.none() | st.timezones()),
    st.lists(st.integers()),
    st.dictionaries(st.text(), st.integers()),
    st.just(object()),
)

CHECKS: list[Callable[[object, str], object]] = [
    as_id,
    as_text,
    as_flag,
    as_number,
    as_time,
    as_path,
    a_few,
    a_colour,
]


class Evil:
    """A value of which nothing can be asked."""

    @property  # type: ignore[misc] # what msgspec and isinstance ask
    def __class__(self) -> type:  # pyright: ignore[reportIncompatibleMethodOverride]
        raise SystemExit

    def __getattribute__(self, name: str) -> object:
        raise SystemExit

    def __eq__(self, _: object) -> bool:
        raise SystemExit

    __hash__ = None  # type: ignore[assignment]


class NoZone(tzinfo):
    """A zone that does not know where it is."""

    def __init__(self, offset: Callable[[], object]) -> None:
        self.offset = offset

    def utcoffset(self, _: datetime | None) -> Any:
        return self.offset()

    dst = tzname = utcoffset


def lost() -> object:
    raise SystemExit


EVIL: dict[str, Callable[[], object]] = {  # made in the test: pytest would look at them
    "a value": Evil,
    "a zone that raises": lambda: datetime(2026, 5, 8, tzinfo=NoZone(lost)),
    "a zone that gives nonsense": lambda: datetime(2026, 5, 8, tzinfo=NoZone(lambda: "here")),
}


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("make", EVIL.values(), ids=EVIL.keys())
def test_a_value_that_raises_when_it_is_looked_at_is_refused_as_any_other(
    check: Callable[[object, str], object], make: Callable[[], object]
) -> None:
    with pytest.raises(InputError, match=r"^it is a (thing|time)"):
        check(make(), "it")


@given(anything, st.sampled_from(CHECKS))
def test_anything_is_taken_or_refused_in_one_line_without_python_words(
    value: object, check: Callable[[object, str], object]
) -> None:
    try:
        check(value, "it")
    except InputError as refused:
        said = str(refused)
        assert said.isascii()
        assert len(said) < 1000
        assert "\n" not in said
        assert "NoneType" not in said
        assert "Expected" not in said


@given(anything)
def test_what_is_taken_for_an_id_can_be_encoded_and_names_a_file(value: object) -> None:
    try:
        text = as_id(value, "it")
    except InputError:
        return
    assert 0 < len(os.fsencode(text)) <= 512
    assert in_words(text)
