"""One month of a branch over HTTP: from the draft on the 20th to the published minutes, each step said and checked."""

import argparse
import re
import sys
import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pypdfium2

PASSWORD = "so-tay-demo-1"  # noqa: S105 printed for everybody to try
SECRETARY, MINUTE_TAKER, MEMBER, AWAY, PROBATIONARY = (f"+8490000000{number}" for number in range(1, 6))
INVENTED = "+84900001"
HOME = timedelta(hours=7)
READY_WITHIN_SECONDS = 120
TOLD_WITHIN_SECONDS = 30
SETTLED_FOR_SECONDS = 0.5
REPLIES = 22

Json = dict[str, Any]  # Any: JSON


class Broken(Exception):
    """Something of the month is not as it should be."""


def expect(holds: bool, *found: object) -> None:  # noqa: FBT001 a condition, as with assert, which -O would leave out
    """Raise Broken, with what was found instead, unless it holds."""
    if not holds:
        raise Broken(*found)


class Phone:
    """A member's phone: signed in, it asks and says what it was answered."""

    def __init__(self, url: str, phone: str) -> None:
        """Sign in with the demonstration's password."""
        self._client = httpx.Client(base_url=f"{url}/v1", timeout=30, headers={"Accept-Language": "vi"})
        installation = {"installation_id": str(uuid4()), "platform": "web", "device_name": "scripts/demo"}
        tokens = self.post("/auth/login", {"phone": phone, "password": PASSWORD, "installation": installation})
        self._client.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        self.me = self.get("/me")
        self.name = str(self.me["full_name"])
        self.id = str(self.me["member_id"])

    def ask(self, method: str, path: str, body: Json | None = None, **headers: str) -> httpx.Response:
        """Ask, and answer whatever comes."""
        return self._client.request(method, path, json=body, headers=headers)

    def get(self, path: str) -> Json:
        """Get what must be there."""
        return _succeeded(self.ask("GET", path))

    def post(self, path: str, body: Json | None = None) -> Json:
        """Take a step that must succeed."""
        return _succeeded(self.ask("POST", path, body))

    def put(self, path: str, body: Json | None = None, *, seen: str | None = None) -> Json:
        """Write; `seen` is the path of what is rewritten, whose ETag is fetched first."""
        headers = {"If-Match": self.ask("GET", seen).headers["ETag"]} if seen else {}
        return _succeeded(self.ask("PUT", path, body, **headers))

    def everything(self, path: str) -> list[Json]:
        """All pages of a list."""
        items: list[Json] = []
        cursor = None
        while True:
            mark = "&" if "?" in path else "?"
            page = self.get(f"{path}{mark}limit=100" + (f"&cursor={cursor}" if cursor else ""))
            items += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return items

    def download(self, path: str, to: Path) -> Path:
        """Keep a file."""
        answer = self.ask("GET", path)
        expect(answer.status_code == httpx.codes.OK, answer.text)
        to.write_bytes(answer.content)
        return to


def _succeeded(answer: httpx.Response) -> Json:
    request = answer.request
    expect(answer.is_success, f"{request.method} {request.url.path}: {answer.status_code} {answer.text}")
    return {} if not answer.content else dict(answer.json())


def refused(answer: httpx.Response, code: str) -> None:
    """Expect a refusal by its name."""
    expect(answer.headers["Content-Type"] == "application/problem+json", answer.text)
    problem = answer.json()
    expect(problem["code"] == code, problem)
    line(f"  ✗ {answer.status_code} {code}: {problem['title']}")


def title(vi: str, en: str) -> None:
    """Print a chapter's head."""
    print(f"\n\033[1m{vi}\033[0m · {en}" if sys.stdout.isatty() else f"\n== {vi} · {en}")


def line(text: str) -> None:
    """Print a line."""
    print(f"  {text}")


class Month:
    """The branch's month; each chapter leaves behind what the next one needs."""

    def __init__(self, url: str, out: Path) -> None:
        """Sign everybody in who has the app."""
        self.url, self.out = url, out
        self.secretary = Phone(url, SECRETARY)
        self.minute_taker = Phone(url, MINUTE_TAKER)
        self.member = Phone(url, MEMBER)
        self.away = Phone(url, AWAY)
        self.probationary = Phone(url, PROBATIONARY)
        self.branch = str(self.secretary.me["organisation"]["id"])
        people = self.secretary.everything(f"/organisations/{self.branch}/members")
        self.names = {person["id"]: person["full_name"] for person in people}
        cast = (self.secretary, self.minute_taker, self.member, self.away, self.probationary)
        phones = {phone.id: phone for phone in cast}
        self.official = {
            person["id"]
            for person in people
            if any(standing["kind"] == "official" and standing["ends_on"] is None for standing in person["standings"])
        }
        # The list masks all but the last digits; the invented members' numbers differ in those alone.
        for person in people:
            if person["phone"] is not None and person["id"] not in phones:
                try:
                    found = Phone(url, INVENTED + person["phone"][-3:])
                except Broken:
                    continue  # a telephone that only rings: its owner is told by text messages
                expect(found.id == person["id"], found.me)
                phones[found.id] = found
        self.phones = phones
        self.phoneless = [member for member in self.names if member not in phones]

    def run(self) -> None:
        """Live through the month."""
        self.before = self._settled_inboxes()
        self.draft_and_announce()
        self.reply()
        self.comment()
        self.revise()
        self.meet()
        self.vote()
        self.give_tasks_and_end()
        self.write_minutes()
        self.look_at_the_papers()
        self.next_month()
        self.everybody_was_told_once()
        self.what_berlin_saw()

    def draft_and_announce(self) -> None:
        """The 20th: agenda, papers, the call."""
        title("Ngày 20: bí thư soạn lịch, tải tài liệu, triệu tập", "the secretary drafts, uploads a paper, announces")
        paper = self._upload("Báo cáo tháng 11.pdf")
        starts = (datetime.now(UTC) + timedelta(days=3)).replace(hour=12, minute=30, second=0, microsecond=0)
        drafted = self.secretary.post(
            f"/organisations/{self.branch}/meetings",
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
        self.meeting = str(drafted["id"])
        refused(self.member.ask("GET", f"/meetings/{self.meeting}"), "meeting_not_found")
        announced = self.secretary.post(f"/meetings/{self.meeting}/announce")
        line(f"{announced['title']}: {announced['status']}, {announced['starts_at']}, {announced['place']}")

    def _upload(self, name: str) -> str:
        document = pypdfium2.PdfDocument.new()
        document.new_page(595, 842)
        path = self.out / name
        document.save(path)
        with path.open("rb") as file:
            answer = self.secretary._client.post(  # noqa: SLF001 the one multipart request of the month
                "/documents",
                data={"title": "Báo cáo kết quả công tác tháng trước", "not_secret": "true"},
                files={"file": (name, file, "application/pdf")},
            )
        return str(_succeeded(answer)["id"])

    def reply(self) -> None:
        """Twenty say themselves whether they come, the secretary writes down two more."""
        title("22 trả lời, hai người do bí thư ghi hộ", "22 replies, two entered by the secretary")
        path = f"/meetings/{self.meeting}/reply"
        speaking = [self.away, *[one for one in self.phones.values() if one is not self.away]][:20]
        for place, one in enumerate(speaking):
            if one is self.away:
                one.put(path, {"reply": "attending_online"})
            elif place == len(speaking) - 1:
                one.put(path, {"reply": "absent", "reason": "Đi viện, có giấy hẹn"})
                self.absent = one
            else:
                one.put(path, {"reply": "attending"})
        for member in self.phoneless[:2]:
            self.secretary.put(f"/meetings/{self.meeting}/replies/{member}", {"reply": "attending"})
            line(f"{self.names[member]}: dự họp, {self.secretary.name} ghi hộ")
        counts = self.secretary.get(f"/meetings/{self.meeting}")["reply_counts"]
        line(", ".join(f"{name} {count}" for name, count in counts.items()))
        expect(counts["attending"] + counts["attending_online"] + counts["absent"] == REPLIES, counts)

    def comment(self) -> None:
        """A draft resolution, comments, support, the secretary's answers."""
        title("Dự thảo nghị quyết: góp ý và trả lời", "a draft resolution, comments and answers")
        drafted = self.secretary.post(
            f"/organisations/{self.branch}/resolutions",
            {
                "title": "Nghị quyết lãnh đạo thực hiện nhiệm vụ tháng tới",
                "meeting_id": self.meeting,
                "paragraphs": [
                    {"text": "Tập trung lãnh đạo thu hoạch và làm đất vụ đông trên 12 ha."},
                    {"text": "Vận động nhân dân hiến đất mở rộng đường trục thôn."},
                    {"text": "Mỗi đảng viên phụ trách ba hộ gia đình, báo cáo tại kỳ sinh hoạt sau."},
                ],
            },
        )
        self.resolution = str(drafted["id"])
        until = (datetime.now(UTC) + timedelta(days=2)).isoformat()
        self.secretary.post(f"/resolutions/{self.resolution}/open", {"comments_until": until})
        first, second, _ = drafted["paragraphs"]
        path = f"/resolutions/{self.resolution}/comments"
        said = (
            (self.away, second["id"], "Đề nghị ghi rõ mức hỗ trợ cho hộ hiến đất."),
            (self.member, first["id"], "Diện tích đã khảo sát là 15 ha, không phải 12 ha."),
            (self.probationary, None, "Nhất trí với dự thảo; xin bổ sung việc chuyển đổi số."),
        )
        self.comments = []
        for author, paragraph, body in said:
            made = author.post(path, {"version": 1, "paragraph_id": paragraph, "body": body})
            self.comments.append(str(made["id"]))
            line(f"{author.name}: {body}")
        self.member.put(f"/comments/{self.comments[0]}/support")
        answers = (("taken", "Đã bổ sung."), ("taken", "Đã sửa thành 15 ha."), ("not_taken", "Sẽ có nghị quyết riêng."))
        for identifier, (outcome, body) in zip(self.comments, answers, strict=True):
            self.secretary.put(f"/comments/{identifier}/answer", {"outcome": outcome, "body": body})
            line(f"↳ {outcome}: {body}")

    def revise(self) -> None:
        """The second version; the comments stay readable and say that the paragraph changed."""
        title("Bản thứ hai, so sánh từng đoạn", "the second version, compared paragraph by paragraph")
        seen = f"/resolutions/{self.resolution}"
        now = self.secretary.get(seen)
        texts = [
            "Tập trung lãnh đạo thu hoạch và làm đất vụ đông trên 15 ha.",
            "Vận động nhân dân hiến đất mở rộng đường trục thôn; hỗ trợ mỗi hộ 2 triệu đồng.",
            now["paragraphs"][2]["text"],
        ]
        self.secretary.put(
            seen,
            {
                "title": now["title"],
                "meeting_id": self.meeting,
                "paragraphs": [
                    {"id": paragraph["id"], "text": text}
                    for paragraph, text in zip(now["paragraphs"], texts, strict=True)
                ],
            },
            seen=seen,
        )
        for paragraph in self.member.get(f"{seen}/comparison?from=1&to=2")["paragraphs"]:
            marks = {"removed": "[-{}-]", "added": "[+{}+]"}
            shown = "".join(marks.get(part["kind"], "{}").format(part["text"]) for part in paragraph["segments"])
            line(f"{paragraph['position_after']}. {paragraph['change']}: {shown}")
        changed = [item["paragraph_changed"] for item in self.member.everything(f"{seen}/comments")]
        expect(sorted(changed) == [False, True, True], changed)
        self.secretary.post(f"{seen}/close")
        late = {"version": 2, "paragraph_id": None, "body": "Góp ý muộn"}
        refused(self.member.ask("POST", f"{seen}/comments", late), "comments_closed")

    def meet(self) -> None:
        """The meeting begins; the roll by code and by hand."""
        title("Buổi sinh hoạt: điểm danh bằng mã và bằng tay", "the meeting: roll by code and by hand")
        path = f"/meetings/{self.meeting}"
        self.secretary.post(f"{path}/start", {"minute_taker_id": self.minute_taker.id})
        code = self.secretary.get(f"{path}/check-in-code")["code"]
        tampered = code[:-1] + ("B" if code[-1] == "A" else "A")
        refused(self.member.ask("POST", f"{path}/check-in", {"code": tampered}), "check_in_code_invalid")
        coming = [one for one in self.phones.values() if one is not self.absent]
        for one in coming:
            one.post(f"{path}/check-in", {"code": code, "online": one is self.away})
        entries = [{"member_id": member, "attendance": "present"} for member in self.phoneless[:1]]
        entries += [{"member_id": self.absent.id, "attendance": "excused", "note": "Đi viện"}]
        self.secretary.put(f"{path}/roll", {"entries": entries}, seen=f"{path}/roll")
        self.secretary.post(f"{path}/guests", {"full_name": "Ngô Văn Lâm", "organisation_name": "Đảng ủy xã Yên Mô"})
        roll = self.secretary.get(f"{path}/roll")
        line(", ".join(f"{name} {count}" for name, count in roll["counts"].items()))
        line(f"quorum {roll['quorum']['present_count']}, reached {roll['quorum']['reached']}")
        self.present = [one for one in self.phones.values() if one is not self.absent]

    def vote(self) -> None:
        """An open poll on the resolution, a secret one on a recognition."""
        title("Biểu quyết công khai nghị quyết; bỏ phiếu kín công nhận chính thức", "an open poll and a secret one")
        question = {"question": "Thông qua nghị quyết tháng", "secrecy": "open"}
        self.poll = str(self.secretary.post(f"/resolutions/{self.resolution}/polls", question)["id"])
        self.secretary.post(f"/polls/{self.poll}/open")
        ballot = f"/polls/{self.poll}/ballot"
        refused(self.probationary.ask("PUT", ballot, {"choice": "for"}), "not_an_elector")
        voters = [one for one in self.present if one.id in self.official]
        for place, one in enumerate(voters):
            one.put(ballot, {"choice": "against" if place == 3 else "for"})  # noqa: PLR2004 one voice against
        hands = [member for member in self.phoneless[:1] if member in self.official]
        votes = [{"member_id": member, "choice": "for"} for member in hands]
        if votes:
            self.secretary.post(f"/polls/{self.poll}/hand-votes", {"votes": votes})
        closed = self.secretary.post(f"/polls/{self.poll}/close")
        line(f"{closed['question']}: {closed['tally']}, {closed['voted_count']}/{closed['electorate_count']}")

        question = {
            "question": f"Công nhận đồng chí {self.probationary.name} là đảng viên chính thức",
            "secrecy": "secret",
            "matter": "recognition",
        }
        secret = str(self.secretary.post(f"/meetings/{self.meeting}/polls", question)["id"])
        self.secretary.post(f"/polls/{secret}/open")
        for place, one in enumerate(voters):
            one.put(f"/polls/{secret}/ballot", {"choice": "other" if place == 5 else "for"})  # noqa: PLR2004
        again = voters[0].put(f"/polls/{secret}/ballot", {"choice": "against"})
        expect(again["already_cast"] is True, again)
        refused(self.secretary.ask("GET", f"/polls/{secret}/votes"), "poll_is_secret")
        closed = self.secretary.post(f"/polls/{secret}/close")
        line(f"{closed['question']}: {closed['tally']}, {closed['voted_count']}/{closed['electorate_count']}")

        adopted = self.secretary.post(f"/resolutions/{self.resolution}/adopt", {"poll_id": self.poll})
        line(f"{adopted['title']}: {adopted['status']}, {adopted['number']}")

    def give_tasks_and_end(self) -> None:
        """Tasks with a deadline; the end."""
        title("Giao việc, bế mạc", "tasks, the end")
        task = {
            "title": "Khảo sát đất hiến làm đường trục thôn",
            "assignee_id": self.member.id,
            "due_on": (date.today() + timedelta(days=25)).isoformat(),  # noqa: DTZ011 a day on the wall calendar
        }
        self.task = self.secretary.post(f"/meetings/{self.meeting}/tasks", task)
        line(f"{self.task['title']}: {self.task['assignee_name']}, {self.task['due_on']}")
        ended = self.secretary.post(f"/meetings/{self.meeting}/end")
        line(f"{ended['title']}: {ended['status']}")

    def write_minutes(self) -> None:
        """Composed, edited, sent, remarked on, approved, published."""
        title("Biên bản: soạn, xin ý kiến, thông qua, công bố", "minutes: composed, remarked on, approved, published")
        path = f"/meetings/{self.meeting}/minutes"
        composed = self.minute_taker.get(path)
        sections = [
            {"heading": section["heading"], "body": f"Đồng chí chủ trì trình bày; chi bộ thảo luận. Mục {place}."}
            for place, section in enumerate(composed["sections"], start=1)
        ]
        body = {"sections": sections, "conclusion": "Chi bộ nhất trí các nội dung trên; giao việc theo bảng dưới."}
        self.minute_taker.put(path, body, seen=path)
        self.minute_taker.post(f"{path}/send")
        remark = self.away.post(f"{path}/remarks", {"body": "Mục 3: xin ghi thêm mức hỗ trợ 2 triệu đồng mỗi hộ."})
        line(f"{self.away.name}: {remark['body']}")
        sections[2]["body"] += " Hỗ trợ mỗi hộ hiến đất 2 triệu đồng."
        self.minute_taker.put(path, body, seen=path)
        self.secretary.put(f"/minutes-remarks/{remark['id']}/answer", {"taken": True, "body": "Đã ghi."})
        self.secretary.post(f"{path}/approve")
        etag = self.minute_taker.ask("GET", path).headers["ETag"]
        refused(self.minute_taker.ask("PUT", path, body, **{"If-Match": etag}), "minutes_frozen")
        published = self.secretary.post(f"{path}/publish")
        line(f"{published['number']}: {published['status']}, {published['published_at']}")

    def look_at_the_papers(self) -> None:
        """The published papers, page by page."""
        title("Đọc biên bản và nghị quyết đã công bố", "the published papers, read page by page")
        for name, path in (
            ("bien-ban", f"/meetings/{self.meeting}/minutes.pdf"),
            ("nghi-quyet", f"/resolutions/{self.resolution}/resolution.pdf"),
        ):
            paper = pypdfium2.PdfDocument(self.away.download(path, self.out / f"{name}.pdf"))
            for number, page in enumerate(paper, start=1):
                picture = self.out / f"{name}-{number}.png"
                page.render(scale=1.5).to_pil().save(picture)
                text = page.get_textpage().get_text_range()
                line(f"{picture.name}: {len(text)} ký tự; " + " / ".join(text.split("\r\n")[:6]))

    def next_month(self) -> None:
        """The next agenda holds the open task."""
        title("Kỳ sau: việc chưa xong có sẵn trong chương trình", "the next agenda holds the open task")
        starts = (datetime.now(UTC) + timedelta(days=33)).replace(hour=12, minute=30, second=0, microsecond=0)
        following = self.secretary.post(
            f"/organisations/{self.branch}/meetings",
            {
                "title": "Sinh hoạt chi bộ thường kỳ tháng sau",
                "starts_at": starts.isoformat(),
                "place": "Nhà văn hóa thôn Đông",
                "agenda": [{"title": "Đánh giá công tác tháng"}],
            },
        )
        carried = [item for item in following["agenda"] if self.task["title"] in (item["body"] or "")]
        expect(len(carried) == 1, following["agenda"])
        line(f"{carried[0]['title']}: {carried[0]['body']}")

    def everybody_was_told_once(self) -> None:
        """No notice is missing, none is there twice."""
        title("Ai cũng được báo, mỗi việc một lần", "everybody was told, once of each")
        by_end = time.monotonic() + TOLD_WITHIN_SECONDS
        while not self._all_missed_and_published():
            expect(time.monotonic() < by_end, "somebody was not told of the published minutes")
            time.sleep(0.2)
        types: Counter[str] = Counter()
        for one in self.phones.values():
            fresh = [item for item in self._inbox(one) if item["id"] not in self.before[one.id]]
            twice = [
                key for key, count in Counter((i["type"], i["link"], i["title"]) for i in fresh).items() if count > 1
            ]
            expect(not twice, (one.name, twice))
            types.update({item["type"] for item in fresh})
        for kind, count in sorted(types.items()):
            line(f"{kind:<24} {count:>3} người · people")
        everybody = len(self.phones)
        expect(types["meeting_announced"] == everybody, types)
        expect(types["resolution_opened"] == everybody, types)
        expect(types["minutes_published"] + types["meeting_missed"] == everybody, types)

    def _all_missed_and_published(self) -> bool:
        last = {"minutes_published", "meeting_missed"}
        return all(any(item["type"] in last for item in self._inbox(one)) for one in self.phones.values())

    def _settled_inboxes(self) -> dict[str, set[str]]:
        """What everybody was told before; waits until the demonstration's own notices are all given out."""
        by_end = time.monotonic() + TOLD_WITHIN_SECONDS
        seen: dict[str, set[str]] = {}
        while True:
            items = {one.id: self._inbox(one) for one in self.phones.values()}
            now = {member: {str(item["id"]) for item in inbox} for member, inbox in items.items()}
            called = all(any(item["type"] == "meeting_announced" for item in inbox) for inbox in items.values())
            if called and now == seen:
                return now
            expect(time.monotonic() < by_end, "the demonstration's own notices are still being given out")
            seen = now
            time.sleep(SETTLED_FOR_SECONDS)

    def _inbox(self, one: Phone) -> list[Json]:
        return one.everything("/me/notifications")

    def what_berlin_saw(self) -> None:
        """The member working away followed all of it."""
        title(f"{self.away.name}, ở Berlin, đã theo dõi tất cả qua điện thoại", "the member in Berlin followed it all")
        fresh = [item for item in self._inbox(self.away) if item["id"] not in self.before[self.away.id]]
        for item in reversed(fresh):
            line(f"{item['type']:<20} {item['title']}: {item['body']}")
        for item in self.away.everything("/me/activity"):
            line(f"· {item['summary']}")


def wait_until_ready(url: str) -> None:
    """Wait for the service; raise SystemExit when it does not come."""
    by_end = time.monotonic() + READY_WITHIN_SECONDS
    while time.monotonic() < by_end:
        try:
            if httpx.get(f"{url}/readyz", timeout=2).status_code == httpx.codes.OK:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    raise SystemExit(f"{url} was not ready within {READY_WITHIN_SECONDS} s")


def main() -> None:
    """Play the month on a demonstration that was just started."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--out", type=Path, default=Path(), help="where papers and pictures of their pages are kept")
    parser.add_argument(
        "--pushes", type=Path, help="what the service prints: pushes to the member in Berlin are counted"
    )
    given = parser.parse_args()
    wait_until_ready(given.url)
    try:
        month = Month(given.url, given.out)
        month.run()
    except Broken as broken:
        raise SystemExit(f"✗ Không đạt · it does not hold: {broken}") from broken
    if given.pushes is not None:
        pushes = re.findall(r"┌─ .*", given.pushes.read_text(encoding="utf-8"))
        to_berlin = [push for push in pushes if month.away.name in push]
        line(f"{len(pushes)} thông báo tới điện thoại, {len(to_berlin)} tới Berlin · pushes, of which to Berlin")
    line("✓ Đạt tất cả · all of it held")
    line(f"giấy tờ và ảnh từng trang · papers and pictures of their pages: {given.out.resolve()}")


if __name__ == "__main__":
    main()
