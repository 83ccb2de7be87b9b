"""Who comes to a branch, leaves it, or is given a post: what their phone hears from then on, and what it forgets."""

from datetime import date
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient
from sqlalchemy import update

from app.kernel.db import commit
from app.kernel.scopes import Change
from app.kernel.security import PostKind
from app.members.models import Member, Post, Standing, StandingKind
from tests.changes.phones import Phone, fresh, named
from tests.conftest import RolledBackDatabase
from tests.factories import announcements, resolutions
from tests.factories.meetings import SignedIn, announced, drafted, said
from tests.factories.members import give_post
from tests.factories.reorganisations import done
from tests.factories.rolls import give_standing
from tests.factories.world import Person, World

pytestmark = pytest.mark.usefixtures("told")


async def move(database: RolledBackDatabase, person: Person, branch: UUID) -> None:
    """A transfer, as rows: no command of this release makes one."""
    async with database.session() as session:
        await session.execute(update(Member).where(Member.id == person.member_id).values(organisation_id=branch))
        await session.execute(
            update(Standing).where(Standing.member_id == person.member_id).values(organisation_id=branch)
        )
        session.changes += [Change(scope, "member", person.member_id, 2) for scope in (branch, person.organisation_id)]
        await commit(session)


async def test_who_moves_to_another_branch_forgets_the_old_one_and_hears_of_the_new(
    world: World, secretary: AsyncClient, member: AsyncClient, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    old = await announced(secretary, world.branch_a)
    new = await announced(signed_in(world.sister_secretary), world.branch_b)
    phone = await fresh(member)
    assert set(phone.of("meeting")) == {old}

    await move(database, world.member, world.branch_b)
    await phone.catch_up(member)

    assert named(phone, "drop_scope") == {("scope", str(world.branch_a))}
    assert set(phone.of("meeting")) == {new}
    assert phone.held == (await fresh(member)).held
    assert {"Chi bộ thôn Đoài"} == {one["organisation"]["name"] for one in phone.of("member").values()}


async def test_moving_within_a_first_start_leaves_nothing_of_the_old_branch(
    world: World, secretary: AsyncClient, member: AsyncClient, database: RolledBackDatabase
) -> None:
    await announced(secretary, world.branch_a)
    phone = Phone()
    assert await phone.ask_once(member, limit=5)

    await move(database, world.member, world.branch_b)
    while await phone.ask_once(member, limit=5):
        pass

    assert phone.held == (await fresh(member)).held


async def test_a_guest_hears_of_the_branch_from_the_first_day_to_the_last(
    world: World, signed_in: SignedIn, secretary: AsyncClient, database: RolledBackDatabase
) -> None:
    guest = signed_in(world.stranger)
    meeting = await announced(secretary, world.branch_a)
    notice = await announcements.published(signed_in(world.officer), world.commune)
    phone = await fresh(guest)
    assert phone.of("meeting") == {}

    await give_standing(database, world.stranger, StandingKind.temporary_guest, world.branch_a)
    await phone.catch_up(guest)
    assert set(phone.of("meeting")) == {meeting}
    assert notice in phone.of("announcement")
    assert (await said(guest, meeting, "attending")).status_code == 200
    await phone.catch_up(guest)
    assert phone.of("meeting")[meeting]["my_reply"]["reply"] == "attending"

    async with database.session() as session:
        mine = (Standing.member_id == world.stranger.member_id, Standing.kind == StandingKind.temporary_guest)
        await session.execute(update(Standing).where(*mine).values(ends_on=date(2026, 11, 1)))
        await session.commit()
    await phone.catch_up(guest)
    assert named(phone, "drop_scope") == {("scope", str(world.branch_a)), ("scope", str(world.commune))}
    assert phone.of("meeting") == {}
    assert phone.held == (await fresh(guest)).held


async def test_who_is_given_a_post_hears_of_drafts_and_who_loses_it_forgets_them(
    world: World, secretary: AsyncClient, member: AsyncClient, database: RolledBackDatabase
) -> None:
    draft = await drafted(secretary, world.branch_a)
    written = await resolutions.drafted(secretary, world.branch_a)
    phone = await fresh(member)
    async with database.session() as session:
        post = Post(
            id=uuid4(),
            member_id=world.member.member_id,
            organisation_id=world.branch_a,
            kind=PostKind.deputy_secretary,
            starts_on=date(2026, 1, 1),
        )
        session.add(post)
        await session.commit()

    await phone.catch_up(member)
    assert set(phone.of("meeting")) == {draft}
    assert set(phone.of("resolution")) == {written["id"]}

    async with database.session() as session:
        await session.execute(update(Post).where(Post.id == post.id).values(ends_on=date(2026, 11, 1)))
        await session.commit()
    await phone.catch_up(member)
    assert (phone.of("meeting"), phone.of("resolution")) == ({}, {})
    assert phone.held == (await fresh(member)).held


async def test_a_committee_member_of_another_branch_follows_the_committee(
    world: World, secretary: AsyncClient, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    sister = signed_in(world.sister_member)
    meeting = await announced(secretary, world.branch_a, kind="committee")
    phone = await fresh(sister)
    await give_post(database, world.sister_member, PostKind.committee_member, world.branch_a)

    await phone.catch_up(sister)

    assert set(phone.of("meeting")) == {meeting}


async def test_an_officer_follows_their_organisation_and_not_the_branches_below(
    world: World, secretary: AsyncClient, signed_in: SignedIn
) -> None:
    officer = signed_in(world.officer)
    await announced(secretary, world.branch_a)
    draft = await announcements.drafted(officer, world.commune)

    phone = await fresh(officer)

    assert phone.of("meeting") == {}
    assert set(phone.of("announcement")) == {draft}


async def test_a_guest_forgets_what_their_host_was_told_from_above_when_it_hangs_elsewhere(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    await give_standing(database, world.stranger, StandingKind.temporary_guest, world.branch_b)
    guest = signed_in(world.stranger)
    told = await announcements.published(signed_in(world.officer), world.commune)
    assert (await guest.put(f"/v1/announcements/{told}/opened")).status_code == 200
    phone = await fresh(guest)
    assert told in phone.of("announcement")

    await done(signed_in(world.administrator), world.branch_b, "move", parent_id=world.other_commune)

    await phone.catch_up(guest)
    assert (await guest.get(f"/v1/announcements/{told}")).status_code == 404
    assert told not in phone.of("announcement")
