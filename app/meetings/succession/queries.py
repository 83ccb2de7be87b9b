"""Reads of what stands before a branch that shall end."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Select, select

from app.meetings.models import UPCOMING, AgendaItemDocument, Meeting, MeetingStatus
from app.organisations.models import Organisation

UNFINISHED = frozenset({MeetingStatus.ended, MeetingStatus.minutes_approved})
"""Over, with minutes that are not out: the successor's organisers finish them under the old name."""


def drafted_or_called(organisation_ids: Collection[UUID]) -> Select[Meeting, str]:
    """Select the meetings that have not begun, with the names of their organisations, by their start."""
    return (
        select(Meeting, Organisation.name)
        .join(Organisation, Organisation.id == Meeting.organisation_id)
        .where(Meeting.organisation_id.in_(organisation_ids), Meeting.status.in_(UPCOMING | {MeetingStatus.draft}))
        .order_by(Meeting.starts_at, Meeting.id)
    )


def in_status(organisation_ids: Collection[UUID], statuses: Collection[MeetingStatus]) -> Select[UUID]:
    """Select the organisations of the meetings in these states, once for each meeting."""
    return select(Meeting.organisation_id).where(
        Meeting.organisation_id.in_(organisation_ids), Meeting.status.in_(statuses)
    )


def papers_of(meeting_ids: Collection[UUID]) -> Select[UUID]:
    """Select the documents attached to the meetings' agendas."""
    return select(AgendaItemDocument.document_id).distinct().where(AgendaItemDocument.meeting_id.in_(meeting_ids))
