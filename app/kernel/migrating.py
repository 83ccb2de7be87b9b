"""Bringing a database to this version of the code."""

import time
from collections.abc import Callable
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from sqlalchemy.exc import OperationalError

ATTEMPTS = 80
PAUSE_SECONDS = 1.0
_ROOT = Path(__file__).resolve().parents[2]


def alembic_config(url: str | None = None) -> Config:
    """Return Alembic's configuration for this checkout, aimed at the database of the URL if one is given."""
    config = Config(str(_ROOT / "alembic.ini"))
    config.attributes["url"] = url
    return config


def migrate(url: str, *, revision: str = "head", pause: Callable[[float], None] = time.sleep) -> None:
    """Run every revision up to one that the database lacks; safe to run from several places at once.

    A revision waits half a second for a table (`migrations/env.py`), since everybody else waits behind it; then it is
    undone, and begun again after a pause. Raises sqlalchemy.exc.OperationalError, after two minutes of that too.
    """
    for attempt in range(ATTEMPTS):
        try:
            command.upgrade(alembic_config(url), revision)
        except OperationalError as error:
            if not isinstance(error.orig, psycopg.errors.LockNotAvailable) or attempt == ATTEMPTS - 1:
                raise
            pause(PAUSE_SECONDS)
        else:
            return
