"""Reads of the reach: of each person a notice is for, whether a phone of theirs has it.

The deliveries are the only source: "on a phone" is what FCM took over, or what its reader has seen in the app; "by
text" what the gateway took over for a telephone without the app. What was gathered into a digest has come as far as the
digest has.
"""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    Select,
    Uuid,
    and_,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import aliased
from sqlalchemy.sql.selectable import Subquery

from app.identity.models import Account, Device
from app.kernel.db import Session
from app.kernel.i18n import Locale, Text
from app.members.models import Member
from app.notifications.models import (
    Delivery,
    InboxEntry,
    Notification,
    NotificationPreference,
    Outcome,
    SmsDelivery,
)
from app.notifications.reach.schemas import FailureView, PushReach, Unreached, UnreachedView
from app.notifications.reasons import WORDS, DeliveryReason, reason_of

MOST_NAMED = 200
TEXT_REFUSED = "text refused"
"""The failure of who was sent a text; those of pushes are an outcome, a space and its code."""
NO_DEVICE = Text(vi="Chưa có điện thoại nhận được thông báo", en="Has no phone that can be notified")
NOT_TOLD = Text(
    vi="Chưa được báo: về sinh hoạt sau khi thông báo được gửi, hoặc đã báo vắng từ trước",
    en="Was not told: joined after the notice had gone out, or had said no before it",
)


async def push_reach(
    session: Session,
    people: Select[UUID],
    *,
    subject_id: UUID,
    types: Collection[str],
    seen: Select[UUID],
    told: Select[UUID],
    locale: Locale,
    names: bool,
) -> PushReach:
    """Return how far the latest notice of these types about a subject has come among people (member ids, each once).

    `seen` selects who has opened the thing on a phone, `told` who knows of it in another way: neither need be rung up.
    Without a notice yet everybody with a phone is waiting. The caller is known to see the subject; `names` says
    whether they are told who was not reached.
    """
    latest = select(Notification).where(Notification.subject_id == subject_id, Notification.type.in_(types))
    notification = await session.scalar(latest.order_by(Notification.id.desc()).limit(1))
    states = _states(people.subquery(), notification, seen, is_over=_is_over(session, notification)).cte("states")
    grouped = await session.execute(
        select(states.c.state, states.c.failure, func.count().label("people")).group_by(
            states.c.state, states.c.failure
        )
    )
    counts: dict[str, int] = {}
    failures: dict[DeliveryReason, int] = {}
    for row in grouped:
        counts[row.state] = counts.get(row.state, 0) + row.people
        if row.state == "failed":
            why = _why(row.failure)
            failures[why] = failures.get(why, 0) + row.people
    return PushReach(
        addressed_count=sum(counts.values()),
        on_a_phone_count=counts.get("on_a_phone", 0),
        by_text_count=counts.get("by_text", 0),
        waiting_count=counts.get("waiting", 0),
        failed_count=counts.get("failed", 0),
        no_device_count=counts.get("no_device", 0),
        inbox_only_count=counts.get("inbox_only", 0),
        not_told_count=counts.get("not_told", 0),
        failures=[
            FailureView(reason_code=why, reason=WORDS[why].to(locale), count=count)
            for why, count in sorted(failures.items(), key=lambda item: (-item[1], item[0]))
        ],
        to_ring_up=await _unreached(session, states, told, locale) if names else [],
    )


def _is_over(session: Session, notification: Notification | None) -> bool:
    """Say whether no push of it leaves any more."""
    return notification is not None and (
        notification.withdrawn_at is not None or notification.expires_at <= session.now()
    )


def _states(people: Subquery, notification: Notification | None, seen: Select[UUID], *, is_over: bool) -> Select[Any]:
    """Select each person's state and, for one whose pushes failed, a failure: the outcome, a space, its code.

    A text is sent only to who had no app; who has it since is judged by their phone first. A notice that is not broad
    is for people whom its inboxes may not know: who came since, or had said no to it before.
    Any: a row of three columns.
    """
    member_id = people.c[0]
    reachable = and_(
        Account.member_id == member_id,
        Account.disabled_at.is_(None),
        Device.account_id == Account.id,
        Device.push_token.is_not(None),
    )
    if notification is None:
        state = case((member_id.in_(seen), "on_a_phone"), (exists().where(reachable), "waiting"), else_="no_device")
        return select(member_id.label("member_id"), state.label("state"), null().label("failure"))
    in_inbox = exists().where(InboxEntry.member_id == member_id, InboxEntry.notification_id == notification.id)
    has_read = in_inbox.where(InboxEntry.read_at.is_not(None))
    is_told = in_inbox if notification.audience is None else true()
    # A phone that nobody has opened the app on since, and that nobody silenced: its chunk is still to come.
    silenced = exists().where(
        NotificationPreference.account_id == Account.id,
        NotificationPreference.kind == notification.channel,
        NotificationPreference.channel == "push",
        NotificationPreference.enabled.is_(False),
    )
    to_come = exists().where(reachable, Device.updated_at <= notification.created_at, ~silenced)
    tried = _tried(notification).subquery()
    is_text_open = and_(SmsDelivery.member_id.is_not(None), SmsDelivery.outcome.is_(None))
    is_text_refused = SmsDelivery.outcome == Outcome.rejected
    still = false() if is_over else or_(is_text_open, and_(tried.c.member_id.is_(None), to_come))
    state = case(
        (or_(tried.c.is_sent, has_read, member_id.in_(seen)), "on_a_phone"),
        (~is_told, "not_told"),
        (SmsDelivery.outcome == Outcome.sent, "by_text"),
        (or_(tried.c.is_open, still), "waiting"),
        (or_(tried.c.failure.is_not(None), is_text_refused), "failed"),
        (exists().where(reachable), "inbox_only"),
        else_="no_device",
    )
    failure = func.coalesce(tried.c.failure, case((is_text_refused, TEXT_REFUSED)))
    text_to_them = and_(SmsDelivery.member_id == member_id, SmsDelivery.notification_id == notification.id)
    return (
        select(member_id.label("member_id"), state.label("state"), failure.label("failure"))
        .select_from(people)
        .outerjoin(tried, tried.c.member_id == member_id)
        .outerjoin(SmsDelivery, text_to_them)
    )


def _tried(notification: Notification) -> Select[Any]:
    """Select, for each person with a delivery, what became of theirs; Any: a row of four columns."""
    ends = _ends(notification)
    failed = or_(
        ends.c.outcome.in_([Outcome.token_dead, Outcome.quarantined, Outcome.rejected]),
        and_(ends.c.outcome == Outcome.withdrawn, ends.c.reason == "expired"),
    )
    code = func.split_part(func.coalesce(ends.c.reason, ""), ":", 1)
    return (
        select(
            Account.member_id,
            func.bool_or(func.coalesce(ends.c.outcome == Outcome.sent, false())).label("is_sent"),
            func.bool_or(ends.c.outcome.is_(None)).label("is_open"),
            func.max(func.concat(ends.c.outcome, literal(" "), code)).filter(failed).label("failure"),
        )
        .join(Device, Device.id == ends.c.device_id)
        .join(Account, Account.id == Device.account_id)
        .group_by(Account.member_id)
    )


def _ends(notification: Notification) -> Subquery:
    """Select how each delivery ended, and for one gathered into a digest also how the one ended that carried this.

    What carried a digest may have been gathered into a later one itself.
    """
    own = select(Delivery.device_id, Delivery.outcome, Delivery.reason).where(
        Delivery.notification_id == notification.id
    )
    gathered = own.where(Delivery.reason.like("gathered: %")).cte("gathered", recursive=True)
    other = aliased(Delivery)
    other_id = cast(func.substring(gathered.c.reason, "^gathered: (.*)$"), Uuid)
    is_carrier = and_(other.notification_id == other_id, other.device_id == gathered.c.device_id)
    # Looked up one by one, which the limit sees to: months of deliveries lie beside them.
    carrier = select(other.device_id, other.outcome, other.reason).where(is_carrier).limit(1).correlate(gathered)
    found = carrier.lateral("carrier")
    carriers = select(found).select_from(gathered).join(found, true())
    return union_all(own, select(gathered.union(carriers))).subquery()


def _why(failure: str) -> DeliveryReason:
    if failure == TEXT_REFUSED:
        return DeliveryReason.text_refused
    outcome, _, code = failure.partition(" ")
    why = reason_of(Outcome(outcome), code)
    assert why is not None
    return why


def _reason(state: Unreached, failure: str | None) -> Text:
    match state:
        case Unreached.no_device:
            return NO_DEVICE
        case Unreached.not_told:
            return NOT_TOLD
        case Unreached.failed:
            assert failure is not None
            return WORDS[_why(failure)]


async def _unreached(session: Session, states: CTE, told: Select[UUID], locale: Locale) -> list[UnreachedView]:
    rows = await session.execute(
        select(Member.id, Member.full_name, states.c.state, states.c.failure)
        .join(states, states.c.member_id == Member.id)
        .where(states.c.state.in_([state.value for state in Unreached]), Member.id.not_in(told))
        .order_by(Member.sort_key, Member.id)
        .limit(MOST_NAMED)
    )
    return [
        UnreachedView(
            member_id=row.id,
            full_name=row.full_name,
            state=Unreached(row.state),
            reason=_reason(Unreached(row.state), row.failure).to(locale),
        )
        for row in rows
    ]
