"""Reads of figures: each report asks a few set-based questions, and puts their answers on the lines it has."""

from collections import defaultdict
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from app.kernel.db import Session
from app.kernel.security import OFFICERS, Actor
from app.organisations.queries import get_visible_organisation
from app.reports import access, statements
from app.reports.composition import composition_of
from app.reports.errors import ReportPeriodInvalid
from app.reports.grounds import Ground, Groups, Period, Place, beginning_of, find_ground, sum_of
from app.reports.models import LONGEST_TERM, Grade
from app.reports.percentages import MOST_DIGITS, PLAIN, Style, percent, percent_over
from app.reports.planned import find_plans
from app.reports.ratios import band_of, is_over_cap
from app.reports.schemas import (
    AdmissionsLine,
    AdmissionsReport,
    AdoptionLine,
    AdoptionMonth,
    AdoptionReport,
    AttendanceLine,
    AttendanceReport,
    AwayLine,
    AwayReport,
    MeetingsLine,
    MeetingsReport,
    RatingLine,
    RatingReport,
)
from app.reports.small_groups import shown_throughout
from app.rules import RULE_SETS, rules_in_force

LONGEST = timedelta(days=366)
LONGEST_OF_VISITS = timedelta(days=62)
"""Two months: as many days as a number of 64 bits has places for."""
VISITS_KNOWN_FOR = timedelta(days=365)
"""What a visit is told by is kept so long after its session ended (`privacy.retention`)."""
LONG_AWAY = timedelta(days=91)
TOUCH = timedelta(days=30)


async def get_adoption_report(
    session: Session, actor: Actor, organisation_id: UUID, *, since: date | None, until: date | None
) -> AdoptionReport:
    """Return how many members have the app and use it; this month by default, two months at most.

    Raises OrganisationNotFound, NotForYourPost, ReportPeriodInvalid.
    """
    ground = await _ground(session, actor, organisation_id)
    today = session.today()
    period = _period_of(since or (until or today).replace(day=1), until or today, longest=LONGEST_OF_VISITS)
    months = period.months()
    used = await ground.by_child(
        statements.ADOPTION,
        day=period.last,
        begin=period.begin,
        end=period.end,
        masks=[sum(1 << day for day in days) for days in months.values()],
    )

    def line(place: Place, of: frozenset[UUID | None]) -> AdoptionLine:
        members, have = sum_of(used, "members", of), sum_of(used, "installed", of)
        return AdoptionLine(
            **_head(place, members),
            installed_count=have,
            installed_percent=percent(have, members),
            active_count=sum_of(used, "active", of),
            visit_count=sum_of(used, "visits", of),
        )

    total, rows = ground.lines(line)
    by_month = [
        AdoptionMonth(
            month=month,
            active_count=sum(row.active_by_month[number] for row in used.values()),
            visit_count=sum(row.visits_by_month[number] for row in used.values()),
        )
        for number, month in enumerate(months)
    ]
    return AdoptionReport(
        begins_on=period.first,
        ends_on=period.last,
        total=total,
        rows=rows,
        visits_are_complete=period.first >= today - VISITS_KNOWN_FOR,
        months=[month for month in by_month if month.active_count],
    )


async def get_attendance_report(
    session: Session, actor: Actor, organisation_id: UUID, *, since: date | None, until: date | None
) -> AttendanceReport:
    """Return how members came to branch meetings; this year by default, a year at most. Raises as adoption."""
    ground = await _ground(session, actor, organisation_id)
    period = _year_to(session, since, until)
    rules = rules_in_force(period.last)
    members = await ground.by_child(statements.MEMBERS, day=period.last)
    branches: dict[UUID | None, list[Row[Any]]] = defaultdict(list)  # Any: rows of several columns
    for row in await ground.ask(statements.ATTENDANCE, begin=period.begin, end=period.end):
        branches[row.child].append(row)

    def line(place: Place, of: frozenset[UUID | None]) -> AttendanceLine:
        found = [row for child in of for row in branches.get(child, ())]
        present, expected = sum(row.present for row in found), sum(row.expected for row in found)
        bands = [band_of(rules, row.present, row.expected) for row in found]
        return AttendanceLine(
            **_head(place, sum_of(members, "members", of)),
            meeting_count=sum(row.meetings for row in found),
            present_count=present,
            expected_count=expected,
            rate_percent=percent(present, expected),
            band=band_of(rules, present, expected),
            **{f"{band.code}_count": bands.count(band.code) for band in rules.attendance_bands},
        )

    total, rows = ground.lines(line)
    return AttendanceReport(begins_on=period.first, ends_on=period.last, rule_set=rules.key, total=total, rows=rows)


async def get_meetings_report(
    session: Session, actor: Actor, organisation_id: UUID, *, since: date | None, until: date | None
) -> MeetingsReport:
    """Return whether branches meet monthly, with papers and minutes in time. Periods and refusals as attendance."""
    ground = await _ground(session, actor, organisation_id)
    period = _year_to(session, since, until)
    members = await ground.by_child(statements.MEMBERS, day=period.last)
    held = await ground.by_child(
        statements.MEETINGS,
        begin=period.begin,
        end=period.end,
        now=session.now(),
        rule_set=rules_in_force(period.last).key,
        rule_sets=[rules.key for rules in RULE_SETS],
        papers_before=[rules.papers_before for rules in RULE_SETS],
        minutes_within=[rules.minutes_within for rules in RULE_SETS],
    )
    months = period.complete_months(before=session.today())
    regular = await ground.by_child(
        statements.REGULAR, first=months.first, last=months.last, begin=months.begin, end=months.end
    )

    def line(place: Place, of: frozenset[UUID | None]) -> MeetingsLine:
        due, met = sum_of(regular, "due", of), sum_of(regular, "held", of)
        papers, papers_in_time = sum_of(held, "papers", of), sum_of(held, "papers_in_time", of)
        minutes, minutes_in_time = sum_of(held, "minutes_due", of), sum_of(held, "minutes_in_time", of)
        return MeetingsLine(
            **_head(place, sum_of(members, "members", of)),
            due_count=due,
            held_count=met,
            held_percent=percent(met, due),
            meeting_count=sum_of(held, "meetings", of),
            papers_count=papers,
            papers_in_time_count=papers_in_time,
            papers_in_time_percent=percent(papers_in_time, papers),
            minutes_due_count=minutes,
            minutes_in_time_count=minutes_in_time,
            minutes_in_time_percent=percent(minutes_in_time, minutes),
        )

    total, rows = ground.lines(line)
    return MeetingsReport(begins_on=period.first, ends_on=period.last, total=total, rows=rows)


async def get_admissions_report(
    session: Session,
    actor: Actor,
    organisation_id: UUID,
    *,
    year: int | None,
    to_year: int | None,
    style: Style = PLAIN,
) -> AdmissionsReport:
    """Return whom the organisation admitted in a year, or in a term to another year, beside its plans.

    Small groups are not broken down by personal traits. Raises OrganisationNotFound, NotForYourPost,
    ReportPeriodInvalid.
    """
    ground = await _ground(session, actor, organisation_id)
    today = session.today()
    from_year = year or today.year
    to_year = to_year or from_year
    if not from_year <= to_year < from_year + LONGEST_TERM:
        raise ReportPeriodInvalid
    first, last = date(from_year, 1, 1), min(date(to_year, 12, 31), max(today, date(from_year, 1, 1)))
    rules = rules_in_force(last)
    members = await ground.by_child(statements.MEMBERS, day=last)
    days = {"first": first, "last": last}
    admitted = await ground.by_child(statements.ADMISSIONS, **days)
    recognised = await ground.by_child(statements.RECOGNISED, **days)
    candidates = await ground.by_child(statements.CANDIDATES, last=last)
    plans = await find_plans(ground, from_year=from_year, to_year=to_year)
    founded = await ground.by_child(statements.FOUNDED, **days)
    of_term: Groups = {}
    if plans.term is not None:
        of_term = await ground.by_child(statements.ADMISSIONS, first=date(plans.term[0], 1, 1), last=last)
    are_shown = frozenset[UUID]()
    if await _is_broken_down(session, actor, ground, **days):
        are_shown = await _broken_down(ground, **days)

    def line(place: Place, of: frozenset[UUID | None]) -> AdmissionsLine:
        count = sum_of(admitted, "admitted", of)
        plan, last_plan = plans.admissions.get(place.id), plans.of_last_year.get(place.id)
        since_term = None if plans.term is None else sum_of(of_term, "admitted", of)
        new, new_plan = sum_of(founded, "founded", of), plans.new_organisations.get(place.id)
        pool = sum_of(candidates, "candidates", of)
        is_shown = place.id in are_shown and count > 0
        women, youth = (sum_of(admitted, trait, of) if is_shown else None for trait in ("women", "youth"))
        return AdmissionsLine(
            **_head(place, sum_of(members, "members", of)),
            admitted_count=count,
            plan=plan,
            percent_of_plan=percent(count, plan, style),
            over_plan_percent=percent_over(count, plan, style),
            percent_of_members=percent(count, sum_of(members, "members", of), style),
            recognised_count=sum_of(recognised, "recognised", of),
            candidate_count=pool,
            pool_ratio=None if not last_plan else round(pool / last_plan, MOST_DIGITS),
            pool_is_enough=None if not last_plan else pool >= last_plan * rules.candidate_pool_from,
            women_count=women,
            women_percent=percent(women, count, style),
            youth_count=youth,
            youth_percent=percent(youth, count, style),
            composition=composition_of(admitted, of, count, style) if is_shown else None,
            term_plan=plans.of_term.get(place.id),
            term_admitted_count=since_term,
            percent_of_term_plan=percent(since_term, plans.of_term.get(place.id), style),
            founded_count=new,
            founding_plan=new_plan,
            founded_percent_of_plan=percent(new, new_plan, style),
        )

    total, rows = ground.lines(line)
    term_from, term_to = plans.term or (None, None)
    return AdmissionsReport(
        from_year=from_year,
        to_year=to_year,
        term_from_year=term_from,
        term_to_year=term_to,
        total=total,
        rows=rows,
    )


async def get_rating_report(session: Session, actor: Actor, organisation_id: UUID, *, year: int | None) -> RatingReport:
    """Return how members were rated for a year. Raises OrganisationNotFound, NotForYourPost."""
    ground = await _ground(session, actor, organisation_id)
    today = session.today()
    year = year or today.year
    last = min(date(year, 12, 31), max(today, date(year, 1, 1)))
    rules = rules_in_force(last)
    members = await ground.by_child(statements.MEMBERS, day=last)
    rated = {(row.child, Grade(row.grade)): row.rated for row in await ground.ask(statements.RATINGS, year=year)}

    def line(place: Place, of: frozenset[UUID | None]) -> RatingLine:
        count = {grade: sum(rated.get((child, grade), 0) for child in of) for grade in Grade}
        best, good = count[Grade.excellent], count[Grade.good]
        return RatingLine(
            **_head(place, sum_of(members, "members", of)),
            rated_count=sum(count.values()),
            **{f"{grade}_count": number for grade, number in count.items()},
            excellent_percent_of_good=percent(best, good),
            is_over_cap=is_over_cap(best, good, rules),
        )

    total, rows = ground.lines(line)
    return RatingReport(year=year, total=total, rows=rows)


async def get_away_report(session: Session, actor: Actor, organisation_id: UUID, *, on: date | None) -> AwayReport:
    """Return how many members work away on a day; today by default. Raises OrganisationNotFound, NotForYourPost."""
    ground = await _ground(session, actor, organisation_id)
    day = on or session.today()
    members = await ground.by_child(statements.MEMBERS, day=day)
    gone = await ground.by_child(
        statements.AWAY, day=day, long_since=day - LONG_AWAY, seen_since=beginning_of(day - TOUCH)
    )

    def line(place: Place, of: frozenset[UUID | None]) -> AwayLine:
        people, away = sum_of(members, "members", of), sum_of(gone, "away", of)
        return AwayLine(
            **_head(place, people),
            away_count=away,
            away_percent=percent(away, people),
            abroad_count=sum_of(gone, "abroad", of),
            long_count=sum_of(gone, "long", of),
            out_of_touch_count=sum_of(gone, "out_of_touch", of),
        )

    total, rows = ground.lines(line)
    return AwayReport(counted_on=day, total=total, rows=rows)


async def _ground(session: Session, actor: Actor, organisation_id: UUID) -> Ground:
    organisation = await get_visible_organisation(session, actor, organisation_id)
    access.require_officer(actor, organisation.path)
    return await find_ground(session, organisation)


def _head(place: Place, members: int) -> dict[str, Any]:
    # Any: what every line begins with.
    return {"organisation_id": place.id, "name": place.name, "kind": place.kind, "member_count": members}


def _period_of(first: date, last: date, *, longest: timedelta) -> Period:
    if not timedelta(0) <= last - first <= longest:
        raise ReportPeriodInvalid
    return Period(first, last)


def _year_to(session: Session, since: date | None, until: date | None) -> Period:
    last = until or session.today()
    return _period_of(since or date(last.year, 1, 1), last, longest=LONGEST)


async def _broken_down(ground: Ground, *, first: date, last: date) -> frozenset[UUID]:
    """Return which of the organisation and those below it are no small group in any year of the period."""
    # The organisation's own are a group as well: the whole less all that is shown would tell of them.
    groups = (*(place.id for place in ground.children), None)
    rows = await ground.ask(statements.ADMITTED_BY_YEAR, first=first, last=last)
    admitted = {(row.year, row.child): int(row.admitted) for row in rows}
    years = [[admitted.get((year, group), 0) for group in groups] for year in range(first.year, last.year + 1)]
    own = shown_throughout([[sum(sizes)] for sizes in years])
    below = shown_throughout(years)
    return frozenset(
        group
        for group, is_shown in zip((*groups, ground.path[-1]), (*below, *own), strict=True)
        if is_shown and group is not None
    )


async def _is_broken_down(session: Session, actor: Actor, ground: Ground, **days: date) -> bool:
    """Say whether the traits of what was admitted here are told to the caller.

    What is withheld in the report of an organisation above, which the caller reads too, is withheld in its own.
    """
    for depth in range(1, len(ground.path)):
        above = ground.path[:depth]
        if actor.holds_over(above, OFFICERS):
            upper = await find_ground(session, await get_visible_organisation(session, actor, above[-1]))
            if ground.path[depth] not in await _broken_down(upper, **days):
                return False
    return True
