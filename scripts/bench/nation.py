"""Announces to a whole country through real workers and a stub of FCM: the plan, the rate, the memory and the disk.

The plan is what stands in the database before the first chunk begins: it must not grow with the phones. At the quota's
pace FCM is the floor; how long the same takes by this machine's rate is printed beside it.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import time
from contextlib import ExitStack

from sqlalchemy import text

from app.kernel.migrating import migrate
from app.kernel.postgres import EmbeddedPostgres
from fanout import Province, scratch
from fanout_stub import Stub

PHONES = 1_000_000
COUNTRY = 5_600_000
QUOTA_PER_MINUTE = 600_000
MB = 1024 * 1024


async def _scalar(province: Province, statement: str) -> int:
    async with province.database.session() as session:
        return int(await session.scalar(text(statement)) or 0)


def _status(url: str, home: str) -> float:
    """Return how many seconds `sotay push status` takes, the start of its process included."""
    environment = {**os.environ, "SOTAY_DATABASE_URL": url, "SOTAY_DATA_DIR": home}
    began = time.perf_counter()
    said = subprocess.run(
        [sys.executable, "-m", "app.cli", "push", "status", "--json"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,  # it ends with 1: no worker is alive any more
    )
    assert '"no_worker"' in said.stdout, said.stderr
    return time.perf_counter() - began


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--phones", type=int, default=PHONES)
    parser.add_argument("--workers", type=int, default=1)
    arguments = parser.parse_args()
    with ExitStack() as stack:
        home = stack.enter_context(scratch())
        stub = Stub(home)
        stack.enter_context(stub.running())
        postgres = EmbeddedPostgres(home / "data")
        postgres.start()
        stack.callback(postgres.stop)
        migrate(postgres.url)
        province = Province(home / "data", postgres, stub, arguments.phones)
        await province.furnish()
        before = await _scalar(province, "SELECT pg_database_size(current_database())")
        print(f"{arguments.phones:,} phones, {before / MB:,.0f} MB of database", flush=True)
        run = await province.announce_and_keep(arguments.workers)
        after = await _scalar(province, "SELECT pg_database_size(current_database())")
        rows = await _scalar(province, "SELECT count(*) FROM deliveries")
        status = await asyncio.to_thread(_status, province.url, str(home / "data"))
        await province.database.close()
    floor = COUNTRY / QUOTA_PER_MINUTE
    print(f"  planned: {run.plan_rows} jobs, {run.plan_seconds:.1f} s after the request, 0 deliveries")
    print(
        f"  {run.rate:,.0f}/s by {arguments.workers} worker(s), CPU s per 10,000: {run.worker_cpu:.2f}"
        f", PostgreSQL {run.database_cpu:.2f}"
    )
    print(f"  largest worker: {run.halfway_mb:.0f} MB halfway, {run.peak_mb:.0f} MB at the end")
    print(f"  {rows:,} deliveries written, {(after - before) / MB:,.0f} MB more of database")
    print(f"  `sotay push status` among them: {status:.1f} s")
    print(f"  {COUNTRY:,} phones: {floor:.1f} min by FCM's quota, {COUNTRY / run.rate / 60:.1f} min at this rate")


if __name__ == "__main__":
    asyncio.run(main())
