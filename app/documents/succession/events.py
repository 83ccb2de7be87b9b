"""Facts about documents that went to a successor."""

from app.kernel.scopes import Change
from app.organisations.succession.events import PapersHandedOver


class DocumentsHandedOver(PapersHandedOver):
    """They are attached to what the successor goes on with."""

    code = "documents.handed_over"

    def changes(self) -> tuple[Change, ...]:
        return tuple(Change(scope, "document", paper, version, op) for scope, paper, version, op in self.moves())
