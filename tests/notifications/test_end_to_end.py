"""From a secretary's announcement to what Google is handed."""

from pathlib import Path

from app.notifications.sender import FcmSender
from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.deliveries import find_deliveries, only_chunk, use_sender
from tests.factories.meetings import SignedIn, announced, phones_of
from tests.factories.world import World
from tests.fcm import LoopbackFcm, answers
from tests.worker import JobRunner


async def test_over_fcm_each_phone_gets_one_message_with_the_notices_tag(
    world: World,
    signed_in: SignedIn,
    jobs: JobRunner,
    database: RolledBackDatabase,
    clock: FakeClock,
    tmp_path: Path,
) -> None:
    with LoopbackFcm(tmp_path, strict=True) as fcm:
        fcm.register(*phones_of(world))
        fcm.unregister(world.probationary.push_token)
        fcm.answer_always(world.minute_taker.push_token, answers.unavailable())
        sender = FcmSender(fcm.credentials_file, url=fcm.url, clock=clock, timeout_seconds=5, concurrency=8)
        use_sender(jobs, sender)
        meeting_id = await announced(
            signed_in(world.secretary), world.branch_a, title="Kỷ luật đồng chí Cường", place="Trụ sở xã"
        )
        await jobs.run()
        assert {push.token for push in fcm.accepted} == {world.secretary.push_token, world.member.push_token}
        fcm.answer_always(world.minute_taker.push_token, None)
        clock.advance(hours=4)
        await jobs.run()
        await sender.aclose()
        expected = phones_of(world) - {world.probationary.push_token}
        assert sorted(push.token for push in fcm.accepted) == sorted(expected)

        tag = str((await only_chunk(database)).notification_id)
        (android,) = fcm.pushes_to(world.member.push_token)
        assert android.message["data"] == {
            "notification_id": tag,
            "type": "meeting_announced",
            "id": meeting_id,
            "link": f"http://sotay.test/m/{meeting_id}",
        }
        notification = android.message["android"]["notification"]
        assert (notification["tag"], notification["channel_id"]) == (tag, "meeting_changed")
        (iphone,) = fcm.pushes_to(world.away.push_token)
        assert iphone.message["apns"]["headers"]["apns-collapse-id"] == tag
        for push in fcm.accepted:
            shown = push.body.decode()
            assert not any(word in shown for word in ("Cường", "luật", "Trụ sở", "\\u1eadt"))
        rows = await find_deliveries(database)
        assert rows["Máy của Hoàng Thị Én"]["outcome"] == "token_dead"
        assert rows[world.minute_taker.push_token]["attempts"] == 2
        assert {rows[token]["outcome"] for token in expected} == {"sent"}
