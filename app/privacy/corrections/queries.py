"""Reads of correction requests; visibility comes first in each."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Row, Select, select

from app.kernel.db import Session
from app.kernel.pagination import PageRequest
from app.kernel.security import Actor
from app.members.access import require_record_keeper
from app.members.identifiers import mask_citizen_id, mask_phone
from app.members.models import Member
from app.members.schemas import MemberRef
from app.organisations.models import Organisation
from app.organisations.queries import get_visible_organisation
from app.privacy.corrections import access
from app.privacy.corrections.schemas import CorrectionRequestPage, CorrectionRequestView
from app.privacy.errors import CorrectionRequestNotFound
from app.privacy.models import CorrectableField, CorrectionRequest, CorrectionStatus

_MASKS = {CorrectableField.citizen_id: mask_citizen_id, CorrectableField.phone: mask_phone}


@dataclass(frozen=True, slots=True)
class Found:
    """A request, whose it is, and the path to the branch where the member is today: it is decided there."""

    request: CorrectionRequest
    full_name: str
    path: tuple[UUID, ...]


async def get_visible_request(session: Session, actor: Actor, request_id: UUID, *, for_update: bool = False) -> Found:
    """Return a request of the caller or of a member whose record they keep; raises CorrectionRequestNotFound.

    `for_update` locks it until the unit of work ends: a withdrawal and a decision follow each other.
    """
    wanted = (
        select(CorrectionRequest, Member.full_name, Organisation.path)
        .join(Member, Member.id == CorrectionRequest.member_id)
        .join(Organisation, Organisation.id == Member.organisation_id)
        .where(CorrectionRequest.id == request_id)
    )
    if for_update:
        wanted = wanted.with_for_update(of=CorrectionRequest).execution_options(populate_existing=True)
    row = (await session.execute(wanted)).one_or_none()
    if row is None:
        raise CorrectionRequestNotFound
    request, full_name, path = row
    access.require_visible(actor, request.member_id, path)
    return Found(request, full_name, tuple(path))


async def list_my_correction_requests(session: Session, actor: Actor, *, paging: PageRequest) -> CorrectionRequestPage:
    """List the caller's own requests, the newest first; raises CursorInvalid."""
    wanted = _select_rows().where(CorrectionRequest.member_id == actor.member_id)
    if paging.after is not None:
        wanted = wanted.where(CorrectionRequest.id < paging.after[1])
    rows = await session.execute(wanted.order_by(CorrectionRequest.id.desc()).limit(paging.limit + 1))
    return _page(actor, rows.all(), paging)


async def list_correction_requests(
    session: Session,
    actor: Actor,
    organisation_id: UUID,
    *,
    status: CorrectionStatus | None,
    paging: PageRequest,
) -> CorrectionRequestPage:
    """List the requests of a branch's members, the oldest first; identifiers are masked.

    Raises OrganisationNotFound, NotForYourPost, CursorInvalid.
    """
    branch = await get_visible_organisation(session, actor, organisation_id)
    require_record_keeper(actor, branch.path)
    wanted = _select_rows().where(Member.organisation_id == branch.id)
    if status is not None:
        wanted = wanted.where(CorrectionRequest.status == status)
    if paging.after is not None:
        wanted = wanted.where(CorrectionRequest.id > paging.after[1])
    rows = await session.execute(wanted.order_by(CorrectionRequest.id).limit(paging.limit + 1))
    return _page(actor, rows.all(), paging)


def view_request(request: CorrectionRequest, full_name: str, *, clear: bool) -> CorrectionRequestView:
    """Return a request; `clear` shows what it would write down of an identifier."""
    mask = _MASKS.get(request.field)
    return CorrectionRequestView(
        id=request.id,
        member=MemberRef(member_id=request.member_id, full_name=full_name),
        field=request.field,
        value=request.value if clear or mask is None else mask(request.value),
        reason=request.reason,
        status=request.status,
        answer=request.answer,
        decided_by=request.decided_by,
        decided_at=request.decided_at,
        created_at=request.created_at,
    )


def _select_rows() -> Select[CorrectionRequest, str]:
    return select(CorrectionRequest, Member.full_name).join(Member, Member.id == CorrectionRequest.member_id)


def _page(actor: Actor, rows: Sequence[Row[CorrectionRequest, str]], paging: PageRequest) -> CorrectionRequestPage:
    return paging.page(
        rows,
        into=CorrectionRequestPage,
        view=lambda row: view_request(row[0], row[1], clear=row[0].member_id == actor.member_id),
        key=lambda row: ("", row[0].id),
    )
