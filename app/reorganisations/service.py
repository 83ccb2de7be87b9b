"""Commands of reorganisations: plan one, withdraw it, carry it out.

What happens on the day (domain.md 2): those that end hand over all that is not finished, and everything that stands
below them hangs below the successor. Their posts end on the eve; those in the organisations below them stay. The
members of a branch that is merged are members of the successor from that day on, in no two branches on any day. What
was closed (minutes, resolutions that were decided, announcements that were published, documents) stays under the old
name, readable for whoever belonged there to the end and for the successor's officers, whose organisers also finish
minutes that were not out. In a split the old organisation goes on; who leaves it reads the new one's papers only. All
of it is one transaction, so that whoever reads sees what was before or what came after.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select

from app.announcements.succession.service import hand_over_announcements
from app.kernel.db import Session
from app.kernel.errors import AppError, FieldProblem
from app.kernel.events import record
from app.kernel.i18n import Locale, Text
from app.kernel.problems import FieldsNotValid
from app.kernel.security import Actor
from app.meetings.replies.service import withdraw_replies
from app.meetings.succession.service import hand_over_meetings, lapse_meetings
from app.members.moves.service import move_members
from app.members.posts.service import end_posts
from app.organisations.access import require_administrator
from app.organisations.models import Organisation, SuccessionKind
from app.organisations.queries import get_visible_organisation
from app.organisations.succession import service as succession
from app.organisations.succession.service import NewOrganisation
from app.polls.succession.service import hand_over_polls
from app.reorganisations import queries
from app.reorganisations.errors import ReorganisationNotPossible, ReorganisationSettled
from app.reorganisations.events import (
    OrganisationReorganised,
    ReorganisationCarriedOut,
    ReorganisationEvent,
    ReorganisationFailed,
    ReorganisationPlanned,
    ReorganisationWithdrawn,
)
from app.reorganisations.judging import finding_of
from app.reorganisations.models import Reorganisation, ReorganisationKind, ReorganisationStatus
from app.reorganisations.plans import MeetingsGo, Part, Plan, Preview
from app.reorganisations.schemas import Dissolution, Merge, Move, Renaming, Reordering, ReorganisationView, Split
from app.resolutions.succession.service import hand_over_resolutions
from app.transfers.succession.service import hand_over_transfers, lapse_transfers, take_along_transfers

_ENDED = "Chi bộ kết thúc hoạt động do sắp xếp tổ chức"


async def merge_organisations(
    session: Session, actor: Actor, organisation_id: UUID, body: Merge, *, locale: Locale
) -> ReorganisationView:
    """Merge organisations into one that is there or into a new one: today, or as a plan for a day to come.

    Raises OrganisationNotFound, NotForYourPost, FieldsNotValid, ReorganisationNotPossible with the view as `report`,
    OrganisationCodeTaken.
    """
    organisation = await _administered(session, actor, organisation_id)
    for other in (*body.with_ids, *([body.into_id] if body.into_id else [])):
        await _administered(session, actor, other)
    parts: tuple[Part, ...] = ()
    if body.name is not None:
        require_administrator(actor, organisation.path[:-1])
        parts = (Part(id=session.new_id(), name=body.name, code=body.code),)
    plan = Plan(
        kind=ReorganisationKind.merger,
        organisation_id=organisation_id,
        with_ids=tuple(body.with_ids),
        into_id=body.into_id,
        parts=parts,
        meetings=body.meetings,
        reason=body.reason,
    )
    return await _plan(session, actor, plan, body, locale=locale)


async def split_organisation(
    session: Session, actor: Actor, organisation_id: UUID, body: Split, *, locale: Locale
) -> ReorganisationView:
    """Found organisations beside one and give them part of what it has. Raises as `merge_organisations`."""
    organisation = await _administered(session, actor, organisation_id)
    require_administrator(actor, organisation.path[:-1])
    for child in {child for part in body.parts for child in part.child_ids}:
        await _administered(session, actor, child)
    parts = tuple(
        Part(
            id=session.new_id(),
            name=part.name,
            code=part.code,
            child_ids=tuple(part.child_ids),
            member_ids=tuple(part.member_ids),
        )
        for part in body.parts
    )
    plan = Plan(kind=ReorganisationKind.division, organisation_id=organisation_id, parts=parts, reason=body.reason)
    return await _plan(session, actor, plan, body, locale=locale)


async def move_organisation(
    session: Session, actor: Actor, organisation_id: UUID, body: Move, *, locale: Locale
) -> ReorganisationView:
    """Hang an organisation, with all below it, under another one. Raises as `merge_organisations`."""
    organisation = await _administered(session, actor, organisation_id)
    require_administrator(actor, organisation.path[:-1])
    await _administered(session, actor, body.parent_id)
    plan = Plan(
        kind=ReorganisationKind.move, organisation_id=organisation_id, parent_id=body.parent_id, reason=body.reason
    )
    return await _plan(session, actor, plan, body, locale=locale)


async def dissolve_organisation(
    session: Session, actor: Actor, organisation_id: UUID, body: Dissolution, *, locale: Locale
) -> ReorganisationView:
    """End an organisation in which nobody is left. Raises as `merge_organisations`."""
    organisation = await _administered(session, actor, organisation_id)
    require_administrator(actor, organisation.path[:-1])
    plan = Plan(kind=ReorganisationKind.dissolution, organisation_id=organisation_id, reason=body.reason)
    return await _plan(session, actor, plan, body, locale=locale)


async def rename_organisation(
    session: Session, actor: Actor, organisation_id: UUID, body: Renaming, *, locale: Locale
) -> ReorganisationView:
    """Give an organisation another name. Raises as `merge_organisations`."""
    await _administered(session, actor, organisation_id)
    plan = Plan(kind=ReorganisationKind.renaming, organisation_id=organisation_id, name=body.name, reason=body.reason)
    return await _plan(session, actor, plan, body, locale=locale)


async def withdraw_reorganisation(session: Session, actor: Actor, reorganisation_id: UUID) -> None:
    """Take a plan back before its day. Raises ReorganisationNotFound, ReorganisationSettled."""
    found = await queries.get_visible_reorganisation(session, actor, reorganisation_id, for_update=True)
    if found.status is not ReorganisationStatus.planned or found.effective_on <= session.today():
        raise ReorganisationSettled
    shown = await queries.preview(session, Plan.model_validate(found.plan), found.effective_on)
    _settle(session, found, ReorganisationStatus.withdrawn, shown)
    await record(session, _fact(ReorganisationWithdrawn, found, by=actor.member_id))


async def carry_out_due(session: Session) -> bool:
    """Carry out the earliest plan whose day has come, in this one transaction; say whether there was one.

    After a standstill it takes effect on the day it is carried out. What cannot be done any more fails as a whole, says
    why in its preview, and those who administer its organisation that day are told.
    """
    due = (
        select(Reorganisation)
        .where(Reorganisation.status == ReorganisationStatus.planned, Reorganisation.effective_on <= session.today())
        .order_by(Reorganisation.effective_on, Reorganisation.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    found = (await session.scalars(due)).one_or_none()
    if found is None:
        return False
    plan = Plan.model_validate(found.plan)
    await succession.lock_organisations(session, plan.named_ids)
    shown = await queries.preview(session, plan, session.today())
    if shown.is_possible:
        told = len(session.changes)
        try:
            async with session.begin_nested():
                await _carry_out(session, plan, by=None)
        except AppError as refusal:  # what only the tables' own constraints see
            del session.changes[told:]
            shown = shown.refused([finding_of(refusal.code, plan.organisation_id, refusal.title)])
    is_done = shown.is_possible
    _settle(session, found, ReorganisationStatus.carried_out if is_done else ReorganisationStatus.failed, shown)
    await record(session, _fact(ReorganisationCarriedOut if is_done else ReorganisationFailed, found, by=None))
    return True


async def _administered(session: Session, actor: Actor, organisation_id: UUID) -> Organisation:
    organisation = await get_visible_organisation(session, actor, organisation_id)
    require_administrator(actor, organisation.path)
    return organisation


async def _plan(session: Session, actor: Actor, plan: Plan, body: Reordering, *, locale: Locale) -> ReorganisationView:
    today = session.today()
    on = body.effective_on or today
    if on < today:
        text = Text(vi="Phải từ hôm nay trở đi", en="It must be today or later")
        raise FieldsNotValid(fields=(FieldProblem(pointer="/effective_on", code="in_past", detail=text),))
    if on == today and not body.dry_run:
        await succession.lock_organisations(session, plan.named_ids)
    shown = await queries.preview(session, plan, on)
    written = Reorganisation(
        id=session.new_id(),
        organisation_id=plan.organisation_id,
        kind=plan.kind,
        status=ReorganisationStatus.previewed if body.dry_run else ReorganisationStatus.planned,
        effective_on=on,
        reason=plan.reason,
        plan=plan.model_dump(mode="json"),
        involved=list(plan.named_ids),
        planned_by=actor.member_id,
        planned_at=session.now(),
        version=1,
    )
    if not body.dry_run and not shown.is_possible:
        view = ReorganisationView.of(written, shown, locale=locale)
        raise ReorganisationNotPossible(report=view.model_dump(mode="json"))
    if not body.dry_run:
        session.add(written)
        if on == today:
            await _carry_out(session, plan, by=actor.member_id)
            _settle(session, written, ReorganisationStatus.carried_out, shown)
        kind = ReorganisationPlanned if on > today else ReorganisationCarriedOut
        await record(session, _fact(kind, written, by=actor.member_id))
    return ReorganisationView.of(written, shown, locale=locale)


async def _carry_out(session: Session, plan: Plan, *, by: UUID | None) -> None:
    """Do what was found possible; the organisations are locked."""
    work = _Work(session=session, plan=plan, on=session.today(), by=by)
    steps = {
        ReorganisationKind.merger: work.merge,
        ReorganisationKind.division: work.split,
        ReorganisationKind.move: work.move,
        ReorganisationKind.dissolution: work.dissolve,
        ReorganisationKind.renaming: work.rename,
    }
    await steps[plan.kind]()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """One plan being carried out, on the first day of the new order."""

    session: Session
    plan: Plan
    on: date
    by: UUID | None

    @property
    def _reason(self) -> str:
        return self.plan.reason or _ENDED

    async def merge(self) -> None:
        plan = self.plan
        former = await self._names(plan.ending_ids)
        for part in plan.parts:
            await self._found(part)
        if plan.meetings is MeetingsGo.cancel:
            await lapse_meetings(self.session, plan.ending_ids, reason=self._reason, by=self.by)
        for ended in plan.ending_ids:
            await self._hand_over(ended, plan.successor_id)
            await end_posts(self.session, ended, on=self.on, by=self.by)
            await move_members(self.session, ended, successor_id=plan.successor_id, on=self.on, by=self.by)
            await hand_over_transfers(
                self.session, ended, successor_id=plan.successor_id, on=self.on, by=self.by, reason=self._reason
            )
            await succession.merge_into(self.session, ended, successor_id=plan.successor_id, on=self.on, by=self.by)
        await self._tell(plan.successor_id, former)

    async def split(self) -> None:
        plan = self.plan
        former = await self._names([plan.organisation_id])
        for part in plan.parts:
            await self._found(part)
            await succession.link(self.session, plan.organisation_id, part.id, kind=SuccessionKind.divided, on=self.on)
            if part.member_ids:
                await end_posts(self.session, plan.organisation_id, on=self.on, by=self.by, held_by=part.member_ids)
                await move_members(
                    self.session,
                    plan.organisation_id,
                    successor_id=part.id,
                    on=self.on,
                    by=self.by,
                    only=part.member_ids,
                )
                await withdraw_replies(self.session, part.member_ids, [plan.organisation_id], by=self.by)
                await take_along_transfers(
                    self.session, plan.organisation_id, to=part.id, on=self.on, members=part.member_ids
                )
            await succession.hang_below(self.session, part.child_ids, parent_id=part.id, on=self.on, by=self.by)
            await self._tell(part.id, former)

    async def move(self) -> None:
        plan = self.plan
        assert plan.parent_id is not None
        await succession.hang_below(
            self.session, [plan.organisation_id], parent_id=plan.parent_id, on=self.on, by=self.by
        )
        await self._tell(plan.organisation_id, ())

    async def dissolve(self) -> None:
        ended = self.plan.organisation_id
        await lapse_meetings(self.session, [ended], reason=self._reason, by=self.by)
        await lapse_transfers(self.session, ended, on=self.on, by=self.by, reason=self._reason)
        await end_posts(self.session, ended, on=self.on, by=self.by)
        await succession.dissolve(self.session, ended, on=self.on, by=self.by)

    async def rename(self) -> None:
        plan = self.plan
        assert plan.name is not None
        former = await self._names([plan.organisation_id])
        await succession.rename(self.session, plan.organisation_id, plan.name, by=self.by)
        await self._tell(plan.organisation_id, former)

    async def _found(self, part: Part) -> None:
        new = NewOrganisation(id=part.id, name=part.name, code=part.code)
        await succession.found_successor(self.session, new, like=self.plan.organisation_id, on=self.on, by=self.by)

    async def _hand_over(self, former_id: UUID, successor_id: UUID) -> None:
        session, by = self.session, self.by
        meetings = await hand_over_meetings(session, former_id, successor_id=successor_id, by=by)
        await hand_over_polls(session, meetings, former_id=former_id, successor_id=successor_id, by=by)
        await hand_over_announcements(session, former_id, successor_id=successor_id, by=by)
        await hand_over_resolutions(session, former_id, successor_id=successor_id, by=by)

    async def _names(self, ids: Sequence[UUID]) -> tuple[str, ...]:
        names = await self.session.scalars(
            select(Organisation.name).where(Organisation.id.in_(ids)).order_by(Organisation.name)
        )
        return tuple(names)

    async def _tell(self, organisation_id: UUID, former_names: Sequence[str]) -> None:
        fact = OrganisationReorganised(
            organisation_id=organisation_id,
            subject_id=organisation_id,
            actor_member_id=self.by,
            kind=self.plan.kind,
            former_names=tuple(former_names),
        )
        await record(self.session, fact)


def _settle(session: Session, found: Reorganisation, status: ReorganisationStatus, shown: Preview) -> None:
    found.status = status
    found.preview = shown.to_keep()
    found.settled_at = session.now()
    found.version += 1


def _fact(kind: type[ReorganisationEvent], found: Reorganisation, *, by: UUID | None) -> ReorganisationEvent:
    return kind(
        organisation_id=found.organisation_id,
        subject_id=found.id,
        actor_member_id=by,
        kind=found.kind,
        effective_on=found.effective_on,
    )
