"""Facts of care; neither whom to ask nor their number is among them."""

from typing import ClassVar
from uuid import UUID

from app.kernel.events import Event
from app.kernel.jobs import Lane


class MemberNudged(Event):
    """The branch let a member know that it would like to hear from them; the subject is the member."""

    code = "care.member_nudged"
    subject_type = "member"
    lane: ClassVar[Lane | None] = Lane.bulk

    nudge_id: UUID


class ProxyContactNamed(Event):
    """Whom to ask about a member was written down, or written anew; the subject is the member."""

    code = "care.proxy_contact_named"
    subject_type = "member"


class ProxyContactRemoved(ProxyContactNamed):
    code = "care.proxy_contact_removed"
