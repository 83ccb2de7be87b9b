"""Commands of a reorganisation: members go to another branch, all at once and from one day on."""

from collections.abc import Collection
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select, text

from app.kernel.db import Session
from app.kernel.events import record
from app.members.models import FINAL, AwayPeriod, Member
from app.members.moves.events import MembersMoved
from app.members.moves.queries import movers
from app.organisations.errors import OrganisationHasEnded
from app.organisations.models import Organisation

_GO = text("""
UPDATE members SET organisation_id = :to, version = version + 1
WHERE id = ANY(CAST(:members AS uuid[])) RETURNING id, version
""")
# Whoever was a guest where they are now at home is one no more, and whoever had left it once is back.
_BACK_HOME = (
    text("""
    DELETE FROM standings
    WHERE organisation_id = :to AND kind IN ('temporary_guest', 'transferred') AND starts_on >= :on
    AND member_id = ANY(CAST(:members AS uuid[]))
    """),
    text("""
    UPDATE standings SET ends_on = CAST(:on AS date) - 1
    WHERE organisation_id = :to AND kind IN ('temporary_guest', 'transferred') AND (ends_on IS NULL OR ends_on >= :on)
    AND member_id = ANY(CAST(:members AS uuid[]))
    """),
)
# Guests go along when the branch that hosts them is no more; who has left stays on the roll of where they left.
_STANDINGS = text("""
WITH concerned AS (
    SELECT * FROM standings
    WHERE organisation_id = :former AND kind <> ALL(CAST(:final AS text[])) AND (ends_on IS NULL OR ends_on >= :on)
        AND (member_id = ANY(CAST(:members AS uuid[])) OR (CAST(:guests AS boolean) AND kind = 'temporary_guest'))
), later AS (
    UPDATE standings AS s SET organisation_id = :to FROM concerned AS c WHERE s.id = c.id AND c.starts_on >= :on
), ended AS (
    UPDATE standings AS s SET ends_on = CAST(:on AS date) - 1
    FROM concerned AS c WHERE s.id = c.id AND c.starts_on < :on
), begun AS (
    INSERT INTO standings (id, member_id, organisation_id, kind, starts_on, ends_on)
    SELECT gen_random_uuid(), member_id, :to, kind, :on, ends_on FROM concerned WHERE starts_on < :on
)
UPDATE members SET version = version + 1
WHERE id IN (SELECT member_id FROM concerned) AND id <> ALL(CAST(:members AS uuid[]))
RETURNING id, version, organisation_id
""")


async def move_members(
    session: Session,
    former_id: UUID,
    *,
    successor_id: UUID,
    on: date,
    by: UUID | None,
    only: Collection[UUID] | None = None,
) -> tuple[UUID, ...]:
    """Make the members of a branch, or `only` these of them, members of another one from a day on; return who they are.

    Their standings end on its eve there and go on here, each with the end it had; nobody is ever in both. Where all go,
    the branch's temporary guests go along, and their homes are told.
    """
    query = movers([former_id], on)
    going = (await session.scalars(query if only is None else query.where(query.selected_columns[0].in_(only)))).all()
    values = {
        "former": former_id,
        "to": successor_id,
        "on": on,
        "members": list(going),
        "guests": only is None,
        "final": sorted(FINAL),
    }
    for statement in _BACK_HOME:
        await session.execute(statement, values)
    guests = (await session.execute(_STANDINGS, values)).all()
    gone = (await session.execute(_GO, values)).all()
    if gone or guests:
        away = await session.execute(
            select(AwayPeriod.id, AwayPeriod.version).where(AwayPeriod.member_id.in_([row.id for row in gone]))
        )
        fact = MembersMoved(
            organisation_id=successor_id,
            subject_id=successor_id,
            actor_member_id=by,
            former_id=former_id,
            versions={row.id: row.version for row in gone},
            away_periods={row.id: row.version for row in away},
            guests={row.id: row.version for row in guests},
            homes={row.id: row.organisation_id for row in guests},
        )
        await record(session, fact)
    return tuple(row.id for row in gone)


async def follow_merger(session: Session, member: Member, *, by: UUID) -> None:
    """Bring who had left when their branch ended, by mistake, to where the others went; raises OrganisationHasEnded.

    A branch that was dissolved, then or since, had no members any more: there is nowhere to go back to.
    """
    home = await session.get_one(Organisation, member.organisation_id, populate_existing=True)
    if home.valid_until is None or home.valid_until >= session.today():
        return
    if home.successor_id is None:
        raise OrganisationHasEnded
    successor = await session.get_one(Organisation, home.successor_id, populate_existing=True)
    if successor.valid_until is not None and successor.valid_until < session.today():
        raise OrganisationHasEnded
    since = home.valid_until + timedelta(days=1)
    await move_members(session, home.id, successor_id=home.successor_id, on=since, by=by, only=[member.id])
    await session.refresh(member)
