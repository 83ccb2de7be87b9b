"""Pushes to browsers without Firebase: registered, encrypted, signed, and what becomes of each."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from secrets import token_urlsafe
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.kernel.clock import system_clock
from app.kernel.i18n import Locale
from app.kernel.push import Dismissal, Message, Outcome, Platform, Rejected, RetryAfter, Sent, Target, TokenDead
from app.kernel.settings import PushMode, Settings
from app.kernel.web_push import PushServices, Subscription, WebPushKey
from app.notifications.webpush import BothWays, Vapid, WebPushSender
from app.worker import make_sender
from tests.conftest import RolledBackDatabase
from tests.factories.clock import FakeClock
from tests.factories.deliveries import find_deliveries, use_sender
from tests.factories.meetings import SignedIn, announced, awake_phones_of
from tests.factories.world import HANOI, Person, World
from tests.fcm import LoopbackFcm, answers
from tests.fcm.answers import Answer, Fate
from tests.fcm.sending import FAR, NOW, a_message, a_target
from tests.webpush import Browser, LoopbackPushService
from tests.worker import JobRunner

MINUTE = timedelta(minutes=1)
LEAST = timedelta(seconds=10)


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> WebPushKey:
    return WebPushKey(tmp_path_factory.mktemp("web-push") / "0001.pem")


@pytest.fixture
def now() -> FakeClock:
    clock = FakeClock()
    clock.advance(seconds=(NOW - clock()).total_seconds())
    return clock


@pytest.fixture
def service(now: FakeClock) -> Iterator[LoopbackPushService]:
    with LoopbackPushService(now) as running:
        yield running


def a_sender(
    service: LoopbackPushService, key: WebPushKey, clock: FakeClock, *, timeout_seconds: float = 5
) -> WebPushSender:
    return WebPushSender(
        Vapid(key, contact="mailto:quan-tri@example.vn"),
        services=PushServices(service.url),
        clock=clock,
        timeout_seconds=timeout_seconds,
        concurrency=4,
    )


def target_of(browser: Browser, *, locale: Locale = Locale.vi) -> Target:
    return a_target(browser.subscription.token, platform=Platform.web, locale=locale)


def sending(
    sender: WebPushSender,
    *rounds: Sequence[Target],
    clock: FakeClock | None = None,
    until: datetime = FAR,
    message: Message | None = None,
) -> list[dict[UUID, Outcome]]:
    """Send to each round of targets; a clock goes on by seven hours after each."""

    async def run() -> list[dict[UUID, Outcome]]:
        results = []
        for targets in rounds:
            results.append(await sender.send(message or a_message(), targets, until=until))
            if clock is not None:
                clock.advance(hours=7)
        await sender.aclose()
        return results

    return asyncio.run(run())


def test_only_the_browser_reads_the_line_and_the_service_only_what_it_must(
    service: LoopbackPushService, key: WebPushKey, now: FakeClock
) -> None:
    lan, anna = (service.subscribe(name, key.public) for name in ("lan", "anna"))
    targets = [target_of(lan), target_of(anna, locale=Locale.en)]
    (outcomes,) = sending(a_sender(service, key, now), targets)
    assert outcomes == {target.device_id: Sent(None) for target in targets}
    first, second = sorted(service.messages, key=lambda message: message.browser, reverse=True)
    assert first.content == {
        "notification": {
            "title": "Có cuộc họp mới",
            "body": "Mở ứng dụng để xem.",
            "tag": str(UUID(int=1)),
            "lang": "vi",
        },
        "data": {
            "notification_id": str(UUID(int=1)),
            "type": "meeting_announced",
            "id": str(UUID(int=2)),
            "link": "https://so-tay.example/m/1",
        },
    }
    assert second.content["notification"]["title"] == "A new meeting"
    assert {name: first.headers[name] for name in ("ttl", "urgency", "topic")} == {
        "ttl": "7200",
        "urgency": "high",
        "topic": "AAAAAAAAAAAAAAAAAAAAAQ",
    }
    assert first.claims == {
        "aud": service.url,
        "exp": int((NOW + timedelta(hours=12)).timestamp()),
        "sub": "mailto:quan-tri@example.vn",
    }
    assert first.headers["authorization"] == second.headers["authorization"]


def test_a_notice_is_taken_back_under_its_own_topic_and_a_digest_replaces_the_last_one(
    service: LoopbackPushService, key: WebPushKey, now: FakeClock
) -> None:
    browser = target_of(service.subscribe("lan", key.public))
    sending(a_sender(service, key, now), [browser], message=Dismissal(UUID(int=1), NOW + timedelta(hours=1)))
    sending(a_sender(service, key, now), [browser], message=replace(a_message(), digest_count=6))
    dismissal, digest = service.messages
    assert dismissal.content == {"data": {"dismiss": str(UUID(int=1))}}
    assert [dismissal.headers[name] for name in ("ttl", "urgency", "topic")] == [
        "3600",
        "low",
        "AAAAAAAAAAAAAAAAAAAAAQ",
    ]
    assert (digest.headers["topic"], digest.content["notification"]["tag"]) == ("digest", "digest")


def test_a_repeat_has_the_topic_of_the_first_and_a_token_in_its_time(
    service: LoopbackPushService, key: WebPushKey, now: FakeClock
) -> None:
    target = target_of(service.subscribe("lan", key.public))
    sending(a_sender(service, key, now), [target], [target], clock=now)
    first, second = service.messages
    assert first.headers["topic"] == second.headers["topic"]
    assert second.claims["exp"] == first.claims["exp"] + 7 * 3600
    assert (first.headers["ttl"], second.headers["ttl"]) == ("7200", "0")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param(Answer(200), Sent(None), id="windows-says-200"),
        pytest.param(Answer(201, b"x" * 200_000, fate=Fate.half), Sent(None), id="of-much-the-beginning-is-read"),
        pytest.param(Answer(404), TokenDead("HTTP 404"), id="unknown"),
        pytest.param(
            Answer(410, b'{"reason": "Unregistered"}'), TokenDead('HTTP 410 {"reason": "Unregistered"}'), id="gone"
        ),
        pytest.param(Answer(400, b"BadJwtToken"), Rejected("HTTP 400 BadJwtToken"), id="bad"),
        pytest.param(Answer(401), Rejected("HTTP 401"), id="vapid"),
        pytest.param(Answer(413), Rejected("HTTP 413"), id="large"),
        pytest.param(Answer(406), RetryAfter(MINUTE, "HTTP 406"), id="throttled-by-windows"),
        pytest.param(Answer(429), RetryAfter(MINUTE, "HTTP 429"), id="quota"),
        pytest.param(
            Answer(429, headers=(("Retry-After", "37"),)),
            RetryAfter(timedelta(seconds=37), "HTTP 429"),
            id="quota-37-s",
        ),
        pytest.param(Answer(429, headers=(("Retry-After", "3"),)), RetryAfter(LEAST, "HTTP 429"), id="quota-3-s"),
        pytest.param(Answer(500), RetryAfter(LEAST, "HTTP 500"), id="internal"),
        pytest.param(
            Answer(503, headers=(("Retry-After", "120"),)), RetryAfter(2 * MINUTE, "HTTP 503"), id="unavailable-120-s"
        ),
        pytest.param(answers.redirect("http://127.0.0.1:9/"), RetryAfter(LEAST, "HTTP 302"), id="redirect"),
    ],
)
def test_each_answer_has_its_outcome(
    service: LoopbackPushService, key: WebPushKey, now: FakeClock, answer: Answer, expected: Outcome
) -> None:
    target = target_of(service.subscribe("lan", key.public))
    service.instead["lan"] = answer
    assert sending(a_sender(service, key, now), [target]) == [{target.device_id: expected}]


def test_cut_and_late_answers_are_tried_again(service: LoopbackPushService, key: WebPushKey, now: FakeClock) -> None:
    targets = [target_of(service.subscribe(name, key.public)) for name in ("cut", "late")]
    service.instead = {"cut": answers.cut(accepts=False), "late": answers.late(1, Answer(201))}
    (outcomes,) = sending(a_sender(service, key, now, timeout_seconds=0.3), targets)
    assert {type(outcome) for outcome in outcomes.values()} == {RetryAfter}


def test_reason_never_repeats_the_endpoint(service: LoopbackPushService, key: WebPushKey, now: FakeClock) -> None:
    browser = service.subscribe("lan", key.public)
    service.instead["lan"] = Answer(400, f"no {browser.subscription.endpoint} here".encode())
    target = target_of(browser)
    assert sending(a_sender(service, key, now), [target]) == [{target.device_id: Rejected("HTTP 400 no … here")}]


def test_browser_that_subscribed_under_another_key_is_refused_by_its_service(
    service: LoopbackPushService, key: WebPushKey, now: FakeClock, tmp_path: Path
) -> None:
    target = target_of(service.subscribe("lan", WebPushKey(tmp_path / "0001.pem").public))
    (outcomes,) = sending(a_sender(service, key, now), [target])
    assert outcomes == {target.device_id: Rejected("HTTP 403 other application server")}


def test_worker_without_the_key_keeps_the_push_until_somebody_brings_it(
    service: LoopbackPushService, key: WebPushKey, now: FakeClock, tmp_path: Path
) -> None:
    target = target_of(service.subscribe("lan", key.public))
    (outcomes,) = sending(a_sender(service, WebPushKey(tmp_path / "0001.pem"), now), [target])
    assert outcomes == {target.device_id: RetryAfter(MINUTE, "NO_KEY: FileNotFoundError")}
    assert service.requests == 0
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_subscription_of_a_listed_service_is_never_contacted(
    service: LoopbackPushService, key: WebPushKey, now: FakeClock
) -> None:
    good = service.subscribe("lan", key.public).subscription
    tokens = (
        "fcm-token",
        f"{service.url}.evil.example/push/lan {good.p256dh} {good.auth}",
        f"{good.endpoint} B{'A' * 86} {good.auth}",
        f"{good.endpoint} kurz {good.auth}",
        f"{good.endpoint}  ",
        f"{good.endpoint} {good.p256dh} ô",
    )
    targets = [a_target(token, platform=Platform.web) for token in tokens]
    (outcomes,) = sending(a_sender(service, key, now), targets)
    reasons = [outcome.reason for outcome in outcomes.values() if isinstance(outcome, Rejected)]
    assert len(reasons) == len(tokens)
    assert sorted(reason.partition(":")[0] for reason in reasons) == [
        *["PUSH_SERVICE_UNKNOWN"] * 2,
        *["SUBSCRIPTION_NOT_VALID"] * 4,
    ]
    assert service.requests == 0


def test_nothing_is_sent_once_the_lease_is_nearly_over(
    service: LoopbackPushService, key: WebPushKey, now: FakeClock
) -> None:
    target = target_of(service.subscribe("lan", key.public))
    assert sending(a_sender(service, key, now), [target], until=NOW) == [{}]
    assert service.requests == 0


# From the browser's registration to its push


def body_of(subscription: Subscription, **changes: Any) -> dict[str, Any]:
    web_push = {"endpoint": subscription.endpoint, "p256dh": subscription.p256dh, "auth": subscription.auth}
    return {"platform": "web", "time_zone": HANOI, "app_version": "1.0.0", "web_push": web_push, **changes}


def path_of(person: Person) -> str:
    return f"/v1/me/devices/{person.installation_id}"


async def test_browser_is_pushed_to_beside_the_phones_until_it_is_gone(
    app: FastAPI,
    world: World,
    signed_in: SignedIn,
    jobs: JobRunner,
    database: RolledBackDatabase,
    clock: FakeClock,
) -> None:
    member, key = signed_in(world.member), app.state.web_push_key
    public = (await member.get("/v1/me/web-push-key")).json()["public_key"]
    assert public == key.public
    with LoopbackPushService(clock) as service:
        app.state.push_services = PushServices(service.url)
        browser = service.subscribe("cuong", public)
        registered = await member.put(path_of(world.member), json=body_of(browser.subscription))
        assert registered.status_code == 200, registered.text
        assert registered.json()["has_push_token"] is True
        assert browser.subscription.endpoint not in registered.text
        browsers = a_sender(service, key, clock)
        use_sender(jobs, BothWays(apps=jobs.sender, browsers=browsers))

        meeting_id = await announced(signed_in(world.secretary), world.branch_a)
        await jobs.run()
        (message,) = service.messages
        assert message.content["notification"]["body"] == "Chi bộ có lịch sinh hoạt mới"
        assert message.content["data"]["id"] == meeting_id
        assert set(jobs.sender.tokens()) == awake_phones_of(world) - {world.member.push_token}

        service.instead["cuong"] = Answer(410)
        clock.advance(seconds=1)  # within one millisecond the ids of notices have no order
        await announced(signed_in(world.secretary), world.branch_a)
        await jobs.run()
        assert (await find_deliveries(database))["Máy của Lê Văn Cường"]["outcome"] == "token_dead"
        requests = service.requests
        await announced(signed_in(world.secretary), world.branch_a)
        await jobs.run()
        assert service.requests == requests
        await jobs.office.sender.aclose()


def test_worker_reaches_apps_and_browsers(tmp_path: Path, service: LoopbackPushService, now: FakeClock) -> None:
    with LoopbackFcm(tmp_path) as fcm:
        settings = Settings(
            data_dir=tmp_path,
            push=PushMode.fcm,
            fcm_credentials=fcm.credentials_file,
            fcm_url=fcm.url,
            web_push_services=service.url,
            public_url="https://so-tay.example/chi-bo",
        )
        now.set(system_clock())
        phone = a_target()
        sender = make_sender(settings)
        browser = target_of(service.subscribe("lan", WebPushKey(settings.web_push_key_file).public))

        async def run() -> dict[UUID, Outcome]:
            outcomes = await sender.send(a_message(), [phone, browser], until=FAR)
            await sender.aclose()
            return outcomes

        outcomes = asyncio.run(run())
    assert {type(outcome) for outcome in outcomes.values()} == {Sent}
    assert [push.token for push in fcm.accepted] == [phone.token]
    assert [message.claims["sub"] for message in service.messages] == ["https://so-tay.example/chi-bo"]


POINT = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
SUBSCRIPTION = Subscription("https://updates.push.services.mozilla.com/wpush/v2/gAAAA", POINT, "BTBZMqHH6r4Tts7J_aSIgg")
ON_LOOPBACK = {"endpoint": "http://127.0.0.1:5432/x", "p256dh": POINT, "auth": SUBSCRIPTION.auth}
OFF_THE_CURVE = {"endpoint": SUBSCRIPTION.endpoint, "p256dh": "B" + "A" * 86, "auth": SUBSCRIPTION.auth}


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"web_push": ON_LOOPBACK}, "push_service_unknown", None),
        ({"push_token": "fcm-token"}, "two_ways_to_push", "/web_push"),
        ({"platform": "ios"}, "only_for_browsers", "/web_push"),
        ({"web_push": OFF_THE_CURVE}, "key_not_valid", "/web_push/p256dh"),
        ({"web_push": {**OFF_THE_CURVE, "p256dh": POINT + "="}}, "string_pattern_mismatch", "/web_push/p256dh"),
        ({"web_push": {**ON_LOOPBACK, "auth": "short"}}, "string_pattern_mismatch", "/web_push/auth"),
        ({"web_push": {**ON_LOOPBACK, "endpoint": "x" * 2001}}, "string_too_long", "/web_push/endpoint"),
    ],
)
async def test_registration_that_cannot_be_pushed_to_is_refused(
    signed_in: SignedIn,
    database: RolledBackDatabase,
    world: World,
    changes: dict[str, Any],
    code: str,
    pointer: str | None,
) -> None:
    refused = await signed_in(world.member).put(path_of(world.member), json=body_of(SUBSCRIPTION, **changes))
    problem = refused.json()
    assert refused.status_code == 422, refused.text
    if pointer is None:
        assert problem["code"] == code
    else:
        assert [(one["code"], one["pointer"]) for one in problem["errors"]] == [(code, pointer)]
    assert world.member.push_token in await tokens(database)


async def test_subscription_of_the_longest_kind_belongs_to_one_account_at_a_time(
    signed_in: SignedIn, database: RolledBackDatabase, world: World
) -> None:
    endpoint = "https://wns2-sg2p.notify.windows.com/w/?token="
    longest = Subscription((endpoint + token_urlsafe(2000))[:2000], POINT, "x" * 22)  # what no index could compress
    for person in (world.member, world.secretary):
        taken = await signed_in(person).put(path_of(person), json=body_of(longest))
        assert taken.status_code == 200, taken.text
    assert (await tokens(database)).count(longest.token) == 1
    removed = await signed_in(world.secretary).delete(path_of(world.secretary))
    assert removed.status_code == 204
    assert longest.token not in await tokens(database)


async def tokens(database: RolledBackDatabase) -> list[str]:
    async with database.session() as session:
        return list(await session.scalars(text("SELECT push_token FROM devices WHERE push_token IS NOT NULL")))
