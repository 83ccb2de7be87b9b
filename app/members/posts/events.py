"""Facts about posts: who was given rights, and who lost them, is in the audit trail for good."""

from datetime import date
from uuid import UUID

from app.kernel.events import Event
from app.kernel.scopes import Change, Op
from app.kernel.security import PostKind


class PostGranted(Event):
    code = "members.post_granted"
    subject_type = "post"

    member_id: UUID
    kind: PostKind
    starts_on: date
    ends_on: date | None

    def changes(self) -> tuple[Change, ...]:
        """Return the post, for the organisation and for who holds it."""
        return (
            Change(self.organisation_id, "post", self.subject_id, 1),
            Change(self.member_id, "post", self.subject_id, 1),
        )


class PostEnded(Event):
    code = "members.post_ended"
    subject_type = "post"

    member_id: UUID
    kind: PostKind

    def changes(self) -> tuple[Change, ...]:
        """Return that the post is gone, for the organisation and for who held it."""
        return (
            Change(self.organisation_id, "post", self.subject_id, 2, Op.delete),
            Change(self.member_id, "post", self.subject_id, 2, Op.delete),
        )
