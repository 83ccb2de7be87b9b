"""Looking at deliveries in the database, and handing the office another sender."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import text

from app.kernel.db import Database
from app.kernel.push import PushSender
from app.notifications.leases.service import Chunk
from tests.worker import JobRunner

Row = dict[str, Any]  # Any: a row of the table


async def find_deliveries(database: Database) -> dict[str, Row]:
    """The last of each device."""
    async with database.session() as session:
        rows = await session.execute(
            text("""
                SELECT deliveries.*, coalesce(push_token, device_name) AS token
                FROM deliveries JOIN devices ON devices.id = device_id
                ORDER BY notification_id
            """)
        )
        return {row["token"]: dict(row) for row in rows.mappings()}


async def only_chunk(database: Database) -> Chunk:
    """The one chunk of the one notice."""
    async with database.session() as session:
        found = await session.scalar(text("SELECT id FROM notifications"))
        assert isinstance(found, UUID)
        return Chunk(notification_id=found, after=None, through=None)


def use_sender(jobs: JobRunner, sender: PushSender) -> None:
    jobs.office = replace(jobs.office, sender=sender)
