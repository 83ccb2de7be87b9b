"""Commands on members: enrol one in a branch, correct their record."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select

from app.kernel.db import Session
from app.kernel.errors import AppError
from app.kernel.etags import require_version
from app.kernel.events import record
from app.kernel.problems import FieldsNotValid
from app.kernel.security import Actor
from app.kernel.uniqueness import refusing_duplicates
from app.members import access, queries
from app.members.admission import find_contradictions, spread, terms_of
from app.members.errors import (
    CardNumberTaken,
    CitizenIdTaken,
    MemberIdTaken,
    MembershipDatesFixed,
    NotABranch,
    PhoneTaken,
    StillCandidate,
)
from app.members.events import MemberCorrected, MemberEnrolled
from app.members.models import FINAL, MEMBERSHIP, Member, Standing, StandingKind
from app.members.names import search_key, sort_key
from app.members.schemas import MemberCreate, MemberPatch, MemberView
from app.members.standings.service import begin_standing
from app.organisations.models import Organisation, OrganisationKind
from app.organisations.queries import get_lasting_organisation
from app.organisations.succession.queries import find_ancestries

DUPLICATES: dict[str, type[AppError]] = {
    "pk_members": MemberIdTaken,
    "uq_members_card_number": CardNumberTaken,
    "uq_members_citizen_id": CitizenIdTaken,
    "uq_members_phone": PhoneTaken,
}
_MEMBERSHIP_DATES = frozenset({"admitted_on", "official_on"})

Values = Mapping[str, Any]
"""Columns of `members` by name (Any: they are of several types)."""


async def enrol_member(session: Session, actor: Actor, organisation_id: UUID, body: MemberCreate) -> MemberView:
    """Enter a member of the branch, with the standings that follow from the dates.

    Raises OrganisationNotFound, NotForYourPost, NotABranch, FieldsNotValid, MemberIdTaken, CardNumberTaken,
    CitizenIdTaken, PhoneTaken.
    """
    branch = await get_lasting_organisation(session, actor, organisation_id)
    access.require_record_keeper(actor, branch.path)
    require_branch(branch)
    _require_consistent(session, body)
    values = {**body.model_dump(), "id": body.id or session.new_id()}
    await add_members(session, branch, [values])
    await record(
        session,
        MemberEnrolled(organisation_id=branch.id, subject_id=values["id"], actor_member_id=actor.member_id),
    )
    return await queries.get_member(session, actor, values["id"])


async def correct_member(session: Session, actor: Actor, member_id: UUID, body: MemberPatch, *, expected: int) -> None:
    """Correct a record; changed dates make its standings anew, a first official date is the recognition.

    Raises MemberNotFound, NotForYourPost, VersionChanged, StillCandidate, FieldsNotValid, MembershipDatesFixed,
    CardNumberTaken, CitizenIdTaken, PhoneTaken.
    """
    member, path = await queries.get_visible_member(session, actor, member_id)
    access.require_record_keeper(actor, path)
    await queries.lock_member(session, member, home=path[-1])
    require_version(member.version, expected)
    if await queries.is_candidate(session, member):
        raise StillCandidate
    fields = await correct_person(session, member, body.model_dump(exclude_unset=True))
    if fields:
        _require_consistent(session, member)
        await _follow(session, member, fields, by=actor.member_id)


async def correct_people(session: Session, wanted: Iterable[tuple[Member, Values]], *, by: UUID) -> None:
    """Correct many locked members, whose values were judged before, as `correct_member` does one.

    Raises MembershipDatesFixed, CardNumberTaken, CitizenIdTaken, PhoneTaken.
    """
    async with refusing_duplicates(session, DUPLICATES):
        changed = [(member, _write(member, values)) for member, values in wanted]
    for member, fields in changed:
        if fields:
            await _follow(session, member, fields, by=by)


def require_branch(organisation: Organisation) -> None:
    """Refuse to enrol anybody but in a branch; a mistaken upload must not land in a province."""
    if organisation.kind != OrganisationKind.branch:
        raise NotABranch


async def add_members(session: Session, branch: Organisation, people: Iterable[Values]) -> None:
    """Write members with their standings; each has an id. Raises what `DUPLICATES` names."""
    members = [_row(session, branch, person) for person in people]
    standings = [
        {
            "id": session.new_id(),
            "member_id": member["id"],
            "organisation_id": branch.id,
            "kind": term.kind,
            "starts_on": term.starts_on,
            "ends_on": term.ends_on,
        }
        for member in members
        for term in terms_of(admitted_on=member["admitted_on"], official_on=member["official_on"])
    ]
    async with refusing_duplicates(session, DUPLICATES):
        await session.execute(insert(Member), members)
    await session.execute(insert(Standing), standings)


async def add_candidate(session: Session, branch: Organisation, person: Values) -> None:
    """Write somebody who is not a member yet, a candidate from today on; raises what `DUPLICATES` names."""
    member = _row(session, branch, person)
    async with refusing_duplicates(session, DUPLICATES):
        await session.execute(insert(Member), [member])
    await begin_standing(session, member["id"], branch.id, StandingKind.candidate, starts_on=session.today())


async def correct_person(session: Session, member: Member, wanted: Values) -> tuple[str, ...]:
    """Write what is wanted of a locked member's own data; return which fields changed. Raises what `DUPLICATES` names.

    `wanted` holds no more than columns of `members`.
    """
    async with refusing_duplicates(session, DUPLICATES):
        return _write(member, wanted)


def _write(member: Member, wanted: Values) -> tuple[str, ...]:
    fields = tuple(str(name) for name, value in wanted.items() if getattr(member, name) != value)
    if fields:
        for name in fields:
            setattr(member, name, wanted[name])
        member.sort_key = sort_key(member.full_name)
        member.search_key = search_key(member.full_name)
        member.version += 1
    return fields


async def _follow(session: Session, member: Member, fields: Sequence[str], *, by: UUID) -> None:
    """Do what corrected fields ask for: changed dates make the standings anew, and the fact is recorded."""
    if not _MEMBERSHIP_DATES.isdisjoint(fields):
        await _renew_standings(session, member)
    fact = MemberCorrected(
        organisation_id=member.organisation_id,
        subject_id=member.id,
        actor_member_id=by,
        fields=tuple(fields),
        version=member.version,
    )
    await record(session, fact)


def _row(session: Session, branch: Organisation, person: Values) -> dict[str, Any]:
    # Any: columns of several types.
    return {
        **person,
        "organisation_id": branch.id,
        "sort_key": sort_key(person["full_name"]),
        "search_key": search_key(person["full_name"]),
        "version": 1,
        "created_at": session.now(),
    }


async def _renew_standings(session: Session, member: Member) -> None:
    """Make them anew from the dates, in each branch that the member was carried through by mergers and splits."""
    of_member = select(Standing).where(Standing.member_id == member.id).order_by(Standing.starts_on)
    rows = (await session.scalars(of_member)).all()
    ancestries = await find_ancestries(session, [member.organisation_id])
    held = [row for row in rows if row.kind in MEMBERSHIP]
    elsewhere = any(row.organisation_id not in ancestries[member.organisation_id] for row in held)
    if elsewhere or any(row.kind in FINAL for row in rows):
        raise MembershipDatesFixed
    by_branch = groupby(held, key=attrgetter("organisation_id"))
    stays = [(branch_id, next(standings).starts_on) for branch_id, standings in by_branch]
    await session.execute(delete(Standing).where(Standing.member_id == member.id, Standing.kind.in_(MEMBERSHIP)))
    terms = terms_of(admitted_on=member.admitted_on, official_on=member.official_on)
    for branch_id, term in spread(terms, stays or [(member.organisation_id, session.today())]):
        session.add(
            Standing(
                id=session.new_id(),
                member_id=member.id,
                organisation_id=branch_id,
                kind=term.kind,
                starts_on=term.starts_on,
                ends_on=term.ends_on,
            )
        )
    await session.flush()  # the answer reads them back


def _require_consistent(session: Session, dated: MemberCreate | Member) -> None:
    found = find_contradictions(
        born_on=dated.born_on,
        admitted_on=dated.admitted_on,
        official_on=dated.official_on,
        today=session.today(),
    )
    if found:
        raise FieldsNotValid(fields=found)
