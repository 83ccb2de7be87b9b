"""Runs the revisions: one migrator at a time, and none that waits long for a lock others need."""

import time

from alembic import context
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from app.kernel.settings import Settings
from app.models import metadata

PAUSE_SECONDS = 0.5
ADVISORY_LOCK = 7_401_520_126  # any number, the same for every migrator of this service


def _is_ours(name: str | None, kind: str, _parents: object) -> bool:
    # Procrastinate's own tables are vendored into revisions as SQL; partitions are made by a function.
    return not (kind == "table" and (name or "").startswith(("procrastinate_", "events_", "deliveries_")))


def run() -> None:
    url = context.config.attributes.get("url") or Settings().database_url
    if url is None:
        raise SystemExit("SOTAY_DATABASE_URL is not set")
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        # A second migrator waits here for the first: without a transaction, whose end an index that is being built
        # would wait for in turn.
        while not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": ADVISORY_LOCK}):
            connection.commit()
            time.sleep(PAUSE_SECONDS)
        # An upgrade must not queue up behind a long reader and block everybody behind itself: it gives up, and
        # `app.kernel.migrating.migrate` tries again.
        connection.execute(text("SET lock_timeout = '500ms'"))
        # Whatever the server says: an index over a big table takes its time, and nobody waits for it.
        connection.execute(text("SET statement_timeout = 0"))
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=metadata,
            include_name=_is_ours,
            compare_type=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": ADVISORY_LOCK})
        connection.commit()
    engine.dispose()


run()
