"""Facts about members who went to another branch by a reorganisation."""

from uuid import UUID

from app.kernel.events import Event
from app.kernel.scopes import Change, Op


class MembersMoved(Event):
    """Members of one branch are at home in another one from now on: ids with their new versions.

    `away_periods` are theirs, with their versions, which the new branch's organisers see and the old one's forget.
    """

    code = "members.moved"
    subject_type = "organisation"

    former_id: UUID
    versions: dict[UUID, int]
    away_periods: dict[UUID, int]

    def changes(self) -> tuple[Change, ...]:
        """Return every member, for both branches and for themself, and when they are away."""
        both = (self.organisation_id, self.former_id)
        return (
            *(
                Change(scope, "member", member, version)
                for member, version in self.versions.items()
                for scope in (*both, member)
            ),
            *(
                Change(scope, "away_period", period, version, op)
                for period, version in self.away_periods.items()
                for scope, op in zip(both, (Op.upsert, Op.delete), strict=True)
            ),
        )
