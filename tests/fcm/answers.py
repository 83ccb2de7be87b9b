"""What FCM answers, in Google's exact shapes, and what happens to answers on their way."""

import json
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from enum import Enum

FCM_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"
ERROR_INFO = "type.googleapis.com/google.rpc.ErrorInfo"


class Fate(Enum):
    """How much of an answer reaches the client before the connection is cut."""

    whole = "whole"
    half = "half"
    nothing = "nothing"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; `status` None stands for the usual 200, `accepts` says that the phone gets the push.

    It is written when its delay is over, or once its `gate` has a result.
    """

    status: int | None = None
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = "application/json; charset=UTF-8"
    delay_seconds: float = 0
    gate: Future[None] | None = None
    fate: Fate = Fate.whole
    accepts: bool = False


def error(
    status: int, name: str, message: str, *details: Mapping[str, object], retry_after: str | None = None
) -> Answer:
    content: dict[str, object] = {"code": status, "message": message, "status": name}
    if details:
        content["details"] = list(details)
    headers = () if retry_after is None else (("Retry-After", retry_after),)
    return Answer(status, json.dumps({"error": content}, indent=2).encode(), headers)


def fcm_error(code: str) -> dict[str, object]:
    return {"@type": FCM_ERROR, "errorCode": code}


def unregistered() -> Answer:
    return error(404, "NOT_FOUND", "Requested entity was not found.", fcm_error("UNREGISTERED"))


def sender_id_mismatch() -> Answer:
    return error(403, "PERMISSION_DENIED", "SenderId mismatch", fcm_error("SENDER_ID_MISMATCH"))


def permission_denied(project_id: str) -> Answer:
    resource = f"//cloudresourcemanager.googleapis.com/projects/{project_id}"
    text = f"Permission 'cloudmessaging.messages.create' denied on resource '{resource}' (or it may not exist)."
    info = {"@type": ERROR_INFO, "reason": "IAM_PERMISSION_DENIED", "domain": "fcm.googleapis.com"}
    return error(403, "PERMISSION_DENIED", text, info)


def no_project() -> Answer:
    return error(404, "NOT_FOUND", "Requested entity was not found.")


def invalid_argument(*, field: str, description: str, message: str | None = None) -> Answer:
    violation = {"@type": BAD_REQUEST, "fieldViolations": [{"field": field, "description": description}]}
    return error(400, "INVALID_ARGUMENT", message or description, violation, fcm_error("INVALID_ARGUMENT"))


def unreadable_request(*violations: tuple[str, str]) -> Answer:
    """What Google's JSON front says, before FCM sees anything: no FcmError."""
    fields = [{"field": field, "description": description} for field, description in violations]
    text = "\n".join(description for _, description in violations)
    return error(400, "INVALID_ARGUMENT", text, {"@type": BAD_REQUEST, "fieldViolations": fields})


def invalid_token(token: str) -> Answer:
    text = f"The registration token is not a valid FCM registration token: {token}"
    return invalid_argument(field="message.token", description="Invalid registration token", message=text)


def quota_exceeded(*, retry_after: str | None = None) -> Answer:
    text = "Quota exceeded for quota metric 'Messages sent' and limit 'Messages sent per minute'."
    return error(429, "RESOURCE_EXHAUSTED", text, fcm_error("QUOTA_EXCEEDED"), retry_after=retry_after)


def unavailable(*, retry_after: str | None = None) -> Answer:
    text = "The service is currently unavailable."
    return error(503, "UNAVAILABLE", text, fcm_error("UNAVAILABLE"), retry_after=retry_after)


def internal() -> Answer:
    return error(500, "INTERNAL", "Internal error encountered.", fcm_error("INTERNAL"))


def third_party_auth_error() -> Answer:
    text = "Auth error from APNS or Web Push Service"
    return error(401, "UNAUTHENTICATED", text, fcm_error("THIRD_PARTY_AUTH_ERROR"))


def unauthenticated() -> Answer:
    text = (
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie "
        "or other valid authentication credential."
    )
    info = {"@type": ERROR_INFO, "reason": "ACCESS_TOKEN_EXPIRED", "domain": "googleapis.com"}
    return error(401, "UNAUTHENTICATED", text, info)


def account_disabled() -> Answer:
    """The token endpoint's refusal; Google's library does not try again after it."""
    content = {"error": "invalid_grant", "error_description": "Invalid grant: account not found"}
    return Answer(400, json.dumps(content).encode())


def proxy_page(status: int) -> Answer:
    """A page of something between the client and Google."""
    return Answer(status, b"<html><title>Error</title></html>", content_type="text/html; charset=UTF-8")


def gibberish() -> Answer:
    """A 200 whose body is no JSON; the push is on its way nevertheless."""
    return Answer(200, b'{"name": "projects/', accepts=True)


def redirect(location: str) -> Answer:
    return Answer(302, b"", (("Location", location),))


def cut(*, accepts: bool) -> Answer:
    """The connection is closed instead of an answer, before or after the push was taken."""
    return Answer(fate=Fate.nothing, accepts=accepts)


def half() -> Answer:
    """Half of the 200, then the connection is closed; the push is on its way."""
    return Answer(fate=Fate.half, accepts=True)


def late(seconds: float, answer: Answer | None = None) -> Answer:
    """The same answer after a wait; without one, the usual 200."""
    return replace(answer or Answer(accepts=True), delay_seconds=seconds)


def held(gate: Future[None]) -> Answer:
    """The usual 200 as soon as a test lets it through."""
    return Answer(accepts=True, gate=gate)


def http_date(after: timedelta) -> str:
    """The instant `after` from now, as HTTP writes it (whole seconds)."""
    return format_datetime(datetime.now(UTC) + after, usegmt=True)
