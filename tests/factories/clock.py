"""A clock that goes only when it is told to, and a database that goes by it."""

from datetime import UTC, datetime, timedelta

from app.kernel.db import PooledDatabase, Session


class FakeClock:
    """Begins on Sunday 22 November 2026, 08:00 in Hà Nội, which is 02:00 in Berlin."""

    def __init__(self, at: datetime = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def advance(self, **by: float) -> None:
        self.at += timedelta(**by)

    def set(self, at: datetime) -> None:
        self.at = at


class OneClockDatabase(PooledDatabase):
    """Commits, and knows no time but the one it was given."""

    async def synchronise(self, session: Session) -> None:
        """Move the session to the instant of the one clock there is, the test's."""
        session.moment = self.now()
