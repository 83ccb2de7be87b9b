"""The verification of the log: every seal made anew from its fact, and compared with what is stored and anchored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text

from app.kernel.db import Session
from app.kernel.details import digest_of
from app.kernel.i18n import Text
from app.kernel.seals import BEGINNING, FACT_COLUMNS, Fact, Head, seal_of

ROUND = 5_000
LATE_SECONDS = 600
"""A fact that waits longer for its seal says that no worker is running."""


class Fault(StrEnum):
    """What may be wrong at a place of the log."""

    gap = "gap"
    fact_missing = "fact_missing"
    fact_changed = "fact_changed"
    details_changed = "details_changed"
    details_vanished = "details_vanished"
    rewritten = "rewritten"
    cut_off = "cut_off"
    vanished_unsealed = "vanished_unsealed"
    outside = "outside"


WORDS: dict[Fault, Text] = {
    Fault.gap: Text(vi="thiếu hoặc xáo trộn mắt xích", en="seals are missing or out of order"),
    Fault.fact_missing: Text(vi="sự kiện đã bị xóa", en="the fact has been deleted"),
    Fault.fact_changed: Text(vi="sự kiện hoặc mắt xích đã bị sửa", en="the fact or its seal has been changed"),
    Fault.details_changed: Text(vi="thông tin cá nhân kèm theo đã bị sửa", en="the personal fields have been changed"),
    Fault.details_vanished: Text(
        vi="thông tin cá nhân bị xóa mà không có sự kiện xóa", en="personal fields are gone, and no fact says so"
    ),
    Fault.rewritten: Text(vi="chuỗi khác với tệp neo", en="the chain is another than the anchored one"),
    Fault.cut_off: Text(vi="chuỗi ngắn hơn tệp neo", en="the chain ends before the anchored seal"),
    Fault.vanished_unsealed: Text(vi="sự kiện bị xóa trước khi niêm phong", en="a fact was deleted before its seal"),
    Fault.outside: Text(vi="sự kiện nằm ngoài chuỗi", en="a fact stands in no chain"),
}


@dataclass(frozen=True, slots=True)
class Break:
    """The first place of a chain that does not hold; without an organisation, a fact that no chain holds."""

    fault: Fault
    organisation_id: str | None
    sequence: int | None
    event_id: str | None


class SealedFact(NamedTuple):
    """A seal with the fact and the personal fields it stands for, as far as they are there; hashes in hex."""

    organisation_id: str
    sequence: int
    event_id: str
    link: str
    fact: Fact | None
    member_id: str | None
    salt: bytes | None
    details: str | None
    is_erased: bool
    is_excused: bool
    """Whether another fact says that the details of this one were erased."""


@dataclass(slots=True)
class Examiner:
    """Takes the seals of all chains, each chain in its order, and finds the first place of each that does not hold."""

    anchored: Mapping[str, Head] = field(default_factory=dict)
    breaks: dict[str, Break] = field(default_factory=dict)
    heads: dict[str, Head] = field(default_factory=dict)
    facts: int = 0
    erased: int = 0

    def take(self, row: SealedFact) -> None:
        """Examine the next seal."""
        self.facts += 1
        self.erased += row.is_erased
        organisation = row.organisation_id
        before = self.heads.get(organisation, BEGINNING)
        self.heads[organisation] = head = Head(row.sequence, row.link)
        fault = _fault_of(row, before)
        if fault is None:
            anchored = self.anchored.get(organisation)
            if anchored is None or anchored.sequence != row.sequence or anchored == head:
                return
            fault = Fault.rewritten
        self.breaks.setdefault(organisation, Break(fault, organisation, row.sequence, row.event_id))

    def finish(self) -> list[Break]:
        """Return what does not hold, after the last seal: at most one place a chain."""
        for organisation, anchored in self.anchored.items():
            head = self.heads.get(organisation, BEGINNING)
            if head.sequence < anchored.sequence:
                self.breaks.setdefault(organisation, Break(Fault.cut_off, organisation, head.sequence + 1, None))
        return list(self.breaks.values())


def _fault_of(row: SealedFact, before: Head) -> Fault | None:
    fact = row.fact
    if row.sequence != before.sequence + 1:
        return Fault.gap
    if fact is None:
        return Fault.fact_missing
    if fact.organisation_id != row.organisation_id or fact.id != row.event_id or seal_of(fact, before) != row.link:
        return Fault.fact_changed
    return _fault_of_details(row, fact.details)


def _fault_of_details(row: SealedFact, digest: str | None) -> Fault | None:
    if digest is None or (row.is_erased and row.is_excused):
        return None
    if row.salt is None or row.details is None:
        return Fault.details_vanished
    if row.is_erased or digest_of(row.salt, row.member_id, row.details).hex() != digest:
        return Fault.details_changed
    return None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification found."""

    breaks: list[Break]
    facts: int
    chains: int
    erased: int
    unsealed: int
    is_sealing_late: bool


_SEALED = """
SELECT s.organisation_id::text, s.sequence, s.event_id::text, encode(s.link, 'hex'),
       d.member_id::text, d.salt, d.data::text, d.erased_at IS NOT NULL,
       CASE WHEN d.erased_at IS NOT NULL THEN EXISTS (
           SELECT FROM events AS f WHERE f.subject_id = d.member_id AND f.code = 'kernel.details_erased'
           AND f.data -> 'facts' ? s.event_id::text
       ) ELSE false END,
       {columns}
FROM event_seals AS s
LEFT JOIN events AS e ON e.id = s.event_id
LEFT JOIN event_details AS d ON d.event_id = s.event_id
{where}
ORDER BY s.organisation_id, s.sequence
"""
_FACT_AT = 9

_VANISHED = text("""
SELECT u.event_id::text FROM unsealed_events AS u
WHERE NOT EXISTS (SELECT FROM events AS e WHERE e.id = u.event_id) ORDER BY 1 LIMIT 1
""")
_OUTSIDE = text("""
SELECT e.id::text FROM events AS e
WHERE NOT EXISTS (SELECT FROM event_seals AS s WHERE s.event_id = e.id)
  AND NOT EXISTS (SELECT FROM unsealed_events AS u WHERE u.event_id = e.id)
ORDER BY e.id LIMIT 1
""")
_UNSEALED = text("""
SELECT count(*), coalesce(extract(epoch FROM :now - min(e.occurred_at)), 0)
FROM unsealed_events AS u JOIN events AS e ON e.id = u.event_id
""")


async def verify_log(
    session: Session, *, anchored: Mapping[str, Head] | None = None, organisation_id: UUID | None = None
) -> Verdict:
    """Examine every chain, or one; `anchored` are the heads that an anchor says each chain has had.

    Whoever asks makes the session's reads be of one instant (`Database.freeze`), or facts sealed meanwhile would seem
    to be in no chain. For one organisation, facts outside all chains are not looked for.
    """
    wanted = {} if anchored is None else dict(anchored)
    where, parameters = "", {}
    if organisation_id is not None:
        wanted = {key: head for key, head in wanted.items() if key == str(organisation_id)}
        where, parameters = "WHERE s.organisation_id = :organisation_id", {"organisation_id": organisation_id}
    examiner = Examiner(wanted)
    sealed = text(_SEALED.format(columns=FACT_COLUMNS, where=where))
    rows = await session.stream(sealed, parameters, execution_options={"yield_per": ROUND})
    async for some in rows.partitions():
        for values in some:
            organisation, sequence, event, link, *details = values[:_FACT_AT]
            fact = None if values[_FACT_AT] is None else Fact(*values[_FACT_AT:])
            examiner.take(SealedFact(organisation, sequence, event, link, fact, *details))
    breaks = examiner.finish()
    if organisation_id is None:
        for fault, query in ((Fault.vanished_unsealed, _VANISHED), (Fault.outside, _OUTSIDE)):
            event_id = await session.scalar(query)
            if event_id is not None:
                breaks.append(Break(fault, None, None, event_id))
    unsealed, oldest = (await session.execute(_UNSEALED, {"now": session.now()})).one()
    return Verdict(
        breaks=breaks,
        facts=examiner.facts,
        chains=len(examiner.heads),
        erased=examiner.erased,
        unsealed=unsealed,
        is_sealing_late=oldest > LATE_SECONDS,
    )
