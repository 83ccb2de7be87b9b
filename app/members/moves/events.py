"""Facts about members who went to another branch by a reorganisation."""

from uuid import UUID

from pydantic import Field

from app.kernel.events import Event
from app.kernel.scopes import Change, Op


class MembersMoved(Event):
    """Members of one branch are at home in another one from now on: ids with their new versions.

    `away_periods` are theirs, with their versions, which the new branch's organisers see and the old one's forget.
    `guests` are the guests who went along, with their new versions, and `homes` where each of them lives.
    """

    code = "members.moved"
    subject_type = "organisation"

    former_id: UUID
    versions: dict[UUID, int]
    away_periods: dict[UUID, int]
    guests: dict[UUID, int] = Field(default={})
    homes: dict[UUID, UUID] = Field(default={})

    def changes(self) -> tuple[Change, ...]:
        """Return every member, for both branches and for themself, and when they are away; guests for their home."""
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
            *(
                Change(scope, "member", guest, version)
                for guest, version in self.guests.items()
                for scope in (self.homes[guest], guest)
            ),
        )
