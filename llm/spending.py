"""Limits of what a session, and an agent on a day, may spend."""

from datetime import date, datetime, time, timedelta

from argentos.errors import SpendingLimitError
from argentos.storage import Metadata, Usage

__all__ = ["SpendingLedger"]


class SpendingLedger:
    """A ledger of what an agent has spent today, by days of UTC.

    Args:
        session_limit: for a session, in the currency of the model's prices; None sets none.
        day_limit: for all sessions of the agent on a day.
    """

    def __init__(self, session_limit: float | None, day_limit: float | None) -> None:
        self._session_limit = session_limit
        self._day_limit = day_limit
        self._day = date.min
        self._spent = 0.0

    @property
    def needs_the_day(self) -> bool:
        """The ledger has to know at its beginning what was spent before."""
        return self._day_limit is not None

    def begin(self, now: datetime) -> None:
        """Nothing has been spent yet, as far as is known."""
        self._day, self._spent = now.date(), 0.0

    def recall(self, session: Metadata) -> None:
        """A session has been found that had spent something before."""
        spent = session.spending
        if spent is not None and spent.day == self._day:
            self._spent += spent.today

    def note(self, usage: Usage | None, now: datetime) -> None:
        """The model has replied."""
        self._turn_page(now)
        if usage is not None and usage.cost:
            self._spent += usage.cost

    def check(self, session: Metadata, now: datetime) -> None:
        """Refuse to ask the model when a limit is reached.

        Raises:
            SpendingLimitError: it is.
        """
        self._turn_page(now)
        spent = session.spending.total if session.spending else 0.0
        if self._session_limit is not None and spent >= self._session_limit:
            raise SpendingLimitError(
                f"session {session.key} has spent {spent:.4g} of {self._session_limit:g}: raise maxSpendPerSession, or"
                " begin another session"
            )
        if self._day_limit is not None and self._spent >= self._day_limit:
            midnight = datetime.combine(self._day + timedelta(days=1), time(), now.tzinfo)
            raise SpendingLimitError(
                f"agent {session.agent} has spent {self._spent:.4g} of {self._day_limit:g} today: raise"
                " maxSpendPerDay, or ask again after midnight UTC",
                retry_after=(midnight - now).total_seconds(),
            )

    def _turn_page(self, now: datetime) -> None:
        if now.date() > self._day:
            self.begin(now)
