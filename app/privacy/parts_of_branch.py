"""Parts of an export about what the member took part in: meetings, votes, comments, papers."""

from sqlalchemy import and_, case, select

from app.activity.models import ActivityEntry
from app.announcements.models import Announcement, AnnouncementReceipt
from app.documents.models import Document, DocumentBookmark
from app.kernel.i18n import Text
from app.meetings.models import Meeting, MeetingReply, MeetingTask, RosterEntry
from app.minutes.models import MinutesRemark
from app.polls.models import Elector, Participation, Poll, Vote
from app.privacy.part import Part
from app.resolutions.models import CommentSupport, ResolutionComment, ResolutionVersion

OF_BRANCH = (
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
)
