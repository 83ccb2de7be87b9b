"""All the words that may turn up in any answer to somebody, whatever they ask."""

from collections.abc import Iterable

from tests.isolation.model import CAME, LEADERS, Model
from tests.isolation.state import Meeting, Organisation, Person, Poll, Resolution, RosterLine


class Knowledge:
    """What people may read, by a model of one moment; found once for each."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.state = model.state
        self._known: dict[Person, frozenset[str]] = {}

    def of(self, person: Person) -> frozenset[str]:
        """Return the words, and the numbers, that somebody may read anywhere."""
        if person not in self._known:
            own = {person.name, person.device, person.phone, person.citizen_id, person.card}
            parts = (
                self._own_life,
                self._own_papers,
                self._tree,
                self._people,
                self._life,
                self._votes,
                self._papers,
                self._records,
                self._care,
                self._courses,
            )
            self._known[person] = frozenset(own.union(*(part(person) for part in parts)) - {""})
        return self._known[person]

    def _own_life(self, person: Person) -> Iterable[str]:
        """All that is kept about somebody is theirs to read, where they have moved on too (README, privacy)."""
        yield from (one.organisation.name for one in person.standings)
        yield from (one.organisation.name for one in person.posts)
        yield from (one.organisation.name for one in self.state.notices if person in one.inboxes)
        for candidacy in self.state.candidacies:
            if candidacy.candidate is person:
                yield from (candidacy.certificate, candidacy.note, candidacy.dropped or "")
        for meeting in self.state.meetings:
            if person in meeting.replies:
                yield from (meeting.title, meeting.replies[person])
            if person in meeting.roster:
                yield from (meeting.title, meeting.roster[person].note)
            for remark in meeting.remarks:
                if remark.author is person:
                    yield from (remark.body, remark.answer or "")

    def _own_papers(self, person: Person) -> Iterable[str]:
        yield from (one.question for one in self.state.polls if person in one.electors)
        for comment in self.state.comments:
            if comment.author is person:
                # Of the version that was commented on: how the draft went on is not told.
                yield from (comment.resolution.texts[comment.version - 1].title, comment.body, comment.answer or "")
        yield from (one.title for one in self.state.announcements if person in one.acknowledged)
        for document in self.state.documents:
            if document.uploader is person:
                yield from (document.title, document.file_name)

    def _tree(self, person: Person) -> Iterable[str]:
        model = self.model
        for place in self.state.organisations:
            if model.sees_organisation(person, place):
                yield from (*place.names, *(one.name for one in place.linked))
                if model.reads_posts(person, place):
                    lasting = (post for post in self.state.posts if post.ends_on is None or post.ends_on >= model.today)
                    yield from (post.holder.name for post in lasting if post.organisation is place)
            if model.organises(person, place):
                yield from (one.name for kind in ("regular", "committee") for one in model.convened(place, kind))
                yield from (one.name for where, one in self.state.doers if where is place)
                yield from self._said_to_everyone(place)
            if model.succeeds(person, LEADERS, place):
                yield from (one.name for where, one in self.state.recorders if where is place)

    def _said_to_everyone(self, place: Organisation) -> Iterable[str]:
        """What a member has not read, whoever cares for them is told by name: of a branch that is not their own too."""
        for one in self.state.announcements:
            if self.model.is_current(one) and one.audience.part == "everyone" and one.organisation in place.line:
                yield one.title

    def _people(self, person: Person) -> Iterable[str]:
        for member in self.state.people:
            if self.model.knows_name(person, member):
                yield from (member.name, member.organisation.name)
                if self.model.keeps_records(person, member.organisation):
                    yield member.card
        yield from (away.place for away in self.state.aways if self.model.knows_away(person, away))

    def _life(self, person: Person) -> Iterable[str]:
        for meeting in self.state.meetings:
            if self.model.sees_meeting(person, meeting):
                yield from self._meeting(person, meeting)
                yield from self._minutes(person, meeting)
        for task in self.state.tasks:
            if self.model.sees_task(person, task):
                yield from (task.title, task.detail, task.note or "", task.assignee.name)

    def _meeting(self, person: Person, meeting: Meeting) -> Iterable[str]:
        organises = self.model.organises(person, meeting.organisation)
        yield from (meeting.title, meeting.place, meeting.agenda, meeting.reason or "")
        yield meeting.replies.get(person, "")
        if organises:
            yield from meeting.replies.values()
            yield from (one.note for one in meeting.roster.values())
            yield from (member.name for member in meeting.roster)
        if organises or self.model.is_called(person, meeting):
            yield from (guest.name for guest in meeting.guests)

    def _minutes(self, person: Person, meeting: Meeting) -> Iterable[str]:
        """Minutes write themselves: of agenda, roll, guests, tasks, votes and what was adopted.

        Their head counts say by name who was absent (domain.md 16), to whoever reads them: once published they are a
        paper, and officers above read that (reliability-security.md 14). Of who was there it says how many; only who
        is no member of the branch is named among its guests (domain.md 7).
        """
        if self.model.reads_minutes(person, meeting):
            yield from _head(meeting.organisation)
            yield from (guest.name for guest in meeting.guests)
            yield from (person.name for person in (meeting.chair, meeting.minute_taker) if person)
            yield from (member.name for member, line in meeting.roster.items() if _is_named(line))
            if meeting.minutes:
                yield from (meeting.minutes.section, meeting.minutes.conclusion, meeting.minutes.paper or "")
                yield meeting.minutes.approver.name if meeting.minutes.approver else ""
            yield from self._tasks_on_paper(meeting)
            drafts = [one for one in self.state.resolutions if one.meeting is meeting]
            own = [one for one in drafts if one.organisation is meeting.organisation]
            yield from (one.texts[-1].title for one in own if one.status == "adopted")
            yield from self._results({meeting, *drafts}, meeting.organisation)
        if self.model.reads_remarks(person, meeting):
            for remark in meeting.remarks:
                yield from (remark.body, remark.answer or "", remark.author.name)

    def _tasks_on_paper(self, meeting: Meeting | None) -> Iterable[str]:
        for task in self.state.tasks:
            if task.meeting is meeting:
                yield from (task.title, task.assignee.name)

    def _results(self, subjects: set[Meeting | Resolution], place: Organisation) -> Iterable[str]:
        """After a merger what was voted on may be another's; the vote is theirs who voted."""
        closed = (one for one in self.state.polls if one.subject in subjects and one.status == "closed")
        return (one.question for one in closed if one.organisation is place)

    def _votes(self, person: Person) -> Iterable[str]:
        for poll in self.state.polls:
            yield from self._poll(person, poll)
        for resolution in self.state.resolutions:
            if self.model.sees_resolution(person, resolution):
                yield from self._resolution(person, resolution)

    def _poll(self, person: Person, poll: Poll) -> Iterable[str]:
        if self.model.sees_poll(person, poll):
            yield poll.question
        if self.model.lists_votes(person, poll) and poll.secrecy == "open" and poll.status == "closed":
            yield from (voter.name for voter in poll.voters)

    def _resolution(self, person: Person, resolution: Resolution) -> Iterable[str]:
        yield from (resolution.texts[-1].title, resolution.texts[-1].paragraph, resolution.reason or "")
        if resolution.status == "adopted":  # on paper
            yield from _head(resolution.organisation)
            held = (post for post in self.state.posts if post.organisation is resolution.organisation)
            yield from (post.holder.name for post in held if post.kind == "secretary")
            meeting = resolution.meeting
            if meeting and meeting.kind != "committee" and meeting.organisation is resolution.organisation:
                yield from self._tasks_on_paper(meeting)
            yield from self._results({resolution}, resolution.organisation)
        if self.model.reads_history(person, resolution):
            for text in resolution.texts:
                yield from (text.title, text.paragraph)
            for comment in resolution.comments:
                yield from (comment.body, comment.answer or "", comment.author.name)

    def _papers(self, person: Person) -> Iterable[str]:
        model = self.model
        for announcement in self.state.announcements:
            if model.sees_announcement(person, announcement):
                yield from (announcement.title, announcement.body)
                if model.organises(person, announcement.organisation):
                    yield from (one.name for one in self.state.people if model.is_addressed(one, announcement))
        for document in self.state.documents:
            if model.reads_document(person, document):
                yield from (document.title, document.folder, document.file_name, document.content)
        for entry in self.state.entries:
            if model.sees_entry(person, entry):
                yield from (entry.title, entry.body, entry.reason or "", entry.member.name)
        yield from (notice.title for notice in self.state.notices if model.has_notice(person, notice))

    def _records(self, person: Person) -> Iterable[str]:
        model = self.model
        for correction in self.state.corrections:
            if model.sees_correction(person, correction):
                yield from (correction.value, correction.reason, correction.answer or "", correction.member.name)
        for decision in self.state.decisions:
            if model.sees_decision(person, decision):
                yield from (decision.reason, decision.number, decision.mistake or "", decision.member.name)

    def _care(self, person: Person) -> Iterable[str]:
        model = self.model
        for contact in self.state.contacts:
            if contact.member is person or model.cares(person, contact.member):
                yield from (contact.name, contact.relation, contact.phone, contact.note)
        for plan in self.state.plans:
            if model.sees_plan(person, plan):
                yield from (plan.name, plan.reason, *(one.name for one in plan.holders))
        for place in self.state.branches:
            if model.rates(person, place):
                yield from (one.name for one in self.state.people if model.is_rated(one, place))

    def _courses(self, person: Person) -> Iterable[str]:
        model = self.model
        for transfer in self.state.transfers:
            if model.sees_transfer(person, transfer):
                yield from (transfer.member.name, transfer.organisation.name, transfer.receiver.name)
                yield from (transfer.letter, transfer.to_place or "", transfer.reason or "")
        for candidacy in self.state.candidacies:
            # It stays in the pool of the branch that entered it.
            if model.sees_candidacy(person, candidacy) or model.keeps_records(person, candidacy.organisation):
                yield from (candidacy.candidate.name, *(one.name for one in candidacy.mentors))
                yield from (candidacy.certificate, candidacy.note, candidacy.dropped or "")


def _is_named(line: RosterLine) -> bool:
    return line.is_visiting == (line.attendance in CAME)


def _head(place: Organisation) -> Iterable[str]:
    """Return whose paper it is, whose it stood below, and the commune that it was written in, as they were called then.

    The day is not asked: of another day's names it only says that they are no secret of somebody else.
    """
    directly = {one for one in (place.parent, *place.former_parents) if one}
    communes = {one for one in {place, *place.ever_above} if one.kind == "commune"}
    return (name for one in {place, *directly, *communes} for name in one.names)
