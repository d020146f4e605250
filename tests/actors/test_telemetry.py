"""What a host's OpenTelemetry is told, and what it is not."""

import gc
from collections.abc import Iterator
from typing import Any

import anyio
import pytest
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from argentos import (
    Agent,
    Config,
    ManualClock,
    MemoryStore,
    OfflineModel,
    ReplayModel,
    Reply,
    Supervisor,
    ToolUse,
    tool,
)
from argentos.errors import ModelRefusedError, NoReplyError
from tests.actors.conftest import Running

pytestmark = pytest.mark.anyio


class Host:
    """A host that gathers what it is told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.exporter, self.reader = InMemorySpanExporter(), InMemoryMetricReader()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.meters = MeterProvider([self.reader])
        monkeypatch.setattr("argentos.actors.telemetry.trace.get_tracer", self.tracers.get_tracer)
        monkeypatch.setattr("argentos.actors.telemetry.metrics.get_meter", self.meters.get_meter)

    def spans(self) -> list[tuple[str, dict[str, Any]]]:
        return [(span.name, dict(span.attributes or {})) for span in self.exporter.get_finished_spans()]

    def of(self, operation: str) -> list[Any]:
        found = self.exporter.get_finished_spans()
        return [span for span in found if dict(span.attributes or {}).get("gen_ai.operation.name") == operation]

    def metrics(self) -> dict[str, list[Any]]:
        data = self.reader.get_metrics_data()
        scopes = [scope for resource in data.resource_metrics for scope in resource.scope_metrics] if data else []
        return {metric.name: list(metric.data.data_points) for scope in scopes for metric in scope.metrics}


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    host = Host(monkeypatch)
    yield host
    host.tracers.shutdown()
    host.meters.shutdown()


async def test_a_turn_is_a_span_with_its_outcome(running: Running, host: Host) -> None:
    async with running(ReplayModel(["Yes."])) as supervisor:
        session = supervisor.session("maren")
        await session.ask("Is it secret?")
        with pytest.raises(ModelRefusedError):
            await session.ask("And now?")
    common = {"argentos.agent": "main", "argentos.session": "maren"}
    assert host.spans() == [
        ("argentos.turn", {**common, "argentos.number": 1, "argentos.outcome": "replied"}),
        ("argentos.turn", {**common, "argentos.number": 2, "argentos.outcome": "ModelRefusedError"}),
    ]


async def test_a_turn_that_is_stopped_is_a_span_too(running: Running, host: Host) -> None:
    async with running(ReplayModel(live=True)) as supervisor:
        turn = await supervisor.session("maren").send("Hello?")
        await anyio.wait_all_tasks_blocked()
        await supervisor.session("maren").stop()
        with pytest.raises(NoReplyError):
            await turn.reply()
        await anyio.wait_all_tasks_blocked()
    assert [attributes["argentos.outcome"] for _, attributes in host.spans()] == ["cancelled"]


@tool
async def weather(city: str) -> str:
    """Tell the weather."""
    trace.get_current_span().set_attribute("of.the.tool", city)
    if city == "Atlantis":
        raise LookupError("a canary in an error")
    return "a canary in a result"


@tool(timeout=0.001)
async def wait() -> str:
    """Take too long."""
    await anyio.sleep_forever()
    return "never"


async def test_a_call_of_a_tool_is_a_span_by_the_semantic_conventions(host: Host, store: MemoryStore) -> None:
    cities = ("Oslo", "Atlantis")
    calls = [ToolUse(id=f"c-{city}", name="weather", input={"city": city}) for city in cities]
    model = ReplayModel([Reply([*calls, ToolUse(id="c-wait", name="wait", input={})]), "Rain."])
    async with Supervisor(store, Agent(model, tools=[weather, wait])) as supervisor:
        await supervisor.session("maren").ask("And the weather?")
    spans = {span.attributes["gen_ai.tool.call.id"]: span for span in host.of("execute_tool")}
    assert dict(spans["c-Oslo"].attributes) == {
        "argentos.agent": "main",
        "argentos.session": "maren",
        "argentos.outcome": "done",
        "gen_ai.conversation.id": "maren",
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.type": "function",
        "gen_ai.tool.name": "weather",
        "gen_ai.tool.call.id": "c-Oslo",
        "of.the.tool": "Oslo",  # whose spans are below it
    }
    told = {
        call: (span.name, span.attributes["argentos.outcome"], span.attributes.get("error.type"), span.status.is_ok)
        for call, span in spans.items()
    }
    assert told == {
        "c-Oslo": ("execute_tool weather", "done", None, True),
        "c-Atlantis": ("execute_tool weather", "failed", "LookupError", False),
        "c-wait": ("execute_tool wait", "timed out", "timeout", False),
    }
    durations = {point.attributes["gen_ai.tool.name"] for point in host.metrics()["argentos.call.duration"]}
    assert durations == {"weather", "wait"}
    assert "canary" not in f"{host.spans()}{host.metrics()}"


async def test_a_compaction_is_a_span_with_its_method(running: Running, host: Host) -> None:
    async with running(OfflineModel(), config=Config(max_context_tokens=2000, keep_recent_tokens=200)) as supervisor:
        session = supervisor.session("maren")
        for _ in range(12):
            await session.ask("word " * 100)
        assert (await session.info()).compactions
    compactions = [attributes for name, attributes in host.spans() if name == "argentos.compaction"]
    assert compactions[0]["argentos.number"] == 1
    assert compactions[0]["argentos.outcome"] == "extractive"


async def test_the_metrics_tell_how_much_there_is_to_do(running: Running, host: Host, clock: ManualClock) -> None:
    model = ReplayModel(live=True)
    async with running(model, max_turns=1) as supervisor:
        for name in ("maren", "hela", "odin"):
            await supervisor.session(name).send("Hello?")
        await anyio.wait_all_tasks_blocked()
        told = {name: points[0].value for name, points in host.metrics().items() if hasattr(points[0], "value")}
        assert told == {
            "argentos.sessions.live": 3,
            "argentos.sessions.parked": 0,
            "argentos.work.running": 1,
            "argentos.work.waiting": 2,
        }
        clock.advance(2.0)
        for _ in range(3):
            model.feed("Yes.")
        for name in ("maren", "hela", "odin"):
            await supervisor.session(name).stop()
    metrics = host.metrics()
    assert metrics["argentos.accept.duration"][0].count == 3
    assert metrics["argentos.turn.duration"][0].max >= 2.0


async def test_no_text_of_a_message_is_told(running: Running, host: Host, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    async with running(ReplayModel(["a canary in the reply"])) as supervisor:
        await supervisor.session("maren").ask("a canary in the message")
    assert "canary" not in f"{host.spans()}{host.metrics()}{caplog.text}"


async def test_a_supervisor_that_is_gone_is_observed_no_more(running: Running, host: Host) -> None:
    async with running(OfflineModel()):
        assert host.metrics()["argentos.sessions.live"]
    gc.collect()
    assert "argentos.sessions.live" not in host.metrics()


async def test_a_turn_belongs_to_no_request(running: Running, host: Host) -> None:
    tracer = host.tracers.get_tracer("a web server")

    async def ask_as(name: str) -> None:
        with tracer.start_as_current_span("request"):
            await supervisor.session(name).ask("Hello?")

    async with running(OfflineModel()) as supervisor, anyio.create_task_group() as group:
        for name in ("alice", "bob"):
            group.start_soon(ask_as, name)
    turns = [span for span in host.exporter.get_finished_spans() if span.name == "argentos.turn"]
    assert [span.parent for span in turns] == [None, None]


class PanicError(BaseException):
    pass


class Panicking(SpanProcessor):
    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        raise PanicError(span.name, parent_context)

    def on_end(self, span: ReadableSpan) -> None:
        raise PanicError(span.name)


async def test_telemetry_that_raises_ends_no_turn(running: Running, host: Host) -> None:
    host.tracers.add_span_processor(Panicking())
    async with running(OfflineModel()) as supervisor:
        for _ in range(3):
            assert (await supervisor.session("maren").ask("Hello?")).text
        assert supervisor.health().is_well
