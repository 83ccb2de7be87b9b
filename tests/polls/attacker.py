"""Somebody who reads every table of the database and tries to tell whose ballot is whose."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from app.kernel.db import Session
from app.polls.models import Choice

Place = tuple[UUID, UUID]
"""A poll and a voter in it."""

# Every table that has a row for each voter, with what names poll and voter there; `counter` and the like as they are.
_OF_VOTERS = {
    "participations": "SELECT t.*, t.poll_id AS poll, t.voter AS who FROM participations t",
    "electors": "SELECT t.*, t.poll_id AS poll, t.member_id AS who FROM electors t",
    "changes": (
        "SELECT t.*, t.object_id AS poll, t.scope_id AS who FROM changes t JOIN members ON members.id = t.scope_id"
    ),
    "scopes": (
        "SELECT t.*, polls.id AS poll, t.id AS who FROM scopes t JOIN members ON members.id = t.id CROSS JOIN polls"
    ),
    "events": "SELECT t.*, t.subject_id AS poll, t.actor_member_id AS who FROM events t WHERE code = 'polls.voted'",
}
# What may hold a ballot's id, or something made of it, in whatever column: the log, kept answers and jobs too.
_EVERYWHERE = text("""
SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'ballots' ORDER BY tablename
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What PostgreSQL tells of a row beside its columns, and those that differ from voter to voter."""

    xmin: int
    cmin: int
    place: tuple[int, int]
    values: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """How many ballots were linked by an equal value, and by the number of a transaction; and how well orders guess.

    `guesses` counts, for a pair of orders (one of ballots, one of voters), in how many polls the one ballot against
    stood in the place of the voter who cast it; of five voters chance finds it in every fifth poll.
    """

    by_column: int
    by_transaction: int
    guesses: Mapping[str, int]


async def attack(
    session: Session, *, against: Mapping[UUID, UUID], cast_order: Mapping[UUID, Sequence[UUID]]
) -> Findings:
    """Judge the polls in which exactly one voter was against; `cast_order` is what a log of requests could tell."""
    ballots = await _ballots(session)
    voters = {name: await _voters(session, wanted) for name, wanted in _OF_VOTERS.items()}
    ids = await _ids(session)
    by_column = by_transaction = 0
    guesses: dict[str, int] = defaultdict(int)
    for poll, box in ballots.items():
        rows = {name: found.get(poll, {}) for name, found in voters.items()}
        for ballot, _ in box:
            known = [who for of in rows.values() for who, row in of.items() if row.values & ballot.values]
            by_column += bool(known) or bool(ids & ballot.values)
            by_transaction += any([row.xmin for row in of.values()].count(ballot.xmin) == 1 for of in rows.values())
        orders_of_voters = {"cast": list(cast_order[poll])}
        for name, of in rows.items():
            if len(of) == len(box):
                orders_of_voters |= {
                    f"{name}.ctid": sorted(of, key=lambda who, of=of: of[who].place),  # type: ignore[misc]
                    f"{name}.xmin": sorted(of, key=lambda who, of=of: (of[who].xmin, of[who].cmin)),  # type: ignore[misc]
                }
        orders_of_ballots = {
            "ctid": sorted(box, key=lambda one: one[0].place),
            "xmin": sorted(box, key=lambda one: (one[0].xmin, one[0].cmin)),
            "id": sorted(box, key=lambda one: sorted(one[0].values)),
        }
        for first, boxed in orders_of_ballots.items():
            place = [choice for _, choice in boxed].index(Choice.against.value)
            for second, people in orders_of_voters.items():
                guesses[f"{first} by {second}"] += people[place] == against[poll]
    return Findings(by_column=by_column, by_transaction=by_transaction, guesses=dict(guesses))


async def _ballots(session: Session) -> dict[UUID, list[tuple[Row, str]]]:
    found: dict[UUID, list[tuple[Row, str]]] = defaultdict(list)
    for row in await session.execute(
        text("SELECT *, xmin::text::bigint AS x, cmin::text::bigint AS c, ctid::text AS p FROM ballots")
    ):
        made = Row(xmin=row.x, cmin=row.c, place=_place(row.p), values=frozenset({str(row.id)}))
        found[row.poll_id].append((made, row.choice))
    return found


async def _voters(session: Session, wanted: str) -> dict[UUID, dict[UUID, Row]]:
    # Of the system's own columns PostgreSQL hands on none through `t.*`.
    system = "SELECT t.xmin::text::bigint AS x, t.cmin::text::bigint AS c, t.ctid::text AS p, to_jsonb(t) AS whole, "
    found: dict[UUID, dict[UUID, Row]] = defaultdict(dict)
    for row in await session.execute(text(wanted.replace("SELECT t.*, ", system))):
        values = frozenset(str(value) for value in row.whole.values())
        found[row.poll][row.who] = Row(xmin=row.x, cmin=row.c, place=_place(row.p), values=values)
    return found


async def _ids(session: Session) -> set[str]:
    """Every id that is written down anywhere else, be it within a text."""
    found: set[str] = set()
    for table in (await session.scalars(_EVERYWHERE)).all():
        for row in await session.scalars(text(f"SELECT to_jsonb(t)::text FROM {table} t")):
            found |= set(re.findall(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", row))
    return found


def _place(ctid: str) -> tuple[int, int]:
    page, line = ctid.strip("()").split(",")
    return int(page), int(line)
