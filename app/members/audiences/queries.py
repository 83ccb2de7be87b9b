"""Reads of audiences: who is addressed, and, the other way round, whether somebody is."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    SQLColumnExpression,
    Text,
    Uuid,
    and_,
    any_,
    exists,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, array
from sqlalchemy.orm import aliased

from app.kernel.notices import Audience, AudiencePart
from app.members.models import MEMBERSHIP, AwayPeriod, Standing, StandingKind
from app.members.posts.models import Post
from app.members.queries import Day, has_left_by, holds_on
from app.organisations.models import Organisation

PEOPLE = MEMBERSHIP | {StandingKind.temporary_guest}
"""Who belongs to an organisation when it speaks to its people: guests too; not candidates (domain.md 5, 7)."""


def addressed(audience: Audience, on: date) -> Select[UUID]:
    """Select the ids of whoever the audience is on a day, each once."""
    standing, where = aliased(Standing), aliased(Organisation)
    people = _is_in(audience, on, standing, where)
    return select(standing.member_id).distinct().join(where, where.id == standing.organisation_id).where(people)


def is_addressed(member_id: SQLColumnExpression[UUID], audience: Audience, on: date) -> ColumnElement[bool]:
    """Say of one member after another what `addressed` says of all: for a query that soon has enough of them.

    A subquery with a limit is never turned into a join with the whole audience.
    """
    standing, where = aliased(Standing), aliased(Organisation)
    found = (
        select(true())
        .select_from(standing)
        .join(where, where.id == standing.organisation_id)
        .where(standing.member_id == member_id, _is_in(audience, on, standing, where))
        .limit(1)
        .correlate_except(standing, where)
    )
    return found.scalar_subquery().is_(true())


def _is_in(audience: Audience, on: date, standing: type[Standing], where: type[Organisation]) -> ColumnElement[bool]:
    organisation_id = literal(audience.organisation_id, Uuid)
    post_kinds = literal(audience.post_kinds, ARRAY(Text))
    return and_(
        where.path.contains(array([organisation_id])),
        _belongs(standing, on),
        _parts(standing.member_id, organisation_id, post_kinds, on)[audience.part],
    )


def addresses(
    member_id: SQLColumnExpression[UUID],
    ended: SQLColumnExpression[Sequence[UUID]],
    *,
    organisation_id: SQLColumnExpression[UUID | None],
    part: SQLColumnExpression[AudiencePart | None],
    post_kinds: SQLColumnExpression[Sequence[str] | None],
    on: Day,
) -> ColumnElement[bool]:
    """Say, for a row that keeps an audience in these columns, whether it addresses somebody on a day (a column too).

    Who belonged to an organisation to its end, which makes it one of `ended`, is still addressed by what it said; and
    by what was said where it stood, not by what its successor had told its own people.
    It asks for rows by organisation, of which somebody stands below few: an index on that column finds them, however
    many members and however many rows there are.
    """
    # Aliased all of them: no query around this one shall have its tables taken for these.
    ever, above, standing, where = aliased(Standing), aliased(Organisation), aliased(Standing), aliased(Organisation)
    former = aliased(Organisation)
    mine = (
        select(func.unnest(above.path))
        .join(ever, ever.organisation_id == above.id)
        .where(ever.member_id == member_id, ever.kind.in_(PEOPLE))
    )
    stood_below = (
        exists()
        .where(former.id == where.parent_id, former.path.contains(array([organisation_id])))
        .correlate_except(former)
    )
    belongs = (
        exists()
        .where(
            standing.member_id == member_id,
            where.id == standing.organisation_id,
            or_(
                and_(where.successor_id.is_(None), where.path.contains(array([organisation_id]))),
                # The path of what was merged leads through its successor: of what ended, where it stood counts.
                and_(where.successor_id.is_not(None), or_(where.id == organisation_id, stood_below)),
            ),
            _belongs(standing, on),
        )
        .correlate_except(standing, where)
    )
    parts = _parts(member_id, organisation_id, post_kinds, on)
    is_meant = or_(*(and_(part == named, condition) for named, condition in parts.items()))
    # An array is made once and compared first; of rows to join, the planner may ask all else before.
    places = union_all(mine, select(func.unnest(ended))).scalar_subquery()
    is_mine = organisation_id == any_(func.array(places, type_=ARRAY(Uuid)))
    return and_(is_mine, or_(belongs, organisation_id == any_(ended)), is_meant)


def _parts(
    member_id: SQLColumnExpression[UUID],
    organisation_id: SQLColumnExpression[UUID | None],
    post_kinds: SQLColumnExpression[Sequence[str] | None],
    on: Day,
) -> dict[AudiencePart, ColumnElement[bool]]:
    """Return what makes somebody part of it: a post is one in the audience's organisation or below."""
    post, where, away, probation = aliased(Post), aliased(Organisation), aliased(AwayPeriod), aliased(Standing)
    return {
        AudiencePart.everyone: true(),
        AudiencePart.posts: exists()
        .where(
            post.member_id == member_id,
            post.kind == any_(post_kinds),
            holds_on(post.starts_on, post.ends_on, on),
            where.id == post.organisation_id,
            or_(where.path.contains(array([organisation_id])), where.ended_above.contains(array([organisation_id]))),
        )
        .correlate_except(post, where),
        AudiencePart.away: exists()
        .where(away.member_id == member_id, holds_on(away.starts_on, away.ends_on, on))
        .correlate_except(away),
        AudiencePart.probationary: exists()
        .where(
            probation.member_id == member_id,
            probation.kind == StandingKind.probationary,
            holds_on(probation.starts_on, probation.ends_on, on),
        )
        .correlate_except(probation),
    }


def _belongs(standing: type[Standing], on: Day) -> ColumnElement[bool]:
    """Say of an (aliased) standing that its member belongs to its organisation on a day, and has not left."""
    holds = holds_on(standing.starts_on, standing.ends_on, on)
    return and_(standing.kind.in_(PEOPLE), holds, ~has_left_by(standing, on))
