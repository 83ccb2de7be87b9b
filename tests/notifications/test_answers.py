"""The table: each answer of FCM × {token, message, lane} → outcome, next try, and what the secretary sees."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.kernel.db import transaction
from app.kernel.push import Platform
from app.notifications.lanes.circuit import LaneState
from app.notifications.lanes.queries import find_lanes
from app.notifications.sender import FcmSender
from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.deliveries import find_deliveries, use_sender
from tests.factories.meetings import SignedIn, announced
from tests.factories.world import World
from tests.fcm import LoopbackFcm, answers
from tests.fcm.answers import Answer
from tests.worker import JobRunner

TEN = timedelta(seconds=10)
UNHEARD = 2 * TEN
MINUTE = timedelta(minutes=1)
IN_ORDER, BUSY, FAILING, OPEN = "in order", "busy", "failing", "open"


@dataclass(frozen=True, slots=True)
class Case:
    """What FCM answers, and what must become of the token, the message, the lane, and the secretary's page."""

    answer: Answer
    token: str
    message: str | None
    lane: str
    next_try: timedelta | None
    state: str
    why: str | None


def owed(answer: Answer, lane: str, next_try: timedelta, why: str) -> Case:
    """The token is kept and the message owed, and the secretary sees that it waits."""
    return Case(answer, "kept", None, lane, next_try, "waiting", why)


REMOVED = "Ứng dụng đã bị gỡ khỏi máy, hoặc cài lại mà chưa mở"
FOREIGN = "Máy cài bản ứng dụng của hệ thống khác; cần cài lại đúng bản"
UNKNOWN = "Google không nhận địa chỉ của máy này; cần mở lại ứng dụng"
BAD = "Google không nhận nội dung thông báo; quản trị viên cần xem lại"
SLOW = "Google yêu cầu gửi chậm lại; sẽ gửi tiếp"
DOWN = "Dịch vụ của Google tạm thời không nhận; sẽ gửi lại"
KEYS = "Apple hoặc trình duyệt không nhận khóa của hệ thống; quản trị viên cần thay khóa"
ACCOUNT = "Google không chấp nhận tài khoản của hệ thống; quản trị viên cần kiểm tra"

CASES = {
    "accepted": Case(Answer(accepts=True), "kept", "sent", IN_ORDER, None, "on_a_phone", None),
    "unregistered": Case(answers.unregistered(), "dropped", "token_dead", IN_ORDER, None, "failed", REMOVED),
    "other-project": Case(
        answers.sender_id_mismatch(), "quarantined", "quarantined", IN_ORDER, None, "failed", FOREIGN
    ),
    "bad-token": Case(answers.invalid_token("x"), "quarantined", "quarantined", IN_ORDER, None, "failed", UNKNOWN),
    "bad-message": Case(
        answers.invalid_argument(field="message", description="Android message is too big"),
        "kept",
        "rejected",
        IN_ORDER,
        None,
        "failed",
        BAD,
    ),
    "unreadable": Case(
        answers.unreadable_request(("message", "Unknown name")), "kept", "rejected", IN_ORDER, None, "failed", BAD
    ),
    "quota": owed(answers.quota_exceeded(), BUSY, MINUTE, SLOW),
    "quota-for-an-hour": owed(answers.quota_exceeded(retry_after="3600"), BUSY, timedelta(hours=1), SLOW),
    "keys": owed(answers.third_party_auth_error(), OPEN, TEN, KEYS),
    "access-refused-twice": owed(answers.unauthenticated(), FAILING, MINUTE, ACCOUNT),
    "forbidden": owed(answers.permission_denied("x"), FAILING, MINUTE, ACCOUNT),
    "no-project": owed(answers.no_project(), FAILING, MINUTE, ACCOUNT),
    "unavailable": owed(answers.unavailable(), FAILING, TEN, DOWN),
    "unavailable-for-90-s": owed(answers.unavailable(retry_after="90"), FAILING, timedelta(seconds=90), DOWN),
    "internal": owed(answers.internal(), FAILING, TEN, DOWN),
    "proxy": owed(answers.proxy_page(502), FAILING, TEN, DOWN),
    "gibberish": owed(answers.gibberish(), FAILING, TEN, DOWN),
    "cut": owed(answers.cut(accepts=False), FAILING, UNHEARD, DOWN),
    "half": owed(answers.half(), FAILING, UNHEARD, DOWN),
    "late": owed(answers.late(0.5), FAILING, UNHEARD, DOWN),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoopbackFcm]:
    with LoopbackFcm(tmp_path_factory.mktemp("fcm")) as running:
        yield running


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
async def test_each_answer_has_its_consequences(
    case: Case,
    server: LoopbackFcm,
    world: World,
    signed_in: SignedIn,
    jobs: JobRunner,
    database: RolledBackDatabase,
    clock: FakeClock,
) -> None:
    """The member of branch A is the only one with an iPhone here; everybody else is reached."""
    server.clear()
    server.answer_always(world.member.push_token, case.answer)
    async with database.session() as session:
        await session.execute(text("UPDATE devices SET platform = 'android'"))
        await session.execute(
            text("UPDATE devices SET platform = 'ios' WHERE push_token = :token"), {"token": world.member.push_token}
        )
        await session.commit()
    clock.advance(hours=8)  # nobody sleeps
    use_sender(
        jobs, FcmSender(server.credentials_file, url=server.url, clock=clock, timeout_seconds=0.3, concurrency=5)
    )
    meeting_id = await announced(signed_in(world.secretary), world.branch_a)
    await jobs.run()
    await jobs.office.sender.aclose()

    rows = await find_deliveries(database)
    row = rows.get(world.member.push_token) or rows["Máy của Lê Văn Cường"]
    async with database.session() as session:
        device = (
            await session.execute(
                text("SELECT push_token, quarantined_token FROM devices WHERE id = :id"), {"id": row["device_id"]}
            )
        ).one()
    kept = {
        (world.member.push_token, None): "kept",
        (None, None): "dropped",
        (None, world.member.push_token): "quarantined",
    }
    assert kept[device.push_token, device.quarantined_token] == case.token
    assert (row["outcome"], row["attempts"], row["leased_until"]) == (case.message, 1, None)
    assert row["not_before"] == (clock() + case.next_try if case.next_try else None)

    async with transaction(database) as session:
        lanes = await find_lanes(session)
    assert (_said(lanes[Platform.ios]), _said(lanes[Platform.android])) == (case.lane, IN_ORDER)

    reach = (await signed_in(world.secretary).get(f"/v1/meetings/{meeting_id}/reach")).json()
    expected = {"on_a_phone": 4, "waiting": 0, "failed": 0, "no_device": 1, "inbox_only": 0}
    expected[case.state] += 1
    assert {name: reach[f"{name}_count"] for name in expected} == expected
    failed = case.state == "failed"
    assert [(one["reason"], one["count"]) for one in reach["failures"]] == [(case.why, 1)] * failed
    to_ring_up = {one["full_name"]: one["reason"] for one in reach["to_ring_up"]}
    assert to_ring_up.pop(world.phoneless.full_name) == "Chưa có điện thoại nhận được thông báo"
    assert to_ring_up == ({world.member.full_name: case.why} if failed else {})

    listed = await signed_in(world.administrator).get(f"/v1/organisations/{world.branch_a}/deliveries")
    (one,) = [item for item in listed.json()["items"] if item["device_id"] == str(row["device_id"])]
    assert (one["platform"], one["outcome"]) == ("ios", case.message or "waiting")
    assert one["reason"] == case.why
    assert world.member.push_token not in listed.text


def _said(lane: LaneState) -> str:
    if lane.is_open:
        return OPEN
    if lane.busy_until is not None:
        return BUSY
    return IN_ORDER if lane.failing_since is None else FAILING
