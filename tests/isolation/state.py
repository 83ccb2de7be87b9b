"""What there is, as plain Python: the tree, its people with their dates, and all they have written.

Every text is a word of its own, made once: wherever one turns up in an answer, it says whose it is.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

LETTERS = "bcdghjkmnpqrstvwxz"
"""None that a typesetter joins with another."""
WORD = re.compile(r"kq[bcdghjkmnpqrstvwxz]{9}")
NUMBER = re.compile(r"\+84\d{9}|0\d{11}")


class Words:
    """Makes the words, each once."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self.owners: dict[str, str] = {}

    def make(self, owner: str) -> str:
        """Return a new word; `owner` is what a report calls it."""
        while True:
            word = "kq" + "".join(self._dice.choices(LETTERS, k=9))
            if word not in self.owners:
                self.owners[word] = owner
                return word


@dataclass(eq=False, kw_only=True)
class Span:
    """From a day to a day, both included."""

    starts_on: date
    ends_on: date | None = None

    def holds(self, day: date) -> bool:
        return self.starts_on <= day and (self.ends_on is None or self.ends_on >= day)


@dataclass(eq=False, kw_only=True)
class Thing:
    """Something with an id, at home in an organisation."""

    id: UUID
    organisation: "Organisation"


@dataclass(eq=False, kw_only=True)
class Organisation:
    """`parent` is what it was founded or hung below; one that was merged stands below its `successor` from then on."""

    id: UUID
    kind: str
    name: str
    parent: "Organisation | None"
    begun_on: date
    successor: "Organisation | None" = None
    last_day: date | None = None
    ended_above: "list[Organisation]" = field(default_factory=list)
    """What ended while this one stood below it, whose papers its people still read."""
    former_names: list[str] = field(default_factory=list)
    former_parents: "list[Organisation]" = field(default_factory=list)
    linked: "list[Organisation]" = field(default_factory=list)
    """What it was merged into or founded from, and the other way round: its history names them."""

    @property
    def above(self) -> "Organisation | None":
        return self.successor or self.parent

    @property
    def line(self) -> tuple["Organisation", ...]:
        """From the root to itself."""
        return (*(self.above.line if self.above else ()), self)

    @property
    def line_of_its_time(self) -> tuple["Organisation", ...]:
        """What ended stood where it was founded or hung, not below who came after it."""
        return (*(self.parent.line if self.parent else ()), self)

    @property
    def ever_above(self) -> "set[Organisation]":
        """All that it stood below at any time."""
        direct = {one for one in (self.parent, *self.former_parents) if one}
        return direct.union(*(one.ever_above for one in direct))

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, *self.former_names)

    @property
    def organisation(self) -> "Organisation":
        return self


@dataclass(eq=False, kw_only=True)
class Standing(Span):
    id: UUID
    kind: str
    organisation: Organisation


@dataclass(eq=False, kw_only=True)
class Post(Span, Thing):
    kind: str
    holder: "Person"


@dataclass(eq=False, kw_only=True)
class Away(Span):
    id: UUID
    place: str
    member: "Person"

    @property
    def organisation(self) -> Organisation:
        return self.member.organisation


@dataclass(eq=False, kw_only=True)
class Person(Thing):
    """`organisation` is the home branch today."""

    name: str
    card: str
    phone: str
    citizen_id: str
    account: UUID
    session: UUID
    installation: UUID
    device: str
    calendar: str
    identity: UUID
    standings: list[Standing] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    aways: list[Away] = field(default_factory=list)
    is_signed_in: bool = True


@dataclass(eq=False, kw_only=True)
class Minutes:
    status: str
    section: str
    conclusion: str
    approver: Person | None
    paper: str | None


@dataclass(eq=False, kw_only=True)
class Remark(Thing):
    author: Person
    body: str
    answer: str | None
    meeting: "Meeting"


@dataclass(eq=False, kw_only=True)
class RosterLine:
    """`is_visiting`: a temporary guest of the branch, who is in no headcount of it."""

    attendance: str | None
    is_visiting: bool
    note: str


@dataclass(eq=False, kw_only=True)
class Guest(Thing):
    name: str
    meeting: "Meeting"


@dataclass(eq=False, kw_only=True)
class Meeting(Thing):
    kind: str
    status: str
    title: str
    place: str
    agenda: str
    reason: str | None
    starts_at: datetime
    chair: Person | None = None
    minute_taker: Person | None = None
    roster: dict[Person, RosterLine] = field(default_factory=dict)
    replies: dict[Person, str] = field(default_factory=dict)
    guests: list[Guest] = field(default_factory=list)
    minutes: Minutes | None = None
    remarks: list[Remark] = field(default_factory=list)


@dataclass(eq=False, kw_only=True)
class Task(Thing):
    meeting: Meeting
    title: str
    detail: str
    note: str | None
    assignee: Person
    status: str


@dataclass(eq=False, kw_only=True)
class Poll(Thing):
    subject: "Meeting | Resolution"
    question: str
    secrecy: str
    status: str
    for_committee: bool
    electors: list[Person] = field(default_factory=list)
    voters: list[Person] = field(default_factory=list)


@dataclass(eq=False, kw_only=True)
class Text:
    """A version of a resolution with its one paragraph."""

    title: str
    paragraph: str


@dataclass(eq=False, kw_only=True)
class Comment(Thing):
    resolution: "Resolution"
    version: int
    author: Person
    body: str
    answer: str | None


@dataclass(eq=False, kw_only=True)
class Resolution(Thing):
    paragraph_id: UUID
    status: str
    comments_until: datetime
    texts: list[Text]
    meeting: Meeting | None
    reason: str | None
    comments: list[Comment] = field(default_factory=list)


@dataclass(eq=False, kw_only=True)
class Document(Thing):
    uploader: Person
    visibility: str
    title: str
    folder: str
    file_name: str
    content: str
    keepers: list[Person] = field(default_factory=list)
    """Who has a bookmark on it."""


@dataclass(frozen=True, kw_only=True)
class Audience:
    organisation: Organisation
    part: str
    post_kinds: tuple[str, ...] = ()


@dataclass(eq=False, kw_only=True)
class Announcement(Thing):
    status: str
    title: str
    body: str
    audience: Audience
    expires_at: datetime | None
    documents: list[Document]
    acknowledged: list[Person] = field(default_factory=list)


@dataclass(eq=False, kw_only=True)
class Entry(Thing):
    member: Person
    status: str
    title: str
    body: str
    reason: str | None


@dataclass(eq=False, kw_only=True)
class Correction:
    """What a member wants their record to say."""

    id: UUID
    member: Person
    field: str
    value: str
    reason: str
    answer: str | None
    status: str

    @property
    def organisation(self) -> Organisation:
        return self.member.organisation


@dataclass(eq=False, kw_only=True)
class Decision:
    """An exemption of a member; `mistake` says why it was revoked."""

    id: UUID
    member: Person
    made_in: Organisation
    reason: str
    number: str
    mistake: str | None

    @property
    def organisation(self) -> Organisation:
        return self.member.organisation


@dataclass(eq=False, kw_only=True)
class Transfer(Thing):
    """From `organisation` to another, or to a place in words."""

    member: Person
    kind: str
    status: str
    to: Organisation | None
    to_place: str | None
    letter: str
    reason: str | None

    @property
    def receiver(self) -> Organisation:
        """Who confirms the arrival: the old branch where no other is in the system."""
        return self.to or self.organisation


@dataclass(eq=False, kw_only=True)
class Candidacy(Thing):
    """`organisation` is the branch that entered it."""

    candidate: Person
    mentors: list[Person]
    certificate: str
    note: str
    dropped: str | None


@dataclass(eq=False, kw_only=True)
class Plan(Thing):
    """To rename an organisation on a day to come; or one carried out, of all that it `involved`."""

    name: str
    reason: str
    involved: list[Organisation] = field(default_factory=list)
    holders: list[Person] = field(default_factory=list)
    """Whose posts it ended."""


@dataclass(eq=False, kw_only=True)
class Contact:
    """Whom the branch asks when it cannot reach a member."""

    member: Person
    name: str
    relation: str
    phone: str
    note: str


@dataclass(eq=False, kw_only=True)
class Notice(Thing):
    """In the inboxes of some, or broad: then it has an audience, as of a day."""

    title: str
    inboxes: list[Person]
    audience: Audience | None
    addressed_on: date
    is_withdrawn: bool


@dataclass(eq=False)
class State:
    """All of it."""

    words: Words
    organisations: list[Organisation] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    meetings: list[Meeting] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    polls: list[Poll] = field(default_factory=list)
    resolutions: list[Resolution] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    announcements: list[Announcement] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    corrections: list[Correction] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    transfers: list[Transfer] = field(default_factory=list)
    candidacies: list[Candidacy] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    doers: set[tuple[Organisation, Person]] = field(default_factory=set)
    """Who did something that an organisation's log tells of."""
    recorders: set[tuple[Organisation, Person]] = field(default_factory=set)
    """The same, of what only those know who keep the records."""
    gone: list[tuple[str, UUID]] = field(default_factory=list)
    """Type and id of what was deleted."""
    handed_over: set[tuple[UUID, UUID]] = field(default_factory=set)
    """A former branch with the id of what its successor goes on with, or a branch with a time away of who left it.

    Phones were told that it is in that scope no more.
    """

    @property
    def branches(self) -> list[Organisation]:
        """Those that last."""
        return [one for one in self.organisations if one.kind == "branch" and one.last_day is None]

    @property
    def posts(self) -> Iterator[Post]:
        return (post for person in self.people for post in person.posts)

    @property
    def aways(self) -> Iterator[Away]:
        return (away for person in self.people for away in person.aways)

    @property
    def comments(self) -> Iterator[Comment]:
        return (comment for resolution in self.resolutions for comment in resolution.comments)

    @property
    def remarks(self) -> Iterator[Remark]:
        return (remark for meeting in self.meetings for remark in meeting.remarks)
