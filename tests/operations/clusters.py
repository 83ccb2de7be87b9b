"""Servers of PostgreSQL that are made from one another: a replica that streams, a copy that is recovered."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.kernel.postgres import EmbeddedPostgres
from app.kernel.postgres_programs import ServerUser, find_programs


@contextmanager
def homes() -> Iterator[Path]:
    """A directory for clusters, where the user that servers run as can get to."""
    place = Path(tempfile.mkdtemp(prefix="sotay-clusters-"))
    place.chmod(0o755)
    try:
        yield place
    finally:
        shutil.rmtree(place)


def conninfo(url: str) -> str:
    return url.replace("+psycopg", "")


def give_to_servers(path: Path) -> None:
    """Make a directory and all in it belong to whom a cluster that was copied by us is run as."""
    user = ServerUser.for_cluster(path)
    for folder, _, files in os.walk(path):
        for each in (Path(folder), *(Path(folder, name) for name in files)):
            user.own(each)


def base_backup(source: EmbeddedPostgres, home: Path, *options: str) -> EmbeddedPostgres:
    """Copy a running cluster to where a server of `home` looks for its own; it is not started."""
    data = home / "postgres" / "data"
    data.parent.mkdir(parents=True)
    program = next(find_programs()).bin / "pg_basebackup"
    argv: list[str | Path] = [
        program,
        f"--dbname={conninfo(source.admin_url)}",
        f"--pgdata={data}",
        "--checkpoint=fast",
        *options,
    ]
    subprocess.run(argv, check=True, timeout=120)
    give_to_servers(data)
    return EmbeddedPostgres(home, durable=False)
