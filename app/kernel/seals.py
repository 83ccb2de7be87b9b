"""The sealing of facts: one hash chain an organisation, made behind the writers' backs.

Each seal is the SHA-256 of the canonical JSON of a fact together with its place in the chain of its organisation and
the seal before it; so nothing in a chain can be edited, left out, added, moved or taken from another one without
every later seal being another. Who may write to the database can make all the seals anew: that is what anchors are
for, kept where they cannot be reached (`app.kernel.anchors`).

The chain is made by a job, each minute, not by the writers in their own transactions. Both find the same against an
anchor: what was sealed before it was made cannot be changed unseen, and `sotay audit anchor` seals first. But a writer
who sealed would hold the end of the chain until its commit, so that all of a branch would sign in one after the
other, and would pay for another statement. The job costs a writer one row in `unsealed_events`, put there by a trigger
on `events`: what an older release or somebody at the console inserts is sealed too. It takes only what is committed
and is alone under a lock, so sequences have no gaps, whichever of the writers commits first. Until it comes,
`unsealed_events` says that there is a fact: one that disappears in that minute is missed.
"""

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import text

from app.kernel.canonical import canonical, read_json
from app.kernel.db import Session

SEAL_TASK = "kernel.seal_facts"
ORIGIN = "0" * 64
"""What stands before the first seal of a chain."""
BATCH = 5_000
_LOCK = 7_401_520_129  # any number, the same for every sealer of this service, and of nothing else's lock


class Fact(NamedTuple):
    """A row of `events` as it is sealed: every column, as PostgreSQL writes it.

    `occurred_at` is in seconds since 1970 with six decimals, `data` JSON, `details` the hash (hex) of the personal
    fields beside it.
    """

    id: str
    occurred_at: str
    code: str
    organisation_id: str
    subject_type: str
    subject_id: str
    actor_member_id: str | None
    request_id: str | None
    data: str
    details: str | None


FACT_COLUMNS = """
    e.id::text, extract(epoch FROM e.occurred_at)::text, e.code, e.organisation_id::text, e.subject_type,
    e.subject_id::text, e.actor_member_id::text, e.request_id, e.data::text, encode(d.digest, 'hex')
"""
"""Of `events AS e LEFT JOIN event_details AS d`, in the order of `Fact`."""


class Head(NamedTuple):
    """The last seal of a chain: its place, counted from 1, and its hash (hex)."""

    sequence: int
    link: str


BEGINNING = Head(0, ORIGIN)


def seal_of(fact: Fact, after: Head) -> str:
    """Return the seal (hex) of the fact that comes after a head.

    It is the hash of an object of the fact's ten columns by their names, `data` as the object it is, with `sequence`
    (the number) and `previous` (the seal before it, hex).
    """
    content = fact._asdict()
    content["data"] = read_json(fact.data)
    content["sequence"] = after.sequence + 1
    content["previous"] = after.link
    return hashlib.sha256(canonical(content)).hexdigest()


_WAITING = text(f"""
SELECT {FACT_COLUMNS}
FROM unsealed_events AS u JOIN events AS e ON e.id = u.event_id LEFT JOIN event_details AS d ON d.event_id = e.id
ORDER BY u.event_id LIMIT :batch
""")  # noqa: S608 our own columns

_HEADS = text("""
SELECT o.id::text, head.sequence, encode(head.link, 'hex')
FROM unnest(CAST(:organisations AS uuid[])) AS o(id) CROSS JOIN LATERAL (
    SELECT sequence, link FROM event_seals WHERE organisation_id = o.id ORDER BY sequence DESC LIMIT 1
) AS head
""")

_ALL_HEADS = text("""
SELECT DISTINCT ON (organisation_id) organisation_id::text, sequence, encode(link, 'hex')
FROM event_seals ORDER BY organisation_id, sequence DESC
""")

_INSERT = text("""
INSERT INTO event_seals (organisation_id, sequence, event_id, link, sealed_at)
SELECT organisation_id, sequence, event_id, decode(link, 'hex'), :at
FROM unnest(CAST(:organisations AS uuid[]), CAST(:sequences AS bigint[]), CAST(:events AS uuid[]),
            CAST(:links AS text[])) AS u(organisation_id, sequence, event_id, link)
""")


async def seal_facts(session: Session) -> int:
    """Seal up to 5,000 facts that are committed and not sealed, in the order of their ids; return how many.

    Waits for another sealer, which holds the chains until its transaction ends.
    """
    await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    facts = [Fact(*row) for row in await session.execute(_WAITING, {"batch": BATCH})]
    if not facts:
        return 0
    organisations = list({fact.organisation_id for fact in facts})
    heads = _heads(await session.execute(_HEADS, {"organisations": organisations}))
    sealed = []
    for fact in facts:
        before = heads.get(fact.organisation_id, BEGINNING)
        heads[fact.organisation_id] = head = Head(before.sequence + 1, seal_of(fact, before))
        sealed.append(head)
    events = [fact.id for fact in facts]
    await session.execute(
        _INSERT,
        {
            "organisations": [fact.organisation_id for fact in facts],
            "sequences": [head.sequence for head in sealed],
            "events": events,
            "links": [head.link for head in sealed],
            "at": session.now(),
        },
    )
    await session.execute(
        text("DELETE FROM unsealed_events WHERE event_id = ANY(CAST(:events AS uuid[]))"), {"events": events}
    )
    return len(facts)


async def read_heads(session: Session) -> dict[str, Head]:
    """Return the last seal of every chain, by organisation."""
    return _heads(await session.execute(_ALL_HEADS))


def _heads(rows: Iterable[Iterable[object]]) -> dict[str, Head]:
    return {str(organisation): Head(int(str(sequence)), str(link)) for organisation, sequence, link in rows}
