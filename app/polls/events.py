"""Facts about polls. None holds a choice, and none tells of a secret ballot."""

from typing import ClassVar
from uuid import UUID

from app.kernel.events import Event
from app.kernel.jobs import Lane
from app.kernel.scopes import Change, Op


class PollEvent(Event):
    """What every fact about a poll carries; the branch's scope holds the poll."""

    subject_type = "poll"

    version: int

    def changes(self) -> tuple[Change, ...]:
        return (Change(self.organisation_id, "poll", self.subject_id, self.version),)


class PollDrafted(PollEvent):
    """A draft was written; only organisers see it."""

    code = "polls.drafted"


class PollEdited(PollEvent):
    """A draft was changed."""

    code = "polls.edited"


class PollDiscarded(PollEvent):
    """A draft was deleted."""

    code = "polls.discarded"

    def changes(self) -> tuple[Change, ...]:
        return (Change(self.organisation_id, "poll", self.subject_id, self.version, Op.delete),)


class PollOpened(PollEvent):
    """The electorate is frozen, and the electors are called to vote."""

    code = "polls.opened"
    lane: ClassVar[Lane | None] = Lane.urgent


class PollCalledOff(PollEvent):
    """What was opened by mistake was deleted before anybody voted; whom it had called are told."""

    code = "polls.called_off"
    lane: ClassVar[Lane | None] = Lane.urgent

    question: str
    called: tuple[UUID, ...]

    def changes(self) -> tuple[Change, ...]:
        scopes = (self.organisation_id, *self.called)
        return tuple(Change(scope, "poll", self.subject_id, self.version, Op.delete) for scope in scopes)


class PollClosed(PollEvent):
    code = "polls.closed"


class VoteCast(PollEvent):
    """A member voted in an open poll."""

    code = "polls.voted"

    member_id: UUID

    def changes(self) -> tuple[Change, ...]:
        return (*super().changes(), Change(self.member_id, "poll", self.subject_id, self.version))


class HandVotesEntered(PollEvent):
    """A show of hands was written down, by the names of these members."""

    code = "polls.hand_votes_entered"

    member_ids: tuple[UUID, ...]

    def changes(self) -> tuple[Change, ...]:
        voters = (Change(member, "poll", self.subject_id, self.version) for member in self.member_ids)
        return (*super().changes(), *voters)
