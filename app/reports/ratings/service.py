"""Commands of the yearly rating."""

from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from app.kernel.db import Session
from app.kernel.errors import FieldProblem
from app.kernel.events import record
from app.kernel.security import Actor
from app.reports.errors import RatedElsewhere, RatingNotFound
from app.reports.events import MembersRated, RatingRemoved
from app.reports.models import MemberRating
from app.reports.ratings import queries
from app.reports.schemas import RatingsView, RatingsWrite


async def rate_members(
    session: Session, actor: Actor, organisation_id: UUID, year: int, body: RatingsWrite
) -> RatingsView:
    """Give members of a branch their grades of a year, or others than they had.

    Raises OrganisationNotFound, NotForYourPost, RatingsNotForBranch, and RatedElsewhere with a pointer to each who is
    no member of the branch today.
    """
    branch = await queries.find_rated_branch(session, actor, organisation_id)
    own = set(await session.scalars(queries.select_rated(session, branch.id)))
    strangers = [place for place, item in enumerate(body.items) if item.member_id not in own]
    if strangers:
        raise RatedElsewhere(
            fields=tuple(
                FieldProblem(pointer=f"/items/{place}/member_id", code=RatedElsewhere.code, detail=RatedElsewhere.title)
                for place in strangers
            )
        )
    rows = [
        {
            "member_id": item.member_id,
            "year": year,
            "organisation_id": branch.id,
            "grade": item.grade,
            "rated_by": actor.member_id,
            "rated_at": session.now(),
        }
        # In the order of their ids, so that two who rate at once wait for each other and not in a ring.
        for item in sorted(body.items, key=lambda item: item.member_id)
    ]
    given = insert(MemberRating).values(rows)
    others = {name: given.excluded[name] for name in ("organisation_id", "grade", "rated_by", "rated_at")}
    await session.execute(given.on_conflict_do_update(index_elements=["member_id", "year"], set_=others))
    fact = MembersRated(
        organisation_id=branch.id,
        subject_id=branch.id,
        actor_member_id=actor.member_id,
        year=year,
        member_ids=tuple(row["member_id"] for row in rows),
    )
    await record(session, fact)
    return await queries.view_ratings(session, branch.id, year)


async def remove_rating(session: Session, actor: Actor, organisation_id: UUID, year: int, member_id: UUID) -> None:
    """Take back the grade that a member of a branch has for a year, whichever branch gave it.

    Raises OrganisationNotFound, NotForYourPost, RatingsNotForBranch, and RatingNotFound, of who is no member of the
    branch today too.
    """
    branch = await queries.find_rated_branch(session, actor, organisation_id)
    gone = delete(MemberRating).where(
        MemberRating.member_id == member_id,
        MemberRating.year == year,
        MemberRating.member_id.in_(queries.select_rated(session, branch.id)),
    )
    if await session.scalar(gone.returning(MemberRating.member_id)) is None:
        raise RatingNotFound
    fact = RatingRemoved(
        organisation_id=branch.id,
        subject_id=branch.id,
        actor_member_id=actor.member_id,
        year=year,
        member_id=member_id,
    )
    await record(session, fact)
