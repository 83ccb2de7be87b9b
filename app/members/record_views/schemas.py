"""Bodies of record views."""

from uuid import UUID

from pydantic import Field

from app.kernel.pagination import Page
from app.kernel.schemas import Instant, Response
from app.kernel.security import PostKind
from app.members.record_views.models import ViewedPart
from app.members.schemas import MemberRef
from app.organisations.schemas import OrganisationRef


class RecordViewView(Response):
    """Somebody saw my record: once a day, for each of the ways it can be seen."""

    id: UUID
    viewer: MemberRef
    post_kind: PostKind = Field(description="The post that let them see it", examples=["secretary"])
    organisation: OrganisationRef = Field(description="Where they held the post")
    what: ViewedPart = Field(
        description="`record`: mine by itself. `roster`: as one of the branch's list. `phone`: their app was given a "
        "copy to keep, new or changed, whether they looked at it or not. `correction`: what I asked to have corrected. "
        "`proxy_contact`: whom to ask about me",
        examples=["record"],
    )
    viewed_at: Instant = Field(description="The first time that day, as days are in Việt Nam")

    def state(self) -> str:
        """Return what the ETag stands for."""
        return self.model_dump_json()


class RecordViewPage(Page[RecordViewView]):
    """Who saw my record, the latest first."""
