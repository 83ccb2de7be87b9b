"""How minutes and resolutions look on paper: their words escaped, their pages broken well."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pypdfium2
import pytest
from fastapi import FastAPI

from app.kernel.typesetting import Typesetter
from app.meetings.models import MeetingKind
from app.minutes.papers import ResolutionPaper, in_series, locality, minutes_html, resolution_html
from app.minutes.record import (
    MinutesHeadcount,
    MinutesPerson,
    MinutesPoll,
    MinutesRecord,
    MinutesResolution,
    MinutesSection,
    MinutesTask,
)
from tests.factories.clock import FakeClock
from tests.factories.meetings import SignedIn
from tests.factories.minutes import over, put_minutes, text_of
from tests.factories.world import World

BEGAN = datetime(2026, 12, 4, 12, 30, tzinfo=UTC)
POLL = MinutesPoll(
    question="Thông qua nghị quyết",
    is_secret=True,
    electorate_count=20,
    in_favour_count=16,
    against_count=1,
    other_count=0,
    passed=True,
)
TASK = MinutesTask(title="Thu đảng phí quý IV", assignee="Lê Văn Cường", due_on=date(2026, 12, 20))
HEADS = MinutesHeadcount(
    total_count=20,
    present_count=20,
    online_count=0,
    late_count=0,
    absent_count=0,
    exempt_count=0,
    rate_percent=100.0,
    excused=[],
    unexcused=[],
    exempt=[],
    guests=["Ngô Văn Lâm (Đảng ủy xã Yên Mô)"],
)
RECORD = MinutesRecord(
    above="Đảng bộ xã Yên Mô",
    organisation="Chi bộ thôn Đông",
    locality="Yên Mô",
    series="BB/CB",
    kind=MeetingKind.regular,
    title="Sinh hoạt chi bộ thường kỳ tháng 12 năm 2026",
    began_at=BEGAN,
    ended_at=BEGAN + timedelta(minutes=95),
    elapsed_minutes=95,
    time_zone="Asia/Ho_Chi_Minh",
    place="Nhà văn hóa thôn Đông",
    online=False,
    chair=MinutesPerson(member_id=uuid4(), full_name="Nguyễn Văn An", post="Bí thư chi bộ"),
    minute_taker=MinutesPerson(member_id=uuid4(), full_name="Trần Thị Bình", post=None),
    headcount=HEADS,
    sections=[MinutesSection(heading="Đánh giá tháng 11", body="Chi bộ nhất trí.\n\nKhông có ý kiến khác.")],
    conclusion="Giao chi ủy đôn đốc.",
    polls=[POLL],
    resolutions=[MinutesResolution(id=uuid4(), title="Nghị quyết tháng 12", number="Số 05-NQ/CB")],
    tasks=[TASK],
)
RESOLUTION = ResolutionPaper(
    above="Đảng bộ xã Yên Mô",
    organisation="Chi bộ thôn Đông",
    locality="Yên Mô",
    is_branch=True,
    number="Số 05-NQ/CB",
    title="Nghị quyết về nhiệm vụ tháng 12",
    on=date(2026, 12, 4),
    paragraphs=["Hoàn thành thu đảng phí.\nBáo cáo Đảng ủy.", "Phát triển một đảng viên."],
    carried=POLL,
    voted_on=date(2026, 12, 3),
    tasks=[TASK],
    secretary="Nguyễn Văn An",
)


async def printed(html: str) -> list[str]:
    """The text of each page, lines joined by single blanks."""
    content = (await Typesetter().typeset(html, made_at=BEGAN)).content
    document = pypdfium2.PdfDocument(content)
    pages = [" ".join(document[place].get_textpage().get_text_range().split()) for place in range(len(document))]
    document.close()
    return pages


async def test_minutes_say_everything_in_its_place() -> None:
    said = " ".join(await printed(minutes_html(RECORD, number=7, is_draft=False)))
    places = [
        said.index(words)
        for words in (
            (
                "ĐẢNG BỘ XÃ YÊN MÔ CHI BỘ THÔN ĐÔNG * Số 07-BB/CB ĐẢNG CỘNG SẢN VIỆT NAM "
                "Yên Mô, ngày 04 tháng 12 năm 2026 BIÊN BẢN Sinh hoạt chi bộ thường kỳ tháng 12 năm 2026"
            ),
            (
                "Vào hồi 19 giờ 30 phút, ngày 04 tháng 12 năm 2026, tại Nhà văn hóa thôn Đông, "
                "Chi bộ thôn Đông tổ chức sinh hoạt thường kỳ."
            ),
            "I. THÀNH PHẦN",
            "có mặt: 20 đồng chí; tỷ lệ dự họp: 100,0%. 4. Vắng mặt: không.",
            "5. Đại biểu, khách mời: Ngô Văn Lâm (Đảng ủy xã Yên Mô).",
            "II. NỘI DUNG 1. Đánh giá tháng 11 Chi bộ nhất trí. Không có ý kiến khác.",
            (
                "III. BIỂU QUYẾT 1. Thông qua nghị quyết (bỏ phiếu kín): tán thành 16/20 (80,0%); "
                "không tán thành 1/20 (5,0%); ý kiến khác 0/20 (0,0%); không biểu quyết 3/20 (15,0%); được thông qua."
            ),
            "Chi bộ thôn Đông thông qua Nghị quyết tháng 12 (Số 05-NQ/CB).",
            "IV. PHÂN CÔNG NHIỆM VỤ TT Việc Người thực hiện Thời hạn 1 Thu đảng phí quý IV Lê Văn Cường 20/12/2026",
            "V. KẾT LUẬN Giao chi ủy đôn đốc.",
            "Cuộc họp kết thúc vào hồi 21 giờ 05 phút cùng ngày; thời gian họp 95 phút.",
            "THƯ KÝ",
            "CHỦ TRÌ",
            "Nơi nhận: - Đảng ủy xã Yên Mô (để báo cáo) - Lưu Chi bộ thôn Đông",
        )
    ]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"place": None, "online": True}, "theo hình thức trực tuyến, Chi bộ thôn Đông"),
        ({"place": None}, "ngày 04 tháng 12 năm 2026, Chi bộ thôn Đông tổ chức"),
        ({"kind": MeetingKind.committee, "series": "BB/CU"}, "tổ chức họp chi ủy."),
        ({"kind": MeetingKind.committee, "series": "BB/ĐU"}, "tổ chức họp cấp ủy."),
        ({"ended_at": None, "elapsed_minutes": None}, "Biên bản được lập thành văn bản và lưu tại chi bộ."),
        ({"ended_at": None, "series": "BB/ĐU"}, "Biên bản được lập thành văn bản và lưu tại Đảng ủy."),
        ({"ended_at": BEGAN + timedelta(hours=5)}, "kết thúc vào hồi 00 giờ 30 phút ngày 05/12/2026"),
        ({"chair": None}, "1. Chủ trì: ......"),
        ({"above": None, "locality": None}, "ĐẢNG CỘNG SẢN VIỆT NAM Ngày 04 tháng 12 năm 2026"),
        ({"polls": [], "resolutions": []}, "III. PHÂN CÔNG NHIỆM VỤ"),
        ({"polls": [POLL.model_copy(update={"electorate_count": 0})]}, "tán thành 16/0; không tán thành 1/0"),
        ({"headcount": HEADS.model_copy(update={"rate_percent": None, "guests": []})}, "có mặt: 20 đồng chí. 4."),
    ],
)
async def test_what_is_not_there_is_not_spoken_of(changes: dict[str, object], words: str) -> None:
    record = RECORD.model_copy(update=changes)
    assert words in " ".join(await printed(minutes_html(record, number=1, is_draft=False)))


async def test_long_minutes_repeat_table_heads_number_pages_and_keep_signatures_with_text() -> None:
    body = "\n".join(["Đồng chí bí thư báo cáo kết quả công tác trong tháng và chi bộ thảo luận sôi nổi. " * 4] * 8)
    long = RECORD.model_copy(
        update={
            "sections": [MinutesSection(heading=f"Mục {place}", body=body) for place in range(5)],
            "tasks": [TASK.model_copy(update={"title": f"Việc thứ {place} " * 6}) for place in range(40)],
        }
    )
    pages = await printed(minutes_html(long, number=1, is_draft=True))
    assert len(pages) >= 8
    assert sum("TT Việc Người thực hiện Thời hạn" in page for page in pages) >= 3
    assert not pages[0].endswith(" 1")
    assert [page.split()[-1] for page in pages[1:]] == [str(place) for place in range(2, len(pages) + 1)]
    assert all("DỰ THẢO" in page for page in pages)
    last = next(page for page in pages if "THƯ KÝ" in page)
    assert "Cuộc họp kết thúc" in last


async def test_words_of_people_are_words_and_no_markup(world: World, signed_in: SignedIn, clock: FakeClock) -> None:
    title = "<script>alert(1)</script> {{ 7*7 }} & <b>đậm</b>"
    meeting_id = await over(world, signed_in, clock, title=title)
    secretary = signed_in(world.secretary)
    words = "<img src=http://127.0.0.1:9/a.png> </p><style>p{background:url(http://127.0.0.1:9/b)}</style>"
    written = await put_minutes(
        secretary, meeting_id, sections=[{"heading": words, "body": words}], conclusion="x" * 5_000
    )
    assert written.status_code == 200
    said = text_of((await secretary.get(f"/v1/meetings/{meeting_id}/minutes.pdf")).content)
    assert title in said
    assert said.replace(" ", "").count(words.replace(" ", "")) == 2  # lines break within addresses


async def test_resolution_is_printed_with_its_vote_and_tasks() -> None:
    said = " ".join(await printed(resolution_html(RESOLUTION)))
    assert "* Số 05-NQ/CB" in said
    assert "NGHỊ QUYẾT về nhiệm vụ tháng 12" in said
    assert "1. Hoàn thành thu đảng phí. Báo cáo Đảng ủy. 2. Phát triển một đảng viên." in said
    assert "1 Thu đảng phí quý IV Lê Văn Cường 20/12/2026" in said
    assert "Nghị quyết được Chi bộ thôn Đông biểu quyết ngày 03/12/2026: tán thành 16/20 (80,0%)" in said
    assert "T/M CHI BỘ BÍ THƯ Nguyễn Văn An" in said


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("Đảng bộ xã Yên Mô", "Yên Mô"),
        ("Đảng bộ phường Hoa Lư", "Hoa Lư"),
        ("Đảng ủy Công an", "Công an"),
        ("Yên Mô", "Yên Mô"),
        ("Chi bộ ", "Chi bộ "),
    ],
)
def test_place_is_read_from_the_name_of_the_commune(name: str, place: str) -> None:
    assert locality(name) == place


def test_numbers_have_two_digits_at_least() -> None:
    assert [in_series(number, "BB/CB") for number in (None, 1, 12, 103)] == [
        "Số ...-BB/CB",
        "Số 01-BB/CB",
        "Số 12-BB/CB",
        "Số 103-BB/CB",
    ]


async def test_without_pango_only_the_paper_is_missing(
    world: World, signed_in: SignedIn, clock: FakeClock, app: FastAPI
) -> None:
    meeting_id = await over(world, signed_in, clock)
    app.state.typesetter = Typesetter(library="tests.kernel.no_pango")
    secretary = signed_in(world.secretary)
    path = f"/v1/meetings/{UUID(meeting_id)}/minutes"
    refused = await secretary.get(f"{path}.pdf")
    assert (refused.status_code, refused.json()["code"]) == (503, "typesetting_unavailable")
    assert "libpango-1.0-0" in refused.json()["title"]
    assert (await secretary.get(path)).status_code == 200
    assert (await secretary.post(f"{path}/approve")).status_code == 200
