"""Who reads a document, who adds one, and who changes it.

`organisation`: members of the organisation and of everything below it, temporary guests there, officers above.
`committee`: whoever holds a seat in the organisation itself. `owner`: the uploader, and the leaders there.
Administrators and auditors read nothing by their post. What was in an organisation when it was merged is read by the
organisers of the other as by those it had: its committee's papers would be nobody's.
"""

from collections.abc import Collection
from uuid import UUID

from app.documents.models import Document, Visibility
from app.kernel.security import LEADERS, OFFICERS, ORGANISERS, Actor, NotForYourPost, PostKind

SEATS = ORGANISERS | OFFICERS | {PostKind.committee_member}
SHARING = ORGANISERS | OFFICERS


def places_of(actor: Actor, kinds: Collection[PostKind]) -> frozenset[UUID]:
    """Return the organisations in which the actor holds one of the posts, or which were merged into one."""
    return frozenset(post.organisation_id for post in (*actor.posts, *actor.inherited) if post.kind in kinds)


def _may_add(actor: Actor, organisation_id: UUID, visibility: Visibility) -> bool:
    if visibility is Visibility.owner:
        return organisation_id == actor.organisation_id
    return actor.holds_in(organisation_id, SHARING)


def require_uploader(actor: Actor, organisation_id: UUID, visibility: Visibility) -> None:
    """Let pass who may add such a document: organisers and officers of the organisation, a member for their own."""
    if not _may_add(actor, organisation_id, visibility):
        raise NotForYourPost


def require_keeper(actor: Actor, document: Document) -> None:
    """Let pass who may change or delete it: those who may add such a document, of `owner` ones the uploader only."""
    if document.visibility is Visibility.owner and document.uploaded_by == actor.member_id:
        return
    if document.visibility is Visibility.owner or not _may_add(actor, document.organisation_id, document.visibility):
        raise NotForYourPost


def reads_owned_in(actor: Actor) -> frozenset[UUID]:
    """Return the organisations whose members' own documents the actor reads."""
    return places_of(actor, LEADERS)
