"""The meeting: called, replied to, held, ended; and the next one."""

from datetime import UTC, date, datetime, timedelta

import pypdfium2

from demo_month.branch import Branch
from demo_month.phone import expect, succeeded
from demo_month.telling import line, refused, title

HOME = timedelta(hours=7)
REPLIES = 22


def draft_and_announce(branch: Branch) -> None:
    """The 20th: agenda, papers, the call."""
    title("Ngày 20: bí thư soạn lịch, tải tài liệu, triệu tập", "the secretary drafts, uploads a paper, announces")
    paper = _upload(branch, "Báo cáo tháng 11.pdf")
    starts = (datetime.now(UTC) + timedelta(days=3)).replace(hour=12, minute=30, second=0, microsecond=0)
    drafted = branch.secretary.post(
        f"/organisations/{branch.id}/meetings",
        {
            "kind": "regular",
            "title": f"Sinh hoạt chi bộ thường kỳ tháng {(starts + HOME).month}",
            "starts_at": starts.isoformat(),
            "ends_at": (starts + timedelta(minutes=100)).isoformat(),
            "time_zone": "Asia/Ho_Chi_Minh",
            "place": "Nhà văn hóa thôn Đông",
            "online_url": "https://hop.example.vn/chi-bo-thon-dong",
            "agenda": [
                {"title": "Ổn định tổ chức, điểm danh, thông qua chương trình", "minutes": 10},
                {"title": "Đánh giá công tác tháng trước", "minutes": 30, "document_ids": [paper]},
                {"title": "Thảo luận, thông qua nghị quyết tháng", "minutes": 40},
                {"title": "Công nhận đảng viên chính thức", "minutes": 20},
            ],
        },
    )
    branch.meeting = str(drafted["id"])
    refused(branch.member.ask("GET", f"/meetings/{branch.meeting}"), "meeting_not_found")
    announced = branch.secretary.post(f"/meetings/{branch.meeting}/announce")
    line(f"{announced['title']}: {announced['status']}, {announced['starts_at']}, {announced['place']}")


def _upload(branch: Branch, name: str) -> str:
    document = pypdfium2.PdfDocument.new()
    document.new_page(595, 842)
    path = branch.out / name
    document.save(path)
    with path.open("rb") as file:
        answer = branch.secretary._client.post(  # noqa: SLF001 the one multipart request of the month
            "/documents",
            data={"title": "Báo cáo kết quả công tác tháng trước", "not_secret": "true"},
            files={"file": (name, file, "application/pdf")},
        )
    return str(succeeded(answer)["id"])


def reply(branch: Branch) -> None:
    """Twenty say themselves whether they come, the secretary writes down two more."""
    title("22 trả lời, hai người do bí thư ghi hộ", "22 replies, two entered by the secretary")
    path = f"/meetings/{branch.meeting}/reply"
    speaking = [branch.away, *[one for one in branch.phones.values() if one is not branch.away]][:20]
    for place, one in enumerate(speaking):
        if one is branch.away:
            one.put(path, {"reply": "attending_online"})
        elif place == len(speaking) - 1:
            one.put(path, {"reply": "absent", "reason": "Đi viện, có giấy hẹn"})
            branch.absent = one
        else:
            one.put(path, {"reply": "attending"})
    for member in branch.phoneless[:2]:
        branch.secretary.put(f"/meetings/{branch.meeting}/replies/{member}", {"reply": "attending"})
        line(f"{branch.names[member]}: dự họp, {branch.secretary.name} ghi hộ")
    counts = branch.secretary.get(f"/meetings/{branch.meeting}")["reply_counts"]
    line(", ".join(f"{name} {count}" for name, count in counts.items()))
    expect(counts["attending"] + counts["attending_online"] + counts["absent"] == REPLIES, counts)


def meet(branch: Branch) -> None:
    """The meeting begins; the roll by code and by hand."""
    title("Buổi sinh hoạt: điểm danh bằng mã và bằng tay", "the meeting: roll by code and by hand")
    path = f"/meetings/{branch.meeting}"
    branch.secretary.post(f"{path}/start", {"minute_taker_id": branch.minute_taker.id})
    code = branch.secretary.get(f"{path}/check-in-code")["code"]
    tampered = code[:-1] + ("B" if code[-1] == "A" else "A")
    refused(branch.member.ask("POST", f"{path}/check-in", {"code": tampered}), "check_in_code_invalid")
    coming = [one for one in branch.phones.values() if one is not branch.absent]
    for one in coming:
        one.post(f"{path}/check-in", {"code": code, "online": one is branch.away})
    entries = [{"member_id": member, "attendance": "present"} for member in branch.phoneless[:1]]
    entries += [{"member_id": branch.absent.id, "attendance": "excused", "note": "Đi viện"}]
    branch.secretary.put(f"{path}/roll", {"entries": entries}, seen=f"{path}/roll")
    branch.secretary.post(f"{path}/guests", {"full_name": "Ngô Văn Lâm", "organisation_name": "Đảng ủy xã Yên Mô"})
    roll = branch.secretary.get(f"{path}/roll")
    line(", ".join(f"{name} {count}" for name, count in roll["counts"].items()))
    line(f"quorum {roll['quorum']['present_count']}, reached {roll['quorum']['reached']}")
    branch.present = [one for one in branch.phones.values() if one is not branch.absent]


def give_tasks_and_end(branch: Branch) -> None:
    """Tasks with a deadline; the end."""
    title("Giao việc, bế mạc", "tasks, the end")
    task = {
        "title": "Khảo sát đất hiến làm đường trục thôn",
        "assignee_id": branch.member.id,
        "due_on": (date.today() + timedelta(days=25)).isoformat(),  # noqa: DTZ011 a day on the wall calendar
    }
    branch.task = branch.secretary.post(f"/meetings/{branch.meeting}/tasks", task)
    line(f"{branch.task['title']}: {branch.task['assignee_name']}, {branch.task['due_on']}")
    ended = branch.secretary.post(f"/meetings/{branch.meeting}/end")
    line(f"{ended['title']}: {ended['status']}")


def next_month(branch: Branch) -> None:
    """The next agenda holds the open task."""
    title("Kỳ sau: việc chưa xong có sẵn trong chương trình", "the next agenda holds the open task")
    starts = (datetime.now(UTC) + timedelta(days=33)).replace(hour=12, minute=30, second=0, microsecond=0)
    following = branch.secretary.post(
        f"/organisations/{branch.id}/meetings",
        {
            "title": "Sinh hoạt chi bộ thường kỳ tháng sau",
            "starts_at": starts.isoformat(),
            "place": "Nhà văn hóa thôn Đông",
            "agenda": [{"title": "Đánh giá công tác tháng"}],
        },
    )
    carried = [item for item in following["agenda"] if branch.task["title"] in (item["body"] or "")]
    expect(len(carried) == 1, following["agenda"])
    line(f"{carried[0]['title']}: {carried[0]['body']}")
