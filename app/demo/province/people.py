"""The province's people: names, dates, standings, times away and posts."""

import random
from dataclasses import dataclass
from datetime import date, timedelta

from faker import Faker

from app.demo.cast import BERLIN, HANOI
from app.demo.province.ledger import Id, Ledger
from app.demo.province.shape import Shape, at
from app.kernel.security import PostKind
from app.members.admission import terms_of
from app.members.away.events import AwayPeriodEntered
from app.members.events import MemberEnrolled
from app.members.imports.events import RosterImported
from app.members.models import Sex, StandingKind
from app.members.names import search_key, sort_key
from app.members.posts.events import PostGranted

ADMITTED_A_YEAR = 0.031
POOL = 1.7
"""Candidates to one who is admitted in a year (domain.md 10)."""
FEMALE, AWAY, EXEMPT, WITH_PHONE = 0.38, 0.08, 0.35, 0.97
EXEMPT_FROM = 70
ATTENDS = (0.98, 0.96, 0.93, 0.88, 0.65)
PLACES = (("Hà Nội", HANOI), ("Thành phố Hồ Chí Minh", HANOI), ("Bình Dương", HANOI), ("Berlin", BERLIN))
MIDDLE = ("Văn", "Đức", "Quang", "Hữu", "Xuân", "Minh")
PROBATION = timedelta(days=365)


@dataclass(slots=True, eq=False, kw_only=True)
class Person:
    """A member, with what their life in the branch is drawn from; `attends` is a share of 1."""

    id: Id
    full_name: str
    phone: str | None
    admitted_on: date
    official_on: date | None
    is_exempt: bool
    is_away: bool
    attends: float
    account: Id | None = None

    def is_member_on(self, day: date) -> bool:
        """Say whether they have been admitted."""
        return self.admitted_on <= day

    def is_official_on(self, day: date) -> bool:
        """Say whether they may vote."""
        return self.official_on is not None and self.official_on <= day


class Registrar:
    """Makes people up and writes them down, one branch after the other."""

    def __init__(self, ledger: Ledger, shape: Shape, chance: random.Random) -> None:
        """Draw names from Faker, and the rest from `chance`."""
        self._ledger = ledger
        self._shape = shape
        self._chance = chance
        self._fake = Faker("vi_VN")
        self._fake.seed_instance(shape.seed)
        self._count = 0
        self._keys: dict[str, tuple[str, str]] = {}
        self._begun = at(shape.begins_on, 8)

    def enrol(self, branch: Id, size: int) -> list[Person]:
        """Write a branch's members, and beside them its candidates, who are in no list of members."""
        people = [self._person(branch) for _ in range(size)]
        found = [person for person in people if person.is_member_on(self._shape.begins_on)]
        imported = {"member_ids": [person.id for person in found]}
        self._ledger.record(
            RosterImported, at=self._begun, organisation=branch, subject=branch, actor=None, data=imported
        )
        for person in people:
            if not person.is_member_on(self._shape.begins_on):
                enrolled = at(person.admitted_on, 9)
                self._ledger.record(
                    MemberEnrolled, at=enrolled, organisation=branch, subject=person.id, actor=None, data={}
                )
            self._ledger.change((branch, person.id), "member", person.id, 1, self._begun)
        for _ in range(_rounded(size * ADMITTED_A_YEAR * POOL, self._chance)):
            self._candidate(branch)
        return people

    def give_post(self, person: Person, organisation: Id, kind: PostKind) -> None:
        """Let somebody hold a post from the first day on."""
        post = self._ledger.new_id(self._begun)
        starts_on = self._shape.begins_on
        self._ledger.add("posts", post, person.id, organisation, kind, starts_on)
        granted = {"member_id": person.id, "kind": kind, "starts_on": str(starts_on), "ends_on": None}
        self._ledger.record(
            PostGranted, at=self._begun, organisation=organisation, subject=post, actor=None, data=granted
        )
        self._ledger.change((organisation, person.id), "post", post, 1, self._begun)

    def _person(self, branch: Id) -> Person:
        chance, today = self._chance, self._shape.until
        is_new = chance.random() < ADMITTED_A_YEAR * self._shape.years
        age_then = chance.randint(20, 32)
        if is_new:
            admitted_on = self._shape.begins_on + timedelta(days=chance.randrange(365 * self._shape.years - 5))
        else:
            admitted_on = date(chance.randint(1970, self._shape.begins_on.year - 2), chance.randint(1, 12), 19)
        born_on = date(admitted_on.year - age_then, chance.randint(1, 12), chance.randint(1, 28))
        official_on: date | None = admitted_on + PROBATION
        if admitted_on + PROBATION >= today:
            official_on = None
        person = self._write(
            branch,
            born_on=born_on,
            admitted_on=admitted_on,
            official_on=official_on,
            is_exempt=(today.year - born_on.year >= EXEMPT_FROM and chance.random() < EXEMPT),
        )
        for term in terms_of(admitted_on=admitted_on, official_on=official_on):
            self._stand(person.id, branch, term.kind, term.starts_on, term.ends_on)
        if person.is_exempt:
            self._stand(person.id, branch, StandingKind.exempt, self._shape.begins_on, None)
        elif person.is_away:
            self._send_away(person, branch)
        return person

    def _candidate(self, branch: Id) -> None:
        since = self._shape.until - timedelta(days=self._chance.randrange(30, 360))
        born_on = date(self._shape.until.year - self._chance.randint(19, 33), self._chance.randint(1, 12), 12)
        person = self._write(branch, born_on=born_on, admitted_on=None, official_on=None, is_exempt=False)
        self._stand(person.id, branch, StandingKind.candidate, since, None)
        self._ledger.change((branch,), "member", person.id, 1, at(since, 9))

    def _write(
        self, branch: Id, *, born_on: date, admitted_on: date | None, official_on: date | None, is_exempt: bool
    ) -> Person:
        chance = self._chance
        self._count += 1
        female = chance.random() < FEMALE
        given = self._fake.first_name_female() if female else self._fake.first_name_male()
        middle = "Thị" if female else chance.choice(MIDDLE)
        full_name = f"{self._fake.last_name()} {middle} {given}"
        keys = self._keys.get(full_name)
        if keys is None:
            keys = self._keys[full_name] = (sort_key(full_name), search_key(full_name))
        person = Person(
            id=self._ledger.new_id(self._begun),
            full_name=full_name,
            phone=f"+849{self._count:08d}" if chance.random() < WITH_PHONE else None,
            admitted_on=admitted_on or date.max,
            official_on=official_on,
            is_exempt=is_exempt,
            is_away=not is_exempt and chance.random() < AWAY,
            attends=chance.choice(ATTENDS),
        )
        self._ledger.add(
            "members",
            person.id,
            branch,
            full_name,
            *keys,
            born_on,
            Sex.female if female else Sex.male,
            None if admitted_on is None else f"{self._count:08d}",
            f"037{self._count:09d}",
            person.phone,
            admitted_on,
            official_on,
            1,
            self._begun,
        )
        return person

    def _stand(self, member: Id, branch: Id, kind: StandingKind, starts_on: date, ends_on: date | None) -> None:
        self._ledger.add("standings", self._ledger.new_id(self._begun), member, branch, kind, starts_on, ends_on)

    def _send_away(self, person: Person, branch: Id) -> None:
        since = max(self._shape.begins_on, person.admitted_on) + timedelta(days=self._chance.randrange(5))
        said = at(since, 20)
        period = self._ledger.new_id(said)
        place, zone = self._chance.choice(PLACES)
        self._ledger.add("away_periods", period, person.id, since, None, place, zone, 1, said)
        entered = {"member_id": person.id, "starts_on": str(since), "ends_on": None, "version": 1}
        self._ledger.record(
            AwayPeriodEntered, at=said, organisation=branch, subject=period, actor=person.id, data=entered
        )
        self._ledger.change((branch, person.id), "away_period", period, 1, said)


def _rounded(expected: float, chance: random.Random) -> int:
    """Return a whole number that is `expected` on average."""
    return int(expected) + (chance.random() < expected % 1)
