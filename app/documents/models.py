"""Tables of documents: what is known of a file and found by search, and each member's bookmarks."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Computed, ForeignKey, Index, String, Text, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base


class Visibility(StrEnum):
    """Who reads a document: one static rule each, spelt out in `access.py`."""

    organisation = "organisation"
    committee = "committee"
    owner = "owner"


class TextState(StrEnum):
    """How far a file's own text is searchable: not read yet, read, holding none, or not readable."""

    waiting = "waiting"
    read = "read"
    none = "none"
    unreadable = "unreadable"


def scope_of(*, visibility: Visibility, organisation_id: UUID, uploaded_by: UUID) -> UUID:
    """Return the scope that holds a document: its organisation's, for what one keeps for oneself one's own."""
    return uploaded_by if visibility is Visibility.owner else organisation_id


class Document(Base):
    """A file of an organisation's library; its bytes lie in the store under `storage_key`, which is random.

    Words are in lower case and NFC, one space between them (`words.py`). The folded columns hold them without
    accents. Vectors of the body stay null until the job has read the file.
    """

    __tablename__ = "documents"
    __table_args__ = (
        Index("ix_documents_uploaded_at_id", "uploaded_at", "id"),
        Index("ix_documents_organisation_id_uploaded_at_id", "organisation_id", "uploaded_at", "id"),
        Index("ix_documents_uploaded_by_id", "uploaded_by", "id"),
        Index(
            "ix_documents_search",
            text("(ARRAY[organisation_id])"),
            "title_exact",
            "title_folded",
            "body_exact",
            "body_folded",
            postgresql_using="gin",
            postgresql_with={"fastupdate": "off"},
        ),
        CheckConstraint("size_bytes > 0", name="size"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"))
    uploaded_by: Mapped[UUID] = mapped_column(ForeignKey("members.id"))
    uploaded_at: Mapped[datetime]
    title: Mapped[str] = mapped_column(Text)
    folder: Mapped[str | None] = mapped_column(Text)
    file_name: Mapped[str] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(String(100))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    storage_key: Mapped[str] = mapped_column(String(64), unique=True)
    visibility: Mapped[Visibility]
    text_state: Mapped[TextState]
    version: Mapped[int] = mapped_column(server_default=text("1"))
    title_words: Mapped[str] = mapped_column(Text)
    title_exact: Mapped[str] = mapped_column(
        TSVECTOR, Computed("document_vector(title_words)", persisted=True), deferred=True
    )
    title_folded: Mapped[str] = mapped_column(
        TSVECTOR, Computed("document_vector(document_fold(title_words))", persisted=True), deferred=True
    )
    body_exact: Mapped[str | None] = mapped_column(TSVECTOR, deferred=True)
    body_folded: Mapped[str | None] = mapped_column(TSVECTOR, deferred=True)

    @property
    def scope_id(self) -> UUID:
        """Return the scope that holds it; `queries.find_bookmark_changes` says which others have heard of it."""
        return scope_of(visibility=self.visibility, organisation_id=self.organisation_id, uploaded_by=self.uploaded_by)


class DocumentBookmark(Base):
    """A document that a member keeps at hand."""

    __tablename__ = "document_bookmarks"
    __table_args__ = (Index("ix_document_bookmarks_document_id", "document_id"),)

    member_id: Mapped[UUID] = mapped_column(ForeignKey("members.id"), primary_key=True)
    document_id: Mapped[UUID] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True)
    created_at: Mapped[datetime]


class TitleWord(Base):
    """A word of any title, without accents: what a mistyped word may have meant. None is ever taken out."""

    __tablename__ = "document_title_words"
    __table_args__ = (
        Index(
            "ix_document_title_words_word",
            "word",
            postgresql_using="gin",
            postgresql_ops={"word": "gin_trgm_ops"},
        ),
    )

    word: Mapped[str] = mapped_column(Text, primary_key=True)
