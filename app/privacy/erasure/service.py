"""The erasure of a person: what says who somebody was goes, what the branch decided and the log's chain stay.

Like the nightly purge, it writes tables of other features: one place says what is left of a person.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Text, and_, case, cast, delete, exists, func, literal, or_, select, union, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import InstrumentedAttribute

from app.activity.models import ActivityEntry
from app.admissions.models import Candidacy, CandidacyStep
from app.admissions.service import leave_pool
from app.announcements.models import AnnouncementDocument
from app.care.models import Nudge, ProxyContact
from app.documents.models import Document, DocumentBookmark, Visibility
from app.documents.queries import find_bookmark_changes
from app.documents.service import REMOVE_TASK
from app.identity.models import (
    Account,
    ActivationCode,
    Device,
    LinkedIdentity,
    LoginSession,
    RecoveryCode,
    RefreshToken,
    SecondFactor,
)
from app.kernel.db import Session
from app.kernel.events import forget_person, record
from app.kernel.idempotency import forget_answers
from app.kernel.jobs import Lane, defer
from app.kernel.models import KeptAnswer
from app.kernel.scopes import Change, Op
from app.meetings.calendar.models import CalendarFeed
from app.meetings.models import AgendaItem, AgendaItemDocument, Meeting, MeetingReply, MeetingStatus, RosterEntry
from app.meetings.unfinished import write_assignee
from app.members.errors import MemberNotFound
from app.members.models import AwayPeriod, Member, Standing
from app.members.names import search_key, sort_key
from app.members.queries import has_left
from app.members.record_views.models import RecordView
from app.memberships.models import StandingDecision
from app.minutes.models import Minutes
from app.notifications.models import InboxEntry, Notification, NotificationPreference, SmsDelivery
from app.privacy.erasure.queries import find_named
from app.privacy.errors import StillAMember
from app.privacy.events import MemberErased
from app.privacy.models import CorrectionRequest
from app.transfers.models import Transfer

NAMELESS = "Đã xóa thông tin"
"""What stands in the place of the name, in lists and minutes that are shown from the tables."""

Column = InstrumentedAttribute[Any]
"""Any: of whatever type the owner's column is."""

OF_THE_ACCOUNT: tuple[Column, ...] = (
    LoginSession.account_id,
    Device.account_id,
    SecondFactor.account_id,
    RecoveryCode.account_id,
    LinkedIdentity.account_id,
    CalendarFeed.account_id,
    NotificationPreference.account_id,
    KeptAnswer.account_id,
)
OF_THE_MEMBER: tuple[Column, ...] = (
    ActivationCode.member_id,
    InboxEntry.member_id,
    SmsDelivery.member_id,
    DocumentBookmark.member_id,
    RecordView.member_id,
    CorrectionRequest.member_id,
    Nudge.member_id,
    ProxyContact.member_id,
)
"""Rows that are deleted, by the column that says whose they are."""

EMPTIED: dict[Column, dict[str, Any]] = {  # Any: a value or what computes it
    MeetingReply.member_id: {"reason": None},
    RosterEntry.member_id: {"note": None},
    Transfer.member_id: {"reason": None},
    StandingDecision.member_id: {
        "reason": NAMELESS,
        "revoked_because": case((StandingDecision.revoked_at.is_not(None), NAMELESS)),
    },
    Candidacy.member_id: {"dropped_because": None, "certificate_number": None},
}
"""Rows that stay without some of their words: who was called and came is the branch's."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What was done: in how many facts of the log, and how many other rows are gone."""

    fact_count: int
    row_count: int


async def erase_member(session: Session, member_id: UUID, *, though_a_member: bool) -> Erased:
    """Take out of the database who somebody was; running it again changes nothing more.

    Standings, posts, attendance, votes, comments and consents stay, as those of somebody without a name; so do minutes
    and papers as they were approved. Raises MemberNotFound, and StillAMember where the membership has not ended and
    the caller does not say that it is meant all the same.
    """
    member = await session.get(Member, member_id, with_for_update=True)
    if member is None:
        raise MemberNotFound
    if not though_a_member and not await has_left(session, member):
        raise StillAMember
    notices = (await session.scalars(select(InboxEntry.notification_id).where(InboxEntry.member_id == member.id))).all()
    rows = await _delete_rows(session, member)
    # The notices stay, since jobs may name them, but not the words of those that were nobody else's.
    nobodys = Notification.audience_organisation_id.is_(None) & ~exists().where(
        InboxEntry.notification_id == Notification.id
    )
    await session.execute(update(Notification).where(Notification.id.in_(notices), nobodys).values(params={}))
    await _unname_notices(session, member)
    await _unname_carried_tasks(session, member)
    await _tell_rolls(session, member)
    await leave_pool(session, member)
    session.changes.extend(await find_named(session, member.id))
    for column, words in EMPTIED.items():
        await session.execute(update(column.class_).where(column == member.id).values(words))
    dossier = CandidacyStep.candidacy_id.in_(select(Candidacy.id).where(Candidacy.member_id == member.id))
    await session.execute(update(CandidacyStep).where(dossier).values(note=None))
    called, member.full_name = {member.full_name} - {NAMELESS}, NAMELESS
    member.sort_key, member.search_key = sort_key(NAMELESS), search_key(NAMELESS)
    member.born_on = member.sex = member.card_number = member.citizen_id = member.phone = None
    member.admitted_on = member.official_on = None
    member.education = member.is_ethnic_minority = member.occupation = None
    member.version += 1
    await forget_answers(session, str(member.id), *called)
    facts = await forget_person(session, member.id, organisation_id=member.organisation_id, by=None)
    fact = MemberErased(
        organisation_id=member.organisation_id, subject_id=member.id, actor_member_id=None, version=member.version
    )
    await record(session, fact)
    return Erased(fact_count=facts, row_count=rows)


async def _delete_rows(session: Session, member: Member) -> int:
    account_id = await session.scalar(select(Account.id).where(Account.member_id == member.id).with_for_update())
    logins = select(LoginSession.id).where(LoginSession.account_id == account_id)
    count = await _count(session, RefreshToken.session_id, RefreshToken.session_id.in_(logins))
    for column in OF_THE_ACCOUNT:
        count += await _count(session, column, column == account_id)
    for column in (*OF_THE_MEMBER, Account.member_id):
        count += await _count(session, column, column == member.id)
    # Those that phones of others hold too.
    away = await session.scalars(delete(AwayPeriod).where(AwayPeriod.member_id == member.id).returning(AwayPeriod.id))
    gone = away.all()
    own = delete(ActivityEntry).where(ActivityEntry.member_id == member.id)
    entries = (await session.execute(own.returning(ActivityEntry.id, ActivityEntry.organisation_id))).all()
    papers = await _delete_own_papers(session, member)
    for scope in (member.organisation_id, member.id):
        session.changes.extend(Change(scope, "away_period", one, version=1, op=Op.delete) for one in gone)
    for entry in entries:  # an entry stays in the branch that it was made in
        for scope in (entry.organisation_id, member.id):
            session.changes.append(Change(scope, "activity_entry", entry.id, version=1, op=Op.delete))
    return count + len(gone) + len(entries) + papers


async def _delete_own_papers(session: Session, member: Member) -> int:
    """Delete the files that only proved what the member entered; what was shared with others is the branch's."""
    is_shown = or_(
        *(exists().where(row.document_id == Document.id) for row in (AgendaItemDocument, AnnouncementDocument))
    )
    own = and_(Document.uploaded_by == member.id, Document.visibility == Visibility.owner, ~is_shown)
    ids = (await session.scalars(select(Document.id).where(own).with_for_update())).all()
    session.changes += await find_bookmark_changes(session, dict.fromkeys(ids, 1), Op.delete)
    gone = delete(Document).where(Document.id.in_(ids)).returning(Document.id, Document.storage_key)
    papers = (await session.execute(gone)).all()
    for paper in papers:
        session.changes.append(Change(member.id, "document", paper.id, version=1, op=Op.delete))
        await defer(session, REMOVE_TASK, {"key": paper.storage_key}, lane=Lane.bulk)
    return len(papers)


async def _unname_notices(session: Session, member: Member) -> None:
    """Take the name out of what others were told of the member's transfers, decisions and candidacy."""
    subjects = union(
        *(select(row.id).where(row.member_id == member.id) for row in (Transfer, StandingDecision, Candidacy))
    )
    unnamed = func.jsonb_set(Notification.params, literal(["member"], ARRAY(Text)), literal(NAMELESS, JSONB))
    named = (Notification.subject_id.in_(subjects), Notification.params.has_key("member"))
    told = await session.scalars(update(Notification).where(*named).values(params=unnamed).returning(Notification.id))
    inboxes = select(InboxEntry.member_id, InboxEntry.notification_id)
    for entry in await session.execute(inboxes.where(InboxEntry.notification_id.in_(told.all()))):
        session.changes.append(Change(entry.member_id, "notification", entry.notification_id, version=2))


async def _unname_carried_tasks(session: Session, member: Member) -> None:
    """Take the name out of the lines that carried tasks into agendas, and into minutes that are not approved yet.

    A namesake in the branch loses it there too: nothing in such a line tells the two apart.
    """
    name, nameless = write_assignee(member.full_name), write_assignee(NAMELESS)
    if name == nameless:
        return
    branches = select(Standing.organisation_id).where(Standing.member_id == member.id)
    is_carried = AgendaItem.body.contains(name, autoescape=True)
    meetings = await session.execute(
        update(Meeting)
        .where(Meeting.organisation_id.in_(branches))
        .where(Meeting.id.in_(select(AgendaItem.meeting_id).where(is_carried)))
        .values(version=Meeting.version + 1)
        .returning(Meeting.id, Meeting.organisation_id, Meeting.version, Meeting.status)
    )
    for row in meetings.all():
        of_this = (AgendaItem.meeting_id == row.id, is_carried)
        unnamed = func.replace(AgendaItem.body, name, nameless)
        await session.execute(update(AgendaItem).where(*of_this).values(body=unnamed))
        session.changes.append(Change(row.organisation_id, "meeting", row.id, row.version))
        if row.status is MeetingStatus.ended:  # until somebody writes its minutes they say what the agenda says
            session.changes.append(Change(row.organisation_id, "minutes", row.id, 1))
    sections = cast(Minutes.sections, Text)
    drafts = await session.execute(
        update(Minutes)
        .where(Minutes.organisation_id.in_(branches), Minutes.approved_at.is_(None))
        .where(sections.contains(name, autoescape=True))
        .values(sections=cast(func.replace(sections, name, nameless), JSONB), version=Minutes.version + 1)
        .returning(Minutes.meeting_id, Minutes.organisation_id, Minutes.version)
    )
    for draft in drafts:
        session.changes.append(Change(draft.organisation_id, "minutes", draft.meeting_id, draft.version))


async def _tell_rolls(session: Session, member: Member) -> None:
    """Let phones fetch the rolls anew in which words stood that go."""
    noted = union(
        select(RosterEntry.meeting_id).where(RosterEntry.member_id == member.id, RosterEntry.note.is_not(None)),
        select(MeetingReply.meeting_id).where(MeetingReply.member_id == member.id, MeetingReply.reason.is_not(None)),
    )
    rolls = await session.execute(
        update(Meeting)
        .where(Meeting.id.in_(noted), Meeting.started_at.is_not(None))
        .values(roll_version=Meeting.roll_version + 1)
        .returning(Meeting.id, Meeting.organisation_id, Meeting.roll_version)
    )
    session.changes.extend(Change(row.organisation_id, "roll", row.id, row.roll_version) for row in rolls)


async def _count(session: Session, column: Column, condition: Any) -> int:  # Any: a condition on whatever columns
    gone = await session.scalars(
        delete(column.class_).where(condition).returning(column), execution_options={"synchronize_session": False}
    )
    return len(gone.all())
