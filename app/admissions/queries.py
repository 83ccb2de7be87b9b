"""Reads of admissions: candidacies with their dossiers."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, case, exists, literal, select, tuple_
from sqlalchemy.orm import aliased

from app.admissions import access
from app.admissions.errors import CandidacyNotFound
from app.admissions.models import Candidacy, CandidacyStatus, CandidacyStep
from app.admissions.probation import Probation, certificate_valid_until
from app.admissions.schemas import CandidacyPage, CandidacyView, StepView
from app.kernel.context import meet
from app.kernel.db import Session
from app.kernel.i18n import Locale
from app.kernel.pagination import PageRequest
from app.kernel.security import Actor
from app.members.access import require_record_keeper
from app.members.models import Member, Standing, StandingKind
from app.members.queries import has_left_by, holds_on
from app.members.schemas import MemberRef
from app.organisations.models import Organisation
from app.organisations.queries import get_visible_organisation
from app.rules import add_working_days, rules_named

_probation = aliased(Standing)

Steps = Mapping[str, CandidacyStep]
"""The steps that are done, by their codes."""


async def find_visible_candidacy(session: Session, actor: Actor, candidacy_id: UUID) -> tuple[Candidacy, Member]:
    """Return a candidacy and its person; raises CandidacyNotFound."""
    row = (
        await session.execute(
            select(Candidacy, Member, Organisation.path)
            .join(Member, Member.id == Candidacy.member_id)
            .join(Organisation, Organisation.id == Member.organisation_id)
            .where(Candidacy.id == candidacy_id)
        )
    ).one_or_none()
    if row is None:
        raise CandidacyNotFound
    access.require_visible(actor, row.path)
    return row.Candidacy, row.Member


async def get_candidacy(session: Session, actor: Actor, candidacy_id: UUID, *, locale: Locale) -> CandidacyView:
    """Return a candidacy; raises CandidacyNotFound."""
    await find_visible_candidacy(session, actor, candidacy_id)
    return await view_candidacy(session, candidacy_id, locale=locale)


async def view_candidacy(session: Session, candidacy_id: UUID, *, locale: Locale) -> CandidacyView:
    """Return a candidacy that the caller is known to see."""
    await session.flush()
    rows = (await session.execute(_select_views().where(Candidacy.id == candidacy_id))).all()
    return (await _view(session, rows, locale=locale))[candidacy_id]


async def list_candidacies(
    session: Session,
    actor: Actor,
    organisation_id: UUID,
    *,
    status: CandidacyStatus | None,
    page: PageRequest,
    locale: Locale,
) -> CandidacyPage:
    """List the candidacies of whoever is at home in a branch, the latest first; who moved went with their dossier.

    Raises OrganisationNotFound; NotForYourPost for all but who keeps its records.
    """
    organisation = await get_visible_organisation(session, actor, organisation_id)
    require_record_keeper(actor, organisation.path)
    wanted = _select_views().where(Member.organisation_id == organisation.id)
    if status is not None:
        wanted = wanted.where(status_on_record() == status)
    after = page.after_instant()
    if after is not None:
        wanted = wanted.where(tuple_(Candidacy.created_at, Candidacy.id) < tuple_(*after))
    order = (Candidacy.created_at.desc(), Candidacy.id.desc())
    rows = (await session.execute(wanted.order_by(*order).limit(page.limit + 1))).all()
    views = await _view(session, rows, locale=locale)
    return page.page(
        rows,
        into=CandidacyPage,
        view=lambda row: views[row.Candidacy.id],
        key=lambda row: (row.Candidacy.created_at.isoformat(), row.Candidacy.id),
    )


async def find_steps(session: Session, candidacy_ids: Collection[UUID]) -> dict[UUID, dict[str, CandidacyStep]]:
    """Return the steps that are done, by candidacy and code."""
    found: dict[UUID, dict[str, CandidacyStep]] = defaultdict(dict)
    rows = await session.scalars(select(CandidacyStep).where(CandidacyStep.candidacy_id.in_(candidacy_ids)))
    for row in rows:
        found[row.candidacy_id][row.step] = row
    return found


async def find_officials(session: Session, organisation_id: UUID, ids: Collection[UUID]) -> set[UUID]:
    """Return those of the members who are official members of the branch today."""
    standing = aliased(Standing)
    rows = await session.scalars(
        select(standing.member_id).where(
            standing.member_id.in_(ids),
            standing.organisation_id == organisation_id,
            standing.kind == StandingKind.official,
            holds_on(standing.starts_on, standing.ends_on, session.today()),
            ~has_left_by(standing, session.today()),
        )
    )
    return set(rows)


async def is_on_probation(session: Session, member: Member) -> bool:
    """Say whether the member is probationary today, in their branch, and has not left."""
    return bool(await session.scalar(select(probation_holds(session.today())).where(Member.id == member.id)))


def probation_holds(on: date) -> ColumnElement[bool]:
    """Say of a `members` row that it is probationary on a day, in its branch, and has not left."""
    return exists().where(
        _probation.member_id == Member.id,
        _probation.organisation_id == Member.organisation_id,
        _probation.kind == StandingKind.probationary,
        holds_on(_probation.starts_on, _probation.ends_on, on),
        ~has_left_by(_probation, on),
    )


def status_on_record() -> ColumnElement[CandidacyStatus]:
    """Return the status of a candidacy beside its `members` row: an official date, whoever wrote it, is recognition."""
    is_recognised = and_(Candidacy.status == CandidacyStatus.admitted, Member.official_on.is_not(None))
    return case(
        (is_recognised, literal(CandidacyStatus.recognised, Candidacy.status.type)),
        else_=Candidacy.status,
    )


def _select_views() -> Select[*tuple[Any, ...]]:
    # Any: columns of several types.
    return select(
        Candidacy, status_on_record().label("status"), Member.full_name, Member.born_on, Member.admitted_on
    ).join(Member, Member.id == Candidacy.member_id)


async def _view(
    session: Session, rows: Sequence[Row[*tuple[Any, ...]]], *, locale: Locale
) -> dict[UUID, CandidacyView]:
    # Any: rows of several columns.
    steps = await find_steps(session, [row.Candidacy.id for row in rows])
    mentors = {id_ for row in rows for id_ in (row.Candidacy.mentor_1_id, row.Candidacy.mentor_2_id) if id_ is not None}
    # Who moves takes their dossier along, and it names mentors of the branch that they came from.
    await meet(session, mentors)
    named = await session.execute(select(Member.id, Member.full_name).where(Member.id.in_(mentors)))
    names = {row.id: row.full_name for row in named}
    return {row.Candidacy.id: _view_one(session, row, steps[row.Candidacy.id], names, locale=locale) for row in rows}


def _view_one(
    session: Session, row: Row[*tuple[Any, ...]], done: Steps, names: Mapping[UUID, str], *, locale: Locale
) -> CandidacyView:
    # Any: a row of several columns.
    one: Candidacy = row.Candidacy
    rules = rules_named(one.rule_set)
    mentors = (one.mentor_1_id, one.mentor_2_id)
    probation = None if row.admitted_on is None else Probation(row.admitted_on, rules)
    return CandidacyView(
        id=one.id,
        version=one.version,
        status=row.status,
        candidate=MemberRef(member_id=one.member_id, full_name=row.full_name),
        organisation_id=one.organisation_id,
        born_on=row.born_on,
        source=one.source,
        mentors=[MemberRef(member_id=id_, full_name=names[id_]) for id_ in mentors if id_ is not None],
        certificate_number=one.certificate_number,
        certified_on=one.certified_on,
        certificate_valid_until=(
            None if one.certified_on is None else certificate_valid_until(one.certified_on, rules)
        ),
        steps=_view_steps(session, one, done, locale=locale),
        decision_number=one.decision_number,
        decided_on=one.decided_on,
        admitted_on=row.admitted_on,
        official_due_on=None if probation is None else probation.official_on,
        review_due_on=None if probation is None else probation.review_due_on,
        recognition_number=one.recognition_number,
        recognition_decided_on=one.recognition_decided_on,
        dropped_because=one.dropped_because,
    )


def _view_steps(session: Session, candidacy: Candidacy, done: Steps, *, locale: Locale) -> list[StepView]:
    views: list[StepView] = []
    for step in rules_named(candidacy.rule_set).dossier:
        before = views[-1].done_on if views else None
        due_on = None if step.within is None or before is None else add_working_days(before, step.within)
        row = done.get(step.code)
        is_late = row is None and due_on is not None and session.today() > due_on
        views.append(
            StepView(
                step=step.code,
                title=step.title.to(locale),
                done_on=None if row is None else row.done_on,
                note=None if row is None else row.note,
                due_on=due_on,
                is_overdue=is_late and candidacy.status is CandidacyStatus.pool,
            )
        )
    return views
