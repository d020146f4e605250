"""Files of any format: which it is, what of a damaged one is read, and what is refused."""

import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argentos.errors import InputError
from argentos.gateway.formats import KNOWN, Losses, Source, grouped, read_transcripts
from tests.gateway.formats.shared import SAMPLES, Write, lines_of, read, read_all, refusal, told

HEAD = {"format": "argentos.sessions", "version": 1}
OWN: list[dict[str, Any]] = [
    HEAD,
    {"type": "session", "session": "s"},
    {"type": "message", "role": "user", "text": "a"},
]
CLAUDE_CODE: list[dict[str, Any]] = [{"type": "mode", "sessionId": "s"}] * 2 + [
    {"type": "user", "uuid": "1", "parentUuid": None, "sessionId": "s", "message": {"role": "user", "content": "a"}}
]
OPENCLAW: list[dict[str, Any]] = [
    {"type": "session", "id": "s"},
    {"type": "custom", "id": "0", "parentId": None},
    {"type": "message", "id": "1", "parentId": "0", "message": {"role": "user", "content": "a"}},
]
CODEX: list[dict[str, Any]] = [
    {"type": "session_meta", "payload": {"id": "s"}},
    {"type": "turn_context", "payload": {}},
    {"type": "response_item", "payload": {"type": "message", "role": "user", "content": "a"}},
]
MESSAGES: list[dict[str, Any]] = [{"role": "system", "content": "be brief"}] * 2 + [{"role": "user", "content": "a"}]
OF_LINES: dict[str, list[dict[str, Any]]] = {
    "own": OWN,
    "claude-code": CLAUDE_CODE,
    "openclaw": OPENCLAW,
    "codex": CODEX,
    "messages": MESSAGES,
}

AFTER: dict[str, Any] = {
    "own": {"type": "message", "role": "user", "text": "b"},
    "claude-code": {**CLAUDE_CODE[-1], "uuid": "2", "parentUuid": "1", "message": {"role": "user", "content": "b"}},
    "openclaw": {**OPENCLAW[-1], "id": "2", "parentId": "1", "message": {"role": "user", "content": "b"}},
    "codex": {"type": "response_item", "payload": {"type": "message", "role": "user", "content": "b"}},
    "messages": {"role": "user", "content": "b"},
}
"""Of each format a message with the text "b"; as a template, with another text in its place."""


# Damaged lines ------------------------------------------------------------------------------------------------

NO_JSON = {
    "deep nesting": '{"x": ' + "[" * 100_000,
    "deep nesting of objects": '{"x": ' + '{"a":' * 50_000,
    "half a line": '{"type": "message", "role": "us',
    "words": "Segmentation fault (core dumped)",
}


@pytest.mark.parametrize("form", OF_LINES)
@pytest.mark.parametrize("line", NO_JSON.values(), ids=NO_JSON)
def test_a_line_that_is_no_json_costs_itself_and_is_listed(write: Write, form: str, line: str) -> None:
    reading = read_all(write(*OF_LINES[form], line, AFTER[form]))
    assert told(reading.only) == [("user", "a"), ("user", "b")]
    assert [(number, "not JSON" in reason) for number, reason in reading.left_out if number == 4] == [(4, True)]


@pytest.mark.parametrize("form", OF_LINES)
@pytest.mark.parametrize("line", ["17", '"text"', "[]", "null", "{}", "true"])
def test_a_line_of_another_kind_costs_itself_and_is_listed(write: Write, form: str, line: str) -> None:
    reading = read_all(write(*OF_LINES[form], line, AFTER[form]))
    assert told(reading.only) == [("user", "a"), ("user", "b")]
    assert [number for number, _ in reading.left_out if number == 4] == [4]


@pytest.mark.parametrize("form", OF_LINES)
def test_of_a_torn_last_line_the_rest_is_taken(write: Write, form: str) -> None:
    path = write(*OF_LINES[form], AFTER[form])
    path.write_bytes(path.read_bytes()[:-12])
    reading = read_all(path)
    assert told(reading.only) == [("user", "a")]
    assert [number for number, _ in reading.left_out][-1] == 4


@pytest.mark.parametrize("form", OF_LINES)
def test_a_line_that_was_torn_and_written_on_gives_what_is_whole(write: Write, form: str) -> None:
    torn = '{"type":"message","text":"a \\"quo' + json.dumps(AFTER[form])
    reading = read_all(write(*OF_LINES[form], torn))
    assert told(reading.only) == [("user", "a"), ("user", "b")]
    assert 4 in [number for number, _ in reading.left_out]


@pytest.mark.parametrize("form", OF_LINES)
def test_lines_that_ran_into_each_other_are_both_taken(write: Write, form: str) -> None:
    *before, last = OF_LINES[form]
    reading = read_all(write(*before, json.dumps(last) + json.dumps(AFTER[form])))
    assert told(reading.only) == [("user", "a"), ("user", "b")]


@pytest.mark.parametrize("form", OF_LINES)
@pytest.mark.parametrize(
    ("text", "taken_as", "why"),
    [
        (r'"half \ud83d"', "half \ufffd", "half of a surrogate pair"),
        (r'"b", "x": NaN', "b", "NaN is a number that cannot be stored"),
        (r'"b", "x": [-1e999]', "b", "-1e999 is a number that cannot be stored"),
        (r'"c", "KEY": "b"', "b", "twice (the last one is taken)"),
        (r'"b", "x": ' + "9" * 10_000, "b", "a number that cannot be stored"),
    ],
    ids=["half a pair", "not a number", "a huge number", "a key twice", "a long number"],
)
def test_what_json_cannot_mean_is_taken_as_far_as_it_can_be(
    write: Write, form: str, text: str, taken_as: str, why: str
) -> None:
    line = json.dumps(AFTER[form]).replace('"b"', text.replace("KEY", "text" if form == "own" else "content"))
    reading = read_all(write(*OF_LINES[form], line))
    assert told(reading.only) == [("user", "a"), ("user", taken_as)]
    assert any(number == 4 and why in reason for number, reason in reading.left_out)


@pytest.mark.parametrize("form", OF_LINES)
def test_bytes_that_are_no_text_are_replaced_and_null_bytes_left_out(write: Write, form: str) -> None:
    path = write(*OF_LINES[form])
    last = json.dumps(AFTER[form]).encode().replace(b'"b"', b'"b\xff"')
    path.write_bytes(path.read_bytes() + b"\0" * 40 + b"\n" + b"\0" * 5 + last + b"\r\n" + b"\0" * 3)
    reading = read_all(path)
    assert told(reading.only) == [("user", "a"), ("user", "b\ufffd")]
    assert (4, "null bytes, as a power cut leaves them") in reading.left_out
    assert any(number == 5 and "UTF-8" in reason for number, reason in reading.left_out)


@pytest.mark.parametrize("form", OF_LINES)
@pytest.mark.parametrize("damage", ["a time that is no time", 17e300, {"x": 1}, True])
def test_a_time_that_is_none_costs_itself(write: Write, form: str, damage: Any) -> None:
    if form == "own":
        return  # its times are checked with the rest of the line
    reading = read_all(write(*OF_LINES[form], {**AFTER[form], "timestamp": damage}))
    assert told(reading.only) == [("user", "a"), ("user", "b")]
    assert any(number == 4 and reason.startswith("a time that is") for number, reason in reading.left_out)


@pytest.mark.parametrize("form", ["claude-code", "openclaw", "codex", "messages"])
def test_a_part_that_is_no_object_costs_itself(write: Write, form: str) -> None:
    parts = [17, {"type": "text", "text": "b"}, None, {"text": "c"}, {"type": 5}, {"type": "text", "text": 7}]
    line = json.dumps(AFTER[form]).replace('"b"', json.dumps(parts))
    reading = read_all(write(*OF_LINES[form], line))
    assert told(reading.only) == [("user", "a"), ("user", "b\n\nc")]
    assert [reason for number, reason in reading.left_out if number == 4] == [
        "a part of a message that is the number 17",
        "a part of a message that is nothing",
        "a part of a message without a type",
        "a part of the type text whose text is the number 7",
    ]


@pytest.mark.parametrize("form", OF_LINES)
def test_a_format_is_known_behind_thousands_of_notes(write: Write, form: str) -> None:
    notes = [{"note": number} for number in range(3000)]
    reading = read_all(write(*notes, *OF_LINES[form]))
    assert told(reading.only) == [("user", "a")]
    assert len(reading.left_out) >= len(notes)


@pytest.mark.parametrize("name", ["claude-code", "codex", "export", "openai", "openclaw", "pi"])
def test_each_line_that_is_torn_costs_what_it_says_and_nothing_else(write: Write, name: str) -> None:
    lines = (SAMPLES / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    whole = [each for found in read(SAMPLES / f"{name}.jsonl") for each in told(found)]
    for number, line in enumerate(lines, start=1):
        reading = read_all(write(*lines[: number - 1], line[: len(line) // 2], *lines[number:], name=f"{name}.jsonl"))
        texts = [each for found in reading.found for each in told(found)]
        kept = [each for each in texts if each in whole]
        assert kept == [each for each in whole if each in texts]  # in their order
        assert len(whole) - len(kept) <= 1
        assert number in [place for place, _ in reading.left_out]


def test_objects_over_several_lines_one_behind_the_other_are_each_read(write: Write) -> None:
    texts = [json.dumps({"role": "user", "content": text}, indent=2) for text in "abc"]
    assert [text for _, text in told(read(write(*texts))[0])] == ["a", "b", "c"]


# Damaged documents --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("indent", [None, 1])
def test_of_a_document_that_is_cut_off_what_came_before_is_taken(write: Write, indent: int | None) -> None:
    messages = [{"role": "user", "content": f"message {number}"} for number in range(9)]
    text = json.dumps(messages, indent=indent)
    reading = read_all(write(text[: text.index("message 6")], name="cut.json"))
    assert [text for _, text in told(reading.only)] == [f"message {number}" for number in range(6)]
    assert reading.left_out[-1][1] == "the file is cut off here"


def test_damage_in_the_middle_of_a_document_costs_the_element_in_which_it_is(write: Write) -> None:
    messages = [{"role": "user", "content": f"message {number}"} for number in range(9)]
    text = json.dumps(messages, indent=1).replace('"message 4"', '"message \0\0\0')
    reading = read_all(write(text, name="damaged.json"))
    assert [text for _, text in told(reading.only)] == [f"message {number}" for number in range(9) if number != 4]
    assert any("not JSON" in reason for _, reason in reading.left_out)


def test_of_a_request_that_is_cut_off_what_came_before_is_taken(write: Write) -> None:
    text = json.dumps(
        {"model": "gpt", "messages": [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]}
    )
    reading = read_all(write(text[: text.index('"b"') + 1], name="cut.json"))
    assert told(reading.only) == [("user", "a")]
    assert any("not JSON" in reason for _, reason in reading.left_out)


@pytest.mark.parametrize("sample", sorted(SAMPLES.iterdir()), ids=lambda path: path.name)
@given(data=st.data())
def test_a_sample_cut_off_or_overwritten_anywhere_is_read_or_refused_in_one_sentence(
    sample: Path, data: st.DataObject
) -> None:
    whole = sample.read_bytes()
    at = data.draw(st.integers(0, len(whole)))
    rest = data.draw(st.just(b"") | st.binary(min_size=1, max_size=9).map(lambda junk: junk + whole[at + len(junk) :]))
    try:
        source = Source("file", io.BytesIO(whole[:at] + rest), "file")
        list(read_transcripts(source, Losses()))
    except InputError as error:
        assert str(error).startswith(("file:", "file cannot be read: "))  # noqa: PT017 - the rest may be of no format


# Files --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "empty"),
        ("\n\n", "empty"),
        ("Hello there", "not JSON"),
        ('{"hello": "there"}', "none of the formats"),
        ("[1, 2]", "none of the formats"),
        ("17", "none of the formats"),
    ],
)
def test_what_has_no_known_format_is_refused(write: Write, content: str, why: str) -> None:
    sentence = refusal(write(content) if content else write())
    assert sentence.startswith("1: ")
    assert why in sentence
    assert why == "empty" or KNOWN in sentence


@given(st.binary(max_size=60) | st.text('[]{}",:\\u d8013\n', max_size=40).map(str.encode))
def test_any_bytes_are_read_or_refused_in_one_sentence(data: bytes) -> None:
    try:
        list(read_transcripts(Source("file", io.BytesIO(data), "file"), Losses()))
    except InputError as error:
        assert str(error).startswith(("file:", "file cannot be read: "))  # noqa: PT017 - most are refused, and some are not


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("sample", sorted(SAMPLES.glob("*.jsonl")), ids=lambda path: path.name)
@given(data=st.data())
def test_whatever_stands_in_the_place_of_a_value_nothing_but_that_is_lost(sample: Path, data: st.DataObject) -> None:
    lines: list[Any] = [json.loads(line) for line in sample.read_text(encoding="utf-8").splitlines()]
    place: Any = data.draw(st.sampled_from(lines))
    while True:
        keys: list[Any] = list(place) if hasattr(place, "keys") else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        if not place[key] or not isinstance(place[key], dict | list) or data.draw(st.booleans()):
            place[key] = data.draw(_JSON)
            break
        place = place[key]
    text = lines_of(*(json.dumps(each) for each in lines))
    try:
        list(read_transcripts(Source("file", io.BytesIO(text.encode()), "file"), Losses()))
    except InputError as error:
        assert str(error).startswith(("file:", "file cannot be read: "))  # noqa: PT017 - likewise


@pytest.mark.parametrize("form", OF_LINES)
def test_a_byte_order_mark_and_other_ends_of_lines_do_no_harm(write: Write, form: str) -> None:
    path = write(*OF_LINES[form])
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert told(read(path)[0]) == [("user", "a")]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_wide_characters_are_read(write: Write, encoding: str) -> None:
    path = write(*MESSAGES)
    path.write_bytes(f"\ufeff{path.read_text(encoding='utf-8')}".encode(encoding))
    assert told(read(path)[0]) == [("user", "a")]


def test_a_packed_file_is_read_and_one_that_is_cut_off_as_far_as_it_is_there(tmp_path: Path) -> None:
    path = tmp_path / "packed.jsonl.gz"
    text = lines_of(*({"role": "user", "content": f"message {number}"} for number in range(2000)))
    path.write_bytes(gzip.compress(text.encode()))
    (found,) = read(path)
    assert (found.transcript.session, len(told(found))) == ("packed", 2000)
    path.write_bytes(gzip.compress(text.encode())[:-300])
    reading = read_all(path)
    assert 0 < len(told(reading.only)) < 2000
    assert (0, "the packed file is cut off") in reading.left_out


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read(tmp_path / "missing.jsonl")


def test_an_id_is_for_one_conversation_only() -> None:
    assert read(SAMPLES / "openai.json", "maren")[0].transcript.session == "maren"
    with pytest.raises(InputError, match=r"conversations.jsonl:2: a second conversation"):
        read(SAMPLES / "openai-conversations.jsonl", "maren")


def test_what_is_left_out_is_told_by_reason_with_its_lines() -> None:
    losses = Losses()
    for line in (1, 2, 3, 5, 9):
        losses.add(line, "a note")
    losses.add(4, "torn", "element 2")
    assert list(grouped(losses)) == ["lines 1-3, 5, 9: a note", "line 4, element 2: torn"]
