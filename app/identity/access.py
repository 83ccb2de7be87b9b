"""Who may hand out activation codes, and turn off the second factor of somebody else."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from app.kernel.security import LEADERS, Actor, NotForYourPost, PostKind

_OF_ADMINISTRATORS = frozenset({PostKind.administrator, PostKind.auditor})

PlacedPost = tuple[PostKind, Sequence[UUID]]
"""What a member holds, and the path to where."""


def require_code_issuer(actor: Actor, path: Sequence[UUID], posts: Iterable[PlacedPost], *, member_id: UUID) -> None:
    """Let an administrator above the member's branch pass, or its secretary or deputy (reliability-security.md 8).

    Nobody for themself: a phone left open would give the account away for good, without the old password.

    Who hands out a code can choose the password, and so have what its owner has. Of the member's `posts` there must be
    none that reaches further: an administrator's are at or below their own, a leader's within the branch, and neither
    administrator's nor auditor's.
    """
    leads = actor.holds_in(path[-1], LEADERS)
    if member_id == actor.member_id or not (leads or actor.holds_over(path, {PostKind.administrator})):
        raise NotForYourPost
    _require_within(actor, [post for post in posts if not (leads and _is_ordinary_in(path[-1], post))])


def require_factor_resetter(
    actor: Actor, path: Sequence[UUID], posts: Iterable[PlacedPost], *, member_id: UUID
) -> None:
    """Let an administrator above the member's branch and their posts pass, but not for themself: that needs a code.

    No secretary may: who can hand out a new password must not be able to take the second factor away too.
    """
    if member_id == actor.member_id or not actor.holds_over(path, {PostKind.administrator}):
        raise NotForYourPost
    _require_within(actor, posts)


def _is_ordinary_in(branch_id: UUID, post: PlacedPost) -> bool:
    kind, place = post
    return place[-1] == branch_id and kind not in _OF_ADMINISTRATORS


def _require_within(actor: Actor, posts: Iterable[PlacedPost]) -> None:
    """Raise NotForYourPost unless each post is at or below one that the actor holds as administrator."""
    if not all(actor.holds_over(place, {PostKind.administrator}) for _, place in posts):
        raise NotForYourPost
