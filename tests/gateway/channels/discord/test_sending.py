"""Messages that a bot of Discord sends: each reply once, as the platform takes it, and questions with buttons."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from argentos import Agent, OfflineModel, Reply, Request, tool
from argentos.gateway.channels.local.discord.faults import Fault
from argentos.gateway.channels.local.discord.objects import Channel
from argentos.gateway.channels.local.discord.requests import File
from tests.gateway.channels.discord.conftest import Run
from tests.gateway.channels.discord.harbour import Harbour
from tests.gateway.channels.discord.test_receiving import connected
from tests.gateway.channels.shared import PNG, Looking, Slow, until

pytestmark = pytest.mark.anyio


class Programmer:
    """A model that answers by a long program."""

    async def reply(self, request: Request, emit: object) -> Reply:  # noqa: ARG002 - it comes whole
        lines = "\n".join(f"    tide({number})" for number in range(400))
        return Reply(
            f"Here it is:\n```python\ndef tides():\n{lines}\n```\nThat is all, <@{request.messages[-1].text}>."
        )


async def test_a_reply_whose_answer_was_lost_is_sent_again_and_shown_once(harbour: Harbour, run: Run) -> None:
    direct = harbour.direct(harbour.ada)
    async with run() as running:
        await connected(harbour)
        harbour.discord.faults.plan("POST messages", Fault(status=None, is_done=True))
        harbour.discord.faults.plan("POST messages", Fault(status=502, is_done=True))
        await harbour.discord.write(harbour.ada, direct, "Hello!")
        await until(lambda: running.channels.statuses.now()[0].delivered == 1)
    assert harbour.texts(direct) == ["You said: Hello!"]


async def test_limits_and_faults_are_waited_for(harbour: Harbour, run: Run) -> None:
    direct = harbour.direct(harbour.ada)
    harbour.discord.faults.plan("GET bot", Fault(status=503))
    async with run() as running:
        await connected(harbour)
        harbour.discord.faults.plan("POST messages", Fault(status=429, retry_after=0.2, is_global=True))
        harbour.discord.faults.plan("POST messages", Fault(status=429, retry_after=0.2))
        harbour.discord.faults.plan("POST messages", Fault(status=503))
        await harbour.discord.write(harbour.ada, direct, "Hello!")
        await until(lambda: running.channels.statuses.now()[0].delivered == 1)
    assert harbour.texts(direct) == ["You said: Hello!"]


async def test_a_long_reply_comes_in_parts_whose_code_is_code_and_mentions_nobody(harbour: Harbour, run: Run) -> None:
    direct = harbour.direct(harbour.ada)
    async with run(Programmer()):
        await connected(harbour)
        await harbour.discord.write(harbour.ada, direct, harbour.ada.id)
        await until(lambda: harbour.texts(direct)[-1:] and "That is all" in harbour.texts(direct)[-1])
    parts = harbour.texts(direct)
    assert len(parts) == 3
    assert all(len(each) <= 2000 and each.count("```") == 2 for each in parts)
    assert sum(each.count("tide(") for each in parts) == 400
    assert all(each.mentions == [] for each in harbour.said(direct))


async def test_a_reply_is_shown_while_it_is_made_and_its_message_becomes_it(harbour: Harbour, run: Run) -> None:
    direct = harbour.direct(harbour.ada)
    model = Slow()
    async with run(model, stream=True):
        await connected(harbour)
        await harbour.discord.write(harbour.ada, direct, "Tell me a story")
        await until(lambda: harbour.texts(direct) == ["The beginning …"])
        model.goes_on.set()
        await until(lambda: harbour.texts(direct) == ["The beginning, and the end."])
    assert harbour.discord.rest.typed[0] == direct.id


async def test_pictures_come_and_go(harbour: Harbour, run: Run) -> None:
    direct = harbour.direct(harbour.ada)
    async with run(Looking()):
        await connected(harbour)
        pictures = [File(f"{number}.png", PNG, "image/png") for number in range(2)]
        await harbour.discord.write(harbour.ada, direct, "Look", files=pictures)
        await until(lambda: len(harbour.said(direct)) == 2)
    shown = harbour.said(direct)
    assert [each.content for each in shown] == ["2 pictures: Look", ""]
    sent = [harbour.discord.state.files[each.attachments[0].url.split("/", 3)[3]] for each in shown]
    assert [each.data for each in sent] == [PNG, PNG]


@asynccontextmanager
async def asked(harbour: Harbour, run: Run, place: Channel, **settings: object) -> AsyncGenerator[list[str]]:
    """A call that waits for a word at a place; gives what ran."""
    ran: list[str] = []

    @tool(needs_approval=True)
    async def launch(what: str) -> str:
        """Launch something."""
        ran.append(what)
        return f"{what} is launched"

    async with run(Agent(OfflineModel(), tools=[launch]), answers="always", **settings):
        await connected(harbour)
        await harbour.discord.write(harbour.ada, place, "launch boat")
        await until(lambda: any(each.components for each in harbour.said(place)))
        yield ran


async def test_a_call_is_approved_by_a_button_which_then_is_gone(harbour: Harbour, run: Run) -> None:
    direct = harbour.direct(harbour.ada)
    async with asked(harbour, run, direct) as ran:
        (question,) = [each for each in harbour.said(direct) if each.components]
        click = await harbour.discord.click(harbour.ada, question, "Approve")
        await until(lambda: ran == ["boat"])
        await until(lambda: click.response == {"type": 4, "content": "Approved.", "flags": 64})
        await until(lambda: not question.components)
        await until(lambda: "boat is launched" in harbour.texts(direct)[-1])


async def test_in_a_guild_only_those_decide_who_are_let_in_themselves(harbour: Harbour, run: Run) -> None:
    bob = harbour.discord.add_person("bob")
    harbour.guild.members.append(bob.id)
    settings = {"policy": "allow-list", "allow": [harbour.ada.id], "groups": ["*"]}
    async with asked(harbour, run, harbour.general, **settings) as ran:
        (question,) = [each for each in harbour.said(harbour.general) if each.components]
        click = await harbour.discord.click(bob, question, "Approve")
        await until(
            lambda: click.response is not None and click.response["content"] == "Your word does not count here."
        )
        assert ran == []
        click = await harbour.discord.click(harbour.ada, question, "Deny")
        await until(lambda: click.response is not None and click.response["content"] == "Denied.")
        assert ran == []
