"""A write that comes twice takes effect once: the first answer is kept beside its effect and given again (api.md 10).

The answer is written by the transaction that holds the effect: a commit that fails keeps nothing, a refusal neither, so
that a repetition may succeed. Whoever repeats must still be signed in, and gets what this same account was answered
before, word for word; the thing's present state is not asked again.

Nor are the feature's own rules: the request took effect, and asking them anew would refuse a repetition of what took
the thing out of the caller's own sight. Instead the answer is kept with what the caller was then, a member of one
branch with certain posts, and whoever has lost any of that since is not told again what it had let them see. A stay as
a temporary guest is not among these rights: the writes of guests are answered with their own words and attendance.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Request, Response
from sqlalchemy import func, literal, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from starlette.datastructures import UploadFile

from app.kernel.db import DbSession, Session
from app.kernel.errors import Conflict, Forbidden, Unprocessable
from app.kernel.i18n import Text
from app.kernel.models import KeptAnswer
from app.kernel.security import Actor, CurrentActor

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEPT_FOR = timedelta(days=30)  # phones come back late
_CHUNK_BYTES = 1024 * 1024
_FORGOTTEN = "forgotten"
"""A right that nobody has."""


class IdempotencyKeyReused(Unprocessable):
    title = Text(
        vi="Khóa Idempotency-Key này đã dùng cho một yêu cầu khác",
        en="This Idempotency-Key was used for another request",
    )


class AnswerNoLongerYours(Forbidden):
    title = Text(
        vi="Yêu cầu đã được thực hiện, nhưng đồng chí không còn quyền xem kết quả",
        en="The request took effect, but you may no longer see what it was answered",
    )


class RequestInFlight(Conflict):
    title = Text(
        vi="Yêu cầu có cùng Idempotency-Key đang được xử lý, hãy thử lại sau",
        en="The request with this Idempotency-Key is being served; try again soon",
    )

    def __init__(self) -> None:
        """Ask for a second's patience: no request takes long."""
        super().__init__(headers={"Retry-After": "1"})


class AnsweredBefore(Exception):
    """The request took effect earlier; here is what it was answered."""

    def __init__(self, answer: Response) -> None:
        """Keep the answer, which the route gives instead of doing anything."""
        self.answer = answer


_TABLE = KeptAnswer.__table__
_KEEP = insert(_TABLE).on_conflict_do_nothing().returning(_TABLE.c.key)  # type: ignore[arg-type]  # a table it is


@dataclass(frozen=True, slots=True)
class Claim:
    """A key that this request is the first to use."""

    session: Session
    actor: Actor
    key: UUID
    request_hash: bytes

    async def keep(self, answer: Response) -> None:
        """Write the answer down in the session that holds its effect.

        Raises RequestInFlight, which undoes the effect, when another request with the key was committed meanwhile.
        """
        values = {
            "account_id": self.actor.account_id,
            "key": self.key,
            "request_hash": self.request_hash,
            "rights": sorted(_rights(self.actor)),
            "status": answer.status_code,
            "headers": {name: value for name, value in answer.headers.items() if name != "content-length"},
            "body": bytes(answer.body),
            "created_at": self.session.now(),
        }
        if await self.session.scalar(_KEEP, values) is None:
            raise RequestInFlight

    async def require_first(self) -> None:
        """Raise RequestInFlight when another request with the key was committed meanwhile.

        Asked before a refusal is told: it may be for what the other has done, such as taking the id of what is made.
        The refusal takes back all anyway, and in a transaction that broke a constraint nothing can be asked.
        """
        await self.session.rollback()
        of_this_key = (KeptAnswer.account_id == self.actor.account_id, KeptAnswer.key == self.key)
        if await self.session.scalar(select(KeptAnswer.key).where(*of_this_key)) is not None:
            raise RequestInFlight


# The lock is only tried: a repetition while the first is under way is told so, and holds no connection meanwhile.
# Between this statement's snapshot and its lock the first may commit; the table's own key finds that out (`keep`,
# `require_first`).
_LOOK_UP = text("""
    SELECT pg_try_advisory_xact_lock(CAST(:lock AS bigint)) AS free,
        kept.request_hash, kept.rights, kept.status, kept.headers, kept.body
    FROM (SELECT) AS here LEFT JOIN idempotency_keys AS kept ON kept.account_id = :account_id AND kept.key = :key
""")


async def _claim(
    request: Request,
    session: DbSession,
    actor: CurrentActor,
    key: Annotated[
        UUID | None,
        Header(
            alias=HEADER,
            description="A fresh UUID for each intent, the same for each repetition of it: within 30 days the effect "
            f"comes once, and repetitions get the first answer again, with `{REPLAYED}: true`. So an attempt that was "
            "held up on its way does not undo what was changed since",
        ),
    ] = None,
) -> None:
    if key is None:
        return
    digest = hashlib.sha256()
    for part in await _told(request):
        digest.update(len(part).to_bytes(8) + part)
    request_hash = digest.digest()
    name = hashlib.sha256(actor.account_id.bytes + key.bytes).digest()
    found = await session.execute(
        _LOOK_UP,
        {"lock": int.from_bytes(name[:8], signed=True), "account_id": actor.account_id, "key": key},
    )
    kept = found.one()
    if kept.request_hash is None:
        if not kept.free:
            raise RequestInFlight
        request.state.claim = Claim(session, actor, key, request_hash)
        return
    if kept.request_hash != request_hash:
        raise IdempotencyKeyReused
    if not _rights(actor).issuperset(kept.rights):
        raise AnswerNoLongerYours
    raise AnsweredBefore(
        Response(content=kept.body, status_code=kept.status, headers={**kept.headers, REPLAYED: "true"})
    )


async def forget_answers(session: Session, *naming: str) -> None:
    """Empty every answer that says one of the words, whoever was given it; its repetition is AnswerNoLongerYours."""
    words = [json.dumps(word, ensure_ascii=False)[1:-1].encode() for word in naming]
    named = or_(*(func.position(literal(word).op("IN")(KeptAnswer.body)) > 0 for word in words))
    await session.execute(update(KeptAnswer).where(named).values(rights=[_FORGOTTEN], headers={}, body=b""))


Once = Depends(_claim)
"""Makes a route take `Idempotency-Key`; `StrictRoute` gives it to every write."""


def _rights(actor: Actor) -> set[str]:
    """Return what an answer may rest on: the branch one is a member of, and each post held."""
    return {str(actor.organisation_id), *(f"{post.kind} {post.organisation_id}" for post in actor.posts)}


async def _told(request: Request) -> list[bytes]:
    """Return what makes two requests the same."""
    parts = [
        request.method.encode(),
        request.scope["path"].encode(),
        request.scope["query_string"],
        request.headers.get("if-match", "").encode(),
    ]
    if not request.state.reads_form:
        return [*parts, await request.body()]
    # Not its bytes: the boundary between the parts is another one each time.
    for field, value in (await request.form()).multi_items():
        parts.append(field.encode())
        if isinstance(value, UploadFile):
            parts += [(value.filename or "").encode(), await _hash_of(value)]
        else:
            parts.append(value.encode())
    return parts


async def _hash_of(file: UploadFile) -> bytes:
    digest = hashlib.sha256()
    while chunk := await file.read(_CHUNK_BYTES):
        digest.update(chunk)
    await file.seek(0)
    return digest.digest()
