"""What a model and a counter give, made plain before anything is done with it."""

from collections.abc import Callable
from typing import Any, Final

from argentos.errors import CallbackError, ModelError
from argentos.inputs import as_id, as_name, as_number, as_text, as_whole_number, in_words
from argentos.llm.model import Model, Reply
from argentos.storage import Usage

__all__ = ["as_count", "as_piece", "check_model"]

_MOST_TOKENS: Final = 10**9
_LARGEST_RATIO: Final = 1000.0


def as_piece(value: object, model: str) -> str | Reply:
    """What a model streams: a piece of text, or the whole reply; numbers are taken for the texts of ids.

    Raises:
        ModelError: it is neither, or cannot be stored.
    """
    try:
        if isinstance(value, Reply):
            return _reply(value)
        return as_text(value, "a piece of the reply", ModelError)
    except ModelError as error:
        raise ModelError(f"the model {model!a} gave what cannot be taken: {error}") from None


def _reply(reply: Reply) -> Reply:
    return Reply(
        as_text(reply.text, "the text of the reply", ModelError),
        None if reply.usage is None else _usage(reply.usage),
        None if reply.id is None else as_id(reply.id, "the id of the reply", ModelError),
        None if reply.sender is None else as_name(reply.sender, "the sender of the reply", ModelError),
        None if reply.stop_reason is None else as_id(reply.stop_reason, "the stop reason of the reply", ModelError),
    )


def _usage(usage: object) -> Usage:
    if not isinstance(usage, Usage):
        raise ModelError(f"the usage of the reply is {in_words(usage)}; give a Usage")
    return Usage(
        as_id(usage.model, "the model of the usage", ModelError),
        as_whole_number(usage.input, "the input tokens of the reply", 0, _MOST_TOKENS, ModelError),
        as_whole_number(usage.output, "the output tokens of the reply", 0, _MOST_TOKENS, ModelError),
    )


def check_model(model: Model) -> None:
    """Refuse a model that says of itself what cannot be.

    Raises:
        InputError: its name is none, or its `token_ratio` no number above zero. An empty name is that of no model in
            particular, which measures a session as its own one reported.
    """
    if model.name != "":
        as_id(model.name, "the name of the model")
    as_number(model.token_ratio, "token_ratio of the model", 0.01, _LARGEST_RATIO)


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
