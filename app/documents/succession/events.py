"""Facts about documents that went to a successor."""

from typing import ClassVar

from app.organisations.succession.events import PapersHandedOver


class DocumentsHandedOver(PapersHandedOver):
    """They are attached to what the successor goes on with."""

    code = "documents.handed_over"
    object_type: ClassVar[str] = "document"
