"""What people are told of minutes: whom each fact concerns, until when, and in which words."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, or_, select, union

from app.kernel.db import Session
from app.kernel.i18n import Text
from app.kernel.notices import Notice, Notices, Params, Prepared, Reader
from app.kernel.push import Channel
from app.kernel.security import PostKind
from app.meetings.convening.queries import convened_to
from app.meetings.models import TOOK_PART, Meeting, MeetingKind, RosterEntry
from app.members.models import Member, Post
from app.members.queries import belonged_to_its_end, holds_on, organisers_of
from app.minutes.events import MeetingMissed, MinutesDue, MinutesPublished, MinutesSent
from app.minutes.models import Minutes, MinutesStatus
from app.organisations.queries import find_lasting_id

LONGEST = timedelta(hours=24)
_HANDBOOK = Text(vi="Sổ tay đảng viên", en="Member handbook")
_WRITERS = frozenset({PostKind.secretary, PostKind.minute_taker})


async def _roster(session: Session, meeting: Meeting) -> Select[UUID]:
    """Select who stood on the roster and can still read the minutes, as `is_somebody_called` and `organises` say it."""
    today = session.today()
    lasting = await find_lasting_id(session, meeting.organisation_id)
    readers = [
        convened_to(organisation_id=meeting.organisation_id, kind=meeting.kind, on=today),
        organisers_of(lasting, today),
    ]
    if meeting.kind is not MeetingKind.committee:
        readers.append(belonged_to_its_end(meeting.organisation_id, today))
    of_these = (RosterEntry.meeting_id == meeting.id, RosterEntry.member_id.in_(union(*readers)))
    return select(RosterEntry.member_id).where(*of_these)


async def _who_came(session: Session, meeting: Meeting) -> Select[UUID]:
    return (await _roster(session, meeting)).where(RosterEntry.attendance.in_(TOOK_PART))


async def _who_did_not(session: Session, meeting: Meeting) -> Select[UUID]:
    return (await _roster(session, meeting)).where(
        or_(RosterEntry.attendance.is_(None), RosterEntry.attendance.not_in(TOOK_PART))
    )


def _prepared(session: Session, meeting: Meeting, audience: Select[UUID], **more: Any) -> Prepared:
    # Any: further values for the texts.
    day = (meeting.started_at or meeting.starts_at).astimezone(ZoneInfo(meeting.time_zone)).date()
    return Prepared(
        audience=audience,
        params={"title": meeting.title, "day": day.isoformat(), **more},
        expires_at=session.now() + LONGEST,
    )


async def _prepare_sent(session: Session, event: MinutesSent) -> Prepared | None:
    minutes = await session.get_one(Minutes, event.subject_id, with_for_update={"read": True})
    if minutes.status is not MinutesStatus.in_review:
        return None
    meeting = await session.get_one(Meeting, event.subject_id)
    return _prepared(session, meeting, await _who_came(session, meeting))


async def _prepare_published(session: Session, event: MinutesPublished) -> Prepared:
    meeting = await session.get_one(Meeting, event.subject_id)
    return _prepared(session, meeting, await _who_came(session, meeting))


async def _prepare_missed(session: Session, event: MeetingMissed) -> Prepared:
    meeting = await session.get_one(Meeting, event.subject_id)
    return _prepared(session, meeting, await _who_did_not(session, meeting))


async def _prepare_due(session: Session, event: MinutesDue) -> Prepared | None:
    minutes = await session.get(Minutes, event.subject_id, with_for_update={"read": True})
    if minutes is not None and minutes.status is MinutesStatus.published:
        return None
    meeting = await session.get_one(Meeting, event.subject_id)
    today = session.today()
    by_post = select(Post.member_id).where(
        Post.organisation_id == await find_lasting_id(session, meeting.organisation_id),
        Post.kind.in_(_WRITERS),
        holds_on(Post.starts_on, Post.ends_on, today),
    )
    # Whom the meeting named too, while they can still open them.
    named = (await _roster(session, meeting)).where(RosterEntry.member_id == meeting.minute_taker_id)
    writers = select(Member.id).where(Member.id.in_(union(by_post, named)))
    return _prepared(session, meeting, writers, hours=event.hours_before)


def _said(params: Params, reader: Reader, title: Text, body: Text) -> tuple[str, str]:
    day = datetime.fromisoformat(params["day"])
    filled = body.format(day=f"{day:%d/%m/%Y}")
    return title.format(title=params["title"]).to(reader.locale), filled.to(reader.locale)


def _render_sent(params: Params, reader: Reader) -> tuple[str, str]:
    return _said(
        params,
        reader,
        Text(vi="Góp ý biên bản: {title}", en="Minutes to review: {title}"),
        Text(
            vi="Dự thảo biên bản cuộc họp ngày {day} chờ đồng chí đọc và góp ý",
            en="The draft minutes of {day} wait for your remarks",
        ),
    )


def _render_published(params: Params, reader: Reader) -> tuple[str, str]:
    return _said(
        params,
        reader,
        Text(vi="Biên bản: {title}", en="Minutes: {title}"),
        Text(vi="Biên bản cuộc họp ngày {day} đã được công bố", en="The minutes of {day} are published"),
    )


def _render_missed(params: Params, reader: Reader) -> tuple[str, str]:
    return _said(
        params,
        reader,
        Text(vi="Cuộc họp đồng chí vắng mặt: {title}", en="What you missed: {title}"),
        Text(
            vi="Mở để đọc biên bản, nghị quyết và nhiệm vụ của cuộc họp ngày {day}",
            en="Open it for the minutes, resolutions and tasks of {day}",
        ),
    )


def _render_due(params: Params, reader: Reader) -> tuple[str, str]:
    body = Text(
        vi="Còn 24 giờ để công bố biên bản cuộc họp ngày {day}", en="24 hours are left to publish the minutes of {day}"
    )
    if params["hours"] == 0:
        body = Text(
            vi="Đã đến hạn công bố biên bản cuộc họp ngày {day}", en="The minutes of {day} should be published by now"
        )
    return _said(params, reader, Text(vi="Hạn biên bản: {title}", en="Minutes due: {title}"), body)


NOTICES: Notices = (
    Notice(
        event=MinutesSent,
        type="minutes_to_review",
        channel=Channel.system,
        title=_HANDBOOK,
        body=Text(vi="Có dự thảo biên bản chờ đồng chí góp ý", en="Draft minutes wait for your remarks"),
        prepare=_prepare_sent,
        render=_render_sent,
    ),
    Notice(
        event=MinutesPublished,
        type="minutes_published",
        channel=Channel.system,
        title=_HANDBOOK,
        body=Text(vi="Biên bản cuộc họp đã được công bố", en="Minutes of a meeting are published"),
        prepare=_prepare_published,
        render=_render_published,
    ),
    Notice(
        event=MeetingMissed,
        type="meeting_missed",
        channel=Channel.system,
        title=_HANDBOOK,
        body=Text(vi="Nội dung cuộc họp đồng chí vắng mặt", en="What a meeting you missed was about"),
        prepare=_prepare_missed,
        render=_render_missed,
    ),
    Notice(
        event=MinutesDue,
        type="minutes_due",
        channel=Channel.system,
        title=_HANDBOOK,
        body=Text(vi="Có biên bản sắp đến hạn công bố", en="Minutes are due to be published"),
        prepare=_prepare_due,
        render=_render_due,
    ),
)
