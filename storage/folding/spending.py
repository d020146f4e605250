"""Spending: what the model has cost a session."""

from argentos.storage.records import Charged, Replied, Responded
from argentos.storage.snapshot import Metadata, Spending

__all__ = ["spend"]


def spend(old: Metadata, record: Responded | Replied | Charged) -> Spending | None:
    """Add the cost of an answer; days are those of UTC."""
    before, usage = old.spending, record.usage
    if usage is None or not usage.cost:
        return before
    day = record.at.date()
    if before is None:
        return Spending(usage.cost, usage.cost, day)
    today = before.today + usage.cost if before.day == day else usage.cost
    return Spending(before.total + usage.cost, today, day)
