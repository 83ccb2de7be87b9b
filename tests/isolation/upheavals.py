"""What is done through the API and stays: branches are merged, split, moved and renamed, transfers are decided.

The application does it, and what then is so is written into the state by the rules (domain.md 2 and 8), not read back.
"""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from httpx import Response
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.meetings.models import Meeting
from app.polls.models import Poll
from tests.contract.document import Json
from tests.isolation.invention import FINALS, Invention
from tests.isolation.model import MEMBERS, Model
from tests.isolation.state import Organisation, Person, Plan, Standing, Task, Transfer

Act = Callable[[Person, str, Json], Awaitable[Response]]
"""Posts a body to an address as somebody."""
CALLED = {"draft", "announced", "postponed"}
DECIDED = {"adopted", "rejected"}
CARRIED = MEMBERS | {"exempt", "temporarily_exempt", "suspended"}
"""What somebody takes along to another branch."""


class Upheavals:
    """Each method does one thing, where there is somebody who may, and says whether it was done."""

    def __init__(self, invention: Invention, connection: AsyncConnection, act: Act) -> None:
        self.invention = invention
        self.state = invention.state
        self.dice = invention.dice
        self._connection = connection
        self._act = act

    @property
    def _model(self) -> Model:
        return Model(self.state, now=self.invention.now, today=self.invention.today)

    @property
    def _eve(self) -> date:
        return self.invention.today - timedelta(days=1)

    def _administrator_over(self, *places: Organisation) -> Person | None:
        model = self._model
        able = [
            one
            for one in self.state.people
            if model.is_active(one) and all(model.holds_above(one, {"administrator"}, place) for place in places)
        ]
        return self.dice.choice(able) if able else None

    async def _reorganise(self, by: Person, place: Organisation, how: str, body: Json, *others: Organisation) -> Json:
        reason = self.invention.word("reason of a reorganisation")
        answer = await self._act(by, f"/v1/organisations/{place.id}/{how}", {**body, "reason": reason})
        if answer.status_code != 201:
            raise AssertionError(f"{how} of {place.name}: {answer.status_code} {answer.text}")
        done: Json = answer.json()
        involved = [place, *others]
        held = {str(one.holder.id): one.holder for one in self.state.posts}
        self.state.plans.append(
            Plan(
                id=UUID(done["id"]),
                organisation=place,
                name="",
                reason=reason,
                involved=involved,
                holders=[held[post["member_id"]] for post in done["posts"]],
            )
        )
        self.state.doers |= {(one, by) for one in involved}
        return done

    async def branches_merge(self) -> bool:
        """One of two neighbours ends: what it had closed stays under its name, all else is the other's."""
        pairs = [
            (former, into)
            for former in self.state.branches
            for into in self.state.branches
            if former is not into and _commune(former) is _commune(into) and former.begun_on < self.invention.today
        ]
        former, into = self.dice.choice(pairs or [(None, None)])
        by = self._administrator_over(former, into) if former and into else None
        if former is None or into is None or by is None:
            return False
        at_home = self._at_home_in(former)
        if self._in_two_branches(at_home) or self._will_come_back(at_home):
            return False
        await self._finish(former)
        await self._reorganise(by, former, "merge", {"into_id": str(into.id)}, into)
        below = [one for one in self.state.organisations if former in one.line and one is not former]
        for one in below:
            if one.last_day is None:
                one.ended_above.append(former)
            if one.parent is former:
                one.former_parents.append(former)
                one.parent = into
        former.last_day, former.successor = self._eve, into
        _link(former, into)
        for one in self.state.organisations:
            if one.successor is former:
                one.successor = into
        self._hand_over(former, into)
        self._end_posts(former)
        self._move(at_home, former, into, guests_too=True)
        self._hand_over_transfers(former, into, by)
        return True

    def _goes_on(self, standing: Standing) -> bool:
        lasts = standing.ends_on is None or standing.ends_on >= self.invention.today
        return standing.kind not in FINALS and lasts

    def _at_home_in(self, branch: Organisation) -> list[Person]:
        return [one for one in self.state.people if one.organisation is branch]

    def _in_two_branches(self, people: Collection[Person]) -> bool:
        """Say whether somebody moved today past the application, which leaves the last day to the old branch too."""
        today = self.invention.today
        return any(
            standing.kind in MEMBERS and standing.organisation is not one.organisation and standing.holds(today)
            for one in people
            for standing in one.standings
        )

    def _will_come_back(self, people: Collection[Person]) -> bool:
        """Say whether somebody has left for some days, which only happens here: they would come back to nothing."""
        today = self.invention.today
        left = [one for person in people for one in person.standings if one.kind in FINALS]
        return any(one.ends_on is not None and one.ends_on >= today for one in left)

    async def _finish(self, place: Organisation) -> None:
        """Nothing may be open in a branch that ends."""
        now = self.invention.now
        for poll in self.state.polls:
            if poll.organisation is place and poll.status == "open":
                poll.status = "closed"
                result = {"for_count": len(poll.voters), "against_count": 0, "other_count": 0, "passed": True}
                closed = update(Poll).where(Poll.id == poll.id).values(status="closed", closed_at=now, **result)
                await self._connection.execute(closed)
        for meeting in self.state.meetings:
            if meeting.organisation is place and meeting.status == "in_session":
                meeting.status = "ended"
                ended = update(Meeting).where(Meeting.id == meeting.id).values(status="ended", ended_at=now)
                await self._connection.execute(ended)

    def _hand_over(self, former: Organisation, into: Organisation) -> None:
        """Make the successor's what is not finished; a document goes along with what shows it, if it is shared."""
        state = self.state
        meetings = [one for one in state.meetings if one.organisation is former and one.status in CALLED]
        resolutions = [one for one in state.resolutions if one.organisation is former and one.status not in DECIDED]
        about = {id(one) for one in (*meetings, *resolutions)}
        drafts = [one for one in state.announcements if one.organisation is former and one.status == "draft"]
        for draft in drafts:
            draft.audience = replace(draft.audience, organisation=into)
        shown = [one for draft in drafts for one in draft.documents]
        handed: tuple[Any, ...] = (  # Any: things of all kinds
            *meetings,
            *resolutions,
            *(comment for one in resolutions for comment in one.comments),
            *(one for one in state.tasks if one.organisation is former and one.status == "open"),
            *(one for one in state.polls if one.status == "draft" and id(one.subject) in about),
            *drafts,
            *(one for one in shown if one.organisation is former and one.visibility != "owner"),
        )
        for one in handed:
            one.organisation = into
            if not isinstance(one, Task):  # a task's meeting stays, and who reads that reads the task
                state.handed_over.add((former.id, one.id))

    def _hand_over_transfers(self, former: Organisation, into: Organisation, by: Person) -> None:
        """What is open, and a stay, is the successor's; what led from one of the two to the other is over."""
        for one in self.state.transfers:
            is_stay = one.status == "accepted" and one.kind == "temporary"
            if former not in {one.organisation, one.to} or not (one.status == "started" or is_stay):
                continue
            one.organisation = into if one.organisation is former else one.organisation
            one.to = into if one.to is former else one.to
            if one.organisation is one.to:
                over = {"temporary_away", "temporary_guest"} if is_stay else {"transferring"}
                self._cut(one.member, [state for state in one.member.standings if state.kind in over])
                one.status = "accepted" if is_stay else "withdrawn"
                one.reason = one.reason if is_stay else self.state.plans[-1].reason
                self.state.doers.add((into, by))

    def _end_posts(self, place: Organisation, holders: Collection[Person] | None = None) -> None:
        for person in self.state.people if holders is None else holders:
            for post in list(person.posts):
                if post.organisation is place and (post.ends_on is None or post.ends_on > self._eve):
                    if post.starts_on > self._eve:
                        person.posts.remove(post)
                    post.ends_on = self._eve

    def _move(
        self, people: Collection[Person], former: Organisation, into: Organisation, *, guests_too: bool = False
    ) -> None:
        """From today on they are of the other branch, with every state that goes on; guests of the old one too."""
        day = self.invention.today
        model = self._model
        # Who was dropped from the pool has no state that goes on, but for a stay that is over, say.
        going = [one for one in people if model.is_member(one) and any(map(self._goes_on, one.standings))]
        for person in going:
            back = {"temporary_guest", "transferred"}
            self._cut(person, [one for one in person.standings if one.organisation is into and one.kind in back])
        for person in self.state.people:
            concerned = [
                one
                for one in person.standings
                if one.organisation is former
                and one.kind not in FINALS
                and (one.ends_on is None or one.ends_on >= day)
                and (person in going or (guests_too and one.kind == "temporary_guest"))
            ]
            self._carry(person, concerned, into)
        for person in going:
            person.organisation = into
            self._forget_aways(person, former, into)

    def _forget_aways(self, person: Person, former: Organisation, into: Organisation) -> None:
        """Phones of the old branch forget when somebody is away, those of the new one are told."""
        aways = [one.id for one in person.aways]
        self.state.handed_over -= {(into.id, one) for one in aways}
        self.state.handed_over |= {(former.id, one) for one in aways}

    def _withdraw_replies(self, member: Person, left: Collection[Organisation]) -> None:
        """They are called there no more."""
        for meeting in self.state.meetings:
            is_to_come = meeting.status in {"announced", "postponed"} and meeting.starts_at > self.invention.now
            if meeting.organisation in left and is_to_come:
                meeting.replies.pop(member, None)

    def _carry(self, person: Person, standings: Collection[Standing], into: Organisation) -> None:
        day = self.invention.today
        for one in standings:
            self.invention.stands(person, one.kind, into, starts_on=max(one.starts_on, day), ends_on=one.ends_on)
        self._cut(person, standings)

    def _cut(self, person: Person, standings: Collection[Standing]) -> None:
        """End them on the eve; what would not have held for a day is taken back."""
        for one in standings:
            if one.ends_on is None or one.ends_on > self._eve:
                one.ends_on = self._eve
                if one.starts_on > self._eve:
                    person.standings.remove(one)

    async def branch_splits(self) -> bool:
        """Some members found a branch beside the old one, which goes on."""
        model = self._model
        old = self.dice.choice(self.state.branches)
        going = [one for one in self.state.people if one.organisation is old and model.is_active(one)][:2]
        by = self._administrator_over(old)
        if by is None or not going or self._in_two_branches(going):
            return False
        part = {"name": self.invention.word("name of a branch"), "member_ids": [str(one.id) for one in going]}
        done = await self._reorganise(by, old, "split", {"parts": [part]})
        founded = next(one for one in done["organisations"] if one["fate"] == "founded")
        new = Organisation(
            id=UUID(founded["id"]),
            kind=old.kind,
            name=str(part["name"]),
            parent=old.parent,
            begun_on=self.invention.today,
        )
        self.state.organisations.append(new)
        _link(old, new)
        self.state.doers.add((new, by))
        self._end_posts(old, going)
        self._move(going, old, new)
        for person in going:
            self._withdraw_replies(person, {old})
        for one in self.state.transfers:
            goes_on = one.status == "started" or (one.status == "accepted" and one.kind == "temporary")
            if one.member in going and one.organisation is old and goes_on:
                one.organisation = new
        return True

    async def branch_moves(self) -> bool:
        """A branch hangs elsewhere, with all below it."""
        branch = self.dice.choice(self.state.branches)
        parents = [one for one in self.state.organisations if one.kind in {"commune", "grassroots"}]
        parent = self.dice.choice([one for one in parents if one is not branch.parent])
        by = self._administrator_over(branch, parent)
        if by is None:
            return False
        await self._reorganise(by, branch, "move", {"parent_id": str(parent.id)}, parent)
        if branch.parent:
            branch.former_parents.append(branch.parent)
        branch.parent = parent
        return True

    async def organisation_is_renamed(self) -> bool:
        place = self.dice.choice([one for one in self.state.organisations if one.last_day is None and one.parent])
        by = self._administrator_over(place)
        if by is None:
            return False
        name = self.invention.word(f"new name of a {place.kind}")
        await self._reorganise(by, place, "rename", {"name": name})
        place.former_names.append(place.name)
        place.name = name
        return True

    # Transfers.

    def _undecided(self) -> tuple[Transfer, Person] | None:
        """Return an open transfer between branches that last, and somebody who speaks for the new one."""
        model = self._model
        for transfer in self.dice.sample(self.state.transfers, len(self.state.transfers)):
            lasts = all(one is None or one.last_day is None for one in (transfer.to, transfer.organisation))
            moves = transfer.to not in {None, transfer.member.organisation}
            if transfer.status == "started" and lasts and moves and model.is_member(transfer.member):
                able = [
                    one
                    for one in self.state.people
                    if model.is_active(one) and model.keeps_records(one, transfer.receiver)
                ]
                if able:
                    return transfer, self.dice.choice(able)
        return None

    async def transfer_is_accepted(self) -> bool:
        """For good (domain.md 8): posts in what is not above the new branch end too."""
        found = self._undecided()
        if found is None:
            return False
        transfer, by = found
        member, to, today = transfer.member, transfer.to, self.invention.today
        assert to is not None
        await self._decide(transfer, by, "accept", {"received_on": today.isoformat()})
        home = member.organisation
        lasting = [one for one in member.standings if one.ends_on is None or one.ends_on >= today]
        self._cut(member, [one for one in lasting if one.kind == "transferring"])
        self._carry(member, [one for one in lasting if one.organisation is home and one.kind in CARRIED], to)
        self._cut(member, [one for one in lasting if one.organisation is to and one.kind == "transferred"])
        self.invention.stands(member, "transferred", home, starts_on=today)
        member.organisation = to
        self._forget_aways(member, home, to)
        left = {home}
        for place in {post.organisation for post in member.posts} - set(to.line):
            before = [post for post in member.posts if post.organisation is place and (post.ends_on or today) >= today]
            self._end_posts(place, [member])
            left |= {place} if before else set()
        self._withdraw_replies(member, left)
        transfer.status = "accepted"
        self.state.doers |= {(place, by) for place in (*left, to)}
        return True

    async def transfer_is_refused(self) -> bool:
        found = self._undecided()
        if found is None:
            return False
        transfer, by = found
        transfer.reason = self.invention.word("reason of a refusal")
        await self._decide(transfer, by, "refuse", {"reason": transfer.reason})
        today = self.invention.today
        lasting = [one for one in transfer.member.standings if one.ends_on is None or one.ends_on >= today]
        self._cut(transfer.member, [one for one in lasting if one.kind == "transferring"])
        transfer.status = "refused"
        self.state.doers |= {(transfer.organisation, by), (transfer.member.organisation, by)}
        return True

    async def _decide(self, transfer: Transfer, by: Person, how: str, body: Json) -> None:
        answer = await self._act(by, f"/v1/transfers/{transfer.id}/{how}", body)
        if answer.status_code != 200:
            raise AssertionError(f"{how} {transfer.id}: {answer.status_code} {answer.text}")


def _link(before: Organisation, after: Organisation) -> None:
    before.linked.append(after)
    after.linked.append(before)


def _commune(place: Organisation) -> Organisation:
    return next(one for one in place.line if one.kind == "commune")


UPHEAVALS = (
    "branches_merge",
    "branch_splits",
    "branch_moves",
    "organisation_is_renamed",
    "transfer_is_accepted",
    "transfer_is_refused",
)
