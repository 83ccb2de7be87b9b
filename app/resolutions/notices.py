"""Which facts of resolutions people are told of, whom, and in which words."""

from datetime import datetime, timedelta

from sqlalchemy import select

from app.kernel.db import Session
from app.kernel.i18n import Text
from app.kernel.notices import Notice, Notices, Params, Prepared, Reader
from app.kernel.push import Channel
from app.kernel.timezones import say_instant
from app.organisations.models import Organisation
from app.resolutions.events import CommentAnswered, ResolutionOpened, ResolutionRevised
from app.resolutions.models import AnswerOutcome, Resolution, ResolutionComment, ResolutionStatus
from app.resolutions.queries import audience_of, readers_of_comments

LONGEST = timedelta(hours=24)
_HANDBOOK = Text(vi="Sổ tay đảng viên", en="Member handbook")
_OUTCOMES = {
    AnswerOutcome.taken: Text(vi="Được tiếp thu: {title}", en="Taken: {title}"),
    AnswerOutcome.taken_in_part: Text(vi="Được tiếp thu một phần: {title}", en="Taken in part: {title}"),
    AnswerOutcome.not_taken: Text(vi="Không được tiếp thu, xem lý do: {title}", en="Not taken, see why: {title}"),
}


async def _prepare_text(session: Session, event: ResolutionOpened | ResolutionRevised) -> Prepared | None:
    """Tell whom the draft is for, as long as it is open and no later version came."""
    # Kept as it is until the notice is written: a close that came between would find no notice to withdraw.
    resolution = await session.get_one(Resolution, event.subject_id, with_for_update={"read": True})
    is_open = resolution.status_at(session.now()) is ResolutionStatus.open
    if not is_open or resolution.comments_until is None or resolution.version != event.version:
        return None
    zone = await session.scalar(select(Organisation.time_zone).where(Organisation.id == resolution.organisation_id))
    return Prepared(
        audience=audience_of(resolution.organisation_id, session.today()),
        params={
            "title": resolution.title,
            "version": resolution.version,
            "comments_until": resolution.comments_until.isoformat(),
            "time_zone": zone,
        },
        expires_at=min(resolution.comments_until, session.now() + LONGEST),
    )


async def _prepare_answered(session: Session, event: CommentAnswered) -> Prepared | None:
    comment = await session.get_one(ResolutionComment, event.subject_id)
    resolution = await session.get_one(Resolution, event.resolution_id)
    if comment.answer is not event.outcome or comment.author_id == event.actor_member_id:
        return None
    return Prepared(
        audience=select(ResolutionComment.author_id).where(
            ResolutionComment.id == comment.id,
            # Not who has left: they cannot read the answer.
            ResolutionComment.author_id.in_(await readers_of_comments(session, resolution.organisation_id)),
        ),
        params={"title": resolution.title, "outcome": event.outcome.value},
        expires_at=session.now() + LONGEST,
    )


def _until(params: Params, reader: Reader) -> str:
    said = say_instant(
        datetime.fromisoformat(params["comments_until"]),
        zone=params["time_zone"],
        reader_zone=reader.time_zone,
        locale=reader.locale,
    )
    return Text(vi="Góp ý đến {when}", en="Comment until {when}").format(when=said).to(reader.locale)


def _render_opened(params: Params, reader: Reader) -> tuple[str, str]:
    title = Text(vi="Lấy ý kiến dự thảo: {title}", en="Draft open for comments: {title}").format(title=params["title"])
    return title.to(reader.locale), _until(params, reader)


def _render_revised(params: Params, reader: Reader) -> tuple[str, str]:
    title = Text(vi="Dự thảo có bản {version}: {title}", en="Version {version} of a draft: {title}")
    filled = title.format(version=params["version"], title=params["title"])
    return filled.to(reader.locale), _until(params, reader)


def _render_answered(params: Params, reader: Reader) -> tuple[str, str]:
    title = Text(vi="Góp ý của đồng chí đã được trả lời", en="Your comment has an answer")
    body = _OUTCOMES[AnswerOutcome(params["outcome"])].format(title=params["title"])
    return title.to(reader.locale), body.to(reader.locale)


NOTICES: Notices = (
    Notice(
        event=ResolutionOpened,
        type="resolution_opened",
        channel=Channel.resolution,
        title=_HANDBOOK,
        body=Text(vi="Có dự thảo nghị quyết cần góp ý", en="A draft resolution is open for comments"),
        prepare=_prepare_text,
        render=_render_opened,
    ),
    Notice(
        event=ResolutionRevised,
        type="resolution_revised",
        channel=Channel.resolution,
        title=_HANDBOOK,
        body=Text(vi="Dự thảo nghị quyết có bản mới", en="A draft resolution has a new version"),
        prepare=_prepare_text,
        render=_render_revised,
    ),
    Notice(
        event=CommentAnswered,
        type="comment_answered",
        channel=Channel.resolution,
        title=_HANDBOOK,
        body=Text(vi="Góp ý của đồng chí đã được trả lời", en="Your comment has an answer"),
        prepare=_prepare_answered,
        render=_render_answered,
    ),
)
