"""A country thought up by dice: a tree, people whose standings and posts begin and end, and what they have written."""

import random
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from tests.isolation.model import BEGUN, COMMITTEE, Model
from tests.isolation.state import (
    Announcement,
    Audience,
    Away,
    Candidacy,
    Comment,
    Contact,
    Correction,
    Decision,
    Document,
    Entry,
    Guest,
    Meeting,
    Minutes,
    Notice,
    Organisation,
    Person,
    Plan,
    Poll,
    Post,
    Remark,
    Resolution,
    RosterLine,
    Standing,
    State,
    Task,
    Text,
    Transfer,
    Words,
)

LONG_AGO = date(2020, 1, 1)
FINALS = ("transferred", "resigned", "removed", "expelled", "deceased")
EXTRAS = ("exempt", "temporarily_exempt", "suspended", "transferring", "temporary_away")
MEETINGS = ("draft", "announced", "postponed", "cancelled", "in_session", "ended", "minutes_approved", "published")
ATTENDANCES = ("present", "present_online", "late", "excused", "unexcused", None)
RESOLUTIONS = ("draft", "open", "closed", "adopted", "rejected")
ANNOUNCEMENTS = ("draft", "published", "published", "published", "withdrawn")


class Invention:
    """Makes a state; the same dice make the same."""

    def __init__(self, dice: random.Random, now: datetime, today: date) -> None:
        self.dice = dice
        self.now = now
        self.today = today
        self.state = State(Words(dice))
        self._phones = iter(dice.sample(range(10**7), 5_000))

    def id(self) -> UUID:
        return UUID(int=self.dice.getrandbits(128), version=4)

    def word(self, owner: str) -> str:
        return self.state.words.make(owner)

    def is_so(self, share: float) -> bool:
        return self.dice.random() < share

    def span(self) -> dict[str, Any]:
        """Any: days of a span that mostly holds today; else it is over, or has not begun."""
        day, fate = self.today, self.dice.random()
        if fate < 0.7:
            ends_on = self.dice.choice((None, None, day, day + timedelta(days=self.dice.randint(1, 40))))
            return {"starts_on": day - timedelta(days=self.dice.randint(0, 400)), "ends_on": ends_on}
        if fate < 0.85:
            ends_on = day - timedelta(days=self.dice.randint(1, 60))
            return {"starts_on": ends_on - timedelta(days=300), "ends_on": ends_on}
        return {"starts_on": day + timedelta(days=self.dice.randint(1, 20)), "ends_on": None}

    def run(self) -> State:
        self._grow_tree()
        for branch in self.state.branches:
            self._people_of(branch)
        self._give_posts()
        self._move_people()
        for place in self.state.organisations:
            self._papers_of(place)
            self._announcements_of(place)
            self.state.plans.append(
                Plan(
                    id=self.id(),
                    organisation=place,
                    name=self.word("name that an organisation shall have"),
                    reason=self.word("reason of a renaming"),
                    involved=[place],
                )
            )
            if place.kind in {"branch", "grassroots"}:
                self._life_of(place)
        self._notices()
        return self.state

    # The tree: depth is data (domain.md 1).

    def _grow_tree(self) -> None:
        for _ in range(2):
            province = self._organisation("province", None)
            for _ in range(2):
                commune = self._organisation("commune", province)
                for _ in range(self.dice.randint(1, 3)):
                    self._organisation("branch", commune)
                if self.is_so(0.7):
                    grassroots = self._organisation("grassroots", commune)
                    middle = self._organisation("committee", grassroots) if self.is_so(0.4) else grassroots
                    for _ in range(self.dice.randint(1, 2)):
                        branch = self._organisation("branch", middle)
                        if self.is_so(0.3):
                            self._organisation("group", branch)

    def _organisation(self, kind: str, above: Organisation | None) -> Organisation:
        made = Organisation(
            id=self.id(), kind=kind, name=self.word(f"name of a {kind}"), parent=above, begun_on=LONG_AGO
        )
        self.state.organisations.append(made)
        return made

    # People.

    def _people_of(self, branch: Organisation) -> None:
        for _ in range(self.dice.randint(6, 9)):
            self._person(branch)
        self._candidate(branch)

    def _candidate(self, branch: Organisation) -> None:
        """Somebody on the way to membership, who signs in nowhere."""
        dropped = self.dice.choice((None, self.word("why a candidate was dropped")))
        candidacy = Candidacy(
            id=self.id(),
            organisation=branch,
            mentors=self.dice.sample([one for one in self.state.people if one.organisation is branch], 2),
            candidate=self._person(branch, "candidate"),
            certificate=self.word("certificate of a candidate"),
            note=self.word("note on a step of a dossier"),
            dropped=dropped,
        )
        if dropped:  # on the day they were entered
            candidacy.candidate.standings.clear()
        self.state.candidacies.append(candidacy)

    def _person(self, home: Organisation, kind: str | None = None) -> Person:
        number = next(self._phones)
        made = Person(
            id=self.id(),
            organisation=home,
            name=self.word("name of a member"),
            card=self.word("card of a member"),
            phone=f"+8490{number:07d}",
            citizen_id=f"03{number:010d}",
            account=self.id(),
            session=self.id(),
            installation=self.id(),
            device=self.word("name of a device"),
            calendar=f"{self.id().hex}{self.id().hex}",
            identity=self.id(),
        )
        self.state.people.append(made)
        for number_of, shown in (("telephone", made.phone), ("citizen id", made.citizen_id)):
            self.state.words.owners[shown] = f"{number_of} of a member"
        if kind == "candidate":
            self.stands(made, kind, home, starts_on=LONG_AGO)
            made.is_signed_in = False
            return made
        self.stands(made, "official" if self.is_so(0.85) else "probationary", home, starts_on=LONG_AGO)
        if self.is_so(0.3):
            self.stands(made, self.dice.choice(EXTRAS), home, **self.span())
        if self.is_so(0.1):
            self.stands(made, self.dice.choice(FINALS), home, **self.span())
        if self.is_so(0.3):
            made.aways.append(Away(id=self.id(), place=self.word("place away"), member=made, **self.span()))
        return made

    def stands(self, person: Person, kind: str, place: Organisation, **span: Any) -> None:  # Any: days of a span
        person.standings.append(Standing(id=self.id(), kind=kind, organisation=place, **span))

    def _give_posts(self) -> None:
        for place in self.state.organisations:
            below = [one for one in self.state.people if one.is_signed_in and place in one.organisation.line]
            if not below:
                continue
            if place.kind in {"branch", "grassroots", "committee"}:
                self.gives_post("secretary", place, self.dice.choice(below), starts_on=LONG_AGO)
                self.gives_post("minute_taker", place, self.dice.choice(below), starts_on=LONG_AGO)
                kinds = ("deputy_secretary", "committee_member", "committee_member")
            else:
                self.gives_post("committee_officer", place, self.dice.choice(below), starts_on=LONG_AGO)
                self.gives_post("administrator", place, self.dice.choice(below), starts_on=LONG_AGO)
                kinds = ("secretary", "committee_officer", "auditor")
            for kind in kinds:
                anybody = [one for one in self.state.people if one.is_signed_in] if self.is_so(0.2) else below
                self.gives_post(kind, place, self.dice.choice(anybody), **self.span())

    def gives_post(self, kind: str, place: Organisation, holder: Person, **span: Any) -> None:  # Any: days of a span
        holder.posts.append(Post(id=self.id(), kind=kind, organisation=place, holder=holder, **span))

    def _move_people(self) -> None:
        """Some have come from another branch, some stay with one for the time being."""
        for person in self.state.people:
            if self.is_so(0.12):
                self.moves(person, self._elsewhere(person), self.today - timedelta(days=self.dice.randint(0, 90)))
            if self.is_so(0.2):
                self.stands(person, "temporary_guest", self._elsewhere(person), **self.span())

    def _elsewhere(self, person: Person) -> Organisation:
        return self.dice.choice([one for one in self.state.branches if one is not person.organisation])

    def moves(self, person: Person, branch: Organisation, day: date) -> list[Standing]:
        """A transfer for good (domain.md 8): the standings at the old branch end, and begin at the new one."""
        old = person.organisation
        for one in person.standings:
            if one.organisation is old and one.kind not in FINALS and one.holds(day):
                one.ends_on = day
        before = len(person.standings)
        self.stands(person, "transferred", old, starts_on=day)
        self.stands(person, "official", branch, starts_on=day)
        person.organisation = branch
        return person.standings[before:]

    # What an organisation has.

    def _somebody(self, place: Organisation) -> Person:
        near = [one for one in self.state.people if one.organisation is place]
        return self.dice.choice(near or self.state.people)

    def _papers_of(self, place: Organisation) -> None:
        for visibility in ("organisation", "organisation", "committee", "owner"):
            if visibility == "owner" and place.kind != "branch":
                continue
            self.state.documents.append(
                Document(
                    id=self.id(),
                    organisation=place,
                    uploader=self._somebody(place),
                    visibility=visibility,
                    title=self.word(f"title of a document ({visibility})"),
                    folder=self.word("name of a folder"),
                    file_name=self.word("name of a file"),
                    content=self.word(f"content of a document ({visibility})"),
                    keepers=self.dice.sample(self.state.people, 2),
                )
            )

    def _announcements_of(self, place: Organisation) -> None:
        papers = [one for one in self.state.documents if one.organisation is place]
        for status in self.dice.sample(ANNOUNCEMENTS, 3):
            part = self.dice.choice(("everyone", "everyone", "posts", "away", "probationary"))
            kinds = ("secretary", "deputy_secretary") if part == "posts" else ()
            expires_at = self.dice.choice((None, None, self.now + timedelta(days=self.dice.randint(-9, 30))))
            self.state.announcements.append(
                Announcement(
                    id=self.id(),
                    organisation=place,
                    status=status,
                    title=self.word(f"title of an announcement ({status})"),
                    body=self.word(f"body of an announcement ({status})"),
                    audience=Audience(organisation=place, part=part, post_kinds=kinds),
                    expires_at=expires_at,
                    documents=self.dice.sample(papers, 2),
                    acknowledged=self.dice.sample(self.state.people, 3) if status == "published" else [],
                )
            )

    def _life_of(self, place: Organisation) -> None:
        for status in MEETINGS:
            self._meeting(place, status)
        meetings = [one for one in self.state.meetings if one.organisation is place]
        for status in RESOLUTIONS:
            self._resolution(place, status, self.dice.choice((None, *meetings)))
        for status in ("draft", "open", "closed", "closed"):
            self._poll(place, status, self.dice.choice(meetings))
        self._resolution_poll(place)
        if place.kind == "branch":
            for status in ("submitted", "returned", "confirmed"):
                self._entry(place, status)
            self._courses_of(place)

    def _meeting(self, place: Organisation, status: str) -> None:
        kind = self.dice.choice(("regular", "thematic", "committee"))
        model = Model(self.state, now=self.now, today=self.today)
        people = sorted(model.convened(place, kind), key=lambda one: one.id)
        begun = status in BEGUN
        made = Meeting(
            id=self.id(),
            organisation=place,
            kind=kind,
            status=status,
            title=self.word(f"title of a meeting ({status})"),
            place=self.word(f"place of a meeting ({status})"),
            agenda=self.word(f"agenda of a meeting ({status})"),
            reason=self.word("reason of a cancellation") if status in {"postponed", "cancelled"} else None,
            starts_at=self.now + timedelta(days=self.dice.randint(-50, 0) if begun else self.dice.randint(1, 30)),
            chair=self.dice.choice(people) if begun and people else None,
            minute_taker=self.dice.choice((*people, None)) if begun else None,
        )
        self.state.meetings.append(made)
        if status != "draft":
            for person in people[:3]:
                made.replies[person] = self.word("reason of a reply")
        if begun:
            # Some who were there have left since, or were never of the branch.
            for person in dict.fromkeys((*people, *self.dice.sample(self.state.people, 2))):
                made.roster[person] = RosterLine(
                    attendance=self.dice.choice(ATTENDANCES),
                    is_visiting=place in model.hosts(person) and place is not person.organisation,
                    note=self.word("note on the roll"),
                )
            for _ in range(2):
                name = self.word("name of a guest at a meeting")
                made.guests.append(Guest(id=self.id(), organisation=place, name=name, meeting=made))
            self._tasks_of(made)
        self._minutes_of(made)

    def _tasks_of(self, meeting: Meeting) -> None:
        for status in ("open", "done"):
            self.state.tasks.append(
                Task(
                    id=self.id(),
                    organisation=meeting.organisation,
                    meeting=meeting,
                    title=self.word("title of a task"),
                    detail=self.word("detail of a task"),
                    note=self.word("closing note of a task") if status == "done" else None,
                    assignee=self.dice.choice((*meeting.roster, *self.state.people[:1])),
                    status=status,
                )
            )

    def _minutes_of(self, meeting: Meeting) -> None:
        fate = {"ended": ("draft", "in_review", None), "minutes_approved": ("approved",), "published": ("published",)}
        status = self.dice.choice(fate.get(meeting.status, (None,)))
        if status is None:
            return
        is_frozen = status in {"approved", "published"}
        meeting.minutes = Minutes(
            status=status,
            section=self.word(f"minutes ({status})"),
            conclusion=self.word(f"conclusion of minutes ({status})"),
            approver=next(iter(meeting.roster)) if is_frozen else None,
            paper=self.word(f"paper of minutes ({status})") if is_frozen else None,
        )
        for person in list(meeting.roster)[:2]:
            meeting.remarks.append(
                Remark(
                    id=self.id(),
                    organisation=meeting.organisation,
                    author=person,
                    body=self.word("remark on minutes"),
                    answer=self.word("answer to a remark"),
                    meeting=meeting,
                )
            )

    def _resolution(self, place: Organisation, status: str, meeting: Meeting | None) -> None:
        texts = [
            Text(
                title=self.word(f"title of a resolution ({status})"),
                paragraph=self.word(f"paragraph of a resolution ({status})"),
            )
            for _ in range(self.dice.randint(1, 3))
        ]
        made = Resolution(
            id=self.id(),
            organisation=place,
            paragraph_id=self.id(),
            status=status,
            comments_until=self.now + timedelta(days=self.dice.randint(-3, 20)),
            texts=texts,
            meeting=meeting,
            reason=self.word("reason of a rejection") if status == "rejected" else None,
        )
        self.state.resolutions.append(made)
        if status != "draft":
            for answered in (True, False):
                author = self._somebody(place) if self.is_so(0.8) else self.dice.choice(self.state.people)
                made.comments.append(
                    Comment(
                        id=self.id(),
                        organisation=place,
                        resolution=made,
                        version=self.dice.randint(1, len(texts)),
                        author=author,
                        body=self.word("comment"),
                        answer=self.word("answer to a comment") if answered else None,
                    )
                )

    def _poll(self, place: Organisation, status: str, subject: Meeting | Resolution) -> Poll:
        made = Poll(
            id=self.id(),
            organisation=place,
            subject=subject,
            question=self.word(f"question of a poll ({status})"),
            secrecy=self.dice.choice(("open", "secret")),
            status=status,
            for_committee=status != "draft" and isinstance(subject, Meeting) and subject.kind == "committee",
        )
        if status != "draft":
            near = [one for one in self.state.people if one.organisation is place][:5]
            if made.for_committee:
                model = Model(self.state, now=self.now, today=self.today)
                near = [one for one in self.state.people if model.holds(one, COMMITTEE, place)]
            made.electors = sorted({*near, *self.dice.sample(self.state.people, 1)}, key=lambda one: one.id)
            made.voters = made.electors[:3]
        self.state.polls.append(made)
        return made

    def _resolution_poll(self, place: Organisation) -> None:
        for resolution in self.state.resolutions:
            if resolution.organisation is place and resolution.status in {"closed", "adopted"}:
                self._poll(place, "closed", resolution)

    def _entry(self, place: Organisation, status: str) -> None:
        self.state.entries.append(
            Entry(
                id=self.id(),
                organisation=place,
                member=self._somebody(place),
                status=status,
                title=self.word(f"title of an entry ({status})"),
                body=self.word(f"body of an entry ({status})"),
                reason=self.word("reason of a return") if status == "returned" else None,
            )
        )

    def _courses_of(self, place: Organisation) -> None:
        """Corrections that members ask for, decisions on their membership, transfers."""
        people = [one for one in self.state.people if one.organisation is place and one.is_signed_in]
        people = people or self.dice.sample(self.state.people, 1)
        for is_rejected in (False, True):
            number = f"+8490{next(self._phones):07d}"
            self.state.words.owners[number] = "telephone that a member asks to have written down"
            self.state.corrections.append(
                Correction(
                    id=self.id(),
                    member=self.dice.choice(people),
                    field="phone" if is_rejected else "full_name",
                    value=number if is_rejected else self.word("name that a member asks for"),
                    reason=self.word("reason of a correction"),
                    answer=self.word("answer to a correction") if is_rejected else None,
                    status="rejected" if is_rejected else "pending",
                )
            )
        for is_revoked in (False, True):
            self.state.decisions.append(
                Decision(
                    id=self.id(),
                    member=self.dice.choice(people),
                    made_in=place,
                    reason=self.word("reason of a decision"),
                    number=self.word("number of a decision"),
                    mistake=self.word("why a decision was a mistake") if is_revoked else None,
                )
            )
        number = f"+8490{next(self._phones):07d}"
        self.state.words.owners[number] = "telephone of somebody to ask about a member"
        free = [one for one in people if one not in {contact.member for contact in self.state.contacts}]
        for member in self.dice.sample(free, min(1, len(free))):
            self.state.contacts.append(
                Contact(
                    member=member,
                    name=self.word("name of somebody to ask about a member"),
                    relation=self.word("relation of somebody to ask about a member"),
                    phone=number,
                    note=self.word("note on whom to ask about a member"),
                )
            )
        moving = {one.member for one in self.state.transfers if one.status == "started"}
        staying = [one for one in people if one not in moving]
        for status in ("started", "accepted", "refused"):
            member = self.dice.choice(people if status != "started" or not staying else staying)
            if status == "started" and member in moving:
                continue
            to = self._elsewhere(member) if self.is_so(0.8) else None
            self.state.transfers.append(
                Transfer(
                    id=self.id(),
                    organisation=place,
                    member=member,
                    kind="temporary" if status == "accepted" else "permanent",
                    status=status,
                    to=to,
                    to_place=self.word("place that a member is transferred to") if to is None else None,
                    letter=self.word("number of a letter"),
                    reason=self.word("reason of a refusal") if status == "refused" else None,
                )
            )

    def _notices(self) -> None:
        for place in self.state.organisations:
            for is_broad in (True, False):
                self.state.notices.append(
                    Notice(
                        id=self.id(),
                        organisation=place,
                        title=self.word("notice to a subtree" if is_broad else "notice in inboxes"),
                        inboxes=self.dice.sample(self.state.people, 1 if is_broad else 4),
                        audience=Audience(organisation=place, part="everyone") if is_broad else None,
                        addressed_on=self.today - timedelta(days=self.dice.randint(0, 60)),
                        is_withdrawn=is_broad and self.is_so(0.2),
                    )
                )
