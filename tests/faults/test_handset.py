"""The judge of the pushes is judged itself: a phone that shows too little, or hides a repeat, would prove nothing."""

from app.kernel.push import Platform
from app.notifications.fcm import Bodies
from tests.faults.handset import Arrival, Handset
from tests.fcm.schema import SendMessageRequest
from tests.fcm.sending import NOW, a_message, a_target


def arrival(notice: str, *, tag: str | None = None, key: str | None = "meeting", expires_at: float = 100) -> Arrival:
    return Arrival(notice, tag or notice, key, expires_at)


def test_repeat_is_seen_once_under_its_own_tag_and_twice_under_another() -> None:
    phone = Handset()
    for tag in ("a", "a", "b"):
        phone.receive(arrival("one", tag=tag), now=0)
    assert phone.seen == ["one", "one"]


def test_phone_that_was_away_sees_the_last_of_each_of_four_collapse_keys() -> None:
    phone = Handset(is_away=True)
    for notice, key in (("1", "a"), ("2", "a"), ("3", "b"), ("4", "c"), ("5", "d")):
        phone.receive(arrival(notice, key=key), now=0)
    assert phone.seen == []
    phone.come_back(now=0)
    assert (phone.seen, phone.dropped) == (["2", "3", "4", "5"], {"1"})
    away = Handset(is_away=True)
    for notice in "12345":
        away.receive(arrival(notice, key=notice), now=0)
    away.come_back(now=0)
    assert (away.seen, away.dropped) == (["2", "3", "4", "5"], {"1"})


def test_hundred_messages_without_a_key_are_kept_and_all_dropped_at_one_more() -> None:
    phone = Handset(is_away=True)
    for number in range(100):
        phone.receive(arrival(str(number), key=None), now=0)
    assert phone.dropped == set()
    phone.receive(arrival("last", key=None), now=0)
    phone.come_back(now=0)
    assert phone.seen == ["last"]
    assert len(phone.dropped) == 100


def test_message_is_worth_nothing_once_its_time_is_over() -> None:
    phone = Handset(is_away=True)
    phone.receive(arrival("one"), now=0)
    phone.come_back(now=100)
    phone.receive(arrival("two"), now=99)
    assert (phone.seen, phone.dropped) == (["two"], {"one"})


def test_phone_reads_what_the_sender_writes_for_each_platform() -> None:
    bodies = Bodies(a_message(), NOW)
    expected = {Platform.android: "meeting", Platform.ios: "the app", Platform.web: None}
    for platform, key in expected.items():
        request = SendMessageRequest.model_validate_json(bodies.to(a_target(platform=platform)))
        message = request.message.model_dump(exclude_none=True)
        read = Arrival.of(message, now=NOW.timestamp())
        tag = str(a_message().notification_id)
        assert read == Arrival(tag, tag, key, a_message().expires_at.timestamp())
