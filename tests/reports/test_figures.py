"""The figures of the reports: what was published is made of its inputs, and each line counts what lies below it."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient
from sqlalchemy import insert, text, update

from app.meetings.models import Attendance, Meeting, MeetingKind, MeetingStatus, RosterEntry, RosterStanding
from app.members.models import Member, Standing, StandingKind
from app.minutes.models import Minutes, MinutesStatus
from app.organisations.models import Organisation, OrganisationSuccession, SuccessionKind
from app.worker import purge_old_rows
from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.meetings import Json, SignedIn
from tests.factories.members import add_standing
from tests.factories.minutes import over, stepped
from tests.factories.reorganisations import done
from tests.factories.reports import give_traits, make_standing, use_app
from tests.factories.rolls import put_roll
from tests.factories.transfers import moved
from tests.factories.world import HANOI, Maker, Person, World
from tests.worker import JobRunner

FIGURES: dict[str, Any] = json.loads((Path(__file__).parent / "official_figures.json").read_text(encoding="utf-8"))


async def asked(signed_in: SignedIn, person: Person, organisation: UUID, report: str, **query: Any) -> Json:
    answer = await signed_in(person).get(f"/v1/organisations/{organisation}/reports/{report}", params=query)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def row_of(report: Json, organisation: UUID) -> Json:
    return next(row for row in report["rows"] if row["organisation_id"] == str(organisation))


async def planned(signed_in: SignedIn, person: Person, organisation: UUID, year: int, plan: int) -> None:
    address = f"/v1/organisations/{organisation}/admission-targets/{year}"
    answer = await signed_in(person).put(address, json={"plan": plan})
    assert answer.status_code == 200, answer.text


async def test_published_admissions_are_reproduced(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        await make_standing(session, world.branch_a, 2360 - 320 - 48 - 4, on=date(2023, 5, 19), name="rest")
        await make_standing(session, world.branch_b, 320, on=date(2023, 12, 31), name="nho quan")
        await make_standing(session, world.office, 48 + 4, on=date(2023, 1, 1), name="vi thanh")
        await make_standing(session, world.office, 48, on=date(2021, 11, 25), name="vi thanh")
        # A transfer is no admission; candidates are not admitted yet; the year after is another.
        await make_standing(session, world.branch_b, 99, on=date(2024, 1, 1), name="later")
        await session.commit()
    officer = world.officer
    for organisation, year, plan in (
        (world.commune, 2023, 2253),
        (world.branch_b, 2023, 293),
        (world.office, 2021, 43),
    ):
        await planned(signed_in, officer, organisation, year, plan)
    province = await asked(signed_in, officer, world.commune, "admissions", year=2023)
    assert (province["total"]["admitted_count"], province["total"]["plan"]) == (2360, 2253)
    assert province["total"]["percent_of_plan"] == 104.75
    tenths = await asked(signed_in, officer, world.commune, "admissions", year=2023, digits=1)
    assert row_of(tenths, world.branch_b)["over_plan_percent"] == 9.2
    assert row_of(tenths, world.branch_a)["percent_of_plan"] is None
    cut = await asked(signed_in, officer, world.office, "admissions", year=2021, digits=0, rounding="down")
    assert cut["total"]["percent_of_plan"] == 111
    term = await asked(signed_in, officer, world.commune, "admissions", year=2021, to_year=2023)
    assert (term["total"]["admitted_count"], term["total"]["plan"]) == (2408, None)


async def found_organisation(signed_in: SignedIn, world: World, under: UUID, on: str, **more: object) -> UUID:
    body = {"parent_id": str(under), "kind": "branch", "name": "Chi bộ doanh nghiệp", "valid_from": on, **more}
    answer = await signed_in(world.administrator).post("/v1/organisations", json=body)
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["id"])


async def test_published_new_organisations_are_reproduced_from_the_history_of_the_tree(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    published = FIGURES["new_organisations"][0]
    for number in range(published["founded"] - 1):
        await found_organisation(signed_in, world, world.commune, f"2023-{number + 1:02d}-15")
    # A committee and the branches it begins with are one new organisation.
    committee = await found_organisation(signed_in, world, world.commune, "2023-12-31", kind="committee")
    for _ in range(2):
        await found_organisation(signed_in, world, committee, "2023-12-31")
    # Of another year; a party group, which is none; what others became; and what a file brought.
    await found_organisation(signed_in, world, world.commune, "2024-01-01")
    await found_organisation(signed_in, world, world.branch_a, "2023-05-01", kind="group")
    heir = await found_organisation(signed_in, world, world.commune, "2023-06-01")
    async with database.session() as session:
        session.add(
            OrganisationSuccession(
                predecessor_id=world.branch_b,
                successor_id=heir,
                effective_on=date(2023, 6, 1),
                kind=SuccessionKind.divided,
            )
        )
        await session.execute(
            update(Organisation).where(Organisation.id == world.office).values(valid_from=date(2023, 7, 1))
        )
        await session.commit()
    officer = signed_in(world.officer)
    address = f"/v1/organisations/{world.commune}/founding-targets/2023"
    answer = await officer.put(address, json={"plan": published["plan"]})
    assert answer.status_code == 200, answer.text
    report = await asked(signed_in, world.officer, world.commune, "admissions", year=2023)
    total = report["total"]
    assert (total["founded_count"], total["founding_plan"]) == (published["founded"], published["plan"])
    assert total["founded_percent_of_plan"] == published["percent_of_plan"]
    assert row_of(report, committee)["founded_count"] == 1
    term = await asked(signed_in, world.officer, world.commune, "admissions", year=2023, to_year=2024)
    assert (term["total"]["founded_count"], term["total"]["founding_plan"]) == (13, None)


async def test_published_composition_is_reproduced_from_the_records(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    published = FIGURES["composition"][0]
    admitted = published["admitted"]

    def share(name: str) -> int:
        percent: float = published[f"{name}_percent"]
        return round(int(admitted) * percent / 100)

    async with database.session() as session:
        await make_standing(session, world.branch_b, admitted, on=date(2013, 5, 19))
        await give_traits(
            session,
            world.branch_b,
            masters=published["masters"],
            college=share("college_or_university"),
            upper=share("upper_secondary"),
            youth=share("youth"),
            women=share("women"),
            minority=share("ethnic_minority"),
            farmers=share("farmers"),
            enterprise=share("enterprise"),
        )
        await session.execute(text("ANALYZE standings"))  # what the tests take back leaves it thought empty, and long
        await session.commit()
    term = await asked(signed_in, world.officer, world.commune, "admissions", year=2011, to_year=2015, digits=1)
    line, made = row_of(term, world.branch_b), row_of(term, world.branch_b)["composition"]
    assert (line["admitted_count"], made["masters_count"]) == (admitted, published["masters"])
    assert (line["women_percent"], line["youth_percent"]) == (published["women_percent"], published["youth_percent"])
    traits = ("upper_secondary", "college_or_university", "masters", "ethnic_minority", "farmers", "enterprise")
    assert {name: made[f"{name}_percent"] for name in traits} == {name: published[f"{name}_percent"] for name in traits}
    assert (made["education_known_count"], made["ethnicity_known_count"]) == (admitted, admitted)


async def test_composition_says_what_is_known_and_nothing_of_small_groups(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        for branch, count in ((world.branch_a, 4), (world.branch_b, 6), (world.office, 9)):
            await make_standing(session, branch, count, on=date(2026, 3, 1))
        some = update(Member).where(Member.organisation_id == world.office, Member.full_name == "Đảng viên")
        await session.execute(some.values(is_ethnic_minority=False))
        await session.commit()
    report = await asked(signed_in, world.officer, world.commune, "admissions")
    made = {row["organisation_id"]: row["composition"] for row in report["rows"]}
    assert (made[str(world.branch_a)], made[str(world.branch_b)]) == (None, None)
    office = made[str(world.office)]
    assert (office["ethnicity_known_count"], office["ethnic_minority_percent"]) == (9, 0.0)
    assert (office["education_known_count"], office["upper_secondary_percent"]) == (0, None), "unknown is not none"


async def test_a_term_less_its_other_years_tells_of_no_small_group(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        for branch, year, count in (
            (world.branch_a, 2024, 8),
            (world.branch_a, 2025, 2),
            (world.branch_b, 2024, 7),
            (world.branch_b, 2025, 9),
            (world.office, 2024, 6),
            (world.office, 2025, 6),
        ):
            await make_standing(session, branch, count, on=date(year, 3, 1))
        await session.commit()

    async def shown(**period: int) -> dict[str, bool]:
        report = await asked(signed_in, world.officer, world.commune, "admissions", **period)
        lines = {"all": report["total"]} | {row["organisation_id"]: row for row in report["rows"]}
        names = {"all": "all", "a": str(world.branch_a), "b": str(world.branch_b), "office": str(world.office)}
        return {name: lines[key]["women_count"] is not None for name, key in names.items()}

    assert await shown(year=2024) == {"all": True, "a": True, "b": True, "office": True}
    # The two of A in 2025 would be the whole less B and the office, so the next smallest is withheld too.
    assert await shown(year=2025) == {"all": True, "a": False, "b": True, "office": False}
    assert await shown(year=2024, to_year=2025) == {"all": True, "a": False, "b": True, "office": False}


async def test_a_term_is_planned_beside_its_years(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        await make_standing(session, world.branch_b, 30, on=date(2025, 5, 19), name="first")
        await make_standing(session, world.branch_b, 12, on=date(2026, 2, 3), name="second")
        await session.commit()
    officer = signed_in(world.officer)
    address = f"/v1/organisations/{world.commune}/term-targets"
    for to_year, status in ((2025, 422), (2030, 422), (2029, 200)):
        answer = await officer.put(f"{address}/2025", json={"to_year": to_year, "plan": 160})
        assert answer.status_code == status, (to_year, answer.text)
    year = await asked(signed_in, world.officer, world.commune, "admissions", year=2026)
    assert (year["term_from_year"], year["term_to_year"]) == (2025, 2029)
    total = year["total"]
    assert (total["admitted_count"], total["plan"], total["percent_of_plan"]) == (12, None, None)
    assert (total["term_admitted_count"], total["term_plan"], total["percent_of_term_plan"]) == (42, 160, 26.25)
    assert row_of(year, world.branch_b)["term_plan"] is None, "each has a plan of its own"
    whole = (await asked(signed_in, world.officer, world.commune, "admissions", year=2025, to_year=2029))["total"]
    assert (whole["admitted_count"], whole["plan"], whole["percent_of_plan"]) == (42, 160, 26.25)
    for year_planned in range(2025, 2030):
        await planned(signed_in, world.officer, world.commune, year_planned, 30)
    whole = (await asked(signed_in, world.officer, world.commune, "admissions", year=2025, to_year=2029))["total"]
    assert (whole["plan"], whole["term_plan"], whole["pool_ratio"]) == (150, 160, 0.0)


async def test_visits_of_a_year_outlast_their_sessions_and_older_ones_are_said_to_be_incomplete(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, jobs: JobRunner
) -> None:
    async with database.session() as session:
        await make_standing(session, world.branch_b, 40, on=date(2020, 1, 1))
        await use_app(session, world.branch_b, day=date(2026, 3, 1), installed=30, active=20, active_days=4, renewals=5)
        await session.commit()
    period = {"from": "2026-03-01", "to": "2026-03-31"}
    before = await asked(signed_in, world.officer, world.commune, "adoption", **period)
    await purge_old_rows(jobs.office, 0)
    after = await asked(signed_in, world.officer, world.commune, "adoption", **period)
    assert (before["total"]["visit_count"], before["visits_are_complete"]) == (80, True)
    assert after == before, "the sessions ended in March, eight months ago"
    old = await asked(signed_in, world.officer, world.commune, "adoption", **{"from": "2025-11-01", "to": "2025-11-30"})
    assert old["visits_are_complete"] is False


async def test_two_months_of_days_may_touch_four_months_and_each_day_counts_in_its_own(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        await make_standing(session, world.branch_b, 40, on=date(2020, 1, 1))
        await use_app(
            session, world.branch_b, day=date(2026, 1, 31), installed=30, active=20, active_days=62, renewals=62
        )
        await session.commit()
    period = {"from": "2026-01-31", "to": "2026-04-02"}
    report = await asked(signed_in, world.officer, world.commune, "adoption", **period)
    assert (report["total"]["active_count"], report["total"]["visit_count"]) == (20, 20 * 62)
    assert [(one["month"], one["active_count"], one["visit_count"]) for one in report["months"]] == [
        ("2026-01-01", 20, 20),
        ("2026-02-01", 20, 20 * 28),
        ("2026-03-01", 20, 20 * 31),
        ("2026-04-01", 20, 20 * 2),
    ]


async def test_published_use_of_the_app_is_reproduced(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        await make_standing(session, world.branch_b, 5980, on=date(2020, 1, 1))
        await use_app(
            session, world.branch_b, day=date(2026, 11, 1), installed=5490, active=5413, active_days=4, renewals=5
        )
        await session.commit()
    report = await asked(signed_in, world.officer, world.commune, "adoption")
    line = row_of(report, world.branch_b)
    here = report["total"]
    assert (report["begins_on"], report["ends_on"]) == ("2026-11-01", "2026-11-22")
    assert line["active_count"] == 5413
    assert line["visit_count"] == 4 * 5413 > 20_000
    assert line["installed_percent"] > 90
    assert line["installed_percent"] == round(100 * line["installed_count"] / line["member_count"], 2)
    assert here["visit_count"] == sum(row["visit_count"] for row in report["rows"])
    assert report["months"] == [{"month": "2026-11-01", "active_count": 5413, "visit_count": 4 * 5413}]
    before = await asked(
        signed_in, world.officer, world.commune, "adoption", **{"from": "2026-09-01", "to": "2026-09-30"}
    )
    assert (before["total"]["active_count"], before["months"]) == (0, [])


async def test_use_of_the_app_is_of_the_members_of_the_last_day_where_they_were_then(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    used = """
        INSERT INTO refresh_tokens (token_hash, session_id, created_at)
        SELECT sha256(CAST(id::text AS bytea)), id, '2026-10-20' FROM sessions WHERE id = ANY(:ids)
    """
    people = (world.member, world.away, world.probationary, world.former)
    async with database.session() as session:
        await session.execute(text(used), {"ids": [person.session_id for person in people]})
        await session.commit()
    october = {"from": "2026-10-01", "to": "2026-10-31"}
    before = await asked(signed_in, world.officer, world.commune, "adoption", **october)
    assert (row_of(before, world.branch_a)["active_count"], row_of(before, world.branch_b)["active_count"]) == (3, 0)
    assert before["months"] == [{"month": "2026-10-01", "active_count": 3, "visit_count": 3}]

    await moved(signed_in(world.secretary), signed_in(world.sister_secretary), world.member, world.branch_b)
    async with database.session() as session:
        await add_standing(
            session, world.away.member_id, world.branch_a, StandingKind.deceased, starts_on=date(2026, 11, 10)
        )
        await session.commit()

    assert await asked(signed_in, world.officer, world.commune, "adoption", **october) == before
    report = await asked(signed_in, world.officer, world.commune, "adoption", **{"from": "2026-10-01"})
    assert all(row["active_count"] <= row["member_count"] for row in (report["total"], *report["rows"]))
    assert (row_of(report, world.branch_a)["active_count"], row_of(report, world.branch_b)["active_count"]) == (1, 1)


async def test_small_groups_are_not_broken_down_nor_found_by_subtraction(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        for branch, count in ((world.branch_a, 4), (world.branch_b, 6), (world.office, 9)):
            await make_standing(session, branch, count, on=date(2026, 3, 1), women=2)
        await session.commit()
    report = await asked(signed_in, world.officer, world.commune, "admissions")
    traits = {row["organisation_id"]: (row["women_count"], row["youth_percent"]) for row in report["rows"]}
    assert traits[str(world.branch_a)] == (None, None)
    assert traits[str(world.branch_b)] == (None, None), "or the four would be the rest"
    assert traits[str(world.office)] == (2, 100.0)
    assert report["total"]["women_count"] == 6
    below = await asked(signed_in, world.officer, world.branch_b, "admissions")
    assert below["total"]["women_count"] is None
    own = await asked(signed_in, world.sister_secretary, world.branch_b, "admissions")
    assert own["total"]["women_count"] == 2, "its secretary does not see the others"


async def test_transferred_member_was_admitted_once_and_pool_is_judged_by_the_plan(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        await make_standing(session, world.branch_b, 14, on=date(2026, 2, 1), kind="candidate")
        await session.execute(
            insert(Standing),
            [
                {
                    "id": uuid4(),
                    "member_id": world.probationary.member_id,
                    "organisation_id": branch,
                    "kind": StandingKind.probationary,
                    "starts_on": date(2026, month, 2),
                    "ends_on": date(2026, month, 20),
                }
                for branch, month in ((world.branch_a, 7), (world.branch_b, 8))
            ],
        )
        await session.execute(
            text("DELETE FROM standings WHERE member_id = :id AND starts_on < '2026-01-01'"),
            {"id": world.probationary.member_id},
        )
        await session.commit()
    await planned(signed_in, world.officer, world.commune, 2026, 10)
    await planned(signed_in, world.officer, world.commune, 2026, 9)
    total = (await asked(signed_in, world.officer, world.commune, "admissions"))["total"]
    assert (total["admitted_count"], total["candidate_count"], total["plan"]) == (1, 14, 9)
    assert (total["pool_ratio"], total["pool_is_enough"]) == (1.56, True)
    await planned(signed_in, world.officer, world.commune, 2026, 10)
    total = (await asked(signed_in, world.officer, world.commune, "admissions"))["total"]
    assert (total["pool_ratio"], total["pool_is_enough"]) == (1.4, False)


async def hold(
    database: RolledBackDatabase,
    world: World,
    branch: UUID,
    starts_at: datetime,
    *,
    roll: dict[Person, Attendance],
    minutes_after: timedelta | None = None,
    kind: MeetingKind = MeetingKind.regular,
    standing: RosterStanding = RosterStanding.official,
) -> None:
    """Write a meeting that was held, with its roll and when its minutes were out."""
    meeting = uuid4()
    ended_at = starts_at + timedelta(minutes=90)
    async with database.session() as session:
        await session.execute(
            insert(Meeting).values(
                id=meeting,
                organisation_id=branch,
                kind=kind,
                status=MeetingStatus.published if minutes_after else MeetingStatus.ended,
                title="Họp",
                starts_at=starts_at,
                time_zone=HANOI,
                created_by=world.secretary.member_id,
                created_at=starts_at,
                started_at=starts_at,
                ended_at=ended_at,
            )
        )
        for person, attendance in roll.items():
            entry = {"meeting_id": meeting, "member_id": person.member_id, "attendance": attendance}
            given = {"standing": standing, "is_exempt": False, "is_away": False}
            await session.execute(insert(RosterEntry).values(**entry, **given))
        if minutes_after:
            await session.execute(
                insert(Minutes).values(
                    meeting_id=meeting,
                    organisation_id=branch,
                    status=MinutesStatus.published,
                    sections=[],
                    composed_by=world.secretary.member_id,
                    composed_at=ended_at,
                    published_at=ended_at + minutes_after,
                )
            )
        await session.commit()


async def test_attendance_is_banded_by_branch_and_summed_above(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    present, late, exempt, absent = Attendance.present, Attendance.late, Attendance.exempt, Attendance.unexcused
    march = datetime(2026, 3, 4, 12, tzinfo=UTC)
    people = {world.secretary: present, world.minute_taker: late, world.member: absent, world.away: exempt}
    await hold(database, world, world.branch_a, march, roll=people)
    await hold(database, world, world.branch_b, march, roll={world.sister_member: present})
    # Neither committees nor guests, nor the year before, are in the figures.
    await hold(database, world, world.branch_b, march, roll={world.sister_member: absent}, kind=MeetingKind.committee)
    await hold(
        database, world, world.branch_b, march, roll={world.member: absent}, standing=RosterStanding.temporary_guest
    )
    await hold(database, world, world.branch_b, march - timedelta(days=100), roll={world.sister_member: absent})
    report = await asked(signed_in, world.officer, world.commune, "attendance")
    one, other, total = row_of(report, world.branch_a), row_of(report, world.branch_b), report["total"]
    assert (one["present_count"], one["expected_count"], one["rate_percent"], one["band"]) == (2, 3, 66.67, "fair")
    assert (other["present_count"], other["expected_count"], other["band"]) == (1, 1, "excellent")
    assert (total["rate_percent"], total["band"], total["excellent_count"], total["fair_count"]) == (75.0, "good", 1, 1)
    assert report["rule_set"] == "42-HD/BTCTW@2025-10-28"


async def test_a_roll_is_counted_once_when_it_is_closed(
    world: World, signed_in: SignedIn, database: RolledBackDatabase, clock: FakeClock
) -> None:
    meeting_id = await over(world, signed_in, clock)
    secretary = signed_in(world.secretary)
    period = {"from": "2026-11-01", "to": "2026-12-31"}

    async def counts() -> tuple[int, int]:
        total = (await asked(signed_in, world.officer, world.commune, "attendance", **period))["total"]
        return total["present_count"], total["expected_count"]

    async def stored() -> tuple[int | None, int | None]:
        async with database.session() as session:
            meeting = await session.get_one(Meeting, UUID(meeting_id))
            return meeting.present_count, meeting.expected_count

    still_open = await counts()
    assert (await stored(), still_open[0] > 0) == ((None, None), True)
    corrected = await put_roll(secretary, meeting_id, (world.away, "exempt"))
    assert corrected.status_code == 200, corrected.text
    judged = await counts()
    assert judged != still_open, "as long as the roll is open it is counted as it stands"
    await stepped(secretary, meeting_id, "approve")
    assert await stored() == judged == await counts()
    async with database.session() as session:
        await session.execute(text("DELETE FROM roster_entries"))
        await session.commit()
    assert await counts() == judged, "what is closed is not counted again"


async def test_meetings_are_due_each_complete_month_and_papers_are_judged_by_their_rules(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        await session.execute(
            update(Organisation).where(Organisation.id == world.branch_b).values(valid_from="2026-04-01")
        )
        await session.commit()
    march = datetime(2026, 3, 4, 12, tzinfo=UTC)
    roll = {world.secretary: Attendance.present}
    await hold(database, world, world.branch_a, march, roll=roll, minutes_after=timedelta(days=2))
    await hold(database, world, world.branch_a, march + timedelta(days=9), roll=roll, minutes_after=timedelta(days=3))
    await hold(database, world, world.branch_a, datetime(2026, 4, 4, 12, tzinfo=UTC), roll=roll)
    await hold(database, world, world.branch_a, datetime(2026, 11, 21, 12, tzinfo=UTC), roll=roll)
    query = {"from": "2026-02-15", "to": "2026-11-22"}
    report = await asked(signed_in, world.officer, world.commune, "meetings", **query)
    one, other = row_of(report, world.branch_a), row_of(report, world.branch_b)
    assert (one["due_count"], one["held_count"], one["held_percent"]) == (8, 2, 25.0)
    assert (other["due_count"], other["held_count"]) == (7, 0)
    assert (one["meeting_count"], one["minutes_due_count"], one["minutes_in_time_count"]) == (4, 3, 1)
    assert (one["papers_count"], one["papers_in_time_percent"]) == (0, None)


async def test_best_grade_has_a_cap_that_warns(world: World, signed_in: SignedIn) -> None:
    address = f"/v1/organisations/{world.branch_a}/ratings/2026"
    secretary = signed_in(world.secretary)

    async def rate(**grades: str) -> Json:
        items = [{"member_id": str(getattr(world, who).member_id), "grade": grade} for who, grade in grades.items()]
        answer = await secretary.put(address, json={"items": items})
        assert answer.status_code == 200, answer.text
        given: Json = answer.json()
        return given

    first = await rate(secretary="good", minute_taker="good", member="good", away="good", probationary="good")
    assert (first["good_count"], first["is_over_cap"]) == (5, False)
    second = await rate(phoneless="excellent")
    assert (second["excellent_count"], second["good_count"], second["is_over_cap"]) == (1, 5, False)
    third = await rate(member="excellent")
    assert (third["excellent_count"], third["is_over_cap"]) == (2, True)
    assert [item["grade"] for item in third["items"]].count("good") == 4
    report = await asked(signed_in, world.officer, world.commune, "rating", year=2026)
    line = row_of(report, world.branch_a)
    assert (line["rated_count"], line["excellent_count"], line["good_count"]) == (6, 2, 4)
    assert (line["excellent_percent_of_good"], line["is_over_cap"]) == (50.0, True)


async def test_only_members_of_the_branch_are_rated_there_and_once(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    address = f"/v1/organisations/{world.branch_a}/ratings/2026"
    good = {"member_id": str(world.member.member_id), "grade": "good"}
    elsewhere = {"member_id": str(world.sister_member.member_id), "grade": "good"}
    refused = await secretary.put(address, json={"items": [good, elsewhere]})
    assert (refused.status_code, refused.json()["code"]) == (422, "rated_elsewhere")
    assert refused.json()["errors"][0]["pointer"] == "/items/1/member_id"
    twice = await secretary.put(address, json={"items": [good, good]})
    assert twice.status_code == 422
    officer = signed_in(world.officer)
    committee = await officer.get(f"/v1/organisations/{world.commune}/ratings/2026")
    assert (committee.status_code, committee.json()["code"]) in {
        (409, "ratings_not_for_branch"),
        (403, "not_for_your_post"),
    }
    assert (await officer.get(address)).json()["good_count"] == 0


async def test_grade_goes_along_with_who_is_transferred_and_the_new_branch_may_give_another(
    world: World, signed_in: SignedIn
) -> None:
    old, new = signed_in(world.secretary), signed_in(world.sister_secretary)
    there, here = (f"/v1/organisations/{branch}/ratings/2026" for branch in (world.branch_a, world.branch_b))
    moving = str(world.member.member_id)

    async def rated(client: AsyncClient, address: str) -> dict[str, str | None]:
        answer = await client.get(address)
        assert answer.status_code == 200, answer.text
        return {item["member_id"]: item["grade"] for item in answer.json()["items"]}

    async def counted(branch: UUID) -> int:
        report = await asked(signed_in, world.officer, world.commune, "rating", year=2026)
        count: int = row_of(report, branch)["rated_count"]
        return count

    assert (await old.put(there, json={"items": [{"member_id": moving, "grade": "good"}]})).status_code == 200
    assert moving not in await rated(new, here)
    await moved(old, new, world.member, world.branch_b)
    assert (await rated(new, here))[moving] == "good"
    assert moving not in await rated(old, there)
    assert (await counted(world.branch_a), await counted(world.branch_b)) == (1, 0)

    answer = await new.put(here, json={"items": [{"member_id": moving, "grade": "excellent"}]})

    assert answer.status_code == 200, answer.text
    assert (await rated(new, here))[moving] == "excellent"
    assert (await counted(world.branch_a), await counted(world.branch_b)) == (0, 1)
    refused = await old.put(there, json={"items": [{"member_id": moving, "grade": "good"}]})
    assert (refused.status_code, refused.json()["code"]) == (422, "rated_elsewhere")
    assert (await old.get(here)).status_code in {403, 404}


async def test_members_away_are_counted_with_those_out_of_touch(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    line = row_of(await asked(signed_in, world.officer, world.commune, "away"), world.branch_a)
    assert (line["away_count"], line["abroad_count"]) == (1, 1)
    assert line["out_of_touch_count"] == 0
    async with database.session() as session:
        await session.execute(text("UPDATE sessions SET last_used_at = last_used_at - interval '40 days'"))
        await session.commit()
    line = row_of(await asked(signed_in, world.officer, world.commune, "away"), world.branch_a)
    assert line["out_of_touch_count"] == 1


@pytest.mark.parametrize(
    ("report", "query"),
    [
        ("adoption", {"from": "2026-01-01", "to": "2026-11-01"}),
        ("attendance", {"from": "2026-02-01", "to": "2026-01-01"}),
        ("meetings", {"from": "2024-01-01", "to": "2026-01-01"}),
        ("admissions", {"year": 2020, "to_year": 2025}),
        ("admissions", {"year": 2020, "to_year": 2019}),
    ],
)
async def test_period_that_is_too_long_or_ends_before_it_begins_is_refused(
    report: str, query: dict[str, Any], world: World, signed_in: SignedIn
) -> None:
    answer = await signed_in(world.secretary).get(f"/v1/organisations/{world.branch_a}/reports/{report}", params=query)
    assert (answer.status_code, answer.json()["code"]) == (422, "report_period_invalid")


async def test_what_was_merged_counts_in_the_successors_own_report_as_in_the_one_above(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    """Four of the one and six of the other: neither's traits follow from the difference."""
    async with database.session() as session:
        make = Maker(session)
        for branch, count in ((world.branch_a, 3), (world.branch_b, 6)):  # beside the world's own one in A
            for n in range(count):
                await make.person(f"Nguyễn Văn {n}", branch, standing=StandingKind.probationary, has_phone=False)
        admitted = update(Standing).where(Standing.kind == StandingKind.probationary)
        await session.execute(admitted.values(starts_on=date(2026, 3, 1)))
        await session.commit()
    await done(signed_in(world.administrator), world.branch_a, "merge", into_id=world.branch_b)
    officer = signed_in(world.officer)
    above = (await officer.get(f"/v1/organisations/{world.commune}/reports/admissions?year=2026")).json()
    own = (await officer.get(f"/v1/organisations/{world.branch_b}/reports/admissions?year=2026")).json()
    assert str(world.branch_a) not in {row["organisation_id"] for row in above["rows"]}
    assert [row["organisation_id"] for row in own["rows"]] == [str(world.branch_a)]
    assert row_of(above, world.branch_b)["admitted_count"] == own["total"]["admitted_count"] == 10
    assert own["total"]["women_count"] is not None
    assert own["rows"][0]["women_count"] is None
