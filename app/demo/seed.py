"""Makes the demonstration's communes on an empty database, by the same commands that the API uses."""

from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select

from app.demo.announcements import announce, write_activity
from app.demo.cast import BERLIN, BRANCH_CODE, CAST, COMMUNE_CODE, HANOI, PASSWORD
from app.demo.last_month import hold_last_meeting
from app.demo.meetings import next_months_meeting, tomorrows_meeting
from app.demo.papers import file_papers
from app.demo.past import at, in_hanoi
from app.demo.people import Inventor
from app.demo.resolutions import ask_for_comments, ask_for_votes
from app.demo.roster import Written, enrol, open_accounts
from app.demo.scene import Scene, act_as
from app.documents.store import DocumentStore
from app.kernel.db import Session
from app.kernel.events import record
from app.kernel.passwords import Passwords
from app.kernel.security import Actor, PostKind
from app.meetings.models import Meeting
from app.meetings.service import announce_meeting, schedule_meeting
from app.members.away.schemas import AwayPeriodCreate
from app.members.away.service import enter_away_period
from app.members.models import Member, Post
from app.members.posts.schemas import PostCreate
from app.members.posts.service import grant_post
from app.organisations.events import OrganisationFounded
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


async def seed_demo(session: Session, *, passwords: Passwords, store: DocumentStore) -> None:
    """Write the communes with their people, and the last weeks of branch A; what is there stays as people left it.

    On a database seeded days ago only a meeting for tomorrow is added, once the one announced is past. Raises
    OtherDataFound, so that nobody's real members get a password that is printed on the screen.
    """
    branch = await session.scalar(select(Organisation).where(Organisation.code == BRANCH_CODE))
    if branch is not None:
        await _call_again(session, branch)
        return
    if await session.scalar(select(Organisation.id).limit(1)) is not None:
        raise OtherDataFound
    scene = await _found(session, passwords=passwords)
    await _live(session, scene, store)


async def _live(session: Session, scene: Scene, store: DocumentStore) -> None:
    """Live through the weeks before today; people find what waits for them, and hear of tomorrow's meeting now."""
    today = session.today()
    await hold_last_meeting(session, scene)
    report = await file_papers(session, scene, store)
    await announce(session, scene, store)
    await write_activity(session, scene)
    await ask_for_comments(session, scene)
    await ask_for_votes(session, scene)
    async with at(session, in_hanoi(today - timedelta(days=2), 21)):
        tomorrows = await schedule_meeting(
            session, scene.secretary, scene.branch_id, tomorrows_meeting(today, [report])
        )
    await schedule_meeting(session, scene.secretary, scene.branch_id, next_months_meeting(today))
    await announce_meeting(session, scene.secretary, tomorrows.id)


async def _found(session: Session, *, passwords: Passwords) -> Scene:
    today = session.today()
    province = await _found_province(session)
    administrator_id = session.new_id()
    administrator = act_as(session, administrator_id, (province,), post=PostKind.administrator)
    places: dict[str, tuple[UUID, ...]] = {"province": (province,)}
    for key, above, kind, name, code in TREE:
        made = await found_organisation(
            session,
            administrator,
            OrganisationCreate(parent_id=places[above][-1], kind=kind, name=name, code=code, valid_from=FOUNDED),
        )
        places[key] = (*places[above], made.id)

    inventor = Inventor(today)
    cast = [Written(session.new_id(), inventor.portray(character)) for character in CAST]
    cast = [
        Written(administrator_id, one.person) if character.post == PostKind.administrator else one
        for character, one in zip(CAST, cast, strict=True)
    ]
    invented = {
        key: [
            Written(session.new_id(), person)
            for person in inventor.invent(size - sum(one.branch == key for one in CAST), branch=key)
        ]
        for key, size in SIZES.items()
    }
    for key in SIZES:
        here = [one for one in cast if one.person.branch == key] + invented[key]
        await enrol(session, await session.get_one(Organisation, places[key][-1]), here)
    everybody = [*cast, *(one for people in invented.values() for one in people)]
    await open_accounts(session, everybody, password_hash=await passwords.hash(PASSWORD))

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

    scene = _scene(session, cast, invented["A"], places)
    month = today.year * 12 + today.month - 1 - WENT_AWAY_MONTHS
    left_on = date(month // 12, month % 12 + 1, 1)
    going = AwayPeriodCreate(starts_on=left_on, place="Berlin, CHLB Đức", time_zone=BERLIN)
    await enter_away_period(session, scene.secretary, scene.away.member_id, going)
    return scene


def _scene(
    session: Session, cast: list[Written], invented: list[Written], places: dict[str, tuple[UUID, ...]]
) -> Scene:
    ids = {character.full_name: one.id for character, one in zip(CAST, cast, strict=True)}
    here = places["A"]
    return Scene(
        branch_id=here[-1],
        commune_id=places["commune"][-1],
        secretary=act_as(session, ids["Nguyễn Văn An"], here, post=PostKind.secretary),
        minute_taker=act_as(session, ids["Trần Thị Bình"], here, post=PostKind.minute_taker),
        member=act_as(session, ids["Lê Văn Cường"], here),
        away=act_as(session, ids["Phạm Thị Dung"], here),
        probationary=act_as(session, ids["Hoàng Thị Én"], here),
        phoneless_id=ids["Đỗ Văn Phúc"],
        others=tuple(act_as(session, one.id, here) for one in invented),
        officer=act_as(
            session,
            ids["Ngô Văn Lâm"],
            places["office"],
            post=PostKind.committee_officer,
            where=places["commune"][-1],
        ),
    )


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
    fact = OrganisationFounded(organisation_id=identifier, subject_id=identifier, actor_member_id=None, parent_id=None)
    await record(session, fact)
    return identifier


async def _grant(session: Session, administrator: Actor, member_id: UUID, kind: PostKind, where: UUID) -> None:
    await grant_post(session, administrator, where, PostCreate(member_id=member_id, kind=kind, starts_on=FOUNDED))


async def _call_again(session: Session, branch: Organisation) -> None:
    ahead = select(Meeting.id).where(
        Meeting.organisation_id == branch.id, Meeting.announced_at.is_not(None), Meeting.starts_at > session.now()
    )
    if await session.scalar(ahead.limit(1)) is not None:
        return
    secretary_id = (await session.scalars(select(Member.id).where(Member.phone == CAST[0].phone))).one()
    secretary = act_as(session, secretary_id, tuple(branch.path), post=PostKind.secretary)
    meeting = await schedule_meeting(session, secretary, branch.id, tomorrows_meeting(session.today()))
    await announce_meeting(session, secretary, meeting.id)
