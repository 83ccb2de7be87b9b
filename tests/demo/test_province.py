"""The made-up province, as its people see it over the API: what the commands would have written, only more of it."""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from httpx import AsyncClient
from sqlalchemy import NullPool
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from typer.testing import CliRunner, Result

from app.cli import cli
from app.demo.cast import PASSWORD
from app.kernel.events import Event
from app.kernel.settings import Settings
from tests.changes.phones import ADDRESSES, Phone, at_their_addresses, fresh, in_their_lists
from tests.conftest import database_of_its_own
from tests.factories.meetings import Json

SMALL = {"members": "48", "organisations": "3", "branches": "4", "years": "1", "until": "2026-11-22"}
A_KIND = 4
"""Objects of a type that are compared with what stands at their addresses: the newest."""
FACTS = """
SELECT e.code, e.subject_type, e.organisation_id, e.subject_id, e.actor_member_id, e.data FROM events AS e
"""
# What a foreign key does not say.
BROKEN = {
    "path": """SELECT count(*) FROM organisations AS o LEFT JOIN organisations AS p ON p.id = o.parent_id
        WHERE o.path <> coalesce(p.path, '{}') || o.id""",
    "partition": "SELECT count(*) FROM events_other",
    "counter": """SELECT count(*) FROM changes AS c LEFT JOIN scopes AS s ON s.id = c.scope_id
        WHERE s.counter IS NULL OR c.counter > s.counter""",
    "electorate": """SELECT count(*) FROM votes AS v LEFT JOIN electors AS e USING (poll_id, member_id)
        WHERE e.poll_id IS NULL""",
    "roll": """SELECT count(*) FROM meetings AS m WHERE (m.started_at IS NOT NULL) <>
        EXISTS (SELECT FROM roster_entries AS r WHERE r.meeting_id = m.id)""",
    "numbers": """SELECT count(*) FROM (SELECT organisation_id, year, max(number) AS last, count(*) AS written
        FROM minutes WHERE number IS NOT NULL GROUP BY 1, 2) AS m
        JOIN minutes_numbers AS n USING (organisation_id, year) WHERE m.last <> n.last OR m.written <> n.last""",
    "future": """SELECT count(*) FROM events WHERE occurred_at >= '2026-11-21T17:00Z'""",
    "keys": "SELECT count(*) FROM pg_constraint WHERE NOT convalidated",
}


def run(url: str, directory: Path, *arguments: str, **options: str) -> Result:
    given = [part for name, value in options.items() for part in (f"--{name}", value)]
    environment = {"SOTAY_DATABASE_URL": url, "SOTAY_DATA_DIR": str(directory)}
    return CliRunner().invoke(cli, [*arguments, *given], env=environment, prog_name="sotay")


@pytest.fixture(scope="session")
def province(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path, str]]:
    """A small province's database, the directory of its documents, and what the command printed."""
    home = tmp_path_factory.mktemp("province")
    with database_of_its_own(request) as url:
        done = run(url, home, "seed", "province", **{"database-url": url}, **SMALL)
        assert done.exit_code == 0, done.output
        yield url, home, done.stdout


@pytest.fixture
def engine(province: tuple[str, Path, str]) -> AsyncEngine:
    return create_async_engine(province[0], poolclass=NullPool)


@pytest.fixture
def settings(settings: Settings, province: tuple[str, Path, str]) -> Settings:
    return settings.model_copy(update={"data_dir": province[1]})


async def as_the(role: str, client: AsyncClient, printed: str) -> Json:
    """Sign in as who the command names for a role, and return what they are told of themselves."""
    found = re.search(rf"(\+84\d+) .* · {role} ", printed)
    assert found is not None, printed
    installation = {"installation_id": "00000000-0000-4000-8000-000000000001", "platform": "web"}
    body = {"phone": found[1], "password": PASSWORD, "installation": installation}
    answer = await client.post("/v1/auth/login", json=body)
    assert answer.status_code == 200, answer.text
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    me: Json = (await client.get("/v1/me")).json()
    return me


@pytest.mark.parametrize("role", ["secretary of a branch", "member"])
async def test_phone_catches_up_with_what_the_lists_and_addresses_show(
    role: str, client: AsyncClient, province: tuple[str, Path, str]
) -> None:
    me = await as_the(role, client, province[2])
    phone = await fresh(client)
    assert {"meeting", "member", "minutes", "roll", "resolution", "comment", "poll", "task", "announcement"} <= {
        kind for kind, _ in phone.held
    }
    some = Phone(held={name: phone.held[name] for names in _by_kind(phone).values() for name in names[:A_KIND]})
    assert await at_their_addresses(client, some) == {
        name: held for name, held in some.held.items() if name[0] in ADDRESSES
    }
    listed = await in_their_lists(client, UUID(me["organisation"]["id"]))
    missing = {name for name in listed if name not in phone.held}
    assert not missing
    assert {name[0] for name in listed} >= {"meeting", "member", "notification"}


async def test_officer_reads_figures_of_the_whole_and_downloads_a_paper(
    client: AsyncClient, province: tuple[str, Path, str]
) -> None:
    await as_the("officer of the province", client, province[2])
    whole = re.search(r"officer of the province  (\S+)", province[2])
    assert whole is not None
    for report in ("adoption", "attendance", "meetings", "admissions", "away"):
        answer = await client.get(f"/v1/organisations/{whole[1]}/reports/{report}")
        assert answer.status_code == 200, answer.text
        assert answer.json()["total"]["member_count"] == 48
    documents = (await client.get("/v1/documents")).json()["items"]
    for document in documents[:1]:
        assert (await client.get(f"/v1/documents/{document['id']}/content")).status_code == 200


def test_rows_hold_together_and_every_fact_is_one_of_ours(province: tuple[str, Path, str]) -> None:
    kinds = {kind.code: kind for kind in _below(Event) if "code" in vars(kind)}
    with psycopg.connect(province[0].replace("+psycopg", "")) as connection:
        assert {name: connection.execute(query).fetchone() for name, query in BROKEN.items()} == dict.fromkeys(
            BROKEN, (0,)
        )
        for code, subject_type, organisation, subject, actor, data in connection.execute(FACTS):
            fact = kinds[code](organisation_id=organisation, subject_id=subject, actor_member_id=actor, **data)
            assert fact.subject_type == subject_type
            for change in fact.changes():
                assert connection.execute(
                    "SELECT FROM changes WHERE scope_id = %s AND object_type = %s AND object_id = %s",
                    [change.scope_id, change.object_type, change.object_id],
                ).rowcount, (code, change)


def _by_kind(phone: Phone) -> dict[str, list[tuple[str, str]]]:
    """Return the names of what a phone holds, the newest first: their ids tell their time."""
    names: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for name in sorted(phone.held, reverse=True):
        names[name[0]].append(name)
    return names


def _below(kind: type[Event]) -> Iterator[type[Event]]:
    for child in kind.__subclasses__():
        yield child
        yield from _below(child)


def test_log_is_sealed_and_intact(province: tuple[str, Path, str]) -> None:
    verified = run(province[0], province[1], "audit", "verify")
    assert verified.exit_code == 0, verified.output
    assert "wait for their seal" not in verified.stdout


def test_same_seed_makes_the_same_rows(
    request: pytest.FixtureRequest, province: tuple[str, Path, str], tmp_path: Path
) -> None:
    tables = ("members", "meetings", "roster_entries", "minutes", "changes", "events", "refresh_tokens")
    digest = " UNION ALL ".join(
        f"SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM {name} AS t" for name in tables
    )

    def digests(url: str) -> list[tuple[str]]:
        with psycopg.connect(url.replace("+psycopg", "")) as connection:
            return connection.execute(digest).fetchall()

    with database_of_its_own(request) as url:
        assert run(url, tmp_path, "seed", "province", **{"database-url": url}, **SMALL).exit_code == 0
        again = digests(url)
    assert again == digests(province[0])


def test_database_with_organisations_in_it_is_refused(province: tuple[str, Path, str]) -> None:
    url, home, _ = province
    done = run(url, home, "seed", "province", **{"database-url": url}, **SMALL)
    assert done.exit_code == 2
    assert "chỉ tạo trong cơ sở dữ liệu trống" in done.stderr


@pytest.mark.parametrize("wrong", [{"members": "11"}, {"organisations": "5"}, {"until": "2026-13-01"}])
def test_province_that_cannot_be_is_refused_before_anything_is_asked(wrong: dict[str, str], tmp_path: Path) -> None:
    done = run("postgresql://nobody@127.0.0.1:1/none", tmp_path, "seed", "province", **SMALL | wrong)
    assert done.exit_code == 2
    assert len(done.stderr.splitlines()) in {1, 2}


def test_province_is_never_made_where_the_environment_says(tmp_path: Path) -> None:
    done = run("postgresql://nobody@127.0.0.1:1/none", tmp_path, "seed", "province", **SMALL)
    assert done.exit_code == 2
    assert "chưa chạy" in done.stderr
