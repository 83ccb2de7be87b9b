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

    def changes(self) -> tuple[Change, ...]:
        """Return the organisation as it is now."""
        return (Change(self.subject_id, "organisation", self.subject_id, self.version),)
