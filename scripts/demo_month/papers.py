"""The minutes, and the published papers."""

import pypdfium2

from demo_month.branch import Branch
from demo_month.telling import line, refused, title


def write_minutes(branch: Branch) -> None:
    """Composed, edited, sent, remarked on, approved, published."""
    title("Biên bản: soạn, xin ý kiến, thông qua, công bố", "minutes: composed, remarked on, approved, published")
    path = f"/meetings/{branch.meeting}/minutes"
    composed = branch.minute_taker.get(path)
    sections = [
        {"heading": section["heading"], "body": f"Đồng chí chủ trì trình bày; chi bộ thảo luận. Mục {place}."}
        for place, section in enumerate(composed["sections"], start=1)
    ]
    body = {"sections": sections, "conclusion": "Chi bộ nhất trí các nội dung trên; giao việc theo bảng dưới."}
    branch.minute_taker.put(path, body, seen=path)
    branch.minute_taker.post(f"{path}/send")
    remark = branch.away.post(f"{path}/remarks", {"body": "Mục 3: xin ghi thêm mức hỗ trợ 2 triệu đồng mỗi hộ."})
    line(f"{branch.away.name}: {remark['body']}")
    sections[2]["body"] += " Hỗ trợ mỗi hộ hiến đất 2 triệu đồng."
    branch.minute_taker.put(path, body, seen=path)
    branch.secretary.put(f"/minutes-remarks/{remark['id']}/answer", {"taken": True, "body": "Đã ghi."})
    branch.secretary.post(f"{path}/approve")
    etag = branch.minute_taker.ask("GET", path).headers["ETag"]
    refused(branch.minute_taker.ask("PUT", path, body, **{"If-Match": etag}), "minutes_frozen")
    published = branch.secretary.post(f"{path}/publish")
    line(f"{published['number']}: {published['status']}, {published['published_at']}")


def look_at_the_papers(branch: Branch) -> None:
    """The published papers, page by page."""
    title("Đọc biên bản và nghị quyết đã công bố", "the published papers, read page by page")
    for name, path in (
        ("bien-ban", f"/meetings/{branch.meeting}/minutes.pdf"),
        ("nghi-quyet", f"/resolutions/{branch.resolution}/resolution.pdf"),
    ):
        paper = pypdfium2.PdfDocument(branch.away.download(path, branch.out / f"{name}.pdf"))
        for number, page in enumerate(paper, start=1):
            picture = branch.out / f"{name}-{number}.png"
            page.render(scale=1.5).to_pil().save(picture)
            text = page.get_textpage().get_text_range()
            line(f"{picture.name}: {len(text)} ký tự; " + " / ".join(text.split("\r\n")[:6]))
