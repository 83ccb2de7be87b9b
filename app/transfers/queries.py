"""Reads of transfers: the member's own, and those from and to an organisation."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, or_, select, tuple_
from sqlalchemy.orm import aliased

from app.kernel.db import Session
from app.kernel.pagination import PageRequest
from app.kernel.security import Actor, PostKind
from app.members.access import require_record_keeper
from app.members.models import Member, Post, Standing, StandingKind
from app.members.queries import holds_on
from app.members.schemas import MemberRef
from app.organisations.models import Organisation
from app.organisations.queries import get_visible_organisation
from app.organisations.schemas import OrganisationRef
from app.transfers import access
from app.transfers.errors import TransferNotFound
from app.transfers.models import Transfer, TransferKind, TransferStatus
from app.transfers.schemas import TransferDirection, TransferPage, TransferView

_from, _to = aliased(Organisation), aliased(Organisation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A transfer with the paths of its branches; `to_path` is None where it leads out of the system."""

    transfer: Transfer
    from_path: tuple[UUID, ...]
    to_path: tuple[UUID, ...] | None

    @property
    def receiving_path(self) -> tuple[UUID, ...]:
        """Return the path of the branch that confirms the arrival: the old one where no other is in the system."""
        return self.from_path if self.to_path is None else self.to_path

    @property
    def paths(self) -> tuple[tuple[UUID, ...], ...]:
        """Return the paths of the branches in the system."""
        return (self.from_path, self.receiving_path)


def _select_views() -> Select[Transfer, str, str, list[UUID], str, list[UUID]]:
    return (
        select(
            Transfer,
            Member.full_name,
            _from.name.label("from_name"),
            _from.path.label("from_path"),
            _to.name.label("to_name"),
            _to.path.label("to_path"),
        )
        .join(Member, Member.id == Transfer.member_id)
        .join(_from, _from.id == Transfer.from_organisation_id)
        .outerjoin(_to, _to.id == Transfer.to_organisation_id)
    )


async def find_visible_transfer(session: Session, actor: Actor, transfer_id: UUID) -> Found:
    """Return a transfer that the caller may know of; raises TransferNotFound."""
    row = (await session.execute(_select_views().where(Transfer.id == transfer_id))).one_or_none()
    if row is None:
        raise TransferNotFound
    found = Found(
        transfer=row.Transfer,
        from_path=tuple(row.from_path),
        to_path=None if row.to_path is None else tuple(row.to_path),
    )
    if not access.sees(actor, found.transfer.member_id, *found.paths):
        raise TransferNotFound
    return found


async def get_transfer(session: Session, actor: Actor, transfer_id: UUID) -> TransferView:
    """Return a transfer; raises TransferNotFound."""
    await find_visible_transfer(session, actor, transfer_id)
    return await view_transfer(session, transfer_id)


async def view_transfer(session: Session, transfer_id: UUID) -> TransferView:
    """Return a transfer that the caller is known to see."""
    await session.flush()
    row = (await session.execute(_select_views().where(Transfer.id == transfer_id))).one()
    return (await _view(session, [row]))[transfer_id]


async def list_transfers(
    session: Session,
    actor: Actor,
    organisation_id: UUID,
    *,
    direction: TransferDirection | None,
    status: TransferStatus | None,
    page: PageRequest,
) -> TransferPage:
    """List the transfers from and to an organisation, the latest first.

    Raises OrganisationNotFound; NotForYourPost for all but who keeps its records.
    """
    organisation = await get_visible_organisation(session, actor, organisation_id)
    require_record_keeper(actor, organisation.path)
    sides = {
        TransferDirection.out: Transfer.from_organisation_id == organisation.id,
        TransferDirection.incoming: Transfer.to_organisation_id == organisation.id,
    }
    wanted = _select_views().where(or_(*sides.values()) if direction is None else sides[direction])
    if status is not None:
        wanted = wanted.where(Transfer.status == status)
    return await _page(session, wanted, page)


async def list_my_transfers(session: Session, actor: Actor, *, page: PageRequest) -> TransferPage:
    """List one's own transfers, the latest first."""
    return await _page(session, _select_views().where(Transfer.member_id == actor.member_id), page)


# Any: rows of several columns.
async def _page(session: Session, wanted: Select[*tuple[Any, ...]], page: PageRequest) -> TransferPage:
    after = page.after_instant()
    if after is not None:
        wanted = wanted.where(tuple_(Transfer.created_at, Transfer.id) < tuple_(*after))
    order = (Transfer.created_at.desc(), Transfer.id.desc())
    rows = (await session.execute(wanted.order_by(*order).limit(page.limit + 1))).all()
    views = await _view(session, rows)
    return page.page(
        rows,
        into=TransferPage,
        view=lambda row: views[row.Transfer.id],
        key=lambda row: (row.Transfer.created_at.isoformat(), row.Transfer.id),
    )


async def is_moving(session: Session, member_id: UUID) -> bool:
    """Say whether a transfer of the member is open, or a stay elsewhere holds or is to come."""
    open_one = select(Transfer.id).where(Transfer.member_id == member_id, Transfer.status == TransferStatus.started)
    stay = select(Standing.id).where(
        Standing.member_id == member_id,
        Standing.kind.in_((StandingKind.temporary_away, StandingKind.temporary_guest)),
        or_(Standing.ends_on.is_(None), Standing.ends_on >= session.today()),
    )
    return bool(await session.scalar(select(open_one.exists() | stay.exists())))


async def leaves_no_secretary(session: Session, member_id: UUID, organisation_id: UUID) -> bool:
    """Say whether the member is the only secretary of the branch today."""
    holders = (await _secretaries(session, [organisation_id], on=session.today()))[organisation_id]
    return holders == {member_id}


async def _secretaries(session: Session, organisation_ids: Collection[UUID], *, on: date) -> dict[UUID, set[UUID]]:
    rows = await session.execute(
        select(Post.organisation_id, Post.member_id).where(
            Post.organisation_id.in_(organisation_ids),
            Post.kind == PostKind.secretary,
            holds_on(Post.starts_on, Post.ends_on, on),
        )
    )
    found: dict[UUID, set[UUID]] = defaultdict(set)
    for row in rows:
        found[row.organisation_id].add(row.member_id)
    return found


async def _view(session: Session, rows: Sequence[Row[*tuple[Any, ...]]]) -> dict[UUID, TransferView]:
    # Any: rows of several columns.
    today = session.today()
    leaving = [
        row.Transfer
        for row in rows
        if row.Transfer.kind is TransferKind.permanent and row.Transfer.status is TransferStatus.started
    ]
    holders = await _secretaries(session, {one.from_organisation_id for one in leaving}, on=today) if leaving else {}
    orphaning = {one.id for one in leaving if holders.get(one.from_organisation_id) == {one.member_id}}
    views = {}
    for row in rows:
        one: Transfer = row.Transfer
        is_open = one.status is TransferStatus.started
        warns = one.left_without_secretary or one.id in orphaning
        views[one.id] = TransferView(
            id=one.id,
            version=one.version,
            kind=one.kind,
            status=one.status,
            member=MemberRef(member_id=one.member_id, full_name=row.full_name),
            from_organisation=OrganisationRef(id=one.from_organisation_id, name=row.from_name),
            to_organisation=(
                None if one.to_organisation_id is None else OrganisationRef(id=one.to_organisation_id, name=row.to_name)
            ),
            to_place=one.to_place,
            letter_number=one.letter_number,
            letter_on=one.letter_on,
            for_study=one.for_study,
            until=one.until,
            received_on=one.received_on,
            reason=one.reason,
            present_by=one.present_by,
            due_on=one.due_on,
            is_letter_overdue=is_open and today > one.present_by,
            is_overdue=is_open and today > one.due_on,
            warnings=["branch_without_secretary"] if warns else [],
        )
    return views
