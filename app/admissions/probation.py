"""The days of a probation: when it is over, by when it is reviewed, and when the branch is reminded."""

from dataclasses import dataclass
from datetime import date, timedelta

from app.rules import RuleSet, add_months, add_working_days


@dataclass(frozen=True, slots=True)
class Probation:
    """A probation that began on a day, by the rules of that day (domain.md 10)."""

    admitted_on: date
    rules: RuleSet

    @property
    def official_on(self) -> date:
        """Return the official date: the end of the last month, however late it is processed."""
        return add_months(self.admitted_on, self.rules.probation_months)

    @property
    def review_due_on(self) -> date:
        """Return the day by which the branch has reviewed it."""
        return add_working_days(self.official_on, self.rules.review_within)

    @property
    def first_reminder(self) -> date:
        """Return the first day on which the branch is reminded."""
        return self.official_on - self.rules.review_reminded_before

    def next_reminder(self, after: date) -> date | None:
        """Return the next day on which the branch is reminded: before the end, on it, and when the review is due."""
        days = (self.first_reminder, self.official_on, self.review_due_on)
        return next((day for day in days if day > after), None)


def certificate_valid_until(certified_on: date, rules: RuleSet) -> date:
    """Return the last day on which a certificate of the course is valid."""
    return add_months(certified_on, rules.certificate_months) - timedelta(days=1)
