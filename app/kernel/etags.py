"""Conditional requests: ETags made of version and viewer, never of the token, and checked before a change."""

import hashlib
import re
from collections.abc import Iterable
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel

from app.kernel.errors import PreconditionMissing, Stale
from app.kernel.i18n import Text
from app.kernel.pagination import Page
from app.kernel.schemas import Versioned
from app.kernel.security import CurrentActor

V = TypeVar("V", bound=Versioned)
P = TypeVar("P", bound="Page[Any]")
W = TypeVar("W", bound=BaseModel)
MAX_HEADER_LENGTH = 1000
"""In characters: a condition names a few ETags of at most 70."""


class IfMatchMissing(PreconditionMissing):
    title = Text(
        vi="Cần tiêu đề If-Match với ETag của bản đang sửa", en="Send If-Match with the ETag of the version you edit"
    )


class VersionChanged(Stale):
    title = Text(vi="Nội dung đã được người khác sửa, hãy tải lại", en="Somebody changed this meanwhile; load it again")


class NotModified(Exception):
    """The phone has it already: 304 (RFC 9110, 15.4.5)."""

    def __init__(self, etag: str) -> None:
        """Keep the tag, which the answer repeats."""
        self.etag = etag


def tags_in(if_none_match: str | None) -> list[str]:
    """Return the ETags that a caller holds, without their quotes; weak ones count (RFC 9110, 13.1.2)."""
    return [tag.strip().removeprefix("W/").strip('"') for tag in (if_none_match or "").split(",")]


class Tagger:
    """Puts the ETag on an answer, or answers 304 to a GET when the caller holds it."""

    def __init__(self, response: Response, viewer: str, if_none_match: str | None) -> None:
        """Bind to one request; `viewer` tells two members' views of the same version apart."""
        self._response = response
        self._viewer = viewer
        self._known = {f'"{tag}"' for tag in tags_in(if_none_match)}

    def one(self, view: V) -> V:
        """Tag a resource: `"<version>-<digest>"`."""
        self._apply(f'"{view.edition()}-{self._digest([view.state()])}"')
        return view

    def page(self, page: P) -> P:
        """Tag a page by the states of its items (each has a `state()`), in order."""
        self._apply(f'"{self._digest([item.state() for item in page.items] + [page.next_cursor or ""])}"')
        return page

    def whole(self, view: W) -> W:
        """Tag what has no version by all that it shows."""
        self._apply(f'"{self._digest([view.model_dump_json()])}"')
        return view

    def file(self, sha256: str) -> str:
        """Return the ETag of bytes, which is their hash for every viewer; also set, where the answer is a model."""
        etag = f'"{sha256}"'
        self._apply(etag)
        return etag

    def _digest(self, states: Iterable[str]) -> str:
        return hashlib.sha256("\n".join([self._viewer, *states]).encode()).hexdigest()[:24]

    def _apply(self, etag: str) -> None:
        if etag in self._known:
            raise NotModified(etag)
        self._response.headers["ETag"] = etag


IfNoneMatch = Annotated[
    str | None,
    Header(
        alias="If-None-Match",
        description="An ETag the caller holds: unchanged answers are 304 without a body",
        max_length=MAX_HEADER_LENGTH,
    ),
]


async def _tagger(
    request: Request,
    response: Response,
    actor: CurrentActor,
    if_none_match: IfNoneMatch = None,
) -> Tagger:
    # 304 answers a GET only (RFC 9110, 13.1.2): raised in a command, it would roll back what was done.
    return Tagger(response, str(actor.account_id), if_none_match if request.method == "GET" else None)


Tagged = Annotated[Tagger, Depends(_tagger)]


async def _seen_version(
    if_match: Annotated[
        str | None,
        Header(
            alias="If-Match",
            description='The ETag of the version being changed, as `GET` gave it: `"3-…"`; or the version alone, as '
            '`GET /v1/changes` gave it: `"3"`',
            max_length=MAX_HEADER_LENGTH,
        ),
    ] = None,
) -> int | None:
    if if_match is None:
        return None
    found = re.fullmatch(r'\s*(?:W/)?"(\d{1,10})(?:-[0-9a-f]+)?"\s*', if_match)
    # A tag this server never gave can match no version.
    return int(found[1]) if found else -1


SeenVersion = Annotated[int | None, Depends(_seen_version)]
"""The version the caller has seen, if they say so: of a POST that settles what another person may be writing."""


async def _expected_version(seen: SeenVersion) -> int:
    if seen is None:
        raise IfMatchMissing
    return seen


ExpectedVersion = Annotated[int, Depends(_expected_version)]
"""The version the caller has seen; a route that two people may write to hands it to its service."""


def require_version(current: int, expected: int | None) -> None:
    """Refuse a change to a version the caller has not seen; raises VersionChanged with the current one.

    Where None is expected, the caller named none.
    """
    if expected is not None and current != expected:
        raise VersionChanged(current_version=current)
