"""Parts of an export about who the member is: the record, the account, the phones, the notices."""

from sqlalchemy import select

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
from app.meetings.calendar.models import CalendarFeed
from app.members.models import AwayPeriod, Member, Post, Standing
from app.members.record_views.models import RecordView
from app.notifications.models import InboxEntry, Notification, NotificationPreference, SmsDelivery
from app.organisations.models import Organisation
from app.privacy.part import Part

_ORGANISATION = Organisation.name.label("organisation")

OF_PERSON = (
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
            Member.education,
            Member.is_ethnic_minority,
            Member.occupation,
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
)
