"""Bodies of polls: the question as an organiser writes it, the poll as each may know it, ballots and votes by name."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, field_validator

from app.kernel.fields import FieldError
from app.kernel.i18n import Text
from app.kernel.pagination import Page
from app.kernel.schemas import Instant, Int32, Line, Request, Response, Versioned
from app.polls.models import Choice, Matter, PollStatus, Secrecy, SubjectType

_QUESTION = "Thông qua dự thảo nghị quyết tháng 12"
_TWICE = Text(vi="Một đảng viên được ghi hai lần", en="A member stands there twice")


class PollCreate(Request):
    """A new poll; it is a draft until it is opened."""

    id: UUID | None = Field(default=None, description="Made by the client, for its outbox")
    question: Line = Field(examples=[_QUESTION])
    secrecy: Secrecy = Field(description="`open`: names stand beside the votes; `secret`: nowhere", examples=["open"])
    matter: Matter = Field(
        default=Matter.resolution,
        description="Admission and recognition pass from two thirds of the electorate, the others above half",
        examples=["resolution"],
    )


class PollChange(Request):
    """What changes in a draft; what is left out stays."""

    question: Line | None = Field(default=None, examples=[_QUESTION])
    secrecy: Secrecy | None = Field(default=None, examples=["secret"])
    matter: Matter | None = Field(default=None, examples=["admission"])


class TallyView(Response):
    """The result of a closed poll."""

    for_count: Int32 = Field(examples=[15])
    against_count: Int32 = Field(examples=[1])
    other_count: Int32 = Field(description="Other opinions", examples=[1])
    percent: float = Field(description="In favour, in per cent of the electorate", examples=[75.0])
    passed: bool


class PollView(Versioned):
    """A poll as its reader may know it: a draft is the organisers' alone, officers above see it once it is closed.

    Before the close there is no tally for anybody; of a secret poll nobody is ever told who chose what. Majorities are
    of the electorate and not of those who voted, by `rule_set`, which is fixed at the opening.
    """

    organisation_id: UUID
    subject_type: SubjectType
    subject_id: UUID
    question: str = Field(examples=[_QUESTION])
    matter: Matter
    secrecy: Secrecy
    status: PollStatus
    rule_set: str | None = Field(
        description="The rules in force at the opening; null for a draft", examples=["42-HD/BTCTW@2025-10-28"]
    )
    electorate_count: Int32 | None = Field(
        description="The denominator: everybody who counts always, and of those temporarily away or exempt who has "
        "voted; null for a draft",
        examples=[20],
    )
    voted_count: Int32 = Field(examples=[17])
    may_vote: bool = Field(description="Whether I am an elector of this open poll")
    my_ballot_cast: bool
    tally: TallyView | None = Field(description="Null until the close")
    opened_at: Instant | None
    closed_at: Instant | None

    def state(self) -> str:
        """Return what the ETag stands for: the version, and what each vote changes in it."""
        return f"{super().state()}.{self.electorate_count}.{self.voted_count}.{self.may_vote}.{self.my_ballot_cast}"


class PollPage(Page[PollView]):
    """Polls, by their making."""


class BallotCast(Request):
    """One's vote, once: it cannot be changed. That of a secret poll is kept without its voter, time or order."""

    choice: Choice = Field(description="`other` is another opinion", examples=["for"])


class BallotReceipt(PollView):
    """The poll after the ballot; never with the choice."""

    already_cast: bool = Field(description="Whether one's ballot had been cast before, so that nothing changed now")


class HandVote(Request):
    """The hand that one member raised."""

    member_id: UUID
    choice: Choice = Field(examples=["for"])


class HandVotesEntry(Request):
    """A show of hands, by name."""

    votes: Annotated[list[HandVote], Field(min_length=1, max_length=200)]

    @field_validator("votes")
    @classmethod
    def _once(cls, votes: list[HandVote]) -> list[HandVote]:
        seen: set[UUID] = set()
        for place, vote in enumerate(votes):
            if vote.member_id in seen:
                raise FieldError("duplicate_member", _TWICE, below=f"/{place}/member_id")
            seen.add(vote.member_id)
        return votes


class VoteView(Response):
    """How a member voted in an open poll, and who entered it."""

    member_id: UUID
    full_name: str = Field(examples=["Lê Văn Cường"])
    choice: Choice
    entered_by: UUID = Field(description="The member, or who wrote down their raised hand")

    def state(self) -> str:
        """Return what the ETag stands for."""
        return self.model_dump_json()


class VotePage(Page[VoteView]):
    """Votes, in the order of the members' names."""
