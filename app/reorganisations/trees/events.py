"""Facts about trees that were taken in."""

from uuid import UUID

from app.kernel.events import Event
from app.kernel.scopes import Change


class TreeImported(Event):
    """Organisations were founded from a file, by their parents; without an actor, by the operator at the console."""

    code = "reorganisations.tree_imported"
    subject_type = "organisation"

    parents: dict[UUID, UUID | None]

    def changes(self) -> tuple[Change, ...]:
        """Return every new organisation, for itself and for the one above it."""
        return tuple(
            Change(scope, "organisation", founded, 1)
            for founded, parent in self.parents.items()
            for scope in (founded, parent)
            if scope is not None
        )
