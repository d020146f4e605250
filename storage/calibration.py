"""Calibration of token counts: the ratio of a model's own to the local ones, and its bounds."""

from typing import Final

from msgspec import Struct

__all__ = ["RATIO_LEAST", "RATIO_LIMIT", "RATIO_MARGIN", "Calibration"]

RATIO_MARGIN: Final = 1.1
"""By which a ratio is taken for more than was seen: to be over the truth rather than under it."""

RATIO_LEAST: Final = 0.2
"""Hardly any language has fewer tokens of a model for each local one."""

RATIO_LIMIT: Final = 4.0
"""No language has more tokens of a model for each local one: what is above is something else."""


class Calibration(Struct, frozen=True, gc=False, rename="camel"):
    """The ratio of a model's own token counts to the local ones.

    A model adds what is not in the context: a system prompt of its own, tools, a template. So what a token costs is
    seen in what one report has more than another. Whoever reads this bounds it: `argentos.llm.Gauge`.

    Attributes:
        ratio: reported tokens for each local one, between two reports: the highest seen × 1.1, decaying slowly; 0
            before two reports can be compared.
        least: likewise, the lowest seen / 1.1; 0 likewise.
        base_reported: the model's count of the smallest request so far.
        base_local: the local count of the same request.
        reported: the model's count of the context at its last reply; 0 once the context was replaced.
        at: the local count of the same context.
        is_guess: so much is guessed to be left of the report, for messages have left the context since.
        reports: how many were believed.
        last_reported: the model's count of the latest request that was believed, `last_local` the local one.
        doubted: a report that was not, for it is far above the last one; with `doubted_at`, the local count.
    """

    model: str
    ratio: float
    base_reported: int
    base_local: int
    least: float = 0.0
    reported: int = 0
    at: int = 0
    is_guess: bool = False
    reports: int = 0
    last_reported: int = 0
    last_local: int = 0
    doubted: int = 0
    doubted_at: int = 0
