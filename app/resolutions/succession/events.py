"""Facts about resolutions that went to a successor."""

from typing import ClassVar

from app.organisations.succession.events import PapersHandedOver


class ResolutionsHandedOver(PapersHandedOver):
    """They are not decided: the successor discusses and decides them, under its own numbers."""

    code = "resolutions.handed_over"
    object_type: ClassVar[str] = "resolution"


class CommentsHandedOver(PapersHandedOver):
    """What was said of them went along."""

    code = "resolutions.comments_handed_over"
    object_type: ClassVar[str] = "comment"
