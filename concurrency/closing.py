"""The end of what a stack of contexts holds, also while a cancellation leads out of it."""

from contextlib import AsyncExitStack

import anyio

__all__ = ["close_stack"]


async def close_stack(stack: AsyncExitStack, error: BaseException | None) -> None:
    """Close a stack for an `__aexit__`, which hands on the error that leads out.

    Only of a cancellation are the contexts told: a group of tasks wraps any other error. One that is not told raises a
    cancellation of its own, and stacks around it go round in circles for ever (`contextlib` makes it its own context).

    Args:
        stack: of the contexts; none of them swallows a cancellation.
        error: that leads out, if any.
    """
    if isinstance(error, anyio.get_cancelled_exc_class()):
        await stack.__aexit__(type(error), error, error.__traceback__)
    else:
        await stack.aclose()
