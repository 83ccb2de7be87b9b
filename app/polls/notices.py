"""Which facts of polls people are told of, whom, and in which words."""

from datetime import timedelta

from sqlalchemy import select

from app.kernel.db import Session
from app.kernel.i18n import Text
from app.kernel.notices import Notice, Notices, Params, Prepared, Reader
from app.kernel.push import Channel
from app.meetings.models import Meeting, MeetingStatus
from app.members.models import Member
from app.notifications.models import Notification
from app.polls.events import PollCalledOff, PollOpened
from app.polls.models import Poll, PollStatus, Secrecy
from app.polls.queries import electors_of

LONGEST = timedelta(hours=24)


async def _prepare_opened(session: Session, event: PollOpened) -> Prepared | None:
    # Both kept as they are until the notice is written: the close, and the meeting's cancellation, withdraw what they
    # find.
    poll = await session.get(Poll, event.subject_id, with_for_update={"read": True})
    if poll is None:  # called off meanwhile
        return None
    meeting = await session.get(Meeting, poll.subject_id, with_for_update={"read": True})
    if poll.status is not PollStatus.open or (meeting is not None and meeting.status is MeetingStatus.cancelled):
        return None
    return Prepared(
        audience=electors_of(poll.id),
        params={"question": poll.question, "secrecy": poll.secrecy.value},
        expires_at=session.now() + LONGEST,
        urgent=True,
        part_of=poll.subject_id,
    )


async def _prepare_called_off(session: Session, event: PollCalledOff) -> Prepared | None:
    was_told = select(Notification.id).where(Notification.subject_id == event.subject_id)
    if await session.scalar(was_told.limit(1)) is None:
        return None
    return Prepared(
        audience=select(Member.id).where(Member.id.in_(event.called)),
        params={"question": event.question},
        expires_at=session.now() + LONGEST,
        urgent=True,
    )


def _render_called_off(params: Params, reader: Reader) -> tuple[str, str]:
    title = Text(vi="Hủy biểu quyết: {question}", en="No vote: {question}").format(question=params["question"])
    body = Text(vi="Cuộc biểu quyết này đã được mở nhầm", en="This poll had been opened by mistake")
    return title.to(reader.locale), body.to(reader.locale)


def _render_opened(params: Params, reader: Reader) -> tuple[str, str]:
    title = Text(vi="Mời biểu quyết: {question}", en="Please vote: {question}").format(question=params["question"])
    body = {
        Secrecy.open: Text(vi="Biểu quyết công khai, có ghi tên", en="An open vote: names stand beside the votes"),
        Secrecy.secret: Text(vi="Bỏ phiếu kín", en="A secret ballot"),
    }[Secrecy(params["secrecy"])]
    return title.to(reader.locale), body.to(reader.locale)


NOTICES: Notices = (
    Notice(
        event=PollOpened,
        type="poll_opened",
        channel=Channel.resolution,
        title=Text(vi="Sổ tay đảng viên", en="Member handbook"),
        body=Text(vi="Chi bộ mời đồng chí biểu quyết", en="Your branch asks you to vote"),
        prepare=_prepare_opened,
        render=_render_opened,
    ),
    Notice(
        event=PollCalledOff,
        type="poll_called_off",
        channel=Channel.resolution,
        title=Text(vi="Sổ tay đảng viên", en="Member handbook"),
        body=Text(vi="Một cuộc biểu quyết đã hủy", en="A vote has been called off"),
        prepare=_prepare_called_off,
        render=_render_called_off,
    ),
)
