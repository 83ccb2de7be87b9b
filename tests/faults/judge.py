"""A plain model of what ought to have happened, told only of final answers, and its comparison with the database.

Each accepted write has taken effect once, each refused one never: rows by id and words, recorded facts by code, subject
and actor, and whatever has a last word by that word.
"""

from collections import Counter
from collections.abc import Iterator

from tests.faults.harness import sql
from tests.faults.phone import Write
from tests.faults.wire import Answer

WORDS = {
    "activity_entries": "title",
    "announcements": "title",
    "away_periods": "place",
    "documents": "title",
    "meeting_guests": "full_name",
    "meeting_tasks": "title",
    "meetings": "title",
    "minutes_remarks": "body",
    "polls": "question",
    "resolution_comments": "body",
    "resolutions": "title",
}
"""Tables that phones write rows to, and the column in which each row has words of its own."""

STATES = {
    "acknowledged": "SELECT announcement_id, member_id, true FROM announcement_receipts WHERE acknowledged_at <= now()",
    "answer": "SELECT id, answer FROM resolution_comments WHERE answer IS NOT NULL",
    "ballot": "SELECT poll_id, member_id, choice FROM votes"
    " UNION ALL SELECT poll_id, voter, 'secret' FROM participations",
    "bookmark": "SELECT document_id, member_id, true FROM document_bookmarks",
    "checked in": "SELECT meeting_id, member_id, true FROM roster_entries WHERE checked_in_at IS NOT NULL",
    "conclusion": "SELECT meeting_id, conclusion FROM minutes WHERE conclusion IS NOT NULL",
    "done": "SELECT id, true FROM meeting_tasks WHERE status = 'done'",
    "note": "SELECT meeting_id, member_id, note FROM roster_entries WHERE note IS NOT NULL",
    "opened": "SELECT announcement_id, member_id, true FROM announcement_receipts",
    "read": "SELECT notification_id, member_id, true FROM inbox_entries WHERE read_at IS NOT NULL",
    "reply": "SELECT meeting_id, member_id, reply FROM meeting_replies",
    "support": "SELECT comment_id, member_id, true FROM comment_supports",
}
"""What stands of each state, name first and word last."""

_OF_COMMENTS = frozenset({"answer", "support"})
_BY_THE_WAY = frozenset({"opened", "read"})
"""Other writes leave these behind too: who acknowledges has opened, who marks one as read has read all older ones."""

_BALLOTS = """
SELECT poll_id FROM (SELECT poll_id, count(*) AS cast_count FROM ballots GROUP BY poll_id) AS b
FULL JOIN (SELECT poll_id, count(*) AS voter_count FROM participations GROUP BY poll_id) AS p USING (poll_id)
WHERE cast_count IS DISTINCT FROM voter_count
"""

Name = tuple[str, ...]
"""Of a row (table and id), or of a state."""
Fact = tuple[str, str, str]
"""Code, subject, actor."""


class Ledger:
    """What the phones were finally told.

    A write without a key that is refused after an attempt whose answer was lost may have come too late the second time
    only: it may stand or not, but not twice. A phone sees in its store which it is.
    """

    def __init__(self) -> None:
        self.accepted_kinds: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self.doubts = 0
        self._facts: Counter[Fact] = Counter()
        self._doubtful_facts: Counter[Fact] = Counter()
        self._codes: set[str] = set()
        self._versions: dict[Name, int] = {}
        self._words: dict[Name, object] = {}
        """The last word on each row and state; False where there is none of it any more."""
        self._doubtful_words: dict[Name, list[object]] = {}

    def accepted(self, member_id: str, write: Write) -> None:
        self.accepted_kinds[write.kind] += 1
        is_doubtful, is_news = False, True
        for name, word in _said(write):
            is_doubtful = is_doubtful or self._doubtful_words.pop(name, None) is not None
            is_news = self._words.get(name, False) != word
            # A ballot is cast once; of everything else the last word counts.
            is_first = name[0] != "ballot" or name not in self._words
            if is_first and (write.stands_as is None or write.stands_as >= self._versions.get(name, 0)):
                self._words[name] = word
                self._versions[name] = write.stands_as or 0
        if write.code is not None:
            self._note_fact(member_id, write, is_doubtful=is_doubtful, is_news=is_news)

    def refused(self, member_id: str, write: Write, answer: Answer) -> None:
        self.refusals[f"{write.kind}: {answer.status} {answer.code}"] += 1
        if not write.was_lost or write.key is not None:
            return
        self.doubts += 1
        for name, word in _said(write):
            self._doubtful_words.setdefault(name, []).append(word)
        if write.code is not None:
            self._note_fact(member_id, write, is_doubtful=True)

    def _note_fact(self, member_id: str, write: Write, *, is_doubtful: bool, is_news: bool = True) -> None:
        assert write.code is not None
        self._codes.add(write.code)
        fact = (write.code, write.subject or write.row_id, member_id)
        if is_doubtful:
            self._doubtful_facts[fact] += 1
        elif is_news:
            self._facts[fact] += 1

    def verdicts(self, url: str) -> Iterator[tuple[str, str]]:
        """Yield what differs: `lost` or `doubled`, and a line that says which effect."""
        queries = {table: f"SELECT id, {words} FROM {table}" for table, words in WORDS.items()}
        for kind, query in (queries | STATES).items():
            stored: dict[Name, object] = {(kind, *map(str, row[:-1])): row[-1] for row in sql(url, query)}
            yield from self._compare(kind, stored)
        yield from self._compare_facts(url)
        yield from (("doubled", f"ballots of poll {poll}") for (poll,) in sql(url, _BALLOTS))

    def _compare(self, kind: str, stored: dict[Name, object]) -> Iterator[tuple[str, str]]:
        meant = {name: word for name, word in self._words.items() if name[0] == kind}
        for name in meant.keys() | stored.keys():
            there, word = stored.get(name, False), meant.get(name, False)
            if there == word or there in self._doubtful_words.get(name, []):
                continue
            if kind in _OF_COMMENTS and not self._words.get(("resolution_comments", name[1]), False):
                continue  # they went with their comment
            if kind in _BY_THE_WAY and word is False:
                continue
            yield "lost" if there is False else "doubled", f"{name}: {word!r} was the last word, {there!r} stands"

    def _compare_facts(self, url: str) -> Iterator[tuple[str, str]]:
        query = (
            "SELECT code, subject_id, actor_member_id, count(*) FROM events"
            " WHERE code = ANY(%s) AND actor_member_id IS NOT NULL GROUP BY code, subject_id, actor_member_id"
        )
        rows = sql(url, query, sorted(self._codes))
        facts = Counter({(code, str(subject), str(actor)): count for code, subject, actor, count in rows})
        for fact in facts.keys() | self._facts.keys():
            there, least = facts[fact], self._facts[fact]
            most = least + self._doubtful_facts[fact]
            if not least <= there <= most:
                yield "lost" if there < least else "doubled", f"{fact}: recorded {there} times instead of {least}"


def _said(write: Write) -> Iterator[tuple[Name, object]]:
    if write.state is not None:
        yield write.state
    if write.table is not None:
        yield (write.table, write.row_id), False if write.method == "DELETE" else write.words
