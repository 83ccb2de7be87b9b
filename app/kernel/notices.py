"""What a feature says when people are to be told of a fact: whom, until when, and in which words."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Select

from app.kernel.db import Session
from app.kernel.events import Event
from app.kernel.i18n import Locale, Text
from app.kernel.push import Channel
from app.kernel.security import PostKind

Params = Mapping[str, Any]
"""What the texts need, as JSON (Any): names, instants in ISO form."""


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom a text is made."""

    locale: Locale
    time_zone: str


class AudiencePart(StrEnum):
    """Which of an organisation's people are meant (domain.md 22)."""

    everyone = "everyone"
    posts = "posts"
    away = "away"
    probationary = "probationary"


@dataclass(frozen=True, slots=True)
class Audience:
    """People who are described, not listed: those at or below an organisation, or the part of them that is named.

    `post_kinds` are the posts that are meant by `AudiencePart.posts`, and empty otherwise.
    """

    organisation_id: UUID
    part: AudiencePart = AudiencePart.everyone
    post_kinds: tuple[PostKind, ...] = ()


@dataclass(frozen=True, slots=True)
class Prepared:
    """A notice about to be given out.

    `audience` selects member ids, and each gets a row in the inbox; or it describes them, and nobody gets one: who
    they are is asked when they read, and when their phones are pushed to. After `expires_at` no push leaves; `urgent`
    pushes wake the phone; `breaks_quiet_hours` is for what must be known the same day. `part_of` is what the subject
    belongs to, if that can be called off with all its parts.
    """

    audience: Select[UUID] | Audience
    params: Params
    expires_at: datetime
    urgent: bool = False
    breaks_quiet_hours: bool = False
    part_of: UUID | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """The notice of one kind of fact.

    `title` and `body` are the generic lines of the push, which Google, Apple and the lock screen read: no names,
    titles or agenda in them. `prepare` returns None when nobody needs to be told any more. `render` makes the inbox's
    title and body for one reader. `sms`, of what nobody may miss, makes the text for members without the app: carriers
    read it, so it holds times only, in 160 letters without accents.
    """

    event: type[Event]
    type: str
    channel: Channel
    title: Text
    body: Text
    # Any: each takes its own event; `expand` hands it the one that `event` names.
    prepare: Callable[[Session, Any], Awaitable[Prepared | None]]
    render: Callable[[Params, Reader], tuple[str, str]]
    sms: Callable[[Params], str] | None = None


Notices = tuple[Notice, ...]

UNKNOWN_TITLE = Text(vi="Sổ tay đảng viên", en="Member handbook")
UNKNOWN_BODY = Text(vi="Có thông báo mới", en="There is a new notice")
"""What is said of a notice whose type only a newer release knows, on phones and in inboxes; its link tells the rest."""


def render_unknown(params: Params, reader: Reader) -> tuple[str, str]:
    """Make the inbox's title and body of such a notice; what its params mean is not known either."""
    del params
    return UNKNOWN_TITLE.to(reader.locale), UNKNOWN_BODY.to(reader.locale)


def by_code(notices: Notices) -> dict[str, Notice]:
    """Return the notices by the code of their event."""
    return {notice.event.code: notice for notice in notices}


def by_type(notices: Notices) -> dict[str, Notice]:
    """Return the notices by their type, as inbox rows name it."""
    return {notice.type: notice for notice in notices}
