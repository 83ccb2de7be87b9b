"""Facts about what a branch that ended had called, drafted or given out."""

from app.kernel.scopes import Change
from app.organisations.succession.events import PapersHandedOver


class MeetingsHandedOver(PapersHandedOver):
    """Drafts and calls are the successor's now."""

    code = "meetings.handed_over"

    def changes(self) -> tuple[Change, ...]:
        return tuple(Change(scope, "meeting", paper, version, op) for scope, paper, version, op in self.moves())


class TasksHandedOver(PapersHandedOver):
    """Open tasks stand on the successor's next agenda; the meetings that gave them stay the former branch's."""

    code = "meetings.tasks_handed_over"

    def changes(self) -> tuple[Change, ...]:
        """Return each for both: who reads the meeting reads its tasks, also who moved elsewhere on that day."""
        scopes = (self.former_id, self.organisation_id)
        return tuple(
            Change(scope, "task", task, version) for task, version in self.versions.items() for scope in scopes
        )
