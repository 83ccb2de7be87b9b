"""The draft resolution: commented on, answered, revised."""

from datetime import UTC, datetime, timedelta

from demo_month.branch import Branch
from demo_month.phone import expect
from demo_month.telling import line, refused, title


def comment(branch: Branch) -> None:
    """A draft resolution, comments, support, the secretary's answers."""
    title("Dự thảo nghị quyết: góp ý và trả lời", "a draft resolution, comments and answers")
    drafted = branch.secretary.post(
        f"/organisations/{branch.id}/resolutions",
        {
            "title": "Nghị quyết lãnh đạo thực hiện nhiệm vụ tháng tới",
            "meeting_id": branch.meeting,
            "paragraphs": [
                {"text": "Tập trung lãnh đạo thu hoạch và làm đất vụ đông trên 12 ha."},
                {"text": "Vận động nhân dân hiến đất mở rộng đường trục thôn."},
                {"text": "Mỗi đảng viên phụ trách ba hộ gia đình, báo cáo tại kỳ sinh hoạt sau."},
            ],
        },
    )
    branch.resolution = str(drafted["id"])
    until = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    branch.secretary.post(f"/resolutions/{branch.resolution}/open", {"comments_until": until})
    first, second, _ = drafted["paragraphs"]
    path = f"/resolutions/{branch.resolution}/comments"
    said = (
        (branch.away, second["id"], "Đề nghị ghi rõ mức hỗ trợ cho hộ hiến đất."),
        (branch.member, first["id"], "Diện tích đã khảo sát là 15 ha, không phải 12 ha."),
        (branch.probationary, None, "Nhất trí với dự thảo; xin bổ sung việc chuyển đổi số."),
    )
    branch.comments = []
    for author, paragraph, body in said:
        made = author.post(path, {"version": 1, "paragraph_id": paragraph, "body": body})
        branch.comments.append(str(made["id"]))
        line(f"{author.name}: {body}")
    branch.member.put(f"/comments/{branch.comments[0]}/support")
    answers = (("taken", "Đã bổ sung."), ("taken", "Đã sửa thành 15 ha."), ("not_taken", "Sẽ có nghị quyết riêng."))
    for identifier, (outcome, body) in zip(branch.comments, answers, strict=True):
        branch.secretary.put(f"/comments/{identifier}/answer", {"outcome": outcome, "body": body})
        line(f"↳ {outcome}: {body}")


def revise(branch: Branch) -> None:
    """The second version; the comments stay readable and say that the paragraph changed."""
    title("Bản thứ hai, so sánh từng đoạn", "the second version, compared paragraph by paragraph")
    seen = f"/resolutions/{branch.resolution}"
    now = branch.secretary.get(seen)
    texts = [
        "Tập trung lãnh đạo thu hoạch và làm đất vụ đông trên 15 ha.",
        "Vận động nhân dân hiến đất mở rộng đường trục thôn; hỗ trợ mỗi hộ 2 triệu đồng.",
        now["paragraphs"][2]["text"],
    ]
    branch.secretary.put(
        seen,
        {
            "title": now["title"],
            "meeting_id": branch.meeting,
            "paragraphs": [
                {"id": paragraph["id"], "text": text} for paragraph, text in zip(now["paragraphs"], texts, strict=True)
            ],
        },
        seen=seen,
    )
    for paragraph in branch.member.get(f"{seen}/comparison?from=1&to=2")["paragraphs"]:
        marks = {"removed": "[-{}-]", "added": "[+{}+]"}
        shown = "".join(marks.get(part["kind"], "{}").format(part["text"]) for part in paragraph["segments"])
        line(f"{paragraph['position_after']}. {paragraph['change']}: {shown}")
    changed = [item["paragraph_changed"] for item in branch.member.everything(f"{seen}/comments")]
    expect(sorted(changed) == [False, True, True], changed)
    branch.secretary.post(f"{seen}/close")
    late = {"version": 2, "paragraph_id": None, "body": "Góp ý muộn"}
    refused(branch.member.ask("POST", f"{seen}/comments", late), "comments_closed")
