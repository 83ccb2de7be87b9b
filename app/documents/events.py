"""Facts about documents; nobody is pushed for one."""

from uuid import UUID

from app.documents.models import Visibility, scope_of
from app.kernel.events import Event
from app.kernel.scopes import Change, Op


class DocumentEvent(Event):
    """What every fact about a document carries.

    It is told in the scope that holds the document. Whose bookmark is on it the log does not say: their changes are the
    service's to add.
    """

    subject_type = "document"

    version: int
    visibility: Visibility
    uploaded_by: UUID

    @property
    def scope_id(self) -> UUID:
        """Return the scope that holds the document."""
        return scope_of(visibility=self.visibility, organisation_id=self.organisation_id, uploaded_by=self.uploaded_by)

    def changes(self) -> tuple[Change, ...]:
        return (Change(self.scope_id, "document", self.subject_id, self.version),)


class DocumentUploaded(DocumentEvent):
    code = "documents.uploaded"


class DocumentChanged(DocumentEvent):
    """Its title, folder or visibility; the content never changes."""

    code = "documents.changed"


class DocumentDeleted(DocumentEvent):
    code = "documents.deleted"

    def changes(self) -> tuple[Change, ...]:
        return (Change(self.scope_id, "document", self.subject_id, self.version, Op.delete),)


class BookmarkEvent(Event):
    """A member's bookmark was set or taken away; only their own phones need to know."""

    subject_type = "document"

    member_id: UUID
    version: int

    def changes(self) -> tuple[Change, ...]:
        return (Change(self.member_id, "document", self.subject_id, self.version),)


class DocumentBookmarked(BookmarkEvent):
    code = "documents.bookmarked"


class DocumentUnbookmarked(BookmarkEvent):
    code = "documents.unbookmarked"
