"""A plain function as a tool."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias, overload

from argentos.errors import InputError
from argentos.inputs import as_text, in_words
from argentos.llm.tools.approval import NeedsApproval
from argentos.llm.tools.arguments import Arguments
from argentos.llm.tools.results import written
from argentos.llm.tools.traits import as_tool_name, check_traits

__all__ = ["FunctionTool", "tool"]

_Function: TypeAlias = Callable[..., Awaitable[object]]


class FunctionTool:
    """An annotated async function as a tool; see `tool`."""

    def __init__(
        self,
        function: _Function,
        *,
        name: str | None,
        description: str | None,
        needs_approval: NeedsApproval,
        repeatable: bool,
        alone: bool,
        timeout: float | None,
    ) -> None:
        if not inspect.iscoroutinefunction(function):
            raise InputError(f"the tool is {in_words(function)}; give an `async def` function with annotated arguments")
        self.name: str = as_tool_name(function.__name__ if name is None else name)
        self._function = function
        self._arguments = Arguments(function, f"the tool {self.name!a}")
        told = self._arguments.description if description is None else description
        self.description: str = as_text(told, f"the description of the tool {self.name!a}")
        self.needs_approval = needs_approval
        self.repeatable = repeatable
        self.alone = alone
        self.timeout = timeout
        check_traits(self, self.name)
        self.__doc__ = function.__doc__

    def to_dict(self) -> dict[str, Any]:
        """See `Tool.to_dict`."""
        return {"name": self.name, "description": self.description, "input_schema": self._arguments.schema}

    async def call(self, input: object, /) -> object:  # noqa: A002 - the SDK's own name
        """See `Tool.call`.

        Raises:
            InputError: the input is not as the schema says.
        """
        return written(await self._function(**self._arguments.read(input)), self.name)

    def __repr__(self) -> str:
        """The name."""
        return f"tool({self.name!a})"


@overload
def tool(
    function: _Function,
    /,
    *,
    name: str | None = None,
    description: str | None = None,
    needs_approval: NeedsApproval = False,
    repeatable: bool = True,
    alone: bool = False,
    timeout: float | None = None,
) -> FunctionTool: ...


@overload
def tool(
    *,
    name: str | None = None,
    description: str | None = None,
    needs_approval: NeedsApproval = False,
    repeatable: bool = True,
    alone: bool = False,
    timeout: float | None = None,
) -> Callable[[_Function], FunctionTool]: ...


def tool(
    function: _Function | None = None,
    /,
    *,
    name: str | None = None,
    description: str | None = None,
    needs_approval: NeedsApproval = False,
    repeatable: bool = True,
    alone: bool = False,
    timeout: float | None = None,
) -> FunctionTool | Callable[[_Function], FunctionTool]:
    """Make a tool of an annotated async function, as a decorator with or without arguments.

    The schema is that of its arguments: whatever types msgspec knows, `Annotated[…, msgspec.Meta(…)]` for bounds and
    descriptions, which are else those of the docstring. An argument annotated `ToolContext` is given the context, and
    the model does not see it. What the function returns is a text, content blocks, or anything that JSON can write.

    Args:
        function: does it.
        name: by default that of the function.
        description: what the model is told; by default the docstring.
        needs_approval: a person must allow a call before it is run; or a function that tells from the input: one
            that is not async runs in a thread, and a person is asked where it raises, or takes too long.
        repeatable: a call that was cut off, as by a crash, is run again, with the same call id. One that is not
            repeatable is answered with the sentence that nobody knows whether it was done.
        alone: no other call of the same response runs beside it.
        timeout: seconds that a call may take; by default what the settings say.

    Raises:
        InputError: it cannot be a tool; the sentence says why.
    """

    def made(each: _Function) -> FunctionTool:
        return FunctionTool(
            each,
            name=name,
            description=description,
            needs_approval=needs_approval,
            repeatable=repeatable,
            alone=alone,
            timeout=timeout,
        )

    return made if function is None else made(function)
