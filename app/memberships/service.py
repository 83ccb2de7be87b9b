"""Commands on a membership: exempt or suspend a member, end the membership, correct what was a mistake."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from app.identity.sessions.service import end_sessions
from app.kernel.db import Session
from app.kernel.errors import FieldProblem
from app.kernel.etags import require_version
from app.kernel.events import record
from app.kernel.i18n import Text
from app.kernel.problems import FieldsNotValid
from app.kernel.security import Actor
from app.kernel.uniqueness import refusing_duplicates
from app.meetings.replies.service import withdraw_replies
from app.members.errors import CorrectionTooLate, FormerMember
from app.members.models import Member
from app.members.moves.service import follow_merger
from app.members.posts.service import end_posts_outside
from app.members.queries import get_visible_member, has_left, hold_branches, lock_member
from app.members.service import DUPLICATES
from app.members.standings.days import BEFORE_BIRTH, BEFORE_MEMBERSHIP, IN_FUTURE, field_problem
from app.members.standings.queries import hosts_to_come, membership_since
from app.members.standings.service import begin_standing, shift_end, take_back
from app.memberships import access, queries
from app.memberships.errors import (
    StandingFinal,
    StandingOver,
    StandingRevoked,
    StandingsOverlap,
)
from app.memberships.events import (
    MembershipEnded,
    MembershipEvent,
    MembershipRestored,
    StandingBegun,
    StandingChanged,
)
from app.memberships.models import ENDINGS, StandingDecision
from app.memberships.schemas import (
    StandingDecide,
    StandingDecisionPatch,
    StandingDecisionView,
    StandingRevocation,
)
from app.organisations.models import Organisation
from app.rules import rules_in_force
from app.transfers.errors import NotYetAMember
from app.transfers.service import drop_open_transfer


async def decide_standing(
    session: Session, actor: Actor, member_id: UUID, body: StandingDecide
) -> StandingDecisionView:
    """Exempt or suspend a member, or end the membership: then posts, sessions and replies end too.

    Raises MemberNotFound, NotForYourPost, FormerMember, NotYetAMember, StandingsOverlap, FieldsNotValid.
    """
    member, path = await get_visible_member(session, actor, member_id)
    access.require_decider(actor, member.id, path)
    await lock_member(session, member, home=path[-1])
    if await has_left(session, member):
        raise FormerMember
    since = await membership_since(session, member)
    if since is None:
        raise NotYetAMember
    wrong: list[FieldProblem] = []
    if member.born_on is not None and body.starts_on <= member.born_on:
        wrong.append(field_problem("starts_on", BEFORE_BIRTH))
    elif body.starts_on < since:
        wrong.append(field_problem("starts_on", BEFORE_MEMBERSHIP))
    elif body.kind in ENDINGS and body.starts_on > session.today():
        wrong.append(field_problem("starts_on", IN_FUTURE))
    if wrong:
        raise FieldsNotValid(fields=tuple(wrong))
    decision = StandingDecision(
        id=session.new_id(),
        member_id=member.id,
        organisation_id=member.organisation_id,
        version=1,
        entered_by=actor.member_id,
        created_at=session.now(),
        **body.model_dump(),
    )
    if await queries.has_standing(session, decision, since=decision.starts_on):
        raise StandingsOverlap
    session.add(decision)
    if decision.kind in ENDINGS:
        await _leave(session, actor, member, reason=decision.reason)
    await begin_standing(
        session,
        member.id,
        member.organisation_id,
        decision.kind.standing,
        starts_on=decision.starts_on,
        ends_on=decision.ends_on,
    )
    kind = MembershipEnded if decision.kind in ENDINGS else StandingBegun
    await _record(session, actor, decision, member, kind)
    return queries.view_decision(decision, member)


async def change_standing_decision(
    session: Session, actor: Actor, standing_id: UUID, body: StandingDecisionPatch, *, expected: int
) -> StandingDecisionView:
    """Let an exemption or suspension end on another day; yesterday ends it now.

    Raises StandingNotFound, MemberNotFound, NotForYourPost, VersionChanged, StandingRevoked, StandingFinal,
    StandingOver, StandingsOverlap, FieldsNotValid.
    """
    decision, member = await _for_change(session, actor, standing_id)
    require_version(decision.version, expected)
    if decision.kind in ENDINGS:
        raise StandingFinal
    yesterday = session.today() - timedelta(days=1)
    if decision.ends_on is not None and decision.ends_on < yesterday:
        raise StandingOver
    if body.ends_on < max(yesterday, decision.starts_on):
        early = Text(
            vi="Sớm nhất là hôm qua và không trước ngày bắt đầu", en="Yesterday, or the first day, at earliest"
        )
        raise FieldsNotValid(fields=(field_problem("ends_on", ("too_early", early)),))
    if body.ends_on == decision.ends_on:
        return queries.view_decision(decision, member)
    before, decision.ends_on = decision.ends_on, body.ends_on
    if before is not None and await queries.has_standing(session, decision, since=before + timedelta(days=1)):
        raise StandingsOverlap
    await shift_end(session, member, decision.kind.standing, since=decision.starts_on, before=before, to=body.ends_on)
    await _record(session, actor, decision, member, StandingChanged)
    return queries.view_decision(decision, member)


async def revoke_standing_decision(
    session: Session, actor: Actor, standing_id: UUID, body: StandingRevocation
) -> StandingDecisionView:
    """Take back what was entered by mistake, an end of membership too, within the rule's days of its entry.

    The member signs in anew; posts are given anew. Where the branch has been merged since, they go on where the others
    do. Raises StandingNotFound, MemberNotFound, NotForYourPost, StandingRevoked, CorrectionTooLate,
    OrganisationHasEnded, and where somebody else has a number of theirs by now what `DUPLICATES` names.
    """
    decision, member = await _for_change(session, actor, standing_id)
    entered_on = session.day_of(decision.created_at)
    if session.today() > entered_on + rules_in_force(entered_on).correction_within:
        raise CorrectionTooLate
    async with refusing_duplicates(session, DUPLICATES):
        await take_back(session, member.id, decision.kind.standing, since=decision.starts_on, until=decision.ends_on)
    if decision.kind in ENDINGS:
        await follow_merger(session, member, by=actor.member_id)
    decision.revoked_at, decision.revoked_because = session.now(), body.reason
    await _record(session, actor, decision, member, MembershipRestored if decision.kind in ENDINGS else StandingChanged)
    return queries.view_decision(decision, member)


async def _for_change(session: Session, actor: Actor, standing_id: UUID) -> tuple[StandingDecision, Member]:
    decision, member, path = await queries.find_readable_decision(session, actor, standing_id)
    access.require_decider(actor, member.id, path)
    successor = select(Organisation.successor_id).where(Organisation.id == path[-1])  # where a revoked end leads to
    await hold_branches(session, member.id, successor)
    await lock_member(session, member, home=path[-1])
    await session.refresh(decision, with_for_update=True)
    if decision.revoked_at is not None:
        raise StandingRevoked
    return decision, member


async def _leave(session: Session, actor: Actor, member: Member, *, reason: str) -> None:
    """End what only members have; the standings stay as they are, since a final one overrules them all."""
    await drop_open_transfer(session, actor, member, reason=reason)
    ended = await end_posts_outside(session, actor, member.id, ())
    hosts = await hosts_to_come(session, member.id)
    organisations = {member.organisation_id, *hosts, *(post.organisation_id for post in ended)}
    await withdraw_replies(session, [member.id], organisations, by=actor.member_id)
    account_id = await queries.find_account(session, member.id)
    if account_id is not None:
        await end_sessions(session, account_id)


async def _record(
    session: Session, actor: Actor, decision: StandingDecision, member: Member, kind: type[MembershipEvent]
) -> None:
    member.version += 1
    if kind not in {StandingBegun, MembershipEnded}:
        decision.version += 1
    await session.flush()
    await record(
        session,
        kind(
            organisation_id=member.organisation_id,
            subject_id=decision.id,
            actor_member_id=actor.member_id,
            member_id=member.id,
            member_version=member.version,
            kind=decision.kind,
            starts_on=decision.starts_on,
            ends_on=decision.ends_on,
        ),
    )
