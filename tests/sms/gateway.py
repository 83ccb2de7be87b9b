"""What text messages end in, where tests send them."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from app.kernel.push import Sent
from app.kernel.sms import Sms, SmsOutcome
from tests.fcm.answers import Answer
from tests.loopback import Loopback


class LoopbackGateway(Loopback):
    """Takes texts for its token, and answers as told."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self._token = token
        self.taken: list[dict[str, Any]] = []  # Any: JSON
        self.instead: Answer | None = None

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        if (method, path) != ("POST", "/messages") or headers.get("content-type") != "application/json":
            return Answer(404)
        if headers.get("authorization") != f"Bearer {self._token}":
            return Answer(401)
        if self.instead is not None:
            return self.instead
        message = json.loads(body)
        assert message["reference"] == headers["idempotency-key"]
        self.taken.append(message)
        return Answer(202)


class CollectingSmsSender:
    """Keeps what it was given, and answers what it was told to; an exception is raised after the send."""

    def __init__(self) -> None:
        self.sent: list[Sms] = []
        self.answers: list[SmsOutcome | Exception | None] = []

    async def send(self, messages: Sequence[Sms], *, until: datetime) -> dict[UUID, SmsOutcome]:
        del until
        outcomes: dict[UUID, SmsOutcome] = {}
        for message in messages:
            self.sent.append(message)
            answer = self.answers.pop(0) if self.answers else Sent(None)
            if isinstance(answer, Exception):
                raise answer
            if answer is not None:
                outcomes[message.reference] = answer
        return outcomes

    async def aclose(self) -> None:
        pass
