"""Facts about resolutions and their comments; none holds the words of a comment."""

from typing import ClassVar
from uuid import UUID

from app.kernel.events import Event
from app.kernel.jobs import Lane
from app.kernel.scopes import Change, Op
from app.resolutions.models import AnswerOutcome


class ResolutionEvent(Event):
    """What every fact about a resolution carries: its text's version, and the revision that phones compare."""

    subject_type = "resolution"

    version: int
    revision: int

    def changes(self) -> tuple[Change, ...]:
        return (Change(self.organisation_id, "resolution", self.subject_id, self.revision),)


class ResolutionDrafted(ResolutionEvent):
    """A draft was written; only organisers see it."""

    code = "resolutions.drafted"


class ResolutionEdited(ResolutionEvent):
    """There is a new version, or another meeting is to decide it; nobody needs to be told."""

    code = "resolutions.edited"


class ResolutionDiscarded(ResolutionEvent):
    """A draft was deleted."""

    code = "resolutions.discarded"

    def changes(self) -> tuple[Change, ...]:
        return (Change(self.organisation_id, "resolution", self.subject_id, self.revision, Op.delete),)


class ResolutionOpened(ResolutionEvent):
    code = "resolutions.opened"
    lane: ClassVar[Lane | None] = Lane.bulk


class ResolutionRevised(ResolutionEvent):
    """There is a new version while members comment."""

    code = "resolutions.revised"
    lane: ClassVar[Lane | None] = Lane.bulk


class ResolutionClosed(ResolutionEvent):
    """Comments ended, by a leader or (without an actor) because their time was over."""

    code = "resolutions.closed"


class ResolutionAdopted(ResolutionEvent):
    code = "resolutions.adopted"

    number: str
    poll_id: UUID


class ResolutionRejected(ResolutionEvent):
    code = "resolutions.rejected"


class CommentEvent(Event):
    """What every fact about a comment carries. The resolution shows how many there are, so it changes too."""

    subject_type = "comment"

    resolution_id: UUID
    resolution_revision: int
    revision: int

    def changes(self) -> tuple[Change, ...]:
        return (
            Change(self.organisation_id, "resolution", self.resolution_id, self.resolution_revision),
            Change(self.organisation_id, "comment", self.subject_id, self.revision),
        )


class CommentMade(CommentEvent):
    code = "resolutions.commented"


class CommentEdited(CommentEvent):
    code = "resolutions.comment_edited"


class CommentDeleted(CommentEvent):
    code = "resolutions.comment_deleted"

    def changes(self) -> tuple[Change, ...]:
        return (
            Change(self.organisation_id, "resolution", self.resolution_id, self.resolution_revision),
            Change(self.organisation_id, "comment", self.subject_id, self.revision, Op.delete),
        )


class CommentSupported(CommentEvent):
    code = "resolutions.comment_supported"


class CommentSupportEnded(CommentEvent):
    code = "resolutions.comment_support_ended"


class CommentAnswered(CommentEvent):
    """The comment has an answer, or one of another outcome."""

    code = "resolutions.comment_answered"
    lane: ClassVar[Lane | None] = Lane.bulk

    outcome: AnswerOutcome


class CommentAnswerReworded(CommentEvent):
    """The answer has other words for the same outcome."""

    code = "resolutions.comment_answer_reworded"
