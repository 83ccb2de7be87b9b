"""Commands of correction requests: asked and withdrawn by the member, seen, accepted and rejected by a keeper."""

from uuid import UUID

from sqlalchemy import select

from app.kernel.db import Session
from app.kernel.events import record
from app.kernel.security import Actor
from app.kernel.uniqueness import refusing_duplicates
from app.members.access import find_keeping_post
from app.members.models import Member
from app.members.queries import hold_branches
from app.members.record_views.models import ViewedPart
from app.members.record_views.service import note_view
from app.members.service import correct_member
from app.notifications.models import Notification
from app.notifications.service import withdraw_notices
from app.privacy.corrections import access, queries
from app.privacy.corrections.queries import Found
from app.privacy.corrections.schemas import (
    CorrectionReject,
    CorrectionRequestCreate,
    CorrectionRequestView,
    make_patch,
)
from app.privacy.errors import CorrectionAlreadyRequested, CorrectionChangesNothing, CorrectionRequestSettled
from app.privacy.events import (
    CorrectionAccepted,
    CorrectionEvent,
    CorrectionRejected,
    CorrectionRequested,
    CorrectionRequestWithdrawn,
)
from app.privacy.models import CorrectionRequest, CorrectionStatus

SWEEP_SIZE = 500


async def request_correction(session: Session, actor: Actor, body: CorrectionRequestCreate) -> CorrectionRequestView:
    """Ask for a correction of one's own record; who decides it is told.

    Raises CorrectionChangesNothing, CorrectionAlreadyRequested.
    """
    member = await session.get_one(Member, actor.member_id)
    field = body.field.value
    patch = body.patch()
    if getattr(patch, field) == getattr(member, field):
        raise CorrectionChangesNothing
    request = CorrectionRequest(
        id=session.new_id(),
        member_id=member.id,
        field=body.field,
        value=patch.model_dump(mode="json")[field],
        reason=body.reason,
        status=CorrectionStatus.pending,
        created_at=session.now(),
    )
    async with refusing_duplicates(session, {"uq_correction_requests_member_id_field": CorrectionAlreadyRequested}):
        session.add(request)
    await record(session, _fact(CorrectionRequested, actor, request, member.organisation_id))
    return queries.view_request(request, member.full_name, clear=True)


async def get_correction_request(session: Session, actor: Actor, request_id: UUID) -> CorrectionRequestView:
    """Return a request with its value in clear; of somebody else's it is noted that the caller saw it.

    Raises CorrectionRequestNotFound.
    """
    found = await queries.get_visible_request(session, actor, request_id)
    post = find_keeping_post(actor, found.path)
    if post is not None:
        await note_view(
            session, actor, found.request.member_id, post, ViewedPart.correction, organisation_id=found.path[-1]
        )
    return queries.view_request(found.request, found.full_name, clear=True)


async def withdraw_correction_request(session: Session, actor: Actor, request_id: UUID) -> CorrectionRequestView:
    """Take back what one asked for. Raises CorrectionRequestNotFound, NotForYourPost, CorrectionRequestSettled."""
    found = await queries.get_visible_request(session, actor, request_id, for_update=True)
    access.require_author(actor, found.request.member_id)
    return await _settle(session, actor, found, CorrectionStatus.withdrawn, CorrectionRequestWithdrawn)


async def accept_correction_request(session: Session, actor: Actor, request_id: UUID) -> CorrectionRequestView:
    """Correct the record as was asked; the member is told.

    Raises CorrectionRequestNotFound, OwnCorrectionRequest, CorrectionRequestSettled, and what `correct_member` refuses.
    """
    found = await queries.get_visible_request(session, actor, request_id, for_update=True)
    request = found.request
    access.require_judge(actor, request.member_id)
    _require_pending(request)
    # Locked here, so that the version that is read is the one that is corrected.
    await hold_branches(session, request.member_id)
    locked = select(Member.version).where(Member.id == request.member_id).with_for_update(key_share=True)
    version = await session.scalar(locked)
    assert version is not None
    patch = make_patch(request.field, request.value)
    await correct_member(session, actor, request.member_id, patch, expected=version)
    return await _settle(session, actor, found, CorrectionStatus.accepted, CorrectionAccepted)


async def reject_correction_request(
    session: Session, actor: Actor, request_id: UUID, body: CorrectionReject
) -> CorrectionRequestView:
    """Leave the record as it is; the member is told why.

    Raises CorrectionRequestNotFound, OwnCorrectionRequest, CorrectionRequestSettled.
    """
    found = await queries.get_visible_request(session, actor, request_id, for_update=True)
    access.require_judge(actor, found.request.member_id)
    _require_pending(found.request)
    found.request.answer = body.reason
    return await _settle(session, actor, found, CorrectionStatus.rejected, CorrectionRejected)


async def follow_moves(session: Session) -> int:
    """Tell the present home of up to 500 requests that another branch was told of; return how many there were.

    However they got there, by a transfer, a merger or a split, the branch of before decides nothing any more.
    """
    rows = await session.execute(
        select(Notification, CorrectionRequest, Member.organisation_id)
        .join(CorrectionRequest, CorrectionRequest.id == Notification.subject_id)
        .join(Member, Member.id == CorrectionRequest.member_id)
        .where(
            CorrectionRequest.status == CorrectionStatus.pending,
            Notification.withdrawn_at.is_(None),
            Notification.organisation_id != Member.organisation_id,
        )
        .order_by(Notification.id)
        .limit(SWEEP_SIZE)
        .with_for_update(of=Notification, skip_locked=True)
    )
    homes = {request: organisation_id for _, request, organisation_id in rows}
    for request, organisation_id in homes.items():
        await withdraw_notices(session, subject_id=request.id)
        await record(session, _fact(CorrectionRequested, None, request, organisation_id))
    return len(homes)


async def _settle(
    session: Session, actor: Actor, found: Found, status: CorrectionStatus, kind: type[CorrectionEvent]
) -> CorrectionRequestView:
    request = found.request
    _require_pending(request)
    request.status = status
    request.decided_by = None if status is CorrectionStatus.withdrawn else actor.member_id
    request.decided_at = session.now()
    await withdraw_notices(session, subject_id=request.id)
    await record(session, _fact(kind, actor, request, found.path[-1]))
    return queries.view_request(request, found.full_name, clear=request.member_id == actor.member_id)


def _require_pending(request: CorrectionRequest) -> None:
    if request.status is not CorrectionStatus.pending:
        raise CorrectionRequestSettled


def _fact(
    kind: type[CorrectionEvent], actor: Actor | None, request: CorrectionRequest, organisation_id: UUID
) -> CorrectionEvent:
    return kind(
        organisation_id=organisation_id,
        subject_id=request.id,
        actor_member_id=actor.member_id if actor else None,
        member_id=request.member_id,
        field=request.field,
    )
