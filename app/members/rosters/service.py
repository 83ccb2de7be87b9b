"""Commands on rosters: give one out, which leaves a trace with whom it lists, and take it back corrected."""

import asyncio
from uuid import UUID

from app.kernel.db import Session
from app.kernel.security import Actor
from app.kernel.uploads import Upload
from app.members.errors import RosterHasErrors
from app.members.record_views.models import ViewedPart
from app.members.record_views.service import note_shown
from app.members.rosters import queries
from app.members.rosters.errors import PreviewOutdated, RosterTooLong
from app.members.rosters.judging import JudgedRow, judge_rows, key_of, refuse_taken
from app.members.rosters.reading import MOST_ROWS, SentRow, read_corrections
from app.members.rosters.schemas import RosterCorrectionView
from app.members.rosters.spreadsheet import roster_spreadsheet
from app.members.service import correct_people
from app.organisations.models import Organisation


async def get_member_roster(session: Session, actor: Actor, organisation_id: UUID) -> bytes:
    """Return the members at and below an organisation as .xlsx, with citizen ids and telephone numbers masked.

    Raises OrganisationNotFound, NotForYourPost, RosterTooLong.
    """
    organisation = await queries.get_kept_organisation(session, actor, organisation_id)
    if await queries.count_listed(session, organisation) > MOST_ROWS:
        raise RosterTooLong
    people = await queries.find_listed(session, organisation)
    spreadsheet = await asyncio.to_thread(roster_spreadsheet, people)
    await note_shown(session, actor, [one.member.id for one in people], ViewedPart.roster)
    return spreadsheet


async def correct_members(
    session: Session,
    actor: Actor,
    organisation_id: UUID,
    upload: Upload,
    *,
    digest: str | None,
) -> RosterCorrectionView:
    """Judge a roster that was sent back and, if told to, write what the preview of that `digest` showed: all of it.

    Whose record the verdicts name is noted, also in those of a refusal: the caller commits it. Raises
    OrganisationNotFound, NotForYourPost, what `read_corrections` raises, RosterHasErrors with the verdicts as `report`,
    PreviewOutdated, and what `correct_people` raises for a race.
    """
    organisation = await queries.get_kept_organisation(session, actor, organisation_id)
    rows = await asyncio.to_thread(read_corrections, upload.content, filename=upload.filename)
    if upload.commit:
        await queries.hold_homes(session, actor, organisation, _keys_of(rows))
    judged = await _judge(session, organisation, rows, for_update=upload.commit)
    view = RosterCorrectionView.of(judged, committed=upload.commit, locale=upload.locale)
    shown = [one.listed.member.id for one in judged if one.listed is not None]
    await note_shown(session, actor, shown, ViewedPart.roster)
    if not upload.commit:
        return view
    if view.error_count:
        raise RosterHasErrors(report=view.model_copy(update={"committed": False}).model_dump(mode="json"))
    if digest != view.digest:
        raise PreviewOutdated
    changed = [
        (one.listed.member, {column.value: value for column, value in one.wanted.items()})
        for one in judged
        if one.listed is not None and one.wanted
    ]
    await correct_people(session, changed, by=actor.member_id)
    return view


def _keys_of(rows: list[SentRow]) -> set[UUID]:
    return {key for row in rows if (key := key_of(row)) is not None}


async def _judge(
    session: Session, organisation: Organisation, rows: list[SentRow], *, for_update: bool
) -> list[JudgedRow]:
    people = await queries.find_listed_of(session, organisation, _keys_of(rows), for_update=for_update)
    fixed = await queries.find_fixed(session, [one.member for one in people.values()])
    judged = judge_rows(rows, people, fixed=fixed, today=session.today())
    refuse_taken(judged, await queries.find_holders(session, judged))
    return judged
