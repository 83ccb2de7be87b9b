"""How long things are kept: one table of rules names every table; a purge takes what is past and no more."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, text

from app.care.models import Nudge, ProxyContact
from app.identity.models import (
    ActivationCode,
    Device,
    FailureCount,
    LinkedIdentity,
    LoginSession,
    RefreshToken,
    UsedNonce,
)
from app.kernel.db import Base, Session
from app.kernel.i18n import Locale
from app.kernel.ids import new_id
from app.kernel.models import KeptAnswer
from app.kernel.notices import Audience
from app.kernel.push import Channel, Platform
from app.kernel.security import PostKind
from app.meetings.calendar.models import CalendarFeed
from app.members.models import Member, Standing, StandingKind
from app.members.record_views.models import RecordView, ViewedPart
from app.memberships.models import DecidedKind, StandingDecision
from app.models import metadata
from app.notifications.forgetting.service import NOTICES_A_ROUND, NOTICES_KEPT
from app.notifications.models import InboxEntry, Notification, SmsDelivery
from app.privacy.models import CorrectableField, CorrectionRequest, CorrectionStatus
from app.privacy.retention.rules import RULES, Aged
from app.privacy.retention.service import ROWS_A_ROUND
from app.worker import TASKS, purge_old_rows
from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.world import World
from tests.worker import JobRunner

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
AGED = tuple(rule for rule in RULES if isinstance(rule, Aged))
Make = Callable[[World, datetime], list[Base]]


def _session(world: World, at: datetime, *, revoked: bool) -> LoginSession:
    return LoginSession(
        id=uuid4(),
        account_id=world.member.account_id,
        installation_id=uuid4(),
        platform=Platform.android,
        last_used_at=at,
        expires_at=at + timedelta(days=90) if revoked else at,
        revoked_at=at if revoked else None,
        created_at=at,
    )


def _token(world: World, at: datetime) -> list[Base]:
    login = _session(world, at, revoked=True)
    return [login, RefreshToken(token_hash=sha256(login.id.bytes).digest(), session_id=login.id, created_at=at)]


def _device(world: World, at: datetime) -> list[Base]:
    device = Device(
        id=uuid4(),
        installation_id=uuid4(),
        account_id=world.member.account_id,
        platform=Platform.android,
        locale=Locale.vi,
        time_zone="Asia/Ho_Chi_Minh",
        app_version="1.0.0",
        updated_at=at,
        created_at=at,
    )
    return [device]


def _correction(world: World, at: datetime, status: CorrectionStatus) -> CorrectionRequest:
    decided = status in {CorrectionStatus.accepted, CorrectionStatus.rejected}
    return CorrectionRequest(
        id=uuid4(),
        member_id=world.member.member_id,
        field=CorrectableField.full_name,
        value="Lê Văn Cương",
        status=status,
        decided_by=world.secretary.member_id if decided else None,
        decided_at=at if decided else None,
        created_at=at - timedelta(days=3) if decided else at,
    )


def _view(world: World, at: datetime) -> list[Base]:
    view = RecordView(
        id=uuid4(),
        member_id=world.member.member_id,
        viewer_id=world.secretary.member_id,
        viewed_on=at.date(),
        what=list(ViewedPart)[at.second // 30],  # of a day, a viewer and a way there is one
        viewed_at=at,
        post_kind=PostKind.secretary,
        organisation_id=world.branch_a,
    )
    return [view]


def _answer(world: World, at: datetime) -> list[Base]:
    kept = {"request_hash": b"", "rights": [], "status": 200, "headers": {}, "body": b"", "created_at": at}
    return [KeptAnswer(account_id=world.member.account_id, key=uuid4(), **kept)]


def _code(world: World, at: datetime) -> list[Base]:
    selector = uuid4().hex[:4].upper()
    made = {"selector": selector, "secret_hash": "", "expires_at": at, "created_at": at - timedelta(days=7)}
    return [ActivationCode(id=uuid4(), member_id=world.member.member_id, **made)]


def _calendar(world: World, at: datetime) -> list[Base]:
    secret = sha256(uuid4().bytes).digest()
    made = {"secret_hash": secret, "revoked_at": at, "created_at": at}
    return [CalendarFeed(id=uuid4(), account_id=world.member.account_id, **made)]


def _contact(world: World, at: datetime) -> list[Base]:
    """Of a new member each time: one has one."""
    name = {"full_name": "Cao Thị Uyên", "sort_key": "uyen", "search_key": "cao thi uyen"}
    member = Member(id=uuid4(), organisation_id=world.branch_a, created_at=at, **name)
    made = {"relation": "Mẹ", "entered_by": world.secretary.member_id, "entered_at": at}
    return [member, ProxyContact(member_id=member.id, full_name="Cao Thị Oanh", **made)]


def _nudge(world: World, at: datetime) -> list[Base]:
    given = {"organisation_id": world.branch_a, "nudged_by": world.secretary.member_id, "nudged_at": at}
    return [Nudge(id=uuid4(), member_id=world.member.member_id, **given)]


def _identity(world: World, at: datetime) -> list[Base]:
    """Of somebody else each time, who is said to have left long before."""
    person = world.member if at.second // 30 else world.away
    left = {"member_id": person.member_id, "organisation_id": world.branch_a, "starts_on": date(2026, 1, 2)}
    entered = {"reason": "Xin ra", "entered_by": world.secretary.member_id, "created_at": at}
    made = {"account_id": person.account_id, "provider": "local", "subject": str(person.account_id), "created_at": at}
    return [
        Standing(id=uuid4(), kind=StandingKind.resigned, **left),
        StandingDecision(id=uuid4(), kind=DecidedKind.resigned, **left, **entered),
        LinkedIdentity(id=uuid4(), **made),
    ]


OVER: dict[type[Base], Make] = {
    RecordView: _view,
    CorrectionRequest: lambda world, at: [
        _correction(world, at, CorrectionStatus.rejected),
        _correction(world, at, CorrectionStatus.withdrawn),
    ],
    Nudge: _nudge,
    ProxyContact: _contact,
    RefreshToken: _token,
    LoginSession: lambda world, at: [_session(world, at, revoked=revoked) for revoked in (True, False)],
    Device: _device,
    LinkedIdentity: _identity,
    ActivationCode: _code,
    CalendarFeed: _calendar,
    KeptAnswer: _answer,
    FailureCount: lambda _, at: [FailureCount(source=uuid4().bytes, failures=1, last_failed_at=at)],
    UsedNonce: lambda _, at: [UsedNonce(nonce_hash=sha256(uuid4().bytes).digest(), expires_at=at)],
}
"""Rows for which that since which the rule counts happened at the instant."""


async def keys_of(session: Session, table: type[Base]) -> set[Any]:  # Any: keys are of several types
    return {tuple(row) for row in await session.execute(select(*table.__table__.primary_key))}


def key_of(row: Base) -> tuple[Any, ...]:
    return tuple(getattr(row, column.key) for column in row.__table__.primary_key)


def test_every_table_stands_in_one_rule() -> None:
    ruled = [table for rule in RULES for table in rule.tables]
    assert sorted(ruled) == sorted(metadata.tables)


def test_readme_prints_the_rules() -> None:
    printed = "\n".join(
        f"| {', '.join(f'`{table}`' for table in rule.tables)} | {rule.period} | {rule.why} |" for rule in RULES
    )
    assert printed in README, f"README.md should say:\n{printed}"


@pytest.mark.parametrize("rule", AGED, ids=lambda rule: rule.tables[0])
async def test_purge_takes_what_is_past_and_nothing_younger(
    rule: Aged, world: World, jobs: JobRunner, clock: FakeClock, database: RolledBackDatabase
) -> None:
    assert {rule.table for rule in AGED} == OVER.keys()
    second = timedelta(seconds=1)
    old = OVER[rule.table](world, clock() - rule.days - second)
    young = OVER[rule.table](world, clock() - rule.days + second)
    async with database.session() as session:
        session.add_all(row for row in (*old, *young) if not isinstance(row, RefreshToken | ProxyContact))
        if rule.table is CorrectionRequest:
            pending = _correction(world, clock() - 2 * rule.days, CorrectionStatus.pending)
            young.append(pending)
            session.add(pending)
        await session.flush()
        session.add_all((*old, *young))
        await session.commit()
        before = await keys_of(session, rule.table)
    await purge_old_rows(jobs.office, timestamp=0)
    async with database.session() as session:
        gone = before - await keys_of(session, rule.table)
    assert gone == {key_of(row) for row in old if isinstance(row, rule.table)}


async def test_purge_goes_in_rounds_to_the_end_and_comes_each_night(
    jobs: JobRunner, clock: FakeClock, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        session.add_all(
            FailureCount(source=new_id(clock(), count=number).bytes, failures=1, last_failed_at=clock())
            for number in range(ROWS_A_ROUND + 1)
        )
        await session.commit()
    clock.advance(days=2)
    await purge_old_rows(jobs.office, timestamp=0)
    async with database.session() as session:
        assert await session.scalar(select(func.count()).select_from(FailureCount)) == 0
    (task,) = [task for task in TASKS if task.name == "privacy.purge"]
    assert task.cron == "41 18 * * *"  # UTC: 01:41 in Việt Nam


async def test_notices_leave_inboxes_after_two_years_and_phones_are_told_to_forget_them(
    world: World, jobs: JobRunner, clock: FakeClock, database: RolledBackDatabase
) -> None:
    minute = timedelta(minutes=1)
    times = {"old": clock() - NOTICES_KEPT - minute, "broad": clock() - NOTICES_KEPT - minute}
    times |= {"young": clock() - NOTICES_KEPT + minute}
    ids = {name: new_id(at, count=count) for count, (name, at) in enumerate(times.items())}
    async with database.session() as session:
        session.add_all(
            _notice(world, ids[name], at, audience=Audience(world.commune) if name == "broad" else None)
            for name, at in times.items()
        )
        await session.flush()
        for name in ("old", "young"):
            session.add(InboxEntry(member_id=world.member.member_id, notification_id=ids[name], created_at=times[name]))
            session.add(SmsDelivery(notification_id=ids[name], member_id=world.phoneless.member_id))
        await session.commit()
    await purge_old_rows(jobs.office, timestamp=0)
    async with database.session() as session:
        for column in (Notification.id, InboxEntry.notification_id, SmsDelivery.notification_id):
            assert set(await session.scalars(select(column).where(column.in_(ids.values())))) == {ids["young"]}
        told = await session.execute(
            text("SELECT scope_id, object_id FROM changes WHERE object_type = 'notification' AND op = 'delete'")
        )
        assert {tuple(row) for row in told} == {(world.member.member_id, ids["old"]), (world.commune, ids["broad"])}


async def test_very_many_old_notices_go_in_rounds(
    world: World, jobs: JobRunner, clock: FakeClock, database: RolledBackDatabase
) -> None:
    at = clock() - NOTICES_KEPT - timedelta(minutes=1)
    async with database.session() as session:
        session.add_all(_notice(world, new_id(at, count=number), at) for number in range(NOTICES_A_ROUND + 1))
        await session.flush()
        await session.execute(
            text("INSERT INTO inbox_entries SELECT :member, id, created_at FROM notifications"),
            {"member": world.member.member_id},
        )
        await session.commit()
    await purge_old_rows(jobs.office, timestamp=0)
    async with database.session() as session:
        assert await session.scalar(select(func.count()).select_from(Notification)) == 0


def _notice(world: World, identifier: UUID, at: datetime, *, audience: Audience | None = None) -> Notification:
    return Notification(
        id=identifier,
        event_id=uuid4(),
        type="announcement_published",
        channel=Channel.announcement,
        organisation_id=world.branch_a,
        subject_type="announcement",
        subject_id=uuid4(),
        params={"title": "Kế hoạch"},
        urgent=False,
        breaks_quiet_hours=False,
        created_at=at,
        expires_at=at + timedelta(days=1),
        audience_organisation_id=audience.organisation_id if audience else None,
        audience_part=audience.part if audience else None,
        addressed_on=at.date() if audience else None,
    )
