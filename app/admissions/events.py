"""Facts about admissions; names and reasons stay in the rows."""

from datetime import date
from uuid import UUID

from app.kernel.events import Event
from app.kernel.jobs import Lane
from app.kernel.scopes import Change


class CandidacyEvent(Event):
    """What every fact about a candidacy carries. A candidate is on nobody's phone: only `GET` shows them."""

    subject_type = "candidacy"

    member_id: UUID


class CandidateEntered(CandidacyEvent):
    """Somebody is in the pool."""

    code = "admissions.candidate_entered"


class CandidacyChanged(CandidacyEvent):
    """Mentors, certificate or the person's own data are others."""

    code = "admissions.candidacy_changed"

    fields: tuple[str, ...]


class DossierStepDone(CandidacyEvent):
    """A step of the dossier is done, or its day was corrected."""

    code = "admissions.step_done"

    step: str


class CandidateDropped(CandidacyEvent):
    """Somebody left the pool."""

    code = "admissions.candidate_dropped"


class MemberAdmitted(CandidacyEvent):
    """A candidate is a member on probation."""

    code = "admissions.member_admitted"

    admitted_on: date
    member_version: int

    def changes(self) -> tuple[Change, ...]:
        """Return the new member, for the branch and for themself."""
        return (
            Change(self.organisation_id, "member", self.member_id, self.member_version),
            Change(self.member_id, "member", self.member_id, self.member_version),
        )


class MemberRecognised(Event):
    """The probation is over."""

    code = "admissions.member_recognised"
    subject_type = "member"
    lane = Lane.bulk

    official_on: date
    version: int

    def changes(self) -> tuple[Change, ...]:
        """Return the member, for the branch and for themself."""
        return (
            Change(self.organisation_id, "member", self.subject_id, self.version),
            Change(self.subject_id, "member", self.subject_id, self.version),
        )


class ProbationReviewDue(CandidacyEvent):
    """A probation is nearly over, over, or its review is due."""

    code = "admissions.review_due"
    lane = Lane.bulk

    official_due_on: date
    review_due_on: date
