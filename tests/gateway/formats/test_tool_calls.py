"""Calls of tools and their results: no call is without its result, and no result without its call."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from argentos.gateway.formats import Losses
from argentos.gateway.formats.conversation.content import Remarks
from argentos.gateway.formats.conversation.drafts import Draft, messages_of
from argentos.gateway.formats.conversation.tool_calls import UNKNOWN_RESULT, settle_calls

_ids: st.SearchStrategy[Any] = st.sampled_from(["a", "b", "c", "", None, 7, [], {}])
_contents: st.SearchStrategy[Any] = (
    st.none() | st.text(max_size=3) | st.lists(st.just({"type": "text", "text": "x"}), max_size=2) | st.integers()
)
_calls: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {"type": st.just("tool_use"), "id": _ids, "name": _ids, "input": st.none() | st.just(dict[str, Any]())}
)
_results: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {"type": st.just("tool_result"), "tool_use_id": _ids, "content": _contents}
)
_texts: st.SearchStrategy[Any] = st.just({"type": "text", "text": "said"})
_drafts: st.SearchStrategy[list[Any]] = st.lists(
    st.tuples(st.sampled_from(["user", "assistant"]), st.lists(_calls | _results | _texts, max_size=4), st.booleans()),
    max_size=8,
)


def settled(drafts: list[tuple[Any, list[Any], bool]]) -> list[Draft]:
    begin = datetime(2026, 3, 2, tzinfo=UTC)
    cut = max((place for place, (_, _, archived) in enumerate(drafts) if archived), default=-1)
    return settle_calls(
        [
            Draft(
                role=role,
                blocks=list(blocks),
                remarks=Remarks(Losses(), place),
                at=begin + timedelta(minutes=place),
                archived=place <= cut,
            )
            for place, (role, blocks, _) in enumerate(drafts)
        ]
    )


@given(_drafts)
def test_each_call_has_its_result_right_behind_it_on_its_side_of_a_cut(drafts: list[Any]) -> None:
    made = settled(drafts)
    seen: set[str] = set()
    for place, draft in enumerate(made):
        calls = [block["id"] for block in draft.blocks if block["type"] == "tool_use"]
        results = [block["tool_use_id"] for block in draft.blocks if block["type"] == "tool_result"]
        assert not calls or draft.role == "assistant"
        assert not results or (
            draft.role == "user" and [b["type"] for b in draft.blocks[: len(results)]] == ["tool_result"] * len(results)
        )
        assert not seen & set(calls)
        seen |= set(calls)
        if calls:
            behind = made[place + 1]
            assert calls == [block["tool_use_id"] for block in behind.blocks if block["type"] == "tool_result"]
            assert behind.archived == draft.archived
        if results:
            assert results == [block["id"] for block in made[place - 1].blocks if block["type"] == "tool_use"]


@given(_drafts)
def test_every_text_stays_in_its_order_and_times_do_not_run_back(drafts: list[Any]) -> None:
    made = settled(drafts)
    given_texts = [(role, block["text"]) for role, blocks, _ in drafts for block in blocks if block["type"] == "text"]
    texts = [
        (draft.role, b["text"]) for draft in made for b in draft.blocks if b["type"] == "text" and b["text"] == "said"
    ]
    assert texts == given_texts
    times = [draft.at for draft in made if draft.at is not None]
    assert times == sorted(times)


@given(_drafts)
def test_whatever_is_settled_can_be_stored(drafts: list[Any]) -> None:
    made = settled(drafts)
    assert len(messages_of(made)) == len([draft for draft in made if draft.blocks])


def draft(role: Any, *blocks: dict[str, Any]) -> tuple[Any, list[Any], bool]:
    return role, list(blocks), False


CALL: dict[str, Any] = {"type": "tool_use", "id": "a", "name": "read", "input": {}}
RESULT: dict[str, Any] = {"type": "tool_result", "tool_use_id": "a", "content": "12 m"}
TEXT: dict[str, Any] = {"type": "text", "text": "said"}


def test_a_call_without_a_result_gets_one_that_says_that_it_is_not_known() -> None:
    _, result = settled([draft("assistant", CALL)])
    assert result.blocks == [{"type": "tool_result", "tool_use_id": "a", "content": UNKNOWN_RESULT, "is_error": True}]


def test_a_result_without_a_call_becomes_a_text_that_says_so() -> None:
    (only,) = settled([draft("user", RESULT)])
    assert only.blocks == [{"type": "text", "text": "[The result of a call of a tool that is not in the file]\n12 m"}]


def test_a_result_that_comes_late_stands_behind_its_call() -> None:
    made = settled([draft("assistant", CALL), draft("user", TEXT), draft("assistant", TEXT), draft("user", RESULT)])
    assert [[block["type"] for block in each.blocks] for each in made] == [
        ["tool_use"],
        ["tool_result"],
        ["text"],
        ["text"],
    ]


def test_an_id_that_was_used_before_is_made_up() -> None:
    made = settled([draft("assistant", CALL), draft("user", RESULT)] * 2)
    assert [block.get("id", block.get("tool_use_id")) for each in made for block in each.blocks] == [
        "a",
        "a",
        "a-2",
        "a-2",
    ]


def test_of_a_call_whose_input_is_too_deep_to_be_stored_the_pair_stays_whole() -> None:
    deep: Any = 1
    for _ in range(100):
        deep = [deep]
    made = messages_of(settled([draft("assistant", {**CALL, "input": {"x": deep}}), draft("user", RESULT)]))
    assert [block["type"] for message in made for block in message.content] == ["tool_use", "tool_result"]
    assert made[0].content[0]["input"]["input"].startswith('{"x": [[[')
