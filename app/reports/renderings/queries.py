"""Reads of a report as a file."""

import asyncio
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.kernel.db import Session
from app.kernel.security import Actor
from app.kernel.typesetting import Paper, Typesetter
from app.reports import queries
from app.reports.percentages import Style
from app.reports.renderings.papers import paper_of
from app.reports.renderings.spreadsheets import spreadsheet_of
from app.reports.renderings.tables import printout_of
from app.reports.schemas import Report, ReportKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a report is asked with; each kind takes what it knows, and leaves the rest."""

    since: date | None
    until: date | None
    year: int | None
    to_year: int | None
    on: date | None
    style: Style


async def get_report_spreadsheet(
    session: Session, actor: Actor, organisation_id: UUID, kind: ReportKind, wanted: Wanted
) -> bytes:
    """Return a report as .xlsx. Raises what the report does."""
    printout = printout_of(await _report(session, actor, organisation_id, kind, wanted))
    return await asyncio.to_thread(spreadsheet_of, printout)


async def get_report_paper(
    session: Session,
    actor: Actor,
    organisation_id: UUID,
    kind: ReportKind,
    wanted: Wanted,
    *,
    typesetter: Typesetter,
) -> Paper:
    """Return a report as PDF. Raises what the report does, TypesettingUnavailable, TypesettingBusy."""
    printout = printout_of(await _report(session, actor, organisation_id, kind, wanted))
    return await typesetter.typeset(paper_of(printout, on=session.today()), made_at=session.now())


async def _report(session: Session, actor: Actor, organisation_id: UUID, kind: ReportKind, wanted: Wanted) -> Report:
    days = {"since": wanted.since, "until": wanted.until}
    match kind:
        case ReportKind.adoption:
            return await queries.get_adoption_report(session, actor, organisation_id, **days)
        case ReportKind.attendance:
            return await queries.get_attendance_report(session, actor, organisation_id, **days)
        case ReportKind.meetings:
            return await queries.get_meetings_report(session, actor, organisation_id, **days)
        case ReportKind.admissions:
            return await queries.get_admissions_report(
                session,
                actor,
                organisation_id,
                year=wanted.year,
                to_year=wanted.to_year,
                style=wanted.style,
            )
        case ReportKind.rating:
            return await queries.get_rating_report(session, actor, organisation_id, year=wanted.year)
        case ReportKind.away:
            return await queries.get_away_report(session, actor, organisation_id, on=wanted.on)
