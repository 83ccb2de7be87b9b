"""Whom to ask when a member cannot be reached: written down openly, shown on purpose, forgotten for good."""

from datetime import UTC, date, datetime

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from app.kernel.push import TokenDead
from app.members.models import StandingKind
from tests.conftest import RolledBackDatabase
from tests.factories.care import CONTACT, members_away, my_care, unreached, went_away
from tests.factories.clock import FakeClock
from tests.factories.meetings import SignedIn, announced, put_meeting, said, took
from tests.factories.members import add_standing
from tests.factories.world import World
from tests.worker import JobRunner


async def facts(database: RolledBackDatabase) -> list[tuple[str, object]]:
    async with database.session() as session:
        rows = await session.execute(text("SELECT code, data FROM events WHERE code LIKE 'care.%' ORDER BY code"))
        return [(row.code, row.data) for row in rows]


async def test_number_is_masked_in_lists_and_whoever_reveals_it_is_named_to_the_member(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    secretary, minute_taker, away = (signed_in(one) for one in (world.secretary, world.minute_taker, world.away))
    url = f"/v1/members/{world.away.member_id}/proxy-contact"
    missing = await away.get(url)
    assert (missing.status_code, missing.json()["code"]) == (404, "proxy_contact_not_found")
    for _ in range(2):  # the same again changes nothing
        answer = await secretary.put(url, json=CONTACT)
        assert answer.status_code == 200, answer.text
    written = answer.json()
    assert written == {
        **CONTACT,
        "phone": "+84912345789",
        "member_id": str(world.away.member_id),
        "entered_by": str(world.secretary.member_id),
        "entered_at": "2026-11-22T01:00:00Z",
    }
    [seen] = await members_away(secretary, world.branch_a)
    assert seen["proxy_contact"] == {**CONTACT, "phone": "+84*****789"}
    assert seen == await my_care(away)

    assert (await away.get(url)).json() == written
    for _ in range(2):
        assert (await minute_taker.get(url)).json() == written
    views = (await away.get("/v1/me/record-views")).json()["items"]
    assert [(view["viewer"]["full_name"], view["what"], view["post_kind"]) for view in views] == [
        (world.minute_taker.full_name, "proxy_contact", "minute_taker")
    ]
    # The member may write it anew, without a number, and forget it.
    mine = {"full_name": "Phạm Thị Hòa", "relation": "Mẹ"}
    assert (await away.put(url, json=mine)).json()["phone"] is None
    [seen] = await members_away(secretary, world.branch_a)
    assert seen["proxy_contact"] == {**mine, "phone": None, "note": None}
    assert (await away.delete(url)).status_code == 204
    again = await secretary.delete(url)
    assert (again.status_code, again.json()["code"]) == (404, "proxy_contact_not_found")
    assert (await my_care(away))["proxy_contact"] is None
    assert await facts(database) == [  # and nothing of it is in the log
        ("care.proxy_contact_named", {}),
        ("care.proxy_contact_named", {}),
        ("care.proxy_contact_removed", {}),
    ]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("phone", "12", "phone_unreadable"),
        ("full_name", "123", "name_unreadable"),
        ("relation", "", "string_too_short"),
    ],
)
async def test_what_is_no_name_or_number_is_refused(
    field: str, value: str, code: str, world: World, signed_in: SignedIn
) -> None:
    url = f"/v1/members/{world.away.member_id}/proxy-contact"
    refused = await signed_in(world.secretary).put(url, json={**CONTACT, field: value})
    assert refused.status_code == 422
    assert [(one["pointer"], one["code"]) for one in refused.json()["errors"]] == [(f"/{field}", code)]


async def test_who_could_not_be_reached_is_listed_with_whom_to_ask_instead(
    world: World, signed_in: SignedIn, jobs: JobRunner, database: RolledBackDatabase
) -> None:
    secretary = signed_in(world.secretary)
    assert await unreached(secretary, world.branch_a) == {"meeting": None, "members": []}
    await went_away(database, world.phoneless, starts_on=date(2026, 11, 22))
    async with database.session() as session:
        await add_standing(session, world.sister_member.member_id, world.branch_a, StandingKind.temporary_guest)
        await session.commit()
    for person, caller in ((world.phoneless, secretary), (world.sister_member, signed_in(world.sister_secretary))):
        url = f"/v1/members/{person.member_id}/proxy-contact"
        assert (await caller.put(url, json=CONTACT)).is_success
    for person in (world.member, world.probationary, world.sister_member):
        jobs.sender.answers[person.push_token] = TokenDead("UNREGISTERED: gone")
    await announced(secretary, world.branch_a, kind="committee")
    meeting_id = await announced(secretary, world.branch_a)
    await jobs.run()
    assert (await said(signed_in(world.probationary), meeting_id, "attending")).status_code == 200

    found = await unreached(signed_in(world.minute_taker), world.branch_a)
    assert found["meeting"]["meeting_id"] == meeting_id
    by_name = {one["member"]["full_name"]: one for one in found["members"]}
    assert set(by_name) == {world.member.full_name, world.phoneless.full_name, world.sister_member.full_name}
    phoneless, member = by_name[world.phoneless.full_name], by_name[world.member.full_name]
    assert (phoneless["state"], phoneless["is_away"], phoneless["place"]) == ("no_device", True, "Bình Dương")
    assert phoneless["reason"] == "Chưa có điện thoại nhận được thông báo"
    assert phoneless["proxy_contact"] == {**CONTACT, "phone": "+84*****789"}
    assert (member["state"], member["is_away"], member["place"], member["proxy_contact"]) == (
        "failed",
        False,
        None,
        None,
    )
    # A guest's proxy contact is known to the branch they are at home in.
    assert by_name[world.sister_member.full_name]["proxy_contact"] is None


async def test_whom_to_ring_up_is_asked_of_the_meeting_to_come_that_word_went_out_of_last(
    world: World, signed_in: SignedIn, jobs: JobRunner, clock: FakeClock
) -> None:
    def secretary() -> AsyncClient:
        return signed_in(world.secretary)  # a token lasts for minutes

    async def asked_of() -> str | None:
        found = (await unreached(secretary(), world.branch_a))["meeting"]
        return found and str(found["meeting_id"])

    later = await announced(secretary(), world.branch_a, starts_at="2026-12-18T12:30:00Z", ends_at=...)
    await jobs.run()
    clock.advance(days=1)
    sooner = await announced(secretary(), world.branch_a)
    assert await asked_of() == sooner  # before the worker has told anybody
    await jobs.run()
    assert await asked_of() == sooner
    clock.advance(days=1)
    await took(secretary(), later, "postpone", {"starts_at": "2026-12-19T12:30:00Z", "reason": "Bão số 9"})
    await jobs.run()
    assert await asked_of() == later
    clock.advance(days=1)
    assert (await put_meeting(secretary(), sooner, place="Nhà ông Cường")).status_code == 200
    await jobs.run()
    assert await asked_of() == sooner
    # Neither was begun, and both are still called.
    clock.set(datetime(2026, 12, 4, 12, 30, tzinfo=UTC))
    assert await asked_of() == later
    clock.set(datetime(2026, 12, 19, 12, 30, tzinfo=UTC))
    assert await asked_of() is None
