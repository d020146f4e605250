"""Addresses of messages as the platforms give them."""

from typing import Any

import pytest

from argentos import Address, InputError, discord_address, telegram_address

FORUM = {"id": -5, "type": "supergroup", "is_forum": True}
GROUP = {"id": -5, "type": "supergroup"}
WRITER = {"id": 1, "is_bot": False, "first_name": "Ada"}


def telegram(chat: dict[str, Any], **others: Any) -> Address:
    return telegram_address({"message_id": 9, "chat": chat, "from": WRITER, **others})


def test_a_private_message() -> None:
    assert telegram({"id": 1, "type": "private"}) == Address("telegram", "1", channel_id="1")
    assert telegram({"id": 1, "type": "private"}, message_thread_id=4).thread == "4"


def test_a_plain_reply_in_a_group_without_topics_is_no_thread() -> None:
    answered = {"message_id": 8, "chat": GROUP}
    assert telegram(GROUP, message_thread_id=8, reply_to_message=answered).thread is None


def test_general_is_topic_1_also_for_a_reply_in_it() -> None:
    answered = {"message_id": 8, "chat": FORUM}
    assert telegram(FORUM).thread == "1"
    assert telegram(FORUM, message_thread_id=8, reply_to_message=answered).thread == "1"


def test_a_message_in_a_topic_and_the_first_one_which_is_not_marked_as_one() -> None:
    made = {"message_id": 3, "chat": FORUM, "forum_topic_created": {"name": "Boats"}}
    assert telegram(FORUM, message_thread_id=3, is_topic_message=True).thread == "3"
    assert telegram(FORUM, message_thread_id=3, reply_to_message=made).thread == "3"
    assert telegram(FORUM, message_thread_id=3, forum_topic_created={"name": "Boats"}).thread == "3"


def test_a_reply_to_another_topic_is_in_the_topic_that_it_was_written_in() -> None:
    elsewhere = {"message_id": 8, "chat": FORUM, "message_thread_id": 4, "is_topic_message": True}
    found = telegram(FORUM, message_thread_id=3, is_topic_message=True, external_reply=elsewhere)
    assert found.thread == "3"


def test_who_writes_in_the_name_of_the_group_is_no_user_and_no_direct_message() -> None:
    found = telegram(GROUP, sender_chat={"id": -5, "type": "supergroup"})
    assert found == Address("telegram", "chat-5", channel_id="-5")


def test_a_message_of_discord() -> None:
    message = {"id": "5", "author": {"id": "1"}, "channel_id": "7"}
    assert discord_address(message) == Address("discord", "1", channel_id="7")
    assert discord_address({**message, "guild_id": "9"}, account="a") == Address(
        "discord", "1", guild="9", channel_id="7", account="a"
    )


def test_a_message_in_a_thread_of_discord() -> None:
    message = {"id": "5", "author": {"id": "1"}, "channel_id": "70", "guild_id": "9"}
    assert discord_address(message, parent_id="7") == Address("discord", "1", guild="9", channel_id="7", thread="70")


@pytest.mark.parametrize("message", [{}, {"chat": 5}, {"chat": {"id": 1}}, {"chat": {"id": None}, "from": WRITER}])
def test_what_is_no_message_of_telegram_is_refused(message: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        telegram_address(message)


@pytest.mark.parametrize("message", [{}, {"author": {"id": "1"}}, {"author": "1", "channel_id": "7"}])
def test_what_is_no_message_of_discord_is_refused(message: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        discord_address(message)
