"""Facts about what reports compare with; no grade stands in the log."""

from uuid import UUID

from app.kernel.events import Event


class AdmissionTargetSet(Event):
    code = "reports.admission_target_set"
    subject_type = "organisation"

    year: int
    plan: int


class AdmissionTargetRemoved(Event):
    """A year's plan was taken back."""

    code = "reports.admission_target_removed"
    subject_type = "organisation"

    year: int


class CommitteeTargetSet(Event):
    """A term's admissions, or a year's new organisations, were planned."""

    code = "reports.committee_target_set"
    subject_type = "organisation"

    kind: str
    from_year: int
    to_year: int
    plan: int


class CommitteeTargetRemoved(Event):
    """The plan of a term's admissions, or of a year's new organisations, was taken back."""

    code = "reports.committee_target_removed"
    subject_type = "organisation"

    kind: str
    from_year: int


class MembersRated(Event):
    """Members of the branch got their grades of a year."""

    code = "reports.members_rated"
    subject_type = "organisation"

    year: int
    member_ids: tuple[UUID, ...]


class RatingRemoved(Event):
    """The grade that a member had for a year was taken back; the subject is the branch they are in now."""

    code = "reports.rating_removed"
    subject_type = "organisation"

    year: int
    member_id: UUID
