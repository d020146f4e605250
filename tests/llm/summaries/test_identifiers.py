"""The list of exact identifiers that a model's summary lacks."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from argentos.llm.summaries.identifiers import HEADING, with_identifiers
from argentos.storage import Snapshot
from tests.llm.summaries.telling import said


def _words(text: str) -> int:
    return len(text.split())


def _listed(snapshot: Snapshot, text: str, room: int = 1000) -> str:
    context = snapshot.context
    made = with_identifiers(text, context.messages, context.summary, room=room, count=_words)
    assert made.startswith(text)
    return made.removeprefix(text)


def test_what_a_summary_has_is_not_listed(tell: Callable[..., Snapshot]) -> None:
    talk = said(tell, "user: The order is AX-4711.", "user: It costs € 1,200 and goes to /srv/data/in.")
    assert _listed(talk, "Order ax-4711, € 1200, to /srv/data/in.") == ""


def test_what_a_summary_lacks_is_listed_word_for_word(tell: Callable[..., Snapshot]) -> None:
    talk = said(
        tell,
        "user: The order is AX-4711.",
        "agent: Noted. Write to ann.lee@harbour.example about it.",
        "user: See https://harbour.example/a?b=1, and call +49 170 1234567.",
        "user: The key lies in ~/keys/main.pem.",
        "user: The berth is number 8817.",
        "user: What a day!",
    )
    listed = _listed(talk, "They spoke of an order.")
    assert listed.splitlines()[2] == HEADING
    for each in ("AX-4711", "ann.lee@harbour.example", "b=1", "1234567", "~/keys/main.pem", "8817"):
        assert each in listed
    assert "What a day" not in listed


def test_what_must_never_be_done_is_listed_unless_the_summary_says_it(tell: Callable[..., Snapshot]) -> None:
    talk = said(tell, "user: Never email Bob about the surprise party.", "user: Fine.")
    assert "“Never email Bob about the surprise party.”" in _listed(talk, "They plan a party.")
    assert _listed(talk, "Constraints: never email Bob about the surprise party.") == ""


def test_results_of_tools_are_looked_through_too(tell: Callable[..., Snapshot]) -> None:
    talk = said(tell, "user: Book it.")
    message = talk.context.messages[0]
    block = {"type": "tool_result", "tool_use_id": "a", "content": "booked as HB-2291"}
    made = with_identifiers(
        "They booked.", [type(message)("r", 2, "user", "", message.at, 9, blocks=(block,))], None, room=50, count=_words
    )
    assert "HB-2291" in made


def test_what_an_earlier_summary_listed_is_listed_again(tell: Callable[..., Snapshot]) -> None:
    earlier = "summary replaced=1: They met. [1] Ann: “The order is AX-4711.”".replace(". [1]", ".\n[1]")
    talk = said(tell, "user: Hello.", earlier, "user: And then?")
    assert "[1] Ann: “The order is AX-4711.”" in _listed(talk, "They met again.")


def test_of_a_long_sentence_the_part_with_the_identifier_is_shown(tell: Callable[..., Snapshot]) -> None:
    talk = said(tell, f"user: {'well ' * 120}it is AX-4711 {'indeed ' * 120}")
    (line,) = _listed(talk, "They met.").splitlines()[3:]
    assert "AX-4711" in line
    assert len(line) < 320


def test_where_there_is_little_room_what_is_worth_most_is_listed(tell: Callable[..., Snapshot]) -> None:
    readings = [f"user: reading {number} is {number * 7 + 1000}" for number in range(30)]
    talk = said(tell, *readings, "user: The order is AX-4711, and nobody may tell Bob.", *readings)
    listed = _listed(talk, "They read gauges.", room=30)
    assert "AX-4711" in listed
    assert _words(listed) <= 30


@given(
    texts=st.lists(st.text("Ab1 47-./@:€n", max_size=40).filter(str.strip), min_size=1, max_size=8),
    summary=st.text("Ab1 47", min_size=1, max_size=30),
    room=st.integers(0, 60),
)
def test_the_list_never_takes_more_than_its_room(
    tell: Callable[..., Snapshot], texts: list[str], summary: str, room: int
) -> None:
    talk = said(tell, *[f"user 5: {text}" for text in texts])
    made = with_identifiers(summary, talk.context.messages, None, room=room, count=_words)
    assert made == summary or _words(made) <= _words(summary) + room
