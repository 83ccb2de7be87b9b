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
from app.members.models import MEMBERSHIP, AwayPeriod, Post, Standing, StandingKind
from app.members.queries import Day, has_left_by, holds_on
from app.organisations.models import Organisation

PEOPLE = MEMBERSHIP | {StandingKind.temporary_guest}
"""Who belongs to an organisation when it speaks to its people: guests too; not candidates (domain.md 5, 7)."""

# Aliased, all of them: no query around these shall have its tables taken for theirs. Made once: most of what it takes
# to put such a condition together is finding out the columns of its aliases.
_standing, _where = aliased(Standing), aliased(Organisation)
_ever, _at, _above, _former = aliased(Standing), aliased(Organisation), aliased(Organisation), aliased(Organisation)
_post, _post_where, _away, _probation = aliased(Post), aliased(Organisation), aliased(AwayPeriod), aliased(Standing)


def addressed(audience: Audience, on: date) -> Select[UUID]:
    """Select the ids of whoever the audience is on a day, each once."""
    return (
        select(_standing.member_id)
        .distinct()
        .join(_where, _where.id == _standing.organisation_id)
        .where(_is_in(audience, on))
    )


def is_addressed(member_id: SQLColumnExpression[UUID], audience: Audience, on: date) -> ColumnElement[bool]:
    """Say of one member after another what `addressed` says of all: for a query that soon has enough of them.

    A subquery with a limit is never turned into a join with the whole audience.
    """
    found = (
        select(true())
        .select_from(_standing)
        .join(_where, _where.id == _standing.organisation_id)
        .where(_standing.member_id == member_id, _is_in(audience, on))
        .limit(1)
        .correlate_except(_standing, _where)
    )
    return found.scalar_subquery().is_(true())


def _is_in(audience: Audience, on: date) -> ColumnElement[bool]:
    organisation_id = literal(audience.organisation_id, Uuid)
    post_kinds = literal(audience.post_kinds, ARRAY(Text))
    return and_(
        _where.path.contains(array([organisation_id])),
        _belongs(on),
        _is_part(audience.part, _standing.member_id, organisation_id, post_kinds, on),
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
    # The path of what was merged leads through its successor: where it stood is reached by its parent.
    stood = select(_above.path).where(_above.id == _at.parent_id, _at.successor_id.is_not(None)).scalar_subquery()
    mine = (
        select(func.unnest(func.array_cat(_at.path, stood)))
        .join(_ever, _ever.organisation_id == _at.id)
        .where(_ever.member_id == member_id, _ever.kind.in_(PEOPLE))
    )
    stood_below = (
        exists()
        .where(_former.id == _where.parent_id, _former.path.contains(array([organisation_id])))
        .correlate_except(_former)
    )
    belongs = (
        exists()
        .where(
            _standing.member_id == member_id,
            _where.id == _standing.organisation_id,
            or_(
                and_(_where.successor_id.is_(None), _where.path.contains(array([organisation_id]))),
                # Of what ended, where it stood counts.
                and_(_where.successor_id.is_not(None), or_(_where.id == organisation_id, stood_below)),
            ),
            _belongs(on),
        )
        .correlate_except(_standing, _where)
    )
    is_meant = or_(
        *(and_(part == named, _is_part(named, member_id, organisation_id, post_kinds, on)) for named in AudiencePart)
    )
    # An array is made once and compared first; of rows to join, the planner may ask all else before.
    places = union_all(mine, select(func.unnest(ended))).scalar_subquery()
    is_mine = organisation_id == any_(func.array(places, type_=ARRAY(Uuid)))
    return and_(is_mine, or_(belongs, organisation_id == any_(ended)), is_meant)


def _is_part(
    part: AudiencePart,
    member_id: SQLColumnExpression[UUID],
    organisation_id: SQLColumnExpression[UUID | None],
    post_kinds: SQLColumnExpression[Sequence[str] | None],
    on: Day,
) -> ColumnElement[bool]:
    """Say what makes somebody part of it: a post is one in the audience's organisation or below."""
    match part:
        case AudiencePart.everyone:
            return true()
        case AudiencePart.posts:
            is_below = or_(
                _post_where.path.contains(array([organisation_id])),
                _post_where.ended_above.contains(array([organisation_id])),
            )
            return (
                exists()
                .where(
                    _post.member_id == member_id,
                    _post.kind == any_(post_kinds),
                    holds_on(_post.starts_on, _post.ends_on, on),
                    _post_where.id == _post.organisation_id,
                    is_below,
                )
                .correlate_except(_post, _post_where)
            )
        case AudiencePart.away:
            is_away = and_(_away.member_id == member_id, holds_on(_away.starts_on, _away.ends_on, on))
            return exists().where(is_away).correlate_except(_away)
        case AudiencePart.probationary:
            is_on_probation = and_(
                _probation.member_id == member_id,
                _probation.kind == StandingKind.probationary,
                holds_on(_probation.starts_on, _probation.ends_on, on),
            )
            return exists().where(is_on_probation).correlate_except(_probation)


def _belongs(on: Day) -> ColumnElement[bool]:
    """Say of the standing that its member belongs to its organisation on a day, and has not left."""
    holds = holds_on(_standing.starts_on, _standing.ends_on, on)
    return and_(_standing.kind.in_(PEOPLE), holds, ~has_left_by(_standing, on))
