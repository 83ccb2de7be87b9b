"""The province's organisations, with who is in them and who leads them."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from app.demo.cast import HANOI
from app.demo.province.ledger import Id, Ledger
from app.demo.province.people import Person, Registrar
from app.demo.province.shape import COMMITTEE_EVERY, FEWEST, Shape, at
from app.kernel.security import PostKind
from app.organisations.events import OrganisationFounded
from app.organisations.models import OrganisationKind

PROVINCE_NUMBER = 37
_NAMES = "An Bình Châu Đông Gia Hòa Hưng Khánh Kim Lạc Long Minh Ninh Phong Phú Quang Sơn Tân Thắng Thịnh Văn Vĩnh Yên"
SYLLABLES = _NAMES.split()
COMMITTEE_FROM = 9
"""Members from which a branch elects a committee (domain.md 4)."""
DIGITS = (2, 3, 3, 3, 3)
"""Of the groups of an organisation's code (domain.md 3)."""


@dataclass(slots=True, eq=False)
class Place:
    """An organisation, and who writes for it if it is no branch; `numbers` are the groups of its code."""

    id: Id
    name: str
    path: tuple[Id, ...]
    numbers: tuple[int, ...]
    officer: Person | None = None


@dataclass(slots=True, eq=False)
class Branch:
    """A branch and its members, of whom the first lead it."""

    place: Place
    above: Place
    commune: Place
    people: list[Person]

    @property
    def id(self) -> Id:
        """Return the organisation's id."""
        return self.place.id

    @property
    def secretary(self) -> Person:
        """Return who calls its meetings."""
        return self.people[0]

    @property
    def minute_taker(self) -> Person:
        """Return who writes its minutes."""
        return self.people[1]


@dataclass(slots=True, eq=False, kw_only=True)
class Tree:
    """What the rest of the province's life hangs on."""

    province: Place
    communes: list[Place]
    branches: list[Branch]
    administrator: Person
    auditor: Person


def grow(ledger: Ledger, shape: Shape, chance: random.Random, *, advance: Callable[[], None]) -> Tree:
    """Write organisations, people and posts; `advance` is called for each branch."""
    founder, registrar = _Founder(ledger, shape, chance), Registrar(ledger, shape, chance)
    province = founder.found(None, OrganisationKind.province, "Đảng bộ tỉnh Hoa Lư", (PROVINCE_NUMBER,))
    communes = [
        founder.found(province, OrganisationKind.commune, founder.name("Đảng bộ xã"), (*province.numbers, number + 1))
        for number in range(shape.communes)
    ]
    grassroots = [
        _found_grassroots(founder, communes[number % len(communes)], number, number // len(communes) + 1)
        for number in range(shape.organisations)
    ]
    branches = []
    for number, size in enumerate(_sizes(shape, chance)):
        of = number % len(grassroots)
        above, commune = grassroots[of], communes[of % len(communes)]
        numbers = (*above.numbers, *(0,) * (4 - len(above.numbers)), number // len(grassroots) + 1)
        place = founder.found(above, OrganisationKind.branch, founder.name("Chi bộ thôn"), numbers)
        branch = Branch(place, above, commune, registrar.enrol(place.id, size))
        _give_posts(registrar, branch)
        branches.append(branch)
        advance()
    people = branches[0].people
    province.officer, administrator, auditor = people[0], people[-1], people[-2]
    registrar.give_post(province.officer, province.id, PostKind.committee_officer)
    registrar.give_post(administrator, province.id, PostKind.administrator)
    registrar.give_post(auditor, province.id, PostKind.auditor)
    return Tree(province=province, communes=communes, branches=branches, administrator=administrator, auditor=auditor)


class _Founder:
    """Writes organisations with their first period."""

    def __init__(self, ledger: Ledger, shape: Shape, chance: random.Random) -> None:
        self._ledger = ledger
        self._chance = chance
        self._day = shape.begins_on
        self._begun = at(shape.begins_on, 7)

    def name(self, kind: str) -> str:
        return f"{kind} {' '.join(self._chance.sample(SYLLABLES, 2))}"

    def found(self, above: Place | None, kind: OrganisationKind, name: str, numbers: tuple[int, ...]) -> Place:
        made = self._ledger.new_id(self._begun)
        parent = above.id if above else None
        path = (*(above.path if above else ()), made)
        padded = (*numbers, *(0,) * (len(DIGITS) - len(numbers)))
        code = "".join(f"{number:0{digits}d}" for number, digits in zip(padded, DIGITS, strict=True))
        self._ledger.add("organisations", made, parent, path, kind, code, name, HANOI, self._day, 1, self._begun)
        self._ledger.add("organisation_periods", made, self._day, parent, name)
        self._ledger.record(
            OrganisationFounded,
            at=self._begun,
            organisation=made,
            subject=made,
            actor=None,
            data={"parent_id": parent},
        )
        self._ledger.change((made, parent) if parent else (made,), "organisation", made, 1, self._begun)
        return Place(made, name, path, numbers)


def _found_grassroots(founder: _Founder, commune: Place, number: int, place: int) -> Place:
    """Found a grassroots organisation; the branches of some hang on a committee below it."""
    numbers = (*commune.numbers, place)
    made = founder.found(commune, OrganisationKind.grassroots, founder.name("Đảng bộ cơ sở"), numbers)
    if number % COMMITTEE_EVERY:
        return made
    return founder.found(made, OrganisationKind.committee, founder.name("Đảng bộ bộ phận"), (*numbers, 1))


def _sizes(shape: Shape, chance: random.Random) -> list[int]:
    """Return as many sizes as branches, three or more each, which together are all members."""
    shares = [chance.lognormvariate(0, 0.6) for _ in range(shape.branches)]
    rest = shape.members - FEWEST * shape.branches
    factor = rest / sum(shares)
    sizes, owed = [], 0.0
    for share in shares:
        owed += share * factor
        more = int(owed)
        owed -= more
        sizes.append(FEWEST + more)
    sizes[-1] += shape.members - sum(sizes)
    return sizes


def _give_posts(registrar: Registrar, branch: Branch) -> None:
    registrar.give_post(branch.secretary, branch.id, PostKind.secretary)
    registrar.give_post(branch.minute_taker, branch.id, PostKind.minute_taker)
    if len(branch.people) >= COMMITTEE_FROM:
        registrar.give_post(branch.people[2], branch.id, PostKind.deputy_secretary)
        registrar.give_post(branch.people[3], branch.id, PostKind.committee_member)
    for place in (branch.above, branch.commune):
        if place.officer is None:
            place.officer = branch.people[2]
            registrar.give_post(place.officer, place.id, PostKind.committee_officer)
