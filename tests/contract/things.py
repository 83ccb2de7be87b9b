"""Something of everything in branch A, for whoever asks about it."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import timedelta
from uuid import UUID, uuid4

from argon2 import PasswordHasher
from sqlalchemy import select, update

from app.identity.models import Account
from app.kernel.db import Session
from app.kernel.push import Channel
from app.meetings.models import AgendaItem, Meeting, MeetingKind, MeetingStatus
from app.members.models import AwayPeriod, Member, Post
from app.notifications.models import InboxEntry, Notification
from tests.contract.roles import Things
from tests.contract.rows import (
    activity,
    admissions,
    announcements,
    care,
    changes,
    documents,
    identity,
    meetings,
    members,
    memberships,
    minutes,
    notifications,
    polls,
    privacy,
    reorganisations,
    reports,
    resolutions,
    transfers,
)
from tests.factories.world import HANOI, Person, World

PASSWORD = "một con ngựa đau"
FEATURES = (
    identity,
    members,
    meetings,
    documents,
    announcements,
    notifications,
    polls,
    resolutions,
    minutes,
    activity,
    reorganisations,
    care,
    changes,
    privacy,
    reports,
    memberships,
    transfers,
    admissions,
)
"""In this order they make their things: each finds those made before."""


def people_of(world: World) -> list[Person]:
    return [person for person in (getattr(world, field.name) for field in fields(world)) if isinstance(person, Person)]


def citizen_id_of(person: Person) -> str:
    return f"037{person.member_id.int % 10**9:09d}"


def numbers_of(person: Person) -> list[str]:
    """What somebody else may read masked only (domain.md 6): the citizen id, and the phone as people may write it."""
    phone = person.phone
    return [citizen_id_of(person), *([phone, phone.replace("+84", "0"), phone[3:]] if phone else [])]


async def make_things(session: Session, world: World, statuses: Sequence[MeetingStatus]) -> Things:
    """A meeting of each status, a notice, the world's time away and a post; everybody gets the password."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    await session.execute(update(Account).values(password_hash=hasher.hash(PASSWORD)))
    for person in people_of(world):
        values = {"citizen_id": citizen_id_of(person)}
        await session.execute(update(Member).where(Member.id == person.member_id).values(**values))
    things: Things = {
        "branch_a": world.branch_a,
        "commune": world.commune,
        "phoneless": world.phoneless.member_id,
        "convened": world.member.member_id,
        "sister_session": world.sister_member.session_id,
        "sister_installation": world.sister_member.installation_id,
        "notification": await _make_notification(session, world),
        "away_period": (
            await session.scalars(select(AwayPeriod.id).where(AwayPeriod.member_id == world.away.member_id))
        ).one(),
        "post": (await session.scalars(select(Post.id).where(Post.member_id == world.minute_taker.member_id))).one(),
        **{status.value: await _make_meeting(session, world, status) for status in statuses},
    }
    for feature in FEATURES:
        things |= await feature.make(session, world, things)
    return things


async def _make_meeting(session: Session, world: World, status: MeetingStatus) -> UUID:
    meeting = Meeting(
        id=session.new_id(),
        organisation_id=world.branch_a,
        kind=MeetingKind.regular,
        status=status,
        title="Sinh hoạt thường kỳ",
        starts_at=session.now() + timedelta(days=3),
        time_zone=HANOI,
        place="Nhà văn hóa thôn Đông",
        version=1,
        schedule_version=1,
        created_by=world.secretary.member_id,
        created_at=session.now(),
    )
    meeting.agenda = [AgendaItem(position=1, title="Kết quả công tác tháng 11")]
    session.add(meeting)
    await session.flush()
    return meeting.id


async def _make_notification(session: Session, world: World) -> UUID:
    notification = Notification(
        id=session.new_id(),
        event_id=session.new_id(),
        type="meeting_announced",
        channel=Channel.meeting_changed,
        organisation_id=world.branch_a,
        subject_type="meeting",
        subject_id=uuid4(),
        params={
            "title": "Sinh hoạt thường kỳ",
            "starts_at": (session.now() + timedelta(days=3)).isoformat(),
            "time_zone": HANOI,
            "place": "Nhà văn hóa thôn Đông",
            "online": False,
        },
        urgent=True,
        breaks_quiet_hours=False,
        created_at=session.now(),
        expires_at=session.now() + timedelta(days=1),
    )
    session.add(notification)
    await session.flush()
    for person in world.branch_members:
        session.add(InboxEntry(member_id=person.member_id, notification_id=notification.id, created_at=session.now()))
    await session.flush()
    return notification.id
