"""The demonstration's resolutions: one that is open for comments, and one that is being voted on."""

import secrets
from datetime import timedelta
from uuid import UUID

from app.demo.meetings import last_months_day
from app.demo.past import at, in_hanoi
from app.demo.scene import Scene
from app.kernel.db import Session
from app.kernel.security import Actor
from app.polls.ballots.service import cast_ballot
from app.polls.models import Choice, Secrecy
from app.polls.schemas import BallotCast, PollCreate
from app.resolutions.comments.schemas import AnswerWrite, CommentCreate
from app.resolutions.comments.service import answer_comment, comment_on_resolution, support_comment
from app.resolutions.decisions.service import draft_resolution_poll, open_poll
from app.resolutions.models import AnswerOutcome
from app.resolutions.schemas import (
    Opening,
    ParagraphCreate,
    ParagraphReplace,
    ResolutionCreate,
    ResolutionReplace,
    ResolutionView,
)
from app.resolutions.service import (
    close_resolution,
    draft_resolution,
    open_resolution,
    replace_resolution,
)

ROAD = (
    "Lãnh đạo vận động các hộ ven đường trục thôn hiến đất, mở rộng mặt đường từ 3 m lên 5 m trên chiều dài 640 m.",
    "Mỗi đảng viên phụ trách vận động từ ba đến năm hộ; đảng viên có đất ven đường gương mẫu hiến trước.",
    "Hỗ trợ tháo dỡ, xây lại tường rào cho hộ hiến đất từ nguồn xã hội hóa.",
    "Thành lập tổ giám sát cộng đồng gồm năm người; công khai thu chi tại nhà văn hóa thôn hằng tháng.",
)
ROAD_REVISED = (
    ROAD[0],
    "Mỗi đảng viên phụ trách từ ba đến năm hộ, báo cáo hằng tháng; đảng viên có đất ven đường gương mẫu hiến trước.",
    "Hỗ trợ tháo dỡ, xây lại tường rào cho hộ hiến đất, mức 2 triệu đồng mỗi hộ, từ nguồn xã hội hóa.",
    ROAD[3],
)
MONTHLY = (
    "Tập trung lãnh đạo chăm sóc 15 ha cây vụ đông; chủ động phòng, chống rét cho đàn vật nuôi.",
    "Ra quân vệ sinh kênh mương, đường làng vào Chủ nhật tuần cuối tháng; mỗi hộ một người tham gia.",
    "Thu nộp đảng phí đúng hạn; giới thiệu một quần chúng ưu tú học lớp nhận thức về Đảng.",
)


async def ask_for_comments(session: Session, scene: Scene) -> None:
    """Open a draft for comments until in three days; its second version answers one of them, the rest wait."""
    today = session.today()
    async with at(session, in_hanoi(today - timedelta(days=6), 8, 30)):
        draft = ResolutionCreate(
            title="Nghị quyết chuyên đề về vận động hiến đất, mở rộng đường trục thôn",
            paragraphs=[ParagraphCreate(text=text) for text in ROAD],
        )
        drafted = await draft_resolution(session, scene.secretary, scene.branch_id, draft)
        until = Opening(comments_until=in_hanoi(today + timedelta(days=3), 17))
        await open_resolution(session, scene.secretary, drafted.id, until)
    async with at(session, in_hanoi(today - timedelta(days=5), 20, 15)):
        asked = await _comment(session, scene.away, drafted, 3, "Đề nghị ghi rõ mức hỗ trợ mỗi hộ để dễ vận động.")
        await _comment(session, scene.member, drafted, 1, "Đoạn qua ao làng chỉ mở được 4,5 m, đề nghị khảo sát lại.")
    async with at(session, in_hanoi(today - timedelta(days=4), 19, 40)):
        for supporter in (scene.member, scene.others[2]):
            await support_comment(session, supporter, asked)
        await _comment(session, scene.others[6], drafted, None, "Nhất trí; đề nghị nêu thời hạn hoàn thành từng đoạn.")
    async with at(session, in_hanoi(today - timedelta(days=3), 8)):
        answer = AnswerWrite(outcome=AnswerOutcome.taken, body="Đã ghi mức 2 triệu đồng mỗi hộ vào khoản 3.")
        await answer_comment(session, scene.secretary, asked, answer)
    async with at(session, in_hanoi(today - timedelta(days=2), 8)):
        second = ResolutionReplace(
            title=drafted.title,
            paragraphs=[
                ParagraphReplace(id=paragraph.id, text=text)
                for paragraph, text in zip(drafted.paragraphs, ROAD_REVISED, strict=True)
            ],
        )
        revised = await replace_resolution(session, scene.secretary, drafted.id, second, expected=drafted.revision + 1)
    async with at(session, in_hanoi(today - timedelta(days=2), 20, 30)):
        young = "Xin bổ sung: đoàn viên nhận phần việc trồng hoa hai bên đường sau khi mở rộng."
        await _comment(session, scene.probationary, revised, None, young)
        watched = "Tổ giám sát nên có đại diện hộ hiến đất."
        await _comment(session, scene.others[3], revised, 4, watched)


async def ask_for_votes(session: Session, scene: Scene) -> None:
    """Put the month's resolution to an open vote between meetings; four have voted, Cường and Dung have not."""
    day = last_months_day(session.today())
    async with at(session, in_hanoi(day - timedelta(days=6), 8)):
        draft = ResolutionCreate(
            title=f"Nghị quyết lãnh đạo thực hiện nhiệm vụ tháng {day.month}",
            paragraphs=[ParagraphCreate(text=text) for text in MONTHLY],
        )
        drafted = await draft_resolution(session, scene.secretary, scene.branch_id, draft)
        until = Opening(comments_until=in_hanoi(day, 17))
        await open_resolution(session, scene.secretary, drafted.id, until)
    async with at(session, in_hanoi(day, 16, 30)):
        await close_resolution(session, scene.secretary, drafted.id)
    async with at(session, session.now() - timedelta(hours=2)):
        question = PollCreate(question=f"Thông qua {draft.title}", secrecy=Secrecy.open)
        poll_id = (await draft_resolution_poll(session, scene.secretary, drafted.id, question)).id
        await open_poll(session, scene.secretary, poll_id)
    async with at(session, session.now() - timedelta(hours=1)):
        chance = secrets.SystemRandom()
        for voter in (scene.secretary, scene.minute_taker, scene.others[1], scene.others[3]):
            await cast_ballot(session, voter, poll_id, BallotCast(choice=Choice.in_favour), chance=chance)


async def _comment(session: Session, author: Actor, on: ResolutionView, paragraph: int | None, body: str) -> UUID:
    """Comment on a version, on its paragraph of that number or on the whole, and return the comment's id."""
    place = None if paragraph is None else on.paragraphs[paragraph - 1].id
    comment = CommentCreate(version=on.version, paragraph_id=place, body=body)
    return (await comment_on_resolution(session, author, on.id, comment)).id
