"""Search finds all messages that have the words, in any language, and no others; the latest first."""

from datetime import timedelta

import pytest
from anyio import from_thread
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from argentos import ManualClock, MemoryStore, OfflineModel, ReplayModel
from argentos.actors import Transcript, TranscriptMessage
from argentos.errors import InputError
from argentos.gateway.index import Part, SearchQuery
from tests.gateway.index.conftest import Indexed, Indexing

pytestmark = pytest.mark.anyio

TEXTS = [
    "The harbour of Husum lies behind the dyke.",
    "When does the Ferry leave? At 18:40, from the west quay.",
    "我想知道明天北京市海淀区的天气怎么样。",
    "潮汐表在港口的办公室里。",
    "Die Fähre nach Föhr fährt um 6 Uhr; sie heißt „Uthlande“.",
    "آیا کشتی امروز می‌آید؟",
    "Паром уходит в шесть часов.",
    '100%_sure "quoted" * (x) -- it\'s',
    "C#",
    "海",
    "👩‍👩‍👧 at sea",
    "1\x00 22\x00333\x00",
]


async def say_all(indexed: Indexed, clock: ManualClock) -> None:
    for text in TEXTS:
        clock.advance(1)
        await indexed.supervisor.session("maren").say(text)


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        ("harbour", [1]),
        ("HARBOUR", [1]),
        ("arbo", [1]),
        ("ferry", [2]),
        ("the west", [2]),
        ("west the", [2]),
        ('"the west"', [2]),
        ('"west the"', []),
        ("北京市海淀区", [3]),
        ("京市海", [3]),
        ("北京", [3]),
        ("天气", [3]),
        ("港", [4]),
        ("里。", [4]),
        ("潮汐 港口", [4]),
        ("海", [10, 3]),
        ("fähr", [5]),
        ("FÄHRE", [5]),
        ("fa\u0308hre", [5]),
        ("کشتی", [6]),
        ("ПАРОМ", [7]),
        ("100%", [8]),
        ("%_", [8]),
        ('"quoted', [8]),
        ("*", [8]),
        ("it's", [8]),
        ("c#", [9]),
        ("#", [9]),
        ("👩‍👩‍👧", [11]),
        ("22\x00333", [12]),
        ("22333", []),
        ("2\x003", [12]),
        ("\x00", [12]),
        ("+\b.\x00", []),
        ("a", [11, 5, 2, 1]),
        ("zebra", []),
        ("harbour zebra", []),
        ("京海", []),
    ],
)
async def test_messages_are_found_by_parts_of_what_they_say(
    indexing: Indexing, clock: ManualClock, wanted: str, numbers: list[int]
) -> None:
    async with indexing(on=MemoryStore()) as indexed:
        await say_all(indexed, clock)
        result = await indexed.find(wanted)
        assert [each.number for each in result.hits] == numbers
        assert (result.is_complete, result.progress) == (True, "")


async def test_a_hit_says_where_and_when_and_shows_the_words_in_their_place(
    indexing: Indexing, clock: ManualClock
) -> None:
    async with indexing(on=MemoryStore()) as indexed:
        session = indexed.supervisor.session("maren")
        before, behind = "So much was said before that it is too long to be shown. ", " And" + " again" * 40
        await session.append(f"{before}Ask for the\n ferry, the west\tQUAY.{behind}")
        await session.update(title="Ferries")
        (hit,) = (await indexed.find("quay ferry")).hits
        assert (hit.agent, hit.session, hit.title, hit.number, hit.role) == ("main", "maren", "Ferries", 1, "user")
        assert hit.at == clock.now()
        assert [each.text for each in hit.snippet if each.is_match] == ["ferry", "QUAY"]
        shown = "".join(each.text for each in hit.snippet)
        assert "Ask for the ferry, the west QUAY. And again" in shown
        assert (shown[0], shown[-1]) == ("…", "…")
        assert len(shown) < 150
        assert hit.snippet[0] == Part("…")


async def test_what_left_the_context_is_found_as_long_as_its_session_is_there(indexing: Indexing) -> None:
    async with indexing(agents=ReplayModel(["one", "two", "three"])) as indexed:
        session = indexed.supervisor.session("maren")
        await session.ask("walrus")
        await session.clear()
        await session.ask("penguin")
        await session.rewind(before=3)
        assert await indexed.found("walrus") == [("maren", 1)]
        assert await indexed.found("penguin") == [("maren", 3)]
        await session.undo()
        await session.fork("other")
        assert sorted(await indexed.found("penguin")) == [("maren", 3), ("other", 3)]
        await session.delete()
        assert await indexed.found("penguin") == [("other", 3)]
        assert await indexed.found("walrus") == []


async def test_a_search_may_be_of_an_agent_a_session_or_an_owner(indexing: Indexing, clock: ManualClock) -> None:
    agents = {"main": OfflineModel(), "sales": OfflineModel()}
    async with indexing(on=MemoryStore(), agents=agents) as indexed:
        for agent, name, owner in (("main", "a", "x"), ("main", "b", "y"), ("sales", "a", "x")):
            clock.advance(1)
            session = indexed.supervisor.session(name, agent=agent)
            await session.say("Ahoy!")
            await session.update(owner=owner)
        assert [(each.agent, each.session) for each in (await indexed.find("ahoy")).hits] == [
            ("sales", "a"),
            ("main", "b"),
            ("main", "a"),
        ]
        assert await indexed.found("ahoy", agent="main") == [("b", 1), ("a", 1)]
        assert await indexed.found("ahoy", owner="x") == [("a", 1), ("a", 1)]
        assert await indexed.found("ahoy", session="b") == [("b", 1)]
        assert await indexed.found("ahoy", session="b", owner="x") == []
        await indexed.supervisor.session("b").update(owner="x")
        assert len(await indexed.found("ahoy", owner="x")) == 3


MANY = 9000


@pytest.mark.parametrize("is_common", [True, False])
async def test_the_latest_are_found_first_however_many_there_are(
    indexing: Indexing, clock: ManualClock, *, is_common: bool
) -> None:
    """Words that are in all messages, and a word of two that stand in them apart but for one message."""
    text = "alpha beta" if is_common else "ab bc bd"
    async with indexing(on=MemoryStore()) as indexed:
        for name, days in (("old", 9), ("new", 3)):
            at = clock.now() - timedelta(days=days)
            messages = [
                TranscriptMessage(role="user", text=f"{text} {number}", at=at + timedelta(seconds=number))
                for number in range(1, MANY // 2 + 1)
            ]
            await indexed.supervisor.session(name).adopt(Transcript(session=name, messages=tuple(messages)))
        if is_common:
            assert await indexed.found("beta alpha", limit=3) == [("new", each) for each in (4500, 4499, 4498)]
            assert await indexed.found("beta alpha", limit=2, session="old") == [("old", 4500), ("old", 4499)]
            assert len(await indexed.found("beta", limit=1000)) == 1000
        else:
            assert await indexed.found('"b b"', limit=1000, session="new") == [
                ("new", number) for number in range(4500, 3500, -1)
            ]
            assert (
                await indexed.found('"bd 7"', session="old")
                == [
                    ("old", each)
                    for each in sorted((n for n in range(1, 4501) if str(n).startswith("7")), reverse=True)
                ][:50]
            )


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        (SearchQuery(text=""), "nothing to search for"),
        (SearchQuery(text='  ""  " "'), "nothing to search for"),
        (SearchQuery(text="x" * 1001), "1,000 is the most"),
        (SearchQuery(text="\ud800"), "surrogate"),
        (SearchQuery(text="x", limit=0), "the limit"),
        (SearchQuery(text="x", session=""), "the session id"),
    ],
)
async def test_what_cannot_be_searched_for_is_refused(indexing: Indexing, query: SearchQuery, sentence: str) -> None:
    async with indexing(on=MemoryStore()) as indexed:
        with pytest.raises(InputError, match=sentence):
            await indexed.index.search(query)


LETTERS = st.text("aAbBcé中文字 \n\"'%_*-(:^\x00\b", max_size=12)


@given(texts=st.lists(LETTERS.filter(str.strip), min_size=1, max_size=8), wanted=LETTERS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_search_finds_what_looking_at_every_message_finds(indexing: Indexing, texts: list[str], wanted: str) -> None:
    words = [each.casefold() for each in wanted.replace('"', " ").split()]
    expected = [number for number, text in enumerate(texts, start=1) if all(each in text.casefold() for each in words)]

    async def search() -> list[int]:
        async with indexing(on=MemoryStore()) as indexed:
            for text in texts:
                await indexed.supervisor.session("maren").append(text)
            return [number for _, number in await indexed.found(" ".join(words), limit=1000)]

    if words:
        with from_thread.start_blocking_portal() as portal:
            assert sorted(portal.call(search)) == expected
