"""Facts about the inbox."""

from app.kernel.events import Event
from app.kernel.scopes import Change


class NotificationsRead(Event):
    """A member read their inbox up to a notice."""

    code = "notifications.read"
    subject_type = "notification"

    def changes(self) -> tuple[Change, ...]:
        assert self.actor_member_id is not None
        return (Change(self.actor_member_id, "notification", self.subject_id, version=2),)


class PreferencesChanged(Event):
    code = "notifications.preferences_changed"
    subject_type = "account"
