"""Calibration of a session: its model's tokens for each local one, as reports of usage tell.

A report is taken for what it says only where it can be true. 0 is none, nor is one far below what the messages alone
have. One far above what has come since the last report is doubted: a model with a loop of tools of its own may have
summed up its requests. It is believed once the next report bears it out.
"""

from typing import Final

from msgspec import structs

from argentos.storage.calibration import RATIO_LEAST, RATIO_LIMIT, RATIO_MARGIN, Calibration
from argentos.storage.records import Measured, Replied, Responded
from argentos.storage.snapshot import (
    Metadata,
    OpenTurn,
)

__all__ = ["calibrate", "learnt_before", "lessen", "take_measure"]

_RATIO_DECAY: Final = 0.95
_NO_COUNT: Final = 2**53
_LEAST_GROWTH: Final = 100  # local tokens between two reports, from which something can be learnt
_LEAST_RATIO: Final = 0.15  # of any language and tokenizer; a report with less leaves something out
_USUAL_RATIO: Final = 1.5
_SLACK: Final = 1.05
_ROOM: Final = 200  # tokens that a report may have more for reasons of its own


def calibrate(old: Metadata, reply: Responded | Replied) -> Calibration | None:
    """Learn from what the model reported; what was learnt from another model is dropped."""
    usage, known = reply.usage, old.calibration
    if usage is None or old.turn is None:
        return known
    local, reported = max(1, old.turn.request_tokens), usage.input
    if not local * _LEAST_RATIO < reported < _NO_COUNT:  # 0 is how servers say that they do not count
        return known
    if known is None or known.model != usage.model:
        learnt = Calibration(usage.model, 0.0, reported, local)
    elif _is_doubtful(known, old.turn, reported):
        return structs.replace(known, doubted=reported, doubted_at=local)
    else:
        learnt = _learnt(known, reported, local)
    # What the agent said by itself since the turn began was not in the request.
    at = old.turn.context_tokens + reply.tokens
    return structs.replace(
        learnt,
        reports=learnt.reports + 1,
        reported=reported + (usage.output or reply.tokens),
        at=at,
        last_reported=reported,
        last_local=local,
        is_guess=False,
        doubted=0,
        doubted_at=0,
    )


def _is_doubtful(known: Calibration, turn: OpenTurn, reported: int) -> bool:
    """More has been reported than can have come since, and the report before did not say so, too."""
    local = turn.request_tokens
    usual = max(known.ratio, _USUAL_RATIO)
    most = _most(known.base_reported, local - known.base_local, usual)
    if local >= known.last_local:
        most = min(most, _most(known.last_reported, local - known.last_local, RATIO_LIMIT))
    if reported <= most:
        return False
    grown = local - known.doubted_at
    is_borne_out = known.doubted + grown * _LEAST_RATIO <= reported <= _most(known.doubted, grown, RATIO_LIMIT)
    return not known.doubted or not is_borne_out


def _most(reported: int, grown: int, ratio: float) -> float:
    """The most that can be reported once a context has grown by so many local tokens."""
    return reported * _SLACK + grown * ratio + _ROOM


def _learnt(known: Calibration, reported: int, local: int) -> Calibration:
    if local < known.base_local or reported < known.base_reported:  # what the model adds has become less
        known = structs.replace(known, base_reported=reported, base_local=local)
    seen = max(
        _slope(known.base_reported, known.base_local, reported, local),
        _slope(known.last_reported, known.last_local, reported, local),
    )
    if not seen:
        return known
    return structs.replace(
        known,
        ratio=max(min(seen * RATIO_MARGIN, RATIO_LIMIT), known.ratio * _RATIO_DECAY),
        least=min(max(seen / RATIO_MARGIN, RATIO_LEAST), known.least or RATIO_LIMIT),
    )


def _slope(reported: int, local: int, now_reported: int, now_local: int) -> float:
    """The tokens of the model for each local one between two reports; 0 where too few came in between."""
    grown = now_local - local
    return max(0.0, (now_reported - reported) / grown) if grown >= _LEAST_GROWTH else 0.0


def lessen(calibration: Calibration | None, gone: int) -> Calibration | None:
    """A calibration whose report is of a context that had so many local tokens more: what is left of it is a guess."""
    if calibration is None or not calibration.reported:
        return calibration
    covered = min(gone, calibration.at)
    left = calibration.reported - int(covered * (calibration.least or RATIO_LEAST))
    return structs.replace(calibration, reported=max(1, left), at=calibration.at - covered, is_guess=True)


def learnt_before(calibration: Calibration | None) -> Calibration | None:
    """A calibration without its report of the context: for another one."""
    if calibration is None:
        return None
    return structs.replace(calibration, reported=0, at=0, is_guess=False, doubted=0, doubted_at=0)


def take_measure(known: Calibration | None, measured: Measured) -> Calibration:
    """A calibration with what the model has counted when it was asked: it is believed."""
    tokens, local = measured.tokens, max(1, measured.local)
    if known is None or known.model != measured.model:
        known = Calibration(measured.model, 0.0, tokens, local)
    learnt = structs.replace(_learnt(known, tokens, local), reports=known.reports + 1)
    return structs.replace(
        learnt,
        reported=tokens,
        at=measured.at,
        is_guess=False,
        last_reported=tokens,
        last_local=local,
        doubted=0,
        doubted_at=0,
    )
