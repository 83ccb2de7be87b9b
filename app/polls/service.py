"""Commands of polls: the steps of organisers, from the draft to the close."""

from random import Random
from uuid import UUID

from sqlalchemy import delete, insert, literal, select

from app.kernel.db import Session
from app.kernel.etags import require_version
from app.kernel.events import record
from app.kernel.jobs import Lane, defer
from app.kernel.scopes import Change, Op
from app.kernel.security import Actor
from app.kernel.uniqueness import refusing_duplicates
from app.meetings import service as meetings
from app.meetings.models import UPCOMING, Meeting, MeetingKind, MeetingStatus
from app.meetings.queries import get_visible_meeting
from app.meetings.schemas import Cancellation, MeetingView
from app.notifications.service import withdraw_notices
from app.organisations.models import Organisation, OrganisationKind
from app.organisations.queries import hold_organisation
from app.polls import access, queries
from app.polls.errors import (
    MeetingTakesNoPolls,
    PollAlreadyExists,
    PollHasBallots,
    PollNotDraft,
    PollNotOpen,
    TooFewElectors,
)
from app.polls.events import (
    PollCalledOff,
    PollClosed,
    PollDiscarded,
    PollDrafted,
    PollEdited,
    PollEvent,
    PollOpened,
)
from app.polls.models import (
    Ballot,
    Choice,
    Counted,
    Elector,
    Participation,
    Poll,
    PollStatus,
    Secrecy,
    SubjectType,
)
from app.polls.queries import Lock
from app.polls.schemas import PollChange, PollCreate, PollView
from app.polls.tally import tally
from app.rules import rules_in_force, rules_named

VACUUM_TASK = "polls.vacuum"
_VOTES_IN = UPCOMING | {MeetingStatus.in_session}


async def draft_meeting_poll(session: Session, actor: Actor, meeting_id: UUID, body: PollCreate) -> PollView:
    """Write a poll of a meeting that is not over, its draft included; only organisers see it.

    Raises MeetingNotFound, NotForYourPost, MeetingTakesNoPolls, PollAlreadyExists.
    """
    await hold_organisation(session, select(Meeting.organisation_id).where(Meeting.id == meeting_id).scalar_subquery())
    meeting, _ = await get_visible_meeting(session, actor, meeting_id)
    access.require_organiser(actor, meeting.organisation_id)
    if meeting.status not in _VOTES_IN | {MeetingStatus.draft}:
        raise MeetingTakesNoPolls
    return await draft_poll(
        session,
        actor,
        body,
        organisation_id=meeting.organisation_id,
        subject_type=SubjectType.meeting,
        subject_id=meeting.id,
    )


async def cancel_meeting(session: Session, actor: Actor, meeting_id: UUID, body: Cancellation) -> MeetingView:
    """Call a meeting off; phones are told of its open polls, in which nobody votes any more.

    Raises as `meetings.service.cancel_meeting`.
    """
    opened = select(Poll).where(Poll.subject_id == meeting_id, Poll.status == PollStatus.open)
    # Before the meeting, as the steps of polls lock them; and none of these is closed meanwhile.
    await session.execute(opened.with_for_update(read=True))
    view = await meetings.cancel_meeting(session, actor, meeting_id, body)
    for poll in (await session.scalars(opened)).all():  # also what was opened just before
        session.changes.append(Change(poll.organisation_id, "poll", poll.id, poll.version))
        await _touch_electors(session, poll)
    return view


async def draft_poll(
    session: Session,
    actor: Actor,
    body: PollCreate,
    *,
    organisation_id: UUID,
    subject_type: SubjectType,
    subject_id: UUID,
) -> PollView:
    """Write a poll of a subject whose state and visibility the caller has judged; only organisers see it.

    Raises NotForYourPost, and PollAlreadyExists for an id that is taken.
    """
    access.require_organiser(actor, organisation_id)
    poll = Poll(
        id=body.id or session.new_id(),
        organisation_id=organisation_id,
        subject_type=subject_type,
        subject_id=subject_id,
        question=body.question,
        matter=body.matter,
        secrecy=body.secrecy,
        status=PollStatus.draft,
        for_committee=False,
        version=1,
        created_by=actor.member_id,
        created_at=session.now(),
    )
    async with refusing_duplicates(session, {"pk_polls": PollAlreadyExists}):
        session.add(poll)
    await record(session, _fact(PollDrafted, actor, poll))
    return await queries.view_poll(session, actor, poll.id)


async def change_poll(session: Session, actor: Actor, poll_id: UUID, body: PollChange, *, expected: int) -> PollView:
    """Change a draft; from the opening on all is fixed (domain.md 21). Raises VersionChanged, PollNotDraft."""
    poll = await _get_draft_for_change(session, actor, poll_id, expected=expected)
    poll.question = body.question or poll.question
    poll.secrecy = body.secrecy or poll.secrecy
    poll.matter = body.matter or poll.matter
    poll.version += 1
    await record(session, _fact(PollEdited, actor, poll))
    return await queries.view_poll(session, actor, poll.id)


async def discard_poll(session: Session, actor: Actor, poll_id: UUID, *, expected: int) -> None:
    """Delete a draft, or what was opened by mistake while nobody has voted; whom it called are told.

    What shall be put to the vote instead is another poll: a ballot that is on its way names this one. Raises
    VersionChanged, PollHasBallots, and PollNotDraft for what was closed.
    """
    poll = await get_for_change(session, actor, poll_id)  # held alone: no ballot comes between
    require_version(poll.version, expected)
    if poll.status is PollStatus.closed:
        raise PollNotDraft
    if poll.status is PollStatus.draft:
        await _discard(session, actor, poll)
        return
    if await queries.has_ballots(session, poll.id):
        raise PollHasBallots
    await withdraw_notices(session, subject_id=poll.id)
    called = tuple(await session.scalars(queries.electors_of(poll.id)))
    fact = PollCalledOff.model_validate(fact_names(actor, poll) | {"question": poll.question, "called": called})
    await record(session, fact)
    await session.execute(delete(Poll).where(Poll.id == poll.id))


async def settle_polls(session: Session, actor: Actor, subject_id: UUID) -> None:
    """Let nothing more be voted on of a subject that is decided: its drafts are discarded.

    For the feature that has locked the subject and judged the caller's right. Raises PollNotClosed while one is open.
    """
    drafts = await session.scalars(
        select(Poll).where(Poll.subject_id == subject_id, Poll.status == PollStatus.draft).with_for_update()
    )
    for poll in drafts.all():
        await _discard(session, actor, poll)
    await queries.require_closed(session, subject_id)


async def open_poll(session: Session, actor: Actor, poll_id: UUID) -> PollView:
    """Freeze the electorate and the rules of the day, and call the electors to vote.

    Raises PollNotDraft, MeetingTakesNoPolls, and TooFewElectors: a secret ballot of fewer than the rules say would not
    be secret (reliability-security.md 18), and where nobody has a vote there is nothing to open. Of a resolution's
    meeting the caller has judged that its minutes can still say how the vote went.
    """
    poll = await get_for_change(session, actor, poll_id)
    if poll.status is not PollStatus.draft:
        raise PollNotDraft
    poll.for_committee = await _is_for_committee(session, poll)
    rules = rules_in_force(session.today())
    voters = queries.electorate(
        organisation_id=poll.organisation_id, for_committee=poll.for_committee, on=session.today()
    ).subquery()
    counted = list(
        await session.scalars(
            insert(Elector)
            .from_select(["poll_id", "member_id", "counted"], select(literal(poll.id), voters))
            .returning(Elector.counted)
        )
    )
    if len(counted) < (rules.fewest_secret_voters if poll.secrecy is Secrecy.secret else 1):
        raise TooFewElectors
    poll.status = PollStatus.open
    poll.rule_set = rules.key
    poll.electorate_count = counted.count(Counted.always)
    poll.opened_at = session.now()
    poll.version += 1
    await record(session, _fact(PollOpened, actor, poll))
    await _touch_electors(session, poll)
    return await queries.view_poll(session, actor, poll.id)


async def close_poll(session: Session, actor: Actor, poll_id: UUID, *, chance: Random) -> PollView:
    """Count, and write the result by the rules of the opening; no ballot comes after. Raises PollNotOpen.

    Of a secret poll the ballots are mixed, by `chance`, which must not be guessable, and a job then sweeps away what
    the mixing left behind.
    """
    poll = await get_for_change(session, actor, poll_id)
    if poll.status is not PollStatus.open:
        raise PollNotOpen
    assert poll.rule_set is not None
    assert poll.electorate_count is not None
    result = tally(
        await queries.count_choices(session, poll),
        denominator=poll.electorate_count + await queries.count_joined(session, poll.id),
        matter=poll.matter,
        rules=rules_named(poll.rule_set),
    )
    poll.status = PollStatus.closed
    poll.closed_at = session.now()
    poll.for_count, poll.against_count, poll.other_count = result.for_count, result.against_count, result.other_count
    poll.electorate_count = result.denominator
    poll.passed = result.passed
    poll.version += 1
    if poll.secrecy is Secrecy.secret:
        await _mix(session, poll.id, chance)
        await defer(session, VACUUM_TASK, {}, lane=Lane.bulk)
    await withdraw_notices(session, subject_id=poll.id)
    await record(session, _fact(PollClosed, actor, poll))
    if poll.subject_type is SubjectType.meeting:
        session.changes.append(Change(poll.organisation_id, "minutes", poll.subject_id, 1))  # they say how it went
    await _touch_electors(session, poll, op=Op.delete)
    return await queries.view_poll(session, actor, poll.id)


async def get_for_change(session: Session, actor: Actor, poll_id: UUID) -> Poll:
    """Return a poll held alone, for an organiser of where it is, which does not end meanwhile.

    Raises PollNotFound, NotForYourPost.
    """
    await hold_organisation(session, select(Poll.organisation_id).where(Poll.id == poll_id).scalar_subquery())
    poll, _ = await queries.get_visible_poll(session, actor, poll_id, lock=Lock.alone)
    access.require_organiser(actor, poll.organisation_id)
    return poll


async def _get_draft_for_change(session: Session, actor: Actor, poll_id: UUID, *, expected: int) -> Poll:
    poll = await get_for_change(session, actor, poll_id)
    require_version(poll.version, expected)
    if poll.status is not PollStatus.draft:
        raise PollNotDraft
    return poll


async def _discard(session: Session, actor: Actor, poll: Poll) -> None:
    await record(session, _fact(PollDiscarded, actor, poll))
    await session.execute(delete(Poll).where(Poll.id == poll.id))


async def _is_for_committee(session: Session, poll: Poll) -> bool:
    """Say whether the committee's seats vote: in its meeting, and on a resolution of anything above a branch."""
    if poll.subject_type is SubjectType.resolution:
        organisation = await session.get_one(Organisation, poll.organisation_id)
        return organisation.kind not in {OrganisationKind.branch, OrganisationKind.group}
    meeting = await session.get(Meeting, poll.subject_id, with_for_update={"read": True})
    if meeting is None or meeting.status not in _VOTES_IN:
        raise MeetingTakesNoPolls
    return meeting.kind is MeetingKind.committee


async def _mix(session: Session, poll_id: UUID, chance: Random) -> None:
    """Write a poll's ballots anew in random order under new ids, and its participations in the order of their ids.

    Until now one transaction number stood on a voter's participation and on their ballot, and both tables had the order
    in which people voted (reliability-security.md 18).
    """
    choices = list(
        await session.scalars(
            delete(Ballot).where(Ballot.poll_id == poll_id).returning(Ballot.choice),
            execution_options={"synchronize_session": False},
        )
    )
    voters = sorted(
        await session.scalars(
            delete(Participation).where(Participation.poll_id == poll_id).returning(Participation.voter),
            execution_options={"synchronize_session": False},
        )
    )
    if choices:
        chance.shuffle(choices)
        await session.execute(insert(Ballot), [new_ballot(poll_id, choice, chance) for choice in choices])
        await session.execute(insert(Participation), [{"poll_id": poll_id, "voter": voter} for voter in voters])


def new_ballot(poll_id: UUID, choice: Choice, chance: Random) -> dict[str, object]:
    """Return the row of a ballot: its id is random, since a UUIDv7 would tell its time."""
    return {"id": UUID(int=chance.getrandbits(128), version=4), "poll_id": poll_id, "choice": choice}


async def _touch_electors(session: Session, poll: Poll, *, op: Op = Op.upsert) -> None:
    """Let every elector's phone fetch the poll; at the close it also takes their last hour off the change rows.

    At the close who has moved away meanwhile sees it no more, and forgets it; who belongs is told by the branch.
    """
    electors = await session.scalars(queries.electors_of(poll.id))
    session.changes += [Change(elector, "poll", poll.id, poll.version, op) for elector in electors]


def fact_names(actor: Actor, poll: Poll) -> dict[str, object]:
    """Return what every fact about a poll carries."""
    return {
        "organisation_id": poll.organisation_id,
        "subject_id": poll.id,
        "actor_member_id": actor.member_id,
        "version": poll.version,
    }


def _fact(kind: type[PollEvent], actor: Actor, poll: Poll) -> PollEvent:
    return kind.model_validate(fact_names(actor, poll))
