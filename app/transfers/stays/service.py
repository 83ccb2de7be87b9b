"""Commands of the stay, a temporary transfer that was accepted: end it early, prolong it."""

from datetime import date
from uuid import UUID

from app.kernel.db import Session
from app.kernel.events import record
from app.kernel.i18n import Text
from app.kernel.problems import FieldsNotValid
from app.kernel.security import Actor
from app.meetings.replies.service import withdraw_replies
from app.members.models import Member, StandingKind
from app.members.standings.days import field_problem
from app.members.standings.service import shift_end
from app.rules import rules_named
from app.transfers import access, queries
from app.transfers.errors import (
    NoStayUnderWay,
)
from app.transfers.events import (
    StayChanged,
)
from app.transfers.models import Transfer
from app.transfers.schemas import (
    StayProlongation,
    StayReturn,
    TransferView,
)
from app.transfers.service import TOO_LONG, get_for_decision, names_of


async def end_stay(session: Session, actor: Actor, transfer_id: UUID, body: StayReturn) -> TransferView:
    """Let a guest return before the day; either branch says so.

    Raises TransferNotFound, NotForYourPost, NoStayUnderWay, FieldsNotValid.
    """
    found, member = await get_for_decision(session, actor, transfer_id)
    access.require_side(actor, *found.paths)
    begun, until = _require_stay(session, found.transfer)
    if not begun <= body.last_on < until:
        within = Text(vi="Phải trong thời gian sinh hoạt tạm thời", en="It must lie within the stay")
        raise FieldsNotValid(fields=(field_problem("last_on", ("outside_stay", within)),))
    return await _change_stay(session, actor, found.transfer, member, until=body.last_on)


async def prolong_stay(session: Session, actor: Actor, transfer_id: UUID, body: StayProlongation) -> TransferView:
    """Let a guest stay longer, within the rule's limit; the home branch says so. Raises what `end_stay` does."""
    found, member = await get_for_decision(session, actor, transfer_id)
    transfer = found.transfer
    access.require_side(actor, found.from_path)
    begun, until = _require_stay(session, transfer)
    if body.until <= until:
        later = Text(vi="Phải sau ngày kết thúc hiện tại", en="It must be later than the present last day")
        raise FieldsNotValid(fields=(field_problem("until", ("not_later", later)),))
    rules = rules_named(transfer.rule_set)
    if (rules.study_stay if transfer.for_study else rules.stay).is_too_long(begun, body.until):
        raise FieldsNotValid(fields=(field_problem("until", TOO_LONG),))
    return await _change_stay(session, actor, transfer, member, until=body.until)


def _require_stay(session: Session, transfer: Transfer) -> tuple[date, date]:
    """Return the first and the last day of a stay that is not over; raises NoStayUnderWay."""
    if transfer.received_on is None or transfer.until is None or transfer.until < session.today():
        raise NoStayUnderWay
    return transfer.received_on, transfer.until


async def _change_stay(
    session: Session, actor: Actor, transfer: Transfer, member: Member, *, until: date
) -> TransferView:
    assert transfer.received_on is not None
    for kind in (StandingKind.temporary_away, StandingKind.temporary_guest):
        # What goes on in a successor of home or host begins on the day of its reorganisation.
        await shift_end(session, member, kind, since=transfer.received_on, before=transfer.until, to=until)
    transfer.until = until
    transfer.version += 1
    member.version += 1
    host = transfer.to_organisation_id
    if host is not None:
        await withdraw_replies(session, [member.id], [host], by=actor.member_id, after=until)
    await record(session, StayChanged.model_validate(names_of(actor.member_id, transfer, member) | {"until": until}))
    return await queries.view_transfer(session, transfer.id)
