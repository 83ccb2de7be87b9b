"""Facts of privacy; none says what stood in a record. The lane says that people are told."""

from typing import ClassVar
from uuid import UUID

from app.kernel.events import Event
from app.kernel.jobs import Lane
from app.kernel.scopes import Change
from app.privacy.models import CorrectableField


class DataExported(Event):
    """A member took all that is kept about them."""

    code = "privacy.data_exported"
    subject_type = "member"


class MemberErased(Event):
    """Who a member was is gone from the database, and from what facts said."""

    code = "privacy.member_erased"
    subject_type = "member"

    version: int

    def changes(self) -> tuple[Change, ...]:
        """Return the member without a name, for the branch and for themself."""
        return tuple(
            Change(scope, "member", self.subject_id, self.version) for scope in (self.organisation_id, self.subject_id)
        )


class ConsentGiven(Event):
    code = "privacy.consent_given"
    subject_type = "member"

    version: str


class ConsentWithdrawn(Event):
    code = "privacy.consent_withdrawn"
    subject_type = "member"


class CorrectionEvent(Event):
    """What every fact about a correction request carries; what the field should say is in none."""

    subject_type = "correction_request"

    member_id: UUID
    field: CorrectableField


class CorrectionRequested(CorrectionEvent):
    """A member asks, or is of another branch since; who decides it there is told."""

    code = "privacy.correction_requested"
    lane: ClassVar[Lane | None] = Lane.bulk


class CorrectionRequestWithdrawn(CorrectionEvent):
    code = "privacy.correction_request_withdrawn"


class CorrectionAccepted(CorrectionEvent):
    """The record says it now; the member is told."""

    code = "privacy.correction_accepted"
    lane: ClassVar[Lane | None] = Lane.bulk


class CorrectionRejected(CorrectionEvent):
    """The record stays as it is; the member is told why."""

    code = "privacy.correction_rejected"
    lane: ClassVar[Lane | None] = Lane.bulk
