"""What people do with their phones: members mostly write, answer and read; the secretary and the minute-taker lead.

Each habit looks at the phone's own store, as its owner does, and so may come too late.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from tests.faults.phone import Json, Phone, Write

_IDEAS = 15
_RECENT = 12
"""People act on what is new."""


class Habits:
    """The habits of one person; `screens` are the check-in codes that hang on the wall of meetings in session."""

    def __init__(self, phone: Phone, *, post: str | None, screens: dict[str, str], numbers: Iterator[int]) -> None:
        self._phone = phone
        self._chance = phone.chance
        self._screens = screens
        self._numbers = numbers
        self.is_member = post is None
        self._is_secretary = post == "secretary"
        self._done: set[tuple[str, str]] = set()
        """What is done once only: its kind and the object."""
        everybody: list[tuple[int, Callable[[], Write | None]]] = [
            (20, self.enter_activity),
            (18, self.comment),
            (14, self.reply),
            (8, self.support),
            (8, self.check_in),
            (5, self.mark_read),
            (4, self.read),
            (6, self.acknowledge),
            (3, self.open_announcement),
            (4, self.bookmark),
            (6, self.vote),
            (4, self.remark),
            (3, self.report_task),
            (3, self.rewrite_activity),
            (2, self.withdraw_activity),
            (3, self.reword_comment),
            (2, self.delete_comment),
            (1, self.go_away),
        ]
        organisers: list[tuple[int, Callable[[], Write | None]]] = [
            (6, self.schedule),
            (8, self.announce_meeting),
            (5, self.start),
            (3, self.end),
            (6, self.enter_guest),
            (6, self.give_task),
            (4, self.draft_poll),
            (4, self.open_poll),
            (1, self.close_poll),
            (1, self.discard_poll),
        ]
        secretary: list[tuple[int, Callable[[], Write | None]]] = [
            (14, self.judge_entry),
            (6, self.answer),
            (5, self.edit_meeting),
            (2, self.postpone),
            (4, self.draft_announcement),
            (5, self.publish),
            (2, self.edit_announcement),
            (3, self.draft_resolution),
            (5, self.open_resolution),
            (3, self.revise),
            (2, self.change_task),
            (3, self.upload),
        ]
        minute_taker: list[tuple[int, Callable[[], Write | None]]] = [
            (6, self.take_roll),
            (4, self.write_minutes),
            (6, self.send_minutes),
        ]
        own = [] if post is None else [*organisers, *(secretary if self._is_secretary else minute_taker)]
        self._habits = [*everybody, *own, *own, *own, *own]

    def next(self) -> Write:
        """Return what comes into the person's head, and can be done as far as the phone knows."""
        weights = [weight for weight, _ in self._habits]
        for habit in self._chance.choices(self._habits, weights, k=_IDEAS):
            write = habit[1]()
            if write is not None:
                return write
        return self.enter_activity()

    # Making writes.

    def _words(self, what: str) -> str:
        return f"{what} #{next(self._numbers)}."

    def _write(self, kind: str, method: str, path: str, body: Json | None = None, **more: Any) -> Write:
        # Any: the write's own fields.
        key = self._phone.new_key() if method == "POST" else None
        return Write(kind=kind, method=method, path=f"/v1/{path}", body=body, key=key, **more)

    def _make(self, table: str, path: str, body: Json, words: str, code: str, *, names_itself: bool = True) -> Write:
        """A POST that makes a row; half of the time the phone names it, and then it needs no body back."""
        own_id = self._phone.new_id() if names_itself and self._chance.random() < 0.5 else ""
        return self._write(
            code,
            "POST",
            path,
            body | ({"id": own_id} if own_id else {}),
            is_minimal=bool(own_id) and self._chance.random() < 0.5,
            table=table,
            row_id=own_id,
            words=words,
            code=code,
        )

    def _step(self, kind: str, path: str, subject: str, body: Json | None = None, **more: Any) -> Write:
        """A POST that moves something on."""
        is_minimal = self._chance.random() < 0.25
        return self._write(kind, "POST", path, body, code=kind, subject=subject, is_minimal=is_minimal, **more)

    def _one(self, kind: str, fits: Callable[[Json], bool] = lambda _: True) -> Json | None:
        found = [each for each in self._phone.store.of(kind) if fits(each)]
        found.sort(key=lambda each: str(each["id"]))  # by the time they were made
        return self._chance.choice(found[-_RECENT:]) if found else None

    def _once(self, kind: str, resource: Json | None) -> Json | None:
        if resource is None or (kind, resource["id"]) in self._done:
            return None
        self._done.add((kind, resource["id"]))
        return resource

    def _version(self, kind: str, resource: Json) -> int:
        return self._phone.store.versions[kind, resource["id"]]

    def _in(self, *statuses: str) -> Callable[[Json], bool]:
        return lambda each: each["organisation_id"] == self._phone.branch and each["status"] in statuses

    def _in_days(self, days: float) -> str:
        return (self._phone.now() + timedelta(days=days)).replace(microsecond=0).isoformat()

    def _today(self) -> date:
        return self._phone.now().date()

    @property
    def _me(self) -> str:
        return self._phone.member_id

    # Everybody.

    def enter_activity(self) -> Write:
        words = self._words("Hiến đất làm đường")
        body = {"title": words, "body": "Gia đình hiến 40 m² đất.", "occurred_on": f"{self._today() - timedelta(2)}"}
        return self._make("activity_entries", "me/activity", body, words, "activity.entry_submitted")

    def _own_entry(self) -> Json | None:
        return self._one("activity_entry", lambda e: e["member"]["member_id"] == self._me and e["status"] == "returned")

    def rewrite_activity(self) -> Write | None:
        entry = self._own_entry()
        if entry is None:
            return None
        words = self._words("Viết lại")
        return self._write(
            "rewrite activity",
            "PUT",
            f"activity-entries/{entry['id']}",
            {"title": words, "body": "Đã ghi rõ.", "occurred_on": entry["occurred_on"]},
            version=self._version("activity_entry", entry),
            table="activity_entries",
            row_id=entry["id"],
            words=words,
            code="activity.entry_submitted",
        )

    def withdraw_activity(self) -> Write | None:
        entry = self._once("withdraw", self._own_entry())
        return (
            None
            if entry is None
            else self._write(
                "withdraw activity",
                "DELETE",
                f"activity-entries/{entry['id']}",
                version=self._version("activity_entry", entry),
                table="activity_entries",
                row_id=entry["id"],
                code="activity.entry_withdrawn",
            )
        )

    def comment(self) -> Write | None:
        resolution = self._one("resolution", self._in("open"))
        if resolution is None:
            return None
        words = self._words("Nên ghi rõ hơn")
        body: Json = {"version": resolution["version"], "body": words}
        if self._chance.random() < 0.7:
            body["paragraph_id"] = self._chance.choice(resolution["paragraphs"])["id"]
        path = f"resolutions/{resolution['id']}/comments"
        return self._make("resolution_comments", path, body, words, "resolutions.commented")

    def _comment(self, *, is_mine: bool) -> Json | None:
        return self._one(
            "comment",
            lambda e: (e["author"]["member_id"] == self._me) is is_mine and (e["answer"] is None or not is_mine),
        )

    def reword_comment(self) -> Write | None:
        comment = self._comment(is_mine=True)
        if comment is None:
            return None
        words = self._words("Sửa lại")
        path = f"comments/{comment['id']}"
        return self._write(
            "reword comment",
            "PATCH",
            path,
            {"body": words},
            table="resolution_comments",
            row_id=comment["id"],
            words=words,
        )

    def delete_comment(self) -> Write | None:
        comment = self._once("delete", self._comment(is_mine=True))
        return (
            None
            if comment is None
            else self._write(
                "delete comment",
                "DELETE",
                f"comments/{comment['id']}",
                table="resolution_comments",
                row_id=comment["id"],
                code="resolutions.comment_deleted",
            )
        )

    def support(self) -> Write | None:
        comment = self._comment(is_mine=False)
        if comment is None:
            return None
        is_for = self._chance.random() < 0.7
        return self._write(
            "support",
            "PUT" if is_for else "DELETE",
            f"comments/{comment['id']}/support",
            code="resolutions.comment_supported" if is_for else "resolutions.comment_support_ended",
            subject=comment["id"],
            state=(("support", comment["id"], self._me), is_for),
        )

    def reply(self) -> Write | None:
        meeting = self._one("meeting", self._in("announced", "postponed"))
        if meeting is None:
            return None
        word = self._chance.choice(("attending", "attending_online", "absent"))
        return self._write(
            "reply",
            "PUT",
            f"meetings/{meeting['id']}/reply",
            {"reply": word, "reason": "Việc nhà"},
            state=(("reply", meeting["id"], self._me), word),
        )

    def check_in(self) -> Write | None:
        meeting = self._once("check in", self._one("meeting", lambda each: each["id"] in self._screens))
        return (
            None
            if meeting is None
            else self._step(
                "meetings.member_checked_in",
                f"meetings/{meeting['id']}/check-in",
                meeting["id"],
                {"code": self._screens[meeting["id"]], "offline": True},
                state=(("checked in", meeting["id"], self._me), True),
            )
        )

    def read(self) -> Write | None:
        notice = self._one("notification", lambda each: each["read_at"] is None)
        return (
            None
            if notice is None
            else self._write(
                "read", "PUT", f"me/notifications/{notice['id']}/read", state=(("read", notice["id"], self._me), True)
            )
        )

    def mark_read(self) -> Write | None:
        notice = self._one("notification", lambda each: each["read_at"] is None)
        return (
            None
            if notice is None
            else self._write(
                "mark read",
                "POST",
                "me/notifications/mark-read",
                {"through": notice["id"]},
                state=(("read", notice["id"], self._me), True),
            )
        )

    def acknowledge(self) -> Write | None:
        wants = self._one("announcement", lambda e: e["status"] == "published" and e["needs_acknowledgement"])
        return (
            None
            if wants is None
            else self._write(
                "acknowledge",
                "PUT",
                f"announcements/{wants['id']}/acknowledgement",
                code="announcements.acknowledged",
                subject=wants["id"],
                state=(("acknowledged", wants["id"], self._me), True),
            )
        )

    def open_announcement(self) -> Write | None:
        shown = self._one("announcement", lambda e: e["status"] == "published")
        return (
            None
            if shown is None
            else self._write(
                "open announcement",
                "PUT",
                f"announcements/{shown['id']}/opened",
                state=(("opened", shown["id"], self._me), True),
            )
        )

    def bookmark(self) -> Write | None:
        document = self._one("document")
        if document is None:
            return None
        is_kept = self._chance.random() < 0.7
        return self._write(
            "bookmark",
            "PUT" if is_kept else "DELETE",
            f"me/bookmarks/{document['id']}",
            state=(("bookmark", document["id"], self._me), is_kept),
        )

    def vote(self) -> Write | None:
        poll = self._once("vote", self._one("poll", lambda each: each["status"] == "open" and each["may_vote"]))
        if poll is None:
            return None
        choice = self._chance.choice(("for", "for", "against", "other"))
        path = f"polls/{poll['id']}/ballot"
        word = choice if poll["secrecy"] == "open" else "secret"
        return self._write("vote", "PUT", path, {"choice": choice}, state=(("ballot", poll["id"], self._me), word))

    def remark(self) -> Write | None:
        minutes = self._one("minutes", self._in("in_review"))
        if minutes is None:
            return None
        words = self._words("Xin ghi thêm")
        path = f"meetings/{minutes['id']}/minutes/remarks"
        write = self._make("minutes_remarks", path, {"body": words}, words, "minutes.remarked", names_itself=False)
        write.subject = minutes["id"]
        return write

    def report_task(self) -> Write | None:
        task = self._one("task", lambda each: each["assignee_id"] == self._me and each["status"] == "open")
        return (
            None
            if task is None
            else self._write("report task", "PUT", f"tasks/{task['id']}/done", {}, state=(("done", task["id"]), True))
        )

    def go_away(self) -> Write:
        words = self._words("Berlin")
        begin = self._today() + timedelta(days=self._chance.randrange(30, 20_000))
        days = {"starts_on": f"{begin}", "ends_on": f"{begin}"}
        body = {**days, "place": words, "time_zone": "Europe/Berlin"}
        path = f"members/{self._me}/away-periods"
        return self._make("away_periods", path, body, words, "members.away_period_entered", names_itself=False)

    # Organisers.

    def _meeting_body(self, words: str) -> Json:
        return {
            "title": words,
            "starts_at": self._in_days(self._chance.randrange(2, 40)),
            "place": "Nhà văn hóa thôn",
            "agenda": [{"title": "Đánh giá tháng trước", "minutes": 30}, {"title": "Nhiệm vụ tháng này"}],
        }

    def schedule(self) -> Write:
        words = self._words("Sinh hoạt thường kỳ")
        path = f"organisations/{self._phone.branch}/meetings"
        return self._make("meetings", path, self._meeting_body(words), words, "meetings.scheduled")

    def announce_meeting(self) -> Write | None:
        meeting = self._once("announce", self._one("meeting", self._in("draft")))
        return (
            None
            if meeting is None
            else self._step("meetings.announced", f"meetings/{meeting['id']}/announce", meeting["id"])
        )

    def postpone(self) -> Write | None:
        meeting = self._once("postpone", self._one("meeting", self._in("announced")))
        body = {"starts_at": self._in_days(50), "reason": "Mưa bão"}
        return (
            None
            if meeting is None
            else self._step("meetings.postponed", f"meetings/{meeting['id']}/postpone", meeting["id"], body)
        )

    def start(self) -> Write | None:
        meeting = self._once("start", self._one("meeting", self._in("announced", "postponed")))
        return (
            None
            if meeting is None
            else self._step("meetings.started", f"meetings/{meeting['id']}/start", meeting["id"], {})
        )

    def end(self) -> Write | None:
        meeting = self._once("end", self._one("meeting", self._in("in_session")))
        return None if meeting is None else self._step("meetings.ended", f"meetings/{meeting['id']}/end", meeting["id"])

    def enter_guest(self) -> Write | None:
        meeting = self._one("meeting", self._in("in_session", "ended"))
        if meeting is None:
            return None
        words = self._words("Ngô Văn Lâm")
        path = f"meetings/{meeting['id']}/guests"
        code = "meetings.guest_entered"
        write = self._make("meeting_guests", path, {"full_name": words}, words, code, names_itself=False)
        write.subject = meeting["id"]
        return write

    def _colleague(self) -> str:
        members = [each for each in self._phone.store.of("member") if each["organisation"]["id"] == self._phone.branch]
        return str(self._chance.choice(members)["id"]) if members else self._me

    def give_task(self) -> Write | None:
        meeting = self._one("meeting", self._in("in_session", "ended"))
        if meeting is None:
            return None
        words = self._words("Thu đảng phí")
        body = {"title": words, "assignee_id": self._colleague(), "due_on": f"{self._today() + timedelta(20)}"}
        path = f"meetings/{meeting['id']}/tasks"
        return self._make("meeting_tasks", path, body, words, "meetings.task_given", names_itself=False)

    def draft_poll(self) -> Write | None:
        resolution = self._one("resolution", self._in("open"))
        if resolution is None:
            return None
        words = self._words("Thông qua nghị quyết")
        body = {"question": words, "secrecy": self._chance.choice(("open", "secret"))}
        return self._make("polls", f"resolutions/{resolution['id']}/polls", body, words, "polls.drafted")

    def open_poll(self) -> Write | None:
        poll = self._once("open", self._one("poll", self._in("draft")))
        return None if poll is None else self._step("polls.opened", f"polls/{poll['id']}/open", poll["id"])

    def close_poll(self) -> Write | None:
        poll = self._once("close", self._one("poll", self._in("open")))
        return None if poll is None else self._step("polls.closed", f"polls/{poll['id']}/close", poll["id"])

    def discard_poll(self) -> Write | None:
        poll = self._once("open", self._one("poll", self._in("draft")))
        return (
            None
            if poll is None
            else self._write(
                "discard poll",
                "DELETE",
                f"polls/{poll['id']}",
                version=self._version("poll", poll),
                table="polls",
                row_id=poll["id"],
                code="polls.discarded",
            )
        )

    # The secretary; what asks for a version is written by one of the two only, so that they are never at odds.

    def judge_entry(self) -> Write | None:
        waits = self._in("submitted")
        entry = self._one("activity_entry", lambda e: waits(e) and e["member"]["member_id"] != self._me)
        if entry is None:
            return None
        path = f"activity-entries/{entry['id']}"
        if self._chance.random() < 0.6:
            return self._step("activity.entry_confirmed", f"{path}/confirm", entry["id"])
        return self._step("activity.entry_returned", f"{path}/return", entry["id"], {"reason": "Đề nghị ghi rõ"})

    def answer(self) -> Write | None:
        comment = self._one("comment", lambda each: each["answer"] is None)
        if comment is None:
            return None
        outcome = self._chance.choice(("taken", "taken_in_part", "not_taken"))
        body = {"outcome": outcome, "body": "Đã ghi nhận."}
        return self._write(
            "answer", "PUT", f"comments/{comment['id']}/answer", body, state=(("answer", comment["id"]), outcome)
        )

    def edit_meeting(self) -> Write | None:
        meeting = self._one("meeting", self._in("draft"))
        if meeting is None:
            return None
        words = self._words("Sinh hoạt chuyên đề")
        body = {**self._meeting_body(words), "kind": meeting["kind"], "starts_at": meeting["starts_at"]}
        return self._replace("meetings", "meeting", meeting, body, words, "meetings.edited")

    def _replace(self, table: str, kind: str, resource: Json, body: Json, words: str, code: str | None) -> Write:
        return self._write(
            f"replace {kind}",
            "PUT",
            f"{table}/{resource['id']}",
            body,
            version=self._version(kind, resource),
            is_minimal=self._chance.random() < 0.25,
            table=table,
            row_id=resource["id"],
            words=words,
            code=code,
        )

    def draft_announcement(self) -> Write:
        words = self._words("Lịch phun thuốc")
        body = {"title": words, "body": "Sáng thứ bảy.", "needs_acknowledgement": self._chance.random() < 0.7}
        path = f"organisations/{self._phone.branch}/announcements"
        return self._make("announcements", path, body, words, "announcements.drafted")

    def publish(self) -> Write | None:
        draft = self._once("publish", self._one("announcement", self._in("draft")))
        return (
            None
            if draft is None
            else self._step("announcements.published", f"announcements/{draft['id']}/publish", draft["id"])
        )

    def edit_announcement(self) -> Write | None:
        draft = self._one("announcement", self._in("draft"))
        if draft is None:
            return None
        words = self._words("Lịch vệ sinh")
        body = {"title": words, "body": "Chiều chủ nhật.", "needs_acknowledgement": True}
        return self._replace("announcements", "announcement", draft, body, words, "announcements.edited")

    def _paragraphs(self) -> list[Json]:
        return [{"text": f"Điều {number}: giữ gìn vệ sinh đường làng."} for number in range(1, 4)]

    def draft_resolution(self) -> Write:
        words = self._words("Nghị quyết tháng")
        path = f"organisations/{self._phone.branch}/resolutions"
        body = {"title": words, "paragraphs": self._paragraphs()}
        return self._make("resolutions", path, body, words, "resolutions.drafted")

    def open_resolution(self) -> Write | None:
        draft = self._once("open", self._one("resolution", self._in("draft")))
        body = {"comments_until": self._in_days(30)}
        return (
            None
            if draft is None
            else self._step("resolutions.opened", f"resolutions/{draft['id']}/open", draft["id"], body)
        )

    def revise(self) -> Write | None:
        resolution = self._one("resolution", self._in("open"))
        if resolution is None:
            return None
        words = self._words("Nghị quyết tháng, bản mới")
        kept = [{"id": each["id"], "text": each["text"]} for each in resolution["paragraphs"]]
        body = {"title": words, "paragraphs": [*kept, *self._paragraphs()[:1]][-10:]}
        return self._replace("resolutions", "resolution", resolution, body, words, "resolutions.revised")

    def change_task(self) -> Write | None:
        task = self._one("task", self._in("open"))
        if task is None:
            return None
        words = self._words("Thu đảng phí quý")
        return self._write(
            "change task",
            "PATCH",
            f"tasks/{task['id']}",
            {"title": words},
            version=self._version("task", task),
            table="meeting_tasks",
            row_id=task["id"],
            words=words,
        )

    def upload(self) -> Write:
        words = self._words("Tài liệu sinh hoạt")
        body = {"title": words, "not_secret": "true"}
        write = self._make("documents", "documents", body, words, "documents.uploaded")
        write.is_file = True
        return write

    # The minute-taker.

    def take_roll(self) -> Write | None:
        meeting = self._one("meeting", self._in("in_session", "ended"))
        roll = meeting and self._phone.store.held.get(("roll", meeting["id"]))
        if not roll:
            return None
        words = self._words("Đến lúc khai mạc")
        member = self._chance.choice(roll["entries"])["member_id"]
        body = {"entries": [{"member_id": member, "attendance": "late", "note": words}]}
        return self._write(
            "take roll",
            "PUT",
            f"meetings/{roll['id']}/roll",
            body,
            version=self._version("roll", roll),
            words=words,
            code="meetings.roll_taken",
            subject=roll["id"],
            state=(("note", roll["id"], member), words),
        )

    def write_minutes(self) -> Write | None:
        minutes = self._one("minutes", self._in("draft", "in_review"))
        if minutes is None:
            return None
        words = self._words("Chi bộ nhất trí")
        body = {"sections": [{"heading": "Kết luận", "body": "Nhất trí."}], "conclusion": words}
        return self._write(
            "write minutes",
            "PUT",
            f"meetings/{minutes['id']}/minutes",
            body,
            version=self._version("minutes", minutes),
            words=words,
            code="minutes.edited",
            subject=minutes["id"],
            state=(("conclusion", minutes["id"]), words),
        )

    def send_minutes(self) -> Write | None:
        minutes = self._once("send", self._one("minutes", self._in("draft")))
        return (
            None
            if minutes is None
            else self._step("minutes.sent", f"meetings/{minutes['id']}/minutes/send", minutes["id"])
        )


def numbers() -> Iterator[int]:
    """Numbers that nothing else in the village has."""
    return itertools.count(1)


def path_of(name: tuple[str, str]) -> str | None:
    """Where an object stands alone and has an ETag."""
    places = {
        "activity_entry": "activity-entries/{}",
        "announcement": "announcements/{}",
        "meeting": "meetings/{}",
        "minutes": "meetings/{}/minutes",
        "poll": "polls/{}",
        "resolution": "resolutions/{}",
        "roll": "meetings/{}/roll",
        "task": "tasks/{}",
    }
    place = places.get(name[0])
    return place and "/v1/" + place.format(name[1])


LISTS: Sequence[str] = ("/v1/me/meetings", "/v1/me/notifications", "/v1/me/announcements", "/v1/me/tasks")
