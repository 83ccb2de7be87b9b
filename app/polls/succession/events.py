"""Facts about polls that went to a successor."""

from app.kernel.scopes import Change
from app.organisations.succession.events import PapersHandedOver


class PollsHandedOver(PapersHandedOver):
    """They were not opened yet: the successor's electorate will vote."""

    code = "polls.handed_over"

    def changes(self) -> tuple[Change, ...]:
        return tuple(Change(scope, "poll", paper, version, op) for scope, paper, version, op in self.moves())
