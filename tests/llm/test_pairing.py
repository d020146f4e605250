"""Calls and results side by side: whatever a history holds, a provider takes the request."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from argentos.llm.pairing import is_between, with_results
from argentos.storage import Message, Role
from tests.actors.core.tools import check_request

AT = datetime(2026, 5, 8, tzinfo=UTC)
IDS = ("a", "b", "c")


def message(number: int, role: Role, blocks: list[dict[str, Any]]) -> Message:
    return Message(id=f"m-{number}", number=number, role=role, text="", at=AT, tokens=1, blocks=tuple(blocks))


def call(call_id: str) -> dict[str, Any]:
    return {"type": "tool_use", "id": call_id, "name": "add", "input": {}}


def result(call_id: str) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": call_id, "content": call_id}


text = st.just({"type": "text", "text": "words"})
calling = st.lists(st.sampled_from(IDS), unique=True, max_size=2).map(lambda ids: [call(each) for each in ids])
answering = st.lists(st.sampled_from(IDS), unique=True, max_size=2).map(lambda ids: [result(each) for each in ids])
histories = st.lists(
    st.one_of(
        st.tuples(st.just("assistant"), st.tuples(text, calling).map(lambda parts: [parts[0], *parts[1]])),
        st.tuples(st.just("user"), st.tuples(text, answering).map(lambda parts: [*parts[1], parts[0]])),
        st.tuples(st.just("user"), answering.filter(bool)),
    ),
    max_size=8,
)


@given(histories)
def test_any_history_is_one_that_a_provider_takes(history: list[tuple[Role, list[dict[str, Any]]]]) -> None:
    found = tuple(message(number, role, blocks) for number, (role, blocks) in enumerate(history, 1))
    paired = with_results(found)
    check_request(paired)
    assert with_results(paired) == paired


def test_what_is_in_order_stays_as_it_is() -> None:
    found = (
        message(1, "assistant", [call("a"), call("b")]),
        message(2, "user", [result("b"), result("a")]),
    )
    assert with_results(found) is found


def test_results_come_right_behind_their_call() -> None:
    said = message(2, "assistant", [{"type": "text", "text": "by the way"}])
    found = (message(1, "assistant", [call("a")]), said, message(3, "user", [result("a")]))
    assert [block["type"] for each in with_results(found) for block in each.blocks] == [
        "tool_use",
        "tool_result",
        "text",
    ]


def test_a_call_without_a_result_gets_one_that_says_so() -> None:
    found = with_results((message(1, "assistant", [call("a")]),))
    assert found[1].blocks[0]["is_error"]


def test_a_cut_between_a_call_and_its_result_is_known() -> None:
    found = [message(1, "assistant", [call("a")]), message(2, "user", [result("a")])]
    assert [is_between(found, count) for count in range(3)] == [False, True, False]
