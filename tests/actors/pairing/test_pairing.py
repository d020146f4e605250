"""Pairing: unknown senders, codes, the owner's words, and senders who are one person."""

import json
import logging
import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest

from argentos import (
    AccountSettings,
    Address,
    FileStore,
    InputError,
    ManualClock,
    MemoryStore,
    OfflineModel,
    PairingError,
    PairingNotFoundError,
    RoutingSettings,
    Sender,
    SenderNotAdmittedError,
    StoreDamagedError,
    StoreVersionError,
    Supervisor,
)
from argentos.actors.pairing.codes import as_code, new_code
from tests.actors.conftest import Running

pytestmark = pytest.mark.anyio

ASKING = RoutingSettings(
    accounts={
        ("telegram", None): AccountSettings(groups=frozenset({"-7"})),
        ("telegram", "list"): AccountSettings(policy="allow-list", allow=frozenset({"1"})),
        ("discord", None): AccountSettings(),
    }
)
ADA = Sender("telegram", "1")
BEN = Sender("telegram", "2")
ADA_ON_DISCORD = Sender("discord", "11")


def address(sender: Sender, **others: str) -> Address:
    return Address(sender.channel, sender.user, account=sender.account, **others)


async def code_of(supervisor: Supervisor, sender: Sender, clock: ManualClock) -> str | None:
    found = await supervisor.pairing.request(address(sender), sent_at=clock.now(), name="Somebody")
    return None if found is None else found.code


async def ask(supervisor: Supervisor, sender: Sender, text: str = "hello") -> str:
    """Deliver a message; gives the id of the session that has answered it."""
    reply = await (await supervisor.deliver(address(sender), text)).reply()
    assert reply.address == address(sender)
    return (await supervisor.route(address(sender))).session_id


# Unknown senders ------------------------------------------------------------------------------------------------


async def test_an_unknown_sender_is_not_answered_until_the_owner_has_approved(
    running: Running, clock: ManualClock
) -> None:
    async with running(routing=ASKING) as supervisor:
        with pytest.raises(SenderNotAdmittedError, match="telegram:1 is not let in; see `argent pairing`"):
            await supervisor.deliver(address(ADA), "hello")
        code = await code_of(supervisor, ADA, clock)
        assert code is not None
        assert await supervisor.list() == []
        approved = await supervisor.pairing.approve(f"{code[:4]}-{code[4:]}".lower(), by="owner", origin="a test")
        assert (approved.sender, approved.state, approved.code) == (ADA, "Approved", None)
        assert await ask(supervisor, ADA) == "telegram:1"


async def test_an_approval_opens_one_account_and_no_other(running: Running) -> None:
    async with running(routing=ASKING) as supervisor:
        await supervisor.pairing.approve("telegram@a:1")
        await ask(supervisor, Sender("telegram", "1", "a"))
        for other in (ADA, Sender("telegram", "1", "b"), Sender("telegram", "2", "a"), Sender("discord", "1", "a")):
            assert not (await supervisor.route(address(other))).is_answered


async def test_a_code_answers_only_a_message_of_now_and_never_a_backlog(running: Running, clock: ManualClock) -> None:
    async with running(routing=ASKING) as supervisor:
        for minutes in (2, 5, 600):
            then = clock.now() - timedelta(minutes=minutes)
            assert await supervisor.pairing.request(address(ADA), sent_at=then) is None
        assert (await supervisor.pairing.book()).pairings == ()


async def test_a_sender_gets_one_code_an_hour(running: Running, clock: ManualClock) -> None:
    async with running(routing=ASKING) as supervisor:
        first = await code_of(supervisor, ADA, clock)
        clock.advance(3599)
        assert await code_of(supervisor, ADA, clock) is None
        clock.advance(1)
        second = await code_of(supervisor, ADA, clock)
        assert second not in {None, first}
        with pytest.raises(PairingNotFoundError):
            await supervisor.pairing.approve(str(first))


async def test_a_group_gets_no_code_and_only_those_who_are_let_in_are_answered_there(
    running: Running, clock: ManualClock
) -> None:
    async with running(routing=ASKING) as supervisor:
        in_group = address(ADA, channel_id="-5")
        assert await supervisor.pairing.request(in_group, sent_at=clock.now()) is None
        assert not (await supervisor.route(in_group)).is_answered
        assert (await supervisor.route(address(ADA, channel_id="-7"))).is_answered
        await supervisor.pairing.approve(str(ADA))
        assert (await supervisor.route(in_group)).is_answered


async def test_an_account_with_a_list_gives_no_codes(running: Running, clock: ManualClock) -> None:
    async with running(routing=ASKING) as supervisor:
        known, other = Sender("telegram", "1", "list"), Sender("telegram", "2", "list")
        assert await code_of(supervisor, other, clock) is None
        assert [(await supervisor.route(address(each))).is_answered for each in (known, other)] == [True, False]


async def test_who_was_refused_gets_no_code_and_is_not_answered_anywhere_at_that_account(
    running: Running, clock: ManualClock
) -> None:
    async with running(routing=ASKING) as supervisor:
        await supervisor.pairing.deny(str(ADA))
        clock.advance(7200)
        assert await code_of(supervisor, ADA, clock) is None
        assert not (await supervisor.route(address(ADA, channel_id="-7"))).is_answered
        with pytest.raises(PairingError, match="telegram:1 is refused"):
            await supervisor.pairing.deny(str(ADA))


async def test_a_thousand_strangers_cost_the_owner_three_notices(
    running: Running, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(routing=ASKING) as supervisor:
        with caplog.at_level(logging.WARNING, "argentos.actors.pairing"):
            codes = [await code_of(supervisor, Sender("telegram", str(each)), clock) for each in range(1000)]
        assert len([each for each in codes if each is not None]) == 3
        assert len(caplog.records) == 3
        assert len((await supervisor.pairing.book()).pending) == 3


async def test_strangers_who_fill_the_places_keep_no_known_person_out(running: Running, clock: ManualClock) -> None:
    async with running(routing=ASKING) as supervisor:
        await supervisor.pairing.approve("telegram@a:1")
        for each in range(100, 110):
            await code_of(supervisor, Sender("telegram", str(each)), clock)
        assert await ask(supervisor, Sender("telegram", "1", "a")) == "telegram@a:1"
        assert await code_of(supervisor, BEN, clock) is None
        assert await code_of(supervisor, ADA, clock) is not None  # whom another account knows
        await supervisor.pairing.approve(str(BEN))  # the owner needs no code
        assert await ask(supervisor, BEN) == "telegram:2"
        assert await code_of(supervisor, ADA_ON_DISCORD, clock) is not None  # the places are those of one account


# Codes ----------------------------------------------------------------------------------------------------------


def test_a_code_has_eight_letters_that_are_not_taken_for_each_other() -> None:
    codes = {new_code() for _ in range(1000)}
    letters = {letter for code in codes for letter in code}
    assert (len(codes), {len(each) for each in codes}, len(letters)) == (1000, {8}, 32)
    assert not letters & set("0O1I")
    assert as_code("abcd-efgh") == "ABCDEFGH"
    assert [as_code(each) for each in ("", "ABCDEFG", "ABCDEFG0", "ABCDEFGHJ")] == [None] * 4


async def test_ten_wrong_codes_and_no_code_counts_for_the_rest_of_the_hour(
    running: Running, clock: ManualClock
) -> None:
    async with running(routing=ASKING) as supervisor:
        code = await code_of(supervisor, ADA, clock)
        assert code is not None
        for _ in range(10):
            with pytest.raises(PairingNotFoundError):
                await supervisor.pairing.approve("AAAAAAAA")
        with pytest.raises(PairingError, match="10 wrong codes were tried within the hour; name the sender") as caught:
            await supervisor.pairing.approve(code)
        assert (caught.value.is_transient, caught.value.retry_after) == (True, 3600.0)
        await supervisor.pairing.approve(str(ADA))
        clock.advance(3600)
        with pytest.raises(PairingNotFoundError):
            await supervisor.pairing.approve(code)


async def test_what_is_neither_a_code_nor_a_sender_is_refused(running: Running) -> None:
    async with running(routing=ASKING) as supervisor:
        with pytest.raises(InputError, match="'jason' is no code, and no sender"):
            await supervisor.pairing.approve("jason")


# One person -----------------------------------------------------------------------------------------------------


async def test_linked_senders_share_the_older_session_and_each_is_answered_at_its_own_address(
    running: Running, clock: ManualClock
) -> None:
    async with running(routing=ASKING) as supervisor:
        for sender in (ADA, ADA_ON_DISCORD):
            await supervisor.pairing.approve(str(sender))
        assert await ask(supervisor, ADA_ON_DISCORD, "first") == "discord:11"
        clock.advance(60)
        assert await ask(supervisor, ADA, "second") == "telegram:1"
        person = await supervisor.pairing.link([ADA, ADA_ON_DISCORD], by="owner")
        assert (person.session, person.joined) == ("discord:11", ("telegram:1",))
        async with anyio.create_task_group() as group:  # both at once
            for sender in (ADA, ADA_ON_DISCORD):
                group.start_soon(ask, supervisor, sender, f"from {sender}")
        said = [each.text for each in await supervisor.session("discord:11").history() if each.role == "user"]
        assert sorted(said) == ["first", "from discord:11", "from telegram:1"]
        old = await supervisor.session("telegram:1").history()
        assert [each.text for each in old if each.role == "user"] == ["second"]


async def test_unlinking_restores_the_sessions_of_before(running: Running) -> None:
    async with running(routing=ASKING) as supervisor:
        for sender in (ADA, ADA_ON_DISCORD):
            await supervisor.pairing.approve(str(sender))
        await supervisor.pairing.link([ADA, ADA_ON_DISCORD], session="user-ada")
        assert [await ask(supervisor, each) for each in (ADA, ADA_ON_DISCORD)] == ["user-ada"] * 2
        unlinked = await supervisor.pairing.unlink(ADA)
        assert unlinked.state == "Unlinked"
        assert [await ask(supervisor, each) for each in (ADA, ADA_ON_DISCORD)] == ["telegram:1", "discord:11"]
        with pytest.raises(PairingError, match="discord:11 is unlinked"):
            await supervisor.pairing.unlink(ADA_ON_DISCORD)
        await supervisor.pairing.link([ADA, ADA_ON_DISCORD], session="user-ada")
        assert await ask(supervisor, ADA) == "user-ada"


async def test_who_leaves_takes_the_own_session_along_and_the_others_go_on_in_another(running: Running) -> None:
    third = Sender("discord", "12")
    async with running(routing=ASKING) as supervisor:
        for sender in (ADA, ADA_ON_DISCORD, third):
            await supervisor.pairing.approve(str(sender))
        await supervisor.pairing.link([ADA, ADA_ON_DISCORD, third], session="telegram:1")
        await supervisor.pairing.unlink(ADA)
        found = [(await supervisor.route(address(each))).session_id for each in (ADA, ADA_ON_DISCORD, third)]
        assert found == ["telegram:1", "discord:11", "discord:11"]


async def test_who_is_refused_leaves_the_person(running: Running) -> None:
    async with running(routing=ASKING) as supervisor:
        for sender in (ADA, ADA_ON_DISCORD):
            await supervisor.pairing.approve(str(sender))
        await supervisor.pairing.link([ADA, ADA_ON_DISCORD])
        await supervisor.pairing.deny(str(ADA))
        book = await supervisor.pairing.book()
        assert (book.people, book.state_of(ADA), book.state_of(ADA_ON_DISCORD)) == ((), "Refused", "Unlinked")


@pytest.mark.parametrize("session", ["telegram:2", "discord:guild:9"])
async def test_nobody_is_linked_into_a_session_of_another_sender_or_place(running: Running, session: str) -> None:
    async with running(routing=ASKING) as supervisor:
        for sender in (ADA, ADA_ON_DISCORD):
            await supervisor.pairing.approve(str(sender))
        with pytest.raises(PairingError, match="belongs to another sender or place"):
            await supervisor.pairing.link([ADA, ADA_ON_DISCORD], session=session)


async def test_two_people_have_no_session_in_common(running: Running) -> None:
    senders = [Sender("telegram", str(each)) for each in range(4)]
    async with running(routing=ASKING) as supervisor:
        for sender in senders:
            await supervisor.pairing.approve(str(sender))
        await supervisor.pairing.link(senders[:2], session="user-ada")
        with pytest.raises(PairingError, match="session 'user-ada' is that of telegram:0 already"):
            await supervisor.pairing.link(senders[2:], session="user-ada")


async def test_only_those_who_were_approved_can_be_linked(running: Running) -> None:
    async with running(routing=ASKING) as supervisor:
        await supervisor.pairing.approve(str(ADA))
        with pytest.raises(PairingError, match="discord:11 is unknown"):
            await supervisor.pairing.link([ADA, ADA_ON_DISCORD])
        assert (await supervisor.pairing.book()).state_of(ADA) == "Approved"


# What is durable ------------------------------------------------------------------------------------------------


async def test_pairings_outlive_the_process_and_say_who_said_what_from_where(
    tmp_path: Path, clock: ManualClock
) -> None:
    for restart in range(2):
        async with Supervisor(FileStore(tmp_path), OfflineModel(), clock=clock, routing=ASKING) as supervisor:
            if not restart:
                for sender in (ADA, ADA_ON_DISCORD):
                    await supervisor.pairing.approve(str(sender), by="jason", origin="a test")
                await supervisor.pairing.link([ADA, ADA_ON_DISCORD], session="user-ada", by="jason")
            assert (await supervisor.route(address(ADA))).session_id == "user-ada"
    file = tmp_path / "pairing.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    content = json.loads(file.read_text(encoding="utf-8"))
    assert (content["version"], content["revision"]) == (1, 3)
    assert content["acts"][0] == {
        "at": "2026-05-08T07:00:00Z",
        "act": "approve",
        "senders": [{"channel": "telegram", "user": "1"}],
        "by": "jason",
        "origin": "a test",
    }


async def test_what_another_process_changes_holds_at_once(tmp_path: Path) -> None:
    async with (
        Supervisor(FileStore(tmp_path), OfflineModel(), routing=ASKING) as supervisor,
        Supervisor.connect(tmp_path) as other,
    ):
        await other.pairing.approve(str(ADA), by="jason", origin="elsewhere")
        assert (await supervisor.route(address(ADA))).is_answered
        assert await other.pairing.book() == await supervisor.pairing.book()
        (tmp_path / "pairing.json").unlink()
        assert not (await other.route(address(ADA))).is_answered


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ('{"version": 1, "pairings": [', StoreDamagedError),
        ('{"version": 1, "people": [{"session": "a", "senders": []}]}', StoreDamagedError),
        ('{"version": 2, "more": 1}', StoreVersionError),
    ],
)
async def test_a_file_that_cannot_be_read_lets_nobody_in_and_is_left_as_it_is(
    tmp_path: Path, content: str, error: type[Exception]
) -> None:
    (tmp_path / "pairing.json").write_text(content, encoding="utf-8")
    async with Supervisor(FileStore(tmp_path), OfflineModel(), routing=ASKING) as supervisor:
        for _ in range(2):
            with pytest.raises(error, match=r"pairing\.json"):
                await supervisor.deliver(address(ADA), "hello")
            with pytest.raises(error):
                await supervisor.pairing.approve(str(ADA))
    assert (tmp_path / "pairing.json").read_text(encoding="utf-8") == content


async def test_on_a_store_in_memory_pairings_last_as_long_as_the_supervisor() -> None:
    async with Supervisor(MemoryStore(), OfflineModel(), routing=ASKING) as supervisor:
        await supervisor.pairing.approve(str(ADA))
        assert (await supervisor.route(address(ADA))).is_answered


@pytest.mark.parametrize("given", [7, None, "telegram:123"])
async def test_what_is_no_list_of_senders_is_not_linked(given: Any) -> None:
    async with Supervisor(MemoryStore(), OfflineModel()) as supervisor:
        with pytest.raises(InputError, match="give Senders, as"):
            await supervisor.pairing.link(given)
