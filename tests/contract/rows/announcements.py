"""What each role gets of announcements: the things asked about, and a row for each operation."""

from uuid import UUID

from app.announcements.models import Announcement, AnnouncementStatus
from app.kernel.db import Session
from app.kernel.notices import AudiencePart
from tests.contract.roles import SEES_BRANCH, SIGNED_IN, VERSION_1, A, Row, Things, expect
from tests.factories.announcements import ANNOUNCEMENT
from tests.factories.world import World

OF_BRANCH = {"announcement_id": "branch_announcement"}
DRAFT = {"announcement_id": "draft_announcement"}
OF_COMMUNE = {"announcement_id": "commune_announcement"}
WRITES = expect(404, branch=403, officer=403, secretary="ok")
COMMUNE_READS = expect(404, inside="ok", guest="ok", sister_secretary="ok")

ROWS: tuple[Row, ...] = (
    Row("listMyAnnouncements", SIGNED_IN),
    Row("listAnnouncements", SEES_BRANCH, path=A),
    # Only who leads an organisation speaks for it: no post above or below gives a right to.
    Row("draftAnnouncement", expect(404, inside=403, secretary="ok"), path=A, body=ANNOUNCEMENT),
    Row(
        "draftAnnouncement",
        expect(404, inside=403, sister_secretary=403, officer="ok"),
        path={"organisation_id": "commune"},
        body=ANNOUNCEMENT,
        why="to the commune",
    ),
    Row("getAnnouncement", expect(404, branch="ok", officer="ok"), path=OF_BRANCH),
    Row("getAnnouncement", expect(404, secretary="ok"), path=DRAFT, why="still a draft"),
    Row("getAnnouncement", COMMUNE_READS, path=OF_COMMUNE, why="of the commune"),
    Row("replaceAnnouncement", expect(404, secretary="ok"), path=DRAFT, body=ANNOUNCEMENT, headers=VERSION_1),
    Row(
        "replaceAnnouncement",
        expect(404, branch=403, officer=403, secretary=409),
        path=OF_BRANCH,
        body=ANNOUNCEMENT,
        headers=VERSION_1,
        why="once it is published",
    ),
    Row("removeAnnouncement", WRITES, path=OF_BRANCH, headers=VERSION_1),
    Row("publishAnnouncement", expect(404, secretary="ok"), path=DRAFT),
    Row("openAnnouncement", expect(404, branch="ok", officer=403), path=OF_BRANCH),
    Row("acknowledgeAnnouncement", expect(404, branch="ok", officer=403), path=OF_BRANCH),
    Row("getAnnouncementReach", expect(404, branch=403, organisers="ok", officer="ok"), path=OF_BRANCH),
    Row(
        "getAnnouncementReach",
        expect(404, inside=403, guest=403, sister_secretary=403, officer="ok"),
        path=OF_COMMUNE,
        why="of the commune",
    ),
)

IDS: dict[str, tuple[str, ...]] = {
    "announcement_id": ("branch_announcement", "draft_announcement", "commune_announcement")
}
"""Path parameter → names of things that fit it, for the fuzzer."""


async def make(session: Session, world: World, things: Things) -> Things:
    """Make a draft and a published announcement of branch A, and one of the commune."""
    del things

    def add(organisation_id: UUID, status: AnnouncementStatus, author: UUID) -> UUID:
        announcement = Announcement(
            id=session.new_id(),
            organisation_id=organisation_id,
            title=ANNOUNCEMENT["title"],
            body=ANNOUNCEMENT["body"],
            status=status,
            audience_part=AudiencePart.everyone,
            audience_post_kinds=[],
            needs_acknowledgement=True,
            published_at=session.now() if status is AnnouncementStatus.published else None,
            version=1,
            created_by=author,
            created_at=session.now(),
        )
        session.add(announcement)
        return announcement.id

    made = {
        "branch_announcement": add(world.branch_a, AnnouncementStatus.published, world.secretary.member_id),
        "draft_announcement": add(world.branch_a, AnnouncementStatus.draft, world.secretary.member_id),
        "commune_announcement": add(world.commune, AnnouncementStatus.published, world.officer.member_id),
    }
    await session.flush()
    return made
