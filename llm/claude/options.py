"""Options that are passed through to the Messages API."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias, cast

import msgspec
from msgspec import Struct

from argentos.errors import InputError
from argentos.inputs import as_choice, as_flag, as_text, in_words

__all__ = ["CacheTime", "Options", "as_options"]

CacheTime: TypeAlias = Literal["5m", "1h"]

_OWN: Final = frozenset({"model", "max_tokens", "messages", "system", "stream", "tools"})
"""The parts of a request that it is made of, and that nobody replaces."""
_FORCED: Final = frozenset({"any", "tool"})


class Options(Struct, frozen=True, kw_only=True):
    """Options of every request.

    Attributes:
        thinking: as the API takes it.
        tool_choice: likewise.
        server_tools: the definitions of tools that the provider runs.
        betas: for the header `anthropic-beta`.
        headers: further ones.
        extra_body: further fields of the request.
        cache_time: how long the provider keeps tools and system prompt.
        compacts: the provider compacts, and is given its own summaries back.
    """

    thinking: dict[str, Any] | None = None
    tool_choice: dict[str, Any] | None = None
    server_tools: tuple[dict[str, Any], ...] = ()
    betas: tuple[str, ...] = ()
    headers: dict[str, str] = {}
    extra_body: dict[str, Any] = {}
    cache_time: CacheTime = "5m"
    compacts: bool = False

    @property
    def thinking_budget(self) -> int:
        """The tokens that thoughts may take beside the reply."""
        budget: object = (self.thinking or {}).get("budget_tokens")
        return budget if isinstance(budget, int) else 0

    @property
    def forces_a_tool(self) -> bool:
        """The model must call a tool, so that it could never write a summary."""
        return (self.tool_choice or {}).get("type") in _FORCED

    def all_headers(self, *more: str) -> dict[str, str]:
        """The headers of a request, with the names of these betas, too."""
        betas = (*self.betas, *more)
        return {**self.headers, **({"anthropic-beta": ",".join(betas)} if betas else {})}


def as_options(
    *,
    thinking: Mapping[str, Any] | None,
    tool_choice: Mapping[str, Any] | None,
    server_tools: Sequence[Mapping[str, Any]],
    betas: Sequence[str],
    headers: Mapping[str, str] | None,
    extra_body: Mapping[str, Any] | None,
    cache_time: str,
    compacts: object = False,
) -> Options:
    """Options as they were given, plain.

    Raises:
        InputError: one cannot be sent.
    """
    for name, value in (("server_tools", server_tools), ("betas", betas)):
        if not isinstance(value, list | tuple):
            raise InputError(f"{name} of the model is {in_words(value)}; give a list")
    body = _object(extra_body or {}, "extra_body")
    if own := _OWN & body.keys():
        raise InputError(f"extra_body of the model has {min(own)!a}, which each request sets by itself; leave it out")
    return Options(
        thinking=None if thinking is None else _object(thinking, "thinking"),
        tool_choice=None if tool_choice is None else _object(tool_choice, "tool_choice"),
        server_tools=tuple(_object(each, "a server tool") for each in server_tools),
        betas=tuple(as_text(each, "a beta of the model") for each in betas),
        headers={
            as_text(name, "the name of a header"): as_text(value, f"the header {name!a}")
            for name, value in (headers or {}).items()
        },
        extra_body=body,
        cache_time=cast("CacheTime", as_choice(cache_time, ("5m", "1h"), "cache_time of the model")),
        compacts=as_flag(compacts, "compaction of the model"),
    )


def _object(value: object, what: str) -> dict[str, Any]:
    """A plain copy, which keeps the order of its fields."""
    if not isinstance(value, Mapping):
        raise InputError(f"{what} of the model is {in_words(value)}; give an object, as the Messages API takes it")
    try:
        copied: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(dict(cast("Mapping[str, Any]", value))))
    except (TypeError, ValueError, OverflowError, RecursionError) as wrong:
        raise InputError(f"{what} of the model cannot be sent: {wrong}; give plain values of JSON") from wrong
    return copied
