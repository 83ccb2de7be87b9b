"""The library: files with their visibility, search without accents, bookmarks."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "d0c0a11e0110"
down_revision: str | None = "b2c55d04a1e7"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

# Both are trusted: the database's owner may create them. `unaccent` itself is only STABLE, since its dictionary could be
# another one tomorrow; named in full, it is the one that comes with PostgreSQL, in which đ is d.
FUNCTIONS = (
    "CREATE EXTENSION IF NOT EXISTS unaccent SCHEMA public",
    "CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public",
    """
    CREATE FUNCTION document_fold(words text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN public.unaccent('public.unaccent'::regdictionary, words)
    """,
    # Words come separated already: PostgreSQL's own parser depends on the locale the database was made with.
    """
    CREATE FUNCTION document_vector(words text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN array_to_tsvector(array_remove(string_to_array(words, ' '), ''))
    """,
    """
    CREATE FUNCTION document_query(words text) RETURNS tsquery
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN (
        SELECT CAST(string_agg('''' || replace(replace(word, '\\', '\\\\'), '''', '''''') || '''', ' & ') AS tsquery)
        FROM unnest(string_to_array(words, ' ')) AS word WHERE word <> ''
    )
    """,
)


def upgrade() -> None:
    for statement in FUNCTIONS:
        op.execute(statement)
    op.create_table(
        "documents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("uploaded_by", sa.Uuid(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=True),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("storage_key", sa.String(length=64), nullable=False),
        sa.Column(
            "visibility",
            sa.Enum("organisation", "committee", "owner", name="visibility", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column(
            "text_state",
            sa.Enum("waiting", "read", "none", "unreadable", name="textstate", native_enum=False, length=20),
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("title_words", sa.Text(), nullable=False),
        sa.Column(
            "title_exact",
            postgresql.TSVECTOR(),
            sa.Computed("document_vector(title_words)", persisted=True),
            nullable=False,
        ),
        sa.Column(
            "title_folded",
            postgresql.TSVECTOR(),
            sa.Computed("document_vector(document_fold(title_words))", persisted=True),
            nullable=False,
        ),
        sa.Column("body_exact", postgresql.TSVECTOR(), nullable=True),
        sa.Column("body_folded", postgresql.TSVECTOR(), nullable=True),
        sa.CheckConstraint("size_bytes > 0", name=op.f("ck_documents_size")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisations.id"], name=op.f("fk_documents_organisation_id")),
        sa.ForeignKeyConstraint(["uploaded_by"], ["members.id"], name=op.f("fk_documents_uploaded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents")),
        sa.UniqueConstraint("storage_key", name=op.f("uq_documents_storage_key")),
    )
    op.create_index("ix_documents_organisation_id_id", "documents", ["organisation_id", "id"], unique=False)
    op.create_index("ix_documents_uploaded_by_id", "documents", ["uploaded_by", "id"], unique=False)
    # One index for all ways to match, so that it can also leave out other organisations' documents while it looks: as an
    # array, since an index of another kind on the organisation would otherwise be taken instead. Without a pending list,
    # which every search would have to read through.
    op.create_index(
        "ix_documents_search",
        "documents",
        [sa.text("(ARRAY[organisation_id])"), "title_exact", "title_folded", "body_exact", "body_folded"],
        unique=False,
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    # The vectors are in the index; in the table's own pages it would only be in the way of those who look for hits.
    for column in ("title_exact", "title_folded", "body_exact", "body_folded"):
        op.execute(f"ALTER TABLE documents ALTER COLUMN {column} SET STORAGE EXTERNAL")
    op.execute("ALTER TABLE documents SET (toast_tuple_target = 512)")
    op.create_table(
        "document_title_words",
        sa.Column("word", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("word", name=op.f("pk_document_title_words")),
    )
    op.create_index(
        "ix_document_title_words_word",
        "document_title_words",
        ["word"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"word": "gin_trgm_ops"},
    )
    op.create_table(
        "document_bookmarks",
        sa.Column("member_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_document_bookmarks_document_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_document_bookmarks_member_id")),
        sa.PrimaryKeyConstraint("member_id", "document_id", name=op.f("pk_document_bookmarks")),
    )
    op.create_index("ix_document_bookmarks_document_id", "document_bookmarks", ["document_id"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("within a release there is nothing to go back to")
