"""Reads of a year's figures."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, union_all

from app.activity import access
from app.activity.models import ActivityType
from app.activity.removal import may_be_proposed_for_removal
from app.activity.sources import SOURCES
from app.activity.summaries.schemas import BranchYear, MemberYear, MyYear, YearFigures
from app.activity.years import HOME, bounds_of_year
from app.kernel.db import Session
from app.kernel.security import Actor
from app.meetings.attendance import Tally
from app.meetings.models import OVER, Attendance, Meeting, MeetingTask, RosterEntry, TaskStatus
from app.members.models import Member
from app.members.queries import convened
from app.members.schemas import MemberRef
from app.members.standings.queries import meet_where_they_stood
from app.organisations.queries import get_visible_organisation
from app.rules import RuleSet, rules_in_force


@dataclass(slots=True)
class _Figures:
    attendance: Counter[Attendance] = field(default_factory=Counter)
    unexcused_months: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    tasks_open: int = 0


async def get_my_activity_summary(session: Session, actor: Actor, *, year: int | None) -> MyYear:
    """Return the caller's figures of a year, this one by default."""
    which = year or session.today().year
    found = await _figures(session, select(Member.id).where(Member.id == actor.member_id), year=which)
    return MyYear(year=which, **_of_member(found[actor.member_id], _rules(session, which)))


async def get_activity_summary(
    session: Session, actor: Actor, organisation_id: UUID, *, year: int | None
) -> BranchYear:
    """Return the figures of a branch's year, this one by default: of each member for organisers, else in all.

    Raises OrganisationNotFound, NotForYourPost.
    """
    organisation = await get_visible_organisation(session, actor, organisation_id)
    shows_names = access.reads_names(actor, organisation.path)
    which = year or session.today().year
    rules = _rules(session, which)
    home = (
        select(Member.id, Member.full_name)
        .where(Member.organisation_id == organisation.id, Member.id.in_(convened(organisation.id, session.today())))
        .order_by(Member.sort_key, Member.id)
    )
    people = (await session.execute(home)).all()
    found = await _figures(session, home.with_only_columns(Member.id).order_by(None), year=which)
    rows = [
        MemberYear(
            member=MemberRef(member_id=person.id, full_name=person.full_name), **_of_member(found[person.id], rules)
        )
        for person in people
    ]
    return BranchYear(
        organisation_id=organisation.id,
        year=which,
        members_count=len(people),
        flagged_count=sum(row.removal_flag for row in rows),
        totals=YearFigures(**_shown(_sum([found[person.id] for person in people]), rules)),
        members=rows if shows_names else [],
    )


async def count_unexcused_months(session: Session, members: Select[UUID], *, year: int) -> dict[UUID, int]:
    """Return in how many different months of a year each missed a meeting without good reason; who never did is out.

    Of meetings that are met: `meet_where_they_stood`.
    """
    begin, end = bounds_of_year(year)
    unexcused = _attendance(members, begin=begin, end=end).where(RosterEntry.attendance == Attendance.unexcused)
    return {row.member_id: row.months for row in await session.execute(unexcused)}


def _rules(session: Session, year: int) -> RuleSet:
    return rules_in_force(min(session.today(), date(year, 12, 31)))


async def _figures(session: Session, members: Select[UUID], *, year: int) -> defaultdict[UUID, _Figures]:
    """Return the figures of members whom the caller may ask of; who has none stands at nothing."""
    await meet_where_they_stood(session, members)
    begin, end = bounds_of_year(year)
    found: defaultdict[UUID, _Figures] = defaultdict(_Figures)
    for member_id, kind, count in await session.execute(
        union_all(*(source.counted(members, begin=begin, end=end) for source in SOURCES))
    ):
        found[member_id].counts[kind] += count
    for row in await session.execute(_attendance(members, begin=begin, end=end)):
        found[row.member_id].attendance[row.attendance] = row.meetings
        if row.attendance is Attendance.unexcused:
            found[row.member_id].unexcused_months = row.months
    open_tasks = (
        select(MeetingTask.assignee_id, func.count())
        .where(
            MeetingTask.assignee_id.in_(members),
            MeetingTask.status == TaskStatus.open,
            MeetingTask.due_on <= date(year, 12, 31),
        )
        .group_by(MeetingTask.assignee_id)
    )
    for member_id, count in await session.execute(open_tasks):
        found[member_id].tasks_open = count
    return found


def _attendance(members: Select[UUID], *, begin: datetime, end: datetime) -> Select[Any, Any, int, int]:
    """Select member, attendance, and in how many meetings and months that are over; the roll is taken by the end."""
    month = func.date_trunc("month", func.timezone(HOME.key, Meeting.starts_at))
    return (
        select(
            RosterEntry.member_id,
            RosterEntry.attendance,
            func.count().label("meetings"),
            func.count(month.distinct()).label("months"),
        )
        .join(Meeting, Meeting.id == RosterEntry.meeting_id)
        .where(
            RosterEntry.member_id.in_(members),
            Meeting.status.in_(OVER),
            Meeting.starts_at >= begin,
            Meeting.starts_at < end,
        )
        .group_by(RosterEntry.member_id, RosterEntry.attendance)
    )


def _sum(all_of_them: Sequence[_Figures]) -> _Figures:
    total = _Figures()
    for one in all_of_them:
        total.attendance += one.attendance
        total.counts += one.counts
        total.tasks_open += one.tasks_open
    return total


def _shown(figures: _Figures, rules: RuleSet) -> dict[str, Any]:  # Any: the fields of the body
    tally = Tally(by_attendance=figures.attendance, not_taken=0)
    return {
        "meetings_convened_count": tally.total,
        "meetings_attended_count": tally.present,
        "meetings_exempt_count": tally.of(Attendance.exempt),
        "attendance_rate": None if tally.rate is None else round(float(tally.rate), 4),
        "attendance_band": None if tally.rate is None else rules.attendance_band(tally.rate).code,
        "comments_count": figures.counts[ActivityType.commented],
        "votes_count": figures.counts[ActivityType.voted],
        "acknowledgements_count": figures.counts[ActivityType.acknowledged],
        "tasks_done_count": figures.counts[ActivityType.task_done],
        "tasks_open_count": figures.tasks_open,
        "entries_confirmed_count": figures.counts[ActivityType.entry],
    }


def _of_member(figures: _Figures, rules: RuleSet) -> dict[str, Any]:  # Any: the fields of the body
    return {
        **_shown(figures, rules),
        "unexcused_months_count": figures.unexcused_months,
        "removal_flag": may_be_proposed_for_removal(unexcused_months=figures.unexcused_months, rules=rules),
    }
