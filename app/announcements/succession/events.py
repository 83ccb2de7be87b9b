"""Facts about announcements that went to a successor."""

from app.kernel.scopes import Change
from app.organisations.succession.events import PapersHandedOver


class AnnouncementsHandedOver(PapersHandedOver):
    """Drafts, and what was to be published at its hour, are the successor's."""

    code = "announcements.handed_over"

    def changes(self) -> tuple[Change, ...]:
        return tuple(Change(scope, "announcement", paper, version, op) for scope, paper, version, op in self.moves())
