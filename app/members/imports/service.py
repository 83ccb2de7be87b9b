"""Commands on imports: take in a branch's roster, whole or not at all."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

from app.kernel.db import Session
from app.kernel.events import record
from app.kernel.security import Actor
from app.kernel.uploads import Upload
from app.members.access import require_record_keeper
from app.members.errors import RosterHasErrors
from app.members.imports import queries
from app.members.imports.events import RosterImported
from app.members.imports.roster import Roster, RowStatus, read_roster
from app.members.imports.schemas import RosterImportView
from app.members.service import Values, add_members, require_branch
from app.organisations.queries import get_lasting_organisation


@dataclass(frozen=True, slots=True)
class RosterImport:
    """A roster with every verdict, and the members made of it: none on a dry run, or when a row has an error."""

    roster: Roster
    member_ids: tuple[UUID, ...]

    @property
    def has_errors(self) -> bool:
        """Say whether any row stops the import."""
        return any(verdict.status is RowStatus.error for verdict in self.roster.verdicts)


async def import_members(session: Session, actor: Actor, organisation_id: UUID, upload: Upload) -> RosterImportView:
    """Take in a roster as `import_roster` does, for a request: wanted but not possible is a refusal.

    Raises what `import_roster` raises, and RosterHasErrors with the verdicts as `report`.
    """
    done = await import_roster(
        session, actor, organisation_id, content=upload.content, filename=upload.filename, commit=upload.commit
    )
    view = RosterImportView.of(done.roster, created_count=len(done.member_ids), locale=upload.locale)
    if upload.commit and done.has_errors:
        raise RosterHasErrors(report=view.model_dump(mode="json"))
    return view


async def import_roster(
    session: Session,
    actor: Actor | None,
    organisation_id: UUID,
    *,
    content: bytes,
    filename: str | None,
    commit: bool,
) -> RosterImport:
    """Judge a branch's roster and, if `commit` and no row has an error, make its members: all or nothing.

    Without an actor it is the operator's at the server's console, who is asked for no post. A post in the
    roster ("Chức vụ") gives no rights. Raises OrganisationNotFound, OrganisationHasEnded, NotForYourPost, NotABranch,
    RosterUnreadable, RosterTooLarge, RosterHeaderMissing, RosterEmpty, and what `add_members` raises for a race.
    """
    # One roster after the other: of two at once each would find nobody of the other's on record.
    branch = await get_lasting_organisation(session, actor, organisation_id, in_turn=commit)
    if actor is not None:
        require_record_keeper(actor, branch.path)
    require_branch(branch)
    today = session.today()
    read = await asyncio.to_thread(read_roster, content, filename=filename, today=today)
    roster = await queries.compare_with_members(session, actor, branch.id, read)
    judged = RosterImport(roster=roster, member_ids=())
    if not commit or judged.has_errors:
        return judged
    people: list[Values] = [
        {
            "id": session.new_id(),
            "full_name": row.full_name,
            "born_on": row.born_on,
            "sex": row.sex,
            "card_number": row.card_number,
            "citizen_id": row.citizen_id,
            "phone": row.phone,
            "admitted_on": row.admitted_on,
            "official_on": row.official_on,
            "education": row.education,
            "is_ethnic_minority": row.is_ethnic_minority,
            "occupation": row.occupation,
        }
        for row in roster.rows
    ]
    await add_members(session, branch, people)
    member_ids = tuple(person["id"] for person in people)
    await record(
        session,
        RosterImported(
            organisation_id=branch.id,
            subject_id=branch.id,
            actor_member_id=actor.member_id if actor else None,
            member_ids=member_ids,
        ),
    )
    return RosterImport(roster=roster, member_ids=member_ids)
