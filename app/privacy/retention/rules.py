"""How long everything is kept, in one table; the README prints it (tested), the nightly purge follows it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, func, select

from app.care.models import Nudge, ProxyContact
from app.changes.service import TOMBSTONES_KEPT, purge_tombstones
from app.identity.delays import WITH_SOMEBODY
from app.identity.models import (
    Account,
    ActivationCode,
    Device,
    FailureCount,
    LinkedIdentity,
    LoginSession,
    RefreshToken,
    UsedNonce,
)
from app.kernel.db import Base, Session
from app.kernel.idempotency import KEPT_FOR
from app.kernel.models import KeptAnswer
from app.meetings.calendar.models import CalendarFeed
from app.meetings.calendar.service import KNOWN_AS_REVOKED_FOR
from app.members.models import Member
from app.members.record_views.models import RecordView
from app.memberships.models import StandingDecision
from app.notifications.deliveries.service import MONTHS_KEPT, forget_old_deliveries
from app.notifications.forgetting.service import NOTICES_KEPT, forget_old_notices
from app.privacy.models import CorrectionRequest, CorrectionStatus
from app.reports.queries import VISITS_KNOWN_FOR
from app.transfers.models import Transfer


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Tables whose rows stay, and why."""

    tables: tuple[str, ...]
    why: str

    @property
    def period(self) -> str:
        """Say how long."""
        return "for good"


@dataclass(frozen=True, slots=True, kw_only=True)
class Aged:
    """Rows that go when something has been over for so long: `past` says of which, given the last moment kept."""

    table: type[Base]
    days: timedelta
    since: str
    past: Callable[[datetime], ColumnElement[bool]]
    why: str

    @property
    def tables(self) -> tuple[str, ...]:
        """Name the table."""
        return (self.table.__tablename__,)

    @property
    def period(self) -> str:
        """Say how long, and since when."""
        return f"{self.days.days} {'day' if self.days.days == 1 else 'days'} {self.since}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """Tables that a command of their feature empties, round by round: it says whether there may be more."""

    tables: tuple[str, ...]
    period: str
    forget: Callable[[Session], Awaitable[bool]]
    why: str


_ended_at = func.least(LoginSession.expires_at, LoginSession.revoked_at)

RULES: tuple[Kept | Aged | Forgotten, ...] = (
    Kept(
        tables=("members", "standings", "posts", "away_periods", "accounts"),
        why="the party's record of a member; `sotay member erase` empties it",
    ),
    Kept(
        tables=("distinct_members",),
        why="so that two who were told apart are not taken for one again; ids and who said it, no more",
    ),
    Kept(
        tables=("transfers", "transfer_reminders", "standing_decisions", "candidacies", "candidacy_steps"),
        why="how a membership came about, moved and ended: the party's record too, without reasons once erased",
    ),
    Kept(
        tables=("admission_targets", "committee_targets", "member_ratings"),
        why="what reports compare the years by; a rating of who was erased names nobody",
    ),
    Kept(
        tables=(
            "second_factors",
            "recovery_codes",
            "notification_preferences",
            "document_bookmarks",
        ),
        why="the member's own, deleted when they want; erased with the record",
    ),
    Kept(tables=("consents",), why="proof of what was agreed to and until when"),
    Kept(
        tables=("organisations", "organisation_periods", "organisation_successions", "reorganisations"),
        why="the tree and how it came about; of people only who planned it",
    ),
    Kept(
        tables=(
            "meetings",
            "agenda_items",
            "agenda_item_documents",
            "meeting_reminders",
            "meeting_replies",
            "meeting_guests",
            "meeting_tasks",
            "roster_entries",
            "minutes",
            "minutes_numbers",
            "minutes_papers",
            "minutes_reminders",
            "minutes_remarks",
        ),
        why="a branch's archive: who was called, came, and what was decided",
    ),
    Kept(
        tables=(
            "resolutions",
            "resolution_versions",
            "resolution_paragraphs",
            "resolution_comments",
            "comment_supports",
            "polls",
            "electors",
            "votes",
            "participations",
            "ballots",
        ),
        why="a branch's archive: resolutions and how they came about; ballots of secret polls name nobody",
    ),
    Kept(
        tables=(
            "announcements",
            "announcement_documents",
            "announcement_receipts",
            "documents",
            "document_title_words",
            "activity_entries",
        ),
        why="a branch's archive; its organisers and authors delete what need not stay",
    ),
    Kept(
        tables=("events", "event_details", "event_seals", "unsealed_events"),
        why="the sealed log, which is only added to; what it says of a person is erased by `sotay member erase`",
    ),
    Kept(
        tables=("scopes", "sync_epochs", "push_lanes", "push_bucket", "push_shares"),
        why="counters of the service; say nothing of a person",
    ),
    Forgotten(
        tables=("changes",),
        period=f"{TOMBSTONES_KEPT.days} days after a deletion; else as the object",
        forget=purge_tombstones,
        why="a phone that was off for so long starts again",
    ),
    Forgotten(
        tables=("deliveries",),
        period=f"{MONTHS_KEPT} whole months",
        forget=forget_old_deliveries,
        why="a year's figures beside those of the year before",
    ),
    Forgotten(
        tables=("inbox_entries", "sms_deliveries", "notifications"),
        period=f"{NOTICES_KEPT.days} days",
        forget=forget_old_notices,
        why="longer than anybody who was away looks back; what they were about stays",
    ),
    Aged(
        table=RecordView,
        days=timedelta(days=730),
        since="after the look",
        past=lambda last: RecordView.viewed_at < last,
        why="a member asks who saw their record; the log keeps the bare facts",
    ),
    Aged(
        table=CorrectionRequest,
        days=timedelta(days=730),
        since="after it was settled",
        past=lambda last: (
            (CorrectionRequest.status != CorrectionStatus.pending)
            & (func.coalesce(CorrectionRequest.decided_at, CorrectionRequest.created_at) < last)
        ),
        why="long enough to object; the log keeps which field was corrected",
    ),
    Aged(
        table=Nudge,
        days=timedelta(days=365),
        since="after it was given",
        past=lambda last: Nudge.nudged_at < last,
        why="a branch and a member look back a year; the log keeps the bare facts",
    ),
    Aged(
        table=ProxyContact,
        days=timedelta(days=730),
        since="after it was written down, or said to hold still",
        past=lambda last: ProxyContact.entered_at < last,
        why="somebody else's name and number: nobody keeps them who does not look after them",
    ),
    # Before their sessions, which they refer to.
    Aged(
        table=RefreshToken,
        days=VISITS_KNOWN_FOR,
        since="after its session ended",
        past=lambda last: RefreshToken.session_id.in_(select(LoginSession.id).where(_ended_at < last)),
        why="when each was handed out makes a year's visits; of an ended session none is taken anyway",
    ),
    Aged(
        table=LoginSession,
        days=VISITS_KNOWN_FOR,
        since="after it ended",
        past=lambda last: (
            (_ended_at < last) & ~select(RefreshToken).where(RefreshToken.session_id == LoginSession.id).exists()
        ),
        why="a phone is known for a year, so that a new one is told of",
    ),
    Aged(
        table=Device,
        days=timedelta(days=270),
        since="after the app was last heard of",
        past=lambda last: Device.updated_at < last,
        why="Google gives up a token after as long; its owner gets text messages again",
    ),
    # As long as it may be taken back, from its entry on, that they have left.
    Aged(
        table=LinkedIdentity,
        days=timedelta(days=30),
        since="after it was entered that its owner has left",
        past=lambda last: LinkedIdentity.account_id.in_(
            select(Account.id)
            .join(Member, Member.id == Account.member_id)
            .where(
                Member.has_left,
                ~exists().where(StandingDecision.member_id == Member.id, StandingDecision.created_at >= last),
                ~exists().where(Transfer.member_id == Member.id, Transfer.decided_at >= last),
            )
        ),
        why="the member's own, deleted when they want; who comes back is entered anew and links it again",
    ),
    Aged(
        table=ActivationCode,
        days=timedelta(days=30),
        since="after it expired",
        past=lambda last: ActivationCode.expires_at < last,
        why="a secretary sees that a code was handed out in vain",
    ),
    Aged(
        table=CalendarFeed,
        days=KNOWN_AS_REVOKED_FOR,
        since="after it was revoked",
        past=lambda last: CalendarFeed.revoked_at <= last,
        why="a calendar program is told why its address has ended",
    ),
    Aged(
        table=KeptAnswer,
        days=KEPT_FOR,
        since="after the answer",
        past=lambda last: KeptAnswer.created_at < last,
        why="a phone that comes back late repeats what it sent",
    ),
    Aged(
        table=FailureCount,
        days=WITH_SOMEBODY.forgotten_after,
        since="after the last failure",
        past=lambda last: FailureCount.last_failed_at < last,
        why="failures count for a day; whose they are is a keyed hash",
    ),
    Aged(
        table=UsedNonce,
        days=timedelta(0),
        since="after its ID token expired",
        past=lambda last: UsedNonce.expires_at < last,
        why="until then it could be used twice",
    ),
)
"""Every table stands in one rule (tested); a new one needs its line. In this order they are followed."""
