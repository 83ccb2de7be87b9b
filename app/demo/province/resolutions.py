"""The branches' resolutions: one adopted a year, and one that is open for comments."""

import random
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from app.demo.province.ledger import Id, Ledger
from app.demo.province.meetings import Held
from app.demo.province.people import Person
from app.demo.province.shape import Shape
from app.demo.province.tree import Branch
from app.organisations.models import OrganisationKind
from app.polls.models import Choice, Counted, Matter, PollStatus, Secrecy, SubjectType
from app.resolutions.models import AnswerOutcome, ResolutionStatus
from app.resolutions.numbering import quoted_number
from app.rules import rules_in_force

EVERY = 12
"""Meetings from one resolution to the next."""
TEXTS = (
    "Tập trung lãnh đạo chăm sóc cây vụ đông; chủ động phòng, chống rét cho đàn vật nuôi.",
    "Ra quân vệ sinh kênh mương, đường làng vào Chủ nhật tuần cuối tháng.",
    "Thu nộp đảng phí đúng hạn; giới thiệu một quần chúng ưu tú học lớp nhận thức về Đảng.",
)
COMMENTS = (
    "Nhất trí với dự thảo.",
    "Đề nghị ghi rõ thời hạn hoàn thành.",
    "Đoạn qua ao làng cần khảo sát lại.",
)
OTHER_OPINION = 0.04


class Drafter:
    """Writes the resolutions of one branch after the other."""

    def __init__(self, ledger: Ledger, shape: Shape, chance: random.Random) -> None:
        self._ledger = ledger
        self._shape = shape
        self._chance = chance

    def decide(self, branch: Branch, held: Sequence[Held]) -> None:
        """Write what the branch decided at its meetings, and what it is asked to comment on now."""
        numbers: Counter[int] = Counter()
        for meeting in held[EVERY // 2 :: EVERY]:
            voters = [person for person in branch.people if person.is_official_on(meeting.day)]
            numbers[meeting.day.year] += 1
            self._adopt(branch, meeting, voters, numbers[meeting.day.year])
        self._ask(branch)

    def _ask(self, branch: Branch) -> None:
        """Open a draft for comments; some members have commented, and one comment has its answer."""
        ledger, chance = self._ledger, self._chance
        opened_at = self._shape.now - timedelta(days=chance.randint(2, 6), hours=4)
        title = "Nghị quyết chuyên đề về xây dựng nông thôn mới"
        resolution, paragraphs = self._text(branch, title, opened_at)
        ledger.add(
            "resolutions",
            resolution,
            branch.id,
            None,
            title,
            ResolutionStatus.open,
            1,
            2,
            opened_at + timedelta(days=10),
            *(None,) * 4,
            branch.secretary.id,
            opened_at,
            opened_at,
            None,
        )
        ledger.change((branch.id,), "resolution", resolution, 2, opened_at)
        writers = [person for person in branch.people if person.account and person.is_member_on(self._shape.begins_on)]
        for place, author in enumerate(chance.sample(writers, min(3, len(writers)))):
            self._comment(branch, resolution, paragraphs[place], author, writers, opened_at, is_answered=place == 0)

    def _comment(
        self,
        branch: Branch,
        resolution: Id,
        paragraph: Id,
        author: Person,
        others: Sequence[Person],
        opened_at: datetime,
        *,
        is_answered: bool,
    ) -> None:
        ledger, chance = self._ledger, self._chance
        said_at = opened_at + timedelta(hours=chance.randint(1, 20))
        comment = ledger.new_id(said_at)
        supporter = chance.choice(others)
        is_supported = supporter is not author
        revision = 1 + is_answered + is_supported
        ledger.add(
            "resolution_comments",
            comment,
            resolution,
            1,
            paragraph,
            author.id,
            chance.choice(COMMENTS),
            revision,
            said_at,
            *(
                (AnswerOutcome.taken, branch.secretary.id, said_at + timedelta(hours=20))
                if is_answered
                else (None,) * 3
            ),
        )
        if is_supported:
            ledger.add("comment_supports", comment, supporter.id, said_at + timedelta(hours=1))
        ledger.change((branch.id,), "comment", comment, revision, said_at)

    def _adopt(self, branch: Branch, meeting: Held, voters: Sequence[Person], number: int) -> None:
        """Write a resolution with the open vote that carried it; whoever came has voted."""
        ledger, chance = self._ledger, self._chance
        came = set(meeting.came)
        voting = [person for person in voters if person in came]
        electors = [person for person in voters if not person.is_exempt or person in came]
        decided_at = meeting.ended_at - timedelta(minutes=5)
        opened_at = meeting.began_at - timedelta(days=7)
        title = f"Nghị quyết lãnh đạo thực hiện nhiệm vụ năm {meeting.day.year}"
        resolution, _ = self._text(branch, title, opened_at)
        poll = ledger.new_id(decided_at)
        choices = {person: Choice.other if chance.random() < OTHER_OPINION else Choice.in_favour for person in voting}
        counted = Counter(choices.values())
        rules = rules_in_force(meeting.day)
        has_passed = counted[Choice.in_favour] > len(electors) * rules.resolution_passes_above
        quoted = (quoted_number(number, kind=OrganisationKind.branch), meeting.day.year, number, poll)
        ledger.add(
            "resolutions",
            resolution,
            branch.id,
            meeting.id,
            title,
            ResolutionStatus.adopted if has_passed else ResolutionStatus.rejected,
            1,
            4,
            meeting.began_at,
            *(quoted if has_passed else (None,) * 4),
            branch.secretary.id,
            opened_at,
            opened_at,
            decided_at,
        )
        ledger.change((branch.id,), "resolution", resolution, 4, decided_at)
        ledger.add(
            "polls",
            poll,
            branch.id,
            SubjectType.resolution,
            resolution,
            f"Thông qua {title}",
            Matter.resolution,
            Secrecy.open,
            PollStatus.closed,
            rules.key,
            len(electors),
            3,
            branch.secretary.id,
            decided_at - timedelta(minutes=20),
            decided_at - timedelta(minutes=15),
            decided_at,
            counted[Choice.in_favour],
            0,
            counted[Choice.other],
            has_passed,
        )
        ledger.change((branch.id,), "poll", poll, 3, decided_at)
        for person in electors:
            ledger.put("electors", f"{poll}\t{person.id}\t{Counted.if_voting if person.is_exempt else Counted.always}")
        for person, choice in choices.items():
            ledger.put("votes", f"{poll}\t{person.id}\t{choice}\t{branch.secretary.id}\t{decided_at}")

    def _text(self, branch: Branch, title: str, at: datetime) -> tuple[Id, list[Id]]:
        """Write the one version of a text, and return the resolution's id with those of the paragraphs."""
        ledger = self._ledger
        resolution = ledger.new_id(at)
        ledger.add("resolution_versions", resolution, 1, title, branch.secretary.id, at)
        paragraphs = [ledger.new_id(at) for _ in TEXTS]
        for place, (paragraph, text) in enumerate(zip(paragraphs, TEXTS, strict=True), start=1):
            ledger.add("resolution_paragraphs", resolution, 1, paragraph, place, text)
        return resolution, paragraphs
