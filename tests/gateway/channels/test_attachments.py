"""Pictures and documents come and go."""

import pytest

from argentos.gateway.channels.local.telegram.server import LocalTelegram
from argentos.gateway.channels.local.telegram.world import Bot
from tests.gateway.channels.conftest import Run
from tests.gateway.channels.shared import PNG, Looking, shown, shows, until

pytestmark = pytest.mark.anyio


async def test_an_album_is_one_message_with_all_its_pictures(telegram: LocalTelegram, bot: Bot, run: Run) -> None:
    async with run(Looking()):
        telegram.send_pictures(bot, 7, [PNG, PNG, PNG], "Look")
        await until(lambda: len(telegram.chat(7).shown) == 3)
    pictures = telegram.chat(7).shown
    assert [each.text for each in pictures] == ["3 pictures: Look", "", ""]
    assert [each.file for each in pictures] == [PNG] * 3


async def test_a_file_that_cannot_be_read_is_told_of(telegram: LocalTelegram, bot: Bot, run: Run) -> None:
    async with run(Looking()):
        file = {"file_id": "x", "file_unique_id": "x", "file_name": "a.zip", "mime_type": "application/zip"}
        telegram.write(bot, 7, document=file)
        await shows(telegram, 7, "0 pictures: [a.zip, of a kind that I cannot read: application/zip]")


async def test_a_text_file_is_read(telegram: LocalTelegram, bot: Bot, run: Run) -> None:
    telegram.world.files["notes"] = b"High tide at six"
    async with run(Looking()):
        file = {"file_id": "notes", "file_unique_id": "n", "file_name": "notes.txt", "mime_type": "text/plain"}
        telegram.write(bot, 7, document=file, caption="See")
        await until(lambda: shown(telegram, 7))
    assert shown(telegram, 7) == ["0 pictures: notes.txt:\nHigh tide at six See"]


async def test_a_picture_to_a_topic_that_was_deleted_goes_to_general(
    telegram: LocalTelegram, bot: Bot, run: Run
) -> None:
    telegram.world.chat(-5, is_forum=True)
    telegram.world.files["tide"] = PNG
    photo = [{"file_id": "tide", "file_unique_id": "t", "width": 1, "height": 1}]
    async with run(Looking(), groups=["*"], answers="always"):
        telegram.write(bot, 7, chat=-5, photo=photo, message_thread_id=3, is_topic_message=True)
        await until(lambda: telegram.chat(-5).shown)
    (posted,) = telegram.chat(-5).shown
    assert posted.file == PNG
    assert "message_thread_id" not in posted.raw
