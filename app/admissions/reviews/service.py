"""Commands of the clock: the branch is reminded that a probation is to be reviewed, by the days on record."""

from sqlalchemy import select

from app.admissions import queries
from app.admissions.events import ProbationReviewDue
from app.admissions.models import Candidacy, CandidacyStatus
from app.admissions.probation import Probation
from app.kernel.db import Session
from app.kernel.events import record
from app.members.models import Member
from app.rules import rules_named

SWEEP_SIZE = 500


async def follow_corrections(session: Session) -> int:
    """Reckon anew when to remind of up to 500 probations whose admission was corrected, and return how many there were.

    Where the branch would have been reminded by now, it is at once: what it was told before were the wrong days.
    """
    rows = (
        await session.execute(
            select(Candidacy, Member.admitted_on)
            .join(Member, Member.id == Candidacy.member_id)
            .where(
                Candidacy.status == CandidacyStatus.admitted,
                Candidacy.admitted_on != Member.admitted_on,
                Member.official_on.is_(None),
            )
            .order_by(Candidacy.id)
            .limit(SWEEP_SIZE)
            .with_for_update(of=Candidacy, skip_locked=True)
        )
    ).all()
    for candidacy, admitted_on in rows:
        assert admitted_on is not None  # one that is none differs from nothing
        candidacy.admitted_on = admitted_on
        candidacy.next_reminder_on = Probation(admitted_on, rules_named(candidacy.rule_set)).first_reminder
    return len(rows)


async def remind_of_reviews(session: Session) -> int:
    """Remind of up to 500 probations whose day has come, and return how many it dealt with: 0 is all done.

    After a standstill each is told of once; of who is not on probation, official already or gone, never: but the days
    to come stay, since an end of membership may be taken back.
    """
    today = session.today()
    rows = (
        await session.execute(
            select(Candidacy, Member.organisation_id, queries.probation_holds(today))
            .join(Member, Member.id == Candidacy.member_id)
            .where(Candidacy.next_reminder_on <= today)
            .order_by(Candidacy.next_reminder_on, Candidacy.id)
            .limit(SWEEP_SIZE)
            .with_for_update(of=Candidacy, skip_locked=True)
        )
    ).all()
    for candidacy, organisation_id, is_on_probation in rows:
        assert candidacy.admitted_on is not None
        probation = Probation(candidacy.admitted_on, rules_named(candidacy.rule_set))
        candidacy.next_reminder_on = probation.next_reminder(today)
        if not is_on_probation:
            continue
        await record(
            session,
            ProbationReviewDue(
                organisation_id=organisation_id,
                subject_id=candidacy.id,
                actor_member_id=None,
                member_id=candidacy.member_id,
                official_due_on=probation.official_on,
                review_due_on=probation.review_due_on,
            ),
        )
    return len(rows)
