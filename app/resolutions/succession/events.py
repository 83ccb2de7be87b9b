"""Facts about resolutions that went to a successor."""

from app.kernel.scopes import Change
from app.organisations.succession.events import PapersHandedOver


class ResolutionsHandedOver(PapersHandedOver):
    """They are not decided: the successor discusses and decides them, under its own numbers."""

    code = "resolutions.handed_over"

    def changes(self) -> tuple[Change, ...]:
        return tuple(Change(scope, "resolution", paper, version, op) for scope, paper, version, op in self.moves())


class CommentsHandedOver(PapersHandedOver):
    """What was said of them went along."""

    code = "resolutions.comments_handed_over"

    def changes(self) -> tuple[Change, ...]:
        return tuple(Change(scope, "comment", paper, version, op) for scope, paper, version, op in self.moves())
