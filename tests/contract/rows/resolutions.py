"""What each role gets of resolutions and comments: the things asked about, and a row for each operation."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from app.kernel.db import Session
from app.polls.models import Matter, Poll, PollStatus, Secrecy, SubjectType
from app.resolutions.models import (
    Resolution,
    ResolutionComment,
    ResolutionParagraph,
    ResolutionStatus,
    ResolutionVersion,
)
from app.rules import RULE_SETS
from tests.contract.roles import CALLS_DRAFT, OK, SEES_BRANCH, VERSION_1, A, Row, Things, expect
from tests.factories.world import World

_DRAFT = {"resolution_id": "resolution_draft"}
_OPEN = {"resolution_id": "resolution_open"}
_CLOSED = {"resolution_id": "resolution_closed"}
_ADOPTED = {"resolution_id": "resolution_adopted"}
_MINE = {"comment_id": "comment"}
_TEXT = {"title": "Nghị quyết tháng 12", "paragraphs": [{"position": 1, "text": "Vận động hiến đất mở đường."}]}
# The branch reads and comments on what was opened; officers above see adopted ones only, without how they came about.
_READS = expect(404, branch=OK)
_DECIDES = expect(404, branch=403, secretary=OK)
_EDITS = expect(404, branch=403, organisers=OK)

ROWS: tuple[Row, ...] = (
    Row("listResolutions", SEES_BRANCH, path=A),
    Row("draftResolution", expect(404, inside=403, organisers=OK), path=A, body=_TEXT),
    Row("getResolution", _READS, path=_OPEN),
    Row("getResolution", CALLS_DRAFT, path=_DRAFT, why="still a draft"),
    Row("getResolution", expect(404, branch=OK, officer=OK), path=_ADOPTED, why="adopted"),
    Row("replaceResolution", CALLS_DRAFT, path=_DRAFT, body=_TEXT, headers=VERSION_1),
    Row("replaceResolution", _EDITS, path=_OPEN, body=_TEXT, headers=VERSION_1, why="while members comment"),
    Row("discardResolution", CALLS_DRAFT, path=_DRAFT, headers=VERSION_1),
    Row("listResolutionVersions", _READS, path=_OPEN),
    Row("listResolutionVersions", expect(404, branch=OK, officer=403), path=_ADOPTED, why="adopted"),
    Row("getResolutionVersion", _READS, path={**_OPEN, "version": "1"}),
    Row("getResolutionVersion", expect(404, branch=OK, officer=403), path={**_ADOPTED, "version": "1"}, why="adopted"),
    Row("compareVersions", _READS, path=_OPEN),
    Row("compareVersions", expect(404, branch=OK, officer=403), path=_ADOPTED, why="adopted"),
    Row("getComparisonPage", _READS, path=_OPEN),
    Row("getComparisonPage", expect(404, branch=OK, officer=403), path=_ADOPTED, why="adopted"),
    Row(
        "openResolution",
        expect(404, minute_taker=403, secretary=OK),
        path=_DRAFT,
        body={"comments_until": "2026-12-04T12:30:00Z"},
    ),
    Row("closeResolution", _DECIDES, path=_OPEN),
    Row("draftResolutionPoll", _EDITS, path=_CLOSED, body={"question": "Thông qua nghị quyết", "secrecy": "open"}),
    Row("adoptResolution", _DECIDES, path=_CLOSED, body={"poll_id": "$passed_poll"}),
    Row("rejectResolution", _DECIDES, path=_CLOSED, body={"reason": "Không đạt quá nửa"}),
    Row("listComments", _READS, path=_OPEN),
    Row("listComments", expect(404, branch=OK, officer=403), path=_ADOPTED, why="adopted"),
    Row("commentOnResolution", _READS, path=_OPEN, body={"version": 1, "body": "Nên nêu thời hạn."}),
    Row("getComment", _READS, path=_MINE),
    Row("changeComment", expect(404, branch=403, secretary=OK), path=_MINE, body={"body": "Nên nêu thời hạn."}),
    Row("deleteComment", expect(404, branch=403, secretary=OK), path=_MINE),
    Row("supportComment", expect(404, branch=OK, secretary=409), path=_MINE),
    Row("endSupport", _READS, path=_MINE),
    Row("answerComment", _DECIDES, path=_MINE, body={"outcome": "taken"}),
)

IDS: dict[str, tuple[str, ...]] = {
    "resolution_id": ("resolution_draft", "resolution_open", "resolution_closed", "resolution_adopted"),
    "comment_id": ("comment",),
}
"""Path parameter → names of things that fit it, for the fuzzer."""


async def make(session: Session, world: World, things: Things) -> Things:
    """Make something of each kind in branch A; `things` are those made before."""
    made = {
        status: await _resolution(session, world, status, meeting_id=things["announced"])
        for status in (ResolutionStatus.draft, ResolutionStatus.open, ResolutionStatus.closed)
    }
    passed = await _poll(session, world, made[ResolutionStatus.closed])
    adopted = await _resolution(session, world, ResolutionStatus.adopted, meeting_id=None, poll_id=passed)
    comment = ResolutionComment(
        id=session.new_id(),
        resolution_id=made[ResolutionStatus.open],
        version=1,
        author_id=world.secretary.member_id,
        body="Đề nghị nêu rõ thời hạn.",
        revision=1,
        created_at=session.now(),
    )
    session.add(comment)
    await session.flush()
    named = {f"resolution_{status.value}": resolution_id for status, resolution_id in made.items()}
    return {**named, "resolution_adopted": adopted, "passed_poll": passed, "comment": comment.id}


@dataclass(frozen=True, slots=True)
class Pair:
    """A closed resolution, and the poll that passed it."""

    resolution_id: UUID
    poll_id: UUID


async def closed_with_poll(session: Session, world: World) -> Pair:
    resolution_id = await _resolution(session, world, ResolutionStatus.closed, meeting_id=None)
    return Pair(resolution_id=resolution_id, poll_id=await _poll(session, world, resolution_id))


async def _resolution(
    session: Session, world: World, status: ResolutionStatus, *, meeting_id: UUID | None, poll_id: UUID | None = None
) -> UUID:
    is_opened, is_adopted = status is not ResolutionStatus.draft, status is ResolutionStatus.adopted
    resolution = Resolution(
        id=session.new_id(),
        organisation_id=world.branch_a,
        meeting_id=meeting_id,
        title="Nghị quyết tháng 12",
        status=status,
        version=1,
        revision=1,
        comments_until=session.now() + timedelta(days=7) if is_opened else None,
        number="Số 01-NQ/CB" if is_adopted else None,
        number_year=2026 if is_adopted else None,
        number_in_year=1 if is_adopted else None,
        decided_by_poll_id=poll_id,
        created_by=world.secretary.member_id,
        created_at=session.now(),
        opened_at=session.now() if is_opened else None,
        decided_at=session.now() if is_adopted else None,
    )
    session.add(resolution)
    await session.flush()
    session.add(
        ResolutionVersion(
            resolution_id=resolution.id,
            version=1,
            title=resolution.title,
            created_by=world.secretary.member_id,
            created_at=session.now(),
        )
    )
    await session.flush()
    session.add(
        ResolutionParagraph(
            resolution_id=resolution.id,
            version=1,
            paragraph_id=session.new_id(),
            position=1,
            text="Vận động hiến đất mở đường.",
        )
    )
    await session.flush()
    return resolution.id


async def _poll(session: Session, world: World, resolution_id: UUID) -> UUID:
    poll = Poll(
        id=session.new_id(),
        organisation_id=world.branch_a,
        subject_type=SubjectType.resolution,
        subject_id=resolution_id,
        question="Thông qua nghị quyết",
        matter=Matter.resolution,
        secrecy=Secrecy.open,
        status=PollStatus.closed,
        for_committee=False,
        rule_set=RULE_SETS[0].key,
        electorate_count=5,
        version=1,
        created_by=world.secretary.member_id,
        created_at=session.now(),
        opened_at=session.now(),
        closed_at=session.now(),
        for_count=5,
        against_count=0,
        other_count=0,
        passed=True,
    )
    session.add(poll)
    await session.flush()
    return poll.id
