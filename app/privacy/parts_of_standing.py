"""Parts of an export about how the membership went, and what was asked and done about it."""

from sqlalchemy import case, select

from app.admissions.models import Candidacy, CandidacyStep
from app.admissions.queries import status_on_record
from app.care.models import Nudge, ProxyContact
from app.kernel.i18n import Text
from app.kernel.models import EventDetails, EventRow
from app.members.models import Member
from app.memberships.models import StandingDecision
from app.organisations.models import Organisation
from app.privacy.models import Consent, CorrectionRequest
from app.privacy.part import Part
from app.reports.models import MemberRating
from app.transfers.models import Transfer

_ORGANISATION = Organisation.name.label("organisation")

OF_STANDING = (
    Part(
        name="consents",
        title=Text(vi="Đồng ý", en="My consents"),
        whose=Consent.member_id,
        rows=select(Consent.version, Consent.accepted_at, Consent.withdrawn_at),
    ),
    Part(
        name="correction_requests",
        title=Text(vi="Đề nghị sửa hồ sơ", en="My correction requests"),
        whose=CorrectionRequest.member_id,
        rows=select(
            CorrectionRequest.field,
            CorrectionRequest.value,
            CorrectionRequest.reason,
            CorrectionRequest.status,
            CorrectionRequest.answer,
            CorrectionRequest.decided_at,
            CorrectionRequest.created_at,
        ),
    ),
    Part(
        name="transfers",
        title=Text(vi="Chuyển sinh hoạt", en="My transfers"),
        whose=Transfer.member_id,
        rows=select(
            Transfer.kind,
            Transfer.for_study,
            Transfer.status,
            Organisation.name.label("from_organisation"),
            Transfer.to_organisation_id,
            Transfer.to_place,
            Transfer.letter_number,
            Transfer.letter_on,
            Transfer.until,
            Transfer.received_on,
            Transfer.reason,
            Transfer.created_at,
            Transfer.decided_at,
        )
        .select_from(Transfer)
        .join(Organisation, Organisation.id == Transfer.from_organisation_id),
    ),
    Part(
        name="standing_decisions",
        title=Text(vi="Quyết định về sinh hoạt đảng", en="Decisions about my membership"),
        whose=StandingDecision.member_id,
        rows=select(
            StandingDecision.kind,
            StandingDecision.starts_on,
            StandingDecision.ends_on,
            StandingDecision.reason,
            StandingDecision.decision_number,
            StandingDecision.created_at,
            StandingDecision.revoked_at,
            StandingDecision.revoked_because,
        ),
    ),
    Part(
        name="candidacy",
        title=Text(vi="Quá trình kết nạp", en="My way into the party"),
        whose=Candidacy.member_id,
        rows=select(
            status_on_record().label("status"),
            Candidacy.source,
            Candidacy.certificate_number,
            Candidacy.certified_on,
            Candidacy.decision_number,
            Candidacy.decided_on,
            Member.admitted_on,
            Candidacy.recognition_number,
            Candidacy.recognition_decided_on,
            Candidacy.dropped_because,
            Candidacy.created_at,
        )
        .select_from(Candidacy)
        .join(Member, Member.id == Candidacy.member_id),
    ),
    Part(
        name="candidacy_steps",
        title=Text(vi="Hồ sơ kết nạp", en="Steps of my dossier"),
        whose=Candidacy.member_id,
        rows=select(CandidacyStep.step, CandidacyStep.done_on, CandidacyStep.note)
        .select_from(Candidacy)
        .join(CandidacyStep, CandidacyStep.candidacy_id == Candidacy.id),
    ),
    Part(
        name="ratings",
        title=Text(vi="Xếp loại hằng năm", en="My yearly ratings"),
        whose=MemberRating.member_id,
        rows=select(MemberRating.year, MemberRating.grade, MemberRating.rated_at),
    ),
    Part(
        name="nudges",
        title=Text(vi="Chi bộ hỏi thăm", en="Nudges I was given"),
        whose=Nudge.member_id,
        rows=select(Nudge.nudged_at, _ORGANISATION).join(Organisation, Organisation.id == Nudge.organisation_id),
    ),
    Part(
        name="proxy_contact",
        title=Text(vi="Người liên hệ thay", en="Whom to ask about me"),
        whose=ProxyContact.member_id,
        rows=select(
            ProxyContact.full_name,
            ProxyContact.relation,
            ProxyContact.phone,
            ProxyContact.note,
            ProxyContact.entered_at,
        ),
    ),
    Part(
        name="acts",
        title=Text(vi="Việc đã làm", en="What I did"),
        whose=EventRow.actor_member_id,
        beside=(EventDetails.member_id,),
        rows=select(
            EventRow.occurred_at,
            EventRow.code,
            EventRow.subject_type,
            EventRow.subject_id,
            case((EventDetails.member_id == EventRow.actor_member_id, EventDetails.data)).label("details"),
        )
        .select_from(EventRow)
        .outerjoin(EventDetails, EventDetails.event_id == EventRow.id),
    ),
    Part(
        name="facts_about_me",
        title=Text(vi="Việc liên quan đến hồ sơ", en="What was done with my record"),
        whose=EventRow.subject_id,
        rows=select(EventRow.occurred_at, EventRow.code, EventRow.data.label("details")),
    ),
)
