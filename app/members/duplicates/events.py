"""Facts about duplicates."""

from uuid import UUID

from app.kernel.events import Event


class MembersDistinguished(Event):
    """Two who looked like one were said to be two."""

    code = "members.distinguished"
    subject_type = "member"

    other_id: UUID


class DistinctionRevoked(Event):
    """That was a mistake: they may be one after all."""

    code = "members.distinction_revoked"
    subject_type = "member"

    other_id: UUID
