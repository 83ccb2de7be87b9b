"""A branch of five on a database that really commits, voting through the service as requests would."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from uuid import UUID

from app.kernel.db import PooledDatabase, Session, transaction
from app.kernel.security import Actor, HeldPost, PostKind
from app.organisations.models import OrganisationKind
from app.polls.ballots.service import cast_ballot
from app.polls.models import Choice, Counted, Elector, Matter, Poll, PollStatus, Secrecy, SubjectType
from app.polls.schemas import BallotCast, BallotReceipt
from app.polls.service import close_poll
from app.rules import RULE_SETS
from tests.factories.clock import FakeClock
from tests.factories.world import HANOI, Maker

VOTERS = 5


@dataclass(frozen=True, slots=True)
class Branch:
    """The first of the voters is the secretary."""

    database: PooledDatabase
    organisation_id: UUID
    voters: tuple[Actor, ...]
    chance: Random

    @property
    def secretary(self) -> Actor:
        return self.voters[0]

    async def opened(self, session: Session, *, secrecy: Secrecy = Secrecy.secret) -> UUID:
        """Put a question to all of them, as `open_poll` leaves it."""
        poll = Poll(
            id=session.new_id(),
            organisation_id=self.organisation_id,
            subject_type=SubjectType.resolution,
            subject_id=session.new_id(),
            question="Kết nạp quần chúng",
            matter=Matter.admission,
            secrecy=secrecy,
            status=PollStatus.open,
            for_committee=False,
            rule_set=RULE_SETS[0].key,
            electorate_count=VOTERS,
            version=2,
            created_by=self.secretary.member_id,
            created_at=session.now(),
            opened_at=session.now(),
        )
        session.add(poll)
        await session.flush()
        session.add_all(
            Elector(poll_id=poll.id, member_id=voter.member_id, counted=Counted.always) for voter in self.voters
        )
        return poll.id

    async def cast(self, session: Session, voter: Actor, poll_id: UUID, choice: Choice) -> BallotReceipt:
        return await cast_ballot(session, voter, poll_id, BallotCast(choice=choice), chance=self.chance)

    async def close(self, session: Session, poll_id: UUID) -> None:
        await close_poll(session, self.secretary, poll_id, chance=self.chance)


@asynccontextmanager
async def branch_of_five(url: str, clock: FakeClock, *, pool_size: int) -> AsyncIterator[Branch]:
    """Make it, and give its connections back at the end."""
    database = PooledDatabase(url, clock=clock, pool_size=pool_size, statement_timeout_ms=10_000)
    async with transaction(database) as session:
        make = Maker(session)
        made = await make.organisation("Chi bộ thôn Đông", OrganisationKind.branch)
        people = [await make.person(f"Nguyễn Văn {n}", made.id) for n in range(VOTERS)]
    voters = tuple(
        Actor(
            account_id=person.account_id,
            session_id=person.session_id,
            member_id=person.member_id,
            organisation_id=made.id,
            path=(made.id,),
            posts=(HeldPost(kind=PostKind.secretary, organisation_id=made.id),) if place == 0 else (),
            time_zone=HANOI,
        )
        for place, person in enumerate(people)
    )
    # A seed keeps the statistics the same in each run; the routes take the system's randomness (tested).
    yield Branch(database, made.id, voters, Random(20261123))  # noqa: S311 see above
    await database.close()
