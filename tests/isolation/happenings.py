"""What happens between requests: time passes, posts end, people move, leave or come to stay, things are deleted.

Each is done to the state and to the database alike, and stays. A new one is a method and its place in `HAPPENINGS`.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import delete, insert, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import Executable

from app.announcements.models import Announcement
from app.documents.models import Document, DocumentBookmark
from app.identity.models import LoginSession
from app.kernel.models import ChangeRow, ScopeRow
from app.meetings.models import Meeting
from app.members.models import AwayPeriod, Member, Post, Standing
from app.minutes.models import Minutes
from app.polls.models import Poll
from app.resolutions.models import Resolution
from tests.factories.clock import FakeClock
from tests.isolation import state as thought
from tests.isolation.invention import EXTRAS, FINALS, Invention
from tests.isolation.rows import changes_of, standing_row
from tests.isolation.state import Person
from tests.isolation.upheavals import UPHEAVALS, Act, Upheavals


class Happenings:
    """Lets one thing after another happen, by dice.

    What is written here past the application, which tells phones of what it does itself, gets its change rows here.
    """

    def __init__(self, invention: Invention, connection: AsyncConnection, clock: FakeClock, act: Act) -> None:
        self.invention = invention
        self.state = invention.state
        self.dice = invention.dice
        self.clock = clock
        self._connection = connection
        self._upheavals = Upheavals(invention, connection, act)

    async def next(self) -> str:
        """Let something happen, for good; return what it was."""
        name = self.dice.choice((*HAPPENINGS, *UPHEAVALS * 2))
        self.invention.now = self.clock()
        self.invention.today = (self.clock() + timedelta(hours=7)).date()
        if name in UPHEAVALS:
            done = await getattr(self._upheavals, name)()
            await self._connection.commit()
            return name.replace("_", " ") if done else "nothing"
        before = set(changes_of(self.state))
        for statement in getattr(self, name)():
            await self._connection.execute(statement)
        for scope, kind, key in sorted(set(changes_of(self.state)) - before):
            row = {"scope_id": scope, "object_type": kind, "object_id": key, "counter": 1, "version": 1, "op": "upsert"}
            await self._connection.execute(upsert(ScopeRow).values(id=scope, counter=1).on_conflict_do_nothing())
            await self._connection.execute(
                upsert(ChangeRow).values(**row, changed_at=self.clock()).on_conflict_do_nothing()
            )
        await self._connection.commit()
        return name.replace("_", " ")

    def time_passes(self) -> list[Executable]:
        self.clock.advance(hours=self.dice.choice((1, 5, 20, 30, 24 * 6)))
        return []

    def post_ends(self) -> list[Executable]:
        today = self.invention.today
        held = [one for one in self.state.posts if one.holds(today) and one.starts_on < today]
        post = self.dice.choice(held)
        post.ends_on = today - timedelta(days=1)
        return [update(Post).where(Post.id == post.id).values(ends_on=post.ends_on)]

    def post_is_given(self) -> list[Executable]:
        old = self.dice.choice(list(self.state.posts))
        holder = self.dice.choice(self.state.people)
        self.invention.gives_post(old.kind, old.organisation, holder, starts_on=self.invention.today)
        post = holder.posts[-1]
        columns = {"id": post.id, "member_id": holder.id, "organisation_id": post.organisation.id, "kind": post.kind}
        return [insert(Post).values(**columns, starts_on=post.starts_on)]

    def member_moves(self) -> list[Executable]:
        person = self.dice.choice(self.state.people)
        goes_to = self.dice.choice([one for one in self.state.branches if one is not person.organisation])
        added = self.invention.moves(person, goes_to, self.invention.today)
        return [
            update(Member).where(Member.id == person.id).values(organisation_id=goes_to.id),
            *(self._ends(person, one) for one in person.standings if one not in added),
            *(self._stands(person.id, one) for one in added),
        ]

    def _ends(self, person: Person, one: thought.Standing) -> Executable:
        """End what may be the application's own row, of an id that nobody here knows."""
        which = (Standing.member_id == person.id, Standing.organisation_id == one.organisation.id)
        same = (*which, Standing.kind == one.kind, Standing.starts_on == one.starts_on)
        return update(Standing).where(*same).values(ends_on=one.ends_on)

    def _stands(self, member_id: Any, one: Any) -> Executable:  # Any: an id, and a standing
        return insert(Standing).values(member_id=member_id, **standing_row(one))

    def _comes_to_stand(self, kind: str, **days: Any) -> list[Executable]:  # Any: the end of a span
        person = self.dice.choice(self.state.people)
        place = person.organisation
        if kind == "temporary_guest":
            place = self.dice.choice([one for one in self.state.branches if one is not place])
        self.invention.stands(person, kind, place, starts_on=self.invention.today, **days)
        return [self._stands(person.id, person.standings[-1])]

    def guest_comes(self) -> list[Executable]:
        return self._comes_to_stand("temporary_guest")

    def member_leaves(self) -> list[Executable]:
        return self._comes_to_stand(self.dice.choice(FINALS), ends_on=self.invention.today + timedelta(days=2))

    def standing_changes(self) -> list[Executable]:
        return self._comes_to_stand(self.dice.choice((*EXTRAS, "probationary")))

    def guest_goes_home(self) -> list[Executable]:
        today = self.invention.today
        staying = [
            (person, one)
            for person in self.state.people
            for one in person.standings
            if one.kind == "temporary_guest" and one.holds(today) and one.starts_on < today
        ]
        done: list[Executable] = []
        for person, one in self.dice.sample(staying, min(1, len(staying))):
            one.ends_on = today - timedelta(days=1)
            done.append(self._ends(person, one))
        return done

    def member_comes_back(self) -> list[Executable]:
        today = self.invention.today
        away = [one for one in self.state.aways if one.holds(today) and one.starts_on < today]
        done: list[Executable] = []
        for one in self.dice.sample(away, min(1, len(away))):
            one.ends_on = today - timedelta(days=1)
            done.append(update(AwayPeriod).where(AwayPeriod.id == one.id).values(ends_on=one.ends_on))
        return done

    def session_is_revoked(self) -> list[Executable]:
        person = self.dice.choice(self.state.people)
        person.is_signed_in = not person.is_signed_in
        revoked_at = None if person.is_signed_in else self.clock()
        return [update(LoginSession).where(LoginSession.id == person.session).values(revoked_at=revoked_at)]

    def document_is_deleted(self) -> list[Executable]:
        used = {id(paper) for one in self.state.announcements for paper in one.documents}
        unused = [one for one in self.state.documents if id(one) not in used]
        done: list[Executable] = []
        for document in self.dice.sample(unused, min(1, len(unused))):
            self.state.documents.remove(document)
            self.state.gone.append(("document", document.id))
            done.append(delete(DocumentBookmark).where(DocumentBookmark.document_id == document.id))
            done.append(delete(Document).where(Document.id == document.id))
        return done

    def draft_is_discarded(self) -> list[Executable]:
        drafts = [one for one in self.state.polls if one.status == "draft"]
        done: list[Executable] = []
        for poll in self.dice.sample(drafts, min(1, len(drafts))):
            self.state.polls.remove(poll)
            self.state.gone.append(("poll", poll.id))
            done.append(delete(Poll).where(Poll.id == poll.id))
        return done

    def meeting_goes_on(self) -> list[Executable]:
        steps = {"draft": "announced", "announced": "cancelled", "postponed": "announced"}
        meeting = self.dice.choice([one for one in self.state.meetings if one.status in steps])
        meeting.status = steps[meeting.status]
        return [update(Meeting).where(Meeting.id == meeting.id).values(status=meeting.status)]

    def minutes_go_on(self) -> list[Executable]:
        steps = {"draft": "in_review", "approved": "published"}
        meeting = self.dice.choice([one for one in self.state.meetings if one.minutes and one.minutes.status in steps])
        assert meeting.minutes is not None
        meeting.minutes.status = steps[meeting.minutes.status]
        done: list[Executable] = [
            update(Minutes).where(Minutes.meeting_id == meeting.id).values(status=meeting.minutes.status)
        ]
        if meeting.minutes.status == "published":
            meeting.status = "published"
            done.append(update(Meeting).where(Meeting.id == meeting.id).values(status="published"))
        return done

    def poll_closes(self) -> list[Executable]:
        going = [one for one in self.state.polls if one.status == "open"]
        done: list[Executable] = []
        for poll in self.dice.sample(going, min(1, len(going))):
            poll.status = "closed"
            result = {"for_count": len(poll.voters), "against_count": 0, "other_count": 0, "passed": True}
            closed = update(Poll).where(Poll.id == poll.id)
            done.append(closed.values(status="closed", closed_at=self.clock(), **result))
        return done

    def resolution_goes_on(self) -> list[Executable]:
        steps = {"draft": "open", "open": "closed"}
        going = [one for one in self.state.resolutions if one.status in steps]
        done: list[Executable] = []
        for resolution in self.dice.sample(going, min(1, len(going))):
            resolution.status = steps[resolution.status]
            done.append(update(Resolution).where(Resolution.id == resolution.id).values(status=resolution.status))
        return done

    def announcement_goes_on(self) -> list[Executable]:
        steps = {"draft": "published", "published": "withdrawn"}
        announcement = self.dice.choice([one for one in self.state.announcements if one.status in steps])
        announcement.status = steps[announcement.status]
        return [
            update(Announcement)
            .where(Announcement.id == announcement.id)
            .values(status=announcement.status, published_at=self.clock() - timedelta(days=1))
        ]


HAPPENINGS = (
    "time_passes",
    "post_ends",
    "post_is_given",
    "member_moves",
    "guest_comes",
    "guest_goes_home",
    "member_leaves",
    "standing_changes",
    "member_comes_back",
    "session_is_revoked",
    "document_is_deleted",
    "draft_is_discarded",
    "meeting_goes_on",
    "minutes_go_on",
    "poll_closes",
    "resolution_goes_on",
    "announcement_goes_on",
)
