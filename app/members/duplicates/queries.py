"""Reads of duplicates: the pairs below an organisation that share what two people hardly share."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from app.kernel.db import Session
from app.kernel.pagination import PageRequest
from app.members.duplicates.schemas import Likeness

NEAREST = 20
"""Of many who share the same, each is paired with so many others: a list of 1,000 namesakes is no million pairs."""

# Each likeness is one sort of those who share it; a pair is there once, the lesser id first.
_PAIRS = text("""
WITH people AS MATERIALIZED (
    SELECT m.id, m.search_key, m.born_on, ltrim(m.card_number, '0') AS card_number,
           ltrim(m.citizen_id, '0') AS citizen_id
    FROM organisations AS o JOIN members AS m ON m.organisation_id = o.id
    WHERE o.path @> ARRAY[CAST(:organisation_id AS uuid)]
), alike AS (
    SELECT 'name_and_birth_date' AS likeness, id AS first_id, unnest(array_agg(id) OVER (
        PARTITION BY search_key, born_on ORDER BY id ROWS BETWEEN 1 FOLLOWING AND :nearest FOLLOWING)) AS second_id
    FROM people WHERE born_on IS NOT NULL AND search_key <> ''
    UNION ALL
    SELECT 'card_number', id, unnest(array_agg(id) OVER (
        PARTITION BY card_number ORDER BY id ROWS BETWEEN 1 FOLLOWING AND :nearest FOLLOWING))
    FROM people WHERE card_number <> ''
    UNION ALL
    SELECT 'citizen_id', id, unnest(array_agg(id) OVER (
        PARTITION BY citizen_id ORDER BY id ROWS BETWEEN 1 FOLLOWING AND :nearest FOLLOWING))
    FROM people WHERE citizen_id <> ''
)
SELECT first_id, second_id, array_agg(likeness ORDER BY likeness) AS likenesses
FROM alike
WHERE (CAST(:after_first AS uuid) IS NULL
       OR (first_id, second_id) > (CAST(:after_first AS uuid), CAST(:after_second AS uuid)))
AND NOT EXISTS (
    SELECT FROM distinct_members AS d WHERE d.first_id = alike.first_id AND d.second_id = alike.second_id
)
GROUP BY first_id, second_id ORDER BY first_id, second_id LIMIT :most
""")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records that may be of one person, the lesser id first."""

    first_id: UUID
    second_id: UUID
    likenesses: tuple[Likeness, ...]


async def find_pairs(session: Session, organisation_id: UUID, *, page: PageRequest) -> list[Pair]:
    """Return a page's pairs at and below an organisation and one more, without those that were told apart."""
    after = page.after_ids()
    rows = await session.execute(
        _PAIRS,
        {
            "organisation_id": organisation_id,
            "nearest": NEAREST,
            "after_first": after[0] if after else None,
            "after_second": after[1] if after else None,
            "most": page.limit + 1,
        },
    )
    return [Pair(row.first_id, row.second_id, tuple(Likeness(one) for one in row.likenesses)) for row in rows]
