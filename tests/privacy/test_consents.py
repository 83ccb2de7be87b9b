"""Consents: to dated texts, withdrawn at any time; nothing but pushes hangs on them."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import text

from app.kernel.i18n import Locale
from app.privacy.consents.schemas import ConsentGive
from app.privacy.consents.service import give_consent
from app.privacy.errors import ConsentTextReplaced
from app.privacy.texts import CONSENT_TEXTS, consent_text_in_force
from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.meetings import SignedIn, announced, awake_phones_of, inbox
from tests.factories.world import World
from tests.privacy.acting import actor_of
from tests.worker import JobRunner

VERSION = CONSENT_TEXTS[-1].version
URL = "/v1/me/consents"


async def test_a_member_reads_the_text_agrees_once_and_takes_it_back(
    world: World, signed_in: SignedIn, clock: FakeClock, database: RolledBackDatabase
) -> None:
    member = signed_in(world.member)
    fresh = (await member.get(URL, headers={"Accept-Language": "en"})).json()
    assert (fresh["current"]["version"], fresh["accepted_at"], fresh["history"]) == (VERSION, None, [])
    assert fresh["current"]["title"] == "Notices by way of others"
    refused = await member.post(f"{URL}/withdraw")
    assert (refused.status_code, refused.json()["code"]) == (409, "consent_not_given")

    for _ in range(2):  # again changes nothing
        given = await member.post(URL, json={"version": VERSION})
        assert (given.status_code, given.json()["accepted_at"]) == (201, "2026-11-22T01:00:00Z")
    clock.advance(minutes=5)
    withdrawn = (await signed_in(world.member).post(f"{URL}/withdraw")).json()
    assert withdrawn["accepted_at"] is None
    assert withdrawn["history"] == [
        {"version": VERSION, "accepted_at": "2026-11-22T01:00:00Z", "withdrawn_at": "2026-11-22T01:05:00Z"}
    ]
    again = (await signed_in(world.member).post(URL, json={"version": VERSION})).json()
    assert (again["accepted_at"], len(again["history"])) == ("2026-11-22T01:05:00Z", 2)
    async with database.session() as session:
        facts = await session.scalars(text("SELECT code FROM events WHERE code LIKE 'privacy.%' ORDER BY id"))
        assert sorted(facts) == ["privacy.consent_given", "privacy.consent_given", "privacy.consent_withdrawn"]


async def test_who_withdraws_gets_no_push_any_more_and_finds_everything_in_the_inbox(
    world: World, signed_in: SignedIn, jobs: JobRunner
) -> None:
    member = signed_in(world.member)
    assert (await member.post(URL, json={"version": VERSION})).status_code == 201
    assert (await member.post(f"{URL}/withdraw")).status_code == 200
    await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    pushed = jobs.sender.tokens("meeting_announced")
    assert world.minute_taker.push_token in pushed  # who never said anything is pushed to: they registered their phone
    assert world.member.push_token not in pushed
    assert [item["type"] for item in (await member.get("/v1/me/notifications")).json()["items"]] == [
        "meeting_announced"
    ]


async def test_who_withdraws_in_the_night_is_not_pushed_what_waited_for_the_morning(
    world: World, signed_in: SignedIn, clock: FakeClock, jobs: JobRunner
) -> None:
    away = signed_in(world.away)
    assert (await away.post(URL, json={"version": VERSION})).status_code == 201
    await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    assert (await away.post(f"{URL}/withdraw")).status_code == 200
    clock.advance(hours=6)  # 08:00 in Berlin
    await jobs.run()
    assert set(jobs.sender.tokens("meeting_announced")) == awake_phones_of(world)
    assert [item["type"] for item in await inbox(signed_in(world.away))] == ["meeting_announced"]


async def test_a_text_that_is_none_or_is_replaced_cannot_be_agreed_to(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    unknown = await signed_in(world.member).post(URL, json={"version": "1999-01-01"})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "consent_text_unknown")
    older = replace(CONSENT_TEXTS[0], version="2026-01-01", effective_on=date(2026, 1, 1))
    newer = replace(CONSENT_TEXTS[0], version="2026-11-22", effective_on=date(2026, 11, 22))
    async with database.session() as session:
        with pytest.raises(ConsentTextReplaced):
            await give_consent(
                session,
                actor_of(world.member),
                ConsentGive(version=older.version),
                locale=Locale.vi,
                among=(older, newer),
            )


def test_of_several_texts_the_latest_that_has_begun_is_in_force() -> None:
    first = CONSENT_TEXTS[0]
    newer = replace(first, version="2027-01-01", effective_on=date(2027, 1, 1))
    found = [consent_text_in_force(day, among=(first, newer)) for day in (date(2020, 1, 1), date(2026, 12, 31))]
    assert found == [first, first]
    assert consent_text_in_force(date(2027, 1, 1), among=(first, newer)) is newer


def test_texts_stand_in_the_order_of_their_days_and_have_versions_of_their_own() -> None:
    days = [text.effective_on for text in CONSENT_TEXTS]
    assert days == sorted(days)
    assert len({text.version for text in CONSENT_TEXTS}) == len(CONSENT_TEXTS)
    assert all(len(text.version) <= 20 for text in CONSENT_TEXTS)
