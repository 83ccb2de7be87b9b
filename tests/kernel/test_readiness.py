import pytest
from httpx import AsyncClient
from sqlalchemy import text

from tests.conftest import RolledBackDatabase


async def test_service_is_ready_once_a_worker_lives(client: AsyncClient, database: RolledBackDatabase) -> None:
    assert (await client.get("/readyz")).status_code == 503
    async with database.session() as session:
        await session.execute(text("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (clock_timestamp())"))
        await session.commit()
    ready = await client.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"status": "ready"})


@pytest.mark.parametrize(("revision", "status"), [("1b0e7a9c0330", 503), (None, 503), ("ffffffffffff", 200)])
async def test_it_is_ready_at_its_own_revision_and_at_a_later_versions(
    revision: str | None, status: int, client: AsyncClient, database: RolledBackDatabase
) -> None:
    async with database.session() as session:
        await session.execute(text("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (clock_timestamp())"))
        await session.execute(text("DELETE FROM alembic_version"))
        if revision is not None:
            await session.execute(text("INSERT INTO alembic_version VALUES (:revision)"), {"revision": revision})
        await session.commit()
    answer = await client.get("/readyz")
    assert answer.status_code == status
    assert answer.json().get("code") == ("not_migrated" if status == 503 else None)
