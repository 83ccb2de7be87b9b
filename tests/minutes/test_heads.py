"""Whose paper it is, says the paper of its day: by the name and the place in the tree of then."""

from datetime import date

from app.kernel.security import PostKind
from app.organisations.models import OrganisationKind
from app.organisations.succession.queries import list_line_on
from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.meetings import SignedIn
from tests.factories.meetings import took as held
from tests.factories.minutes import minutes_of, over, stepped, text_of
from tests.factories.reorganisations import done
from tests.factories.resolutions import closed, polled, took, voted
from tests.factories.rolls import begun
from tests.factories.world import Maker, World

HEAD = ("above", "organisation", "locality", "series")


async def adopted(world: World, signed_in: SignedIn) -> str:
    secretary = signed_in(world.secretary)
    resolution_id: str = (await closed(secretary, world.branch_a))["id"]
    poll_id = await polled(secretary, resolution_id)
    await voted(signed_in, world, poll_id, "for")
    await took(secretary, resolution_id, "adopt", {"poll_id": poll_id})
    return resolution_id


async def test_paper_of_an_adopted_resolution_stays_as_it_was(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    path = f"/v1/resolutions/{await adopted(world, signed_in)}/resolution.pdf"
    before = (await signed_in(world.member).get(path)).content
    assert "ĐẢNG BỘ XÃ YÊN MÔ CHI BỘ THÔN ĐÔNG" in text_of(before)

    clock.advance(days=1)
    administrator = signed_in(world.administrator)
    await done(administrator, world.branch_a, "rename", name="Chi bộ thôn Đông Tây")
    await done(administrator, world.commune, "rename", name="Đảng bộ xã Yên Mô Mới")
    assert (await signed_in(world.member).get(path)).content == before
    await done(administrator, world.branch_a, "move", parent_id=world.other_commune)
    assert (await signed_in(world.member).get(path)).content == before
    clock.advance(days=1)
    administrator = signed_in(world.administrator)
    await done(administrator, world.branch_a, "merge", into_id=world.branch_b)
    assert (await signed_in(world.member).get(path)).content == before


async def test_minutes_finished_after_a_merger_into_another_commune_are_written_in_their_own(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    meeting_id = await over(world, signed_in, clock)
    before = await stepped(signed_in(world.secretary), meeting_id, "send")
    assert [before[name] for name in HEAD] == ["Đảng bộ xã Yên Mô", "Chi bộ thôn Đông", "Yên Mô", "BB/CB"]
    clock.advance(days=1)
    await done(signed_in(world.administrator), world.branch_a, "merge", into_id=world.far_branch)
    after = await minutes_of(signed_in(world.member), meeting_id)
    assert [after[name] for name in HEAD] == [before[name] for name in HEAD]


async def test_minutes_of_a_communes_committee_speak_of_no_branch(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        posts = ((PostKind.secretary, world.commune),)
        head = await Maker(session).person("Cao Văn Sơn", world.office, posts=posts)
        await session.commit()
    caller = signed_in(head)
    meeting_id = await begun(caller, world.commune, {"chair_id": str(head.member_id)}, kind="committee")
    await held(caller, meeting_id, "end")
    minutes = await minutes_of(caller, meeting_id)
    assert (minutes["series"], minutes["chair"]["post"]) == ("BB/ĐU", "Bí thư Đảng ủy")
    said = text_of((await caller.get(f"/v1/meetings/{meeting_id}/minutes.pdf")).content)
    assert "Đảng bộ xã Yên Mô tổ chức họp cấp ủy." in said
    assert "Đồng chí Cao Văn Sơn, Bí thư Đảng ủy." in said


async def test_a_new_name_heads_the_papers_of_its_own_days(
    world: World, signed_in: SignedIn, clock: FakeClock, database: RolledBackDatabase
) -> None:
    clock.advance(days=1)
    await done(signed_in(world.administrator), world.branch_a, "rename", name="Chi bộ thôn Đông Tây")
    meeting_id = await over(world, signed_in, clock)
    assert (await minutes_of(signed_in(world.secretary), meeting_id))["organisation"] == "Chi bộ thôn Đông Tây"
    async with database.session() as session:
        names = [
            [one.name for one in await list_line_on(session, world.branch_a, day)][:2]
            for day in (date(1999, 1, 1), date(2026, 11, 22), date(2026, 11, 23))
        ]
        kinds = [one.kind for one in await list_line_on(session, world.branch_a, date(2026, 11, 22))]
    assert names == [
        ["Chi bộ thôn Đông", "Đảng bộ xã Yên Mô"],  # before it was founded: of an imported meeting, say
        ["Chi bộ thôn Đông", "Đảng bộ xã Yên Mô"],
        ["Chi bộ thôn Đông Tây", "Đảng bộ xã Yên Mô"],
    ]
    assert kinds == [OrganisationKind.branch, OrganisationKind.commune, OrganisationKind.province]
