"""What an export holds: one `Part` for each thing that is kept about a member, and what is left out and why."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, case, select
from sqlalchemy.orm import InstrumentedAttribute

from app.activity.models import ActivityEntry
from app.admissions.models import Candidacy, CandidacyStep
from app.announcements.models import Announcement, AnnouncementReceipt
from app.care.models import Nudge, ProxyContact
from app.documents.models import Document, DocumentBookmark
from app.identity.models import (
    Account,
    ActivationCode,
    Device,
    LinkedIdentity,
    LoginSession,
    RecoveryCode,
    SecondFactor,
)
from app.kernel.i18n import Text
from app.kernel.models import EventDetails, EventRow
from app.meetings.calendar.models import CalendarFeed
from app.meetings.models import Meeting, MeetingReply, MeetingTask, RosterEntry
from app.members.models import AwayPeriod, Member, Standing
from app.members.posts.models import Post
from app.members.record_views.models import RecordView
from app.memberships.models import StandingDecision
from app.minutes.models import MinutesRemark
from app.notifications.models import InboxEntry, Notification, NotificationPreference, SmsDelivery
from app.organisations.models import Organisation
from app.polls.models import Elector, Participation, Poll, Vote
from app.privacy.models import Consent, CorrectionRequest
from app.reports.models import MemberRating
from app.resolutions.models import CommentSupport, ResolutionComment, ResolutionVersion
from app.transfers.models import Transfer

Column = InstrumentedAttribute[Any]
"""Any: of whatever type the owner's column is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Rows about one member: `whose` is the column that names the member (or their account, where it is `account_id`).

    `beside` are further columns of that kind whose rows the statement brings along. Columns are named: what a table
    gets later is in no export until somebody has judged it.
    """

    name: str
    title: Text
    whose: Column
    rows: Select[*tuple[Any, ...]]
    beside: tuple[Column, ...] = ()


_ORGANISATION = Organisation.name.label("organisation")

PARTS = (
    Part(
        name="record",
        title=Text(vi="Hồ sơ", en="My record"),
        whose=Member.id,
        rows=select(
            Member.id,
            Member.full_name,
            Member.born_on,
            Member.sex,
            Member.card_number,
            Member.citizen_id,
            Member.phone,
            Member.admitted_on,
            Member.official_on,
            _ORGANISATION,
            Member.created_at,
        ).join(Organisation, Organisation.id == Member.organisation_id),
    ),
    Part(
        name="standings",
        title=Text(vi="Tình trạng sinh hoạt", en="States of my membership"),
        whose=Standing.member_id,
        rows=select(Standing.kind, Standing.starts_on, Standing.ends_on, _ORGANISATION).join(
            Organisation, Organisation.id == Standing.organisation_id
        ),
    ),
    Part(
        name="posts",
        title=Text(vi="Chức vụ", en="My posts"),
        whose=Post.member_id,
        rows=select(Post.kind, Post.starts_on, Post.ends_on, _ORGANISATION).join(
            Organisation, Organisation.id == Post.organisation_id
        ),
    ),
    Part(
        name="away_periods",
        title=Text(vi="Thời gian đi làm ăn xa", en="My time away"),
        whose=AwayPeriod.member_id,
        rows=select(
            AwayPeriod.starts_on, AwayPeriod.ends_on, AwayPeriod.place, AwayPeriod.time_zone, AwayPeriod.created_at
        ),
    ),
    Part(
        name="record_views",
        title=Text(vi="Ai đã xem hồ sơ", en="Who viewed my record"),
        whose=RecordView.member_id,
        rows=select(
            RecordView.viewed_at, RecordView.what, RecordView.post_kind, _ORGANISATION, Member.full_name.label("viewer")
        )
        .join(Organisation, Organisation.id == RecordView.organisation_id)
        .join(Member, Member.id == RecordView.viewer_id),
    ),
    Part(
        name="account",
        title=Text(vi="Tài khoản", en="My account"),
        whose=Account.member_id,
        rows=select(Account.id, Account.created_at, Account.disabled_at),
    ),
    Part(
        name="sessions",
        title=Text(vi="Phiên đăng nhập", en="My sessions"),
        whose=LoginSession.account_id,
        rows=select(
            LoginSession.platform,
            LoginSession.device_name,
            LoginSession.installation_id,
            LoginSession.created_at,
            LoginSession.last_used_at,
            LoginSession.expires_at,
            LoginSession.revoked_at,
        ),
    ),
    Part(
        name="devices",
        title=Text(vi="Thiết bị nhận thông báo", en="My devices"),
        whose=Device.account_id,
        rows=select(
            Device.installation_id,
            Device.platform,
            Device.device_name,
            Device.locale,
            Device.time_zone,
            Device.app_version,
            Device.push_token.is_not(None).label("is_pushed_to"),
            Device.created_at,
            Device.updated_at,
        ),
    ),
    Part(
        name="activation_codes",
        title=Text(vi="Mã kích hoạt", en="My activation codes"),
        whose=ActivationCode.member_id,
        rows=select(ActivationCode.created_at, ActivationCode.expires_at, ActivationCode.try_count),
    ),
    Part(
        name="second_factor",
        title=Text(vi="Xác thực hai lớp", en="My second factor"),
        whose=SecondFactor.account_id,
        rows=select(SecondFactor.created_at, SecondFactor.confirmed_at),
    ),
    Part(
        name="recovery_codes",
        title=Text(vi="Mã khôi phục", en="My recovery codes"),
        whose=RecoveryCode.account_id,
        rows=select(RecoveryCode.created_at),
    ),
    Part(
        name="linked_identities",
        title=Text(vi="Danh tính liên kết", en="My linked identities"),
        whose=LinkedIdentity.account_id,
        rows=select(LinkedIdentity.provider, LinkedIdentity.subject, LinkedIdentity.created_at),
    ),
    Part(
        name="calendars",
        title=Text(vi="Địa chỉ lịch", en="My calendar addresses"),
        whose=CalendarFeed.account_id,
        rows=select(CalendarFeed.created_at, CalendarFeed.last_fetched_at, CalendarFeed.revoked_at),
    ),
    Part(
        name="notification_preferences",
        title=Text(vi="Lựa chọn nhận thông báo", en="My preferences"),
        whose=NotificationPreference.account_id,
        rows=select(NotificationPreference.kind, NotificationPreference.channel, NotificationPreference.enabled),
    ),
    Part(
        name="notices",
        title=Text(vi="Thông báo đã nhận", en="Notices I received"),
        whose=InboxEntry.member_id,
        beside=(SmsDelivery.member_id,),
        rows=select(
            Notification.type,
            Notification.subject_type,
            Notification.subject_id,
            _ORGANISATION,
            InboxEntry.created_at,
            InboxEntry.read_at,
            SmsDelivery.outcome.label("text_message"),
            SmsDelivery.finished_at.label("texted_at"),
        )
        .select_from(InboxEntry)
        .join(Notification, Notification.id == InboxEntry.notification_id)
        .join(Organisation, Organisation.id == Notification.organisation_id)
        .outerjoin(
            SmsDelivery,
            (SmsDelivery.notification_id == InboxEntry.notification_id)
            & (SmsDelivery.member_id == InboxEntry.member_id),
        ),
    ),
    Part(
        name="replies",
        title=Text(vi="Trả lời lịch họp", en="My replies to meetings"),
        whose=MeetingReply.member_id,
        rows=select(
            Meeting.id.label("meeting_id"),
            Meeting.title.label("meeting"),
            Meeting.starts_at,
            MeetingReply.reply,
            MeetingReply.reason,
            MeetingReply.replied_at,
        )
        .select_from(MeetingReply)
        .join(Meeting, Meeting.id == MeetingReply.meeting_id),
    ),
    Part(
        name="attendance",
        title=Text(vi="Điểm danh", en="My attendance"),
        whose=RosterEntry.member_id,
        rows=select(
            Meeting.id.label("meeting_id"),
            Meeting.title.label("meeting"),
            Meeting.starts_at,
            RosterEntry.standing,
            RosterEntry.is_exempt,
            RosterEntry.is_away,
            RosterEntry.attendance,
            RosterEntry.source,
            RosterEntry.checked_in_at,
            RosterEntry.arrived_offline,
            RosterEntry.note,
        )
        .select_from(RosterEntry)
        .join(Meeting, Meeting.id == RosterEntry.meeting_id),
    ),
    Part(
        name="tasks",
        title=Text(vi="Nhiệm vụ được giao", en="My tasks"),
        whose=MeetingTask.assignee_id,
        rows=select(
            MeetingTask.title,
            MeetingTask.detail,
            MeetingTask.due_on,
            MeetingTask.status,
            MeetingTask.done_at,
            MeetingTask.closing_note,
            MeetingTask.created_at,
        ),
    ),
    Part(
        name="comments",
        title=Text(vi="Góp ý dự thảo", en="My comments on drafts"),
        whose=ResolutionComment.author_id,
        rows=select(
            # As it was then: who has left the branch is not told how the draft went on.
            ResolutionVersion.title.label("resolution"),
            ResolutionComment.version,
            ResolutionComment.body,
            ResolutionComment.created_at,
            ResolutionComment.edited_at,
            ResolutionComment.answer,
            ResolutionComment.answer_body,
            ResolutionComment.answered_at,
        )
        .select_from(ResolutionComment)
        .join(
            ResolutionVersion,
            and_(
                ResolutionVersion.resolution_id == ResolutionComment.resolution_id,
                ResolutionVersion.version == ResolutionComment.version,
            ),
        ),
    ),
    Part(
        name="supports",
        title=Text(vi="Ý kiến tán thành", en="Comments I supported"),
        whose=CommentSupport.member_id,
        rows=select(CommentSupport.comment_id, CommentSupport.created_at),
    ),
    Part(
        name="minutes_remarks",
        title=Text(vi="Ý kiến về biên bản", en="My remarks on minutes"),
        whose=MinutesRemark.member_id,
        rows=select(
            MinutesRemark.meeting_id,
            MinutesRemark.body,
            MinutesRemark.created_at,
            MinutesRemark.taken,
            MinutesRemark.answer,
            MinutesRemark.answered_at,
        ),
    ),
    Part(
        # How somebody voted is known of open polls only; of secret ones nobody knows more than that they took part.
        name="polls",
        title=Text(vi="Biểu quyết", en="Polls I could vote in"),
        whose=Elector.member_id,
        beside=(Vote.member_id, Participation.voter),
        rows=select(
            Poll.id.label("poll_id"),
            Poll.question,
            Poll.secrecy,
            Poll.opened_at,
            Vote.choice,
            Vote.voted_at,
            case((Vote.poll_id.is_not(None), True), else_=Participation.poll_id.is_not(None)).label("took_part"),
        )
        .select_from(Elector)
        .join(Poll, Poll.id == Elector.poll_id)
        .outerjoin(Vote, (Vote.poll_id == Elector.poll_id) & (Vote.member_id == Elector.member_id))
        .outerjoin(
            Participation,
            (Participation.poll_id == Elector.poll_id) & (Participation.voter == Elector.member_id),
        ),
    ),
    Part(
        name="announcement_receipts",
        title=Text(vi="Thông báo đã xem", en="Announcements I opened"),
        whose=AnnouncementReceipt.member_id,
        rows=select(
            Announcement.title.label("announcement"),
            AnnouncementReceipt.opened_at,
            AnnouncementReceipt.acknowledged_at,
        )
        .select_from(AnnouncementReceipt)
        .join(Announcement, Announcement.id == AnnouncementReceipt.announcement_id),
    ),
    Part(
        name="activity_entries",
        title=Text(vi="Hoạt động tự ghi", en="My own entries"),
        whose=ActivityEntry.member_id,
        rows=select(
            ActivityEntry.title,
            ActivityEntry.body,
            ActivityEntry.occurred_on,
            ActivityEntry.status,
            ActivityEntry.reason,
            ActivityEntry.decided_at,
            ActivityEntry.created_at,
        ),
    ),
    Part(
        name="documents",
        title=Text(vi="Tài liệu đã tải lên", en="Documents I uploaded"),
        whose=Document.uploaded_by,
        rows=select(
            Document.id,
            Document.title,
            Document.file_name,
            Document.media_type,
            Document.size_bytes,
            Document.sha256,
            Document.visibility,
            Document.uploaded_at,
        ),
    ),
    Part(
        name="bookmarks",
        title=Text(vi="Tài liệu đã lưu", en="My bookmarks"),
        whose=DocumentBookmark.member_id,
        # Not the title, which may be another since: who has left a branch is not told what its documents are called.
        rows=select(DocumentBookmark.document_id, DocumentBookmark.created_at),
    ),
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
            Candidacy.status,
            Candidacy.source,
            Candidacy.certificate_number,
            Candidacy.certified_on,
            Candidacy.decision_number,
            Candidacy.decided_on,
            Candidacy.admitted_on,
            Candidacy.recognition_number,
            Candidacy.recognition_decided_on,
            Candidacy.dropped_because,
            Candidacy.created_at,
        ),
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
"""In the order of the export. A new table about members is one more, or stands below."""

ACT = "an act for the organisation: the log has it, and so the part `acts`"

LEFT_OUT = {
    "activation_codes.issued_by": ACT,
    "announcements.created_by": ACT,
    "meetings.created_by": ACT,
    "meetings.chair_id": ACT,
    "meetings.minute_taker_id": ACT,
    "correction_requests.decided_by": ACT,
    "meeting_guests.entered_by": ACT,
    "meeting_replies.entered_by": ACT,
    "meeting_tasks.created_by": ACT,
    "minutes.composed_by": ACT,
    "minutes.approved_by": ACT,
    "minutes_remarks.answered_by": ACT,
    "polls.created_by": ACT,
    "resolutions.created_by": ACT,
    "resolution_versions.created_by": ACT,
    "resolution_comments.answered_by": ACT,
    "roster_entries.entered_by": ACT,
    "votes.entered_by": ACT,
    "activity_entries.decided_by": ACT,
    "reorganisations.planned_by": ACT,
    "transfers.started_by": ACT,
    "transfers.decided_by": ACT,
    "standing_decisions.entered_by": ACT,
    "candidacies.entered_by": ACT,
    "candidacy_steps.entered_by": ACT,
    "candidacies.mentor_1_id": "a candidate's record, of whom the caller is a mentor",
    "candidacies.mentor_2_id": "a candidate's record, of whom the caller is a mentor",
    "admission_targets.set_by": ACT,
    "member_ratings.rated_by": ACT,
    "nudges.nudged_by": ACT,
    "proxy_contacts.entered_by": ACT,
    "record_views.viewer_id": "says whose record somebody else's is; that the caller looked is in `acts`",
    "refresh_tokens.session_id": "secrets, by their hashes; the session they belong to is in `sessions`",
    "idempotency_keys.account_id": "answers given before, which are other parts' rows, gone after 30 days",
}
"""Columns that name a member, an account or a session and make no part, each with the reason."""
