"""Facts about announcements that went to a successor."""

from typing import ClassVar

from app.organisations.succession.events import PapersHandedOver


class AnnouncementsHandedOver(PapersHandedOver):
    """Drafts, and what was to be published at its hour, are the successor's."""

    code = "announcements.handed_over"
    object_type: ClassVar[str] = "announcement"
