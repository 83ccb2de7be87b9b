"""What every fault is done to: phones on loopback, a seeded database, a directory PostgreSQL may live in."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from httpx import ASGITransport, AsyncClient

from app.kernel.clock import system_clock
from app.kernel.db import PooledDatabase
from app.kernel.passwords import Passwords
from app.kernel.settings import Settings
from app.kernel.tokens import TokenKeys
from app.main import Parts, create_app
from tests.faults.harness import Place, seed
from tests.fcm import LoopbackFcm


@pytest.fixture
def fcm(tmp_path: Path) -> Iterator[LoopbackFcm]:
    with LoopbackFcm(tmp_path) as running:
        yield running


@pytest.fixture
async def place(live_database_url: str, keys: TokenKeys) -> Place:
    return await seed(live_database_url, keys)


@pytest.fixture
async def api(place: Place, tmp_path: Path, passwords: Passwords) -> AsyncIterator[AsyncClient]:
    """The API in this process, on a database that commits."""
    database = PooledDatabase(place.url, clock=system_clock, pool_size=4, statement_timeout_ms=4_000)
    settings = Settings(data_dir=tmp_path, public_url=place.keys.issuer, rate_limit_per_minute=0)
    app = create_app(Parts(settings=settings, database=database, passwords=passwords, keys=place.keys))
    transport = ASGITransport(app, raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url=place.keys.issuer) as client:
        yield client
    await database.close()


@pytest.fixture
def home() -> Iterator[Path]:
    """A short path that PostgreSQL's user may pass through: pytest's own is neither."""
    directory = Path(tempfile.mkdtemp(prefix="sotay-"))
    directory.chmod(0o755)
    yield directory / "home"
    shutil.rmtree(directory)


@pytest.fixture
def report(capsys: pytest.CaptureFixture[str], record_property: Callable[[str, object], None]) -> Callable[..., None]:
    """Print a figure where whoever runs the tests sees it."""

    def say(**figures: object) -> None:
        for name, figure in figures.items():
            record_property(name, figure)
        with capsys.disabled():
            print("\n  " + ", ".join(f"{name.replace('_', ' ')} {figure}" for name, figure in figures.items()))  # noqa: T201

    return say
