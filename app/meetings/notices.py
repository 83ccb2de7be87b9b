"""What people are told of meetings: whom each fact concerns, until when, and in which words."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select

from app.kernel.db import Session
from app.kernel.i18n import Text
from app.kernel.notices import Notice, Notices, Params, Prepared, Reader
from app.kernel.push import Channel
from app.kernel.timezones import say_instant
from app.meetings.convening.queries import convened_to
from app.meetings.events import (
    MeetingAnnounced,
    MeetingCancelled,
    MeetingEvent,
    MeetingLapsed,
    MeetingMoved,
    MeetingPostponed,
    MeetingReminderDue,
    TaskGiven,
)
from app.meetings.models import (
    UPCOMING,
    Meeting,
    MeetingKind,
    MeetingReply,
    MeetingTask,
    ReminderAudience,
    ReplyKind,
    TaskStatus,
)
from app.members.models import Member
from app.members.queries import away_on

LONGEST = timedelta(hours=24)
_HANDBOOK = Text(vi="Sổ tay đảng viên", en="Member handbook")


def _everybody(session: Session, meeting: Meeting) -> Select[UUID]:
    return convened_to(organisation_id=meeting.organisation_id, kind=meeting.kind, on=session.today())


def _not_refused(session: Session, meeting: Meeting) -> Select[UUID]:
    """Leave out who will not come on the meeting's day.

    They need not know of other hours and halls; who could not come on another day has said nothing of this one.
    """
    people = _everybody(session, meeting).subquery()
    refused = select(MeetingReply.member_id).where(
        MeetingReply.meeting_id == meeting.id,
        MeetingReply.reply == ReplyKind.absent,
        MeetingReply.schedule_version >= meeting.day_version,
    )
    return select(people.c[0]).where(people.c[0].not_in(refused))


def _prepared(
    session: Session, meeting: Meeting, audience: Select[UUID], *, breaks_quiet_hours: bool = False, **more: Any
) -> Prepared:
    # Any: further values for the texts. The push is worth sending until the meeting begins, and for a day at most.
    params = {
        "title": meeting.title,
        "kind": meeting.kind.value,
        "starts_at": meeting.starts_at.isoformat(),
        "time_zone": meeting.time_zone,
        "place": meeting.place,
        "online": meeting.online_url is not None,
        **more,
    }
    return Prepared(
        audience=audience,
        params=params,
        expires_at=min(meeting.starts_at, session.now() + LONGEST),
        urgent=True,
        breaks_quiet_hours=breaks_quiet_hours,
    )


async def _meeting(session: Session, event: MeetingEvent | MeetingReminderDue) -> Meeting:
    """Return the meeting, kept as it is until the notice is written.

    A cancellation that comes between would otherwise see no notice to withdraw, and this one no cancellation.
    """
    return await session.get_one(Meeting, event.subject_id, with_for_update={"read": True})


async def _upcoming(session: Session, event: MeetingEvent) -> Meeting | None:
    """Return the meeting if the fact still holds: what a later change overtook is told by that change's notice."""
    meeting = await _meeting(session, event)
    return meeting if meeting.status in UPCOMING and meeting.starts_at > session.now() else None


async def _prepare_announced(session: Session, event: MeetingAnnounced) -> Prepared | None:
    meeting = await _upcoming(session, event)
    return _prepared(session, meeting, _everybody(session, meeting)) if meeting else None


async def _prepare_moved(session: Session, event: MeetingMoved) -> Prepared | None:
    meeting = await _upcoming(session, event)
    return _prepared(session, meeting, _not_refused(session, meeting)) if meeting else None


async def _prepare_postponed(session: Session, event: MeetingPostponed) -> Prepared | None:
    meeting = await _upcoming(session, event)
    return _prepared(session, meeting, _everybody(session, meeting), reason=event.reason) if meeting else None


def _called_off(session: Session, meeting: Meeting, audience: Select[UUID], event: MeetingCancelled) -> Prepared:
    zone = ZoneInfo(meeting.time_zone)
    same_day = meeting.starts_at.astimezone(zone).date() == session.now().astimezone(zone).date()
    return _prepared(session, meeting, audience, breaks_quiet_hours=same_day, reason=event.reason)


async def _prepare_cancelled(session: Session, event: MeetingCancelled) -> Prepared:
    # Also after the hour it should have begun, when no push leaves any more: everybody finds out in the inbox.
    meeting = await _meeting(session, event)
    return _called_off(session, meeting, _everybody(session, meeting), event)


async def _prepare_lapsed(session: Session, event: MeetingLapsed) -> Prepared | None:
    # Of what was called once and never opened nobody waits to hear.
    meeting = await _meeting(session, event)
    if meeting.starts_at <= session.now():
        return None
    return _called_off(session, meeting, select(Member.id).where(Member.id.in_(event.called)), event)


async def _prepare_reminder(session: Session, event: MeetingReminderDue) -> Prepared | None:
    meeting = await _meeting(session, event)
    holds = meeting.status in UPCOMING and meeting.schedule_version == event.schedule_version
    if not holds or meeting.starts_at <= session.now():
        return None
    people = _not_refused(session, meeting).subquery()
    away = away_on(session.today())
    is_for = people.c[0].in_(away) if event.audience is ReminderAudience.away else people.c[0].not_in(away)
    return _prepared(session, meeting, select(people.c[0]).where(is_for), members=event.audience.value)


async def _prepare_task(session: Session, event: TaskGiven) -> Prepared | None:
    task = await session.get_one(MeetingTask, event.subject_id, with_for_update={"read": True})
    if task.status is not TaskStatus.open or task.assignee_id != event.assignee_id:
        return None
    return Prepared(
        audience=select(Member.id).where(Member.id == task.assignee_id),
        params={"title": task.title, "due_on": task.due_on.isoformat()},
        expires_at=session.now() + LONGEST,
    )


def _when_and_where(params: Params, reader: Reader) -> str:
    said = say_instant(
        datetime.fromisoformat(params["starts_at"]),
        zone=params["time_zone"],
        reader_zone=reader.time_zone,
        locale=reader.locale,
    )
    where = {
        (True, True): Text(vi=" tại {place}, hoặc họp trực tuyến", en=" at {place}, or online"),
        (True, False): Text(vi=" tại {place}", en=" at {place}"),
        (False, True): Text(vi=", họp trực tuyến", en=", online"),
        (False, False): Text(vi="", en=""),
    }[params["place"] is not None, params["online"]]
    return said + where.format(place=params["place"]).to(reader.locale)


def _render_announced(params: Params, reader: Reader) -> tuple[str, str]:
    title = Text(vi="Lịch sinh hoạt: {title}", en="Meeting called: {title}").format(title=params["title"])
    return title.to(reader.locale), _when_and_where(params, reader)


def _render_moved(params: Params, reader: Reader) -> tuple[str, str]:
    title = Text(vi="Đổi giờ hoặc địa điểm: {title}", en="Time or place changed: {title}")
    return title.format(title=params["title"]).to(reader.locale), _when_and_where(params, reader)


def _render_postponed(params: Params, reader: Reader) -> tuple[str, str]:
    title = Text(vi="Hoãn họp: {title}", en="Meeting postponed: {title}").format(title=params["title"])
    body = Text(vi="Giờ mới: {when}. Lý do: {reason}", en="New time: {when}. Reason: {reason}")
    filled = body.format(when=_when_and_where(params, reader), reason=params["reason"])
    return title.to(reader.locale), filled.to(reader.locale)


def _render_cancelled(params: Params, reader: Reader) -> tuple[str, str]:
    title = Text(vi="Hủy họp: {title}", en="Meeting cancelled: {title}").format(title=params["title"])
    body = Text(vi="Không họp lúc {when}. Lý do: {reason}", en="Not taking place: {when}. Reason: {reason}")
    filled = body.format(when=_when_and_where(params, reader), reason=params["reason"])
    return title.to(reader.locale), filled.to(reader.locale)


def _render_reminder(params: Params, reader: Reader) -> tuple[str, str]:
    title = Text(vi="Nhắc họp: {title}", en="Reminder: {title}").format(title=params["title"])
    said = _when_and_where(params, reader)
    if params["members"] == ReminderAudience.away.value and params["online"]:
        said += Text(vi=". Mở ứng dụng để vào phòng họp", en=". Open the app to join").to(reader.locale)
    return title.to(reader.locale), said


def _clock_of(zone: str) -> str:
    # The names of zones are ASCII.
    return "Viet Nam" if zone == "Asia/Ho_Chi_Minh" else zone.rsplit("/", 1)[-1].replace("_", " ")


def _sms(said: str) -> Callable[[Params], str]:
    """Return what makes the text of a notice, with what meets and its own time in the places of `{what}` and `{when}`.

    In Vietnamese, without accents: then one message is enough. The place is a person's free text, and may be a name.
    It names its zone, since it is the same for those who are abroad.
    """

    def write(params: Params) -> str:
        starts_at = datetime.fromisoformat(params["starts_at"]).astimezone(ZoneInfo(params["time_zone"]))
        when = f"{starts_at:%H:%M} ngay {starts_at:%d/%m/%Y} (gio {_clock_of(params['time_zone'])})"
        # Notices of earlier releases do not say the kind.
        what = "hop chi uy" if params.get("kind") == MeetingKind.committee.value else "sinh hoat chi bo"
        return f"So tay dang vien: {said.format(what=what, when=when)}. Dia diem, chi tiet: hoi bi thu chi bo."

    return write


def _render_task(params: Params, reader: Reader) -> tuple[str, str]:
    title = Text(vi="Việc được giao: {title}", en="A task for you: {title}").format(title=params["title"])
    due_on = date.fromisoformat(params["due_on"])
    body = Text(vi="Hạn: {due_on}", en="Due: {due_on}").format(due_on=f"{due_on:%d/%m/%Y}")
    return title.to(reader.locale), body.to(reader.locale)


NOTICES: Notices = (
    Notice(
        event=MeetingAnnounced,
        type="meeting_announced",
        channel=Channel.meeting_changed,
        title=_HANDBOOK,
        body=Text(vi="Chi bộ có lịch sinh hoạt mới", en="Your branch has called a meeting"),
        prepare=_prepare_announced,
        render=_render_announced,
        sms=_sms("moi dong chi {what} luc {when}"),
    ),
    Notice(
        event=MeetingMoved,
        type="meeting_moved",
        channel=Channel.meeting_changed,
        title=_HANDBOOK,
        body=Text(vi="Lịch sinh hoạt đổi giờ hoặc địa điểm", en="A meeting has a new time or place"),
        prepare=_prepare_moved,
        render=_render_moved,
        sms=_sms("lich {what} thay doi, hop luc {when}"),
    ),
    Notice(
        event=MeetingPostponed,
        type="meeting_postponed",
        channel=Channel.meeting_changed,
        title=_HANDBOOK,
        body=Text(vi="Cuộc họp chi bộ được hoãn", en="A meeting of your branch is postponed"),
        prepare=_prepare_postponed,
        render=_render_postponed,
        sms=_sms("{what} hoan den {when}"),
    ),
    Notice(
        event=MeetingCancelled,
        type="meeting_cancelled",
        channel=Channel.meeting_changed,
        title=_HANDBOOK,
        body=Text(vi="Cuộc họp chi bộ đã hủy", en="A meeting of your branch is cancelled"),
        prepare=_prepare_cancelled,
        render=_render_cancelled,
        sms=_sms("HUY buoi {what} luc {when}"),
    ),
    Notice(
        event=MeetingLapsed,
        type="meeting_lapsed",
        channel=Channel.meeting_changed,
        title=_HANDBOOK,
        body=Text(vi="Cuộc họp chi bộ đã hủy do sắp xếp tổ chức", en="A meeting is off: its branch was reorganised"),
        prepare=_prepare_lapsed,
        render=_render_cancelled,
        sms=_sms("HUY buoi {what} luc {when}"),
    ),
    Notice(
        event=MeetingReminderDue,
        type="meeting_reminder",
        channel=Channel.meeting_reminder,
        title=_HANDBOOK,
        body=Text(vi="Sắp đến giờ sinh hoạt chi bộ", en="Your branch meets soon"),
        prepare=_prepare_reminder,
        render=_render_reminder,
    ),
    Notice(
        event=TaskGiven,
        type="task_given",
        channel=Channel.system,
        title=_HANDBOOK,
        body=Text(vi="Đồng chí được giao một việc", en="You have been given a task"),
        prepare=_prepare_task,
        render=_render_task,
    ),
)
