"""Counting in threads: how long it is waited for."""

import asyncio
import threading

import pytest

from argentos.errors import CallbackError
from argentos.llm import Counting
from argentos.llm.counting import show_life

NEVER = threading.Event()


def look() -> str:
    """Count nothing for a while, and show life meanwhile."""
    for _ in range(6):
        NEVER.wait(0.15)
        show_life()
    return "done"


@pytest.mark.anyio
async def test_what_counts_nothing_for_long_is_waited_for_as_long_as_it_shows_that_it_lives() -> None:
    assert await Counting(len, timeout=0.6).run(look) == "done"


def test_so_it_is_in_an_event_loop_that_anyio_has_not_begun() -> None:
    async def main() -> str:
        return await Counting(len, timeout=0.6).run(look)

    assert asyncio.run(main()) == "done"


@pytest.mark.anyio
async def test_what_shows_no_sign_of_life_is_given_up() -> None:
    with pytest.raises(CallbackError, match=r"not answered within 0\.05 s"):
        await Counting(len, timeout=0.05).run(lambda: NEVER.wait(0.2))
