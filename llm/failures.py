"""Errors that a model raises, made plain: they are kept with the session, and told to many."""

from collections.abc import Callable
from typing import TypeVar

from argentos.concurrency.foreign_code import described, sentence_of
from argentos.errors import ModelError
from argentos.inputs import as_flag, as_id, as_number

__all__ = ["as_model_error"]

T = TypeVar("T")


def as_model_error(error: ModelError) -> ModelError:
    """An error that a model raised: of our own kind that it is of, with what can be taken of it.

    Where that is not all, the model's own one is its cause.
    """
    kind: type[ModelError] = next(each for each in type(error).__mro__ if each.__module__ == ModelError.__module__)
    plain: ModelError = kind(
        sentence_of(error) or f"the model failed: {described(error)}",
        is_transient=_attribute(error, "is_transient", as_flag),
        retry_after=_attribute(error, "retry_after", as_number),
    )
    code = _attribute(error, "code", as_id)
    if code is not None and code != kind.code:
        plain.code = code
    if type(error) is kind and _are_same(error, plain):
        return error
    plain.__cause__ = error
    return plain


def _attribute(error: ModelError, name: str, check: Callable[[object, str], T]) -> T | None:
    try:
        return check(getattr(error, name), name)
    except BaseException:  # noqa: BLE001 - it is not ours
        return None


def _are_same(error: ModelError, plain: ModelError) -> bool:
    try:
        return (*error.args, error.is_transient, error.retry_after) == (
            *plain.args,
            plain.is_transient,
            plain.retry_after,
        )
    except BaseException:  # noqa: BLE001 - what is compared is not ours
        return False
