"""What each role gets of polls: the things asked about, and a row for each operation."""

from app.kernel.db import Session
from app.polls.models import (
    Choice,
    Counted,
    Elector,
    Matter,
    Participation,
    Poll,
    PollStatus,
    Secrecy,
    SubjectType,
    Vote,
)
from app.rules import RULE_SETS
from tests.contract.roles import CALLS_DRAFT, OK, SEES_BRANCH, VERSION_1, A, Row, Things, expect
from tests.factories.world import World

_DRAFT = {"poll_id": "draft_poll"}
_OPEN = {"poll_id": "open_poll"}
_CLOSED = {"poll_id": "closed_poll"}
_NEW = {"question": "Thông qua nghị quyết", "secrecy": "open"}
# A guest has no vote at the host (domain.md 7), and sees no poll.
_RUNS_OPEN = expect(404, branch=403, guest=404, organisers=OK)

ROWS: tuple[Row, ...] = (
    Row("listPolls", SEES_BRANCH, path=A),
    Row(
        "draftMeetingPoll",
        expect(404, branch=403, organisers=OK, officer=403),
        path={"meeting_id": "announced"},
        body=_NEW,
    ),
    # The branch sees what is put to it; officers above see results, administrators and auditors nothing.
    Row("getPoll", expect(404, branch=OK, guest=404), path=_OPEN),
    Row("getPoll", CALLS_DRAFT, path=_DRAFT, why="still a draft"),
    Row("getPoll", expect(404, branch=OK, guest=404, officer=OK), path=_CLOSED, why="with its result"),
    Row("changePoll", CALLS_DRAFT, path=_DRAFT, body={"secrecy": "secret"}, headers=VERSION_1),
    Row("discardPoll", CALLS_DRAFT, path=_DRAFT, headers=VERSION_1),
    Row("discardPoll", _RUNS_OPEN, path=_OPEN, headers=VERSION_1, why="open, and nobody has voted"),
    Row("openPoll", CALLS_DRAFT, path=_DRAFT),
    Row("closePoll", _RUNS_OPEN, path=_OPEN),
    Row("castBallot", expect(404, branch=OK, probationary=403, guest=403), path=_OPEN, body={"choice": "for"}),
    Row("enterHandVotes", _RUNS_OPEN, path=_OPEN, body={"votes": [{"member_id": "$phoneless", "choice": "for"}]}),
    Row("listVotes", expect(404, branch=OK, guest=404, officer=403), path=_CLOSED),
)

IDS: dict[str, tuple[str, ...]] = {"poll_id": ("draft_poll", "open_poll", "secret_poll", "closed_poll")}
"""Path parameter → names of things that fit it, for the fuzzer."""


async def make(session: Session, world: World, things: Things) -> Things:
    """Make something of each kind in branch A; `things` are those made before."""
    made = {
        "draft_poll": _poll(session, world, things, PollStatus.draft),
        "open_poll": _poll(session, world, things, PollStatus.open),
        "secret_poll": _poll(session, world, things, PollStatus.open, secrecy=Secrecy.secret),
        "closed_poll": _poll(session, world, things, PollStatus.closed),
    }
    session.add_all(made.values())
    await session.flush()
    voters = (world.secretary, world.minute_taker, world.member, world.away, world.phoneless)
    session.add_all(
        Elector(poll_id=poll.id, member_id=person.member_id, counted=Counted.always)
        for poll in made.values()
        if poll.status is not PollStatus.draft
        for person in voters
    )
    session.add(
        Vote(
            poll_id=made["closed_poll"].id,
            member_id=world.phoneless.member_id,
            choice=Choice.in_favour,
            entered_by=world.secretary.member_id,
            voted_at=session.now(),
        )
    )
    session.add(Participation(poll_id=made["secret_poll"].id, voter=world.member.member_id))
    await session.flush()
    return {name: poll.id for name, poll in made.items()}


def _poll(
    session: Session, world: World, things: Things, status: PollStatus, *, secrecy: Secrecy = Secrecy.open
) -> Poll:
    begun, over = status is not PollStatus.draft, status is PollStatus.closed
    return Poll(
        id=session.new_id(),
        organisation_id=world.branch_a,
        subject_type=SubjectType.meeting,
        subject_id=things["announced"],
        question="Thông qua nghị quyết",
        matter=Matter.resolution,
        secrecy=secrecy,
        status=status,
        for_committee=False,
        rule_set=RULE_SETS[0].key if begun else None,
        electorate_count=5 if begun else None,
        version=1,
        created_by=world.secretary.member_id,
        created_at=session.now(),
        opened_at=session.now() if begun else None,
        closed_at=session.now() if over else None,
        for_count=1 if over else None,
        against_count=0 if over else None,
        other_count=0 if over else None,
        passed=False if over else None,
    )
