"""What `FcmSender` tells FCM, and how it comes by its access token."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from app.kernel.i18n import Locale
from app.kernel.push import Channel, Dismissal, Platform, Rejected, RetryAfter, Sent
from tests.fcm import LoopbackFcm, answers
from tests.fcm.answers import Answer
from tests.fcm.sending import NOW, a_message, a_target, at, sending


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoopbackFcm]:
    with LoopbackFcm(tmp_path_factory.mktemp("fcm")) as running:
        yield running


@pytest.fixture
def fcm(server: LoopbackFcm) -> LoopbackFcm:
    server.clear()
    return server


class Hand:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def test_android_message_has_keys_instead_of_text(fcm: LoopbackFcm) -> None:
    sending(fcm, [a_target('odd "token"\\')])
    (push,) = fcm.accepted
    assert push.message == {
        "token": 'odd "token"\\',
        "data": {
            "notification_id": str(UUID(int=1)),
            "type": "meeting_announced",
            "id": str(UUID(int=2)),
            "link": "https://so-tay.example/m/1",
        },
        "android": {
            "collapse_key": "meeting",
            "priority": "high",
            "ttl": "7200s",
            "notification": {
                "tag": str(UUID(int=1)),
                "channel_id": "meeting_changed",
                "title_loc_key": "meeting_announced_title",
                "body_loc_key": "meeting_announced_body",
            },
        },
    }


def test_iphone_message_has_apples_headers(fcm: LoopbackFcm) -> None:
    sending(fcm, [a_target(platform=Platform.ios)], message=a_message(urgent=False))
    (push,) = fcm.accepted
    assert push.message["apns"] == {
        "headers": {
            "apns-collapse-id": str(UUID(int=1)),
            "apns-expiration": str(int((NOW + timedelta(hours=2)).timestamp())),
            "apns-priority": "5",
        },
        "payload": {
            "aps": {
                "alert": {"title-loc-key": "meeting_announced_title", "loc-key": "meeting_announced_body"},
                "sound": "default",
            }
        },
    }


@pytest.mark.parametrize(
    ("locale", "title", "body"),
    [
        (Locale.vi, "Có cuộc họp mới", "Mở ứng dụng để xem."),
        (Locale.en, "A new meeting", "Open the app to read it."),
    ],
)
def test_browser_gets_the_text_in_its_language(fcm: LoopbackFcm, locale: Locale, title: str, body: str) -> None:
    others = [a_target("other", platform=Platform.web, locale=other) for other in Locale]
    sending(fcm, [*others, a_target(platform=Platform.web, locale=locale)])
    (push,) = fcm.pushes_to("token-of-lan")
    assert push.message["webpush"] == {
        "headers": {"TTL": "7200", "Urgency": "high"},
        "notification": {"title": title, "body": body, "tag": str(UUID(int=1)), "lang": locale},
        "fcm_options": {"link": "https://so-tay.example/m/1"},
    }


def test_browser_gets_no_click_link_without_https(fcm: LoopbackFcm) -> None:
    """Google refuses the whole message otherwise; development servers have no certificate."""
    sending(fcm, [a_target(platform=Platform.web)], message=a_message(link="http://127.0.0.1:8000/m/1"))
    assert "fcm_options" not in fcm.accepted[0].message["webpush"]


def test_digest_says_how_many_and_replaces_the_last_one(fcm: LoopbackFcm) -> None:
    digest = replace(a_message(urgent=False), type="digest", channel=Channel.system, digest_count=7)
    sending(fcm, [a_target(platform=platform) for platform in Platform], message=digest)
    shown = {next(iter(push.message.keys() - {"token", "data"})): push.message for push in fcm.accepted}
    android = shown["android"]["android"]
    assert android["notification"] == {
        "tag": "digest",
        "channel_id": "system",
        "title_loc_key": "digest_title",
        "body_loc_key": "digest_body",
        "body_loc_args": ["7"],
    }
    assert shown["apns"]["apns"]["headers"]["apns-collapse-id"] == "digest"
    assert shown["apns"]["apns"]["payload"]["aps"]["alert"]["loc-args"] == ["7"]
    assert shown["webpush"]["webpush"]["notification"]["tag"] == "digest"


def test_dismissal_is_data_only_and_takes_no_waiting_pushs_place(fcm: LoopbackFcm) -> None:
    dismissal = Dismissal(notification_id=UUID(int=1), expires_at=NOW + timedelta(hours=1))
    sending(fcm, [a_target(platform.value, platform=platform) for platform in Platform], message=dismissal)
    data = {"dismiss": str(UUID(int=1))}
    assert [push.message for platform in Platform for push in fcm.pushes_to(platform.value)] == [
        {"token": "android", "data": data, "android": {"priority": "normal", "ttl": "3600s"}},
        {
            "token": "ios",
            "data": data,
            "apns": {
                "headers": {
                    "apns-push-type": "background",
                    "apns-expiration": str(int((NOW + timedelta(hours=1)).timestamp())),
                    "apns-priority": "5",
                },
                "payload": {"aps": {"content-available": 1}},
            },
        },
        {"token": "web", "data": data, "webpush": {"headers": {"TTL": "3600", "Urgency": "low"}}},
    ]


@pytest.mark.parametrize(("age", "ttl"), [(timedelta(hours=3), "0s"), (timedelta(days=-3), "86400s")])
def test_life_is_between_nothing_and_a_day(fcm: LoopbackFcm, age: timedelta, ttl: str) -> None:
    sending(fcm, [a_target()], clock=at(NOW + age))
    assert fcm.accepted[0].message["android"]["ttl"] == ttl


def test_message_of_four_kilobytes_is_refused_before_it_is_sent(fcm: LoopbackFcm) -> None:
    fits, bursts = a_target("fits"), a_target("bursts")
    sending(fcm, [fits], message=a_message(link="https://so-tay.example/" + "a" * 3500))
    assert len(json.dumps(fcm.accepted[0].message)) > 3900
    message = a_message(link="https://so-tay.example/" + "a" * 3700)
    (outcomes,) = sending(fcm, [bursts], message=message)
    outcome = outcomes[bursts.device_id]
    assert isinstance(outcome, Rejected)
    assert outcome.reason.startswith("INVALID_MESSAGE: 4")
    assert len(fcm.requests) == 1


def test_hundred_sends_ask_for_one_access_token(fcm: LoopbackFcm) -> None:
    sending(fcm, [a_target(f"token-{number}") for number in range(100)])
    assert len(fcm.accepted) == 100
    assert fcm.oauth.requests == 1


def test_access_token_is_renewed_five_minutes_early(fcm: LoopbackFcm) -> None:
    hand = Hand()
    asked = []

    def later() -> None:
        asked.append(fcm.oauth.requests)
        hand.now += timedelta(minutes=54, seconds=30) if len(asked) == 1 else timedelta(minutes=1)

    sending(fcm, *([a_target()] for _ in range(3)), clock=hand, between=later)
    assert asked == [1, 1, 2]


def test_revoked_access_token_is_renewed_once_for_all_sends(fcm: LoopbackFcm) -> None:
    targets = [a_target(f"token-{number}") for number in range(40)]
    first, second = sending(fcm, targets, targets, between=fcm.oauth.revoke)
    assert [type(outcome) for outcome in (*first.values(), *second.values())] == [Sent] * 80
    assert fcm.oauth.requests == 2


def test_short_lived_access_token_is_renewed_at_half_its_life(fcm: LoopbackFcm) -> None:
    hand = Hand()
    asked = []

    def later() -> None:
        asked.append(fcm.oauth.requests)
        hand.now += timedelta(seconds=45 if len(asked) == 1 else 20)

    fcm.oauth.lifetime_seconds = 120
    sending(fcm, *([a_target()] for _ in range(3)), clock=hand, between=later)
    assert asked == [1, 1, 2]


def test_failed_early_renewal_goes_on_with_the_token_that_is_still_good(fcm: LoopbackFcm) -> None:
    hand = Hand()

    def later() -> None:
        fcm.oauth.instead = answers.account_disabled()
        hand.now += timedelta(minutes=56)

    results = sending(fcm, *([a_target()] for _ in range(2)), clock=hand, between=later)
    assert [type(outcome) for outcomes in results for outcome in outcomes.values()] == [Sent, Sent]
    assert fcm.oauth.requests == 2


@pytest.mark.parametrize(
    ("instead", "reason"),
    [
        (answers.account_disabled(), "no access token: RefreshError"),
        (answers.late(0.4), "no access token: the token endpoint does not answer"),
        (Answer(200, b'{"access_token": "ya29", "token_type": "Bearer"}'), "no access token: the token"),
    ],
    ids=["refused", "silent", "no-expiry"],
)
def test_no_access_token_means_later_for_all_and_is_not_asked_for_each(
    fcm: LoopbackFcm, instead: Answer, reason: str
) -> None:
    fcm.oauth.instead = instead
    targets = [a_target(f"token-{number}") for number in range(50)]
    (outcomes,) = sending(fcm, targets, timeout_seconds=0.2)
    assert len(outcomes) == 50
    for outcome in outcomes.values():
        assert isinstance(outcome, RetryAfter)
        assert outcome.reason.startswith(reason)
    assert fcm.oauth.requests == 1
    assert fcm.requests == []


def test_access_token_is_asked_for_again_after_ten_seconds(fcm: LoopbackFcm) -> None:
    hand = Hand()

    def later() -> None:
        fcm.oauth.instead = None
        hand.now += timedelta(seconds=10)

    fcm.oauth.instead = answers.account_disabled()
    results = sending(fcm, *([a_target()] for _ in range(2)), clock=hand, between=later)
    assert [type(outcome) for outcomes in results for outcome in outcomes.values()] == [RetryAfter, Sent]


def test_account_that_stays_refused_is_not_renewed_for_each_send(fcm: LoopbackFcm) -> None:
    targets = [a_target(f"token-{number}") for number in range(50)]
    fcm.answer_next(answers.unauthenticated(), times=1000)
    (outcomes,) = sending(fcm, targets, concurrency=5)
    assert {type(outcome) for outcome in outcomes.values()} == {RetryAfter}
    assert fcm.oauth.requests == 2
    assert len(fcm.requests) <= 20
