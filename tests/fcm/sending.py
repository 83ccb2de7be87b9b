"""Messages and devices for tests, and `sending`: the whole life of an `FcmSender` in one call."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from app.kernel.clock import Clock
from app.kernel.i18n import Locale, Text
from app.kernel.push import Channel, Message, Outcome, Platform, PushMessage, Target
from app.notifications.sender import FcmSender
from tests.fcm.server import LoopbackFcm

NOW = datetime(2026, 11, 22, 18, 30, tzinfo=UTC)
FAR = datetime(2999, 1, 1, tzinfo=UTC)


def a_message(*, link: str = "https://so-tay.example/m/1", urgent: bool = True) -> PushMessage:
    return PushMessage(
        notification_id=UUID(int=1),
        type="meeting_announced",
        channel=Channel.meeting_changed,
        subject_id=UUID(int=2),
        link=link,
        title=Text(vi="Có cuộc họp mới", en="A new meeting"),
        body=Text(vi="Mở ứng dụng để xem.", en="Open the app to read it."),
        expires_at=NOW + timedelta(hours=2),
        urgent=urgent,
    )


def a_target(
    token: str = "token-of-lan", *, platform: Platform = Platform.android, locale: Locale = Locale.vi
) -> Target:
    return Target(uuid4(), platform, token, locale, "Europe/Berlin", "Pixel của Lan")


def at(instant: datetime) -> Clock:
    return lambda: instant


standing = at(NOW)


def sending(
    fcm: LoopbackFcm,
    *rounds: Sequence[Target],
    message: Message | None = None,
    between: Callable[[], None] = lambda: None,
    clock: Clock = standing,
    until: datetime = FAR,
    url: str | None = None,
    timeout_seconds: float = 5,
    concurrency: int = 20,
) -> list[dict[UUID, Outcome]]:
    """Send to each round of targets with one sender; `between` is called after each."""

    async def run() -> list[dict[UUID, Outcome]]:
        sender = FcmSender(
            fcm.credentials_file,
            url=url or fcm.url,
            clock=clock,
            timeout_seconds=timeout_seconds,
            concurrency=concurrency,
        )
        results = []
        for targets in rounds:
            results.append(await sender.send(message or a_message(), targets, until=until))
            between()
        await sender.aclose()
        return results

    return asyncio.run(run())
