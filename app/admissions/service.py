"""Commands of admissions: enter a candidate, write the dossier, admit or drop, recognise."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.admissions import queries
from app.admissions.errors import (
    CandidacyClosed,
    CertificateMissing,
    DossierIncomplete,
    MentorNotValid,
    MentorsMissing,
    NotOnProbation,
    RecognitionTooEarly,
    StepNotFound,
)
from app.admissions.events import (
    CandidacyChanged,
    CandidateDropped,
    CandidateEntered,
    DossierStepDone,
    MemberAdmitted,
    MemberRecognised,
)
from app.admissions.models import Candidacy, CandidacyStatus, CandidacyStep
from app.admissions.probation import Probation, certificate_valid_until
from app.admissions.schemas import (
    Admission,
    CandidacyCreate,
    CandidacyDrop,
    CandidacyPatch,
    CandidacyView,
    Recognition,
    StepDone,
)
from app.kernel.db import Session
from app.kernel.errors import FieldProblem
from app.kernel.etags import require_version
from app.kernel.events import record
from app.kernel.i18n import Locale, Text
from app.kernel.problems import FieldsNotValid
from app.kernel.security import Actor
from app.members.access import require_record_keeper
from app.members.errors import FormerMember
from app.members.models import Member, StandingKind
from app.members.queries import get_member, get_visible_member, has_left, hold_branches, lock_member
from app.members.schemas import MemberView
from app.members.service import add_candidate, correct_person, require_branch
from app.members.standings.days import BEFORE_BIRTH, IN_FUTURE, Wrong, field_problem
from app.members.standings.service import admit, end_standings, recognise
from app.organisations.queries import get_lasting_organisation
from app.rules import RuleSet, add_months, rules_in_force, rules_named

# The last steps of a dossier are the decision and the ceremony, which `admit_candidate` writes itself.
_BY_ADMISSION = 2
_PERSONAL = frozenset(
    {"full_name", "born_on", "sex", "citizen_id", "phone", "education", "is_ethnic_minority", "occupation"}
)
_ON_CANDIDACY = frozenset({"source", "certificate_number", "certified_on"})


async def enter_candidate(
    session: Session, actor: Actor, organisation_id: UUID, body: CandidacyCreate, *, locale: Locale
) -> CandidacyView:
    """Put somebody into the branch's pool; they are no member, sign in nowhere and are seen by who keeps the records.

    Raises OrganisationNotFound, OrganisationHasEnded, NotForYourPost, NotABranch, FieldsNotValid, MentorNotValid,
    CitizenIdTaken, PhoneTaken.
    """
    branch = await get_lasting_organisation(session, actor, organisation_id)
    require_record_keeper(actor, branch.path)
    require_branch(branch)
    _require_past(session, born_on=body.born_on, certified_on=body.certified_on)
    member_id = session.new_id()
    person = body.model_dump(include=set(_PERSONAL))
    await add_candidate(session, branch, {**person, "id": member_id})
    candidacy = Candidacy(
        id=session.new_id(),
        member_id=member_id,
        organisation_id=branch.id,
        status=CandidacyStatus.pool,
        rule_set=rules_in_force(session.today()).key,
        version=1,
        entered_by=actor.member_id,
        created_at=session.now(),
        **body.model_dump(include=set(_ON_CANDIDACY)),
    )
    await _set_mentors(session, candidacy, body.mentor_ids, at=branch.id)
    session.add(candidacy)
    await session.flush()
    await record(session, CandidateEntered.model_validate(_names(actor, candidacy, at=branch.id)))
    return await queries.view_candidacy(session, candidacy.id, locale=locale)


async def change_candidacy(
    session: Session, actor: Actor, candidacy_id: UUID, body: CandidacyPatch, *, expected: int, locale: Locale
) -> CandidacyView:
    """Correct the person, name mentors, write down the certificate.

    Raises CandidacyNotFound, VersionChanged, CandidacyClosed, FieldsNotValid, MentorNotValid, CitizenIdTaken,
    PhoneTaken.
    """
    candidacy, member = await _for_change(session, actor, candidacy_id)
    require_version(candidacy.version, expected)
    _require_in_pool(candidacy)
    wanted = body.model_dump(exclude_unset=True)
    _require_past(session, born_on=body.born_on, certified_on=body.certified_on)
    fields = await correct_person(session, member, {name: wanted[name] for name in wanted.keys() & _PERSONAL})
    for name in wanted.keys() & _ON_CANDIDACY:
        setattr(candidacy, name, wanted[name])
    if body.mentor_ids is not None:
        await _set_mentors(session, candidacy, body.mentor_ids, at=member.organisation_id)
    candidacy.version += 1
    changed = (*fields, *sorted(wanted.keys() - _PERSONAL))
    await record(
        session,
        CandidacyChanged.model_validate(_names(actor, candidacy, at=member.organisation_id) | {"fields": changed}),
    )
    return await queries.view_candidacy(session, candidacy.id, locale=locale)


async def complete_step(
    session: Session, actor: Actor, candidacy_id: UUID, step: str, body: StepDone, *, locale: Locale
) -> CandidacyView:
    """Write down that a step of the dossier is done, or correct its day.

    Raises CandidacyNotFound, StepNotFound, also for decision and ceremony, CandidacyClosed, FieldsNotValid.
    """
    candidacy, member = await _for_change(session, actor, candidacy_id)
    dossier = rules_named(candidacy.rule_set).dossier
    if step not in {one.code for one in dossier[:-_BY_ADMISSION]}:
        raise StepNotFound
    _require_in_pool(candidacy)
    wrong = _find_wrong(session, member, done_on=body.done_on)
    if wrong:
        raise FieldsNotValid(fields=wrong)
    await _write_step(session, actor, candidacy, step, body.done_on, note=body.note)
    candidacy.version += 1
    await record(
        session, DossierStepDone.model_validate(_names(actor, candidacy, at=member.organisation_id) | {"step": step})
    )
    return await queries.view_candidacy(session, candidacy.id, locale=locale)


async def admit_candidate(
    session: Session, actor: Actor, candidacy_id: UUID, body: Admission, *, locale: Locale
) -> CandidacyView:
    """Make a candidate a member on probation, from the day of the ceremony (domain.md 10).

    Raises CandidacyNotFound, CandidacyClosed, DossierIncomplete with the `steps`, MentorsMissing, CertificateMissing,
    FieldsNotValid.
    """
    candidacy, member = await _for_change(session, actor, candidacy_id)
    _require_in_pool(candidacy)
    rules = rules_named(candidacy.rule_set)
    _require_admissible(session, member, body, rules=rules)
    done = (await queries.find_steps(session, [candidacy.id]))[candidacy.id]
    missing = [step.code for step in rules.dossier[:-_BY_ADMISSION] if step.code not in done]
    if missing:
        raise DossierIncomplete(steps=missing)
    mentors = {candidacy.mentor_1_id, candidacy.mentor_2_id} - {None}
    officials = await queries.find_officials(session, member.organisation_id, [one for one in mentors if one])
    if len(officials) < rules.mentors:
        raise MentorsMissing
    certified = candidacy.certified_on
    if certified is None or not certified <= body.decided_on <= certificate_valid_until(certified, rules):
        raise CertificateMissing
    for step, day in zip(rules.dossier[-_BY_ADMISSION:], (body.decided_on, body.admitted_on), strict=True):
        await _write_step(session, actor, candidacy, step.code, day, note=None)
    candidacy.status = CandidacyStatus.admitted
    candidacy.decision_number, candidacy.decided_on = body.decision_number, body.decided_on
    candidacy.admitted_on = body.admitted_on
    candidacy.next_reminder_on = Probation(body.admitted_on, rules).next_reminder(session.today())
    candidacy.version += 1
    await admit(session, member, on=body.admitted_on)
    more = {"admitted_on": body.admitted_on, "member_version": member.version}
    await record(session, MemberAdmitted.model_validate(_names(actor, candidacy, at=member.organisation_id) | more))
    return await queries.view_candidacy(session, candidacy.id, locale=locale)


async def drop_candidate(
    session: Session, actor: Actor, candidacy_id: UUID, body: CandidacyDrop, *, locale: Locale
) -> CandidacyView:
    """Take somebody out of the pool; raises CandidacyNotFound, CandidacyClosed.

    Their numbers are not kept: they would be taken where somebody else enters them, who cannot free them.
    """
    candidacy, member = await _for_change(session, actor, candidacy_id)
    _require_in_pool(candidacy)
    candidacy.status = CandidacyStatus.dropped
    candidacy.dropped_because = body.reason
    candidacy.version += 1
    member.citizen_id = member.phone = None
    member.version += 1
    await end_standings(session, member.id, StandingKind.candidate, on=session.today())
    await record(session, CandidateDropped.model_validate(_names(actor, candidacy, at=member.organisation_id)))
    return await queries.view_candidacy(session, candidacy.id, locale=locale)


async def leave_pool(session: Session, member: Member) -> None:
    """Drop the candidacy of a locked member, if it is open: nobody is admitted of whom nothing is known any more.

    For the privacy feature, which erases them.
    """
    in_pool = (Candidacy.member_id == member.id, Candidacy.status == CandidacyStatus.pool)
    candidacy = await session.scalar(select(Candidacy).where(*in_pool).with_for_update())
    if candidacy is None:
        return
    candidacy.status = CandidacyStatus.dropped
    candidacy.version += 1
    await end_standings(session, member.id, StandingKind.candidate, on=session.today())
    fact = CandidateDropped(
        organisation_id=member.organisation_id,
        subject_id=candidacy.id,
        actor_member_id=None,
        member_id=member.id,
    )
    await record(session, fact)


async def recognise_member(session: Session, actor: Actor, member_id: UUID, body: Recognition) -> MemberView:
    """End a probation: official from the end of month 12 on, however late it is processed, and never before.

    Raises MemberNotFound, NotForYourPost, FormerMember, NotOnProbation, RecognitionTooEarly, FieldsNotValid.
    """
    member, path = await get_visible_member(session, actor, member_id)
    require_record_keeper(actor, path)
    await lock_member(session, member, home=path[-1])
    if await has_left(session, member):
        raise FormerMember
    if member.admitted_on is None or not await queries.is_on_probation(session, member):
        raise NotOnProbation
    probation = Probation(member.admitted_on, rules_in_force(member.admitted_on))
    if session.today() < probation.official_on:
        raise RecognitionTooEarly(official_due_on=probation.official_on.isoformat())
    wrong = _find_wrong(session, member, decided_on=body.decided_on)
    if wrong:
        raise FieldsNotValid(fields=wrong)
    await recognise(session, member, on=probation.official_on)
    candidacy = await session.scalar(select(Candidacy).where(Candidacy.member_id == member.id).with_for_update())
    if candidacy is not None:
        candidacy.status, candidacy.admitted_on = CandidacyStatus.recognised, member.admitted_on
        candidacy.recognition_number, candidacy.recognition_decided_on = body.decision_number, body.decided_on
        candidacy.next_reminder_on = None
        candidacy.version += 1
    await record(
        session,
        MemberRecognised(
            organisation_id=member.organisation_id,
            subject_id=member.id,
            actor_member_id=actor.member_id,
            official_on=probation.official_on,
            version=member.version,
        ),
    )
    return await get_member(session, actor, member.id)


async def _for_change(session: Session, actor: Actor, candidacy_id: UUID) -> tuple[Candidacy, Member]:
    _, member = await queries.find_visible_candidacy(session, actor, candidacy_id)
    await hold_branches(session, member.id)
    # Once more: a merger that was waited for takes it along.
    candidacy, member = await queries.find_visible_candidacy(session, actor, candidacy_id)
    await session.refresh(member, with_for_update={"key_share": True})
    await session.refresh(candidacy, with_for_update=True)
    return candidacy, member


def _require_in_pool(candidacy: Candidacy) -> None:
    if candidacy.status is not CandidacyStatus.pool:
        raise CandidacyClosed


def _require_past(session: Session, **days: date | None) -> None:
    wrong = [field_problem(name, IN_FUTURE) for name, day in days.items() if day is not None and day > session.today()]
    if wrong:
        raise FieldsNotValid(fields=tuple(wrong))


def _find_wrong(session: Session, member: Member, **days: date) -> tuple[FieldProblem, ...]:
    """Return what is wrong with days that must lie between the birth and today."""
    wrong: list[FieldProblem] = []
    for name, day in days.items():
        if day > session.today():
            wrong.append(field_problem(name, IN_FUTURE))
        elif member.born_on is not None and day <= member.born_on:
            wrong.append(field_problem(name, BEFORE_BIRTH))
    return tuple(wrong)


def _require_admissible(session: Session, member: Member, body: Admission, *, rules: RuleSet) -> None:
    wrong = list(_find_wrong(session, member, decided_on=body.decided_on, admitted_on=body.admitted_on))
    if not wrong:
        assert member.born_on is not None  # the pool asks for it
        born_on, youngest, oldest = member.born_on, rules.youngest_admitted, rules.oldest_admitted
        if body.admitted_on < body.decided_on:
            early = Text(vi="Trước ngày quyết định kết nạp", en="It lies before the decision")
            wrong.append(field_problem("admitted_on", ("before_decision", early)))
        elif body.admitted_on < add_months(born_on, 12 * youngest):
            young = Text(vi=f"Chưa đủ {youngest} tuổi", en=f"Younger than {youngest}")
            wrong.append(field_problem("admitted_on", ("admitted_too_young", young)))
        elif body.admitted_on > add_months(born_on, 12 * oldest):
            old = Text(vi=f"Quá {oldest} tuổi", en=f"Older than {oldest}")
            wrong.append(field_problem("admitted_on", ("admitted_too_old", old)))
    if wrong:
        raise FieldsNotValid(fields=tuple(wrong))


async def _set_mentors(session: Session, candidacy: Candidacy, ids: Sequence[UUID], *, at: UUID) -> None:
    officials = await queries.find_officials(session, at, ids)
    twice: Wrong = ("duplicate", Text(vi="Trùng người giúp đỡ", en="The same person twice"))
    none: Wrong = (MentorNotValid.code, MentorNotValid.title)
    wrong = [
        field_problem(f"mentor_ids/{place}", none if one not in officials else twice)
        for place, one in enumerate(ids)
        if one not in officials or one in ids[:place]
    ]
    if wrong:
        raise MentorNotValid(fields=tuple(wrong))
    candidacy.mentor_1_id, candidacy.mentor_2_id = [*ids, None, None][:2]


async def _write_step(
    session: Session, actor: Actor, candidacy: Candidacy, step: str, done_on: date, *, note: str | None
) -> None:
    values = {"done_on": done_on, "note": note, "entered_by": actor.member_id}
    await session.execute(
        insert(CandidacyStep)
        .values(candidacy_id=candidacy.id, step=step, **values)
        .on_conflict_do_update(index_elements=["candidacy_id", "step"], set_=values)
    )


def _names(actor: Actor, candidacy: Candidacy, *, at: UUID) -> dict[str, Any]:
    # Any: values of several types. The branch that entered the candidate may be no more: a fact is told at home.
    return {
        "organisation_id": at,
        "subject_id": candidacy.id,
        "actor_member_id": actor.member_id,
        "member_id": candidacy.member_id,
    }
