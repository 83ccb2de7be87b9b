"""Reads of care: few statements for a page, however many members are away.

Last in touch is what the handbook keeps anyway: a session used, a reply of their own, an announcement opened or
acknowledged, a meeting they took part in. Nothing is written down for it, and a day is all that is told.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, literal, or_, select, true, tuple_
from sqlalchemy.orm import aliased

from app.activity.removal import may_be_proposed_for_removal
from app.activity.summaries.queries import count_unexcused_months
from app.announcements.models import AnnouncementReceipt
from app.announcements.queries import select_unread
from app.care import access
from app.care.models import Nudge, ProxyContact
from app.care.schemas import (
    CareView,
    ComingMeeting,
    MemberAwayPage,
    MissedMeeting,
    ProxyContactRef,
    TimeAwayView,
    Touch,
    UnreadPaper,
)
from app.identity.models import Account, Device, LoginSession
from app.kernel.db import Session
from app.kernel.notices import AudiencePart
from app.kernel.pagination import PageRequest
from app.kernel.security import Actor
from app.meetings.convening.queries import convened_to
from app.meetings.models import OVER, TOOK_PART, UPCOMING, Attendance, Meeting, MeetingKind, MeetingReply, RosterEntry
from app.meetings.replies.queries import view_reply
from app.members.identifiers import mask_phone
from app.members.models import AwayPeriod, Member
from app.members.queries import convened
from app.members.schemas import MemberRef
from app.members.standings.queries import meet_where_they_stood
from app.organisations.models import Organisation
from app.organisations.queries import get_visible_organisation
from app.rules import RuleSet, rules_in_force

HALF_A_YEAR = timedelta(days=183)
BETWEEN_NUDGES = timedelta(days=7)
MOST_COMING = 10
MOST_UNREAD = 20
_MISSED = frozenset({Attendance.excused, Attendance.unexcused})


@dataclass(frozen=True, slots=True)
class _Branch:
    """The branch whose members are looked at."""

    id: UUID
    path: tuple[UUID, ...]


async def list_members_away(
    session: Session, actor: Actor, organisation_id: UUID, *, paging: PageRequest
) -> MemberAwayPage:
    """Return who of the branch is away today or was within half a year; raises OrganisationNotFound, NotForYourPost."""
    organisation = await get_visible_organisation(session, actor, organisation_id)
    access.require_carer(actor, organisation.id)
    home = and_(Member.organisation_id == organisation.id, Member.id.in_(convened(organisation.id, session.today())))
    await meet_where_they_stood(session, select(Member.id).where(home))
    spell = aliased(AwayPeriod, _latest_time_away(session).lateral("spell"))
    wanted = (
        _select_people(spell, organisation.id)
        .join(spell, true())
        .where(home)
        .order_by(Member.sort_key, Member.id)
        .limit(paging.limit + 1)
    )
    if paging.after is not None:
        last = tuple_(literal(paging.after[0]), literal(paging.after[1]))
        wanted = wanted.where(tuple_(Member.sort_key, Member.id) > last)
    rows = (await session.execute(wanted)).all()
    branch = _Branch(organisation.id, tuple(organisation.path))
    views = {view.member.member_id: view for view in await _view(session, branch, rows[: paging.limit])}
    return paging.page(
        rows, into=MemberAwayPage, view=lambda row: views[row.id], key=lambda row: (row.sort_key, row.id)
    )


async def get_my_care(session: Session, actor: Actor) -> CareView:
    """Return what the organisers of the caller's branch see of them, away or not."""
    spell = aliased(AwayPeriod, _latest_time_away(session).lateral("spell"))
    mine = _select_people(spell, actor.organisation_id).outerjoin(spell, true()).where(Member.id == actor.member_id)
    row = (await session.execute(mine)).one()
    return (await _view(session, _Branch(actor.organisation_id, actor.path), [row]))[0]


async def find_last_nudge(session: Session, member_id: UUID) -> datetime | None:
    """Return when the member was nudged last, by whomever; of another branch where it is met."""
    last: datetime | None = await session.scalar(select(func.max(Nudge.nudged_at)).where(Nudge.member_id == member_id))
    return last


async def can_be_notified(session: Session, member: Member) -> bool:
    """Say whether the member belongs to their branch today and a phone of theirs can be pushed to."""
    belongs = Member.id.in_(convened(member.organisation_id, session.today()))
    return bool(await session.scalar(select(_has_phone()).where(Member.id == member.id, belongs)))


def _latest_time_away(session: Session) -> Select[Any]:
    # Any: the columns of away_periods. They never overlap: the latest is the one that holds, if one does.
    today = session.today()
    return (
        select(AwayPeriod)
        .where(
            AwayPeriod.member_id == Member.id,
            AwayPeriod.starts_on <= today,
            or_(AwayPeriod.ends_on.is_(None), AwayPeriod.ends_on >= today - HALF_A_YEAR),
        )
        .order_by(AwayPeriod.starts_on.desc())
        .limit(1)
        .correlate(Member)
    )


def _select_people(spell: type[AwayPeriod], branch_id: UUID) -> Select[Any]:
    """Select members with all that is one of each; `spell` is still to be joined. Any: a row of many columns."""
    nudger = aliased(Member)
    # Who nudged for another branch than this one, or what was merged into it, is not named.
    own = Nudge.organisation_id.in_(select(Organisation.id).where(Organisation.path.contains([branch_id])))
    nudge = (
        select(Nudge.nudged_at, nudger.id.label("nudged_by"), nudger.full_name.label("nudger_name"))
        .outerjoin(nudger, and_(nudger.id == Nudge.nudged_by, own))
        .where(Nudge.member_id == Member.id)
        .order_by(Nudge.nudged_at.desc(), Nudge.id.desc())
        .limit(1)
        .correlate(Member)
        .lateral("nudge")
    )
    return (
        select(
            Member.id,
            Member.full_name,
            Member.sort_key,
            spell.id.label("spell_id"),
            spell.starts_on,
            spell.ends_on,
            spell.place,
            spell.time_zone,
            nudge.c.nudged_at,
            nudge.c.nudged_by,
            nudge.c.nudger_name,
            ProxyContact,
            _has_phone().label("has_phone"),
            *_touches(),
        )
        .select_from(Member)
        .outerjoin(nudge, true())
        .outerjoin(ProxyContact, ProxyContact.member_id == Member.id)
    )


def _has_phone() -> ColumnElement[bool]:
    return (
        exists()
        .where(
            Account.member_id == Member.id,
            Account.disabled_at.is_(None),
            Device.account_id == Account.id,
            Device.push_token.is_not(None),
        )
        .correlate(Member)
    )


def _touches() -> list[Any]:
    """Return, for a row of `members`, the latest instant of each `Touch`; Any: labelled subqueries."""
    latest = {
        Touch.app: select(func.max(LoginSession.last_used_at))
        .join(Account, Account.id == LoginSession.account_id)
        .where(Account.member_id == Member.id),
        Touch.reply: select(func.max(MeetingReply.replied_at)).where(
            MeetingReply.member_id == Member.id, MeetingReply.entered_by == Member.id
        ),
        Touch.announcement: select(
            func.max(func.greatest(AnnouncementReceipt.opened_at, AnnouncementReceipt.acknowledged_at))
        ).where(AnnouncementReceipt.member_id == Member.id),
        Touch.meeting: select(func.max(Meeting.started_at))
        .join(RosterEntry, RosterEntry.meeting_id == Meeting.id)
        .where(RosterEntry.member_id == Member.id, RosterEntry.attendance.in_(TOOK_PART)),
    }
    return [wanted.correlate(Member).scalar_subquery().label(touch.value) for touch, wanted in latest.items()]


async def _view(session: Session, branch: _Branch, people: Sequence[Row[Any]]) -> list[CareView]:
    """Return how members of the branch fare, in their order."""
    ids = [row.id for row in people]
    missed, over = await _meetings_over(session, branch, ids)
    coming = await _coming(session, branch, ids)
    unread, unread_counts = await _unread(session, branch, ids)
    today = session.today()
    unexcused = await count_unexcused_months(session, select(Member.id).where(Member.id.in_(ids)), year=today.year)
    rules = rules_in_force(today)
    return [
        CareView(
            **_of_person(session, row),
            **_flag(unexcused.get(row.id, 0), rules),
            convened_meetings_count=over[row.id],
            missed_meetings_count=len(missed[row.id]),
            missed_meetings=missed[row.id],
            coming_meetings=coming[row.id],
            unread_papers_count=unread_counts[row.id],
            unread_papers=unread[row.id],
        )
        for row in people
    ]


def _of_person(session: Session, row: Row[Any]) -> dict[str, Any]:  # Any: fields of the body
    touched = [(getattr(row, touch.value), touch) for touch in Touch if getattr(row, touch.value) is not None]
    touched_at, touch = max(touched, default=(None, None), key=lambda one: one[0])
    away = None
    if row.spell_id is not None:
        away = TimeAwayView(
            id=row.spell_id, starts_on=row.starts_on, ends_on=row.ends_on, place=row.place, time_zone=row.time_zone
        )
    next_nudge_at = row.nudged_at + BETWEEN_NUDGES if row.nudged_at else None
    return {
        "member": MemberRef(member_id=row.id, full_name=row.full_name),
        "is_away": away is not None and (away.ends_on is None or away.ends_on >= session.today()),
        "away": away,
        "last_in_touch_on": session.day_of(touched_at) if touched_at else None,
        "last_in_touch_by": touch,
        "has_phone": row.has_phone,
        "last_nudged_at": row.nudged_at,
        "last_nudged_by": MemberRef(member_id=row.nudged_by, full_name=row.nudger_name) if row.nudged_by else None,
        "next_nudge_at": next_nudge_at if next_nudge_at and next_nudge_at > session.now() else None,
        "proxy_contact": view_contact(row.ProxyContact),
    }


def _flag(unexcused_months: int, rules: RuleSet) -> dict[str, Any]:  # Any: fields of the body
    return {
        "unexcused_months_count": unexcused_months,
        "three_month_flag": may_be_proposed_for_removal(unexcused_months=unexcused_months, rules=rules),
    }


def view_contact(contact: ProxyContact | None) -> ProxyContactRef | None:
    """Return whom else one may ask, the number masked."""
    if contact is None:
        return None
    return ProxyContactRef(
        full_name=contact.full_name,
        relation=contact.relation,
        phone=mask_phone(contact.phone) if contact.phone else None,
        note=contact.note,
    )


async def _meetings_over(
    session: Session, branch: _Branch, ids: Sequence[UUID]
) -> tuple[defaultdict[UUID, list[MissedMeeting]], defaultdict[UUID, int]]:
    """Return the branch's meetings of the half year that each missed, and how many they were on the roster of."""
    rows = await session.execute(
        select(
            RosterEntry.member_id,
            RosterEntry.attendance,
            Meeting.id,
            Meeting.title,
            Meeting.starts_at,
            Meeting.time_zone,
        )
        .join(Meeting, Meeting.id == RosterEntry.meeting_id)
        .where(
            Meeting.organisation_id == branch.id,
            Meeting.status.in_(OVER),
            Meeting.starts_at >= session.now() - HALF_A_YEAR,
            RosterEntry.member_id.in_(ids),
        )
        .order_by(Meeting.starts_at.desc(), Meeting.id.desc())
    )
    missed: defaultdict[UUID, list[MissedMeeting]] = defaultdict(list)
    over: defaultdict[UUID, int] = defaultdict(int)
    for row in rows:
        over[row.member_id] += 1
        if row.attendance in _MISSED:
            missed[row.member_id].append(
                MissedMeeting(
                    meeting_id=row.id,
                    title=row.title,
                    starts_at=row.starts_at,
                    time_zone=row.time_zone,
                    attendance=row.attendance,
                )
            )
    return missed, over


async def _coming(session: Session, branch: _Branch, ids: Sequence[UUID]) -> defaultdict[UUID, list[ComingMeeting]]:
    seats = convened_to(organisation_id=branch.id, kind=MeetingKind.committee, on=session.today())
    rows = await session.execute(
        select(Member.id.label("member_id"), Meeting, MeetingReply)
        .select_from(Member)
        .join(Meeting, Meeting.organisation_id == branch.id)
        .outerjoin(MeetingReply, and_(MeetingReply.meeting_id == Meeting.id, MeetingReply.member_id == Member.id))
        .where(
            Member.id.in_(ids),
            Meeting.status.in_(UPCOMING),
            Meeting.starts_at >= session.now(),
            or_(Meeting.kind != MeetingKind.committee, Member.id.in_(seats)),
        )
        .order_by(Meeting.starts_at, Meeting.id)
    )
    coming: defaultdict[UUID, list[ComingMeeting]] = defaultdict(list)
    for row in rows:
        if len(coming[row.member_id]) < MOST_COMING:
            coming[row.member_id].append(
                ComingMeeting(
                    meeting_id=row.Meeting.id,
                    title=row.Meeting.title,
                    starts_at=row.Meeting.starts_at,
                    time_zone=row.Meeting.time_zone,
                    reply=view_reply(row.MeetingReply, row.Meeting) if row.MeetingReply else None,
                )
            )
    return coming


async def _unread(
    session: Session, branch: _Branch, ids: Sequence[UUID]
) -> tuple[defaultdict[UUID, list[UnreadPaper]], defaultdict[UUID, int]]:
    """Return what each has not read by name, as far as every organiser may know of it, and how many in all."""
    rows = await session.execute(
        select_unread(session, ids, organisations=branch.path, since=session.now() - HALF_A_YEAR)
    )
    named: defaultdict[UUID, list[UnreadPaper]] = defaultdict(list)
    counts: defaultdict[UUID, int] = defaultdict(int)
    for row in rows:
        counts[row.member_id] += 1
        is_known = row.organisation_id == branch.id or row.audience_part is AudiencePart.everyone
        if is_known and len(named[row.member_id]) < MOST_UNREAD:
            named[row.member_id].append(
                UnreadPaper(
                    announcement_id=row.id,
                    title=row.title,
                    published_at=row.published_at,
                    needs_acknowledgement=row.needs_acknowledgement,
                    opened_at=row.opened_at,
                )
            )
    return named, counts
