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
