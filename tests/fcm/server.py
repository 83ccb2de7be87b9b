"""`LoopbackFcm`: the server, what it was sent, and what it was told to answer."""

import asyncio
import json
import secrets
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import uvloop
from pydantic import ValidationError

from tests.fcm import answers
from tests.fcm.answers import Answer
from tests.fcm.http import HttpProtocol
from tests.fcm.oauth import TokenEndpoint
from tests.fcm.schema import SendMessageRequest

LARGEST_PAYLOAD = 4096
Choice = Callable[[SendMessageRequest], Answer | None]


@dataclass(frozen=True, slots=True)
class Push:
    """One send as it arrived: `received_at` in seconds of `time.monotonic`, `status` as in the `answer`.

    `caller` is what stood in the path before FCM's own, by which tests tell several senders apart.
    """

    token: str
    body: bytes
    received_at: float
    status: int | None
    answer: Answer
    caller: str = ""

    @property
    def message(self) -> dict[str, Any]:
        """The message in JSON; Any, since tests reach into its depths."""
        message: dict[str, Any] = json.loads(self.body)["message"]
        return message


class LoopbackFcm:
    """Google's side of a push, in a thread of its own on 127.0.0.1.

    `strict` knows only the tokens given to `register`; otherwise any token will do until `unregister`.
    """

    def __init__(
        self,
        directory: Path,
        *,
        project_id: str = "so-tay-loopback",
        strict: bool = False,
        token_lifetime_seconds: float = 3599,
        port: int = 0,
    ) -> None:
        """The service-account file is written into `directory` (which exists) when the server starts."""
        self.project_id = project_id
        self.credentials_file = directory / "service-account.json"
        self.url = ""
        self.oauth = TokenEndpoint(project_id=project_id, lifetime_seconds=token_lifetime_seconds)
        self.requests: list[Push] = []
        self.accepted: list[Push] = []
        self._strict = strict
        self._port = port
        self._changed = threading.Condition()
        self._registered: set[str] = set()
        self._unregistered: set[str] = set()
        self._next: deque[Answer] = deque()
        self._always: dict[str, Answer] = {}
        self._lanes: dict[str, Answer] = {}
        self._choose: Choice | None = None
        self._watch: Callable[[Push], None] | None = None
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="loopback-fcm", daemon=True)
        self._ready = threading.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        del kind, error, trace
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    # What it shall answer

    def register(self, *tokens: str) -> None:
        with self._changed:
            self._registered.update(tokens)
            self._unregistered.difference_update(tokens)

    def unregister(self, *tokens: str) -> None:
        """The app was removed: sends to these tokens are answered UNREGISTERED."""
        with self._changed:
            self._registered.difference_update(tokens)
            self._unregistered.update(tokens)

    def answer_next(self, answer: Answer, *, times: int = 1) -> None:
        """Answer the next sends that are in order with this, whoever they are for."""
        with self._changed:
            self._next.extend([answer] * times)

    def answer_always(self, token: str, answer: Answer | None) -> None:
        """Answer each send to this token with `answer`; None ends it."""
        with self._changed:
            if answer is None:
                self._always.pop(token, None)
            else:
                self._always[token] = answer

    def answer_lane(self, part: str, answer: Answer | None) -> None:
        """Answer each send with this part (`android`, `apns` or `webpush`) with `answer`; None ends it."""
        with self._changed:
            if answer is None:
                self._lanes.pop(part, None)
            else:
                self._lanes[part] = answer

    def answer_by(self, choose: Choice) -> None:
        """Ask for each send that is in order what to answer; None says as usual."""
        self._choose = choose

    def clear(self) -> None:
        """Forget what was sent and what was to be answered, not who is registered or signed in."""
        with self._changed:
            self.requests.clear()
            self.accepted.clear()
            self._next.clear()
            self._always.clear()
            self._lanes.clear()
        self.oauth.reset()

    # What it was sent

    def pushes_to(self, token: str) -> list[Push]:
        """The accepted pushes to one token, in the order they came."""
        with self._changed:
            return [push for push in self.accepted if push.token == token]

    def hand_to(self, watch: Callable[[Push], None]) -> None:
        """Hand each send over as it is answered, in the server's thread, instead of keeping it."""
        self._watch = watch

    def wait_for(self, count: int, *, timeout_seconds: float = 5) -> list[Push]:
        """Return the accepted pushes as soon as there are `count`; raises TimeoutError with how many came."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.accepted) >= count, timeout_seconds):
                raise TimeoutError(f"{len(self.accepted)} of {count} pushes after {timeout_seconds} s")
            return list(self.accepted)

    # The server

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        listening = socket.create_server(("127.0.0.1", self._port), backlog=1024)
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        self.oauth.write_credentials(self.credentials_file, url=self.url)
        connections: set[asyncio.Transport] = set()
        server = self._loop.run_until_complete(
            self._loop.create_server(lambda: HttpProtocol(self._answer, connections), sock=listening)
        )
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for connection in list(connections):
            connection.abort()
        self._loop.run_until_complete(server.wait_closed())
        self._loop.close()

    def _answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        if method == "POST" and path == "/token":
            return self.oauth.answer(body)
        caller, _, project = path.partition("/v1/projects/")
        if method != "POST" or not project.endswith("/messages:send"):
            return answers.proxy_page(404)
        refusal = self._refusal(project.removesuffix("/messages:send"), headers)
        if refusal is not None:
            return self._record("", body, refusal, caller)
        try:
            request = SendMessageRequest.model_validate_json(body)
        except ValidationError as error:
            return self._record("", body, _violations(error), caller)
        return self._record(*self._judge(request, body), caller)

    def _refusal(self, project_id: str, headers: dict[str, str]) -> Answer | None:
        scheme, _, access_token = headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not self.oauth.knows(access_token):
            return answers.unauthenticated()
        if project_id != self.project_id:
            return answers.permission_denied(project_id)
        if headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            return answers.unreadable_request(("", "Invalid JSON payload received: wrong content type."))
        return None

    def _judge(self, request: SendMessageRequest, body: bytes) -> tuple[str, bytes, Answer]:
        token = request.message.token or ""
        if len(body) > LARGEST_PAYLOAD:
            fields = json.loads(body)["message"]
            fields.pop("token", None)
            payload = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
            if len(payload) > LARGEST_PAYLOAD:
                text = "Android message is too big"
                return token, body, answers.invalid_argument(field="message", description=text)
        with self._changed:
            told = self._always.get(token) or self._of_lane(request) or (self._next.popleft() if self._next else None)
            if told is None and self._choose is not None:
                told = self._choose(request)
            known = token in self._registered or (not self._strict and token not in self._unregistered)
        if told is not None:
            return token, body, told
        return token, body, Answer(accepts=True) if known else answers.unregistered()

    def _of_lane(self, request: SendMessageRequest) -> Answer | None:
        parts = request.message.model_fields_set
        return next((answer for part, answer in self._lanes.items() if part in parts), None)

    def _record(self, token: str, body: bytes, answer: Answer, caller: str) -> Answer:
        if answer.status is None:
            name = f"projects/{self.project_id}/messages/{secrets.token_hex(8)}"
            answer = replace(answer, status=200, body=b'{\n  "name": "%b"\n}\n' % name.encode())
        push = Push(token, body, time.monotonic(), answer.status, answer, caller)
        if self._watch is not None:
            self._watch(push)
            return answer
        with self._changed:
            self.requests.append(push)
            if answer.accepts:
                self.accepted.append(push)
                self._changed.notify_all()
        return answer


def _violations(error: ValidationError) -> Answer:
    violations: list[tuple[str, str]] = []
    for problem in error.errors():
        where = [str(step) for step in problem["loc"]]
        if problem["type"] == "extra_forbidden":
            field = ".".join(where[:-1])
            unknown = f"Unknown name \"{where[-1]}\" at '{field}': Cannot find field."
            violations.append((field, f"Invalid JSON payload received. {unknown}"))
        else:
            violations.append((".".join(where), f"Invalid value ({problem['msg']})"))
    return answers.unreadable_request(*violations)
