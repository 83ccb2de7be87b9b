"""What becomes of each send of `FcmSender`, and what `RecordingSender` shows."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest

from app.kernel.i18n import Locale
from app.kernel.push import (
    Dismissal,
    LaneBusy,
    LaneStopped,
    Outcome,
    Platform,
    Rejected,
    RetryAfter,
    Sent,
    TokenDead,
    TokenRefused,
    backoff,
)
from app.notifications.sender import RecordingSender
from tests.fcm import LoopbackFcm, answers
from tests.fcm.answers import Answer
from tests.fcm.sending import FAR, NOW, a_message, a_target, at, sending

MINUTE = timedelta(minutes=1)
LEAST = timedelta(seconds=10)
UNHEARD = 2 * LEAST


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoopbackFcm]:
    with LoopbackFcm(tmp_path_factory.mktemp("fcm")) as running:
        yield running


@pytest.fixture
def fcm(server: LoopbackFcm) -> LoopbackFcm:
    server.clear()
    return server


def outcome_of(fcm: LoopbackFcm, answer: Answer, *, timeout_seconds: float = 5) -> Outcome:
    target = a_target()
    fcm.answer_always(target.token, answer)
    return sending(fcm, [target], timeout_seconds=timeout_seconds)[0][target.device_id]


@pytest.mark.parametrize(
    ("answer", "kind", "delay", "reason"),
    [
        pytest.param(answers.unregistered(), TokenDead, None, "UNREGISTERED", id="unregistered"),
        pytest.param(answers.sender_id_mismatch(), TokenRefused, None, "SENDER_ID_MISMATCH", id="other-project"),
        pytest.param(answers.permission_denied("x"), RetryAfter, MINUTE, "PERMISSION_DENIED", id="forbidden"),
        pytest.param(
            answers.invalid_token("token-of-lan"),
            TokenRefused,
            None,
            "INVALID_ARGUMENT message.token: The registration token is not a valid",
            id="bad-token",
        ),
        pytest.param(
            answers.unreadable_request(("message", "Unknown name")),
            Rejected,
            None,
            "INVALID_ARGUMENT message: Unknown",
            id="bad-json",
        ),
        pytest.param(
            answers.invalid_argument(field="message", description="Android message is too big"),
            Rejected,
            None,
            "INVALID_ARGUMENT message: Android",
            id="bad-message",
        ),
        pytest.param(answers.no_project(), RetryAfter, MINUTE, "NOT_FOUND", id="no-project"),
        pytest.param(answers.quota_exceeded(), LaneBusy, MINUTE, "QUOTA_EXCEEDED", id="quota"),
        pytest.param(
            answers.quota_exceeded(retry_after="37"),
            LaneBusy,
            timedelta(seconds=37),
            "QUOTA_EXCEEDED",
            id="quota-37-s",
        ),
        pytest.param(answers.quota_exceeded(retry_after="soon"), LaneBusy, MINUTE, "QUOTA_EXCEEDED", id="quota-soon"),
        pytest.param(
            answers.quota_exceeded(retry_after="Sat, 01 Jan 2000 00:00:00 GMT"),
            LaneBusy,
            MINUTE,
            "QUOTA_EXCEEDED",
            id="quota-long-ago",
        ),
        pytest.param(answers.unavailable(), RetryAfter, LEAST, "UNAVAILABLE", id="unavailable"),
        pytest.param(answers.unavailable(retry_after="3"), RetryAfter, LEAST, "UNAVAILABLE", id="unavailable-3-s"),
        pytest.param(
            answers.unavailable(retry_after="120"),
            RetryAfter,
            timedelta(minutes=2),
            "UNAVAILABLE",
            id="unavailable-120-s",
        ),
        pytest.param(answers.internal(), RetryAfter, LEAST, "INTERNAL", id="internal"),
        pytest.param(answers.third_party_auth_error(), LaneStopped, None, "THIRD_PARTY_AUTH_ERROR", id="apns-key"),
        pytest.param(answers.unauthenticated(), RetryAfter, MINUTE, "UNAUTHENTICATED", id="refused-twice"),
        pytest.param(answers.proxy_page(404), RetryAfter, LEAST, "HTTP 404", id="proxy-404"),
        pytest.param(answers.proxy_page(502), RetryAfter, LEAST, "HTTP 502", id="proxy-502"),
        pytest.param(answers.redirect("http://127.0.0.1:9/"), RetryAfter, LEAST, "HTTP 302", id="redirect"),
        pytest.param(answers.gibberish(), RetryAfter, LEAST, "200 with an unreadable", id="gibberish"),
        pytest.param(answers.cut(accepts=False), RetryAfter, UNHEARD, "", id="cut"),
        pytest.param(answers.half(), RetryAfter, UNHEARD, "", id="half"),
    ],
)
def test_each_answer_has_its_outcome(
    fcm: LoopbackFcm, answer: Answer, kind: type[Outcome], delay: timedelta | None, reason: str
) -> None:
    outcome = outcome_of(fcm, answer)
    assert isinstance(outcome, kind)
    assert not isinstance(outcome, Sent)
    assert outcome.reason.startswith(reason)
    assert "token-of-lan" not in outcome.reason
    assert (outcome.delay if isinstance(outcome, RetryAfter | LaneBusy) else None) == delay


def test_accepted_push_is_sent_under_fcms_name(fcm: LoopbackFcm) -> None:
    target = a_target()
    (outcomes,) = sending(fcm, [target])
    outcome = outcomes[target.device_id]
    assert isinstance(outcome, Sent)
    assert (outcome.message_id or "").startswith(f"projects/{fcm.project_id}/messages/")


def test_retry_after_as_a_date_counts_from_the_answers_own_date(fcm: LoopbackFcm) -> None:
    """The sender's clock stands at 2026 whatever the server's says."""
    outcome = outcome_of(fcm, answers.quota_exceeded(retry_after=answers.http_date(after=timedelta(minutes=5))))
    assert isinstance(outcome, LaneBusy)
    assert timedelta(minutes=4, seconds=50) <= outcome.delay <= timedelta(minutes=5)


def test_late_answer_is_a_timeout(fcm: LoopbackFcm) -> None:
    outcome = outcome_of(fcm, answers.late(1), timeout_seconds=0.2)
    assert isinstance(outcome, RetryAfter)
    assert outcome.delay == UNHEARD
    assert "Timeout" in outcome.reason


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_unreachable_server_is_tried_again_later(fcm: LoopbackFcm, scheme: str) -> None:
    """Nobody listens on port 1, and nobody speaks TLS on the loopback's."""
    url = "http://127.0.0.1:1" if scheme == "http" else fcm.url.replace("http:", "https:")
    target = a_target()
    (outcomes,) = sending(fcm, [target], url=url)
    assert outcomes == {target.device_id: RetryAfter(UNHEARD, "ConnectError")}


def test_one_dead_token_stops_no_other(fcm: LoopbackFcm) -> None:
    targets = [a_target(f"token-{number}") for number in range(60)]
    fcm.answer_always("token-7", answers.unregistered())
    fcm.answer_always("token-8", answers.cut(accepts=False))
    (outcomes,) = sending(fcm, targets)
    kinds = [type(outcomes[target.device_id]) for target in targets]
    assert kinds == [Sent] * 7 + [TokenDead, RetryAfter] + [Sent] * 51
    assert len(fcm.wait_for(58)) == 58


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [(answers.quota_exceeded(retry_after="90"), 90), (answers.third_party_auth_error(), 10)],
    ids=["busy", "stopped"],
)
def test_platform_that_asks_for_it_is_left_alone_at_once_and_no_other(
    fcm: LoopbackFcm, answer: Answer, seconds: int
) -> None:
    """What is under way is not called back; nothing else begins, in this call nor in the next."""
    now = [NOW]
    iphones = [a_target(f"iphone-{number}", platform=Platform.ios) for number in range(9)]
    androids = [a_target(f"android-{number}") for number in range(9)]
    fcm.answer_lane("apns", answer)

    def later() -> None:
        now[0] += timedelta(seconds=seconds - 1 if now[0] == NOW else 1)

    rounds = sending(fcm, *[iphones + androids] * 3, clock=lambda: now[0], between=later, concurrency=1)
    assert [len(outcomes) for outcomes in rounds] == [10, 9, 10]
    assert [push.token for push in fcm.requests if push.token.startswith("iphone")] == ["iphone-0", "iphone-0"]
    assert len(fcm.accepted) == 27


def test_nothing_is_sent_once_the_lease_is_nearly_over(fcm: LoopbackFcm) -> None:
    assert sending(fcm, [a_target()], until=NOW) == [{}]
    assert fcm.requests == []


def test_access_token_that_was_long_in_coming_begins_no_send(fcm: LoopbackFcm) -> None:
    until = NOW + MINUTE
    assert sending(fcm, [a_target()], clock=lambda: until if fcm.oauth.requests else NOW, until=until) == [{}]
    assert fcm.oauth.requests == 1
    assert fcm.requests == []


def test_sends_begun_before_the_deadline_are_finished_and_the_rest_left(fcm: LoopbackFcm) -> None:
    """The deadline passes when four sends are under way."""
    until = NOW + MINUTE
    targets = [a_target(f"token-{number}") for number in range(12)]
    for target in targets:
        fcm.answer_always(target.token, answers.late(0.1))
    (outcomes,) = sending(
        fcm, targets, clock=lambda: NOW if len(fcm.requests) < 4 else until, until=until, concurrency=4
    )
    assert set(outcomes) == {target.device_id for target in targets[:4]}
    assert [type(outcome) for outcome in outcomes.values()] == [Sent] * 4
    assert len(fcm.requests) == 4


@pytest.mark.parametrize(
    ("locale", "lines"),
    [
        (Locale.vi, ("│  Có cuộc họp mới", "│  Mở ứng dụng để xem.")),
        (Locale.en, ("│  A new meeting", "│  Open the app to read it.")),
    ],
)
def test_recorded_push_looks_as_on_a_phone_in_berlin(locale: Locale, lines: tuple[str, str]) -> None:
    shown: list[str] = []
    target = a_target("secret-token", locale=locale)
    sender = RecordingSender(shown.append, at(NOW))
    outcomes = asyncio.run(sender.send(a_message(), [target], until=FAR))
    assert outcomes == {target.device_id: Sent(None)}
    assert shown == [
        "\n".join(
            (
                "┌─ 19:30 CET · Pixel của Lan · android · meeting_changed",
                *lines,
                "└─ https://so-tay.example/m/1",
            )
        )
    ]


def test_recording_shows_a_dismissal_as_the_end_of_a_notice() -> None:
    shown: list[str] = []
    dismissal = Dismissal(notification_id=UUID(int=1), expires_at=FAR)
    sender = RecordingSender(shown.append, at(NOW))
    asyncio.run(sender.send(dismissal, [a_target()], until=FAR))
    assert shown == ["┌─ 19:30 CET · Pixel của Lan · android\n└─ (gỡ thông báo)"]


def test_recording_stops_at_the_deadline_too() -> None:
    shown: list[str] = []
    sender = RecordingSender(shown.append, at(NOW))
    assert asyncio.run(sender.send(a_message(), [a_target()], until=NOW)) == {}
    assert shown == []


def test_backoff_doubles_from_ten_seconds_to_fifteen_minutes() -> None:
    seconds = [backoff(attempt, jitter=0).total_seconds() for attempt in (*range(8), 10_000)]
    assert seconds == [10, 20, 40, 80, 160, 320, 640, 900, 900]
    assert backoff(2, jitter=0.5) == timedelta(seconds=50)
    assert backoff(0, jitter=0.999) < timedelta(seconds=15)
