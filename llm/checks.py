"""Validation of what a model and a counter give, before anything is done with it."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from argentos.concurrency.foreign_code import described, is_interrupt
from argentos.errors import CallbackError, InputError, ModelError
from argentos.inputs import as_flag, as_id, as_name, as_number, as_text, as_whole_number, in_words
from argentos.llm.model import Model, Reply
from argentos.storage import Usage

__all__ = ["Traits", "as_count", "as_piece", "can_summarise", "traits_of"]

_MOST_TOKENS: Final = 10**9
_LARGEST_RATIO: Final = 1000.0


def as_piece(value: object, model: str) -> str | Reply:
    """A piece of text that a model streams, or its whole reply; numbers are taken for the texts of ids.

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


class Traits(NamedTuple):
    """A model's description of itself; an empty name measures a session as its own model reported."""

    name: str
    token_ratio: float
    can_summarise: bool


def traits_of(model: Model) -> Traits:
    """The model's description of itself.

    Raises:
        InputError: it lacks a part, or raises, or its name is none, or its `token_ratio` no number above zero.
    """
    name = _attribute(model, "name")
    return Traits(
        "" if name == "" else as_id(name, "the name of the model"),
        as_number(_attribute(model, "token_ratio"), "token_ratio of the model", 0.01, _LARGEST_RATIO),
        can_summarise(model),
    )


def can_summarise(model: Model) -> bool:
    """Whether the model says that it can.

    Raises:
        InputError: it does not say so, or raises.
    """
    return as_flag(_attribute(model, "can_summarise"), "can_summarise of the model")


def _attribute(model: Model, name: str) -> object:
    try:
        return getattr(model, name)
    except AttributeError as error:
        raise InputError(f"the model has no {name!a}; see argentos.Model for what one needs") from error
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
