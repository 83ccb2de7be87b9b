"""An organisation's log: who reads what of it, in which words."""

from datetime import UTC, datetime

from app.activity.wording import FACTS
from app.kernel.security import PostKind
from tests.admissions.test_admitting import entered as entered_candidate
from tests.conftest import RolledBackDatabase
from tests.factories.activity import ENTRY, entered
from tests.factories.announcements import ANNOUNCEMENT, publish
from tests.factories.announcements import drafted as draft_announcement
from tests.factories.clock import FakeClock
from tests.factories.meetings import MEETING, Json, SignedIn, announced, drafted, said
from tests.factories.members import give_post
from tests.factories.reorganisations import done
from tests.factories.world import Person, World
from tests.factories.year import RESOLUTION, live_december
from tests.privacy.test_correcting import ask
from tests.test_notices import concrete

SILENT = {
    # Parts of a reorganisation, whose own fact has words.
    "announcements.handed_over",
    "documents.handed_over",
    "meetings.handed_over",
    "meetings.lapsed",
    "meetings.tasks_handed_over",
    "polls.handed_over",
    "reorganisations.organisation_reorganised",
    # Plans are nobody's news before their day.
    "reorganisations.planned",
    "reorganisations.withdrawn",
    "reorganisations.failed",
    "resolutions.comments_handed_over",
    "resolutions.handed_over",
    "kernel.details_erased",
    "members.record_viewed",
    "members.roster_viewed",
    "privacy.consent_given",
    "privacy.consent_withdrawn",
    "privacy.data_exported",
    "documents.bookmarked",
    "documents.unbookmarked",
    "meetings.calendar_ended",
    "meetings.calendar_made",
    "identity.activation_code_issued",
    "identity.account_activated",
    "identity.signed_in",
    "identity.signed_out",
    "identity.password_changed",
    "identity.refresh_token_reused",
    "identity.signed_in_on_new_device",
    "identity.second_factor_confirmed",
    "identity.second_factor_removed",
    "identity.second_factor_overridden",
    "identity.recovery_codes_renewed",
    "identity.identity_linked",
    "identity.identity_unlinked",
    "notifications.read",
    "notifications.preferences_changed",
    "notifications.deliveries_requeued",
    "meetings.reminder_due",
    "meetings.minutes_approved",
    "meetings.published",
    "minutes.meeting_missed",
    "minutes.due",
    "transfers.reminder_due",
    "admissions.review_due",
    "announcements.opened",
    "announcements.acknowledged",
    "resolutions.comment_supported",
    "resolutions.comment_support_ended",
    "resolutions.comment_answer_reworded",
}
"""What people did for themselves, what the server did, and what is said by another fact already."""


async def log(
    signed_in: SignedIn, person: Person, world: World, query: str = "limit=100", **headers: str
) -> list[Json]:
    answer = await signed_in(person).get(f"/v1/organisations/{world.branch_a}/activity?{query}", headers=headers)
    assert answer.status_code == 200, answer.text
    items: list[Json] = answer.json()["items"]
    return items


async def test_organisers_read_what_happened_in_words_and_who_did_it(world: World, signed_in: SignedIn) -> None:
    meeting = await announced(signed_in(world.secretary), world.branch_a)
    await said(signed_in(world.member), meeting, "absent", "Đi công tác")
    entry = await entered(signed_in(world.member))
    for who in (world.secretary, world.minute_taker):
        shown = await log(signed_in, who, world)
        assert {(item["type"], item["summary"], item["actor_name"]) for item in shown} == {
            ("meetings.scheduled", f"Soạn lịch họp: {MEETING['title']}", world.secretary.full_name),
            ("meetings.announced", f"Triệu tập: {MEETING['title']}", world.secretary.full_name),
            ("meetings.replied", f"Trả lời lịch họp: {MEETING['title']}", world.member.full_name),
            ("activity.entry_submitted", "Ghi hoạt động", world.member.full_name),
        }
        subjects = {item["subject"]["type"]: item["subject"]["id"] for item in shown}
        assert subjects == {"meeting": meeting, "activity_entry": entry}
        assert {item["organisation_id"] for item in shown} == {str(world.branch_a)}
        assert "công tác" not in str(shown)  # a reason is no part of the log
        assert ENTRY["title"] not in str(shown)  # an entry is for its author and the leaders
    english = await log(signed_in, world.secretary, world, **{"Accept-Language": "en"})
    assert f"Meeting called: {MEETING['title']}" in {item["summary"] for item in english}


async def test_minute_taker_does_not_read_of_what_only_the_keepers_of_records_know(
    world: World, signed_in: SignedIn, database: RolledBackDatabase
) -> None:
    secretary, kept = signed_in(world.secretary), {"admissions.candidate_entered", "privacy.correction_requested"}
    await entered_candidate(secretary, world)
    await ask(signed_in(world.member))
    await announced(secretary, world.branch_a)
    others = {"meetings.scheduled", "meetings.announced"}

    async def read(person: Person) -> set[str]:
        return {item["type"] for item in await log(signed_in, person, world)}

    for who in (world.secretary, world.auditor):
        assert await read(who) == kept | others, who.full_name
    assert await read(world.minute_taker) == others

    # Who goes on with what a branch left reads of it by the same rule.
    await done(signed_in(world.administrator), world.branch_a, "merge", into_id=world.branch_b)
    await give_post(database, world.stranger, PostKind.minute_taker, world.branch_b)
    assert kept <= await read(world.sister_secretary)
    assert (await read(world.stranger)) & kept == set()


async def test_what_is_planned_for_a_branch_is_in_no_log_but_the_auditors(world: World, signed_in: SignedIn) -> None:
    await done(
        signed_in(world.administrator), world.branch_a, "merge", into_id=world.branch_b, effective_on="2027-01-01"
    )
    assert [item["type"] for item in await log(signed_in, world.auditor, world)] == ["reorganisations.planned"]
    for who in (world.secretary, world.minute_taker, world.officer):
        assert await log(signed_in, who, world) == [], who.full_name


async def test_officers_above_read_what_is_public_and_no_name(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    await live_december(world, signed_in, clock)
    shown = await log(signed_in, world.officer, world)
    assert {item["type"] for item in shown} == {
        "meetings.announced",
        "meetings.started",
        "meetings.ended",
        "polls.closed",
    }
    assert {(item["actor_member_id"], item["actor_name"]) for item in shown} == {(None, None)}
    assert not any(RESOLUTION in item["summary"] for item in shown)


async def test_auditors_read_every_fact_and_nothing_of_its_content(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    await live_december(world, signed_in, clock)
    await signed_in(world.member).put("/v1/me/notification-preferences", json={"items": []})
    shown = await log(signed_in, world.auditor, world)
    organiser = {item["type"] for item in await log(signed_in, world.secretary, world)}
    assert {item["type"] for item in shown} - organiser == {"notifications.preferences_changed"}
    assert {item["actor_name"] for item in shown} == {None}
    assert str(world.member.member_id) in {item["actor_member_id"] for item in shown}
    for content in (MEETING["title"], ENTRY["title"], RESOLUTION, world.member.full_name):
        assert content not in str(shown)
    said_of = {item["type"]: item["summary"] for item in shown}
    assert said_of["meetings.announced"] == "Triệu tập"
    assert said_of["notifications.preferences_changed"] == "notifications.preferences_changed"  # no words: its code


async def test_title_of_an_announcement_stands_in_the_log_while_it_is_published(
    world: World, signed_in: SignedIn
) -> None:
    secretary = signed_in(world.secretary)
    announcement = await draft_announcement(secretary, world.branch_a)
    assert [item["summary"] for item in await log(signed_in, world.minute_taker, world)] == ["Soạn thông báo"]
    await publish(secretary, announcement)
    [shown] = await log(signed_in, world.officer, world)
    assert shown["summary"] == f"Đăng thông báo: {ANNOUNCEMENT['title']}"


async def test_log_is_not_for_members_administrators_and_other_branches(world: World, signed_in: SignedIn) -> None:
    got = {}
    for role in ("member", "administrator", "sister_secretary", "stranger"):
        answer = await signed_in(getattr(world, role)).get(f"/v1/organisations/{world.branch_a}/activity")
        got[role] = (answer.status_code, answer.json()["code"])
    assert got == {
        "member": (403, "not_for_your_post"),
        "administrator": (403, "not_for_your_post"),
        "sister_secretary": (404, "organisation_not_found"),
        "stranger": (404, "organisation_not_found"),
    }


async def test_log_is_paged_newest_first_and_draft_titles_go_with_the_draft(
    world: World, signed_in: SignedIn, clock: FakeClock
) -> None:
    for hour in range(3):
        clock.set(datetime(2026, 11, 23, hour, tzinfo=UTC))
        draft = await drafted(signed_in(world.secretary), world.branch_a, title=f"Họp {hour}")
    secretary = signed_in(world.secretary)
    first = (await secretary.get(f"/v1/organisations/{world.branch_a}/activity?limit=2")).json()
    rest = await log(signed_in, world.secretary, world, f"cursor={first['next_cursor']}")
    assert [item["summary"] for item in first["items"] + rest] == [f"Soạn lịch họp: Họp {hour}" for hour in (2, 1, 0)]
    clock.advance(hours=1)
    await signed_in(world.secretary).delete(f"/v1/meetings/{draft}", headers={"If-Match": '"1-0"'})
    newest, before, *_ = await log(signed_in, world.secretary, world)
    assert (newest["summary"], before["summary"]) == ("Bỏ bản nháp lịch họp", "Soạn lịch họp")


def test_every_fact_has_words_or_is_kept_silent_on_purpose() -> None:
    codes = {event.code for event in concrete()}
    assert set(FACTS) & SILENT == set()
    assert sorted(codes - set(FACTS) - SILENT) == []
    assert set(FACTS) - codes == set()
    assert all(fact.words.vi != fact.words.en for fact in FACTS.values())
