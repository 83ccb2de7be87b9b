"""The demonstration's announcements, and what a member wrote down of his own."""

from datetime import timedelta

from app.activity.entries.service import confirm_activity_entry, enter_activity
from app.activity.schemas import EntryCreate
from app.announcements.schemas import AnnouncementCreate
from app.announcements.service import acknowledge_announcement, draft_announcement, publish_announcement
from app.demo.papers import file_plan
from app.demo.past import at, in_hanoi
from app.demo.scene import Scene
from app.documents.store import DocumentStore
from app.kernel.db import Session


async def announce(session: Session, scene: Scene, store: DocumentStore) -> None:
    """Announce to the commune, with acknowledgement asked that two have given, and to the branch."""
    today = session.today()
    async with at(session, in_hanoi(today - timedelta(days=4), 8, 30)):
        to_all = AnnouncementCreate(
            title="Kế hoạch học tập chuyên đề năm sau",
            body="Đảng ủy xã gửi các chi bộ kế hoạch học tập chuyên đề. Đề nghị các đồng chí đọc và xác nhận đã nhận;"
            " bí thư chi bộ đăng ký nội dung với Đảng ủy trước ngày 25.",
            needs_acknowledgement=True,
            document_ids=[await file_plan(session, scene, store)],
        )
        announcement = await draft_announcement(session, scene.officer, scene.commune_id, to_all)
        await publish_announcement(session, scene.officer, announcement.id)
    async with at(session, in_hanoi(today - timedelta(days=4), 20)):
        for reader in (scene.secretary, scene.others[1]):
            await acknowledge_announcement(session, reader, announcement.id)
    async with at(session, in_hanoi(today - timedelta(days=2), 17)):
        to_branch = AnnouncementCreate(
            title="Thu đảng phí và đăng ký cây giống vụ đông",
            body="Đồng chí Bình thu đảng phí trước giờ sinh hoạt. Đồng chí nào đăng ký cây giống vụ đông thì báo trước"
            " thứ Sáu.",
        )
        announcement = await draft_announcement(session, scene.secretary, scene.branch_id, to_branch)
        await publish_announcement(session, scene.secretary, announcement.id)


async def write_activity(session: Session, scene: Scene) -> None:
    """Let a member write down two things he did: the secretary has confirmed one, the other waits."""
    today = session.today()
    async with at(session, in_hanoi(today - timedelta(days=9), 20)):
        given = EntryCreate(
            title="Hiến máu tình nguyện",
            body="Tham gia ngày hội hiến máu do xã tổ chức, hiến 350 ml.",
            occurred_on=today - timedelta(days=10),
        )
        entry = await enter_activity(session, scene.member, given)
    async with at(session, in_hanoi(today - timedelta(days=7), 9)):
        await confirm_activity_entry(session, scene.secretary, entry.id)
    async with at(session, in_hanoi(today - timedelta(days=2), 19)):
        land = EntryCreate(
            title="Hiến đất mở rộng đường trục thôn",
            body="Gia đình hiến 40 m² đất vườn, tự tháo dỡ 12 m tường rào.",
            occurred_on=today - timedelta(days=3),
        )
        await enter_activity(session, scene.member, land)
