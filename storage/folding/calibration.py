"""Calibration of a session: its model's tokens for each local one, as reports of usage tell."""

from typing import Final

from msgspec import structs

from argentos.storage.records import Replied, Responded
from argentos.storage.snapshot import RATIO_LIMIT, RATIO_MARGIN, Calibration, Metadata

__all__ = ["calibrate", "forget_report"]

_RATIO_DECAY: Final = 0.99
_NO_COUNT: Final = 2**53
_LEAST_GROWTH: Final = 100  # local tokens between two reports, from which something can be learnt


def calibrate(old: Metadata, reply: Responded | Replied) -> Calibration | None:
    """Learn from what the model reported; what was learnt from another model is dropped."""
    usage = reply.usage
    # 0 is how servers say that they do not count.
    if usage is None or old.turn is None or not 0 < usage.input < _NO_COUNT:
        return old.calibration
    local = max(1, old.turn.request_tokens)
    known = old.calibration
    if known is None or known.model != usage.model:
        learnt = Calibration(usage.model, 0.0, usage.input, local)
    elif local < known.base_local or usage.input < known.base_reported:  # what the model adds has become less
        learnt = structs.replace(known, base_reported=usage.input, base_local=local)
    else:
        learnt = structs.replace(known, ratio=_ratio_seen(known, usage.input, local))
    # What the agent said by itself since the turn began was not in the request.
    at = old.turn.context_tokens + reply.tokens
    return structs.replace(learnt, reported=usage.input + (usage.output or reply.tokens), at=at)


def _ratio_seen(known: Calibration, reported: int, local: int) -> float:
    grown = local - known.base_local
    if grown < _LEAST_GROWTH:
        return known.ratio
    seen = (reported - known.base_reported) / grown * RATIO_MARGIN
    return max(min(seen, RATIO_LIMIT), known.ratio * _RATIO_DECAY)


def forget_report(calibration: Calibration | None) -> Calibration | None:
    """A calibration without the report of a context that is replaced."""
    return structs.replace(calibration, reported=0, at=0) if calibration else None
