"""Validation of what a model and a counter give, before anything is done with it."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple, cast

from argentos.concurrency.foreign_code import described, is_interrupt
from argentos.errors import CallbackError, InputError, ModelError
from argentos.inputs import as_flag, as_id, as_name, as_number, as_whole_number, in_words
from argentos.llm.model import Model, Reply
from argentos.llm.pieces import Emitted, UsageSoFar, as_piece
from argentos.storage import STOPPED, Usage, as_content

__all__ = ["Traits", "as_awaitable", "as_count", "as_emitted", "as_reply", "can_summarise", "traits_of"]

_MOST_TOKENS: Final = 10**9
_HIGHEST_COST: Final = 1e12
_LARGEST_RATIO: Final = 1000.0
_LARGEST_WINDOW: Final = 10_000_000  # tokens


def as_emitted(value: object, model: str) -> Emitted:
    """A piece that a model emits; of a text, a `TextDelta`.

    Raises:
        ModelError: it is none.
    """
    try:
        return UsageSoFar(_usage(value.usage)) if isinstance(value, UsageSoFar) else as_piece(value)
    except ModelError as error:
        raise _unusable(model, error) from None


def as_reply(value: object, model: str) -> Reply:
    """A reply that can be stored; numbers are taken for the texts of ids.

    Raises:
        ModelError: it is none.
    """
    try:
        return _reply(value)
    except ModelError as error:
        raise _unusable(model, error) from None


def as_awaitable(value: object, model: str) -> Awaitable[object]:
    """The answer of a model's method, to be awaited.

    Raises:
        ModelError: it cannot be, as that of a plain function, or of a generator.
    """
    if isinstance(value, Awaitable):
        return cast("Awaitable[object]", value)
    raise _unusable(model, ModelError(f"{in_words(value)}; make its method `async def`, and return a Reply"))


def _unusable(model: str, error: ModelError) -> ModelError:
    return ModelError(f"the model {model!a} gave what cannot be taken: {error}")


def _reply(reply: object) -> Reply:
    if not isinstance(reply, Reply):
        raise ModelError(f"the reply is {in_words(reply)}; give a Reply")
    return Reply(
        as_content(reply.content, "the reply", ModelError),
        None if reply.usage is None else _usage(reply.usage),
        None if reply.id is None else as_id(reply.id, "the id of the reply", ModelError),
        None if reply.sender is None else as_name(reply.sender, "the sender of the reply", ModelError),
        None if reply.stop_reason is None else _stop_reason(reply.stop_reason),
    )


def _stop_reason(reason: object) -> str:
    if reason == STOPPED:
        raise ModelError(f"the stop reason {STOPPED!r} is for turns that were stopped; give another word")
    return as_id(reason, "the stop reason of the reply", ModelError)


def _usage(usage: object) -> Usage:
    if not isinstance(usage, Usage):
        raise ModelError(f"the usage of the reply is {in_words(usage)}; give a Usage")
    return Usage(
        as_id(usage.model, "the model of the usage", ModelError),
        as_whole_number(usage.input, "the input tokens of the reply", 0, _MOST_TOKENS, ModelError),
        as_whole_number(usage.output, "the output tokens of the reply", 0, _MOST_TOKENS, ModelError),
        as_whole_number(usage.cache_read, "the tokens read from the cache", 0, _MOST_TOKENS, ModelError),
        as_whole_number(usage.cache_written, "the tokens written to the cache", 0, _MOST_TOKENS, ModelError),
        None if usage.cost is None else as_number(usage.cost, "the cost of the reply", 0.0, _HIGHEST_COST, ModelError),
        as_flag(usage.is_estimate, "is_estimate of the usage", ModelError),
    )


class Traits(NamedTuple):
    """A model's description of itself, with defaults for what it leaves out.

    Attributes:
        name: an empty one measures a session as its own model reported.
        window: the most tokens of a request and its reply; None where it does not say.
        token_ratio: tokens of the model for each that is counted locally; None where it does not say.
        can_summarise: whether it is asked for summaries.
        counter: its own counter of tokens, if it has one.
    """

    name: str
    window: int | None
    token_ratio: float | None
    can_summarise: bool
    counter: Callable[[str], int] | None


def traits_of(model: Model) -> Traits:
    """The model's description of itself.

    Raises:
        InputError: a part of it raises, or cannot be used.
    """
    name = _attribute(model, "name", type(model).__name__)
    window = _attribute(model, "window", None)
    ratio = _attribute(model, "token_ratio", None)
    return Traits(
        "" if name == "" else as_id(name, "the name of the model"),
        None if window is None else as_whole_number(window, "the window of the model", 500, _LARGEST_WINDOW),
        None if ratio is None else as_number(ratio, "token_ratio of the model", 0.01, _LARGEST_RATIO),
        can_summarise(model),
        _counter(model),
    )


def can_summarise(model: Model) -> bool:
    """Tell whether the model makes summaries.

    Raises:
        InputError: what it says is neither yes nor no, or it raises.
    """
    if callable(_attribute(model, "summarise", None)):
        return True
    return as_flag(_attribute(model, "can_summarise", default=False), "can_summarise of the model")


def _counter(model: Model) -> Callable[[str], int] | None:
    count = _attribute(model, "count_tokens", None)
    if count is None or callable(count):
        return cast("Callable[[str], int] | None", count)
    raise InputError(f"count_tokens of the model is {in_words(count)}; give a function that counts tokens")


def _attribute(model: Model, name: str, default: object) -> object:
    try:
        return getattr(model, name, default)
    except BaseException as error:
        if is_interrupt(error):
            raise
        raise InputError(f"{name!a} of the model raised {described(error)}; mend the model") from error


def as_count(value: object, counter: Callable[[str], Any], text: str) -> int:
    """The tokens of a text, as its counter gave them.

    Raises:
        CallbackError: that is no count; the sentence has the counter's name.
    """
    if type(value) is int and 0 <= value <= _MOST_TOKENS:
        return value
    name: str = getattr(counter, "__qualname__", type(counter).__qualname__)
    raise CallbackError(
        f"the counter {name!a} gave {in_words(value)} for a text of {len(text)} characters; a count is a whole number"
        f" from 0 to {_MOST_TOKENS}"
    )
