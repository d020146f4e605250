"""A message that is sent to a session of a certain owner: it makes none, and reaches nobody else's."""

import base64
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from argentos import FileStore, OfflineModel, Supervisor
from argentos.actors.interfaces import SupervisorInterface
from argentos.errors import InputError, SessionNotFoundError
from argentos.storage import ContentLike
from tests.actors.conftest import Running

pytestmark = pytest.mark.anyio

PICTURE = {
    "type": "image",
    "source": {"type": "base64", "media_type": "image/png", "data": base64.b64encode(b"\x89PNG" * 9).decode()},
}
CONTENTS: dict[str, ContentLike] = {"a text": "Hello?", "a picture": [PICTURE]}


@pytest.fixture(params=["this process", "another process"])
async def sessions(
    request: pytest.FixtureRequest, running: Running, tmp_path: Path
) -> AsyncGenerator[SupervisorInterface]:
    async with (
        Supervisor.connect(tmp_path, patience=5) as owner,
        running(OfflineModel(), on=FileStore(tmp_path)) as supervisor,
    ):
        yield supervisor if request.param == "this process" else owner


@pytest.mark.parametrize("content", CONTENTS)
async def test_it_is_taken_where_the_session_is_the_owners(sessions: SupervisorInterface, content: str) -> None:
    boat = sessions.session("boat")
    await boat.create(owner="maren")
    turn = await boat.send(CONTENTS[content], owner="maren")
    assert (await turn.reply()).role == "assistant"
    assert (await boat.ask(CONTENTS[content], owner="maren")).role == "assistant"


@pytest.mark.parametrize("content", CONTENTS)
async def test_it_makes_no_session(sessions: SupervisorInterface, content: str) -> None:
    with pytest.raises(SessionNotFoundError):
        await sessions.session("boat").send(CONTENTS[content], owner="maren")
    assert await sessions.list() == []


@pytest.mark.parametrize("of", ["ada", None])
async def test_a_session_of_somebody_else_is_as_if_it_were_not(sessions: SupervisorInterface, of: str | None) -> None:
    boat = sessions.session("boat")
    with pytest.raises(SessionNotFoundError) as missing:
        await boat.ask("Hello?", owner="maren")
    before = await boat.create(owner=of)
    with pytest.raises(SessionNotFoundError) as raised:
        await boat.ask("Hello?", owner="maren")
    assert str(raised.value) == str(missing.value)
    assert (await boat.info()).messages == before.messages


async def test_a_message_that_was_sent_before_is_not_told_to_another_owner(sessions: SupervisorInterface) -> None:
    boat = sessions.session("boat")
    await boat.create(owner="ada")
    await boat.ask("Hello?", message_id="m-1")
    with pytest.raises(SessionNotFoundError):
        await boat.ask("Hello?", message_id="m-1", owner="maren")


async def test_an_owner_that_can_be_nobody_is_refused(sessions: SupervisorInterface) -> None:
    for owner in ("", "a\0b"):
        with pytest.raises(InputError, match="the owner"):
            await sessions.session("boat").send("Hello?", owner=owner)
