"""What the committees announced and who opened it, their papers, and what members entered themselves."""

import hashlib
import random
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta

from app.activity.models import EntryStatus
from app.announcements.events import AnnouncementPublished
from app.announcements.models import AnnouncementStatus
from app.demo.province.ledger import NULL, Id, Ledger
from app.demo.province.people import Person
from app.demo.province.shape import PAPERS_SHOWN, RECEIPTS_SHOWN, Shape, at
from app.demo.province.tree import Branch, Place, Tree
from app.documents.models import TextState, Visibility
from app.documents.words import joined
from app.kernel.notices import AudiencePart
from app.kernel.push import Channel

PAPER = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\n"
    b"trailer<</Root 1 0 R/Size 4>>\n%%EOF\n"
)
"""One empty page: the content of every made-up document."""
OPENED, ACKNOWLEDGED, ENTERED_A_YEAR = 0.6, 0.8, 0.1
DEEDS = ("Hiến máu tình nguyện", "Hiến đất làm đường thôn", "Trồng cây dọc đường làng")


def file_papers(ledger: Ledger, shape: Shape, tree: Tree) -> dict[tuple[Id, date], Id]:
    """Write a document a month into each commune's library, for its branches' agendas; return them by month.

    The keys of the files are what `paper_keys` gives.
    """
    papers = {}
    for commune in tree.communes:
        for month in shape.months:
            if at(month, 0) < shape.now - PAPERS_SHOWN or commune.officer is None:
                continue
            uploaded_at = at(month, 8) - timedelta(days=8)
            document = papers[commune.id, month] = ledger.new_id(uploaded_at)
            title = f"Tài liệu sinh hoạt chi bộ tháng {month.month}/{month.year}"
            ledger.add(
                "documents",
                document,
                commune.id,
                commune.officer.id,
                uploaded_at,
                title,
                "Tài liệu sinh hoạt",
                "tai-lieu.pdf",
                "application/pdf",
                len(PAPER),
                hashlib.sha256(PAPER).hexdigest(),
                document,
                Visibility.organisation,
                TextState.none,
                1,
                joined(title),
            )
            ledger.change((commune.id,), "document", document, 1, uploaded_at)
    return papers


class Herald:
    """Writes announcements with their marks."""

    def __init__(self, ledger: Ledger, shape: Shape, chance: random.Random) -> None:
        self._ledger = ledger
        self._shape = shape
        self._chance = chance

    def announce(self, tree: Tree, *, advance: Callable[[], None]) -> None:
        """Announce once a month from the province and from each commune; `advance` is called for each of them."""
        everybody = [person for branch in tree.branches for person in branch.people if person.account]
        of_commune: dict[Id, list[Person]] = {commune.id: [] for commune in tree.communes}
        for branch in tree.branches:
            of_commune[branch.commune.id] += [person for person in branch.people if person.account]
        for place, audience in [(tree.province, everybody), *((one, of_commune[one.id]) for one in tree.communes)]:
            if place.officer is not None:
                for published_at in self._times():
                    self._publish(place, place.officer, published_at, audience)
            advance()

    def enter(self, branch: Branch) -> None:
        """Let some members write down what they did; the secretary has confirmed all but the latest."""
        ledger, chance, shape = self._ledger, self._chance, self._shape
        for person in branch.people:
            if person.account is None or chance.random() > ENTERED_A_YEAR * shape.years:
                continue
            first = max(shape.begins_on, person.admitted_on)
            day = first + timedelta(days=chance.randrange(max((shape.until - first).days - 1, 1)))
            entered_at = at(day, 20)
            decided_at = entered_at + timedelta(days=5)
            is_confirmed = decided_at < shape.now
            entry = ledger.new_id(entered_at)
            ledger.add(
                "activity_entries",
                entry,
                person.id,
                branch.id,
                EntryStatus.confirmed if is_confirmed else EntryStatus.submitted,
                chance.choice(DEEDS),
                "Tham gia cùng nhân dân trong thôn.",
                day,
                branch.secretary.id if is_confirmed else None,
                decided_at if is_confirmed else None,
                2 if is_confirmed else 1,
                entered_at,
            )
            ledger.change((person.id, branch.id), "activity_entry", entry, 2 if is_confirmed else 1, entered_at)

    def _times(self) -> Iterator[datetime]:
        for month in self._shape.months:
            published_at = at(month + timedelta(days=self._chance.randrange(20)), 9)
            if published_at < self._shape.now:
                yield published_at

    def _publish(self, place: Place, author: Person, published_at: datetime, audience: Sequence[Person]) -> None:
        ledger, chance, now = self._ledger, self._chance, self._shape.now
        announcement = ledger.new_id(published_at)
        title = f"Kế hoạch học tập chuyên đề tháng {published_at.month}"
        asks = chance.random() < 1 / 2
        ledger.add(
            "announcements",
            announcement,
            place.id,
            title,
            "Đề nghị các chi bộ triển khai tới từng đảng viên.",
            AnnouncementStatus.published,
            AudiencePart.everyone,
            (),
            asks,
            published_at,
            2,
            author.id,
            published_at,
        )
        ledger.change((place.id,), "announcement", announcement, 2, published_at)
        fact = ledger.record(
            AnnouncementPublished,
            at=published_at,
            organisation=place.id,
            subject=announcement,
            actor=author.id,
            data={"version": 2},
        )
        notice = ledger.new_id(published_at)
        ledger.add(
            "notifications",
            notice,
            fact,
            "announcement_published",
            Channel.announcement,
            place.id,
            "announcement",
            announcement,
            {"title": title, "needs_acknowledgement": asks},
            False,
            False,
            published_at,
            published_at + timedelta(hours=24),
            None,
            place.id,
            AudiencePart.everyone,
            (),
            published_at.date(),
        )
        ledger.change((place.id,), "notification", notice, 1, published_at)
        if published_at < now - RECEIPTS_SHOWN:
            return
        longest = min(now - published_at, timedelta(days=5))
        for person in audience:
            drawn = chance.random()
            if drawn < OPENED:
                opened_at = published_at + longest * drawn
                acknowledged_at = str(opened_at) if asks and drawn < OPENED * ACKNOWLEDGED else NULL
                ledger.put("announcement_receipts", f"{announcement}\t{person.id}\t{opened_at}\t{acknowledged_at}")
