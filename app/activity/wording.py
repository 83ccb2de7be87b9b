"""The sentences of the log: what each kind of activity and each fact is called, with the title of what it is about."""

from dataclasses import dataclass

from app.activity.models import ActivityType
from app.kernel.i18n import Locale, Text

_WITH_TITLE = "{words}: {title}"

ACTIVITIES: dict[tuple[ActivityType, str | None], Text] = {
    (ActivityType.meeting_attended, None): Text(vi="Dự họp", en="Attended"),
    (ActivityType.meeting_replied, "coming"): Text(vi="Báo sẽ dự", en="Said I would come"),
    (ActivityType.meeting_replied, "absent"): Text(vi="Báo vắng", en="Said I could not come"),
    (ActivityType.commented, None): Text(vi="Góp ý dự thảo", en="Commented on the draft"),
    (ActivityType.voted, None): Text(vi="Đã bỏ phiếu", en="Voted"),
    (ActivityType.acknowledged, None): Text(vi="Đã xem thông báo", en="Acknowledged the announcement"),
    (ActivityType.task_done, None): Text(vi="Hoàn thành nhiệm vụ", en="Finished the task"),
}
"""By kind and variant. An entry of one's own is its title."""


@dataclass(frozen=True, slots=True)
class Fact:
    """The words of a fact; `is_public` where officers above may know of it (reliability-security.md 14).

    `of_records` where of a branch's organisers the minute-taker may not: what it is about is 404 to them.
    """

    words: Text
    is_public: bool = False
    of_records: bool = False


FACTS: dict[str, Fact] = {
    "organisations.founded": Fact(Text(vi="Thành lập tổ chức", en="Organisation founded"), is_public=True),
    "organisations.changed": Fact(Text(vi="Sửa thông tin tổ chức", en="Organisation changed"), is_public=True),
    "organisations.ended": Fact(Text(vi="Kết thúc hoạt động tổ chức", en="Organisation ended"), is_public=True),
    "organisations.moved": Fact(Text(vi="Chuyển tổ chức sang nơi khác", en="Organisation moved"), is_public=True),
    "reorganisations.carried_out": Fact(
        Text(vi="Thực hiện sắp xếp tổ chức", en="Reorganisation carried out"), is_public=True
    ),
    "reorganisations.tree_imported": Fact(Text(vi="Nhập cây tổ chức", en="Tree imported"), is_public=True),
    "members.moved": Fact(Text(vi="Đảng viên chuyển theo tổ chức", en="Members moved"), is_public=True),
    "reports.admission_target_set": Fact(Text(vi="Đặt chỉ tiêu kết nạp", en="Target of admissions set")),
    "reports.committee_target_set": Fact(
        Text(vi="Đặt chỉ tiêu nhiệm kỳ hoặc thành lập tổ chức", en="Target of a term or of new organisations set")
    ),
    "reports.admission_target_removed": Fact(Text(vi="Bỏ chỉ tiêu kết nạp", en="Target of admissions taken back")),
    "reports.committee_target_removed": Fact(
        Text(vi="Bỏ chỉ tiêu nhiệm kỳ hoặc thành lập tổ chức", en="Target of a term or of new organisations taken back")
    ),
    "reports.members_rated": Fact(Text(vi="Xếp loại đảng viên", en="Members rated")),
    "reports.rating_removed": Fact(Text(vi="Bỏ xếp loại một đảng viên", en="Member's grade taken back")),
    "members.enrolled": Fact(Text(vi="Thêm đảng viên", en="Member enrolled"), is_public=True),
    "members.corrected": Fact(Text(vi="Sửa hồ sơ đảng viên", en="Member's record corrected")),
    "members.distinguished": Fact(
        Text(vi="Xác nhận hai hồ sơ là hai người khác nhau", en="Two records said to be two people's")
    ),
    "members.distinction_revoked": Fact(
        Text(vi="Bỏ xác nhận hai hồ sơ là hai người", en="Two records said to be two people's no more")
    ),
    "members.roster_imported": Fact(Text(vi="Nhập danh sách đảng viên", en="Roster imported"), is_public=True),
    "members.post_granted": Fact(Text(vi="Giao chức vụ", en="Post granted"), is_public=True),
    "members.post_ended": Fact(Text(vi="Thôi chức vụ", en="Post ended"), is_public=True),
    "members.away_period_entered": Fact(Text(vi="Ghi thời gian đi làm ăn xa", en="Time away entered")),
    "members.away_period_changed": Fact(Text(vi="Sửa thời gian đi làm ăn xa", en="Time away changed")),
    "transfers.started": Fact(Text(vi="Giới thiệu chuyển sinh hoạt", en="Transfer started"), of_records=True),
    "transfers.accepted": Fact(Text(vi="Tiếp nhận đảng viên", en="Member taken in"), is_public=True),
    "transfers.member_departed": Fact(Text(vi="Đảng viên chuyển đi", en="Member departed"), is_public=True),
    "transfers.refused": Fact(Text(vi="Không tiếp nhận chuyển sinh hoạt", en="Transfer refused"), of_records=True),
    "transfers.withdrawn": Fact(Text(vi="Rút hồ sơ chuyển sinh hoạt", en="Transfer withdrawn"), of_records=True),
    "transfers.stay_changed": Fact(Text(vi="Đổi thời hạn sinh hoạt tạm thời", en="Stay changed"), of_records=True),
    "memberships.standing_begun": Fact(Text(vi="Ghi trạng thái sinh hoạt", en="Standing entered"), of_records=True),
    "memberships.standing_changed": Fact(Text(vi="Sửa trạng thái sinh hoạt", en="Standing changed"), of_records=True),
    "memberships.ended": Fact(Text(vi="Ghi thôi sinh hoạt đảng", en="Membership ended"), of_records=True),
    "memberships.restored": Fact(Text(vi="Hủy ghi nhầm thôi sinh hoạt", en="Membership restored"), of_records=True),
    "admissions.candidate_entered": Fact(Text(vi="Thêm quần chúng ưu tú", en="Candidate entered"), of_records=True),
    "admissions.candidacy_changed": Fact(
        Text(vi="Sửa hồ sơ quần chúng ưu tú", en="Candidacy changed"), of_records=True
    ),
    "admissions.step_done": Fact(
        Text(vi="Hoàn thành bước hồ sơ kết nạp", en="Step of a dossier done"), of_records=True
    ),
    "admissions.candidate_dropped": Fact(Text(vi="Đưa ra khỏi nguồn kết nạp", en="Candidate dropped"), of_records=True),
    "admissions.member_admitted": Fact(Text(vi="Kết nạp đảng viên", en="Member admitted"), is_public=True),
    "admissions.member_recognised": Fact(
        Text(vi="Công nhận đảng viên chính thức", en="Member recognised"), is_public=True
    ),
    "meetings.scheduled": Fact(Text(vi="Soạn lịch họp", en="Meeting drafted")),
    "meetings.edited": Fact(Text(vi="Sửa lịch họp", en="Meeting edited")),
    "meetings.discarded": Fact(Text(vi="Bỏ bản nháp lịch họp", en="Draft of a meeting discarded")),
    "meetings.announced": Fact(Text(vi="Triệu tập", en="Meeting called"), is_public=True),
    "meetings.moved": Fact(Text(vi="Đổi giờ hoặc địa điểm", en="Time or place changed"), is_public=True),
    "meetings.postponed": Fact(Text(vi="Hoãn họp", en="Meeting postponed"), is_public=True),
    "meetings.cancelled": Fact(Text(vi="Hủy họp", en="Meeting cancelled"), is_public=True),
    "meetings.started": Fact(Text(vi="Khai mạc", en="Meeting opened"), is_public=True),
    "meetings.ended": Fact(Text(vi="Bế mạc", en="Meeting closed"), is_public=True),
    "meetings.course_corrected": Fact(
        Text(vi="Sửa diễn biến cuộc họp", en="Course of a meeting corrected"), is_public=True
    ),
    "meetings.replied": Fact(Text(vi="Trả lời lịch họp", en="Reply to a meeting")),
    "meetings.reply_withdrawn": Fact(Text(vi="Rút trả lời lịch họp", en="Reply taken back")),
    "meetings.roll_taken": Fact(Text(vi="Điểm danh", en="Roll taken")),
    "meetings.member_checked_in": Fact(Text(vi="Tự điểm danh bằng mã", en="Checked in by code")),
    "meetings.guest_entered": Fact(Text(vi="Ghi khách dự họp", en="Guest entered")),
    "meetings.guest_removed": Fact(Text(vi="Xóa khách dự họp", en="Guest removed")),
    "meetings.task_given": Fact(Text(vi="Giao nhiệm vụ", en="Task given")),
    "meetings.task_changed": Fact(Text(vi="Cập nhật nhiệm vụ", en="Task changed")),
    "polls.drafted": Fact(Text(vi="Soạn nội dung biểu quyết", en="Poll drafted")),
    "polls.edited": Fact(Text(vi="Sửa nội dung biểu quyết", en="Poll edited")),
    "polls.discarded": Fact(Text(vi="Bỏ bản nháp biểu quyết", en="Draft of a poll discarded")),
    "polls.opened": Fact(Text(vi="Mở biểu quyết", en="Poll opened")),
    "polls.called_off": Fact(Text(vi="Hủy biểu quyết mở nhầm", en="Poll called off")),
    "polls.closed": Fact(Text(vi="Kết thúc biểu quyết", en="Poll closed"), is_public=True),
    "polls.voted": Fact(Text(vi="Biểu quyết công khai", en="Vote in an open poll")),
    "polls.hand_votes_entered": Fact(Text(vi="Ghi biểu quyết giơ tay", en="Show of hands written down")),
    "documents.uploaded": Fact(Text(vi="Tải tài liệu lên", en="Document uploaded")),
    "documents.changed": Fact(Text(vi="Sửa thông tin tài liệu", en="Document changed")),
    "documents.deleted": Fact(Text(vi="Xóa tài liệu", en="Document deleted")),
    "announcements.drafted": Fact(Text(vi="Soạn thông báo", en="Announcement drafted")),
    "announcements.edited": Fact(Text(vi="Sửa thông báo", en="Announcement edited")),
    "announcements.scheduled": Fact(Text(vi="Hẹn giờ đăng thông báo", en="Announcement scheduled")),
    "announcements.published": Fact(Text(vi="Đăng thông báo", en="Announcement published"), is_public=True),
    "announcements.discarded": Fact(Text(vi="Bỏ bản nháp thông báo", en="Draft of an announcement discarded")),
    "announcements.withdrawn": Fact(Text(vi="Thu hồi thông báo", en="Announcement withdrawn"), is_public=True),
    "resolutions.drafted": Fact(Text(vi="Soạn dự thảo nghị quyết", en="Resolution drafted")),
    "resolutions.edited": Fact(Text(vi="Sửa dự thảo nghị quyết", en="Draft of a resolution edited")),
    "resolutions.discarded": Fact(Text(vi="Bỏ dự thảo nghị quyết", en="Draft of a resolution discarded")),
    "resolutions.opened": Fact(Text(vi="Lấy ý kiến dự thảo", en="Draft opened for comments")),
    "resolutions.revised": Fact(Text(vi="Sửa dự thảo theo ý kiến", en="Draft revised")),
    "resolutions.closed": Fact(Text(vi="Hết hạn góp ý dự thảo", en="Comments closed")),
    "resolutions.adopted": Fact(Text(vi="Thông qua nghị quyết", en="Resolution adopted"), is_public=True),
    "resolutions.rejected": Fact(Text(vi="Không thông qua dự thảo", en="Draft rejected")),
    "resolutions.commented": Fact(Text(vi="Góp ý dự thảo", en="Comment on the draft")),
    "resolutions.comment_edited": Fact(Text(vi="Sửa ý kiến góp ý", en="Comment edited")),
    "resolutions.comment_deleted": Fact(Text(vi="Xóa ý kiến góp ý", en="Comment deleted")),
    "resolutions.comment_answered": Fact(Text(vi="Trả lời góp ý", en="Comment answered")),
    "minutes.edited": Fact(Text(vi="Sửa biên bản", en="Minutes edited")),
    "minutes.sent": Fact(Text(vi="Gửi dự thảo biên bản", en="Draft of the minutes sent")),
    "minutes.remarked": Fact(Text(vi="Nhận xét biên bản", en="Remark on the minutes")),
    "minutes.remark_answered": Fact(Text(vi="Trả lời nhận xét biên bản", en="Remark on the minutes answered")),
    "minutes.approved": Fact(Text(vi="Duyệt biên bản", en="Minutes approved")),
    "minutes.published": Fact(Text(vi="Công bố biên bản", en="Minutes published"), is_public=True),
    "activity.entry_submitted": Fact(Text(vi="Ghi hoạt động", en="Activity entered")),
    "activity.entry_withdrawn": Fact(Text(vi="Rút mục tự ghi", en="Entry withdrawn")),
    "activity.entry_confirmed": Fact(Text(vi="Xác nhận hoạt động", en="Activity confirmed")),
    "activity.entry_returned": Fact(Text(vi="Trả lại hoạt động", en="Activity returned")),
    "privacy.member_erased": Fact(Text(vi="Xóa thông tin cá nhân", en="Personal data erased")),
    "privacy.correction_requested": Fact(Text(vi="Đề nghị sửa hồ sơ", en="Correction requested"), of_records=True),
    "privacy.correction_request_withdrawn": Fact(
        Text(vi="Rút đề nghị sửa hồ sơ", en="Correction request withdrawn"), of_records=True
    ),
    "privacy.correction_accepted": Fact(Text(vi="Chấp nhận sửa hồ sơ", en="Correction accepted"), of_records=True),
    "privacy.correction_rejected": Fact(
        Text(vi="Không chấp nhận sửa hồ sơ", en="Correction rejected"), of_records=True
    ),
    "care.member_nudged": Fact(Text(vi="Hỏi thăm đảng viên", en="Member nudged")),
    "care.proxy_contact_named": Fact(Text(vi="Ghi người liên hệ thay", en="Proxy contact written down")),
    "care.proxy_contact_removed": Fact(Text(vi="Xóa người liên hệ thay", en="Proxy contact removed")),
}
"""By code. A fact without words here is shown to auditors only: so are plans of reorganisations, nobody's news yet."""

TO_LEADERS = frozenset(FACTS)
TO_ORGANISERS = frozenset(code for code, fact in FACTS.items() if not fact.of_records)
PUBLIC = frozenset(code for code, fact in FACTS.items() if fact.is_public)


def say_activity(kind: ActivityType, *, variant: str | None, title: str, locale: Locale) -> str:
    """Return the sentence of what a member took part in, such as `Dự họp: Sinh hoạt thường kỳ tháng 12`."""
    if kind is ActivityType.entry:
        return title
    return _WITH_TITLE.format(words=ACTIVITIES[kind, variant].to(locale), title=title)


def say_fact(code: str, *, title: str | None, locale: Locale) -> str:
    """Return the sentence of a fact; without a title where there is none to show, the code where there are no words."""
    fact = FACTS.get(code)
    if fact is None:
        return code
    words = fact.words.to(locale)
    return words if title is None else _WITH_TITLE.format(words=words, title=title)
