"""The demonstration's documents: real DOCX files, whose text the search finds."""

import io
from datetime import timedelta
from uuid import UUID

import docx

from app.demo.meetings import month_before
from app.demo.past import at, in_hanoi
from app.demo.scene import Scene
from app.documents.models import Visibility
from app.documents.service import Upload, upload_document
from app.documents.store import DocumentStore
from app.kernel.db import Session
from app.kernel.security import Actor


async def file_papers(session: Session, scene: Scene, store: DocumentStore) -> UUID:
    """Fill the branch's library, and return its report on the month, the paper of tomorrow's meeting."""
    today = session.today()
    async with at(session, in_hanoi(today - timedelta(days=20), 9)):
        await _file(
            session,
            scene.secretary,
            store,
            scene.branch_id,
            folder="Quy chế",
            title="Quy chế làm việc của chi ủy chi bộ thôn Đông",
            file_name="quy-che-lam-viec.docx",
            paragraphs=(
                "Điều 1. Chi ủy làm việc theo nguyên tắc tập trung dân chủ, tập thể lãnh đạo, cá nhân phụ trách.",
                "Điều 2. Chi bộ sinh hoạt thường kỳ mỗi tháng một lần; đảng viên đi làm ăn xa dự trực tuyến.",
                "Điều 3. Đảng viên vắng mặt phải báo cáo lý do với bí thư trước buổi sinh hoạt.",
                "Điều 4. Mỗi đảng viên phụ trách từ ba đến năm hộ gia đình trong thôn.",
            ),
        )
    async with at(session, in_hanoi(today - timedelta(days=3), 15)):
        return await _file(
            session,
            scene.secretary,
            store,
            scene.branch_id,
            folder="Tài liệu sinh hoạt",
            title=f"Báo cáo kết quả tháng {month_before(today + timedelta(days=1))} và dự thảo nhiệm vụ tháng tới",
            file_name="bao-cao-thang.docx",
            paragraphs=(
                "1. Sản xuất: thôn hoàn thành thu hoạch lúa mùa, làm đất gieo trồng 15 ha cây vụ đông.",
                "2. Xây dựng nông thôn mới: đã vận động 7 hộ hiến đất mở rộng đường trục thôn, còn 4 hộ đang bàn bạc.",
                "3. Công tác đảng: đảng phí nộp đủ; giới thiệu hai quần chúng ưu tú học lớp nhận thức về Đảng.",
                "4. Tồn tại: vệ sinh kênh mương xóm dưới chưa xong, chuyển sang tháng sau.",
                "5. Nhiệm vụ tháng tới: hoàn thành khảo sát đường trục, chăm sóc cây vụ đông, chuẩn bị tổng kết năm.",
            ),
        )


async def file_plan(session: Session, scene: Scene, store: DocumentStore) -> UUID:
    """Put the committee's plan of study into the commune's library, and return its id."""
    return await _file(
        session,
        scene.officer,
        store,
        scene.commune_id,
        folder="Kế hoạch",
        title="Kế hoạch học tập chuyên đề năm sau",
        file_name="ke-hoach-hoc-tap-chuyen-de.docx",
        paragraphs=(
            "I. Mục đích: nâng cao nhận thức của cán bộ, đảng viên; gắn học tập với việc làm cụ thể ở từng chi bộ.",
            "II. Nội dung: học tập và làm theo tư tưởng, đạo đức, phong cách Hồ Chí Minh; chuyển đổi số ở cơ sở.",
            "III. Thời gian: mỗi quý một chuyên đề, trong buổi sinh hoạt thường kỳ tháng thứ hai của quý.",
            "IV. Tổ chức thực hiện: các chi bộ đăng ký nội dung với Đảng ủy trước ngày 25 tháng này.",
        ),
    )


async def _file(
    session: Session,
    actor: Actor,
    store: DocumentStore,
    organisation_id: UUID,
    *,
    folder: str,
    title: str,
    file_name: str,
    paragraphs: tuple[str, ...],
) -> UUID:
    document = docx.Document()
    document.add_heading(title, level=1)
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    file = io.BytesIO()
    document.save(file)
    upload = Upload(
        content=file.getvalue(),
        file_name=file_name,
        not_secret=True,
        visibility=Visibility.organisation,
        organisation_id=organisation_id,
        title=title,
        folder=folder,
    )
    return (await upload_document(session, actor, store, upload)).id
