"""Who may see what, written down anew from the rules (domain.md, api.md 8, reliability-security.md 14, access table).

Nothing of the application's own access code or queries is used here: two readings of the same rules that must agree.
"""

from collections.abc import Collection
from datetime import date, datetime
from zoneinfo import ZoneInfo

from tests.isolation.state import (
    Announcement,
    Audience,
    Away,
    Candidacy,
    Comment,
    Correction,
    Decision,
    Document,
    Entry,
    Meeting,
    Notice,
    Organisation,
    Person,
    Plan,
    Poll,
    Post,
    Remark,
    Resolution,
    Standing,
    State,
    Task,
    Transfer,
)

ORGANISERS = {"secretary", "deputy_secretary", "minute_taker"}
LEADERS = {"secretary", "deputy_secretary"}
OFFICERS = {"secretary", "deputy_secretary", "committee_officer"}
COMMITTEE = {"secretary", "deputy_secretary", "committee_member"}
SEATS = ORGANISERS | OFFICERS | COMMITTEE
MEMBERS = {"official", "probationary"}
PEOPLE = MEMBERS | {"temporary_guest"}
FINAL = {"transferred", "resigned", "removed", "expelled", "deceased"}
BEGUN = {"in_session", "ended", "minutes_approved", "published"}
OVER = BEGUN - {"in_session"}
CAME = {"present", "present_online", "late"}


class Model:
    """What each person may see, at an instant and on its day in Việt Nam."""

    def __init__(self, state: State, *, now: datetime, today: date) -> None:
        self.state = state
        self.now = now
        self.today = today

    # The person.

    def is_active(self, person: Person) -> bool:
        return person.is_signed_in and self.is_member(person)

    def is_member(self, person: Person) -> bool:
        """Who left sees nothing from that day on; a transfer ends the membership of the branch it was from."""
        left = any(
            one.kind in FINAL
            and one.holds(self.today)
            and (one.kind != "transferred" or one.organisation is person.organisation)
            for one in person.standings
        )
        return not left

    def ended(self, person: Person) -> set[Organisation]:
        """What was merged into another while somebody belonged to it: its papers stay theirs to read (domain.md 2)."""
        to_its_end = {
            one.organisation
            for one in person.standings
            if one.kind in MEMBERS and one.organisation.successor and one.ends_on == one.organisation.last_day
        }
        return {
            *person.organisation.ended_above,
            *to_its_end,
            *(above for one in to_its_end for above in one.ended_above),
        }

    def belonged(self, person: Person, place: Organisation) -> bool:
        return place is person.organisation or place in self.ended(person)

    def began_today(self, person: Person) -> datetime:
        """When the day began where somebody is: at home, or in Berlin, where all who are away work."""
        is_away = any(one.holds(self.today) for one in person.aways)
        there = self.now.astimezone(ZoneInfo("Europe/Berlin" if is_away else "Asia/Ho_Chi_Minh"))
        return there.replace(hour=0, minute=0, second=0, microsecond=0)

    def holds(self, person: Person, kinds: Collection[str], place: Organisation) -> bool:
        return any(
            post.kind in kinds and post.organisation is place and post.holds(self.today) for post in person.posts
        )

    def places(self, person: Person, kinds: Collection[str] | None = None) -> set[Organisation]:
        return {
            post.organisation
            for post in person.posts
            if post.holds(self.today) and (kinds is None or post.kind in kinds)
        }

    def holds_above(self, person: Person, kinds: Collection[str], place: Organisation) -> bool:
        return not self.places(person, kinds).isdisjoint(place.line[:-1])

    def holds_over(self, person: Person, kinds: Collection[str], place: Organisation) -> bool:
        return not self.places(person, kinds).isdisjoint(place.line)

    def hosts(self, person: Person) -> set[Organisation]:
        return {one.organisation for one in person.standings if one.kind == "temporary_guest" and one.holds(self.today)}

    def succeeds(self, person: Person, kinds: Collection[str], place: Organisation) -> bool:
        """Held there, or, an organiser's, in what it was merged into: somebody must finish it (domain.md 2)."""
        goes_on = place.successor is not None and self.holds(person, ORGANISERS.intersection(kinds), place.successor)
        return goes_on or self.holds(person, kinds, place)

    def organises(self, person: Person, place: Organisation) -> bool:
        return self.succeeds(person, ORGANISERS, place)

    # The tree and its people.

    def sees_organisation(self, person: Person, place: Organisation) -> bool:
        """Those above one's own branch, and all below one's branch or post."""
        roots = {person.organisation} | self.places(person)
        return place in {*person.organisation.line, *self.ended(person)} or not roots.isdisjoint(place.line)

    def reads_posts(self, person: Person, place: Organisation) -> bool:
        of_the_line = place in person.organisation.line or person.organisation in place.line
        return of_the_line or self.holds_over(person, SEATS | {"administrator"}, place)

    def keeps_records(self, person: Person, place: Organisation) -> bool:
        return self.holds(person, LEADERS, place) or self.holds_over(person, {"administrator"}, place)

    def keeps_roster(self, person: Person, place: Organisation) -> bool:
        """Of a branch who keeps its records, of all below an organisation who administers them."""
        administers = self.holds_over(person, {"administrator"}, place)
        return administers or (place.kind == "branch" and self.keeps_records(person, place))

    def knows_name(self, person: Person, member: Person) -> bool:
        """Of candidates only those know who keep the records (domain.md 10)."""
        home = member.organisation
        if self.is_candidate(member):
            return self.keeps_records(person, home)
        return person is member or self.knows_names(person, home)

    def is_candidate(self, member: Person) -> bool:
        """Who never was a member; a post is given to nobody else, as to the first administrator."""
        return {one.kind for one in member.standings}.isdisjoint(MEMBERS | FINAL) and not member.posts

    def knows_names(self, person: Person, home: Organisation) -> bool:
        return (
            self.belonged(person, home)
            or self.keeps_records(person, home)
            or self.organises(person, home)
            or self.holds_over(person, OFFICERS, home)
        )

    def knows_away(self, person: Person, away: Away) -> bool:
        home = away.organisation
        return person is away.member or self.keeps_records(person, home) or self.organises(person, home)

    def has_left(self, member: Person, place: Organisation) -> bool:
        return any(
            one.kind in FINAL and one.holds(self.today) and (one.kind != "transferred" or one.organisation is place)
            for one in member.standings
        )

    def convened(self, place: Organisation, kind: str = "regular") -> set[Person]:
        """domain.md 5, 7, 18: members and guests, or the committee's seats."""
        if kind == "committee":
            return {person for person in self.state.people if self.holds(person, COMMITTEE, place)}
        return {
            person
            for person in self.state.people
            if any(
                one.organisation is place
                and one.kind in PEOPLE
                and one.holds(self.today)
                and not self.is_overruled(person, one, self.today)
                for one in person.standings
            )
        }

    def is_overruled(self, person: Person, standing: Standing, day: date) -> bool:
        """A final state ends all; a transfer the membership of the branch it was from, where one may be a guest."""
        return any(
            one.kind in FINAL
            and one.holds(day)
            and (
                one.kind != "transferred"
                or (one.organisation is standing.organisation and standing.kind != "temporary_guest")
            )
            for one in person.standings
        )

    def rates(self, person: Person, place: Organisation) -> bool:
        return self.holds(person, LEADERS, place) or self.holds_above(person, OFFICERS, place)

    def is_rated(self, member: Person, place: Organisation) -> bool:
        is_of_it = any(
            one.organisation is place and one.kind in MEMBERS and one.holds(self.today) for one in member.standings
        )
        return is_of_it and not self.has_left(member, place)

    # What becomes of a membership: the member's own, and of those who keep the records.

    def sees_correction(self, person: Person, correction: Correction) -> bool:
        return correction.member is person or self.keeps_records(person, correction.organisation)

    def sees_decision(self, person: Person, decision: Decision) -> bool:
        return decision.member is person or self.keeps_records(person, decision.organisation)

    def sees_transfer(self, person: Person, transfer: Transfer) -> bool:
        return transfer.member is person or self.keeps_a_side(person, transfer)

    def keeps_a_side(self, person: Person, transfer: Transfer) -> bool:
        sides = (transfer.organisation, transfer.receiver)
        return any(self.keeps_records(person, place) for place in sides)

    def sees_candidacy(self, person: Person, candidacy: Candidacy) -> bool:
        """Who keeps the records where the candidate is today; not they themselves."""
        return self.keeps_records(person, candidacy.candidate.organisation)

    # The tree to come, and care for those away.

    def administers(self, person: Person, place: Organisation) -> bool:
        return self.holds_over(person, {"administrator"}, place)

    def sees_plan(self, person: Person, plan: Plan) -> bool:
        """What is planned is nobody's news before its day."""
        return self.administers(person, plan.organisation)

    def cares(self, person: Person, member: Person) -> bool:
        """Nobody above the branch: where somebody is and whom to ask is for its organisers."""
        return self.holds(person, ORGANISERS, member.organisation)

    # Meetings.

    def is_called(self, person: Person, meeting: Meeting) -> bool:
        place = meeting.organisation
        if meeting.kind == "committee":
            return self.holds(person, COMMITTEE, place)
        return self.belonged(person, place) or place in self.hosts(person)

    def answers(self, person: Person, meeting: Meeting) -> bool:
        """To the call: what ended with one's former branch calls nobody any more."""
        return self.is_called(person, meeting) and meeting.organisation not in self.ended(person)

    def sees_meeting(self, person: Person, meeting: Meeting) -> bool:
        """Officers above see when a branch meets; a draft is its organisers' own."""
        if self.organises(person, meeting.organisation):
            return True
        known = self.is_called(person, meeting) or self.holds_above(person, OFFICERS, meeting.organisation)
        return meeting.status != "draft" and known

    def sees_task(self, person: Person, task: Task) -> bool:
        return (
            task.assignee is person or self.organises(person, task.organisation) or self.is_called(person, task.meeting)
        )

    def took_part(self, person: Person, meeting: Meeting) -> bool:
        line = meeting.roster.get(person)
        return line is not None and line.attendance in CAME

    def writes_minutes(self, person: Person, meeting: Meeting) -> bool:
        return self.organises(person, meeting.organisation) or meeting.minute_taker is person

    def works_on_minutes(self, person: Person, meeting: Meeting) -> bool:
        return self.writes_minutes(person, meeting) or meeting.chair is person

    def reads_minutes(self, person: Person, meeting: Meeting) -> bool:
        """Worked on from the end on, read by who took part once sent, by all who know of it once published.

        Before somebody writes in them they are a draft.
        """
        if not self.sees_meeting(person, meeting) or meeting.status not in OVER:
            return False
        status = meeting.minutes.status if meeting.minutes else "draft"
        shown = status == "published" or (status != "draft" and self.took_part(person, meeting))
        return shown or self.works_on_minutes(person, meeting)

    def reads_remarks(self, person: Person, meeting: Meeting) -> bool:
        inside = self.took_part(person, meeting) or self.works_on_minutes(person, meeting)
        return inside and self.reads_minutes(person, meeting)

    # Votes and texts.

    def is_called_to_vote(self, person: Person, poll: Poll) -> bool:
        if poll.for_committee:
            own = self.holds(person, COMMITTEE, poll.organisation)
        else:
            own = self.belonged(person, poll.organisation)
        return own or (poll.status == "open" and person in poll.electors)

    def sees_poll(self, person: Person, poll: Poll) -> bool:
        if self.organises(person, poll.organisation):
            return True
        called = poll.status != "draft" and self.is_called_to_vote(person, poll)
        return called or (poll.status == "closed" and self.holds_above(person, OFFICERS, poll.organisation))

    def lists_votes(self, person: Person, poll: Poll) -> bool:
        inside = self.organises(person, poll.organisation) or self.is_called_to_vote(person, poll)
        return inside and self.sees_poll(person, poll)

    def status_of(self, resolution: Resolution) -> str:
        is_over = resolution.status == "open" and resolution.comments_until <= self.now
        return "closed" if is_over else resolution.status

    def discusses(self, person: Person, place: Organisation) -> bool:
        return (
            self.belonged(person, place)
            or place in self.hosts(person)
            or self.succeeds(person, ORGANISERS | COMMITTEE, place)
        )

    def sees_resolution(self, person: Person, resolution: Resolution) -> bool:
        place = resolution.organisation
        if self.organises(person, place):
            return True
        if self.discusses(person, place):
            return resolution.status != "draft"
        return resolution.status == "adopted" and self.holds_above(person, OFFICERS, place)

    def reads_history(self, person: Person, resolution: Resolution) -> bool:
        """Versions and comments: officers above see what was adopted, not how it came about."""
        return self.sees_resolution(person, resolution) and self.discusses(person, resolution.organisation)

    def sees_comment(self, person: Person, comment: Comment) -> bool:
        return self.reads_history(person, comment.resolution)

    # Announcements, notices, documents, entries.

    def addresses(self, audience: Audience, person: Person, day: date) -> bool:
        """domain.md 22: the people of an organisation and of all below it, or a part of them."""
        belongs = any(
            one.kind in PEOPLE
            and one.holds(day)
            and audience.organisation in one.organisation.line_of_its_time
            and not self.is_overruled(person, one, day)
            for one in person.standings
        )
        if not belongs and audience.organisation not in self.ended(person):
            return False
        if audience.part == "posts":
            return any(
                post.kind in audience.post_kinds
                and post.holds(day)
                and audience.organisation in {*post.organisation.line, *post.organisation.ended_above}
                for post in person.posts
            )
        if audience.part == "away":
            return any(away.holds(day) for away in person.aways)
        if audience.part == "probationary":
            return any(one.kind == "probationary" and one.holds(day) for one in person.standings)
        return True

    def follows(self, person: Person, announcement: Announcement) -> bool:
        place = announcement.organisation
        return self.succeeds(person, OFFICERS | ORGANISERS, place) or self.holds_above(person, OFFICERS, place)

    def is_addressed(self, person: Person, announcement: Announcement) -> bool:
        return self.addresses(announcement.audience, person, self.today)

    def sees_announcement(self, person: Person, announcement: Announcement) -> bool:
        if self.succeeds(person, OFFICERS, announcement.organisation):
            return True
        known = self.is_addressed(person, announcement) or self.follows(person, announcement)
        return announcement.status == "published" and known

    def is_current(self, announcement: Announcement) -> bool:
        is_over = announcement.expires_at is not None and announcement.expires_at <= self.now
        return announcement.status == "published" and not is_over

    def has_notice(self, person: Person, notice: Notice) -> bool:
        if notice.audience is None:
            return person in notice.inboxes
        if notice.is_withdrawn:
            return False
        return person in notice.inboxes or self.addresses(notice.audience, person, notice.addressed_on)

    def reads_document(self, person: Person, document: Document) -> bool:
        place = document.organisation
        if document.visibility == "owner":
            return document.uploader is person or self.succeeds(person, LEADERS, place)
        if document.visibility == "committee":
            return self.succeeds(person, SEATS, place)
        return (
            place in person.organisation.line
            or place in self.ended(person)
            or place in self.hosts(person)
            or self.succeeds(person, SEATS, place)
            or self.holds_over(person, OFFICERS, place)
        )

    def sees_entry(self, person: Person, entry: Entry) -> bool:
        return entry.member is person or self.succeeds(person, LEADERS, entry.organisation)

    # What a path parameter names.

    def sees_remark(self, person: Person, remark: Remark) -> bool:
        return self.reads_remarks(person, remark.meeting)

    def sees_post(self, person: Person, post: Post) -> bool:
        return self.sees_organisation(person, post.organisation)

    def is_own(self, person: Person, other: Person) -> bool:
        return person is other
