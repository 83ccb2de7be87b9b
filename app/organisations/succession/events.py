"""Facts about organisations that end, hang elsewhere, or hand over what they had not finished."""

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from pydantic import Field

from app.kernel.events import Event
from app.kernel.scopes import Change, Op


class OrganisationEnded(Event):
    """It was merged into its successor, or, where there is none, dissolved."""

    code = "organisations.ended"
    subject_type = "organisation"

    successor_id: UUID | None
    last_day: date
    parent_id: UUID | None
    version: int
    earlier: dict[UUID, int] = Field(default={})
    """What had been merged into it before, or into what ended below it, and goes along: ids with their versions."""
    parents: dict[UUID, UUID] = Field(default={})
    """What these were under when they ended: their ends were told there."""

    def changes(self) -> tuple[Change, ...]:
        """Return all that ended, each for itself, the one it was under and the one that came after it."""
        scopes = (self.subject_id, self.parent_id, self.successor_id)
        own = tuple(Change(scope, "organisation", self.subject_id, self.version) for scope in scopes if scope)
        return own + tuple(
            Change(scope, "organisation", one, version)
            for one, version in self.earlier.items()
            for scope in (one, self.parents.get(one), self.successor_id)
            if scope
        )


class OrganisationMoved(Event):
    """It hangs below another one from now on; `organisation_periods` keeps where it was."""

    code = "organisations.moved"
    subject_type = "organisation"

    parent_id: UUID
    former_parent_id: UUID
    version: int
    earlier: dict[UUID, int] = Field(default={})
    """What had been merged into it, or into one below it, from elsewhere, and goes along: ids with their versions."""
    parents: dict[UUID, UUID] = Field(default={})
    """What these were under when they ended: who saw them from there may see them no more."""

    def changes(self) -> tuple[Change, ...]:
        """Return the organisation, for itself and those it was and is under, and what goes along, for its `parents`."""
        scopes = (self.subject_id, self.parent_id, self.former_parent_id)
        own = tuple(Change(scope, "organisation", self.subject_id, self.version) for scope in scopes)
        return own + tuple(
            Change(self.parents[one], "organisation", one, version) for one, version in self.earlier.items()
        )


class PapersHandedOver(Event):
    """What an organisation had not finished, its successor goes on with: ids with their new versions."""

    subject_type = "organisation"

    former_id: UUID
    versions: dict[UUID, int]

    def moves(self) -> Iterator[tuple[UUID, UUID, int, Op]]:
        """Yield the scope, id, version and step of each of them: gone from the one scope, come to the other."""
        for paper, version in self.versions.items():
            yield self.former_id, paper, version, Op.delete
            yield self.organisation_id, paper, version, Op.upsert
