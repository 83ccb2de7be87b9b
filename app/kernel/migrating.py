"""Bringing a database to this version of the code."""

from pathlib import Path

from alembic import command
from alembic.config import Config

_ROOT = Path(__file__).resolve().parents[2]


def alembic_config(url: str | None = None) -> Config:
    """Return Alembic's configuration for this checkout, aimed at the database of the URL if one is given."""
    config = Config(str(_ROOT / "alembic.ini"))
    config.attributes["url"] = url
    return config


def migrate(url: str) -> None:
    """Run every revision that the database lacks; safe to run from several places at once."""
    command.upgrade(alembic_config(url), "head")
