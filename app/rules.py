"""Rule sets: the party's numbers, dated, each with the document that gives it; no threshold stands elsewhere in code.

A rule set is kept by reference (its `key`) with every meeting when it begins and every poll when it opens, so that a
later one never changes what is closed.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from app.kernel.i18n import Text


class RuleSetUnknown(LookupError):
    """No rule set of this key, or none in force on the day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A band of attendance: everybody at or above `least` (a share of 1) who is in no higher one."""

    code: str
    least: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class StayLimit:
    """How long a stay lasts, in months: at least `least`, and below or up to `most`."""

    least: int
    most: int
    may_be_most: bool

    def is_too_short(self, starts_on: date, ends_on: date) -> bool:
        """Say it of a stay from a day to a day (both included)."""
        return ends_on + timedelta(days=1) < add_months(starts_on, self.least)

    def is_too_long(self, starts_on: date, ends_on: date) -> bool:
        """Say it of a stay from a day to a day (both included)."""
        over, most = ends_on + timedelta(days=1), add_months(starts_on, self.most)
        return over > most or (over == most and not self.may_be_most)


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierStep:
    """A step on the way to the admission; `within` are working days after the step before it, None without a limit."""

    code: str
    title: Text
    within: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """What was in force from a day on. Fractions are shares of 1; see domain.md for each rule's source."""

    document: str
    effective_on: date
    papers_before: timedelta
    """Papers are uploaded at least this long before a meeting (domain.md 12)."""
    minutes_within: timedelta
    """Minutes and resolution are published at most this long after a meeting (domain.md 12)."""
    shortest_meeting: timedelta
    quorum: Fraction
    """Share of the convened who should be present; below it the software warns, no more (domain.md 17)."""
    attendance_bands: tuple[Band, ...]
    """From the highest down (domain.md 15)."""
    resolution_passes_above: Fraction
    """More than this share of the electorate (domain.md 20)."""
    admission_passes_from: Fraction
    """At least this share, for admission and recognition (domain.md 20)."""
    fewest_secret_voters: int
    """Of fewer eligible voters a secret ballot would not be secret (reliability-security.md 18)."""
    removal_after_months: int
    """Months absent without good reason in one year after which removal may be proposed (domain.md 9)."""
    candidate_pool_from: Fraction
    """Candidates to one planned admission, at least (domain.md 10: 1.5 to 2)."""
    excellent_of_good_up_to: Fraction
    """How many may be rated excellent to one who is rated good (25-HD/BTCTW)."""
    correction_within: timedelta
    """How long after its entry an end of membership can be taken back as a mistake; ours."""
    transfer_within: int
    """Working days from the letter within which both branches confirm a transfer (domain.md 8)."""
    letter_within: int
    """Working days from the letter within which the member presents it (domain.md 8)."""
    transfer_reminders: tuple[int, ...]
    """Working days after the letter on which both secretaries are reminded of a transfer that is open; ours."""
    stay: StayLimit
    """How long a temporary transfer lasts (domain.md 7)."""
    study_stay: StayLimit
    """The same of whoever goes to study."""
    youngest_admitted: int
    """Years of age on the day of admission (domain.md 10)."""
    oldest_admitted: int
    """The same; who is older is admitted by a decision from above, which is entered as a member."""
    probation_months: int
    """domain.md 10."""
    review_within: int
    """Working days after the probation within which the branch reviews it (domain.md 10)."""
    review_reminded_before: timedelta
    """How long before the end of the probation the branch is first reminded; ours."""
    certificate_months: int
    """How long a certificate of the course on the party is valid."""
    mentors: int
    """Official members who help a candidate."""
    dossier: tuple[DossierStep, ...]
    """In their order; the last one is the ceremony, which is the admission itself (12-HD/BTCTW of 2022)."""

    @property
    def key(self) -> str:
        """Return how meetings and polls refer to it: document and day, such as `42-HD/BTCTW@2025-10-28`."""
        return f"{self.document}@{self.effective_on.isoformat()}"

    def attendance_band(self, share: Fraction) -> Band:
        """Return the band of an attendance rate (a share of 1)."""
        return next(band for band in self.attendance_bands if share >= band.least)


RULE_SETS = (
    RuleSet(
        document="42-HD/BTCTW",
        effective_on=date(2025, 10, 28),
        papers_before=timedelta(days=1),
        minutes_within=timedelta(days=2),
        shortest_meeting=timedelta(minutes=90),
        quorum=Fraction(2, 3),
        attendance_bands=(
            Band(code="excellent", least=Fraction(90, 100)),
            Band(code="good", least=Fraction(75, 100)),
            Band(code="fair", least=Fraction(65, 100)),
            Band(code="poor", least=Fraction(0)),
        ),
        resolution_passes_above=Fraction(1, 2),
        admission_passes_from=Fraction(2, 3),
        fewest_secret_voters=5,
        removal_after_months=3,
        candidate_pool_from=Fraction(3, 2),
        excellent_of_good_up_to=Fraction(1, 5),
        correction_within=timedelta(days=30),
        transfer_within=60,
        letter_within=30,
        transfer_reminders=(30, 50, 60),
        stay=StayLimit(least=3, most=12, may_be_most=False),
        study_stay=StayLimit(least=3, most=24, may_be_most=True),
        youngest_admitted=18,
        oldest_admitted=60,
        probation_months=12,
        review_within=30,
        review_reminded_before=timedelta(days=30),
        certificate_months=60,
        mentors=2,
        dossier=(
            DossierStep(code="application", title=Text(vi="Đơn xin vào Đảng", en="Application")),
            DossierStep(code="biography", title=Text(vi="Lý lịch của người xin vào Đảng", en="Biography")),
            DossierStep(code="verification", title=Text(vi="Thẩm tra lý lịch", en="Biography verified")),
            DossierStep(code="mentors_letter", title=Text(vi="Giới thiệu của đảng viên", en="Letter of the mentors")),
            DossierStep(code="public_opinion", title=Text(vi="Ý kiến đoàn thể, nơi cư trú", en="Views of others")),
            DossierStep(code="branch_resolution", title=Text(vi="Nghị quyết của chi bộ", en="Branch's resolution")),
            DossierStep(code="committee_resolution", title=Text(vi="Nghị quyết của đảng ủy", en="Committee's")),
            DossierStep(code="decision", title=Text(vi="Quyết định kết nạp", en="Decision"), within=60),
            DossierStep(code="ceremony", title=Text(vi="Tổ chức lễ kết nạp", en="Ceremony"), within=30),
        ),
    ),
)
"""In the order of their days; a new one is added below, none is ever changed."""


def rules_in_force(on: date, *, among: tuple[RuleSet, ...] = RULE_SETS) -> RuleSet:
    """Return the latest rule set in force on a day; the first one also speaks for the days before it."""
    begun = [rules for rules in among if rules.effective_on <= on]
    return max(begun, key=lambda rules: rules.effective_on) if begun else among[0]


def rules_named(key: str, *, among: tuple[RuleSet, ...] = RULE_SETS) -> RuleSet:
    """Return the rule set that a meeting or poll keeps by its key; raises RuleSetUnknown."""
    for rules in among:
        if rules.key == key:
            return rules
    raise RuleSetUnknown(key)


def _days(first: date, count: int = 1) -> frozenset[date]:
    return frozenset(first + timedelta(days=number) for number in range(count))


HOLIDAYS: frozenset[date] = frozenset().union(
    # 2026: the new year, Tết Bính Ngọ, Hùng Vương (a Sunday, so the Monday), 30 April with 1 May, National Day.
    _days(date(2026, 1, 1)),
    _days(date(2026, 2, 16), 5),
    _days(date(2026, 4, 27)),
    _days(date(2026, 4, 30), 2),
    _days(date(2026, 9, 1), 2),
    # 2027, as article 112 of the Labour Code has it, until the government names the days: Tết Đinh Mùi from the eve of
    # 6 February (a Saturday: two days more), Hùng Vương on 16 April.
    _days(date(2027, 1, 1)),
    _days(date(2027, 2, 5), 7),
    _days(date(2027, 4, 16)),
    _days(date(2027, 4, 30)),
    _days(date(2027, 5, 3)),
    _days(date(2027, 9, 2), 2),
)
"""Public holidays on which nobody works. In years that are not here only weekends are counted out."""

_SATURDAY = 5


def add_working_days(day: date, count: int, *, holidays: frozenset[date] = HOLIDAYS) -> date:
    """Return the day so many working days after a day, which is not counted itself."""
    while count > 0:
        day += timedelta(days=1)
        if day.weekday() < _SATURDAY and day not in holidays:
            count -= 1
    return day


def add_months(day: date, months: int) -> date:
    """Return the same day so many months later; the month's last where it has no such day."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
