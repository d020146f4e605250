"""Tools: plain functions, those of the SDK as they are, and nonsense, which is refused."""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

import anyio
import msgspec
import pytest
from anthropic import beta_async_tool
from anthropic.types.beta import BetaToolParam
from pydantic import TypeAdapter

from argentos.concurrency.threads import inline
from argentos.errors import InputError
from argentos.llm import (
    Tool,
    Toolbox,
    ToolContext,
    ToolSet,
    as_tool_result,
    configured,
    is_approval_needed,
    tool,
    tool_traits,
)
from argentos.llm.tools import NeedsApproval, entered
from argentos.storage import Text

pytestmark = pytest.mark.anyio


class Place(msgspec.Struct):
    city: str
    country: str = "NO"


@tool
async def weather(place: Place, unit: Literal["C", "F"] = "C", days: Annotated[int, msgspec.Meta(ge=1)] = 1) -> str:
    """Tell the weather.

    For a week at most.

    Args:
        place: where.
        unit: of the temperature.
        days: from today on.
    """
    return f"{days} days of rain in {place.city}, {place.country}, in °{unit}"


def _context(call_id: str = "toolu_1") -> ToolContext:
    log = logging.LoggerAdapter(logging.getLogger("tools"))
    return ToolContext(
        session="user-ann", agent="main", message_id="m-1", call_id=call_id, scope=anyio.CancelScope(), log=log
    )


async def test_a_function_is_a_tool_with_the_schema_of_its_arguments() -> None:
    definition = weather.to_dict()
    assert definition == {
        "name": "weather",
        "description": "Tell the weather.\n\nFor a week at most.",
        "input_schema": {
            "type": "object",
            "properties": {
                "place": {"description": "where.", "$ref": "#/$defs/Place"},
                "unit": {"enum": ["C", "F"], "description": "of the temperature.", "default": "C"},
                "days": {"type": "integer", "minimum": 1, "description": "from today on.", "default": 1},
            },
            "required": ["place"],
            "additionalProperties": False,
            "$defs": {
                "Place": {
                    "title": "Place",
                    "type": "object",
                    "properties": {"city": {"type": "string"}, "country": {"type": "string", "default": "NO"}},
                    "required": ["city"],
                }
            },
        },
    }
    TypeAdapter(BetaToolParam).validate_python(definition)


async def test_a_call_is_given_what_its_types_say() -> None:
    assert await weather.call({"place": {"city": "Bergen"}, "days": 3}) == "3 days of rain in Bergen, NO, in °C"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "missing required field `place`"),
        ({"place": {"city": "Bergen"}, "days": "3"}, "Expected `int`, got `str`"),
        ({"place": {"city": "Bergen"}, "days": 0}, ">= 1"),
        ({"place": {"city": "Bergen"}, "town": "x"}, "unknown field `town`"),
        ([], "Expected `object`, got `array`"),
        ("Bergen", "Expected `object`, got `str`"),
    ],
)
async def test_an_input_that_is_not_as_the_schema_says_is_an_error_for_the_model(given: object, said: str) -> None:
    with pytest.raises(InputError, match="the input of the tool 'weather' is not as its schema says") as error:
        await weather.call(given)
    assert said in str(error.value)


async def test_a_tool_that_asks_for_its_context_is_given_it_and_the_model_does_not_see_it() -> None:
    @tool
    async def note(text: str, context: ToolContext) -> str:
        return f"{text} by {context.call_id} in {context.session}"

    assert list(note.to_dict()["input_schema"]["properties"]) == ["text"]
    with entered(_context()):
        assert await note.call({"text": "hi"}) == "hi by toolu_1 in user-ann"


async def test_a_tool_without_the_argument_finds_its_context_too_and_none_is_found_outside() -> None:
    with entered(_context("toolu_9")):
        assert ToolContext.current().call_id == "toolu_9"
    with pytest.raises(InputError, match="no tool call runs here"):
        ToolContext.current()


@pytest.mark.parametrize(
    ("result", "given"),
    [
        (None, None),
        ("text", "text"),
        (3, "3"),
        ([1, {"a": 2}], '[1,{"a":2}]'),
        ({"type": "car", "doors": 4}, '{"type":"car","doors":4}'),
        (Place("Bergen"), '{"city":"Bergen","country":"NO"}'),
        (Text(text="hi"), [{"type": "text", "text": "hi"}]),
        ([{"type": "text", "text": "hi"}], [{"type": "text", "text": "hi"}]),
        ([], "[]"),
    ],
)
async def test_a_result_is_a_text_or_blocks_and_anything_else_is_json(result: object, given: object) -> None:
    @tool
    async def found() -> object:
        return result

    assert await found.call({}) == given


async def test_a_result_that_json_cannot_write_is_an_error_for_the_model() -> None:
    @tool
    async def found() -> object:
        return object()

    with pytest.raises(InputError, match="the result of tool 'found' cannot be written as JSON"):
        await found.call({})


def test_what_a_tool_gives_becomes_content() -> None:
    assert as_tool_result(None, "found") == ""
    assert as_tool_result("text", "found") == "text"
    assert as_tool_result(iter([{"type": "text", "text": "a"}]), "found") == ({"type": "text", "text": "a"},)
    with pytest.raises(InputError, match="the result of tool 'found' is the number 3"):
        as_tool_result(3, "found")


@beta_async_tool
async def add(a: int, b: int) -> str:
    """Add two numbers.

    Args:
        a: one.
        b: another.
    """
    return str(a + b)


async def test_a_tool_of_the_sdk_is_one_as_it_is() -> None:
    assert isinstance(add, Tool)
    traits = tool_traits(add)
    assert (traits.name, traits.repeatable, traits.alone, traits.timeout) == ("add", True, False, None)
    assert traits.needs_approval is False
    assert traits.definition["input_schema"]["properties"]["a"]["description"] == "one."
    assert await add.call({"a": 1, "b": 2}) == "3"


async def test_a_tool_of_the_sdk_can_be_given_traits() -> None:
    traits = tool_traits(
        configured(add, needs_approval=lambda given: given["a"] > 10, repeatable=False, alone=True, timeout=5)
    )
    assert (traits.repeatable, traits.alone, traits.timeout) == (False, True, 5.0)
    assert [await asks(traits.needs_approval, a=each) for each in (1, 11)] == [False, True]
    again = configured(configured(add, alone=True), timeout=2)
    assert tool_traits(again).alone
    assert await again.call({"a": 1, "b": 2}) == "3"


async def asks(word: NeedsApproval, **given: object) -> bool:
    return await is_approval_needed(word, given, "add", inline)


async def test_a_person_is_asked_where_a_tool_cannot_tell(caplog: pytest.LogCaptureFixture) -> None:
    def wrong(_: dict[str, Any]) -> bool:
        return "yes"  # type: ignore[return-value] # pyright: ignore[reportReturnType]

    assert await asks(lambda given: given["none"] > 1, a=1)
    assert await asks(wrong, a=1)
    assert caplog.text.count("a person is asked whether tool 'add' may run") == 2


async def test_a_tool_may_find_out_whether_a_person_has_to_be_asked() -> None:
    async def is_large(given: dict[str, Any]) -> bool:
        await anyio.lowlevel.checkpoint()
        return bool(given["a"] > 10)

    assert [await asks(is_large, a=each) for each in (1, 11)] == [False, True]


def test_a_set_of_tools_has_them_in_their_order_and_by_their_names() -> None:
    tools = ToolSet([weather, add])
    assert tools.names == ("weather", "add")
    assert [each["name"] for each in tools.definitions] == ["weather", "add"]
    found = tools.get("add")
    assert found is not None
    assert found[0] is add
    assert tools.get("none") is None
    assert msgspec.json.encode(tools.definitions) == msgspec.json.encode(ToolSet([weather, add]).definitions)


async def _untyped(a):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202 # pyright: ignore[reportUnknownParameterType, reportMissingParameterType]
    return str(a)  # pyright: ignore[reportUnknownArgumentType]


async def _many(*values: int) -> str:
    return str(values)


async def _odd(value: Callable[[int], int]) -> str:
    return str(value)


async def _unknown(value: "Nowhere") -> str:  # type: ignore[name-defined] # noqa: F821 # pyright: ignore[reportUndefinedVariable, reportUnknownParameterType]
    return str(value)  # pyright: ignore[reportUnknownArgumentType]


def _plain() -> str:
    return ""


make_tool: Any = tool
make_configured: Any = configured
make_set: Any = ToolSet
make_box: Any = Toolbox


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: make_tool(_untyped), "the tool '_untyped' has no type at its argument 'a'"),  # pyright: ignore[reportUnknownArgumentType]
        (lambda: make_tool(_many), "the tool '_many' takes *values: int"),
        (lambda: make_tool(_odd), "the tool '_odd' has an argument that JSON cannot bring"),
        (lambda: make_tool(_unknown), "the annotations of the tool '_unknown' cannot be read"),  # pyright: ignore[reportUnknownArgumentType]
        (lambda: make_tool(_plain), "give an `async def` function"),
        (lambda: make_tool(weather.call, name="two words"), "a tool cannot be called 'two words'"),
        (lambda: make_tool(name="")(weather.call), "a tool cannot be called ''"),
        (lambda: make_configured(add, timeout=0), "timeout of the tool 'add' is the number 0"),
        (lambda: make_configured(add, timeout=float("nan")), "timeout of the tool 'add'"),
        (lambda: make_configured(add, alone="yes"), "alone of the tool 'add' is the text 'yes'"),
        (lambda: make_configured(add, needs_approval=1), "needs_approval of the tool 'add' is the number 1"),
        (lambda: make_set([add, add]), "two tools are called 'add'"),
        (lambda: make_box([3]), "among the tools is the number 3"),
        (lambda: make_box("add"), "the tools are the text 'add'"),
        (lambda: make_set([_Tool({})]), "the definition of the tool 'it' has nothing for its name"),
        (lambda: make_set([_Tool({"name": "it"})]), "has no `input_schema`"),
        (lambda: make_set([_Tool({"name": object()})]), "the definition of the tool 'it' cannot be taken"),
        (lambda: make_set([_Tool([])]), "the definition of the tool 'it' is a list"),
    ],
)
def test_nonsense_is_refused_in_one_sentence(make: Callable[[], object], said: str) -> None:
    with pytest.raises(InputError) as error:
        make()
    assert said in str(error.value)


class _Tool:
    name = "it"

    def __init__(self, definition: Any) -> None:
        self._definition = definition

    def to_dict(self) -> Any:
        return self._definition

    async def call(self, input: object, /) -> object:  # noqa: A002
        return input


def test_a_tool_that_the_provider_defines_needs_no_schema() -> None:
    assert ToolSet([_Tool({"type": "memory_20250818", "name": "it"})]).names == ("it",)


async def test_values_that_a_function_takes_by_default_stay_its_own() -> None:
    @tool
    async def when(at: datetime = datetime(2026, 5, 8), tags: list[str] = ["a"]) -> str:  # noqa: B006, DTZ001
        return f"{at:%Y} {tags}"

    assert await when.call({}) == "2026 ['a']"
    assert await when.call({"at": "2025-01-01T00:00:00Z", "tags": []}) == "2025 []"
