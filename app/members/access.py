"""Who may know what about a member, and who may write it down (domain.md 6, reliability 14 and 19)."""

from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID

from app.kernel.security import LEADERS, OFFICERS, ORGANISERS, Actor, HeldPost, NotForYourPost, PostKind


class Facet(StrEnum):
    """A part of what is known about a member."""

    name = "name"
    standings = "standings"
    away = "away"
    record = "record"
    identifiers = "identifiers"
    """Citizen id and phone in clear; who sees the record without it sees them masked."""


_OFFICER = frozenset({Facet.name, Facet.standings})
_ORGANISER = _OFFICER | {Facet.away}
_KEEPER = _ORGANISER | {Facet.record}


def facets_of_branch(actor: Actor, path: Sequence[UUID]) -> frozenset[Facet]:
    """Return what the actor may know about the members of the branch at the path's end; empty: nothing."""
    if keeps_records(actor, path):
        return _KEEPER
    if actor.holds_in(path[-1], ORGANISERS):
        return _ORGANISER
    if actor.holds_over(path, OFFICERS):
        return _OFFICER
    if actor.belonged_to(path[-1]):
        return frozenset({Facet.name})
    return frozenset()


def facets_of_member(actor: Actor, member_id: UUID, path: Sequence[UUID]) -> frozenset[Facet]:
    """Return what the actor may know about one member; about themself, all."""
    return frozenset(Facet) if actor.member_id == member_id else facets_of_branch(actor, path)


def may_name(actor: Actor, member_id: UUID, path: Sequence[UUID], *, is_candidate: bool) -> bool:
    """Say whether the actor may know the name; of candidates only those who keep the records know."""
    if is_candidate:
        return keeps_records(actor, path)
    return Facet.name in facets_of_member(actor, member_id, path)


def keeps_records(actor: Actor, path: Sequence[UUID]) -> bool:
    """Say whether the actor is secretary or deputy of the branch, or an administrator of it or above it."""
    return find_keeping_post(actor, path) is not None


def find_keeping_post(actor: Actor, path: Sequence[UUID]) -> HeldPost | None:
    """Return the post by which the actor reads and writes the branch's records: of several, the nearest to it."""
    for organisation_id in reversed(path):
        kinds = LEADERS | {PostKind.administrator} if organisation_id == path[-1] else {PostKind.administrator}
        for post in actor.posts:
            if post.organisation_id == organisation_id and post.kind in kinds:
                return post
    return None


def require_record_keeper(actor: Actor, path: Sequence[UUID]) -> None:
    """Let pass the branch's secretary and deputy, and administrators of it or above it."""
    if not keeps_records(actor, path):
        raise NotForYourPost


def require_administrator(actor: Actor, path: Sequence[UUID]) -> None:
    """Let pass administrators of the organisation at the path's end or of one above it."""
    if not actor.holds_over(path, {PostKind.administrator}):
        raise NotForYourPost


def require_facets(actor: Actor, path: Sequence[UUID], *facets: Facet) -> None:
    """Let pass whoever may know these about every member of the branch: a filter tells as much as a field."""
    if not facets_of_branch(actor, path).issuperset(facets):
        raise NotForYourPost
