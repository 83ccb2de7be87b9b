"""Commands of the transfer: start it, accept, refuse or withdraw it."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select

from app.kernel.context import reach
from app.kernel.db import Session
from app.kernel.errors import FieldProblem
from app.kernel.events import record
from app.kernel.i18n import Text
from app.kernel.problems import FieldsNotValid
from app.kernel.security import Actor
from app.kernel.uniqueness import refusing_duplicates
from app.meetings.replies.service import withdraw_replies
from app.members.access import require_record_keeper
from app.members.errors import CorrectionTooLate, FormerMember
from app.members.models import AwayPeriod, Member, StandingKind
from app.members.moves.service import follow_merger
from app.members.posts.service import end_posts_outside
from app.members.queries import get_visible_member, has_left, hold_branches, lock_member
from app.members.service import DUPLICATES
from app.members.standings.days import BEFORE_BIRTH, BEFORE_MEMBERSHIP, IN_FUTURE, Wrong, field_problem
from app.members.standings.queries import membership_since
from app.members.standings.service import begin_standing, end_standings, move_home, take_back
from app.notifications.service import withdraw_notices
from app.organisations.errors import OrganisationHasEnded
from app.organisations.models import Organisation, OrganisationKind
from app.rules import RuleSet, add_working_days, rules_in_force
from app.transfers import access, queries
from app.transfers.errors import (
    AlreadyMoving,
    DestinationNotValid,
    NotYetAMember,
    TransferDecided,
)
from app.transfers.events import (
    MemberDeparted,
    TransferAccepted,
    TransferRefused,
    TransferStarted,
    TransferWithdrawn,
)
from app.transfers.models import Transfer, TransferKind, TransferReminder, TransferStatus
from app.transfers.queries import Found
from app.transfers.schemas import (
    TransferAcceptance,
    TransferCreate,
    TransferRefusal,
    TransferView,
)

_TOO_SHORT = ("stay_too_short", Text(vi="Ngắn hơn thời hạn cho phép", en="Shorter than a stay may be"))
TOO_LONG = ("stay_too_long", Text(vi="Dài hơn thời hạn cho phép", en="Longer than a stay may be"))


async def start_transfer(session: Session, actor: Actor, member_id: UUID, body: TransferCreate) -> TransferView:
    """Let a member go: the other branch is asked, the clock of 60 working days runs from the letter (domain.md 8).

    Raises MemberNotFound, NotForYourPost, FormerMember, NotYetAMember, AlreadyMoving, DestinationNotValid,
    FieldsNotValid.
    """
    member, path = await get_visible_member(session, actor, member_id)
    require_record_keeper(actor, path)
    await hold_branches(session, member.id, select(Organisation.id).where(_is_named(body)))
    await lock_member(session, member, home=path[-1])
    if await has_left(session, member):
        raise FormerMember
    since = await membership_since(session, member)
    if since is None:
        raise NotYetAMember
    if await queries.is_moving(session, member.id):
        raise AlreadyMoving
    to_organisation_id = await _find_destination(session, member, body)
    rules = rules_in_force(body.letter_on)
    _require_plausible(session, member, body, since=since, rules=rules)
    transfer = Transfer(
        id=session.new_id(),
        member_id=member.id,
        status=TransferStatus.started,
        from_organisation_id=member.organisation_id,
        rule_set=rules.key,
        present_by=add_working_days(body.letter_on, rules.letter_within),
        due_on=add_working_days(body.letter_on, rules.transfer_within),
        version=1,
        started_by=actor.member_id,
        created_at=session.now(),
        to_organisation_id=to_organisation_id,
        **body.model_dump(exclude={"to_organisation_id", "to_organisation_code"}),
    )
    async with refusing_duplicates(session, {"uq_transfers_open": AlreadyMoving}):
        session.add(transfer)
    for days in rules.transfer_reminders:
        due_on = add_working_days(body.letter_on, days)
        session.add(TransferReminder(transfer_id=transfer.id, working_days=days, due_on=due_on))
    await begin_standing(
        session, member.id, member.organisation_id, StandingKind.transferring, starts_on=session.today()
    )
    member.version += 1
    fact = names_of(actor.member_id, transfer, member) | {
        "kind": transfer.kind,
        "to_organisation_id": transfer.to_organisation_id,
    }
    await record(session, TransferStarted.model_validate(fact))
    return await queries.view_transfer(session, transfer.id)


async def accept_transfer(session: Session, actor: Actor, transfer_id: UUID, body: TransferAcceptance) -> TransferView:
    """Take the member in: from the next request on they are of the new branch, or its guest.

    Of a transfer out of the system the old branch itself says that the other one has answered; then the membership
    here ends. Raises TransferNotFound, NotForYourPost, TransferDecided, OrganisationHasEnded, FieldsNotValid.
    """
    found, member = await get_for_decision(session, actor, transfer_id)
    transfer = found.transfer
    access.require_side(actor, found.receiving_path)
    _require_open(transfer)
    await _require_lasting_destination(session, transfer)
    _require_arrival(session, transfer, body.received_on)
    home = member.organisation_id  # not always where it started: branches are merged
    is_permanent = transfer.kind is TransferKind.permanent
    await reach(session, home)
    if is_permanent:
        transfer.left_without_secretary = await queries.leaves_no_secretary(session, member.id, home)
    _decide(session, transfer, TransferStatus.accepted, by=actor.member_id)
    transfer.received_on = body.received_on
    await _settle(session, transfer)
    await end_standings(session, member.id, StandingKind.transferring, on=body.received_on)
    if is_permanent:
        await move_home(session, member, to=transfer.to_organisation_id, on=body.received_on)
        ended = await end_posts_outside(session, actor, member.id, found.to_path or ())
        organisations = {home, *(post.organisation_id for post in ended)}
        await withdraw_replies(session, [member.id], organisations, by=actor.member_id)
    else:
        await _begin_stay(session, member, transfer)
    away = await _away_periods(session, member.id) if is_permanent else ()
    fact = {
        **names_of(actor.member_id, transfer, member),
        "organisation_id": home,
        "kind": transfer.kind,
        "received_on": body.received_on,
        "away_period_ids": away,
    }
    await record(session, MemberDeparted.model_validate(fact))
    if transfer.to_organisation_id is not None:
        there = {"organisation_id": transfer.to_organisation_id, "from_organisation_id": home}
        await record(session, TransferAccepted.model_validate(fact | there))
    return await queries.view_transfer(session, transfer.id)


async def refuse_transfer(session: Session, actor: Actor, transfer_id: UUID, body: TransferRefusal) -> TransferView:
    """Say for the new branch that the member is not taken in; raises what `accept_transfer` does."""
    found, member = await get_for_decision(session, actor, transfer_id)
    access.require_side(actor, found.receiving_path)
    await end_undone(session, found.transfer, member, by=actor.member_id, fact=TransferRefused, reason=body.reason)
    return await queries.view_transfer(session, transfer_id)


async def withdraw_transfer(session: Session, actor: Actor, transfer_id: UUID, body: TransferRefusal) -> TransferView:
    """Take a transfer back for the old branch, within the rule's days also one out of the system that it has accepted.

    Raises what `accept_transfer` does, CorrectionTooLate, and where somebody else has a number of the member's by now
    what `DUPLICATES` names.
    """
    found, member = await get_for_decision(session, actor, transfer_id)
    access.require_side(actor, found.from_path)
    by, reason = actor.member_id, body.reason
    if _has_departed(found.transfer):
        await _bring_back(session, found.transfer, member, by=by, reason=reason)
    else:
        await end_undone(session, found.transfer, member, by=by, fact=TransferWithdrawn, reason=reason)
    return await queries.view_transfer(session, transfer_id)


async def drop_open_transfer(session: Session, actor: Actor, member: Member, *, reason: str) -> None:
    """Withdraw a member's open transfer, if there is one: their membership ends. The caller has locked the member."""
    wanted = select(Transfer).where(Transfer.member_id == member.id, Transfer.status == TransferStatus.started)
    transfer = await session.scalar(wanted.with_for_update())
    if transfer is not None:
        await end_undone(session, transfer, member, by=actor.member_id, fact=TransferWithdrawn, reason=reason)


async def get_for_decision(session: Session, actor: Actor, transfer_id: UUID) -> tuple[Found, Member]:
    """Return a visible transfer and its member, both locked, the member first; raises TransferNotFound.

    No reorganisation ends their home, or the branch that is asked, meanwhile.
    """
    this = Transfer.id == transfer_id
    whose = select(Transfer.member_id).where(this).scalar_subquery()
    at_home = Member.organisation_id == Organisation.id
    # Where a departure that is taken back leads to, if their branch has been merged since.
    successor = select(Organisation.successor_id).join(Member, at_home).where(Member.id == whose)
    await hold_branches(session, whose, select(Transfer.to_organisation_id).where(this), successor)
    found = await queries.find_visible_transfer(session, actor, transfer_id)
    member = await session.get_one(
        Member, found.transfer.member_id, with_for_update={"key_share": True}, populate_existing=True
    )
    await session.refresh(found.transfer, with_for_update=True)
    return found, member


async def _require_lasting_destination(session: Session, transfer: Transfer) -> None:
    if transfer.to_organisation_id is None:
        return
    there = await session.get_one(Organisation, transfer.to_organisation_id, populate_existing=True)
    if there.valid_until is not None and there.valid_until < session.today():
        raise OrganisationHasEnded


def _require_open(transfer: Transfer) -> None:
    if transfer.status is not TransferStatus.started:
        raise TransferDecided


async def _find_destination(session: Session, member: Member, body: TransferCreate) -> UUID | None:
    """Return the branch that is named, any in the country, or None for a place outside the system.

    Refuse what is no branch of today, and the member's own.
    """
    field = "to_organisation_id"
    if body.to_organisation_code is not None:
        field = "to_organisation_code"
    elif body.to_organisation_id is None:
        return None
    there = await session.scalar(select(Organisation).where(_is_named(body)))
    wrong: Wrong | None = None
    if there is None or there.kind is not OrganisationKind.branch:
        wrong = ("not_a_branch", Text(vi="Không có chi bộ này", en="There is no such branch"))
    elif there.valid_until is not None and there.valid_until < session.today():
        wrong = ("dissolved", Text(vi="Chi bộ này đã kết thúc hoạt động", en="This branch has been dissolved"))
    elif there.id == member.organisation_id:
        wrong = ("own_branch", Text(vi="Đồng chí đang sinh hoạt ở chi bộ này", en="It is the member's own branch"))
    if wrong is not None:
        raise DestinationNotValid(fields=(field_problem(field, wrong),))
    return None if there is None else there.id


def _is_named(body: TransferCreate) -> ColumnElement[bool]:
    """Say of a row of `organisations` whether it is the branch that is named: none is without an id."""
    if body.to_organisation_code is not None:
        return Organisation.code == body.to_organisation_code
    return Organisation.id == body.to_organisation_id


def _require_plausible(session: Session, member: Member, body: TransferCreate, *, since: date, rules: RuleSet) -> None:
    wrong: list[FieldProblem] = []
    if body.letter_on > session.today():
        wrong.append(field_problem("letter_on", IN_FUTURE))
    if member.born_on is not None and body.letter_on <= member.born_on:
        wrong.append(field_problem("letter_on", BEFORE_BIRTH))
    elif body.letter_on < since:
        wrong.append(field_problem("letter_on", BEFORE_MEMBERSHIP))
    if body.until is not None:
        limit = rules.study_stay if body.for_study else rules.stay
        if limit.is_too_short(body.letter_on, body.until):
            wrong.append(field_problem("until", _TOO_SHORT))
        elif limit.is_too_long(body.letter_on, body.until):
            wrong.append(field_problem("until", TOO_LONG))
    if wrong:
        raise FieldsNotValid(fields=tuple(wrong))


def _require_arrival(session: Session, transfer: Transfer, received_on: date) -> None:
    wrong: list[FieldProblem] = []
    if received_on > session.today():
        wrong.append(field_problem("received_on", IN_FUTURE))
    if received_on < transfer.letter_on:
        before = Text(vi="Trước ngày của giấy giới thiệu", en="It lies before the letter")
        wrong.append(field_problem("received_on", ("before_letter", before)))
    if transfer.until is not None and received_on > transfer.until:
        over = Text(vi="Sau ngày kết thúc sinh hoạt tạm thời", en="The stay would be over by then")
        wrong.append(field_problem("received_on", ("after_stay", over)))
    if wrong:
        raise FieldsNotValid(fields=tuple(wrong))


async def _begin_stay(session: Session, member: Member, transfer: Transfer) -> None:
    """Make the member a guest of the host, away from home: their vote and headcount stay at home (domain.md 7)."""
    assert transfer.received_on is not None
    stays = [(member.organisation_id, StandingKind.temporary_away)]
    if transfer.to_organisation_id is not None:
        stays.append((transfer.to_organisation_id, StandingKind.temporary_guest))
    for organisation_id, kind in stays:
        await begin_standing(
            session, member.id, organisation_id, kind, starts_on=transfer.received_on, ends_on=transfer.until
        )
    member.version += 1


async def end_undone(
    session: Session,
    transfer: Transfer,
    member: Member,
    *,
    by: UUID | None,
    fact: type[TransferRefused | TransferWithdrawn],
    reason: str,
) -> None:
    """Close a transfer by which nobody moved, both locked; raises TransferDecided."""
    _require_open(transfer)
    refused = fact is TransferRefused
    _decide(session, transfer, TransferStatus.refused if refused else TransferStatus.withdrawn, by=by)
    transfer.reason = reason
    await _settle(session, transfer)
    await end_standings(session, member.id, StandingKind.transferring, on=session.today())
    member.version += 1
    await record(session, fact.model_validate(names_of(by, transfer, member)))


def _has_departed(transfer: Transfer) -> bool:
    """Say whether it was accepted, for good and to a place outside the system: nobody there lets anybody go again."""
    is_out = transfer.kind is TransferKind.permanent and transfer.to_organisation_id is None
    return is_out and transfer.status is TransferStatus.accepted


async def _bring_back(session: Session, transfer: Transfer, member: Member, *, by: UUID, reason: str) -> None:
    """Take back a departure that was a mistake, both locked; posts are given anew."""
    assert transfer.decided_at is not None
    assert transfer.received_on is not None
    decided_on = session.day_of(transfer.decided_at)
    if session.today() > decided_on + rules_in_force(decided_on).correction_within:
        raise CorrectionTooLate
    async with refusing_duplicates(session, DUPLICATES):
        # Of their last branch: they were transferred from earlier ones, too.
        since, at = transfer.received_on, member.organisation_id
        await take_back(session, member.id, StandingKind.transferred, since=since, until=None, at=at)
    await follow_merger(session, member, by=by)
    _decide(session, transfer, TransferStatus.withdrawn, by=by)
    transfer.received_on, transfer.reason = None, reason
    await _settle(session, transfer)
    member.version += 1
    away = await _away_periods(session, member.id)
    fact = names_of(by, transfer, member) | {"organisation_id": member.organisation_id, "away_period_ids": away}
    await record(session, TransferWithdrawn.model_validate(fact))


def _decide(session: Session, transfer: Transfer, status: TransferStatus, *, by: UUID | None) -> None:
    transfer.status = status
    transfer.decided_by = by
    transfer.decided_at = session.now()
    transfer.version += 1


async def _settle(session: Session, transfer: Transfer) -> None:
    """Take back what is still owed about an open transfer."""
    await withdraw_notices(session, subject_id=transfer.id)
    await session.execute(delete(TransferReminder).where(TransferReminder.transfer_id == transfer.id))


async def _away_periods(session: Session, member_id: UUID) -> Sequence[UUID]:
    rows = await session.scalars(select(AwayPeriod.id).where(AwayPeriod.member_id == member_id).order_by(AwayPeriod.id))
    return rows.all()


def names_of(by: UUID | None, transfer: Transfer, member: Member) -> dict[str, Any]:
    """Return whom and what every fact about a transfer names; Any: values of several types."""
    return {
        "organisation_id": transfer.from_organisation_id,
        "subject_id": transfer.id,
        "actor_member_id": by,
        "member_id": member.id,
        "member_version": member.version,
    }
