"""Lets a branch of 24 live for two years over HTTP, and prints how many bytes a member's phone is sent to catch up.

On an embedded PostgreSQL of its own, thrown away afterwards; the clock is the script's.
"""

import argparse
import asyncio
import gzip
import logging
import random
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import structlog
from argon2 import PasswordHasher
from httpx import ASGITransport, AsyncClient
from obstore.store import MemoryStore
from sqlalchemy import text, update

from app.documents.store import DocumentStore
from app.identity.models import LoginSession
from app.kernel.db import PooledDatabase, Session, transaction
from app.kernel.migrating import migrate
from app.kernel.passwords import Passwords
from app.kernel.postgres import EmbeddedPostgres
from app.kernel.settings import Settings
from app.kernel.tokens import TokenKeys
from app.main import Parts, create_app
from tests.factories.changes import tell_of_world
from tests.factories.clock import FakeClock
from tests.factories.world import Maker, Person, World, make_world
from tests.worker import JobRunner

MEMBERS = 24
BEGIN = datetime(2026, 11, 22, 1, tzinfo=UTC)
FAMILIES = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng", "Bùi", "Đỗ", "Ngô")
MIDDLES = ("Văn", "Thị", "Đức", "Hữu", "Minh", "Ngọc")
NAMES = ("An", "Bình", "Cường", "Dũng", "Hạnh", "Hiền", "Khánh", "Lan", "Nam", "Phương", "Quang", "Thắng", "Yến")
POINTS = (
    "Thông tin thời sự, phổ biến văn bản mới của cấp trên",
    "Đánh giá kết quả thực hiện nhiệm vụ tháng trước",
    "Thảo luận và thông qua nhiệm vụ trọng tâm tháng tới",
    "Sinh hoạt chuyên đề học tập và làm theo tư tưởng, đạo đức, phong cách Hồ Chí Minh",
    "Xét kết nạp đảng viên, chuyển đảng chính thức",
    "Kiểm điểm công tác thu nộp đảng phí",
)
SENTENCES = (
    "Chi bộ hoàn thành các chỉ tiêu thu ngân sách và vận động nhân dân hiến đất mở rộng đường liên thôn.",
    "Đảng viên phụ trách hộ gia đình nắm tình hình, kịp thời phản ánh tâm tư, nguyện vọng của nhân dân.",
    "Đề nghị Đảng ủy xã quan tâm bố trí kinh phí sửa chữa nhà văn hóa và hệ thống loa truyền thanh.",
    "Duy trì vệ sinh môi trường vào sáng thứ bảy hằng tuần, phân loại rác tại nguồn ở từng hộ.",
    "Tuyên truyền chuyển đổi số, hướng dẫn người cao tuổi dùng dịch vụ công trực tuyến.",
    "Giữ gìn an ninh trật tự, không để phát sinh điểm nóng, khiếu kiện đông người.",
)

Json = dict[str, Any]  # Any: JSON


@dataclass(slots=True)
class Months:
    """Lives months of branch A, one thing after the other as its people do them."""

    app: Any  # Any: an ASGI application
    keys: TokenKeys
    clock: FakeClock
    jobs: JobRunner
    world: World
    people: Sequence[Person]
    chance: random.Random

    def client(self, person: Person) -> AsyncClient:
        token = self.keys.issue(
            account_id=person.account_id, session_id=person.session_id, token_id=uuid4(), now=self.clock()
        )
        return AsyncClient(
            transport=ASGITransport(self.app),
            base_url="http://sotay.test",
            headers={"Authorization": f"Bearer {token}"},
        )

    async def ask(self, person: Person, method: str, path: str, body: Json | None = None, *, seen: str = "") -> Json:
        client = self.client(person)
        headers = {"If-Match": (await client.get(seen)).headers["ETag"]} if seen else {}
        answer = await client.request(method, f"/v1{path}", json=body, headers=headers)
        assert answer.status_code < 300, f"{method} {path}: {answer.text}"  # noqa: PLR2004 success
        said: Json = answer.json() if answer.content else {}
        return said

    def says(self, sentences: int) -> str:
        return " ".join(self.chance.choice(SENTENCES) for _ in range(sentences))

    async def call(self) -> str:
        """Begin a month: announcements and the call to a meeting, whose id is returned."""
        secretary, branch = self.world.secretary, self.world.branch_a
        await self.announce(secretary, branch)
        await self.announce(self.world.officer, self.world.commune)
        meeting = (await self.ask(secretary, "POST", f"/organisations/{branch}/meetings", self.agenda()))["id"]
        await self.ask(secretary, "POST", f"/meetings/{meeting}/announce")
        await self.jobs.run()
        return str(meeting)

    async def hold(self, meeting: str) -> None:
        """The rest of the month, all in its first week: replies, a draft with comments, a vote, tasks, the minutes."""
        secretary = self.world.secretary
        until = self.clock() + timedelta(days=30)
        self.clock.advance(days=3)
        for person in self.people:
            reply = {"reply": "attending"} if self.chance.random() < 0.9 else {"reply": "absent", "reason": "Đi xa"}  # noqa: PLR2004 most come
            await self.ask(person, "PUT", f"/meetings/{meeting}/reply", reply)
        await self.draft(meeting)
        self.clock.advance(days=4)
        await self.ask(secretary, "POST", f"/meetings/{meeting}/start")
        entries = [{"member_id": str(person.member_id), "attendance": "present"} for person in self.people]
        roll = f"/meetings/{meeting}/roll"
        await self.ask(secretary, "PUT", roll, {"entries": entries}, seen=f"/v1{roll}")
        for _ in range(2):
            due = f"{self.clock().date() + timedelta(days=20)}"
            task = {"title": self.says(1), "assignee_id": str(self.chance.choice(self.people).member_id), "due_on": due}
            await self.ask(secretary, "POST", f"/meetings/{meeting}/tasks", task)
        self.clock.advance(minutes=110)
        await self.ask(secretary, "POST", f"/meetings/{meeting}/end")
        minutes = f"/meetings/{meeting}/minutes"
        sections = [{"heading": point, "body": self.says(3)} for point in POINTS[:5]]
        written = {"sections": sections, "conclusion": self.says(2)}
        await self.ask(secretary, "PUT", minutes, written, seen=f"/v1{minutes}")
        for step in ("send", "approve", "publish"):
            await self.ask(secretary, "POST", f"{minutes}/{step}")
        await self.jobs.run()
        self.clock.set(until)

    def agenda(self) -> Json:
        points = self.chance.sample(POINTS, 5)
        return {
            "title": f"Sinh hoạt chi bộ thường kỳ tháng {self.clock():%m/%Y}",
            "kind": "regular",
            "starts_at": (self.clock() + timedelta(days=7)).isoformat(),
            "time_zone": "Asia/Ho_Chi_Minh",
            "place": "Nhà văn hóa thôn Đông",
            "agenda": [
                {"position": place, "title": point, "minutes": 20, "body": self.says(1)}
                for place, point in enumerate(points, start=1)
            ],
        }

    async def announce(self, author: Person, organisation_id: UUID) -> None:
        body = {"title": self.chance.choice(POINTS), "body": self.says(4), "needs_acknowledgement": True}
        made = await self.ask(author, "POST", f"/organisations/{organisation_id}/announcements", body)
        await self.ask(author, "POST", f"/announcements/{made['id']}/publish")
        await self.ask(self.world.member, "PUT", f"/announcements/{made['id']}/acknowledgement")

    async def draft(self, meeting: str) -> None:
        body = {
            "title": f"Nghị quyết lãnh đạo nhiệm vụ tháng {self.clock():%m/%Y}",
            "meeting_id": meeting,
            "paragraphs": [{"text": self.says(2)} for _ in range(6)],
        }
        secretary = self.world.secretary
        draft = await self.ask(secretary, "POST", f"/organisations/{self.world.branch_a}/resolutions", body)
        address = f"/resolutions/{draft['id']}"
        end = {"comments_until": (self.clock() + timedelta(days=3)).isoformat()}
        await self.ask(secretary, "POST", f"{address}/open", end)
        for _ in range(5):
            comment = {"version": 1, "paragraph_id": draft["paragraphs"][0]["id"], "body": self.says(1)}
            made = await self.ask(self.chance.choice(self.people), "POST", f"{address}/comments", comment)
            answer = {"outcome": "taken", "body": "Chi ủy tiếp thu, đưa vào nghị quyết."}
            await self.ask(secretary, "PUT", f"/comments/{made['id']}/answer", answer)
        await self.ask(secretary, "POST", f"{address}/close")
        poll = await self.ask(secretary, "POST", f"{address}/polls", {"question": "Thông qua?", "secrecy": "open"})
        await self.ask(secretary, "POST", f"/polls/{poll['id']}/open")
        for person in self.people:
            await self.ask(person, "PUT", f"/polls/{poll['id']}/ballot", {"choice": "for"})
        await self.ask(secretary, "POST", f"/polls/{poll['id']}/close")
        await self.ask(secretary, "POST", f"{address}/adopt", {"poll_id": poll["id"]})

    async def catch_up(self, cursor: str | None) -> tuple[str, int, int, int]:
        """Return the member's next cursor, and in how many objects, raw bytes and bytes of gzip it came."""
        raw = packed = objects = 0
        while True:
            params = {"limit": "200"} | ({"cursor": cursor} if cursor else {})
            answer = await self.client(self.world.member).get("/v1/changes", params=params)
            page: Json = answer.json()
            raw += len(answer.content)
            packed += len(gzip.compress(answer.content))
            objects += len(page["items"])
            cursor = str(page["next_cursor"])
            if not page["has_more"]:
                return cursor, objects, raw, packed


class ScriptsTime(PooledDatabase):
    """A database whose time is the script's too: by its own, what the months ahead owe would never be due."""

    async def synchronise(self, session: Session) -> None:
        del session


async def main(months: int) -> None:
    """Live the months and print the table."""
    home = Path(tempfile.mkdtemp(prefix="sotay-bytes-"))
    server = EmbeddedPostgres(home, durable=False)
    server.start()
    try:
        migrate(server.url)
        await _measure(server.url, home, months)
    finally:
        server.stop()


async def _measure(url: str, home: Path, months: int) -> None:
    clock = FakeClock(BEGIN)
    database = ScriptsTime(url, clock=clock, pool_size=4, statement_timeout_ms=10_000)
    chance = random.Random(1)  # noqa: S311 repeatable chance, no secret
    async with transaction(database) as session:
        world = await make_world(session)
        maker = Maker(session)
        more = MEMBERS - len(world.branch_members)
        people = [
            await maker.person(
                f"{chance.choice(FAMILIES)} {chance.choice(MIDDLES)} {chance.choice(NAMES)}", world.branch_a
            )
            for _ in range(more)
        ]
        await tell_of_world(session)
        await session.execute(update(LoginSession).values(expires_at=BEGIN + timedelta(days=365 * 10)))
        await session.execute(text("SELECT ensure_month_partitions(CAST(:begin AS date), 120)"), {"begin": BEGIN})
    keys = TokenKeys(home / "keys", issuer="http://sotay.test")
    settings = Settings(data_dir=home, public_url="http://sotay.test")
    cheap = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1), concurrency=1)
    app = create_app(Parts(settings=settings, database=database, passwords=cheap, keys=keys))
    voters = (world.secretary, world.minute_taker, world.member, world.away, *people)
    jobs = JobRunner(database, clock, DocumentStore(MemoryStore()))
    life = Months(app, keys, clock, jobs, world, voters, chance)
    cursors = {}
    called = ""
    for month in range(months):
        cursors[months - month] = (await life.catch_up(None))[0]
        meeting = await life.call()
        called = (await life.catch_up(None))[0]
        await life.hold(meeting)
    _say(f"first start after {months} months", await life.catch_up(None))
    for back in (3, 1):
        if back in cursors:
            _say(f"{back} months" if back > 1 else "a month", await life.catch_up(cursors[back]))
    _say("the week of a meeting", await life.catch_up(called))
    cursor = (await life.catch_up(None))[0]
    _say("nothing new", await life.catch_up(cursor))
    await database.close()


def _say(what: str, measured: tuple[str, int, int, int]) -> None:
    _, objects, raw, packed = measured
    print(f"{what:32} {objects:6} objects {raw / 1000:9.1f} KB {packed / 1000:8.1f} KB gzip")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--months", type=int, default=24)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    asyncio.run(main(parser.parse_args().months))
