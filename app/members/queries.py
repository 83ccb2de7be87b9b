"""Reads of members: who may be seen, the record as far as it may be known, who is convened, who is away."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    SQLColumnExpression,
    and_,
    exists,
    literal,
    or_,
    select,
    tuple_,
    union,
)
from sqlalchemy.orm import InstrumentedAttribute, aliased

from app.kernel.db import Session
from app.kernel.pagination import PageRequest
from app.kernel.security import ORGANISERS, Actor, PostKind
from app.members import access
from app.members.access import Facet
from app.members.errors import MemberNotFound
from app.members.identifiers import mask_citizen_id, mask_phone
from app.members.models import FINAL, MEMBERSHIP, AwayPeriod, Member, Post, Standing, StandingKind
from app.members.names import search_key
from app.members.schemas import AwayNow, MemberPage, MemberView, StandingView
from app.organisations.models import Organisation
from app.organisations.queries import get_visible_organisation
from app.organisations.schemas import OrganisationRef

Day = date | SQLColumnExpression[date | None]

# Made once: an alias finds out its columns when it is first used, which takes longer than the question.
_any, _final, _below = aliased(Standing), aliased(Standing), aliased(Member)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberFilter:
    """What a list of members is narrowed down to; None is no wish."""

    standing: StandingKind | None = None
    away: bool | None = None
    q: str | None = None


def is_not_admitted() -> ColumnElement[bool]:
    """Say of a `members` row that it is a candidate, or was one, and never became a member.

    Not by the standing `candidate`: who is dropped on the day they were entered has not held it for a day. The first
    administrator of a server need not be a member of a branch of it, and is none: a post is given to nobody else.
    """
    was_member = exists().where(_any.member_id == Member.id, _any.kind.in_(MEMBERSHIP | FINAL))
    return ~was_member & ~exists().where(Post.member_id == Member.id)


def is_dropped(on: Day) -> ColumnElement[bool]:
    """Say of a `members` row that it was a candidate and by a day is none any more, nor became a member."""
    in_pool = exists().where(_any.member_id == Member.id, _any.kind == StandingKind.candidate)
    return is_not_admitted() & ~in_pool.where(holds_on(_any.starts_on, _any.ends_on, on))


async def get_visible_member(session: Session, actor: Actor, member_id: UUID) -> tuple[Member, tuple[UUID, ...]]:
    """Return a member of whom the actor may know the name, and the path of the home branch.

    Who left stays visible to the old branch, for its closed minutes. Raises MemberNotFound.
    """
    found = (
        await session.execute(
            select(Member, Organisation.path, is_not_admitted())
            .join(Organisation, Organisation.id == Member.organisation_id)
            .where(Member.id == member_id)
        )
    ).one_or_none()
    if found is None:
        raise MemberNotFound
    member, path, is_not_yet = found
    if not access.may_name(actor, member.id, path, is_candidate=is_not_yet):
        raise MemberNotFound
    return member, tuple(path)


async def hold_branches(
    session: Session, member_id: UUID | SQLColumnExpression[UUID], *others: Select[UUID] | Select[UUID | None]
) -> None:
    """Let no reorganisation end a member's home, where they are a guest, or others until the unit of work ends.

    Before the member is locked, and all in the order of their ids, as reorganisations do: so there is no ring.
    """
    home = select(Member.organisation_id).where(Member.id == member_id)
    wanted = Organisation.id.in_(union(home, hosts_of(member_id, session.today()), *others))
    held = select(Organisation.id).where(wanted).order_by(Organisation.id)
    await session.execute(held.with_for_update(read=True, key_share=True))


async def lock_member(session: Session, member: Member, *, home: UUID) -> None:
    """Let the changes of one member follow each other; raises MemberNotFound where they have just moved from `home`.

    Who writes of another organisation too has held it before (`hold_branches`). Their key stays free: a worker that
    writes them a notice of what is locked next does not wait, so there is no ring.
    """
    await hold_branches(session, member.id)
    await session.refresh(member, with_for_update={"key_share": True})
    if member.organisation_id != home:
        raise MemberNotFound


async def is_candidate(session: Session, member: Member) -> bool:
    """Say whether somebody is not a member yet."""
    return bool(await session.scalar(select(is_not_admitted()).where(Member.id == member.id)))


async def get_member(session: Session, actor: Actor, member_id: UUID) -> MemberView:
    """Return a member as far as the actor may know them; raises MemberNotFound."""
    member, path = await get_visible_member(session, actor, member_id)
    return (await view_members(session, actor, [member], path=path))[0]


async def find_members(session: Session, actor: Actor, ids: Collection[UUID]) -> list[MemberView]:
    """Return those of the members of whom the caller may know the name, each as far as they may know them."""
    rows = await session.execute(
        select(Member, Organisation.path, is_not_admitted())
        .join(Organisation, Organisation.id == Member.organisation_id)
        .where(Member.id.in_(ids))
    )
    by_branch: dict[tuple[UUID, ...], list[Member]] = defaultdict(list)
    for member, path, is_not_yet in rows:
        if access.may_name(actor, member.id, path, is_candidate=is_not_yet):
            by_branch[tuple(path)].append(member)
    return [
        view for path, members in by_branch.items() for view in await view_members(session, actor, members, path=path)
    ]


async def list_members(
    session: Session, actor: Actor, organisation_id: UUID, *, wanted: MemberFilter, page: PageRequest
) -> MemberPage:
    """List the members whose home is the branch, by given name; who left, and candidates, only if asked for.

    Raises OrganisationNotFound; NotForYourPost where the actor may know nobody there, or filters by what they may not
    know: of candidates only those who keep the records do.
    """
    branch = await get_visible_organisation(session, actor, organisation_id)
    needed = [Facet.name]
    needed += [Facet.standings] if wanted.standing is not None else []
    needed += [Facet.away] if wanted.away is not None else []
    access.require_facets(actor, branch.path, *needed)
    if wanted.standing is StandingKind.candidate:
        access.require_record_keeper(actor, branch.path)
    today = session.today()
    query = select(Member).where(Member.organisation_id == branch.id)
    if wanted.standing is not StandingKind.candidate:
        query = query.where(~is_not_admitted())
    if wanted.standing not in FINAL:
        query = query.where(Member.id.not_in(_left(branch.id, today)))
    if wanted.standing is not None:
        stand = select(Standing.member_id).where(Standing.kind == wanted.standing, _in_force(today))
        if wanted.standing is StandingKind.transferred:  # not who once came from elsewhere
            stand = stand.where(Standing.organisation_id == branch.id)
        query = query.where(Member.id.in_(stand))
    if wanted.away is not None:
        gone = Member.id.in_(away_on(today))
        query = query.where(gone if wanted.away else ~gone)
    if wanted.q is not None:
        query = query.where(Member.search_key.contains(search_key(wanted.q), autoescape=True))
    if page.after is not None:
        query = query.where(tuple_(Member.sort_key, Member.id) > tuple_(literal(page.after[0]), literal(page.after[1])))
    query = query.order_by(Member.sort_key, Member.id).limit(page.limit + 1)
    members = (await session.scalars(query)).all()
    views = {view.id: view for view in await view_members(session, actor, members, path=branch.path)}
    return page.page(members, into=MemberPage, view=lambda row: views[row.id], key=lambda row: (row.sort_key, row.id))


async def view_members(
    session: Session, actor: Actor, members: Sequence[Member], *, path: Sequence[UUID]
) -> list[MemberView]:
    """Return members of one branch as far as the actor may know each of them."""
    ids = [member.id for member in members]
    today = session.today()
    branch = (await session.execute(select(Organisation.name).where(Organisation.id == path[-1]))).scalar_one()
    standings: dict[UUID, list[StandingView]] = defaultdict(list)
    for row in await session.scalars(
        select(Standing).where(Standing.member_id.in_(ids)).order_by(Standing.starts_on, Standing.id)
    ):
        standings[row.member_id].append(StandingView.model_validate(row))
    away = {
        row.member_id: AwayNow.model_validate(row)
        for row in await session.scalars(
            select(AwayPeriod).where(
                AwayPeriod.member_id.in_(ids), holds_on(AwayPeriod.starts_on, AwayPeriod.ends_on, today)
            )
        )
    }
    return [
        _view(
            member,
            known=access.facets_of_member(actor, member.id, path),
            organisation=OrganisationRef(id=path[-1], name=branch),
            standings=standings[member.id],
            away=away.get(member.id),
        )
        for member in members
    ]


def convened(organisation_id: UUID | SQLColumnExpression[UUID], on: Day) -> Select[UUID]:
    """Select the ids of whoever is called to a meeting of the branch on a day (domain.md 5, 7, 18).

    Probationary and official members and temporary guests, the exempt among them too, since they may come;
    not candidates, nor who left.
    """
    return (
        select(Standing.member_id)
        .distinct()
        .where(
            Standing.organisation_id == organisation_id,
            Standing.kind.in_(MEMBERSHIP | {StandingKind.temporary_guest}),
            _in_force(on),
            ~has_left_by(Standing, on),
        )
        .correlate_except(Standing)
    )


def hosts_of(member_id: UUID | SQLColumnExpression[UUID], on: Day) -> Select[UUID]:
    """Select the ids of the organisations where somebody is a temporary guest on a day (domain.md 7)."""
    return select(Standing.organisation_id).where(
        Standing.member_id == member_id, Standing.kind == StandingKind.temporary_guest, _in_force(on)
    )


def belonged_to_its_end(organisation_id: UUID, on: date) -> Select[UUID]:
    """Select the ids of whoever has the organisation among `Reader.ended`, as `enter_as` finds it; none while it lasts.

    They were its members, or of a branch below it, to its last day, wherever they have gone since; not who has left.
    """
    is_above = Organisation.ended_above.contains([organisation_id])
    stayed = (
        select(Standing.member_id)
        .join(Organisation, Organisation.id == Standing.organisation_id)
        .where(
            or_(Organisation.id == organisation_id, is_above),
            Organisation.successor_id.is_not(None),
            Standing.kind.in_(MEMBERSHIP),
            Standing.ends_on == Organisation.valid_until,
        )
    )
    below = select(_below.id).join(Organisation, Organisation.id == _below.organisation_id).where(is_above)
    left = _left(Member.organisation_id, on).where(Standing.member_id == Member.id)
    return select(Member.id).where(Member.id.in_(union(stayed, below)), ~left.exists()).correlate_except(Member)


def organisers_of(organisation_id: UUID, on: date) -> Select[UUID]:
    """Select the ids of whoever holds an organiser's post there on a day; several posts of one member give several."""
    return select(Post.member_id).where(
        Post.organisation_id == organisation_id,
        Post.kind.in_(ORGANISERS),
        holds_on(Post.starts_on, Post.ends_on, on),
    )


def administrators_of(organisation_id: UUID, on: date) -> Select[UUID]:
    """Select the ids of whoever holds an administrator's post there on a day, and has not left."""
    left = _left(Member.organisation_id, on).where(Standing.member_id == Member.id)
    return (
        select(Member.id)
        .join(Post, Post.member_id == Member.id)
        .where(
            Post.organisation_id == organisation_id,
            Post.kind == PostKind.administrator,
            holds_on(Post.starts_on, Post.ends_on, on),
            ~left.exists(),
        )
    )


def away_on(on: date) -> Select[UUID]:
    """Select the ids of whoever is working away on a day."""
    return select(AwayPeriod.member_id).distinct().where(holds_on(AwayPeriod.starts_on, AwayPeriod.ends_on, on))


async def has_left(session: Session, member: Member) -> bool:
    """Say whether a final standing holds today."""
    left = _left(member.organisation_id, session.today()).where(Standing.member_id == member.id)
    return await session.scalar(left.limit(1)) is not None


def has_left_by(standing: type[Standing], on: Day) -> ColumnElement[bool]:
    """Say of an (aliased) standing whether its member has left its organisation by a day (a column too)."""
    return (
        exists()
        .where(
            _final.member_id == standing.member_id,
            _final.kind.in_(FINAL),
            # A transfer ends the membership of the branch it was from, not of the one it went to, and who comes back as
            # a temporary guest is one.
            or_(
                _final.kind != StandingKind.transferred,
                and_(
                    _final.organisation_id == standing.organisation_id,
                    standing.kind != StandingKind.temporary_guest,
                ),
            ),
            holds_on(_final.starts_on, _final.ends_on, on),
        )
        # Said, since SQLAlchemy by itself looks one query outwards, and the day may be a column further out.
        .correlate_except(_final)
    )


def holds_on(
    starts_on: InstrumentedAttribute[date],
    ends_on: InstrumentedAttribute[date | None],
    on: Day,
) -> ColumnElement[bool]:
    """Say whether a row from a day to a day (both included) holds on a day."""
    return (starts_on <= on) & or_(ends_on.is_(None), ends_on >= on)


def _in_force(on: Day) -> ColumnElement[bool]:
    return holds_on(Standing.starts_on, Standing.ends_on, on)


def _left(organisation_id: UUID | SQLColumnExpression[UUID], on: date) -> Select[UUID]:
    # A transfer ends the membership of the branch it was from, not of the one it went to.
    return select(Standing.member_id).where(
        Standing.kind.in_(FINAL),
        or_(Standing.kind != StandingKind.transferred, Standing.organisation_id == organisation_id),
        _in_force(on),
    )


def _view(
    member: Member,
    *,
    known: frozenset[Facet],
    organisation: OrganisationRef,
    standings: list[StandingView],
    away: AwayNow | None,
) -> MemberView:
    record, clear = Facet.record in known, Facet.identifiers in known
    citizen_id, phone = member.citizen_id, member.phone
    return MemberView(
        id=member.id,
        version=member.version,
        full_name=member.full_name,
        organisation=organisation,
        standings=standings if Facet.standings in known else [],
        born_on=member.born_on if record else None,
        sex=member.sex if record else None,
        card_number=member.card_number if record else None,
        citizen_id=_shown(citizen_id, mask_citizen_id(citizen_id or ""), record=record, clear=clear),
        phone=_shown(phone, mask_phone(phone or ""), record=record, clear=clear),
        admitted_on=member.admitted_on if record else None,
        official_on=member.official_on if record else None,
        education=member.education if record else None,
        is_ethnic_minority=member.is_ethnic_minority if record else None,
        occupation=member.occupation if record else None,
        away=away if Facet.away in known else None,
    )


def _shown(value: str | None, masked: str, *, record: bool, clear: bool) -> str | None:
    if value is None or not record:
        return None
    return value if clear else masked
