"""The read of the meetings one is called to: a screen (`kernel.screens`)."""

from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    Date,
    DateTime,
    Interval,
    Select,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    cast,
    func,
    literal,
    literal_column,
    null,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import array

from app.kernel.asking import HOMES, ME, NOW, ORGANISED, SEATS, TODAY, ZONE
from app.kernel.db import Question
from app.kernel.pagination import PageRequest
from app.kernel.screens import LAST_ID, LIMIT, Listed, instant, page_of
from app.meetings.convening.queries import count_called, counts, is_somebody_called
from app.meetings.models import (
    TOOK_PART,
    AgendaItemDocument,
    Attendance,
    Meeting,
    MeetingReply,
    MeetingStatus,
    ReplyKind,
    RosterEntry,
    RosterStanding,
)
from app.meetings.queries import agenda_of
from app.rules import RULE_SETS, RuleSet

_INSTANT, _WALL = DateTime(timezone=True), DateTime()
_NO_ID = UUID(int=0)
_NEVER, _ALWAYS = (literal_column(f"'{bound}infinity'::timestamptz", _INSTANT) for bound in ("-", ""))
_BOUNDS = {
    name: (bindparam(name, None, _INSTANT), bindparam(f"{name}_there", None, _WALL)) for name in ("since", "until")
}
_LAST_START = bindparam("last_start", None, _INSTANT)


def bounds(*, since: datetime | None, until: datetime | None, paging: PageRequest) -> dict[str, Any]:
    """Return the parameters (Any: of several types) of `my_meetings`; raises CursorInvalid.

    Instants without an offset are taken in the member's own zone.
    """
    after = paging.after_instant() or (None, None)
    found: dict[str, Any] = {"last_start": after[0], "last_id": after[1]}
    for name, value in (("since", since), ("until", until)):
        if value is not None:
            found[name if value.tzinfo else f"{name}_there"] = value
    return found


@cache
def my_meetings() -> Question:
    """Ask for the meetings one is called to, by their start, from today's beginning there or as the bounds say."""
    today = func.timezone(ZONE, func.date_trunc("day", func.timezone(ZONE, NOW)))
    begin, end = (func.coalesce(at, func.timezone(ZONE, there)) for at, there in _BOUNDS.values())
    last = tuple_(func.coalesce(_LAST_START, _NEVER), func.coalesce(LAST_ID, literal(_NO_ID, Uuid)))
    is_organised = Meeting.organisation_id == any_(ORGANISED)
    found = (
        select(
            *(column for column in Meeting.__table__.columns if column.name != "check_in_secret"),
            MeetingReply.reply,
            MeetingReply.reason.label("reply_reason"),
            MeetingReply.replied_at,
            MeetingReply.entered_by,
            (MeetingReply.schedule_version < Meeting.schedule_version).label("before_last_move"),
            case((is_organised, _reply_counts())).label("reply_counts"),
            case((is_organised, _warnings())).label("warnings"),
        )
        .outerjoin(MeetingReply, and_(MeetingReply.meeting_id == Meeting.id, MeetingReply.member_id == ME))
        .where(
            is_somebody_called(ME, HOMES, SEATS, TODAY),
            Meeting.status != MeetingStatus.draft,
            Meeting.starts_at >= select(func.coalesce(begin, today)).scalar_subquery(),
            Meeting.starts_at < select(func.coalesce(end, _ALWAYS)).scalar_subquery(),
            tuple_(Meeting.starts_at, Meeting.id) > last,
        )
        .order_by(Meeting.starts_at, Meeting.id)
        .limit(LIMIT + 1)
        .cte("found")
        .prefix_with("MATERIALIZED")
    )
    shown = found.c
    state = func.concat_ws(
        ".",
        *(shown.id, shown.version, shown.reply, shown.reply_reason, shown.replied_at, shown.entered_by),
        *(shown.before_last_move, cast(shown.reply_counts, Text), cast(shown.warnings, Text)),
    )
    order = (shown.starts_at, shown.id)
    return page_of(Listed(found=found, state=state, order=order, key=instant(shown.starts_at), items=_items))


def _items(found: CTE) -> Select[Any]:
    # Any: as `MeetingView` has them.
    shown = found.c
    reply = func.json_build_object(
        *("reply", shown.reply, "reason", shown.reply_reason, "replied_at", instant(shown.replied_at)),
        *("entered_by", shown.entered_by, "before_last_move", shown.before_last_move),
    )
    instants = {"starts_at", "ends_at", "started_at", "ended_at"}
    told = ("id", "version", "organisation_id", "kind", "status", "title", *sorted(instants), "time_zone", "place")
    told = (*told, "online_url", "reason", "schedule_version", "chair_id", "minute_taker_id", "rule_set")
    return select(
        *(instant(shown[name]).label(name) if name in instants else shown[name] for name in told),
        agenda_of(shown.id).label("agenda"),
        func.coalesce(shown.warnings, func.json_build_array()).label("warnings"),
        case((shown.reply.is_not(None), reply)).label("my_reply"),
        shown.reply_counts,
    )


def _reply_counts() -> ColumnElement[Any]:
    """Count as `ReplyCounts` (Any: JSON), for a row of `meetings`."""
    said = [part for kind in ReplyKind for part in (kind.value, func.count().filter(MeetingReply.reply == kind))]
    silent = func.greatest(count_called(Meeting.organisation_id, Meeting.kind, TODAY) - func.count(), 0)
    counted = func.json_build_object(*said, "silent", silent)
    return (
        select(counted).where(MeetingReply.meeting_id == Meeting.id, counts(TODAY)).correlate(Meeting).scalar_subquery()
    )


def _warnings() -> ColumnElement[Any]:
    """Warn as `meetings.queries` does (Any: a JSON list), for a row of `meetings`."""
    latest_paper = select(func.max(AgendaItemDocument.attached_at)).where(AgendaItemDocument.meeting_id == Meeting.id)
    papers_due = Meeting.starts_at - _by_rules(lambda rules: literal(rules.papers_before, Interval))
    shortest = _by_rules(lambda rules: literal(rules.shortest_meeting, Interval))
    warned = {
        "papers_late": latest_paper.scalar_subquery() > papers_due,
        "shorter_than_rule": Meeting.ends_at - Meeting.starts_at < shortest,
        "quorum_missing": and_(Meeting.status == MeetingStatus.in_session, ~_has_quorum()),
    }
    named = array([case((condition, literal(name, Text))) for name, condition in warned.items()])
    return func.array_to_json(func.array_remove(named, null()))


def _has_quorum() -> ColumnElement[bool]:
    """Say what `attendance.Tally.has_quorum` does, for a row of `meetings`."""
    standing = func.coalesce(RosterEntry.attendance, case((RosterEntry.is_exempt, Attendance.exempt.value)), "")
    present = func.count().filter(standing.in_([one.value for one in TOOK_PART]))
    expected = func.count().filter(standing != Attendance.exempt.value)
    is_reached = present * _by_rules(lambda rules: literal(rules.quorum.denominator)) >= expected * _by_rules(
        lambda rules: literal(rules.quorum.numerator)
    )
    return (
        select(and_(expected > 0, is_reached))
        .where(RosterEntry.meeting_id == Meeting.id, RosterEntry.standing != RosterStanding.temporary_guest)
        .correlate(Meeting)
        .scalar_subquery()
    )


def _by_rules(number: Callable[[RuleSet], ColumnElement[Any]]) -> ColumnElement[Any]:
    """Return a number (Any: or a time) of the rules that `meetings.queries.rules_of` finds for a row of `meetings`."""
    day = cast(func.timezone(Meeting.time_zone, Meeting.starts_at), Date)
    newest_first = sorted(RULE_SETS, key=lambda rules: rules.effective_on, reverse=True)
    return case(
        *((Meeting.rule_set == rules.key, number(rules)) for rules in RULE_SETS),
        *((and_(Meeting.rule_set.is_(None), day >= rules.effective_on), number(rules)) for rules in newest_first),
        else_=number(RULE_SETS[0]),
    )
