"""Facts about organisations."""

from uuid import UUID

from app.kernel.events import Event
from app.kernel.scopes import Change


class OrganisationFounded(Event):
    code = "organisations.founded"
    subject_type = "organisation"

    parent_id: UUID | None

    def changes(self) -> tuple[Change, ...]:
        """Return the new organisation, for itself and for the one above it."""
        own = Change(self.subject_id, "organisation", self.subject_id, 1)
        return (own, Change(self.parent_id, "organisation", self.subject_id, 1)) if self.parent_id else (own,)


class OrganisationChanged(Event):
    """Its name, code or time zone changed, as `fields` says; `organisation_periods` keeps the old name."""

    code = "organisations.changed"
    subject_type = "organisation"

    fields: tuple[str, ...]
    version: int
    parent_id: UUID | None = None

    def changes(self) -> tuple[Change, ...]:
        """Return the organisation as it is now, for itself and for the one above it."""
        scopes = (self.subject_id, self.parent_id)
        return tuple(Change(scope, "organisation", self.subject_id, self.version) for scope in scopes if scope)
