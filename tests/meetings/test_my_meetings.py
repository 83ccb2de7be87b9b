from datetime import UTC, datetime

from httpx import AsyncClient

from app.kernel.security import PostKind
from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.meetings import SignedIn, announced, drafted, said, took
from tests.factories.world import Maker, World


async def _titles(client: AsyncClient, query: str = "") -> list[str]:
    answer = await client.get(f"/v1/me/meetings{query}")
    assert answer.status_code == 200, answer.text
    return [item["title"] for item in answer.json()["items"]]


async def test_my_meetings_come_by_their_start_and_drafts_do_not(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    for title, starts_at in (
        ("tháng 1", "2027-01-04T12:30:00Z"),
        ("tháng 12", "2026-12-04T12:30:00Z"),
        ("chuyên đề", "2026-12-20T12:30:00Z"),
    ):
        await announced(secretary, world.branch_a, title=title, starts_at=starts_at, ends_at=...)
    await drafted(secretary, world.branch_a, title="nháp")
    cancelled = await announced(secretary, world.branch_a, title="hủy", starts_at="2026-12-05T12:30:00Z", ends_at=...)
    await took(secretary, cancelled, "cancel", {"reason": "Mưa bão"})
    assert await _titles(signed_in(world.member)) == ["tháng 12", "hủy", "chuyên đề", "tháng 1"]


async def test_bounds_are_days_of_my_own_zone_or_instants(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    # 00:30 on 5 December in Hà Nội is 18:30 on the 4th in Berlin.
    for title, starts_at in (("sớm", "2026-12-04T16:59:59Z"), ("khuya", "2026-12-04T17:30:00Z")):
        await announced(secretary, world.branch_a, title=title, starts_at=starts_at, ends_at=...)
    here, berlin = signed_in(world.member), signed_in(world.away)
    for query, in_hanoi, in_berlin in (
        ("?from=2026-12-05", ["khuya"], []),
        ("?from=2026-12-04&to=2026-12-05", ["sớm"], ["sớm", "khuya"]),
        ("?to=2026-12-04", [], []),
        ("?from=2026-12-04T17:30:00Z", ["khuya"], ["khuya"]),
        ("?from=2026-12-04&to=2026-12-04T17:30:00Z", ["sớm"], ["sớm"]),
        ("?from=2026-12-05T00:30:00%2B07:00&to=2026-12-05T00:30:01%2B07:00", ["khuya"], ["khuya"]),
        ("?from=2026-12-05T00:30:00&to=2026-12-06", ["khuya"], []),
        ("?from=2026-12-06&to=2026-12-04", [], []),
        ("?from=1900-01-02&to=2199-12-30", ["sớm", "khuya"], ["sớm", "khuya"]),
    ):
        assert await _titles(here, query) == in_hanoi, query
        assert await _titles(berlin, query) == in_berlin, query


async def test_bounds_that_are_no_times_are_refused(world: World, signed_in: SignedIn) -> None:
    member = signed_in(world.member)
    for value in ("tomorrow", "0001-01-01", "9999-12-31T23:59:59-07:00", "2026-13-01", "1", "%00", "2026-12-04T25:00"):
        refused = await member.get(f"/v1/me/meetings?from={value}")
        assert (refused.status_code, refused.json()["code"]) == (422, "fields_not_valid"), value
        assert refused.json()["errors"][0]["pointer"] == "query/from"


async def test_today_begins_at_midnight_where_i_am(world: World, signed_in: SignedIn, clock: FakeClock) -> None:
    await announced(
        signed_in(world.secretary), world.branch_a, title="trưa", starts_at="2026-12-04T12:30:00Z", ends_at=...
    )
    clock.set(datetime(2026, 12, 4, 16, 59, tzinfo=UTC))  # 23:59 in Hà Nội: over, but still today's
    assert await _titles(signed_in(world.member)) == ["trưa"]
    clock.set(datetime(2026, 12, 4, 17, 0, tzinfo=UTC))  # 18:00 on the 4th in Berlin
    assert await _titles(signed_in(world.member)) == []
    assert await _titles(signed_in(world.away)) == ["trưa"]
    clock.set(datetime(2026, 12, 4, 23, 0, tzinfo=UTC))
    assert await _titles(signed_in(world.away)) == []


async def test_committee_meetings_are_the_committees(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        posts = ((PostKind.committee_member, world.branch_a),)
        seat = await Maker(session).person("Cao Văn Sơn", world.branch_a, posts=posts)
        await session.commit()
    await announced(signed_in(world.secretary), world.branch_a, title="chi ủy", kind="committee")
    assert await _titles(signed_in(world.secretary)) == ["chi ủy"]
    assert await _titles(signed_in(seat)) == ["chi ủy"]
    for person in (world.member, world.minute_taker, world.away):
        assert await _titles(signed_in(person)) == []


async def test_list_is_not_sent_twice_until_something_changed(world: World, signed_in: SignedIn) -> None:
    secretary, member = signed_in(world.secretary), signed_in(world.member)
    meeting_id = await announced(secretary, world.branch_a)
    tag = (await member.get("/v1/me/meetings")).headers["ETag"]

    async def status(client: AsyncClient = member) -> int:
        answer = await client.get("/v1/me/meetings", headers={"If-None-Match": tag})
        return int(answer.status_code)

    assert await status(signed_in(world.member)) == 304  # another token, the same viewer
    assert await status(signed_in(world.away)) == 200
    await said(signed_in(world.away), meeting_id, "attending")
    assert await status() == 304  # what others answered is not mine to see
    await said(member, meeting_id, "attending")
    assert await status() == 200


async def test_pages_hang_together(world: World, signed_in: SignedIn) -> None:
    secretary = signed_in(world.secretary)
    for day in (4, 4, 5, 6, 7):  # two at the same instant
        starts_at = f"2026-12-0{day}T12:30:00Z"
        await announced(secretary, world.branch_a, title=f"ngày {day}", starts_at=starts_at, ends_at=...)
    for first in ("/v1/me/meetings?limit=2&to=2026-12-08", f"/v1/organisations/{world.branch_a}/meetings?limit=2"):
        url, seen, pages = first, [], 0
        while url:
            page = await signed_in(world.member).get(url)
            assert page.status_code == 200, page.text
            seen += [(item["starts_at"], item["id"]) for item in page.json()["items"]]
            pages += 1
            link = page.headers.get("Link", "")
            assert not link or link.endswith('; rel="next"')
            url = link.partition(">")[0].removeprefix("<")
        assert (pages, len(seen), len(set(seen))) == (3, 5, 5)
        assert seen == sorted(seen)
    bad = await secretary.get("/v1/me/meetings?cursor=AAAA")
    assert (bad.status_code, bad.json()["code"]) == (400, "cursor_invalid")
    assert (await secretary.get("/v1/me/meetings?limit=101")).status_code == 422
