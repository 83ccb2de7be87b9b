"""What a secretary sees of members away, and each of them of themself (domain.md 7, 9)."""

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.meetings.models import Attendance
from app.members.models import StandingKind
from tests.conftest import RolledBackDatabase
from tests.factories.announcements import published
from tests.factories.care import held, members_away, my_care, went_away
from tests.factories.clock import FakeClock
from tests.factories.meetings import SignedIn, announced, said
from tests.factories.members import add_standing, transfer
from tests.factories.world import BERLIN, Maker, World
from tests.test_statements import counting

PRESENT, EXCUSED, UNEXCUSED = Attendance.present, Attendance.excused, Attendance.unexcused
OCTOBER = datetime(2026, 10, 4, 12, 30, tzinfo=UTC)
MARCH = datetime(2026, 3, 4, 12, 30, tzinfo=UTC)


async def test_secretary_sees_of_a_member_away_what_the_member_sees(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, clock: FakeClock
) -> None:
    secretary = signed_in(world.secretary)
    for months_ago, mark in enumerate((UNEXCUSED, EXCUSED, PRESENT, UNEXCUSED)):
        at = OCTOBER - timedelta(days=30 * months_ago)
        await held(database, world, at, {world.away: mark, world.member: UNEXCUSED})
    await held(database, world, MARCH, {world.away: UNEXCUSED})
    first = await announced(secretary, world.branch_a)
    second = await announced(secretary, world.branch_a, starts_at="2026-12-20T12:30:00Z", ends_at=...)
    paper = await published(secretary, world.branch_a)
    clock.advance(days=1)
    assert (await said(signed_in(world.away), first, "attending_online")).status_code == 200
    clock.advance(days=1)

    secretary, away = signed_in(world.secretary), signed_in(world.away)
    [seen] = await members_away(secretary, world.branch_a)
    assert seen == await my_care(away)
    assert [seen] == await members_away(signed_in(world.minute_taker), world.branch_a)
    assert seen["member"] == {"member_id": str(world.away.member_id), "full_name": world.away.full_name}
    assert (seen["is_away"], seen["away"]["place"], seen["away"]["time_zone"]) == (True, "Berlin, CHLB Đức", BERLIN)
    assert (seen["away"]["starts_on"], seen["away"]["ends_on"]) == ("2026-03-01", None)
    assert (seen["last_in_touch_on"], seen["last_in_touch_by"]) == ("2026-11-23", "reply")
    assert (seen["convened_meetings_count"], seen["missed_meetings_count"]) == (4, 3)
    assert [(one["title"], one["attendance"]) for one in seen["missed_meetings"]] == [
        ("Sinh hoạt tháng 10", "unexcused"),
        ("Sinh hoạt tháng 9", "excused"),
        ("Sinh hoạt tháng 7", "unexcused"),
    ]
    assert [(one["meeting_id"], one["reply"] and one["reply"]["reply"]) for one in seen["coming_meetings"]] == [
        (first, "attending_online"),
        (second, None),
    ]
    [unread] = seen["unread_papers"]
    assert (unread["announcement_id"], unread["needs_acknowledgement"], unread["opened_at"]) == (paper, True, None)
    assert seen["unread_papers_count"] == 1
    assert seen["has_phone"] is True
    # The month before the half year counts for the flag, which looks at the year.
    assert (seen["unexcused_months_count"], seen["three_month_flag"]) == (3, True)
    assert (seen["last_nudged_at"], seen["last_nudged_by"], seen["next_nudge_at"]) == (None, None, None)
    assert seen["proxy_contact"] is None

    assert (await away.put(f"/v1/announcements/{paper}/acknowledgement")).is_success
    seen = await my_care(away)
    assert (seen["unread_papers"], seen["unread_papers_count"]) == ([], 0)
    assert (seen["last_in_touch_on"], seen["last_in_touch_by"]) == ("2026-11-24", "announcement")


async def test_two_months_missed_flag_nobody_and_who_was_never_there_has_no_last_day(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    await went_away(database, world.phoneless, starts_on=date(2026, 9, 1))
    for at in (OCTOBER, OCTOBER - timedelta(days=1), MARCH):  # the first two in one month
        await held(database, world, at, {world.phoneless: UNEXCUSED})
    everybody = await members_away(signed_in(world.secretary), world.branch_a)
    [seen] = [one for one in everybody if one["member"]["member_id"] == str(world.phoneless.member_id)]
    assert (seen["unexcused_months_count"], seen["three_month_flag"]) == (2, False)
    assert (seen["last_in_touch_on"], seen["last_in_touch_by"], seen["has_phone"]) == (None, None, False)
    # A reply that the secretary wrote down is no word of theirs.
    meeting_id = await announced(signed_in(world.secretary), world.branch_a)
    url = f"/v1/meetings/{meeting_id}/replies/{world.phoneless.member_id}"
    assert (await signed_in(world.secretary).put(url, json={"reply": "absent", "reason": "Đi xa"})).is_success
    everybody = await members_away(signed_in(world.secretary), world.branch_a)
    [seen] = [one for one in everybody if one["member"]["member_id"] == str(world.phoneless.member_id)]
    assert seen["last_in_touch_on"] is None
    assert seen["coming_meetings"][0]["reply"]["entered_by"] == str(world.secretary.member_id)
    await held(database, world, OCTOBER + timedelta(days=1), {world.phoneless: PRESENT})
    everybody = await members_away(signed_in(world.secretary), world.branch_a)
    [seen] = [one for one in everybody if one["member"]["member_id"] == str(world.phoneless.member_id)]
    assert (seen["last_in_touch_on"], seen["last_in_touch_by"]) == ("2026-10-05", "meeting")


async def test_listed_is_who_is_away_or_was_within_half_a_year_and_belongs_to_the_branch(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    await went_away(database, world.member, starts_on=date(2026, 1, 1), ends_on=date(2026, 6, 1))
    await went_away(database, world.probationary, starts_on=date(2026, 1, 1), ends_on=date(2026, 5, 1))
    await went_away(database, world.minute_taker, starts_on=date(2026, 12, 1))
    await went_away(database, world.former, starts_on=date(2026, 1, 1))
    await went_away(database, world.sister_member, starts_on=date(2026, 1, 1))
    async with database.session() as session:  # a guest is looked after by the branch they are at home in
        await add_standing(session, world.sister_member.member_id, world.branch_a, StandingKind.temporary_guest)
        await session.commit()
    secretary = signed_in(world.secretary)
    listed = await members_away(secretary, world.branch_a)
    assert {(one["member"]["full_name"], one["is_away"]) for one in listed} == {
        (world.away.full_name, True),
        (world.member.full_name, False),
    }
    first = await secretary.get(f"/v1/organisations/{world.branch_a}/members-away?limit=1")
    second = await secretary.get(first.headers["Link"].split(";")[0].strip("<>"))
    assert [*first.json()["items"], *second.json()["items"]] == listed
    assert second.json()["next_cursor"] is None
    assert (await my_care(signed_in(world.probationary)))["away"] is None


async def test_what_not_every_organiser_may_know_of_is_counted_and_not_named(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    officer = signed_in(world.officer)
    for part in ("everyone", "away", "probationary"):
        await published(
            officer, world.commune, title=part, needs_acknowledgement=False, audience={"part": part, "post_kinds": []}
        )
    [seen] = await members_away(signed_in(world.secretary), world.branch_a)
    assert [one["title"] for one in seen["unread_papers"]] == ["everyone"]
    assert seen["unread_papers_count"] == 2
    assert seen == await my_care(signed_in(world.away))
    async with database.session() as session:
        await session.execute(text("UPDATE announcements SET expires_at = :now"), {"now": session.now()})
        await session.commit()
    assert (await my_care(signed_in(world.away)))["unread_papers_count"] == 0


async def test_a_transfer_leaves_both_with_the_same_view_and_nobody_with_names_of_the_former_branch(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    for at in (OCTOBER, OCTOBER - timedelta(days=30), MARCH):
        await held(database, world, at, {world.away: UNEXCUSED})
    await held(database, world, OCTOBER + timedelta(days=20), {world.away: PRESENT})
    await published(signed_in(world.secretary), world.branch_a)
    await announced(signed_in(world.secretary), world.branch_a)
    nudged = await signed_in(world.secretary).post(f"/v1/members/{world.away.member_id}/nudges")
    assert nudged.status_code == 201, nudged.text
    async with database.session() as session:
        await session.execute(text("UPDATE sessions SET last_used_at = '2026-10-01' WHERE last_used_at > '2026-10-01'"))
        await transfer(session, world.away, to=world.branch_b)
        await session.commit()
    [seen] = await members_away(signed_in(world.sister_secretary), world.branch_b)
    assert seen == await my_care(signed_in(world.away))
    assert (seen["unexcused_months_count"], seen["three_month_flag"]) == (3, True)
    assert (seen["last_in_touch_on"], seen["last_in_touch_by"]) == ("2026-10-24", "meeting")
    assert (seen["last_nudged_at"], seen["next_nudge_at"]) == ("2026-11-22T01:00:00Z", "2026-11-29T01:00:00Z")
    assert seen["last_nudged_by"] is None
    assert (seen["convened_meetings_count"], seen["missed_meetings"], seen["coming_meetings"]) == (0, [], [])
    assert (seen["unread_papers"], seen["unread_papers_count"]) == ([], 0)
    assert world.secretary.full_name not in str(seen)


async def test_a_page_costs_as_many_statements_for_twenty_as_for_one(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, engine: AsyncEngine
) -> None:
    secretary = signed_in(world.secretary)
    await announced(secretary, world.branch_a)
    await published(secretary, world.branch_a)
    people = [world.away]
    counts = []
    for more in (0, 19):
        async with database.session() as session:
            make = Maker(session)
            for number in range(more):
                person = await make.person(f"Đi Xa {chr(ord('A') + number)}", world.branch_a)
                await make.away(person)
                people.append(person)
            await session.commit()
        await held(database, world, OCTOBER, dict.fromkeys(people, UNEXCUSED))
        with counting(engine) as count:
            listed = await members_away(secretary, world.branch_a, "?limit=100")
            counts.append(count())
        assert len(listed) == more + 1
        assert all(one["missed_meetings"] and one["unread_papers"] and one["coming_meetings"] for one in listed)
    assert counts[0] == counts[1] <= 9
