"""People of two branches who do whatever comes into their heads; what is refused is refused."""

import random
from collections.abc import Awaitable, Callable
from uuid import UUID

from httpx import AsyncClient, Response

from tests.changes.phones import Json
from tests.documents.asking import post_file
from tests.factories.activity import ENTRY
from tests.factories.announcements import an_announcement
from tests.factories.meetings import MEETING, SignedIn, a_meeting
from tests.factories.resolutions import COMMENTS_UNTIL, a_resolution
from tests.factories.world import Person, World


class Walk:
    """Takes steps one after the other. `known` remembers what was made, by type."""

    def __init__(self, world: World, signed_in: SignedIn, *, seed: int) -> None:
        self.world = world
        self.chance = random.Random(seed)  # noqa: S311 repeatable chance, no secret
        self.taken: set[str] = set()
        self._signed_in = signed_in
        self._clients: dict[UUID, AsyncClient] = {}
        self._known: dict[str, list[str]] = {}
        self._steps: tuple[Callable[[], Awaitable[Response]], ...] = (
            *[self.schedule] * 2,
            *[self.move_meeting] * 12,
            self.edit_meeting,
            *[self.reply] * 4,
            *[self.roll] * 4,
            self.scan,
            self.guest,
            *[self.minutes] * 8,
            *[self.resolve] * 2,
            *[self.move_resolution] * 6,
            *[self.revise] * 2,
            *[self.comment] * 4,
            *[self.touch_comment] * 6,
            *[self.propose] * 2,
            *[self.move_poll] * 6,
            *[self.vote] * 6,
            *[self.announce] * 2,
            *[self.move_announcement] * 5,
            self.upload,
            *[self.touch_document] * 3,
            *[self.give_task] * 2,
            *[self.touch_task] * 3,
            self.enter,
            *[self.touch_entry] * 3,
            self.enrol,
            self.correct,
            self.go_away,
            self.come_back,
            self.grant,
            self.end_post,
            self.recode,
            self.read,
        )

    async def step(self) -> None:
        """Take one step of somebody's; no step may break the server."""
        step = self.chance.choice(self._steps)
        answer = await step()
        assert answer.status_code < 500, answer.text
        if answer.status_code < 300:
            self.taken.add(step.__name__)

    def as_(self, person: Person) -> AsyncClient:
        if person.member_id not in self._clients:
            self._clients[person.member_id] = self._signed_in(person)
        return self._clients[person.member_id]

    # Who does it: mostly somebody who may.

    def _leader(self) -> AsyncClient:
        world = self.world
        people = [world.secretary] * 5 + [world.sister_secretary, world.minute_taker]
        return self.as_(self.chance.choice(people))

    def _anybody(self) -> AsyncClient:
        return self.as_(self._person())

    def _person(self) -> Person:
        world = self.world
        people = (world.secretary, world.minute_taker, world.member, world.away, world.probationary)
        return self.chance.choice((*people, *people, world.sister_member, world.officer))

    def _branch(self, client: AsyncClient) -> UUID:
        return self.world.branch_b if client is self.as_(self.world.sister_secretary) else self.world.branch_a

    def _a(self, kind: str) -> str:
        return self.chance.choice(self._known.get(kind, [str(UUID(int=1))])[-4:])

    async def _make(self, kind: str, answer: Awaitable[Response]) -> Response:
        made = await answer
        if made.status_code == 201:
            self._known.setdefault(kind, []).append(made.json()["id"])
        return made

    async def _change(self, client: AsyncClient, method: str, address: str, body: Json | None = None) -> Response:
        seen = await client.get(address)
        if seen.status_code != 200:
            return seen
        return await client.request(method, address, json=body, headers={"If-Match": seen.headers["ETag"]})

    # Meetings.

    async def schedule(self) -> Response:
        client = self._leader()
        kind = self.chance.choice(("regular", "regular", "thematic", "committee"))
        body = a_meeting(kind=kind, title=f"Sinh hoạt {self.chance.random()}")
        return await self._make("meeting", client.post(f"/v1/organisations/{self._branch(client)}/meetings", json=body))

    async def move_meeting(self) -> Response:
        client, meeting = self._leader(), f"/v1/meetings/{self._a('meeting')}"
        steps = ("announce", "announce", "announce", "start", "start", "end", "cancel", "postpone", "discard")
        chosen = self.chance.choice(steps)
        if chosen == "discard":
            return await self._change(client, "DELETE", meeting)
        body = {"reason": "Mưa bão"} if chosen == "cancel" else None
        if chosen == "postpone":
            body = {"reason": "Mưa bão", "starts_at": f"2026-12-{self.chance.randint(10, 28)}T12:30:00Z"}
        return await client.post(f"{meeting}/{chosen}", json=body)

    async def edit_meeting(self) -> Response:
        client, meeting = self._leader(), f"/v1/meetings/{self._a('meeting')}"
        seen = await client.get(meeting)
        written = {name: value for name, value in seen.json().items() if name in MEETING}
        written |= {"place": f"Nhà văn hóa {self.chance.random()}"}
        return await self._change(client, "PUT", meeting, written)

    async def reply(self) -> Response:
        body = {"reply": self.chance.choice(("attending", "absent")), "reason": "Việc nhà"}
        if self.chance.random() < 0.3:
            address = f"/v1/meetings/{self._a('meeting')}/replies/{self.world.phoneless.member_id}"
            return await self._leader().put(address, json=body)
        return await self._anybody().put(f"/v1/meetings/{self._a('meeting')}/reply", json=body)

    async def roll(self) -> Response:
        entry = {
            "member_id": str(self._person().member_id),
            "attendance": self.chance.choice(("present", "late", "excused")),
        }
        address = f"/v1/meetings/{self._a('meeting')}/roll"
        return await self._change(self._leader(), "PUT", address, {"entries": [entry]})

    async def scan(self) -> Response:
        meeting = f"/v1/meetings/{self._a('meeting')}"
        shown = await self.as_(self.world.secretary).get(f"{meeting}/check-in-code")
        return await self._anybody().post(f"{meeting}/check-in", json={"code": shown.json().get("code", "0")})

    async def guest(self) -> Response:
        body = {"full_name": "Trương Văn Quý"}
        return await self._leader().post(f"/v1/meetings/{self._a('meeting')}/guests", json=body)

    async def minutes(self) -> Response:
        client, minutes = self._leader(), f"/v1/meetings/{self._a('meeting')}/minutes"
        chosen = self.chance.choice(("write", "send", "send", "remark", "approve", "publish", "publish"))
        if chosen == "write":
            body = {"sections": [{"heading": "Kết luận", "body": "Nhất trí."}], "conclusion": str(self.chance.random())}
            return await self._change(client, "PUT", minutes, body)
        if chosen == "remark":
            body = {"body": "Đề nghị ghi thêm ý kiến."}
            return await self._make("remark", self._anybody().post(f"{minutes}/remarks", json=body))
        return await client.post(f"{minutes}/{chosen}")

    # Resolutions, their comments, and votes.

    async def resolve(self) -> Response:
        client = self._leader()
        more = {"meeting_id": self._a("meeting")} if self.chance.random() < 0.5 else {}
        address = f"/v1/organisations/{self._branch(client)}/resolutions"
        return await self._make("resolution", client.post(address, json=a_resolution(**more)))

    async def move_resolution(self) -> Response:
        client, resolution = self._leader(), f"/v1/resolutions/{self._a('resolution')}"
        chosen = self.chance.choice(("open", "open", "open", "close", "adopt", "adopt", "reject", "discard"))
        if chosen == "discard":
            return await self._change(client, "DELETE", resolution)
        body: Json | None = {"comments_until": COMMENTS_UNTIL} if chosen == "open" else None
        if chosen in {"adopt", "reject"}:
            body = {"poll_id": self._a("poll")} if chosen == "adopt" else {}
        return await client.post(f"{resolution}/{chosen}", json=body)

    async def revise(self) -> Response:
        client, resolution = self._leader(), f"/v1/resolutions/{self._a('resolution')}"
        seen = (await client.get(resolution)).json()
        if "paragraphs" not in seen:
            return await client.get(resolution)
        written = {name: seen[name] for name in ("title", "meeting_id", "paragraphs")}
        written["paragraphs"][0]["text"] = f"Hoàn thành {self.chance.random()}"
        return await self._change(client, "PUT", resolution, written)

    async def comment(self) -> Response:
        client, resolution = self._anybody(), f"/v1/resolutions/{self._a('resolution')}"
        seen = (await client.get(resolution)).json()
        body = {"version": seen.get("version", 1), "body": "Đề nghị nêu rõ thời hạn."}
        if "paragraphs" in seen:
            body["paragraph_id"] = seen["paragraphs"][0]["id"]
        return await self._make("comment", client.post(f"{resolution}/comments", json=body))

    async def touch_comment(self) -> Response:
        client, comment = self._anybody(), f"/v1/comments/{self._a('comment')}"
        chosen = self.chance.choice(("edit", "delete", "support", "support", "unsupport", "answer", "answer"))
        if chosen == "edit":
            return await client.patch(comment, json={"body": f"Đề nghị {self.chance.random()}"})
        if chosen == "delete":
            return await client.delete(comment)
        if chosen == "answer":
            answer = {"outcome": self.chance.choice(("taken", "not_taken")), "body": "Đã xem xét."}
            return await self.as_(self.world.secretary).put(f"{comment}/answer", json=answer)
        return await client.request("PUT" if chosen == "support" else "DELETE", f"{comment}/support")

    async def propose(self) -> Response:
        body = {"question": "Thông qua?", "secrecy": self.chance.choice(("open", "secret"))}
        subject = self.chance.choice(("meeting", "resolution"))
        return await self._make("poll", self._leader().post(f"/v1/{subject}s/{self._a(subject)}/polls", json=body))

    async def move_poll(self) -> Response:
        client, poll = self._leader(), f"/v1/polls/{self._a('poll')}"
        chosen = self.chance.choice(("open", "open", "close", "edit", "discard"))
        if chosen == "discard":
            return await self._change(client, "DELETE", poll)
        if chosen == "edit":
            return await self._change(client, "PATCH", poll, {"question": f"Thông qua {self.chance.random()}?"})
        return await client.post(f"{poll}/{chosen}")

    async def vote(self) -> Response:
        poll, choice = f"/v1/polls/{self._a('poll')}", self.chance.choice(("for", "against"))
        if self.chance.random() < 0.3:
            votes = [{"member_id": str(self.world.phoneless.member_id), "choice": choice}]
            return await self._leader().post(f"{poll}/hand-votes", json={"votes": votes})
        return await self._anybody().put(f"{poll}/ballot", json={"choice": choice})

    # Announcements and documents.

    async def announce(self) -> Response:
        client, where = self.chance.choice(
            (
                (self.as_(self.world.officer), self.world.commune),
                (self.as_(self.world.secretary), self.world.branch_a),
            )
        )
        part = self.chance.choice(("everyone", "everyone", "away", "probationary"))
        body = an_announcement(audience={"part": part}, needs_acknowledgement=True)
        return await self._make("announcement", client.post(f"/v1/organisations/{where}/announcements", json=body))

    async def move_announcement(self) -> Response:
        announcement = f"/v1/announcements/{self._a('announcement')}"
        author = self.as_(self.chance.choice((self.world.officer, self.world.secretary)))
        chosen = self.chance.choice(("publish", "publish", "publish", "read", "read", "edit", "remove"))
        if chosen == "read":
            return await self._anybody().put(f"{announcement}/{self.chance.choice(('opened', 'acknowledgement'))}")
        if chosen == "remove":
            return await self._change(author, "DELETE", announcement)
        if chosen == "edit":
            return await self._change(author, "PUT", announcement, an_announcement(title=str(self.chance.random())))
        return await author.post(f"{announcement}/publish")

    async def upload(self) -> Response:
        client = self._leader()
        visibility = self.chance.choice(("organisation", "committee", "owner"))
        branch = str(self._branch(client))
        file = post_file(client, visibility=visibility, title="Báo cáo", organisation_id=branch)
        return await self._make("document", file)

    async def touch_document(self) -> Response:
        document = self._a("document")
        chosen = self.chance.choice(("bookmark", "bookmark", "remove", "rename", "hide", "delete"))
        if chosen in {"bookmark", "remove"}:
            method = "PUT" if chosen == "bookmark" else "DELETE"
            return await self._anybody().request(method, f"/v1/me/bookmarks/{document}")
        body = {"rename": {"title": f"Báo cáo {self.chance.random()}"}, "hide": {"visibility": "committee"}}
        method = "DELETE" if chosen == "delete" else "PATCH"
        return await self._change(self._leader(), method, f"/v1/documents/{document}", body.get(chosen))

    # Tasks and entries.

    async def give_task(self) -> Response:
        body = {"title": "Thu đảng phí", "assignee_id": str(self._person().member_id), "due_on": "2026-12-25"}
        return await self._make("task", self._leader().post(f"/v1/meetings/{self._a('meeting')}/tasks", json=body))

    async def touch_task(self) -> Response:
        task = f"/v1/tasks/{self._a('task')}"
        if self.chance.random() < 0.5:
            return await self._anybody().put(f"{task}/done", json={})
        return await self._change(self._leader(), "PATCH", task, {"assignee_id": str(self._person().member_id)})

    async def enter(self) -> Response:
        return await self._make("entry", self._anybody().post("/v1/me/activity", json=ENTRY))

    async def touch_entry(self) -> Response:
        entry = f"/v1/activity-entries/{self._a('entry')}"
        chosen = self.chance.choice(("confirm", "return", "withdraw", "rewrite"))
        if chosen == "withdraw":
            return await self._change(self._anybody(), "DELETE", entry)
        if chosen == "rewrite":
            return await self._change(self._anybody(), "PUT", entry, {**ENTRY, "title": str(self.chance.random())})
        body = {"reason": "Đề nghị ghi rõ"} if chosen == "return" else None
        return await self.as_(self.world.secretary).post(f"{entry}/{chosen}", json=body)

    # People and the tree. Names stay: a resource that shows another's name is not told again when that one is renamed.

    async def enrol(self) -> Response:
        client = self._leader()
        body = {"full_name": "Cao Thị Uyên", "admitted_on": "2005-05-19", "official_on": "2006-05-19"}
        return await self._make("member", client.post(f"/v1/organisations/{self._branch(client)}/members", json=body))

    async def correct(self) -> Response:
        address = f"/v1/members/{self._person().member_id}"
        return await self._change(self._leader(), "PATCH", address, {"sex": self.chance.choice(("male", "female"))})

    async def go_away(self) -> Response:
        body = {"starts_on": "2026-11-01", "place": "Berlin", "time_zone": "Europe/Berlin"}
        address = f"/v1/members/{self._person().member_id}/away-periods"
        return await self._make("away", self._leader().post(address, json=body))

    async def come_back(self) -> Response:
        address = f"/v1/away-periods/{self._a('away')}"
        return await self._change(self._leader(), "PATCH", address, {"ends_on": "2026-11-20"})

    async def grant(self) -> Response:
        kind = self.chance.choice(("minute_taker", "committee_member", "deputy_secretary"))
        body = {"member_id": str(self._person().member_id), "kind": kind, "starts_on": "2026-11-01"}
        address = f"/v1/organisations/{self.world.branch_a}/posts"
        return await self._make("post", self.as_(self.world.administrator).post(address, json=body))

    async def end_post(self) -> Response:
        return await self.as_(self.world.administrator).delete(f"/v1/posts/{self._a('post')}")

    async def recode(self) -> Response:
        address = f"/v1/organisations/{self.chance.choice((self.world.branch_a, self.world.commune))}"
        body = {"code": f"{self.chance.randrange(10**14):014}"}
        return await self._change(self.as_(self.world.administrator), "PATCH", address, body)

    async def read(self) -> Response:
        client = self._anybody()
        items = (await client.get("/v1/me/notifications")).json()["items"]
        if items and self.chance.random() < 0.5:
            return await client.post("/v1/me/notifications/mark-read", json={"through": items[0]["id"]})
        return await client.put(f"/v1/me/notifications/{items[-1]['id'] if items else UUID(int=1)}/read")
