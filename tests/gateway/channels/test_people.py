"""Who may write, command and decide."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from argentos import Agent, OfflineModel, tool
from argentos.gateway.channels.local.telegram.server import LocalTelegram
from argentos.gateway.channels.local.telegram.world import Bot
from tests.gateway.channels.conftest import Run
from tests.gateway.channels.shared import Echo, shown, shows, until

pytestmark = pytest.mark.anyio


async def test_a_stranger_is_let_in_by_the_code(telegram: LocalTelegram, bot: Bot, run: Run) -> None:
    async with run(policy="pairing") as running:
        telegram.write(bot, 7, "Hello!")
        await until(lambda: shown(telegram, 7))
        code = shown(telegram, 7)[0].partition("this code, and I will answer: ")[2][:8]
        await running.supervisor.pairing.approve(code, by="owner")
        telegram.write(bot, 7, "Hello again!")
        await until(lambda: len(shown(telegram, 7)) == 2)
    assert shown(telegram, 7)[1] == "You said: Hello again!"


async def test_a_command_is_obeyed_once_however_often_it_comes(telegram: LocalTelegram, bot: Bot, run: Run) -> None:
    async with run() as running:
        telegram.write(bot, 7, "Remember this")
        await shows(telegram, 7, "You said: Remember this")
        telegram.write(bot, 7, "/new")
        await until(lambda: not bot.updates)
        telegram.write(bot, 7, "Something new")
        await until(lambda: "You said: Something new" in shown(telegram, 7))
    bot.updates, bot.confirmed, bot.offset = {each["update_id"]: each for each in bot.confirmed}, [], 0
    async with run() as running:
        await until(lambda: not bot.updates)
        history = await running.supervisor.session("telegram:7").history()
    assert [each.text for each in history] == ["Something new", "You said: Something new"]


async def test_a_command_of_somebody_else_is_not_obeyed(telegram: LocalTelegram, bot: Bot, run: Run) -> None:
    async with run(Agent(Echo(), commanders=["telegram:8"])):
        telegram.write(bot, 7, "/new")
        await shows(telegram, 7, "/new is not for everybody here, and was not done.")


@asynccontextmanager
async def asked(
    telegram: LocalTelegram, bot: Bot, run: Run, chat: int, **settings: object
) -> AsyncGenerator[list[str]]:
    """A call that waits for a word in a chat; gives what ran."""
    ran: list[str] = []

    @tool(needs_approval=True)
    async def launch(what: str) -> str:
        """Launch something."""
        ran.append(what)
        return f"{what} is launched"

    async with run(Agent(OfflineModel(), tools=[launch]), answers="always", **settings):
        telegram.write(bot, 7, "launch boat", chat=chat)
        await until(lambda: any(each.buttons for each in telegram.chat(chat).shown))
        yield ran


async def test_a_call_is_approved_by_a_button_which_then_is_gone(telegram: LocalTelegram, bot: Bot, run: Run) -> None:
    async with asked(telegram, bot, run, 7) as ran:
        (question,) = [each for each in telegram.chat(7).shown if each.buttons]
        click = telegram.click(bot, 7, question, "Approve")
        await until(lambda: ran == ["boat"])
        await until(lambda: telegram.methods.answers.get(click) == "Approved.")
        await until(lambda: not question.buttons)
        await until(lambda: "boat is launched" in shown(telegram, 7)[-1])


async def test_in_a_group_only_those_decide_who_are_let_in_themselves(
    telegram: LocalTelegram, bot: Bot, run: Run
) -> None:
    settings = {"policy": "allow-list", "allow": ["7"], "groups": ["*"]}
    async with asked(telegram, bot, run, -5, **settings) as ran:
        (question,) = [each for each in telegram.chat(-5).shown if each.buttons]
        click = telegram.click(bot, 8, question, "Approve")
        await until(lambda: telegram.methods.answers.get(click) == "Your word does not count here.")
        assert ran == []
        click = telegram.click(bot, 7, question, "Deny")
        await until(lambda: telegram.methods.answers.get(click) == "Denied.")
        assert ran == []


async def test_a_hundred_strangers_cost_the_owner_three_codes(telegram: LocalTelegram, bot: Bot, run: Run) -> None:
    async with run(policy="pairing") as running:
        for stranger in range(100, 200):
            telegram.write(bot, stranger, "Hello?")
        await until(lambda: not bot.updates)
        known = (await running.supervisor.pairing.book()).pairings
    assert sum(bool(shown(telegram, stranger)) for stranger in range(100, 200)) == 3
    assert sum(each.code is not None for each in known) == 3


async def test_what_a_session_of_a_newer_version_cannot_take_is_told_to_the_sender_and_others_go_on(
    telegram: LocalTelegram, bot: Bot, run: Run, tmp_path: Path
) -> None:
    async with run():
        telegram.write(bot, 7, "Hello!")
        await shows(telegram, 7, "You said: Hello!")
    for path in (tmp_path / "state" / "agents" / "main" / "sessions" / "telegram%3A7").glob("*.json"):
        path.write_text(path.read_text().replace('"version":3', '"version":99'))
    async with run():
        telegram.write(bot, 7, "And now?")
        telegram.write(bot, 8, "Hello!")
        await shows(telegram, 8, "You said: Hello!")
        await until(lambda: len(shown(telegram, 7)) == 2)
    assert shown(telegram, 7)[1] == "Something is wrong here, so that this was not taken. Send it again later."
