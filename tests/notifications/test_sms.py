"""What a gateway for text messages is asked, and what each of its answers becomes."""

import asyncio
from datetime import timedelta
from uuid import UUID
from zoneinfo import available_timezones

import pytest

from app.kernel.push import Outcome, Rejected, RetryAfter, Sent
from app.kernel.settings import PushMode, Settings
from app.kernel.sms import LONGEST, Sms
from app.meetings.models import MeetingKind
from app.notices import NOTICES
from app.notifications.sms import HttpSmsSender, RecordingSmsSender
from app.worker import make_sms_sender
from tests.fcm import answers
from tests.fcm.answers import Answer
from tests.fcm.sending import FAR, NOW, at
from tests.sms import LoopbackGateway

SMS = Sms(UUID(int=1), "+84905555555", "So tay dang vien: moi dong chi sinh hoat chi bo.")
LEAST, MINUTE = timedelta(seconds=10), timedelta(minutes=1)


def a_sender(gateway: LoopbackGateway, *, token: str = "bi-mat") -> HttpSmsSender:
    return HttpSmsSender(f"{gateway.url}/messages", token=token, sender="SoTay", clock=at(NOW), timeout_seconds=0.5)


async def test_gateway_is_told_number_text_and_a_reference_that_a_repeat_has_too() -> None:
    with LoopbackGateway("bi-mat") as gateway:
        sender = a_sender(gateway)
        assert await sender.send([SMS], until=FAR) == {SMS.reference: Sent(None)}
        assert await sender.send([SMS], until=NOW) == {}
        await sender.send([SMS], until=FAR)
        await sender.aclose()
    sent = {"to": SMS.phone, "from": "SoTay", "text": SMS.text, "reference": str(SMS.reference)}
    assert gateway.taken == [sent, sent]


async def test_each_answer_has_its_outcome_and_no_reason_names_the_number() -> None:
    expected: list[tuple[Answer, Outcome]] = [
        (Answer(200), Sent(None)),
        (Answer(202, b"no gzip", headers=(("Content-Encoding", "gzip"),)), Sent(None)),  # what it says is not read
        (Answer(400, SMS.phone.encode()), Rejected("HTTP 400")),
        (Answer(422), Rejected("HTTP 422")),
        (Answer(402), RetryAfter(MINUTE, "HTTP 402")),
        (Answer(403), RetryAfter(MINUTE, "HTTP 403")),
        (Answer(429), RetryAfter(LEAST, "HTTP 429")),
        (Answer(429, headers=(("Retry-After", "75"),)), RetryAfter(timedelta(seconds=75), "HTTP 429")),
        (Answer(500), RetryAfter(LEAST, "HTTP 500")),
        (answers.redirect("http://127.0.0.1:9/"), RetryAfter(LEAST, "HTTP 302")),
        (answers.late(1, Answer(200)), RetryAfter(LEAST, "ReadTimeout")),
    ]
    with LoopbackGateway("bi-mat") as gateway:
        sender = a_sender(gateway)
        for answer, outcome in expected:
            gateway.instead = answer
            assert await sender.send([SMS], until=FAR) == {SMS.reference: outcome}
        gateway.instead = answers.cut(accepts=False)
        cut = (await sender.send([SMS], until=FAR))[SMS.reference]
        assert isinstance(cut, RetryAfter)
        assert cut.delay == LEAST
        await sender.aclose()
        stranger = a_sender(gateway, token="another")
        assert await stranger.send([SMS], until=FAR) == {SMS.reference: RetryAfter(MINUTE, "HTTP 401")}
        await stranger.aclose()


def test_recorded_text_is_shown_without_its_whole_number() -> None:
    shown: list[str] = []
    sender = RecordingSmsSender(shown.append, at(NOW))
    assert asyncio.run(sender.send([SMS], until=FAR)) == {SMS.reference: Sent(None)}
    assert asyncio.run(sender.send([SMS], until=NOW)) == {}
    asyncio.run(sender.aclose())
    assert shown == [f"┌─ tin nhắn SMS · text message · +84…555\n│  {SMS.text}\n└─"]


def test_texts_fit_in_one_message_and_hold_nothing_but_times() -> None:
    secret = "Kỷ luật đồng chí Cường"
    params = {
        **dict.fromkeys(("title", "place", "reason"), secret),
        "starts_at": "2026-12-04T12:30:00+00:00",
        "time_zone": "Asia/Ho_Chi_Minh",
        "online": True,
    }
    texts = {notice.type: notice.sms(params) for notice in NOTICES if notice.sms is not None}
    calls = {"meeting_announced", "meeting_moved", "meeting_postponed", "meeting_cancelled", "meeting_lapsed"}
    assert set(texts) == calls
    for said in texts.values():
        assert said.isascii()
        assert len(said) <= LONGEST
        assert "19:30 ngay 04/12/2026" in said
        assert "Cuong" not in said


@pytest.mark.parametrize("kind", list(MeetingKind))
def test_text_names_the_zone_of_its_hour_and_fits_whatever_the_zone(kind: MeetingKind) -> None:
    """It is the same for who is at home and who is away."""

    def said(zone: str) -> list[str]:
        params = {"starts_at": "2026-12-04T12:30:00+00:00", "time_zone": zone, "kind": kind.value}
        return [notice.sms(params) for notice in NOTICES if notice.sms is not None]

    assert all("19:30 ngay 04/12/2026 (gio Viet Nam)" in one for one in said("Asia/Ho_Chi_Minh"))
    assert all("13:30 ngay 04/12/2026 (gio Berlin)" in one for one in said("Europe/Berlin"))
    assert all("07:30 ngay 04/12/2026 (gio New York)" in one for one in said("America/New_York"))
    for zone in available_timezones():
        for one in said(zone):
            assert one.isascii()
            assert len(one) <= LONGEST


def test_texts_are_sent_only_where_a_gateway_is_named() -> None:
    fcm = {"push": PushMode.fcm, "fcm_credentials": "/srv/firebase.json"}
    assert make_sms_sender(Settings.model_validate(fcm)) is None
    assert isinstance(make_sms_sender(Settings.model_validate({"push": PushMode.record})), RecordingSmsSender)
    named = {**fcm, "sms_url": "https://sms.example.vn/messages"}
    with pytest.raises(ValueError, match="SOTAY_SMS_TOKEN"):
        Settings.model_validate(named)
    assert isinstance(make_sms_sender(Settings.model_validate({**named, "sms_token": "bi-mat"})), HttpSmsSender)
