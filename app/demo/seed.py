"""Makes the demonstration's communes on an empty database, by the same commands that the API uses."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import insert, select

from app.demo.cast import BERLIN, BRANCH_CODE, CAST, COMMUNE_CODE, HANOI, PASSWORD
from app.demo.meetings import next_months_meeting, tomorrows_meeting
from app.demo.people import Invented, Inventor
from app.identity.models import Account, Device
from app.kernel.db import Session
from app.kernel.events import record
from app.kernel.i18n import Locale
from app.kernel.passwords import Passwords
from app.kernel.security import Actor, HeldPost, PostKind
from app.meetings.models import Meeting
from app.meetings.service import announce_meeting, schedule_meeting
from app.members.away.schemas import AwayPeriodCreate
from app.members.away.service import enter_away_period
from app.members.imports.events import RosterImported
from app.members.models import Member
from app.members.posts.models import Post
from app.members.posts.schemas import PostCreate
from app.members.posts.service import grant_post
from app.members.service import add_members
from app.organisations.models import Organisation, OrganisationKind, OrganisationPeriod
from app.organisations.schemas import OrganisationCreate
from app.organisations.service import found_organisation

FOUNDED = date(2025, 7, 1)  # the day communes took over from districts
WENT_AWAY_MONTHS = 8

TREE = (
    ("commune", "province", OrganisationKind.commune, "Đảng bộ xã Yên Mô", COMMUNE_CODE),
    ("far_commune", "province", OrganisationKind.commune, "Đảng bộ xã Yên Thắng", None),
    ("A", "commune", OrganisationKind.branch, "Chi bộ thôn Đông", BRANCH_CODE),
    ("B", "commune", OrganisationKind.branch, "Chi bộ thôn Đoài", None),
    ("office", "commune", OrganisationKind.branch, "Chi bộ Văn phòng Đảng ủy", None),
    ("far", "far_commune", OrganisationKind.branch, "Chi bộ thôn Hạ", None),
)
SIZES = {"A": 24, "B": 17, "office": 7, "far": 9}
# Held by invented members, by their place in the branch: from nine members on there is a committee (domain.md 4).
COMMITTEE = (
    ("A", 1, PostKind.deputy_secretary),
    ("A", 2, PostKind.committee_member),
    ("B", 1, PostKind.deputy_secretary),
)


class OtherDataFound(Exception):
    """The database holds organisations that are not the demonstration's; nothing was written."""


@dataclass(frozen=True, slots=True)
class _Written:
    """Somebody on record, and their own id."""

    id: UUID
    person: Invented


async def seed_demo(session: Session, *, passwords: Passwords) -> None:
    """Write the communes with their people and meetings; what is there stays as people left it.

    On a database seeded days ago only a meeting for tomorrow is added, once the one announced is past. Raises
    OtherDataFound, so that nobody's real members get a password that is printed on the screen.
    """
    branch = await session.scalar(select(Organisation).where(Organisation.code == BRANCH_CODE))
    if branch is not None:
        await _call_again(session, branch)
        return
    if await session.scalar(select(Organisation.id).limit(1)) is not None:
        raise OtherDataFound
    await _found(session, passwords=passwords)


async def _found(session: Session, *, passwords: Passwords) -> None:
    today = session.today()
    province = await _found_province(session)
    administrator_id = session.new_id()
    administrator = _actor(session, administrator_id, (province,), PostKind.administrator)
    places: dict[str, tuple[UUID, ...]] = {"province": (province,)}
    for key, above, kind, name, code in TREE:
        made = await found_organisation(
            session,
            administrator,
            OrganisationCreate(parent_id=places[above][-1], kind=kind, name=name, code=code, valid_from=FOUNDED),
        )
        places[key] = (*places[above], made.id)

    inventor = Inventor(today)
    cast = [_Written(session.new_id(), inventor.portray(character)) for character in CAST]
    cast = [
        _Written(administrator_id, one.person) if character.post == PostKind.administrator else one
        for character, one in zip(CAST, cast, strict=True)
    ]
    invented = {
        key: [
            _Written(session.new_id(), person)
            for person in inventor.invent(size - sum(one.branch == key for one in CAST), branch=key)
        ]
        for key, size in SIZES.items()
    }
    for key in SIZES:
        here = [one for one in cast if one.person.branch == key] + invented[key]
        await _enrol(session, await session.get_one(Organisation, places[key][-1]), here)
    everybody = [*cast, *(one for people in invented.values() for one in people)]
    await _open_accounts(session, everybody, password_hash=await passwords.hash(PASSWORD))

    # Nobody was there to give the first administrator the post.
    session.add(
        Post(
            id=session.new_id(),
            member_id=administrator_id,
            organisation_id=province,
            kind=PostKind.administrator,
            starts_on=FOUNDED,
        )
    )
    for character, one in zip(CAST, cast, strict=True):
        if character.post is not None and one.id != administrator_id:
            where = places[character.post_in or character.branch][-1]
            await _grant(session, administrator, one.id, PostKind(character.post), where)
    for key, place, post in COMMITTEE:
        await _grant(session, administrator, invented[key][place].id, post, places[key][-1])

    secretary = _actor(session, cast[0].id, places["A"], PostKind.secretary)
    away = next(one for one in cast if one.person.time_zone == BERLIN)
    month = today.year * 12 + today.month - 1 - WENT_AWAY_MONTHS
    left_on = date(month // 12, month % 12 + 1, 1)
    going = AwayPeriodCreate(starts_on=left_on, place="Berlin, CHLB Đức", time_zone=BERLIN)
    await enter_away_period(session, secretary, away.id, going)
    await schedule_meeting(session, secretary, places["A"][-1], next_months_meeting(today))
    await _call(session, secretary, today)


async def _found_province(session: Session) -> UUID:
    # There is no command for it: the root stands below nothing.
    identifier, name = session.new_id(), "Đảng bộ tỉnh Ninh Bình"
    session.add(
        Organisation(
            id=identifier,
            path=[identifier],
            kind=OrganisationKind.province,
            name=name,
            time_zone=HANOI,
            valid_from=FOUNDED,
            version=1,
            created_at=session.now(),
        )
    )
    await session.flush()  # its first period's foreign key needs it
    session.add(OrganisationPeriod(organisation_id=identifier, valid_from=FOUNDED, name=name))
    return identifier


async def _enrol(session: Session, branch: Organisation, people: Sequence[_Written]) -> None:
    rows = [
        {
            "id": one.id,
            "full_name": one.person.full_name,
            "born_on": one.person.born_on,
            "sex": one.person.sex,
            "card_number": one.person.card_number,
            "phone": one.person.phone,
            "admitted_on": one.person.admitted_on,
            "official_on": one.person.official_on,
        }
        for one in people
    ]
    await add_members(session, branch, rows)
    fact = RosterImported(
        organisation_id=branch.id,
        subject_id=branch.id,
        actor_member_id=None,
        member_ids=tuple(one.id for one in people),
    )
    await record(session, fact)


async def _open_accounts(session: Session, people: Sequence[_Written], *, password_hash: str) -> None:
    now = session.now()
    accounts = [
        {
            "id": session.new_id(),
            "member_id": one.id,
            "password_hash": password_hash,
            "created_at": now,
        }
        for one in people
        if one.person.phone is not None
    ]
    holders = [one.person for one in people if one.person.phone is not None]
    devices = [
        {
            "id": session.new_id(),
            "installation_id": uuid5(NAMESPACE_URL, f"sotay-demo:{person.phone}"),
            "account_id": account["id"],
            "platform": person.platform,
            "push_token": f"demo:{person.phone}",
            "locale": Locale.vi,
            "time_zone": person.time_zone,
            "app_version": "1.0.0",
            "device_name": f"Điện thoại của {person.full_name}",
            "updated_at": now,
            "created_at": now,
        }
        for account, person in zip(accounts, holders, strict=True)
    ]
    await session.execute(insert(Account), accounts)
    await session.execute(insert(Device), devices)


async def _grant(session: Session, administrator: Actor, member_id: UUID, kind: PostKind, where: UUID) -> None:
    await grant_post(session, administrator, where, PostCreate(member_id=member_id, kind=kind, starts_on=FOUNDED))


async def _call_again(session: Session, branch: Organisation) -> None:
    ahead = select(Meeting.id).where(
        Meeting.organisation_id == branch.id, Meeting.announced_at.is_not(None), Meeting.starts_at > session.now()
    )
    if await session.scalar(ahead.limit(1)) is not None:
        return
    secretary_id = (await session.scalars(select(Member.id).where(Member.phone == CAST[0].phone))).one()
    secretary = _actor(session, secretary_id, tuple(branch.path), PostKind.secretary)
    await _call(session, secretary, session.today())


async def _call(session: Session, secretary: Actor, today: date) -> None:
    meeting = await schedule_meeting(session, secretary, secretary.organisation_id, tomorrows_meeting(today))
    await announce_meeting(session, secretary, meeting.id)


def _actor(session: Session, member_id: UUID, path: tuple[UUID, ...], kind: PostKind) -> Actor:
    """Act as somebody who has not signed in: the commands look at the post and the path only."""
    return Actor(
        account_id=session.new_id(),
        session_id=session.new_id(),
        member_id=member_id,
        organisation_id=path[-1],
        path=path,
        posts=(HeldPost(kind=kind, organisation_id=path[-1]),),
        time_zone=HANOI,
    )
