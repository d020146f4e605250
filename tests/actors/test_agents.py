"""Several agents of one store in one supervisor."""

from pathlib import Path
from typing import Any

import pytest

from argentos import (
    Address,
    Agent,
    Config,
    Emit,
    FileStore,
    MemoryStore,
    Model,
    OfflineModel,
    ReplayModel,
    Reply,
    Request,
    Supervisor,
    tool,
)
from argentos.errors import ConfigError, InputError, SessionFailedError, SessionParkedError
from argentos.storage import SessionKey, Snapshot

pytestmark = pytest.mark.anyio


class Prompted:
    """Answers with its system prompt, and tells how often it was loaded and closed."""

    def __init__(self) -> None:
        self.loaded = self.closed = 0

    async def reply(self, request: Request, _emit: Emit) -> Reply:
        return Reply(f"{request.system} {request.messages[-1].text}")

    async def load(self) -> None:
        self.loaded += 1

    async def aclose(self) -> None:
        self.closed += 1


async def test_an_agent_is_a_model_with_a_system_prompt_and_settings(store: MemoryStore) -> None:
    agent = Agent(Prompted(), system="Be kind.", config=Config(max_context_tokens=5000))
    async with Supervisor(store, agent) as supervisor:
        session = supervisor.session("maren")
        assert (await session.ask("hello")).text == "Be kind. hello"
        assert (await session.info()).window == 5000


async def test_a_bare_model_is_an_agent(store: MemoryStore) -> None:
    async with Supervisor(store, Prompted()) as supervisor:
        assert supervisor.agents == ("main",)
        assert (await supervisor.session("maren").ask("hello")).text == " hello"


async def test_each_agent_answers_in_its_own_sessions(tmp_path: Path) -> None:
    agents = {"main": Agent(Prompted(), system="Main:"), "sales": Agent(Prompted(), system="Sales:")}
    async with Supervisor(FileStore(tmp_path), agents) as supervisor:
        assert (await supervisor.session("maren").ask("hello")).text == "Main: hello"
        assert (await supervisor.session("maren", agent="sales").ask("hello")).text == "Sales: hello"
    assert (tmp_path / "agents/main/sessions/maren/history.json").exists()
    assert (tmp_path / "agents/sales/sessions/maren/history.json").exists()


async def test_two_sessions_of_one_id_in_two_agents_never_meet(store: MemoryStore) -> None:
    agents = {"main": Prompted(), "sales": Prompted()}
    async with Supervisor(store, agents) as supervisor:
        main, sales = supervisor.session("maren"), supervisor.session("maren", agent="sales")
        await main.ask("to main", message_id="m-1")
        await sales.ask("to sales", message_id="m-1")
        assert [each.text for each in await main.history()] == ["to main", " to main"]
        assert [each.text for each in await sales.history()] == ["to sales", " to sales"]
        await main.delete()
        assert await supervisor.list() == []
        assert [each.id for each in await supervisor.list(agent="sales")] == ["maren"]
        assert [each.text for each in await sales.history()] == ["to sales", " to sales"]


async def test_each_agent_has_settings_and_a_counter_of_its_own(store: MemoryStore) -> None:
    class Letters(Prompted):
        def count_tokens(self, text: str) -> int:
            return len(text)

    class Nothing(Prompted):
        def count_tokens(self, text: str) -> int:
            return len(text) * 0

    small = Config(max_context_tokens=500, mailbox_limit=1)
    agents: dict[str, Agent | Model] = {"main": Letters(), "sales": Agent(Nothing(), config=small)}
    async with Supervisor(store, agents, config=Config(max_context_tokens=900)) as supervisor:
        for name, window, tokens in (("main", 900, 104), ("sales", 500, 4)):
            session = supervisor.session("maren", agent=name)
            await session.say("x" * 100)
            info = await session.info()
            assert (info.agent, info.window, info.tokens) == (name, window, tokens)


async def test_an_agent_that_is_not_there_is_named(store: MemoryStore) -> None:
    async with Supervisor(store, {"main": OfflineModel(), "sales": OfflineModel()}) as supervisor:
        with pytest.raises(InputError, match=r"no agent 'support' here; this supervisor runs main, sales"):
            supervisor.session("maren", agent="support")
        with pytest.raises(InputError, match="no agent 'support'"):
            await supervisor.list(agent="support")


@pytest.mark.parametrize(
    ("agents", "name", "expected"),
    [
        (OfflineModel(), None, "main"),
        (OfflineModel(), "sales", "sales"),
        ({"sales": OfflineModel(), "main": OfflineModel()}, None, "main"),
        ({"sales": OfflineModel(), "support": OfflineModel()}, None, "sales"),
        ({"sales": OfflineModel(), "support": OfflineModel()}, "support", "support"),
    ],
)
async def test_where_no_agent_is_named_the_default_one_is_meant(
    store: MemoryStore, agents: Any, name: str | None, expected: str
) -> None:
    async with Supervisor(store, agents, agent=name) as supervisor:
        await supervisor.session("maren").ask("hello")
        assert [each.agent for each in await supervisor.list()] == [expected]


@pytest.mark.parametrize(
    ("agents", "sentence"),
    [
        ({}, "there are no agents; give at least one"),
        ({"a\nb": OfflineModel()}, "the agent's name"),
        ({"main": 7}, "the model is the number 7"),
    ],
)
def test_agents_that_cannot_be_run_are_refused(agents: Any, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        Supervisor(MemoryStore(), agents)


def test_a_default_agent_that_is_not_among_them_is_refused() -> None:
    with pytest.raises(InputError, match="no agent 'main' among the agents; they are sales"):
        Supervisor(MemoryStore(), {"sales": OfflineModel()}, agent="main")


async def test_a_model_of_two_agents_is_closed_once(store: MemoryStore) -> None:
    model = Prompted()
    async with Supervisor(store, {"main": Agent(model, "a"), "sales": Agent(model, "b")}):
        pass
    assert (model.loaded, model.closed) == (1, 1)


async def test_what_was_left_is_answered_in_every_agent(store: MemoryStore) -> None:
    silent = ReplayModel(live=True)
    async with Supervisor(store, {"main": silent, "sales": silent}, grace=0) as supervisor:
        for name in supervisor.agents:
            await supervisor.session("maren", agent=name).send("hello", message_id="m-1")
    async with Supervisor(store, {"main": Prompted(), "sales": Prompted()}) as supervisor:
        for name in supervisor.agents:
            turn = await supervisor.session("maren", agent=name).send("hello", message_id="m-1")
            assert (await turn.reply()).text == " hello"


async def test_a_channel_gets_what_every_agent_owes_it(store: MemoryStore) -> None:
    agents = {"main": Prompted(), "sales": Prompted()}
    async with Supervisor(store, agents, outbox=["telegram"]) as supervisor:
        for name in supervisor.agents:
            await supervisor.session("maren", agent=name).ask(name, address=Address("telegram", "1"))
    async with Supervisor(store, agents, outbox=["telegram"]) as supervisor, supervisor.outbox("telegram") as outbox:
        found = [await anext(outbox), await anext(outbox)]
        assert sorted(each.message.text for each in found) == [" main", " sales"]
        assert len({each.id for each in found}) == 2


async def test_other_processes_reach_every_agent(tmp_path: Path) -> None:
    agents = {"main": Agent(Prompted(), "Main:"), "sales": Agent(Prompted(), "Sales:")}
    async with Supervisor(FileStore(tmp_path), agents):
        for name, expected in (("main", "Main: hello"), ("sales", "Sales: hello")):
            async with Supervisor.connect(tmp_path, name) as remote:
                assert (await remote.session("maren").ask("hello")).text == expected
                assert [each.agent for each in await remote.list()] == [name]


async def test_each_agent_has_limits_of_restarts_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    agents = {
        "main": Agent(OfflineModel(), config=Config(restart_intensity=0)),
        "sales": Agent(OfflineModel(), config=Config(restart_intensity=3)),
    }
    store = MemoryStore()
    load = store.load
    is_broken = True

    async def breaking(key: SessionKey) -> Snapshot | None:
        if is_broken:
            raise RuntimeError("a bug")
        return await load(key)

    monkeypatch.setattr(store, "load", breaking)
    async with Supervisor(store, agents, grace=0) as supervisor:
        for agent in agents:
            with pytest.raises(SessionFailedError):
                await supervisor.session("maren", agent=agent).send("Hello?")
        assert [*supervisor.health().parked] == ["maren"]
        is_broken = False
        assert (await supervisor.session("maren", agent="sales").ask("Hello?")).text
        with pytest.raises(SessionParkedError):
            await supervisor.session("maren").send("Hello?")


async def test_agents_that_differ_in_what_holds_for_all_together_are_refused(store: MemoryStore) -> None:
    agents = {"main": Agent(OfflineModel()), "sales": Agent(OfflineModel(), config=Config(max_live=7))}
    with pytest.raises(ConfigError, match="max_live of agent 'sales' is 7, and that of agent 'main' 100000"):
        Supervisor(store, agents)
    Supervisor(store, agents, config=Config(max_live=7))


@tool
async def weather(city: str) -> str:
    """Tell the weather of a city."""
    return f"rain in {city}"


class Requested:
    """Keeps what it was asked."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    async def reply(self, request: Request, _emit: Emit) -> Reply:
        self.requests.append(request)
        return Reply("rain")


async def test_a_model_is_told_of_its_agent_s_tools(store: MemoryStore) -> None:
    model = Requested()
    async with Supervisor(store, Agent(model, tools=[weather])) as supervisor:
        await supervisor.session("maren").ask("hello")
        await supervisor.session("maren").ask("again")
    assert [[each["name"] for each in request.tools] for request in model.requests] == [["weather"], ["weather"]]
    assert model.requests[0].tools[0] == weather.to_dict()


async def test_the_definitions_of_tools_are_part_of_the_estimate(store: MemoryStore) -> None:
    told = weather.description * 100
    agents = {"main": Agent(Requested()), "tools": Agent(Requested(), tools=[tool(weather_of, description=told)])}
    async with Supervisor(store, agents) as supervisor:
        tokens: list[int] = []
        for name in agents:
            session = supervisor.session("maren", agent=name)
            await session.ask("hello")
            tokens.append((await session.info()).tokens)
    assert tokens[1] - tokens[0] > 500


async def weather_of(city: str) -> str:
    return city


@pytest.mark.parametrize(
    ("tools", "sentence"),
    [
        ("weather", "the tools are the text 'weather'"),
        ([weather, weather], "two tools are called 'weather'"),
        ([weather_of], "among the tools is a thing of the kind 'function'"),
    ],
)
def test_tools_that_cannot_be_used_are_refused(tools: Any, sentence: str) -> None:
    with pytest.raises(InputError) as refused:
        Agent(Requested(), tools=tools)
    assert str(refused.value).startswith(sentence)
